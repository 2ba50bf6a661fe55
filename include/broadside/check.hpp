// broadside/check - everything that is wrong with a campaign before a cent is spent.
//
// Pure: no engine, no socket, no clock. Any thread. Allocates.
#pragma once

#include <broadside/campaign.hpp>
#include <broadside/country.hpp>
#include <broadside/limits.hpp>
#include <broadside/sms.hpp>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace broadside {

enum class severity : std::uint8_t {
  error,    ///< every message would fail: launch() refuses the campaign
  warning,  ///< some messages will fail, or arrive as something else
  advice,   ///< works, and is known to work less well
};

/// One broken rule, told so that an author can mend it.
struct finding {
  std::string_view rule{};  ///< stable id, "subject.length"; lives for ever
  broadside::severity severity = broadside::severity::error;
  std::string where{};     ///< a path as in the campaign: "media[0].mime_type"; or "destinations"
  std::string measured{};  ///< "96 characters"
  std::string allowed{};   ///< "80 characters"
  std::string whose{};     ///< the profile's name; "broadside" for rules of nobody in particular
  std::string fix{};       ///< what to do, one sentence
  friend bool operator==(const finding&, const finding&) = default;
};

/// What an attribute's values may be at worst.
struct attribute_bound {
  std::string attribute{};
  std::uint32_t characters_max = 0;
};

struct check_options {
  /// Code points that a value may have, for attributes that `bounds` does not name. 0 to 1,000.
  std::uint32_t value_characters_max = 32;
  std::vector<attribute_bound> bounds{};
  /// Where the audience lives; what cannot reach one of them is found. Empty: not known, nothing is found.
  country_set destinations{};
};

/// Every violation, not the first: errors, then warnings, then advice, each in the order of the campaign's fields.
/// Lengths are judged twice: what the templates' own text exceeds is an error, what values may exceed a warning.
/// Senders are not rendered, so a template there is an error. So is a template that does not compile, with the
/// rule "template.syntax".
[[nodiscard]] std::vector<finding> check(const campaign&, const combined_limits&, const check_options& = {});

/// Whether anything is wrong enough that launch() refuses.
[[nodiscard]] bool has_errors(std::span<const finding>) noexcept;

/// One SMS fallback, sized and priced.
struct fallback_size {
  sms_size sms{};                 ///< as it is sent: cut, where sms_fallback::over cuts; as it is when it is refused
  std::int64_t price_micros = 0;  ///< parts that are sent * sms_fallback::part_price_micros; 0 when it is refused
  sms_size uncut{};               ///< before the guard cuts or refuses
  bool endless = false;           ///< more than 255 parts: `uncut` is of what fits those
  bool refused = false;           ///< more parts than sms_fallback::max_parts, and nothing is cut: it is not sent
};

/// What the fallback costs before there is a recipient. Where a default is longer than a value may be, it stands.
struct fallback_forecast {
  fallback_size least{};      ///< every value empty, defaults in their place
  fallback_size most_gsm{};   ///< every value at its bound, of GSM-7 characters that cost two septets ("€")
  fallback_size most_ucs2{};  ///< every value at its bound, and of characters that cost two units of UCS-2 ("😀")
  bool constant = false;      ///< no values: all three are the same
};

/// Errors: invalid_template; what prepare_sms() says of the text itself.
[[nodiscard]] result<fallback_forecast> forecast_fallback(const campaign&, const check_options& = {});

/// "error", "warning", "advice". Lives for ever.
[[nodiscard]] std::string_view name_of(severity) noexcept;

}  // namespace broadside
