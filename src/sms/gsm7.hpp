// sms/gsm7 - the GSM 7-bit default alphabet and its extension table (3GPP TS 23.038 §6.2.1).
//
// Pure; any thread; no allocation.
#pragma once

#include <array>
#include <cstdint>

namespace broadside::sms {

/// Starts a character of the extension table, or of the single shift table in use. Itself no character of a text.
inline constexpr std::uint8_t escape_septet = 0x1B;

/// What a character is on the air.
struct septet_code {
  std::uint8_t count = 0;  ///< 0: not in the alphabet. 1: `value`. 2: escape_septet, then `value`.
  std::uint8_t value = 0;
};

/// Of U+0000 to U+00FF.
extern const std::array<septet_code, 0x100> latin_codes;

/// Of all others.
[[nodiscard]] septet_code code_beyond_latin(char32_t) noexcept;

/// A character of the default alphabet or of its extension table.
[[nodiscard]] inline septet_code default_code(char32_t c) noexcept {
  return c < latin_codes.size() ? latin_codes[c] : code_beyond_latin(c);
}

}  // namespace broadside::sms
