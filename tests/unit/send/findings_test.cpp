// send/findings - tests: findings, forecasts and prices as lines that people read.
#include <fallback_sum.hpp>
#include <findings.hpp>
#include <limits>
#include <support/catch.hpp>

using namespace broadside;
using namespace broadside::send;

namespace {

sms_size parts_of(sms_encoding encoding, std::uint32_t units, std::uint32_t parts) {
  return {encoding, national_language::none, national_language::none, units, parts};
}

}  // namespace

TEST_CASE("findings: one line says all there is and nothing that is not", "[send]") {
  const finding long_subject{"subject.length",
                             severity::error,
                             "subject",
                             "96 characters",
                             "80 characters",
                             "sinch",
                             "Shorten it by 16 characters."};
  CHECK(finding_line(long_subject) ==
        "error: subject: 96 characters, sinch allows 80 characters: Shorten it by 16 characters [subject.length]");
  finding advised = long_subject;
  advised.severity = severity::advice;
  CHECK(finding_line(advised).find("sinch advises 80 characters") != std::string::npos);
  advised.whose = "broadside";
  CHECK(finding_line(advised).find("96 characters, expected 80 characters:") != std::string::npos);
  const finding bare{"campaign.launch", severity::error, "name", "", "", "broadside", "is required"};
  CHECK(finding_line(bare) == "error: name: is required [campaign.launch]");
  const finding hostile{"x", severity::advice, "text", "\x1B[31m", "", "", ""};
  CHECK(finding_line(hostile) == "advice: text: ?[31m [x]");
}

TEST_CASE("findings: only errors become violations", "[send]") {
  const std::vector<finding> found{{"a", severity::error, "text", "m", "", "", ""},
                                   {"b", severity::warning, "text", "m", "", "", ""}};
  const auto errors = errors_of(found);
  REQUIRE(errors.size() == 1);
  CHECK(errors[0] == violation{"text", "m [a]"});
}

TEST_CASE("prices: exact, without zeros that say nothing", "[send]") {
  CHECK(price_text(0) == "0");
  CHECK(price_text(7'900) == "0.0079");
  CHECK(price_text(1) == "0.000001");
  CHECK(price_text(12'500'000) == "12.5");
  CHECK(price_text(3'000'000) == "3");
  CHECK(price_of(3, 7'900) == 23'700);
  CHECK(price_of(1'000'000'000'000, 1'000'000'000) == std::numeric_limits<std::int64_t>::max());
  CHECK(price_of(5, 0) == 0);
}

TEST_CASE("sizes: counted with the unit of their encoding", "[send]") {
  CHECK(size_text(parts_of(sms_encoding::gsm7, 1, 1), 0) == "GSM-7, 1 septet, 1 part");
  CHECK(size_text(parts_of(sms_encoding::ucs2, 134, 2), 15'800) == "UCS-2, 134 units, 2 parts, 0.0158");
}

TEST_CASE("forecasts: one line when no value can change it", "[send]") {
  fallback_forecast f;
  f.constant = true;
  f.least = {parts_of(sms_encoding::gsm7, 20, 1), 0};
  CHECK(forecast_text(f) == "Fallback SMS: GSM-7, 20 septets, 1 part\n");
  f.constant = false;
  f.most_gsm = {parts_of(sms_encoding::gsm7, 200, 2), 0};
  f.most_ucs2 = {parts_of(sms_encoding::ucs2, 200, 3), 0};
  const std::string text = forecast_text(f);
  CHECK(text.find("all empty                         GSM-7, 20 septets, 1 part\n") != std::string::npos);
  CHECK(text.find("200 septets, 2 parts\n") != std::string::npos);
  CHECK(text.find("UCS-2, 200 units, 3 parts\n") != std::string::npos);
}

TEST_CASE("forecasts: what the guard cuts or refuses is told", "[send]") {
  fallback_forecast f;
  f.most_gsm.sms = f.most_ucs2.sms = f.most_ucs2.uncut = parts_of(sms_encoding::gsm7, 306, 2);
  f.most_gsm.uncut = parts_of(sms_encoding::gsm7, 700, 5);
  f.most_ucs2.refused = true;
  const std::string text = forecast_text(f);
  CHECK(text.find("in GSM-7         GSM-7, 306 septets, 2 parts; cut from 5 parts\n") != std::string::npos);
  CHECK(text.find("one needs UCS-2  GSM-7, 306 septets, 2 parts; refused: too many parts\n") != std::string::npos);
  f.most_gsm.endless = true;
  CHECK(forecast_text(f).find("; cut from more than 5 parts\n") != std::string::npos);
}

TEST_CASE("fallback_sum: parts and price of an audience", "[send]") {
  fallback_sum sum;
  sum.add(parts_of(sms_encoding::gsm7, 100, 1));
  sum.add(parts_of(sms_encoding::gsm7, 170, 2));
  sum.add(parts_of(sms_encoding::ucs2, 170, 3));
  const std::string text = sum.text(7'900);
  CHECK(text.find("parts                  6   at most 3 parts a message\n") != std::string::npos);
  CHECK(text.find("in GSM-7               2\n") != std::string::npos);
  CHECK(text.find("in UCS-2               1\n") != std::string::npos);
  CHECK(text.find("price             0.0474   0.0079 a part\n") != std::string::npos);
  CHECK(sum.text(0).find("price") == std::string::npos);
}
