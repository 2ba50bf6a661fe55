// broadside/sender - who a message comes from: short code, toll-free, 10DLC, long code or a name.
//
// A value; no allocation. Any thread.
#pragma once

#include <broadside/country.hpp>
#include <broadside/enum_set.hpp>
#include <broadside/fixed_string.hpp>
#include <broadside/result.hpp>
#include <cstdint>
#include <string_view>

namespace broadside {

enum class channel : std::uint8_t { mms, sms };

enum class sender_kind : std::uint8_t {
  short_code,    ///< 5 or 6 digits in the US and Canada, 4 to 6 elsewhere
  toll_free,     ///< +1 800 833 844 855 866 877 888: US and Canada
  ten_dlc,       ///< any other US number, registered for application traffic
  long_code,     ///< an ordinary number of any other country, Canada and the Caribbean included
  alphanumeric,  ///< a name of 3 to 11 characters (TP-OA holds 11 septets, 3GPP TS 23.040 §9.1.2.5): SMS only, not in
                 ///< the US, its territories and Canada
};

using sender_kinds = enum_set<sender_kind>;

inline constexpr sender_kinds all_sender_kinds{sender_kind::short_code, sender_kind::toll_free, sender_kind::ten_dlc,
                                               sender_kind::long_code, sender_kind::alphanumeric};

/// What is not wrong with a sender, but is known to go wrong.
enum class sender_doubt : std::uint8_t {
  none,
  space_in_name,        ///< shown unevenly by handsets
  punctuation_in_name,  ///< "-", "_" or ".": refused by some networks
  n11_exchange,         ///< +1 NPA N11 XXXX: not a subscriber by plan, though numbering data passes it
};

/// A sender that is one. The only way to it is parse().
class sender {
 public:
  /// Reads a short code, a number as phone::parse() takes it, or a name. A number without "+" or "00" is digits alone
  /// that begin with their country code ("12015550123"; "2015550123" is not in New Jersey but in Egypt), or has
  /// brackets and the like and is North American ("(201) 555-0123"), unless `home` is elsewhere. A template ("{{ … }}")
  /// is no sender: render it first. `home` is where a short code lives; not known: the US or Canada. Errors:
  /// sender_empty, sender_bad_short_code, sender_bad_number, sender_bad_name, sender_not_a_subscriber (premium,
  /// personal and reserved toll-free codes). Never throws, never allocates.
  [[nodiscard]] static result<sender> parse(std::string_view text, country home = {}) noexcept;

  [[nodiscard]] sender_kind kind() const noexcept { return kind_; }

  /// Of a short code: `home`, not known when none was given; of a number: as phone::country(); of a name: not known.
  [[nodiscard]] broadside::country country() const noexcept { return country_; }

  /// What providers are given and senders are compared by: the digits with their country code and without "+", or the
  /// name.
  [[nodiscard]] std::string_view text() const noexcept { return text_.view(); }

  [[nodiscard]] sender_doubt doubt() const noexcept { return doubt_; }

  /// Whether this kind of sender reaches phones in a country over a channel. A destination that is not known is not
  /// refused. Source: sender tables of Bloomreach, Twilio and Infobip; a provider's profile may be stricter.
  [[nodiscard]] bool works(broadside::country to, channel over) const noexcept;

 private:
  sender() noexcept = default;
  fixed_string<15> text_{};
  broadside::country country_{};
  sender_kind kind_ = sender_kind::long_code;
  sender_doubt doubt_ = sender_doubt::none;
};

/// "short_code", "ten_dlc": for tables and JSON. Lives for ever.
[[nodiscard]] std::string_view name_of(sender_kind) noexcept;

}  // namespace broadside
