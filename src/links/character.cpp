// links/character - ranges of characters by their role. Pure; any thread; no allocation.
#include <algorithm>
#include <array>
#include <links/character.hpp>
#include <text/characters.hpp>
#include <text/emoji.hpp>
#include <text/unicode.hpp>
#include <text/utf8.hpp>

namespace broadside::links {
namespace {

constexpr role ascii_role(char32_t c) noexcept {
  if (is_digit(c) || is_letter(c) || c == '-' || c == '_') return role::name;
  if (c == '.') return role::dot;
  const bool stops = c <= ' ' || c == 0x7F || c == '<' || c == '>' || c == '"' || c == '`';
  return stops ? role::stop : role::path;
}

struct role_range {
  char32_t first;
  char32_t last;
  links::role role;
};

// Beyond ASCII, and neither emoji nor invisible. What is not listed is a letter, as far as a host is concerned.
constexpr std::array<role_range, 34> roles{{
    {0x80, 0xA0, role::stop},     {0xA1, 0xA9, role::path},     {0xAB, 0xAB, role::stop},
    {0xAC, 0xB4, role::path},     {0xB6, 0xB9, role::path},     {0xBB, 0xBB, role::stop},
    {0xBC, 0xBF, role::path},     {0xD7, 0xD7, role::path},     {0xF7, 0xF7, role::path},
    {0x1680, 0x1680, role::stop}, {0x2000, 0x200A, role::stop}, {0x2010, 0x2017, role::path},
    {0x2018, 0x2018, role::stop}, {0x2019, 0x2019, role::path},  // an apostrophe as often as a quote
    {0x201A, 0x201F, role::stop}, {0x2020, 0x2027, role::path}, {0x2028, 0x2029, role::stop},
    {0x202F, 0x202F, role::stop}, {0x2030, 0x2038, role::path}, {0x2039, 0x203A, role::stop},
    {0x203B, 0x205E, role::path}, {0x205F, 0x205F, role::stop}, {0x2070, 0x2BFF, role::symbol},
    {0x2E00, 0x2E7F, role::path}, {0x3000, 0x3004, role::stop}, {0x3008, 0x303F, role::stop},
    {0xE000, 0xF8FF, role::stop},  // private use
    {0xFE10, 0xFE6F, role::stop}, {0xFF01, 0xFF0C, role::stop}, {0xFF0E, 0xFF0E, role::dot},
    {0xFF0F, 0xFF0F, role::stop}, {0xFF1A, 0xFF20, role::stop}, {0xFF3B, 0xFF40, role::stop},
    {0xFF5B, 0xFF65, role::stop},
}};

role role_of(char32_t c) noexcept {
  if (c < 0x80) return ascii_role(c);
  if (text::is_invisible(c)) return role::invisible;
  if (text::is_emoji(c) || c >= 0xF0000 || c == 0xFFFC || c == 0xFFFD) return role::stop;
  if (c >= 0x1F000 && c <= 0x1FAFF) return role::symbol;
  const auto* range = std::lower_bound(roles.begin(), roles.end(), c,
                                       [](const role_range& each, char32_t wanted) { return each.last < wanted; });
  return range != roles.end() && range->first <= c ? range->role : role::name;
}

}  // namespace

character read(std::string_view text, std::size_t at) noexcept {
  const auto byte = static_cast<unsigned char>(text[at]);
  if (byte < 0x80) return {byte, 1, ascii_role(byte)};
  const text::utf8_sequence sequence = text::first_utf8_sequence(text.substr(at, 4));
  if (!sequence.well_formed) return {0, sequence.length, role::stop};
  std::size_t behind = at;
  const char32_t c = text::next_code_point(text, behind);
  return {c, sequence.length, role_of(c)};
}

}  // namespace broadside::links
