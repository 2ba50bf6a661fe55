// check/characters - tests: nothing invisible stays invisible, nothing ill-formed passes as a character.
#include <characters.hpp>
#include <support/catch.hpp>

using namespace broadside::checking;
using namespace std::string_view_literals;

TEST_CASE("first_character: well-formed UTF-8 of every length is a code point", "[check]") {
  CHECK(first_character("a!").code_point == U'a');
  CHECK(first_character("\xC3\xA9!").code_point == 0xE9);
  CHECK(first_character("\xE2\x82\xAC!").bytes == 3);
  CHECK(first_character("\xF0\x9F\x98\x80").code_point == 0x1F600);
  CHECK(first_character("\xF4\x8F\xBF\xBF").code_point == 0x10FFFF);
}

TEST_CASE("first_character: what is no UTF-8 is one byte", "[check]") {
  const auto text = GENERATE("\x80"sv, "\xFF"sv, "\xC3"sv, "\xC0\xAF"sv, "\xE0\x80\x80"sv, "\xED\xA0\x80"sv,
                             "\xF4\x90\x80\x80"sv, "\xF8\x88\x80\x80\x80"sv, "\xE2\x82"sv, "\xC3("sv);
  const character c = first_character(text);
  CHECK_FALSE(c.well_formed);
  CHECK(c.bytes == 1);
  CHECK(c.code_point == 0xFFFD);
}

TEST_CASE("shown: what cannot be seen is written out, what can be seen is left alone", "[check]") {
  CHECK(shown("caf\xC3\xA9 \xF0\x9F\x98\x80") == "caf\xC3\xA9 \xF0\x9F\x98\x80");
  CHECK(shown("a\nb\r\tc\\") == "a\\nb\\r\\tc\\\\");
  CHECK(shown("a\xE2\x80\x8B\xC2\xA0z") == "a\\u{200B}\\u{A0}z");
  CHECK(shown("\x1B[31m\xC2\x9B") == "\\u{1B}[31m\\u{9B}");
  CHECK(shown("\xE2\x80\xAE") == "\\u{202E}");
  CHECK(shown("\xFFz") == "\\xFFz");
}

TEST_CASE("columns_of: wide characters take two columns and combining ones none", "[check]") {
  CHECK(columns_of("abc") == 3);
  CHECK(columns_of("e\xCC\x81") == 1);
  CHECK(columns_of("\xE6\x97\xA5\xE6\x9C\xAC") == 4);
  CHECK(columns_of("") == 0);
}
