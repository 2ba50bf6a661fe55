// check/fallback_text - see fallback_text.hpp.
#include <check/fallback_text.hpp>

namespace broadside::check_detail {

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
