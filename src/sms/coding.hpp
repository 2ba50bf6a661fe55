// sms/coding - how a text goes out: its encoding and tables, the header of each part, and what a part then holds.
//
// Pure; any thread; no allocation.
#pragma once

#include <broadside/sms.hpp>
#include <cstddef>
#include <cstdint>
#include <sms/alphabet.hpp>
#include <string_view>

namespace broadside::sms {

/// User data of an SMS (TS 23.040 §9.2.3.24).
inline constexpr std::size_t user_data_octets = 140;
inline constexpr std::size_t user_data_septets = 160;

/// Whether a part is the whole text, or one of several.
enum class place : std::uint8_t { alone, joined };

struct coding {
  sms_encoding encoding = sms_encoding::gsm7;
  alphabet tables{};   ///< of gsm7
  bool plain = false;  ///< gsm7, and every byte of the text is one septet

  /// Octets of the user data header, its length octet included; 0 when there is none.
  [[nodiscard]] std::size_t header_octets(place, const sms_format&) const noexcept;

  /// Septets or UTF-16 units that a part holds.
  [[nodiscard]] std::size_t capacity(place, const sms_format&) const noexcept;
};

/// Septets that `octets` of header take, fill bits included.
[[nodiscard]] constexpr std::size_t septets_of_octets(std::size_t octets) noexcept { return (octets * 8 + 6) / 7; }

/// A text and how it goes out.
struct coded_text {
  coding how{};
  std::size_t units = 0;  ///< as sms_size::units
};

/// The default alphabet when it holds the text; else the language's tables when they do; else UCS-2.
/// Errors: as measure_sms(), but for the parts, which are not counted.
[[nodiscard]] result<coded_text, text_error> choose_coding(std::string_view text, const sms_format&) noexcept;

/// The alphabets of a language, in the order in which they are preferred: single shift, locking shift, both. `count` of
/// them exist.
struct national_alphabets {
  std::array<alphabet, 3> tables{};
  std::size_t count = 0;
};
[[nodiscard]] national_alphabets alphabets_of(national_language) noexcept;

}  // namespace broadside::sms
