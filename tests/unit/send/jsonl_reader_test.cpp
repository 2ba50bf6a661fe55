// send/jsonl_reader - tests: objects become fields, what is refused, and that pieces make no difference.
#include <jsonl_reader.hpp>
#include <support/catch.hpp>
#include "rows.hpp"

using namespace broadside::send;

namespace {

read_row good(std::uint64_t line, std::vector<std::string> fields) { return {line, "none", std::move(fields)}; }
read_row bad(std::uint64_t line, std::string fault) { return {line, std::move(fault), {}}; }

read_rows in_pieces(std::string_view text, const std::vector<std::size_t>& ends, jsonl_options options = {}) {
  jsonl_reader reader({"to", "name", "price"}, options);
  read_rows out;
  std::size_t at = 0;
  for (const std::size_t end : ends) {
    reader.feed(std::string(text.substr(at, end - at)));
    take_all(reader, out);
    at = end;
  }
  reader.feed(std::string(text.substr(at)));
  take_all(reader, out);
  reader.finish();
  take_all(reader, out);
  return out;
}

}  // namespace

TEST_CASE("jsonl_reader: values come in the order of the keys, as they are written", "[send]") {
  CHECK(in_pieces(R"({"price": 19.90, "x": [1, {"to": 2}], "name": "Zo\u00eb \"Z\"", "to": "+1"})", {}) ==
        read_rows{good(1, {"+1", "Zo\xC3\xAB \"Z\"", "19.90"})});
  CHECK(in_pieces(R"({"to":12125550123 ,"name":true,"price":null})", {}) ==
        read_rows{good(1, {"12125550123", "true", ""})});
  CHECK(in_pieces(R"({"to":"+1"})", {}) == read_rows{good(1, {"+1", "", ""})});
}

TEST_CASE("jsonl_reader: a bad line costs one row and says what is wrong", "[send]") {
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
  CHECK(in_pieces(text, {}) == read_rows{bad(1, "bad_json"), bad(3, "not_an_object"), bad(4, "key_twice"),
                                         bad(5, "value_not_text"), bad(6, "missing_to"), bad(7, "missing_to"),
                                         bad(8, "bad_json"), bad(9, "bad_json"), bad(10, "bad_json"),
                                         good(11, {"+9", "", ""})});
}

TEST_CASE("jsonl_reader: a line is bounded", "[send]") {
  jsonl_options options;
  options.row_bytes_max = 12;
  const std::string text = "{\"to\":\"+12\"}\n{\"to\":\"+123\"}\n" + std::string(50'000, ' ') + "\n{\"to\":\"+3\"}";
  CHECK(in_pieces(text, {}, options) ==
        read_rows{good(1, {"+12", "", ""}), bad(2, "row_too_large"), bad(3, "row_too_large"), good(4, {"+3", "", ""})});
}

TEST_CASE("jsonl_reader: pieces make no difference", "[send]") {
  const std::string_view text =
      "\xEF\xBB\xBF{\"to\":\"+1\",\"name\":\"a\\nb\"}\r\n\r\n{\"to\":\n{\"to\":\"+3 and more than "
      "fits\"}\n{\"to\":\"+4\"}\n{\"";
  jsonl_options options;
  options.row_bytes_max = GENERATE(std::size_t{26}, std::size_t{1'000});
  const read_rows whole = in_pieces(text, {}, options);
  REQUIRE(whole.size() == 5);
  for (std::size_t i = 0; i <= text.size(); ++i) {
    for (std::size_t j = i; j <= text.size(); ++j) {
      if (in_pieces(text, {i, j}, options) != whole) {
        CAPTURE(i, j);
        CHECK(in_pieces(text, {i, j}, options) == whole);
      }
    }
  }
}
