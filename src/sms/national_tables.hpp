// sms/national_tables - the shift tables of TS 23.038 annex A, as lists to look a character up in.
//
// Constants. Any thread.
#pragma once

#include <broadside/sms.hpp>
#include <cstdint>
#include <span>

namespace broadside::sms {

/// Ascending; each entry is a code point (16 bits) followed by its septet (8 bits).
using shift_table = std::span<const std::uint32_t>;

/// Takes the place of the default alphabet (IEI 0x25). Empty when the language has none.
[[nodiscard]] shift_table locking_table(national_language) noexcept;

/// Takes the place of the extension behind ESC (IEI 0x24). Empty when the language has none.
[[nodiscard]] shift_table single_shift_table(national_language) noexcept;

}  // namespace broadside::sms
