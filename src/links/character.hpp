// links/character - what each character of a text may be in a link.
//
// Pure; any thread; no allocation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace broadside::links {

/// What a character may be in a link.
enum class role : std::uint8_t {
  stop,       ///< ends it: white space, quotes, emoji, CJK punctuation, bytes that are no character
  name,       ///< of a label of a host; anywhere behind it
  dot,        ///< between labels
  symbol,     ///< as `name`, but only where a scheme says that a link begins: arrows are often put in front of one
  path,       ///< behind the host only
  invisible,  ///< goes on, and breaks it
};

struct character {
  char32_t code_point = 0;
  std::size_t length = 0;  // bytes
  links::role role = role::stop;
};

/// The character at `at` < text.size(); bytes that are none stop every link.
[[nodiscard]] character read(std::string_view text, std::size_t at) noexcept;

constexpr bool is_digit(char32_t c) noexcept { return c >= '0' && c <= '9'; }
constexpr bool is_letter(char32_t c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// The ASCII character that a full-width form looks like; others as they are.
constexpr char32_t narrow(char32_t c) noexcept { return c >= 0xFF01 && c <= 0xFF5E ? c - 0xFF01 + '!' : c; }

constexpr char32_t lower(char32_t c) noexcept { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c; }

}  // namespace broadside::links
