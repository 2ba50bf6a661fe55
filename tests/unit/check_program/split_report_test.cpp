// check/split_report - tests: parts and their places, what forces UCS-2, what smart encoding would save.
#include <simdjson.h>
#include <split_report.hpp>
#include <support/catch.hpp>

using namespace broadside;
using namespace broadside::checking;

namespace {

std::string repeated(std::string_view text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

}  // namespace

TEST_CASE("split: an escape pair is never cut, so 81 euro signs need two parts", "[check]") {
  const split_report made = split_text(repeated("\xE2\x82\xAC", 81), {});
  REQUIRE(made.parts.size() == 2);
  CHECK(made.size.encoding == sms_encoding::gsm7);
  CHECK(made.size.units == 162);
  CHECK(made.parts[0].units == 152);
  CHECK(made.parts[1].at == made.parts[0].bytes);
  CHECK(made.parts[1].units == 10);
  CHECK(made.odd_count == 0);
  const std::string text = split_report_text(made, {});
  CHECK(text.find("GSM-7, 162 septets, 2 parts\n") == 0);
  CHECK(text.find("TP-UD") == std::string::npos);
}

TEST_CASE("split: what forces UCS-2 is listed with its place and its look-alike", "[check]") {
  const split_report made = split_text("It\xE2\x80\x99s \xF0\x9F\x98\x80", {});
  CHECK(made.size.encoding == sms_encoding::ucs2);
  REQUIRE(made.odd.size() == 2);
  CHECK(made.odd[0].at == 2);
  CHECK(made.odd[0].code_point == 0x2019);
  CHECK(made.odd[0].replacement == "'");
  CHECK(made.odd[1].code_point == 0x1F600);
  CHECK_FALSE(made.odd[1].replacement.has_value());
  const std::string text = split_report_text(made, {});
  CHECK(text.find("UCS-2 because of 2 characters") != std::string::npos);
  CHECK(text.find("U+2019") != std::string::npos);
}

TEST_CASE("split: smart encoding is proposed where it saves parts, and applied on request", "[check]") {
  const std::string text = repeated("It\xE2\x80\x99s on. ", 12);
  const split_report made = split_text(text, {});
  REQUIRE(made.smart_size.has_value());
  CHECK(made.smart_size->parts == 1);
  CHECK(made.size.parts == 2);
  CHECK_FALSE(made.smart);
  CHECK(split_report_text(made, {}).find("--smart") != std::string::npos);

  const split_report smart = split_text(text, {{}, true, over_limit::refuse});
  CHECK(smart.smart);
  CHECK(smart.size.parts == 1);
  CHECK(smart.text == repeated("It's on. ", 12));
  CHECK_FALSE(smart.smart_size.has_value());
}

TEST_CASE("split: beyond the parts allowed it is refused with its place, or cut", "[check]") {
  sms_preparation as;
  as.format.max_parts = 1;
  const split_report refused = split_text(repeated("a", 161), as);
  REQUIRE(refused.error.has_value());
  CHECK(refused.error->code == errc::sms_too_many_parts);
  CHECK(refused.size.parts == 2);
  CHECK(refused.parts.empty());
  CHECK(split_report_text(refused, {}).find("sms_too_many_parts") != std::string::npos);

  as.over = over_limit::truncate;
  const split_report cut = split_text(repeated("a", 161), as);
  CHECK_FALSE(cut.error.has_value());
  CHECK(cut.truncated);
  CHECK(cut.size.parts == 1);
}

TEST_CASE("split: bytes that are no UTF-8 are told with their place", "[check]") {
  const split_report made = split_text("ab\xFF", {});
  REQUIRE(made.error.has_value());
  CHECK(made.error->code == errc::invalid_utf8);
  CHECK(made.error->at == 2);
  json_writer json;
  json.begin_object();
  write_split_report(json, made, false);
  json.end_object();
  const std::string document = json.take();
  simdjson::dom::parser parser;
  simdjson::dom::element read;
  REQUIRE(parser.parse(document).get(read) == simdjson::SUCCESS);
  CHECK(std::string_view(read["error"]["code"]) == "invalid_utf8");
}

TEST_CASE("split: user data is hexadecimal with the header of its part", "[check]") {
  const split_report made = split_text("hello", {});
  REQUIRE(made.parts.size() == 1);
  CHECK(made.parts[0].user_data == "E8329BFD06");  // five septets, packed
  CHECK(made.parts[0].length == 5);
  const split_report two = split_text(repeated("a", 161), {});
  REQUIRE(two.parts.size() == 2);
  CHECK(two.parts[0].user_data.substr(0, 12) == "050003010201");
  CHECK(two.parts[1].user_data.substr(0, 12) == "050003010202");
  CHECK(two.parts[1].header_octets == 6);
  CHECK(split_report_text(two, {.pdu = true}).find("TP-UD 050003010201") != std::string::npos);
}

TEST_CASE("split: languages have names in both directions", "[check]") {
  for (const std::string& name : language_names()) {
    const auto language = language_named(name);
    REQUIRE(language.has_value());
    CHECK(language_name(*language) == name);
  }
  CHECK_FALSE(language_named("klingon").has_value());
  CHECK(language_name(national_language::none).empty());
}
