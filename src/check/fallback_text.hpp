// check/fallback_text - how large the text of a fallback is on the air, guard or no guard.
//
// Pure; any thread. Allocates.
#pragma once

#include <broadside/campaign.hpp>
#include <broadside/sms.hpp>
#include <check/worst_case.hpp>
#include <string>
#include <text/template.hpp>

namespace broadside::check_detail {

/// The longest that a template makes with values of GSM-7 characters, two septets each.
[[nodiscard]] std::string most_in_gsm(const text::compiled_template&, const value_bounds&);

/// The longest that it makes when some value needs UCS-2, of characters of two units. An upper bound for every text of
/// values within their bounds, except that what a reader sees as one character and is longer than two units may leave
/// more room unused at the end of a part.
[[nodiscard]] std::string most_in_ucs2(const text::compiled_template&, const value_bounds&);

/// As the engine prepares every text of this fallback.
[[nodiscard]] sms_preparation preparation_of(const sms_fallback&) noexcept;

struct fallback_text {
  sms_size size{};
  bool endless = false;  ///< more parts than a message can have: `size` is of what fits
};

/// The size of a well-formed text after smart encoding, if the fallback has it, but before its guard cuts or refuses.
[[nodiscard]] fallback_text sized(std::string text, const sms_fallback&);

}  // namespace broadside::check_detail
