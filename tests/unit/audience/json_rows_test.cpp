// tests/audience/json_rows - objects become fields, what is refused, that pieces make no difference, and that one parse
// of a line finds what two found.
#include <simdjson.h>
#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <support/catch.hpp>
#include <unit/audience/read.hpp>
#include <vector>

using namespace broadside;
using namespace broadside::test;

namespace {

audience_options prices() {
  audience_options out;
  out.format = audience_format::jsonl;
  out.columns = {"to", {"name", "price"}};
  return out;
}

read_rows read(std::string_view text, const audience_options& how = prices()) { return read_whole(how, text).rows; }

/// The fields of one line, or its fault: parsed as a whole by simdjson's DOM, then walked. The value of a key twice, a
/// key with escapes and any number go through the DOM's eyes and not through those of the reader.
read_row obvious_row(std::string_view line, const std::vector<std::string>& keys) {
  simdjson::dom::parser parser;
  simdjson::dom::element whole;
  simdjson::dom::object object;
  if (parser.parse(simdjson::padded_string(line)).get(whole) != simdjson::SUCCESS) return bad(1, "bad_json");
  if (whole.get(object) != simdjson::SUCCESS) return bad(1, "not_an_object");
  std::vector<std::string> fields(keys.size());
  std::vector<bool> seen(keys.size());
  for (const auto& [key, value] : object) {
    const auto found = std::find(keys.begin(), keys.end(), key);
    if (found == keys.end()) continue;
    const auto place = static_cast<std::size_t>(found - keys.begin());
    if (seen[place]) return bad(1, "key_twice");
    seen[place] = true;
    if (value.is_array() || value.is_object()) return bad(1, "value_not_text");
    if (value.is_string()) fields[place] = std::string(std::string_view(value));
    // the tests' numbers are written as simdjson writes them
    else if (!value.is_null())
      fields[place] = simdjson::minify(value);
  }
  return fields[0].find_first_not_of(" \t") == std::string::npos ? bad(1, "missing_to") : good(1, std::move(fields));
}

}  // namespace

TEST_CASE("json_rows: values come in the order of the columns, as they are written", "[audience]") {
  CHECK(read(R"({"price": 19.90, "x": [1, {"to": 2}], "name": "Zo\u00eb \"Z\"", "to": "+1"})") ==
        read_rows{good(1, {"+1", "Zo\xC3\xAB \"Z\"", "19.90"})});
  CHECK(read(R"({"to":12125550123 ,"name":true,"price":null})") == read_rows{good(1, {"12125550123", "true", ""})});
  CHECK(read(R"({"to":"+1"})") == read_rows{good(1, {"+1", "", ""})});
  CHECK(read(R"({"t\u006f":"+1","\"":"\\"})") == read_rows{good(1, {"+1", "", ""})});
}

TEST_CASE("json_rows: several columns may come from one key, and a key may need escapes", "[audience]") {
  audience_options how = prices();
  how.columns = {"to", {"to", "a\"b", "c\\nd", "\xFF"}};
  CHECK(read("{\"a\\\"b\":\"1\",\"c\\\\nd\":2,\"to\":\"+1\"}\n{\"to\":\"+1\",\"c\\nd\":3}", how) ==
        read_rows{good(1, {"+1", "+1", "1", "2", ""}), good(2, {"+1", "+1", "", "", ""})});
}

TEST_CASE("json_rows: a bad line costs one row and says what is wrong", "[audience]") {
  const std::string_view text =
      "{\"to\":\"+1\"\n"
      "\n"
      "[1]\n"
      "{\"to\":\"+1\",\"to\":\"+2\"}\n"
      "{\"to\":{}}\n"
      "{\"to\":\"\"}\n"
      "{\"name\":\"x\"}\r\n"
      "{\"to\":\"+1\",\"x\":nul}\n"
      "{\"to\":\"\xFF\"}\n"
      "{\"to\":\"+1\"} {}\n"
      "  {\"to\":\"+9\"}  ";
  CHECK(read(text) == read_rows{bad(1, "bad_json"), bad(3, "not_an_object"), bad(4, "key_twice"),
                                bad(5, "value_not_text"), bad(6, "missing_to"), bad(7, "missing_to"),
                                bad(8, "bad_json"), bad(9, "bad_json"), bad(10, "bad_json"), good(11, {"+9", "", ""})});
}

