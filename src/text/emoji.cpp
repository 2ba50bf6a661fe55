// text/emoji - look-ups in the ranges of emoji_table.hpp, and what of UTS #51 makes an emoji of a text character. Pure;
// any thread; no allocation.
#include <algorithm>
#include <text/emoji.hpp>
#include <text/emoji_table.hpp>
#include <text/unicode.hpp>

namespace broadside::text {
namespace {

constexpr char32_t emoji_style = 0xFE0F;
constexpr char32_t keycap = 0x20E3;
constexpr char32_t joiner = 0x200D;

constexpr bool is_keycap_base(char32_t c) noexcept { return (c >= '0' && c <= '9') || c == '#' || c == '*'; }

std::uint8_t properties_of(char32_t c) noexcept {
  if (c < 0x80) return is_keycap_base(c) ? emoji_bit : std::uint8_t{0};  // most of every text
  const auto* range = std::lower_bound(emoji_ranges.begin(), emoji_ranges.end(), c,
                                       [](const emoji_range& each, char32_t wanted) { return each.last < wanted; });
  return range != emoji_ranges.end() && range->first <= c ? range->properties : std::uint8_t{0};
}

/// Whether two can be parts of one picture: of "Emoji" only what is not a keycap's base.
bool joins(char32_t left, char32_t right) noexcept {
  return left >= 0x80 && right >= 0x80 && is_emoji(left) && is_emoji(right);
}

}  // namespace

bool is_emoji(char32_t c) noexcept { return (properties_of(c) & emoji_bit) != 0; }
bool is_emoji_presentation(char32_t c) noexcept { return (properties_of(c) & emoji_presentation_bit) != 0; }
bool is_extended_pictographic(char32_t c) noexcept { return (properties_of(c) & extended_pictographic_bit) != 0; }

bool has_emoji(std::string_view text) noexcept {
  // Flags are made of regional indicators, and tags follow a black flag: all of them have emoji presentation already.
  char32_t before_last = 0;
  char32_t last = 0;
  for (std::size_t at = 0; at < text.size();) {
    const char32_t c = next_code_point(text, at);
    if (is_emoji_presentation(c)) return true;
    if (c == emoji_style && is_emoji(last)) return true;
    if (c == keycap && is_keycap_base(last)) return true;  // with U+FE0F between them it was found there
    if (last == joiner && joins(before_last, c)) return true;
    before_last = last;
    last = c;
  }
  return false;
}

}  // namespace broadside::text
