// tests/check/forecast - what a fallback costs at least and at most, before there is a recipient.
#include <broadside/check.hpp>
#include <limits>
#include <string>
#include <support/catch.hpp>

using namespace broadside;

namespace {

campaign fallback(std::string text) {
  campaign c;
  c.attributes = {"first_name", "city"};
  c.fallback.enabled = true;
  c.fallback.text = std::move(text);
  c.fallback.part_price_micros = 7'900;
  return c;
}

fallback_forecast forecast(const campaign& c, const check_options& options = {}) {
  const auto made = forecast_fallback(c, options);
  REQUIRE(made.has_value());
  return *made;
}

}  // namespace

TEST_CASE("forecast: a text without values has one size", "[check]") {
  const auto found = forecast(fallback("Reply STOP to opt out"));
  REQUIRE(found.constant);
  REQUIRE(found.least.sms.parts == 1);
  REQUIRE(found.least.sms.units == 21);
  REQUIRE(found.least.price_micros == 7'900);
  REQUIRE(found.most_gsm.sms.units == 21);
  REQUIRE(found.most_ucs2.sms.encoding == sms_encoding::gsm7);
  REQUIRE(found.most_ucs2.price_micros == 7'900);
}

TEST_CASE("forecast: values at their bounds cost two septets a character, or make it UCS-2", "[check]") {
  const auto found = forecast(fallback(std::string(130, 'a') + "{{ city }}"), {.value_characters_max = 20});
  REQUIRE_FALSE(found.constant);
  REQUIRE(found.least.sms.units == 130);
  REQUIRE(found.least.sms.parts == 1);
  REQUIRE(found.most_gsm.sms.encoding == sms_encoding::gsm7);
  REQUIRE(found.most_gsm.sms.units == 170);
  REQUIRE(found.most_gsm.sms.parts == 2);
  REQUIRE(found.most_gsm.price_micros == 15'800);
  REQUIRE(found.most_ucs2.sms.encoding == sms_encoding::ucs2);
  REQUIRE(found.most_ucs2.sms.units == 170);  // 20 emoji
  REQUIRE(found.most_ucs2.sms.parts == 3);
  REQUIRE(found.most_ucs2.price_micros == 23'700);
}

TEST_CASE("forecast: bounds are by attribute, and a longer default counts", "[check]") {
  const auto c = fallback("{{ first_name | default('0123456789') }}{{ city }}");
  const auto found = forecast(c, {.value_characters_max = 2, .bounds = {{"city", 40}}});
  REQUIRE(found.least.sms.units == 10);
  REQUIRE(found.most_gsm.sms.units == 10 + 80);
  REQUIRE(found.most_ucs2.sms.units == 10 + 80);
}

TEST_CASE("forecast: smart encoding is counted in", "[check]") {
  auto c = fallback("It\xE2\x80\x99s " + std::string(100, 'a'));
  REQUIRE(forecast(c).least.sms.parts == 2);
  c.fallback.smart_encoding = true;
  REQUIRE(forecast(c).least.sms.parts == 1);
}

TEST_CASE("forecast: the guard refuses the text itself, and only tells of what values could do", "[check]") {
  auto c = fallback(std::string(161, 'a'));
  c.fallback.max_parts = 1;
  const auto refused = forecast_fallback(c);
  REQUIRE_FALSE(refused.has_value());
  REQUIRE(refused.error() == errc::sms_too_many_parts);
  c.fallback.over = over_limit::truncate;
  REQUIRE(forecast(c).least.sms.parts == 1);
  c.fallback.over = over_limit::refuse;
  c.fallback.text = std::string(150, 'a') + "{{ city }}";
  const auto told = forecast(c);
  REQUIRE(told.least.sms.parts == 1);
  REQUIRE(told.most_gsm.sms.parts == 2);
  REQUIRE(told.most_gsm.refused);
  REQUIRE(told.most_gsm.price_micros == 0);  // it is not sent
  REQUIRE_FALSE(told.least.refused);
}

TEST_CASE("forecast: what is cut is priced as it is sent, and the whole is told beside it", "[check]") {
  auto c = fallback(std::string(1000, 'x') + "{{ city }}");
  c.fallback.max_parts = 2;
  c.fallback.over = over_limit::truncate;
  const auto found = forecast(c);
  for (const fallback_size& each : {found.least, found.most_gsm, found.most_ucs2}) {
    REQUIRE(each.sms.parts == 2);
    REQUIRE(each.price_micros == 15'800);
    REQUIRE_FALSE(each.refused);
    REQUIRE_FALSE(each.endless);
  }
  REQUIRE(found.least.uncut.parts == 7);
  REQUIRE(found.most_ucs2.uncut.parts == 16);
  c.fallback.text = std::string(60'000, 'x');
  REQUIRE(forecast(c).least.endless);
  REQUIRE(forecast(c).least.uncut.parts == 255);
}

TEST_CASE("forecast: without a compiling template there is none", "[check]") {
  for (const char* text : {"{{ nobody }}", "{% if %}", "\xFF"}) {
    CAPTURE(text);
    const auto made = forecast_fallback(fallback(text));
    REQUIRE_FALSE(made.has_value());
    REQUIRE(made.error() == errc::invalid_template);
  }
}

TEST_CASE("forecast: an empty text costs nothing", "[check]") {
  const auto found = forecast(fallback(""));
  REQUIRE(found.least.sms.parts == 0);
  REQUIRE(found.most_gsm.price_micros == 0);
  REQUIRE(found.constant);
}

TEST_CASE("forecast: no bound and no price is too large to count", "[check]") {
  std::string text;
  for (int i = 0; i < 2000; ++i) text += "{{ city }}{{ first_name }}";
  auto c = fallback(text);
  c.fallback.part_price_micros = std::numeric_limits<std::int64_t>::max();
  c.fallback.max_parts = 255;
  c.fallback.over = over_limit::truncate;
  const auto found = forecast(c, {.value_characters_max = 1'000, .bounds = {{"city", 0xFFFF'FFFF}}});
  REQUIRE(found.most_gsm.sms.parts == 255);
  REQUIRE(found.most_ucs2.sms.parts == 255);
  REQUIRE(found.most_gsm.endless);
  REQUIRE(found.most_gsm.price_micros > 0);
}
