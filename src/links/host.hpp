// links/host - hosts as they stand in a text: how far one goes, whether it is one, and whether it needs a scheme.
//
// Pure; any thread; no allocation. O(length).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace broadside::links {

/// Where the characters of a host end.
struct host_extent {
  std::size_t end = 0;      // behind the last letter or digit
  std::size_t read_to = 0;  // behind the last character that may be in a host
};

/// What stands in front of a host: a scheme vouches for role::symbol in it.
enum class in_front : std::uint8_t { nothing, scheme };

/// Characters of a host from `at`. Two dots end a sentence, not a label: the second is outside.
[[nodiscard]] host_extent read_host(std::string_view text, std::size_t at, in_front) noexcept;

/// Labels as DNS has them, and "_" inside of those left of the last two, where names that work have it. Invisible
/// characters do not count, for browsers drop them.
[[nodiscard]] bool is_host(std::string_view) noexcept;

/// How much of `host` is a name that phones make a link of by itself: 0 when nothing is.
[[nodiscard]] std::size_t bare_name_length(std::string_view host) noexcept;

}  // namespace broadside::links
