// check/characters - UTF-8 by table 3-7 of Unicode 15, and ranges of what does not show. Pure.
#include "characters.hpp"
#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <iterator>

namespace broadside::checking {
namespace {

struct range {
  char32_t first;
  char32_t last;
};

template <std::size_t N>
constexpr bool contains(const std::array<range, N>& all, char32_t c) noexcept {
  return std::any_of(all.begin(), all.end(), [c](range r) { return c >= r.first && c <= r.last; });
}

constexpr std::array invisible{
    range{0x00, 0x1F},       range{0x7F, 0xA0},      range{0xAD, 0xAD},     range{0x34F, 0x34F},
    range{0x61C, 0x61C},     range{0x115F, 0x1160},  range{0x1680, 0x1680}, range{0x17B4, 0x17B5},
    range{0x180B, 0x180F},   range{0x2000, 0x200F},  range{0x2028, 0x202F}, range{0x205F, 0x206F},
    range{0x2800, 0x2800},   range{0x3000, 0x3000},  range{0x3164, 0x3164}, range{0xFE00, 0xFE0F},
    range{0xFEFF, 0xFEFF},   range{0xFFA0, 0xFFA0},  range{0xFFF0, 0xFFFB}, range{0x1BCA0, 0x1BCA3},
    range{0x1D173, 0x1D17A}, range{0xE0000, 0xE0FFF}};

constexpr std::array no_column{range{0x300, 0x36F},   range{0x483, 0x489},   range{0x591, 0x5BD},
                               range{0x610, 0x61A},   range{0x64B, 0x65F},   range{0x1AB0, 0x1AFF},
                               range{0x1DC0, 0x1DFF}, range{0x200B, 0x200F}, range{0x20D0, 0x20FF},
                               range{0xFE00, 0xFE0F}, range{0xFE20, 0xFE2F}, range{0xE0000, 0xE0FFF}};

constexpr std::array two_columns{range{0x1100, 0x115F}, range{0x2E80, 0xA4CF},   range{0xAC00, 0xD7A3},
                                 range{0xF900, 0xFAFF}, range{0xFE30, 0xFE6F},   range{0xFF00, 0xFF60},
                                 range{0xFFE0, 0xFFE6}, range{0x1F300, 0x1FAFF}, range{0x20000, 0x3FFFD}};

}  // namespace

character first_character(std::string_view text) noexcept {
  constexpr std::array<char32_t, 5> least{0, 0, 0x80, 0x800, 0x10000};  // by length: shorter forms exist below
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return {lead, 1, true};
  const std::size_t length = lead >= 0xF0 && lead < 0xF8 ? 4 : lead >= 0xE0 && lead < 0xF0 ? 3 : lead >= 0xC0 ? 2 : 0;
  if (length == 0 || lead >= 0xF8 || length > text.size()) return {};
  char32_t c = lead & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xC0U) != 0x80U) return {};
    c = (c << 6U) | (next & 0x3FU);
  }
  const bool surrogate = c >= 0xD800 && c < 0xE000;
  if (c < least[length] || c > 0x10FFFF || surrogate) return {};
  return {c, length, true};
}

bool is_invisible(char32_t c) noexcept { return contains(invisible, c); }

std::string shown(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const character next = first_character(text.substr(at));
    const char32_t c = next.code_point;
    if (!next.well_formed) {
      fmt::format_to(std::back_inserter(out), "\\x{:02X}", static_cast<unsigned char>(text[at]));
    } else if (c == '\n' || c == '\r' || c == '\t' || c == '\\') {
      out += '\\';
      out += c == '\n' ? 'n' : c == '\r' ? 'r' : c == '\t' ? 't' : '\\';
    } else if (is_invisible(c)) {
      fmt::format_to(std::back_inserter(out), "\\u{{{:X}}}", static_cast<std::uint32_t>(c));
    } else {
      out += text.substr(at, next.bytes);
    }
    at += next.bytes;
  }
  return out;
}

std::string code_point_text(char32_t c) { return fmt::format("U+{:04X}", static_cast<std::uint32_t>(c)); }

std::size_t columns_of(char32_t c) noexcept { return contains(no_column, c) ? 0 : contains(two_columns, c) ? 2 : 1; }

std::size_t columns_of(std::string_view text) noexcept {
  std::size_t out = 0;
  for (std::size_t at = 0; at < text.size();) {
    const character next = first_character(text.substr(at));
    out += columns_of(next.code_point);
    at += next.bytes;
  }
  return out;
}

}  // namespace broadside::checking
