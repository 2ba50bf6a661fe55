// tests/check/text_facts - counts and flags of short texts, well-formed or not.
#include <string>
#include <string_view>
#include <support/catch.hpp>
#include <support/text_facts.hpp>

using broadside::test::facts_of;
using broadside::test::text_facts;

namespace {

struct counts {
  std::size_t bytes, code_points, utf16_units, clusters;
};

void check_counts(std::string_view text, const counts& expected) {
  CAPTURE(text);
  const text_facts facts = facts_of(text);
  CHECK(facts.bytes == expected.bytes);
  CHECK(facts.code_points == expected.code_points);
  CHECK(facts.utf16_units == expected.utf16_units);
  CHECK(facts.clusters == expected.clusters);
}

}  // namespace

TEST_CASE("text_facts: bytes, code points, UTF-16 units and clusters are counted apart", "[check]") {
  check_counts("", {0, 0, 0, 0});
  check_counts("Sale", {4, 4, 4, 4});
  check_counts("na\u00EFve", {6, 5, 5, 5});
  check_counts("Sale \U0001F600", {9, 6, 7, 6});
  check_counts("1\uFE0F\u20E3 deal", {12, 8, 8, 6});
  check_counts("cr\r\nlf", {6, 6, 6, 5});
  check_counts("e\u0301", {3, 2, 2, 1});
  check_counts("\U0001F468\u200D\U0001F469\u200D\U0001F467", {18, 5, 8, 1});
}

TEST_CASE("text_facts: an empty text has no flag against it", "[check]") {
  const text_facts facts = facts_of("");
  CHECK(facts.ascii_printable);
  CHECK(facts.gsm7);
  CHECK(facts.well_formed);
  CHECK_FALSE(facts.emoji_property);
  CHECK_FALSE(facts.shows_emoji);
  CHECK_FALSE(facts.control);
  CHECK_FALSE(facts.invisible);
  CHECK_FALSE(facts.lone_surrogate);
}

TEST_CASE("text_facts: alphabets are told apart", "[check]") {
  struct row {
    const char* text;
    bool ascii_printable, gsm7, control;
  };
  const auto each = GENERATE(row{"plain ~ text", true, true, false}, row{"caf\u00E9 \u20AC", false, true, false},
                             row{"back`tick", true, false, false}, row{"line\nbreak", false, true, true},
                             row{"tab\there", false, false, true}, row{"esc\x1B", false, false, true},
                             row{"del\x7F", false, false, true}, row{"c1\u0085", false, false, true},
                             row{"\u00C7 \u03A9", false, true, false}, row{"\u00E7", false, false, false},
                             row{"nb\u00A0sp", false, false, false}, row{"it\u2019s", false, false, false});
  CAPTURE(each.text);
  const text_facts facts = facts_of(each.text);
  CHECK(facts.ascii_printable == each.ascii_printable);
  CHECK(facts.gsm7 == each.gsm7);
  CHECK(facts.control == each.control);
}

TEST_CASE("text_facts: emoji by property and by what is shown", "[check]") {
  struct row {
    const char* text;
    bool property, presentation, pictographic, shown, invisible;
  };
  const auto each = GENERATE(
      row{"plain", false, false, false, false, false}, row{"#1", true, false, false, false, false},
      row{"\u2122", true, false, true, false, false}, row{"\u231A", true, true, true, true, false},
      row{"\u2764\uFE0F", true, false, true, true, false}, row{"1\uFE0F\u20E3", true, false, false, true, false},
      row{"\u2605\u200B", false, false, true, false, true}, row{"\u202Ex", false, false, false, false, true});
  CAPTURE(each.text);
  const text_facts facts = facts_of(each.text);
  CHECK(facts.emoji_property == each.property);
  CHECK(facts.emoji_presentation == each.presentation);
  CHECK(facts.extended_pictographic == each.pictographic);
  CHECK(facts.shows_emoji == each.shown);
  CHECK(facts.invisible == each.invisible);
}

TEST_CASE("text_facts: half a surrogate pair is one replacement character of three bytes", "[check]") {
  check_counts("\xED\xA0\xBD x", {5, 3, 3, 3});
  check_counts("\xED\xA0\xBD\xED\xB8\x80", {6, 2, 2, 2});
  for (const std::string_view text : {"\xED\xA0\xBD x", "x\xED\xBF\xBF"}) {
    const text_facts facts = facts_of(text);
    CHECK(facts.lone_surrogate);
    CHECK_FALSE(facts.well_formed);
    CHECK_FALSE(facts.gsm7);
    CHECK_FALSE(facts.ascii_printable);
  }
}

TEST_CASE("text_facts: what is not well-formed counts as U+FFFD, and the rest as ever", "[check]") {
  check_counts("a\xFFz", {3, 3, 3, 3});
  check_counts("\xC3", {1, 1, 1, 1});
  check_counts("\xF0\x9F\x98", {3, 1, 1, 1});  // one maximal subpart
  check_counts("\xED\xA0", {2, 2, 2, 2});      // not a whole surrogate: two
  check_counts("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41", {9, 5, 5, 5});
  const text_facts facts = facts_of("\xFF \U0001F600\n");
  CHECK_FALSE(facts.well_formed);
  CHECK_FALSE(facts.lone_surrogate);
  CHECK(facts.shows_emoji);
  CHECK(facts.control);
}

TEST_CASE("text_facts: clusters reach across ill-formed bytes as across U+FFFD", "[check]") {
  const auto& [broken, mended] = GENERATE(table<const char*, const char*>({
      {"\xFF\u0301", "\uFFFD\u0301"},                  // a mark behind
      {"a\xFF\u0301\u200Db", "a\uFFFD\u0301\u200Db"},  //
      {"\u0600\xFF", "\u0600\uFFFD"},                  // a prefix in front
      {"\u0600\xFF\u0301x", "\u0600\uFFFD\u0301x"},    // both
      {"\r\xFF\n", "\r\uFFFD\n"},                      //
      {"\U0001F468\u200D\xFF\U0001F469", "\U0001F468\u200D\uFFFD\U0001F469"},
      {"\xFF\u200D\U0001F469", "\uFFFD\u200D\U0001F469"},  //
      {"\U0001F1FA\xFF\U0001F1F8\U0001F1FA", "\U0001F1FA\uFFFD\U0001F1F8\U0001F1FA"},
      {"\xFF\xFF\u0301\xFF", "\uFFFD\uFFFD\u0301\uFFFD"},
  }));
  CAPTURE(mended);
  CHECK(facts_of(broken).clusters == facts_of(mended).clusters);
  CHECK(facts_of(broken).code_points == facts_of(mended).code_points);
}
