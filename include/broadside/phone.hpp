// broadside/phone - an E.164 number that cannot be invalid, and what the North American plan says of it.
//
// A value of eight bytes. No allocation except to_string() and masked(). Any thread.
#pragma once

#include <array>
#include <broadside/country.hpp>
#include <broadside/result.hpp>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace broadside {

/// From where a number that does not say its country is dialled.
enum class dialling : std::uint8_t {
  /// "+…" or "00…". Anything else does not say its country and is refused. The default.
  international,
  /// Also digits without a prefix that begin with a country code: "12125550123", "447400123456".
  bare_digits,
  /// As a North American phone dials: "212 555 0123", "1 212 555 0123", "011 44 7400 123456"; and "+…" or "00…".
  north_america,
};

/// What a number is, as far as the plan says. Only the North American plan is known in detail.
enum class number_kind : std::uint8_t {
  geographic,        ///< +1 with an area code that has a place; fixed and mobile are not told apart there
  international,     ///< any other country code: kinds are not told apart
  unknown,           ///< +1 and an area code that no table knows: valid, for new ones appear every year
  toll_free,         ///< +1 800 833 844 855 866 877 888, and +800
  premium,           ///< +1 900, and +979
  personal,          ///< follow-me numbers: +1 500, 521 to 529 …, and +878
  non_geographic,    ///< +1 600: Canadian, without a place
  universal_access,  ///< +1 310 XXXX, seven digits: Canadian, one number for a company's nearest branch
};

/// A telephone number by ITU-T E.164: a country code and 7 to 15 digits in all. Under "+1" also the North American
/// plan: NPA [2-9][0-8]X, NXX [2-9]XX, ten digits; or 310 XXXX, which needs its "+1". The only way to a `phone` is
/// parse(), so one that exists is valid.
class phone {
 public:
  /// Room for the digits of any number, without "+".
  using digits_buffer = std::array<char, 16>;

  /// Reads a number as customer records write it. Spaces, NBSP, "-", U+2011, ".", "/", parentheses and a leading "tel:"
  /// are separators and are dropped; full-width digits and signs count as what they look like (NFKC). So is a trunk
  /// zero written "(0)" behind the country code, except where zeros are dialled from abroad too (+39 …). Everything
  /// else is refused: letters, extensions, a second number, control characters. Errors: the `phone_…` codes. Never
  /// throws, never allocates. O(length), at most 64 bytes are read.
  [[nodiscard]] static result<phone> parse(std::string_view text, dialling from = dialling::international) noexcept;

  /// The digits without "+", written to `buffer`; the view lives as long as the buffer.
  [[nodiscard]] std::string_view digits(digits_buffer& buffer) const noexcept;

  /// "+12125550123".
  [[nodiscard]] std::string to_string() const;

  /// "+1******0123": country code and last four digits; fewer of a short number, so that at least three stay hidden.
  /// What logs, events and error texts show.
  [[nodiscard]] std::string masked() const;

  /// Whether the number belongs to the North American Numbering Plan (country code 1).
  [[nodiscard]] bool is_nanp() const noexcept;

  /// 1, 44, 353: one to three digits.
  [[nodiscard]] std::uint16_t calling_code() const noexcept;

  /// Under +1 by area code: US, CA, and each Caribbean and Pacific member apart; US for the codes that the whole plan
  /// shares (toll-free, premium, most personal ones); not known for those no table knows. Elsewhere the country of the
  /// calling code, its largest one where several share it; not known where it is nobody's (+800, +870 …).
  [[nodiscard]] broadside::country country() const noexcept;

  [[nodiscard]] number_kind kind() const noexcept;

  /// "NY", "ON"; several are joined by a comma. Only for geographic US and Canadian numbers, else empty. Lives for
  /// ever.
  [[nodiscard]] std::string_view state() const noexcept;

  /// IANA time zones of the area code as numbering data has them, where it is not plainly wrong; empty when there is no
  /// place, or outside +1.
  /// The names live for ever. An area code is not its owner's place: a stored zone or postal address wins.
  [[nodiscard]] std::span<const std::string_view> zones() const noexcept;

  /// All the zones in which a phone with this area code may be: overlays, exceptions and known faults of the data
  /// included. What must hold everywhere must hold in each of them.
  [[nodiscard]] std::span<const std::string_view> safe_zones() const noexcept;

  friend bool operator==(phone, phone) noexcept = default;
  friend auto operator<=>(phone, phone) noexcept = default;

 private:
  explicit constexpr phone(std::uint64_t number) noexcept : number_(number) {}
  std::uint64_t number_;  // E.164 digits as a number: no leading zero exists, 15 digits fit in 50 bits
};

/// Why nobody can receive a message at this number: phone_toll_free, phone_premium, phone_personal or
/// phone_universal_access. Nothing: it may be a phone in somebody's hand.
[[nodiscard]] std::optional<errc> refused_as_recipient(phone) noexcept;

/// "geographic", "toll_free": for tables and JSON. Lives for ever.
[[nodiscard]] std::string_view name_of(number_kind) noexcept;

}  // namespace broadside
