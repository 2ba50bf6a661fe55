// tests/text/emoji - properties by code point against Unicode's own totals, and what phones show as an emoji.
#include <string_view>
#include <support/catch.hpp>
#include <text/emoji.hpp>
#include <text/emoji_table.hpp>

using namespace broadside::text;

namespace {

std::size_t count(bool (*has_property)(char32_t) noexcept) {
  std::size_t found = 0;
  for (char32_t c = 0; c <= 0x110000; ++c) found += has_property(c) ? 1 : 0;
  return found;
}

}  // namespace

TEST_CASE("emoji: as many code points have each property as Unicode 15 says", "[text]") {
  CHECK(count(is_emoji) == 1424);
  CHECK(count(is_emoji_presentation) == 1205);
  CHECK(count(is_extended_pictographic) == 3537);
}

TEST_CASE("emoji: the ranges are sorted, apart, and none could be joined with the next", "[text]") {
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < emoji_ranges.size(); ++i) {
    const emoji_range& each = emoji_ranges[i];
    if (each.first > each.last || each.properties == 0) ++wrong;
    if (i == 0) continue;
    const emoji_range& before = emoji_ranges[i - 1];
    if (before.last >= each.first || (before.last + 1 == each.first && before.properties == each.properties)) ++wrong;
  }
  CHECK(wrong == 0);
}

TEST_CASE("emoji: properties tell digits, signs, symbols and emoji apart", "[text]") {
  struct row {
    char32_t c;
    bool emoji, presentation, pictographic;
  };
  const auto each =
      GENERATE(row{U'A', false, false, false}, row{U'7', true, false, false}, row{U'#', true, false, false},
               row{U'\u00A9', true, false, true},                                      // copyright
               row{U'\u2122', true, false, true}, row{U'\u2605', false, false, true},  // black star
               row{U'\u231A', true, true, true}, row{U'\u2600', true, false, true},    // watch, sun
               row{U'\U0001F600', true, true, true}, row{U'\U0001F1E6', true, true, false},
               row{U'\U0001F3FD', true, true, false}, row{U'\U0001F130', false, false, false},
               row{U'\uFE0F', false, false, false}, row{U'\u200D', false, false, false},
               row{char32_t{0x110000}, false, false, false}, row{char32_t{0xFFFFFFFF}, false, false, false});
  CAPTURE(static_cast<unsigned>(each.c));
  CHECK(is_emoji(each.c) == each.emoji);
  CHECK(is_emoji_presentation(each.c) == each.presentation);
  CHECK(is_extended_pictographic(each.c) == each.pictographic);
}

TEST_CASE("emoji: a phone shows one for presentation, style, keycap, flag and joined pictures", "[text]") {
  const auto* text =
      GENERATE(as<const char*>{}, "Sale \U0001F600", "\u231A", "Sale \u2764\uFE0F now", "\u00A9\uFE0F", "1\uFE0F\u20E3",
               "press #\u20E3", "*\uFE0F\u20E3", "\U0001F1FA\U0001F1F8", "\U0001F1FA", "\u261D\U0001F3FD",
               "\U0001F3F4\U000E0067\U000E0062\U000E007F", "\U0001F468\u200D\U0001F469", "\u26F9\u200D\u2642");
  CAPTURE(text);
  CHECK(has_emoji(text));
}

TEST_CASE("emoji: signs that have been in print for long are none", "[text]") {
  const auto* text =
      GENERATE(as<const char*>{}, "", "#1 deal, 50% * off", "\u2122 \u00A9 \u00AE", "\u2605 star \u2606", "\u2764",
               "\u2600 sun", "\u24C2", "\u2194", "\u3297", "\u203C\u2049", "\U0001F130", "it\u2019s \u2026 \u2013",
               "a\uFE0F", "\uFE0F", "\u20E3", "a\u20E3", "1\u200D2", "\u2764\u200Dx", "\u200D\u2642", "\u4E2D");
  CAPTURE(text);
  CHECK_FALSE(has_emoji(text));
}
