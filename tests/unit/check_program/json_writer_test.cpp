// check/json_writer - tests: whatever the texts are, the document parses and says the same.
#include <simdjson.h>
#include <json_writer.hpp>
#include <support/catch.hpp>

using broadside::checking::json_writer;

TEST_CASE("json_writer: commas stand between members and nowhere else", "[check]") {
  json_writer json;
  json.begin_object();
  json.member("a", "x");
  json.member_number("b", -5);
  json.key("list");
  json.begin_array();
  json.number(1);
  json.begin_object();
  json.end_object();
  json.null();
  json.end_array();
  json.member_flag("c", true);
  json.member_or_null("d", "");
  json.end_object();
  CHECK(json.take() == "{\"a\":\"x\",\"b\":-5,\"list\":[1,{},null],\"c\":true,\"d\":null}\n");
}

TEST_CASE("json_writer: a number that there is not is null", "[check]") {
  json_writer json;
  json.begin_object();
  json.member_or_null("none", std::optional<std::uint32_t>());
  json.member_or_null("zero", std::optional<std::uint32_t>(0));
  json.end_object();
  CHECK(json.take() == "{\"none\":null,\"zero\":0}\n");
}

TEST_CASE("json_writer: every text comes back from a parser", "[check]") {
  const std::string text = "\"\\\n\t\x01\x7F {[: \xE2\x80\xA8 \xF0\x9F\x98\x80";
  json_writer json;
  json.begin_array();
  json.text(text);
  json.text("bad \xFF\xC3");
  json.end_array();
  simdjson::dom::parser parser;
  simdjson::dom::array read;
  const std::string document = json.take();
  REQUIRE(parser.parse(document).get(read) == simdjson::SUCCESS);
  std::string_view first;
  std::string_view second;
  REQUIRE(read.at(0).get(first) == simdjson::SUCCESS);
  REQUIRE(read.at(1).get(second) == simdjson::SUCCESS);
  CHECK(first == text);
  CHECK(second == "bad \xEF\xBF\xBD\xEF\xBF\xBD");
}
