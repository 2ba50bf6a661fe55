// text/utf8 - is it UTF-8, and how many code points. Pure; any thread; no allocation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace broadside::text {

/// Offset of the first byte that is not part of well-formed UTF-8 (Unicode 15, table 3-7: no surrogates, no overlong
/// forms, nothing above U+10FFFF); nothing when all of it is.
[[nodiscard]] std::optional<std::size_t> find_invalid_utf8(std::string_view) noexcept;

/// Code points of well-formed UTF-8.
[[nodiscard]] std::size_t count_code_points(std::string_view) noexcept;

/// What stands at the front of a text: a code point, or bytes that are none.
struct utf8_sequence {
  std::uint8_t length = 0;  ///< bytes, 1 to 4
  bool well_formed = false;
};

/// The first code point of `bytes`, which is not empty. When there is none, the bytes that one U+FFFD stands for: a
/// maximal subpart (Unicode 15, §3.9, U+FFFD Substitution of Maximal Subparts), as browsers do it.
[[nodiscard]] utf8_sequence first_utf8_sequence(std::string_view bytes) noexcept;

}  // namespace broadside::text
