// check/fallback_text - see fallback_text.hpp.
#include <check/fallback_text.hpp>
#include <string_view>

namespace broadside::check_detail {
namespace {

constexpr std::string_view euro = "\xE2\x82\xAC";      // an escape pair
constexpr std::string_view grin = "\xF0\x9F\x98\x80";  // a surrogate pair

}  // namespace

std::string most_in_gsm(const text::compiled_template& made, const value_bounds& bounds) {
  return filled(made, bounds, euro, measure::septets);
}

std::string most_in_ucs2(const text::compiled_template& made, const value_bounds& bounds) {
  return filled(made, bounds, grin, measure::utf16_units, at_least::one_value);
}

sms_preparation preparation_of(const sms_fallback& fallback) noexcept {
  return {
      .format = {.max_parts = fallback.max_parts}, .smart_encoding = fallback.smart_encoding, .over = fallback.over};
}

fallback_text sized(std::string text, const sms_fallback& fallback) {
  const auto prepared = prepare_sms(text, {.smart_encoding = fallback.smart_encoding, .over = over_limit::truncate});
  if (!prepared) return {};
  return {.size = prepared->size, .endless = prepared->truncated};
}

}  // namespace broadside::check_detail
