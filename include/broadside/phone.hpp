// broadside/phone - an E.164 number that cannot be invalid.
//
// A value of eight bytes. No allocation except to_string() and masked(). Any thread.
#pragma once

#include <array>
#include <broadside/result.hpp>
#include <cstdint>
#include <string>
#include <string_view>

namespace broadside {

/// A telephone number by ITU-T E.164: a country code and 7 to 15 digits in all. Under "+1" also the North American
/// plan: NPA [2-9][0-8]X, NXX [2-9]XX, ten digits. The only way to a `phone` is parse(), so one that exists is valid.
class phone {
 public:
  /// Room for the digits of any number, without "+".
  using digits_buffer = std::array<char, 16>;

  /// Reads "+…" or "00…". Spaces, NBSP, "-", ".", "/", parentheses and a leading "tel:" are separators and are dropped.
  /// So is a trunk zero written "(0)" behind the country code, except where zeros are dialled from abroad too (+39 …).
  /// Everything else is refused: letters, extensions, bare digits (no country), control characters.
  /// Errors: the `phone_…` codes. Never throws, never allocates. O(length), at most 64 bytes are read.
  [[nodiscard]] static result<phone> parse(std::string_view text) noexcept;

  /// The digits without "+", written to `buffer`; the view lives as long as the buffer.
  [[nodiscard]] std::string_view digits(digits_buffer& buffer) const noexcept;

  /// "+12125550123".
  [[nodiscard]] std::string to_string() const;

  /// "+1******0123": country code and last four digits; fewer of a short number, so that at least three stay hidden.
  /// What logs, events and error texts show.
  [[nodiscard]] std::string masked() const;

  /// Whether the number belongs to the North American Numbering Plan (country code 1).
  [[nodiscard]] bool is_nanp() const noexcept;

  friend bool operator==(phone, phone) noexcept = default;
  friend auto operator<=>(phone, phone) noexcept = default;

 private:
  explicit constexpr phone(std::uint64_t number) noexcept : number_(number) {}
  std::uint64_t number_;  // E.164 digits as a number: no leading zero exists, 15 digits fit in 50 bits
};

}  // namespace broadside
