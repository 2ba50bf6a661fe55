// tests/text/characters - what is not seen is found where it stands, and is left alone inside an emoji.
#include <string>
#include <string_view>
#include <support/catch.hpp>
#include <text/characters.hpp>
#include <text/emoji.hpp>
#include <text/unicode.hpp>

using namespace broadside::text;

TEST_CASE("characters: exactly C0, DEL and C1 are controls", "[text]") {
  std::size_t found = 0;
  for (char32_t c = 0; c < 0x3000; ++c) found += is_control(c) ? 1 : 0;
  CHECK(found == 32 + 1 + 32);
  for (const char32_t c : {U'\0', U'\t', U'\n', U'\r', U'\x1B', U'\x1F', U'\x7F', U'\x80', U'\x85', U'\x9F'}) {
    CHECK(is_control(c));
  }
  for (const char32_t c : {U' ', U'~', U'\u00A0', U'\u2028', U'\u200B'}) CHECK_FALSE(is_control(c));
}

TEST_CASE("characters: what is shown as nothing is invisible, blanks and marks are not", "[text]") {
  for (const char32_t c :
       {U'\u00AD',     U'\u034F',     U'\u061C',     U'\u115F',     U'\u180E',    U'\u200B', U'\u200C',
        U'\u200D',     U'\u200F',     U'\u202A',     U'\u202E',     U'\u2060',    U'\u2066', U'\u2069',
        U'\u206F',     U'\u3164',     U'\uFE00',     U'\uFE0F',     U'\uFEFF',    U'\uFFA0', U'\uFFF9',
        U'\U000E0001', U'\U000E0061', U'\U000E007F', U'\U000E0100', U'\U000E01EF'}) {
    CAPTURE(static_cast<unsigned>(c));
    CHECK(is_invisible(c));
  }
  for (const char32_t c :
       {U' ', U'a', U'\n', U'\u00A0', U'\u00AC', U'\u00AE', U'\u0301', U'\u2003', U'\u2010', U'\u2028', U'\u202F',
        U'\u2800', U'\u3000', U'\u4E2D', U'\uFFFC', U'\uFFFD', U'\U0001F3FD', U'\U000E1000', char32_t{0x110000}}) {
    CAPTURE(static_cast<unsigned>(c));
    CHECK_FALSE(is_invisible(c));
  }
}

TEST_CASE("characters: an invisible character is found with its offset", "[text]") {
  struct row {
    const char* text;
    std::size_t at;
    char32_t character;
  };
  const auto each =
      GENERATE(row{"\u202Eevil", 0, U'\u202E'}, row{"So\u00ADft", 2, U'\u00AD'}, row{"zo\u00EB\u200B", 4, U'\u200B'},
               row{"\uFEFFhello", 0, U'\uFEFF'}, row{"a\u200Db", 1, U'\u200D'}, row{"a\uFE0F", 1, U'\uFE0F'},
               row{"1\uFE0F", 1, U'\uFE0F'},            // a digit is an emoji only as a keycap
               row{"\U0001F600\u200Dx", 4, U'\u200D'},  // joins nothing
               row{"\U0001F600\u200D", 4, U'\u200D'}, row{"\u2764\uFE0F\uFE0F", 6, U'\uFE0F'},
               row{"\U0001F600\U000E0067\U000E007F", 4, U'\U000E0067'},  // tags are for the black flag
               row{"\U0001F3F4\U000E0067\U000E0062", 4, U'\U000E0067'},  // and closed there
               row{"\U0001F3F4\U000E0067 \U000E007F", 4, U'\U000E0067'}, row{"\u0915\u094D\u200D", 6, U'\u200D'});
  CAPTURE(each.text);
  const auto found = find_invisible(each.text);
  REQUIRE(found.has_value());
  CHECK(found->at == each.at);
  CHECK(found->character == each.character);
}

TEST_CASE("characters: what an emoji is made of does not count", "[text]") {
  const auto* text = GENERATE(
      as<const char*>{}, "", "plain", "\u2764\uFE0F", "\u2764\uFE0E", "1\uFE0F\u20E3 2\u20E3",
      "\U0001F468\u200D\U0001F469\u200D\U0001F467\u200D\U0001F466", "\U0001F469\U0001F3FD\u200D\U0001F680",
      "\u2764\uFE0F\u200D\U0001F525", "\U0001F3F3\uFE0F\u200D\U0001F308",
      "\U0001F3F4\U000E0067\U000E0062\U000E0065\U000E006E\U000E0067\U000E007F", "\U0001F1FA\U0001F1F8", "\u2605\uFE0F");
  CAPTURE(text);
  CHECK_FALSE(find_invisible(text).has_value());
}

TEST_CASE("characters: behind an emoji the search goes on", "[text]") {
  const std::string text = "\U0001F468\u200D\U0001F469 \u2764\uFE0F zero\u200Bwidth";
  const auto found = find_invisible(text);
  REQUIRE(found.has_value());
  CHECK(found->at == text.find("\u200B"));
}

TEST_CASE("characters: an encoded word is recognised by its whole form", "[text]") {
  const auto* word = GENERATE(as<const char*>{}, "=?utf-8?B?U2FsZQ==?=", "=?UTF-8?q?Sale?=", "Hi =?iso-8859-1?Q?a?= x",
                              "=?utf-8*en?B?\?=", "=?=?utf-8?b?x?=", "=? =?a?Q?b?=");
  CAPTURE(word);
  CHECK(has_encoded_word(word));
}

TEST_CASE("characters: question marks and equal signs alone are no encoded word", "[text]") {
  const auto* text = GENERATE(as<const char*>{}, "", "=?", "=?\?=", "=?utf-8?B?U2FsZQ==", "=?utf-8?X?a?=",
                              "=?utf-8?B?a b?=", "=? utf-8?B?a?=", "=?\?B?a?=", "=?utf-8?B?a?",
                              "=?utf-8?BB?a?=", "2+2=? or =!?=", "utf-8?B?a?=", "=?utf-8?B?\xC3\xA9?=");
  CAPTURE(text);
  CHECK_FALSE(has_encoded_word(text));
}

TEST_CASE("characters: a megabyte of beginnings takes no longer than its length", "[text]") {
  std::string words;
  std::string flags;
  while (words.size() < 1'000'000) words += "=?a?B?";
  while (flags.size() < 1'000'000) flags += "\U0001F3F4\u200D";
  CHECK_FALSE(has_encoded_word(words));
  CHECK(find_invisible(flags)->at == flags.size() - 3);  // the last joins nothing
}
