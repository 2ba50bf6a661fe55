// check/characters - characters of a text one by one, and how they are shown where nothing may hide.
//
// Pure; any thread. What is not UTF-8 is a character too: one byte, shown as such.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace broadside::checking {

struct character {
  char32_t code_point = 0xFFFD;
  std::size_t bytes = 1;
  bool well_formed = false;
};

/// The first character of `text`, which is not empty.
[[nodiscard]] character first_character(std::string_view text) noexcept;

/// Whether a reader sees nothing, or something that looks like a plain space: controls, zero-width and formatting
/// characters, variation selectors, odd spaces.
[[nodiscard]] bool is_invisible(char32_t) noexcept;

/// The text with every invisible character as "\n", "\u{200B}", and every byte that is no UTF-8 as "\xFF".
[[nodiscard]] std::string shown(std::string_view text);

/// "U+2019".
[[nodiscard]] std::string code_point_text(char32_t);

/// Columns of a terminal, nearly: wide characters take two, combining ones none.
[[nodiscard]] std::size_t columns_of(char32_t) noexcept;
[[nodiscard]] std::size_t columns_of(std::string_view text) noexcept;

}  // namespace broadside::checking
