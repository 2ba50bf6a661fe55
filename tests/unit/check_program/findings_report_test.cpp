// check/findings_report - tests: a finding's every member reaches the table and the JSON; counts decide how it ends.
#include <simdjson.h>
#include <findings_report.hpp>
#include <support/catch.hpp>

using namespace broadside;
using namespace broadside::checking;

namespace {

checked subject_too_long() {
  checked out;
  out.file = "spring.json";
  out.campaign = "Spring \x1B[31msale";
  content_limits omnisend;
  omnisend.name = "omnisend";
  out.limits.add(omnisend);
  out.findings = {{"subject.length", severity::error, "subject", "96 characters", "80 characters", "omnisend",
                   "Shorten it by 16 characters."},
                  {"text.links", severity::advice, "text", "bit.ly", "", "broadside", "Use a link of your own."}};
  return out;
}

}  // namespace

TEST_CASE("report: the table says what, where, how much, whose and how to mend it", "[check]") {
  const std::string text = report_text(subject_too_long(), 0);
  for (const auto* piece : {"spring.json", "checked against omnisend", "error", "subject.length", "96 characters",
                            "80 characters", "Shorten it by 16 characters.", "advice", "text.links"}) {
    CAPTURE(piece);
    CHECK(text.find(piece) != std::string::npos);
  }
  CHECK(text.find('\x1B') == std::string::npos);
}

TEST_CASE("report: a terminal too narrow for a table has sentences", "[check]") {
  const std::string text = report_text(subject_too_long(), 60);
  CHECK(text.find("SEVERITY") == std::string::npos);
  CHECK(text.find("error: subject: 96 characters, omnisend allows 80\ncharacters:") != std::string::npos);
  CHECK(report_text(subject_too_long(), 80).find("SEVERITY") != std::string::npos);
}

TEST_CASE("report: a file that cannot be read is one line", "[check]") {
  checked out;
  out.file = "none.json";
  out.error = "No such file or directory";
  CHECK(report_text(out, 0) == "none.json: No such file or directory\n");
}

TEST_CASE("report: the forecast stands below the table", "[check]") {
  checked out = subject_too_long();
  out.forecast = fallback_forecast{};
  out.forecast->constant = true;
  out.forecast->least = {{sms_encoding::gsm7, national_language::none, national_language::none, 20, 1}, 7'900};
  CHECK(report_text(out, 0).find("Fallback SMS: GSM-7, 20 septets, 1 part, 0.0079\n") != std::string::npos);
}

TEST_CASE("tally: errors fail, warnings fail strictly, advice never does", "[check]") {
  tally t;
  CHECK(t.passed(true));
  CHECK(summary_text(t, 1) == "Nothing wrong\n");
  t.advice = 1;
  CHECK(t.passed(true));
  t.warnings = 2;
  CHECK(t.passed(false));
  CHECK_FALSE(t.passed(true));
  t.add(subject_too_long().findings);
  CHECK_FALSE(t.passed(false));
  CHECK(summary_text(t, 3) == "1 error, 2 warnings, 2 pieces of advice in 3 files: launch() would refuse\n");
}

TEST_CASE("report: JSON has every member, null where there is nothing", "[check]") {
  json_writer json;
  write_report(json, subject_too_long());
  const std::string document = json.take();
  simdjson::dom::parser parser;
  simdjson::dom::element read;
  REQUIRE(parser.parse(document).get(read) == simdjson::SUCCESS);
  for (const auto* name :
       {"file", "campaign", "error", "errors", "warnings", "advice", "profiles", "findings", "fallback"}) {
    CAPTURE(name);
    CHECK(read.at_key(name).error() == simdjson::SUCCESS);
  }
  CHECK(read["error"].is_null());
  CHECK(read["fallback"].is_null());
  for (const auto* name : {"severity", "rule", "where", "measured", "allowed", "whose", "fix"}) {
    CAPTURE(name);
    CHECK(read["findings"].at(0).at_key(name).error() == simdjson::SUCCESS);
  }
  CHECK(std::uint64_t(read["errors"]) == 1);
}
