// check/text_table - tests: a table fits its width, and no word of it is lost.
#include <algorithm>
#include <characters.hpp>
#include <sstream>
#include <support/catch.hpp>
#include <text_table.hpp>

using namespace broadside::checking;

namespace {

std::size_t widest_line(const std::string& text) {
  std::istringstream lines(text);
  std::size_t out = 0;
  for (std::string line; std::getline(lines, line);) out = std::max(out, columns_of(line));
  return out;
}

std::string letters_of(std::string text) {
  std::erase_if(text, [](char c) { return c == ' ' || c == '\n'; });
  std::sort(text.begin(), text.end());
  return text;
}

}  // namespace

TEST_CASE("wrapped: lines break between words, and inside words that are too long", "[check]") {
  CHECK(wrapped("one two three", 8) == std::vector<std::string>{"one two", "three"});
  CHECK(wrapped("abcdefghij kl", 4) == std::vector<std::string>{"abcd", "efgh", "ij", "kl"});
  CHECK(wrapped("one two", 0) == std::vector<std::string>{"one two"});
  CHECK(wrapped("", 10).empty());
  CHECK(wrapped("\xE6\x97\xA5\xE6\x9C\xAC", 1).size() == 2);  // wider than the line: one by one
}

TEST_CASE("table_text: without a width every row is one line and its note another", "[check]") {
  const std::vector<table_row> rows{{{"error", "subject", "96 characters"}, "Shorten it."}, {{"advice", "text", ""}}};
  CHECK(table_text({"SEVERITY", "WHERE", "MEASURED"}, rows, 0) ==
        "  SEVERITY  WHERE    MEASURED\n"
        "  error     subject  96 characters\n"
        "            Shorten it.\n"
        "  advice    text\n");
}

TEST_CASE("table_text: a column that is empty in every row is left out", "[check]") {
  const std::vector<table_row> rows{{{"a", "", "c"}}};
  CHECK(table_text({"A", "B", "C"}, rows, 0) == "  A  C\n  a  c\n");
  CHECK(table_text({"A"}, {}, 0).empty());
}

TEST_CASE("table_text: a narrow terminal wraps the widest columns and loses nothing", "[check]") {
  const std::vector<table_row> rows{
      {{"warning", "media[0].mime_type", "image/bmp", "JPEG, PNG, GIF, MP3, WAV, MP4"}, "Convert the object to JPEG."}};
  const std::vector<std::string> head{"SEVERITY", "WHERE", "MEASURED", "ALLOWED"};
  const std::string wide = table_text(head, rows, 0);
  const auto width = GENERATE(std::size_t{45}, std::size_t{60}, std::size_t{80});
  const std::string narrow = table_text(head, rows, width);
  CHECK(widest_line(narrow) <= width);
  CHECK(letters_of(narrow) == letters_of(wide));
  // words are broken only when breaking between words is not enough
  CHECK((narrow.find("media[0].mime_type") != std::string::npos) == (width >= 60));
}
