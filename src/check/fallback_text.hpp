// check/fallback_text - how large the text of a fallback is on the air, guard or no guard.
//
// Pure; any thread. Allocates.
#pragma once

#include <broadside/campaign.hpp>
#include <broadside/sms.hpp>
#include <string>
#include <string_view>

namespace broadside::check_detail {

// What values are made of in forecasts: a GSM-7 character that costs two septets, and one that needs UCS-2.
inline constexpr std::string_view euro = "\xE2\x82\xAC";
inline constexpr std::string_view zhe = "\xD0\xB6";

/// As the engine prepares every text of this fallback.
[[nodiscard]] sms_preparation preparation_of(const sms_fallback&) noexcept;

struct fallback_text {
  sms_size size{};
  bool endless = false;  ///< more parts than a message can have: `size` is of what fits
};

/// The size of a well-formed text after smart encoding, if the fallback has it, but before its guard cuts or refuses.
[[nodiscard]] fallback_text sized(std::string text, const sms_fallback&);

}  // namespace broadside::check_detail
