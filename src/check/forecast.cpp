// check/forecast - what a fallback costs before there is a recipient. Pure; any thread; allocates.
#include <algorithm>
#include <broadside/check.hpp>
#include <check/fallback_text.hpp>
#include <check/worst_case.hpp>
#include <limits>
#include <text/template.hpp>

namespace broadside {
namespace {

using check_detail::fallback_text;
using check_detail::measure;

fallback_size priced(const sms_size& size, const sms_fallback& fallback) {
  constexpr std::int64_t price_max = std::numeric_limits<std::int64_t>::max() / 255;
  const auto price = std::clamp(fallback.part_price_micros, -price_max, price_max);
  return {.sms = size, .price_micros = price * size.parts};
}

}  // namespace

result<fallback_forecast> forecast_fallback(const campaign& c, const check_options& options) {
  const auto made = text::compiled_template::compile(c.fallback.text, c.attributes, "fallback.text");
  if (!made) return errc::invalid_template;
  const check_detail::value_bounds bounds(c, options);

  std::string least = check_detail::unfilled(*made, bounds);
  const auto prepared = prepare_sms(least, check_detail::preparation_of(c.fallback));
  if (!prepared) return prepared.error().code;

  // With values a text may exceed the guard, and then it is cut or refused; what it would be is what an author asks
  // for.
  const auto most = [&](std::string_view stand_in, measure by) {
    const fallback_text text = check_detail::sized(check_detail::filled(*made, bounds, stand_in, by), c.fallback);
    return priced(text.size, c.fallback);
  };
  fallback_forecast forecast{.least = priced(prepared->size, c.fallback), .constant = made->is_constant()};
  forecast.most_gsm = forecast.constant ? forecast.least : most(check_detail::euro, measure::septets);
  forecast.most_ucs2 = forecast.constant ? forecast.least : most(check_detail::zhe, measure::utf16_units);
  return forecast;
}

}  // namespace broadside