TEST_CASE("json_rows: what nobody asked for is checked too, and no JSON is called that before all else", "[audience]") {
  const std::string value = GENERATE(as<std::string>{}, "nul", "truex", "01", "1.", "-", "+1", "1e999", "\"\\x\"",
                                     "\"\\ud800x\"", "\"\x01\"", "\"\xC3\"", "[1,]", "[1 2]", "{\"a\"}", "[\"\\q\"]",
                                     "[[[01]]]", "'a'", "", "1 2", "18446744073709551616", "{\"\\x\":1}", "NaN");
  CAPTURE(value);
  CHECK(read("{\"to\":\"+1\",\"x\":" + value + "}") == read_rows{bad(1, "bad_json")});
  CHECK(read("{\"x\":" + value + ",\"to\":\"+1\"}") == read_rows{bad(1, "bad_json")});
  CHECK(read("{\"to\":[],\"x\":" + value + "}") == read_rows{bad(1, "bad_json")});
  CHECK(read("{\"to\":1,\"to\":2,\"x\":" + value + "}") == read_rows{bad(1, "bad_json")});
  CHECK(read("[" + value + (value.empty() ? "," : "") + "]") == read_rows{bad(1, "bad_json")});
}

TEST_CASE("json_rows: a line is bounded", "[audience]") {
  audience_options how = prices();
  how.row_bytes_max = 12;
  const std::string text = "{\"to\":\"+12\"}\n{\"to\":\"+123\"}\n" + std::string(50'000, ' ') + "\n{\"to\":\"+3\"}";
  CHECK(read(text, how) ==
        read_rows{good(1, {"+12", "", ""}), bad(2, "row_too_large"), bad(3, "row_too_large"), good(4, {"+3", "", ""})});
}

TEST_CASE("json_rows: nesting is bounded, and costs its line only", "[audience]") {
  const std::string deep(5'000, '[');
  CHECK(read("{\"to\":1,\"x\":" + deep + std::string(5'000, ']') + "}\n{\"to\":\"+3\"}") ==
        read_rows{bad(1, "bad_json"), good(2, {"+3", "", ""})});
}

TEST_CASE("json_rows: pieces make no difference", "[audience]") {
  const std::string_view text =
      "\xEF\xBB\xBF{\"to\":\"+1\",\"name\":\"a\\nb\"}\r\n\r\n{\"to\":\n{\"to\":\"+3 and more than "
      "fits\"}\n{\"to\":\"+4\"}\n{\"";
  audience_options how = prices();
  how.block_bytes = 16;
  how.row_bytes_max = GENERATE(std::size_t{26}, std::size_t{1'000});
  const whole_reading whole = read_whole(how, text);
  REQUIRE(whole.rows.size() == 5);
  for (std::size_t i = 0; i <= text.size(); ++i) {
    for (std::size_t j = i; j <= text.size(); ++j) {
      if (read_in_pieces(how, text, {i, j}) != whole) {
        CAPTURE(i, j);
        CHECK(read_in_pieces(how, text, {i, j}) == whole);
      }
    }
  }
}

TEST_CASE("json_rows: random lines are what the whole line parsed by itself is", "[audience]") {
  constexpr std::array<std::string_view, 26> parts{"{",
                                                   "}",
                                                   "\"to\"",
                                                   "\"name\"",
                                                   "\"price\"",
                                                   "\"x\"",
                                                   ":",
                                                   ",",
                                                   "1",
                                                   "-2",
                                                   "true",
                                                   "null",
                                                   "\"+1\"",
                                                   "\"\\\"\"",
                                                   "[1]",
                                                   "{}",
                                                   " ",
                                                   "\"t\\u006f\"",
                                                   "\"\\n\"",
                                                   "[\"a\"]",
                                                   "\"\\ud83c\\udf89\"",
                                                   "\"\xC3\xAB\"",
                                                   "tru",
                                                   "\"\\x\"",
                                                   "\xFF",
                                                   "01"};
  std::mt19937 random(5);
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  const auto part = [&] { return parts[below(parts.size())]; };
  std::size_t kept = 0;
  for (int n = 0; n < 5'000; ++n) {
    std::string line = "{";
    for (std::size_t fields = below(5); fields > 0; --fields) {
      line += parts[below(2) == 0 ? 2 : 3 + below(3)];
      line += ":";
      line += parts[8 + below(14)];
      line += fields > 1 ? "," : "";
      if (below(12) == 0) line += part();
    }
    line += "}";
    if (below(6) == 0) line.erase(below(line.size()), 1 + below(3));
    if (below(6) == 0) line.insert(below(line.size() + 1), part());
    const bool blank = line.find_first_not_of(" \r\t") == std::string::npos;
    const read_rows expected = blank ? read_rows{} : read_rows{obvious_row(line, {"to", "name", "price"})};
    const read_rows got = read(line);
    kept += !got.empty() && got[0].fault == "none" ? 1 : 0;
    if (got == expected) continue;
    CAPTURE(n, line);
    REQUIRE(got == expected);
  }
  CHECK(kept > 300);
}
