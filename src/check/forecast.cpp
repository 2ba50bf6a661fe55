// check/forecast - what a fallback costs before there is a recipient. Pure; any thread; allocates.
#include <algorithm>
#include <broadside/check.hpp>
#include <check/fallback_text.hpp>
#include <check/worst_case.hpp>
#include <limits>
#include <string>
#include <text/template.hpp>
#include <utility>

namespace broadside {
namespace {

using check_detail::fallback_text;

std::int64_t price_of(const sms_size& size, const sms_fallback& fallback) {
  constexpr std::int64_t price_max = std::numeric_limits<std::int64_t>::max() / 255;
  return std::clamp(fallback.part_price_micros, -price_max, price_max) * size.parts;
}

/// What the guard leaves of a text. What it refuses is told as it is, and costs nothing.
fallback_size guarded(std::string text, const sms_fallback& fallback) {
  const fallback_text whole = check_detail::sized(text, fallback);
  fallback_size made{.sms = whole.size, .uncut = whole.size, .endless = whole.endless};
  const auto prepared = prepare_sms(text, check_detail::preparation_of(fallback));
  made.refused = !prepared;
  if (!prepared) return made;
  made.sms = prepared->size;
  made.price_micros = price_of(made.sms, fallback);
  return made;
}

}  // namespace

result<fallback_forecast> forecast_fallback(const campaign& c, const check_options& options) {
  const auto made = text::compiled_template::compile(c.fallback.text, c.attributes, "fallback.text");
  if (!made) return errc::invalid_template;
  const check_detail::value_bounds bounds(c, options);

  std::string least = check_detail::unfilled(*made, bounds);
  std::string sent = least;
  if (const auto prepared = prepare_sms(sent, check_detail::preparation_of(c.fallback)); !prepared)
    return prepared.error().code;
  fallback_forecast forecast{.least = guarded(std::move(least), c.fallback), .constant = made->is_constant()};
  forecast.most_gsm = forecast.most_ucs2 = forecast.least;
  if (forecast.constant) return forecast;
  forecast.most_gsm = guarded(check_detail::most_in_gsm(*made, bounds), c.fallback);
  forecast.most_ucs2 = guarded(check_detail::most_in_ucs2(*made, bounds), c.fallback);
  return forecast;
}

}  // namespace broadside
