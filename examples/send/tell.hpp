// send/tell - what is said to people and what is printed; who does not listen stops nothing.
//
// Standard error and standard output, written through the C library. Any thread.
#pragma once

#include <string_view>

namespace broadside::send {

/// A descriptor of the standard three that is closed would be given to the next file that is opened, and what is said
/// would be written into that. Each such one becomes an empty input, or an output that cannot be written. First in
/// main.
void keep_standard_streams() noexcept;

/// To standard error. What cannot be written is not said: nobody reads it, and messages are on their way.
void tell(std::string_view text) noexcept;

/// To standard output: what was asked for. A failure is remembered.
void print(std::string_view text) noexcept;

/// Whether all that was printed could be written; at the end.
[[nodiscard]] bool is_printed() noexcept;

}  // namespace broadside::send
