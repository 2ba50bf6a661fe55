// sms/blocks - what sixteen bytes of a text hold, at once: with SSE2 where it is, else byte by byte, with one answer.
//
// Pure; any thread; no allocation.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace broadside::sms {

inline constexpr std::size_t block_bytes = 16;

/// What the ASCII of a block is made of. The default alphabet holds U+0020 to U+007E but for the backtick, and LF, CR,
/// FF.
struct ascii_block {
  unsigned others = 0;    ///< a bit for each byte that is not ASCII, the first one lowest
  bool gsm7 = true;       ///< the ASCII is in the default alphabet or its extension table
  unsigned extended = 0;  ///< bytes that are characters of the extension table: FF [ \ ] ^ { | } ~
};

[[nodiscard]] inline ascii_block look_at_ascii_portable(const char* bytes) noexcept {
  ascii_block found;
  for (std::size_t i = 0; i < block_bytes; ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    const unsigned folded = byte | 0x20U;  // [ \ ] ^ become { | } ~
    if (byte >= 0x80) found.others |= 1U << i;
    if (byte == 0x60 || byte == 0x7F || (byte < 0x20 && byte != 0x0A && byte != 0x0C && byte != 0x0D))
      found.gsm7 = false;
    if (byte == 0x0C || (folded > 0x7A && folded < 0x7F)) ++found.extended;
  }
  return found;
}

/// UTF-16 units of the code points that start in the block.
[[nodiscard]] inline unsigned count_utf16_portable(const char* bytes) noexcept {
  unsigned units = 0;
  for (std::size_t i = 0; i < block_bytes; ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    units += static_cast<unsigned>((byte & 0xC0U) != 0x80U) + static_cast<unsigned>(byte >= 0xF0);
  }
  return units;
}

/// Row of table 3-7 of Unicode 15: how long a character is by its first byte, and where its second byte lies. Length 0:
/// no first byte.
struct lead_row {
  std::uint8_t length = 0;
  std::uint8_t second_min = 0x80;
  std::uint8_t second_span = 0x3F;
};

[[nodiscard]] constexpr std::array<lead_row, 0x100> make_lead_rows() noexcept {
  std::array<lead_row, 0x100> rows{};
  for (std::size_t lead = 0; lead < 0x80; ++lead) rows[lead].length = 1;
  for (std::size_t lead = 0xC2; lead < 0xF5; ++lead) {
    rows[lead].length = static_cast<std::uint8_t>(lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4);
  }
  rows[0xE0] = {3, 0xA0, 0x1F};  // else overlong
  rows[0xED] = {3, 0x80, 0x1F};  // else a surrogate
  rows[0xF0] = {4, 0x90, 0x2F};  // else overlong
  rows[0xF4] = {4, 0x80, 0x0F};  // else above U+10FFFF
  return rows;
}
inline constexpr std::array<lead_row, 0x100> lead_rows = make_lead_rows();

/// Length of the well-formed character at the front of `size` bytes; 0 when there is none.
[[nodiscard]] inline std::size_t character_length(const char* bytes, std::size_t size) noexcept {
  const auto byte = [bytes](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  if (size == 0) return 0;
  const lead_row row = lead_rows[byte(0)];
  if (row.length > size) return 0;
  if (row.length > 1 && static_cast<unsigned char>(byte(1) - row.second_min) > row.second_span) return 0;
  for (std::size_t i = 2; i < row.length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) return 0;
  }
  return row.length;
}

/// Bytes of the well-formed characters that a block starts with, each of them whole. Where one is ill-formed, or hard
/// to tell, it may be 0.
[[nodiscard]] inline std::size_t whole_characters_portable(const char* bytes) noexcept {
  std::size_t at = 0;
  for (std::size_t n = 1; n != 0; at += n) n = character_length(bytes + at, block_bytes - at);
  return at;
}

#if defined(__SSE2__)

namespace sse2 {
inline __m128i load(const char* bytes) noexcept { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes)); }
inline __m128i all(int byte) noexcept { return _mm_set1_epi8(static_cast<char>(byte)); }
inline __m128i equal(__m128i v, int byte) noexcept { return _mm_cmpeq_epi8(v, all(byte)); }
inline __m128i above(__m128i v, int byte) noexcept { return _mm_cmpgt_epi8(v, all(byte)); }  // signed
inline unsigned bits(__m128i v) noexcept { return static_cast<unsigned>(_mm_movemask_epi8(v)); }
/// Sum of sixteen counts of at most 255 each.
inline unsigned sum(__m128i counts) noexcept {
  const __m128i halves = _mm_sad_epu8(counts, _mm_setzero_si128());
  return static_cast<unsigned>(_mm_cvtsi128_si32(halves) + _mm_cvtsi128_si32(_mm_unpackhi_epi64(halves, halves)));
}
}  // namespace sse2

[[nodiscard]] inline ascii_block look_at_ascii(const char* bytes) noexcept {
  const __m128i v = sse2::load(bytes);
  const __m128i form_feed = sse2::equal(v, 0x0C);
  const __m128i folded = _mm_or_si128(v, sse2::all(0x20));
  const __m128i extended =
      _mm_or_si128(form_feed, _mm_andnot_si128(sse2::equal(folded, 0x7F), sse2::above(folded, 0x7A)));
  const __m128i holes = _mm_or_si128(sse2::equal(v, 0x60), sse2::equal(v, 0x7F));
  const __m128i control = _mm_and_si128(sse2::above(v, -1), _mm_cmplt_epi8(v, sse2::all(0x20)));
  const __m128i breaks = _mm_or_si128(form_feed, _mm_or_si128(sse2::equal(v, 0x0A), sse2::equal(v, 0x0D)));
  const __m128i outside = _mm_or_si128(holes, _mm_andnot_si128(breaks, control));
  return {sse2::bits(v), sse2::bits(outside) == 0, sse2::sum(_mm_and_si128(extended, sse2::all(1)))};
}

[[nodiscard]] inline unsigned count_utf16(const char* bytes) noexcept {
  const __m128i v = sse2::load(bytes);
  const __m128i starts = sse2::above(v, -65);  // 0x00 to 0x7F, 0xC0 to 0xFF
  const __m128i pairs = _mm_and_si128(sse2::above(v, -17), _mm_cmplt_epi8(v, _mm_setzero_si128()));  // 0xF0 to 0xFF
  // Both are 0 or -1 a byte: their negated sum counts.
  return sse2::sum(_mm_sub_epi8(_mm_sub_epi8(_mm_setzero_si128(), starts), pairs));
}

[[nodiscard]] inline std::size_t whole_characters(const char* bytes) noexcept {
  const __m128i v = sse2::load(bytes);
  const unsigned others = sse2::bits(v);
  if (others == 0) return block_bytes;
  const unsigned tails = sse2::bits(_mm_cmplt_epi8(v, sse2::all(-64)));  // 0x80 to 0xBF
  const unsigned leads = others & ~tails;
  const unsigned leads_of_3 = others & sse2::bits(sse2::above(v, -33));  // 0xE0 and more
  const unsigned leads_of_4 = others & sse2::bits(sse2::above(v, -17));  // 0xF0 and more
  const unsigned due = leads << 1U | leads_of_3 << 2U | leads_of_4 << 3U;
  // Second bytes that make an overlong form, a surrogate or too high a value: rows of table 3-7.
  const unsigned low_90 = sse2::bits(_mm_cmplt_epi8(v, sse2::all(-112)));
  const unsigned low_a0 = sse2::bits(_mm_cmplt_epi8(v, sse2::all(-96)));
  const unsigned bad_seconds = (sse2::bits(sse2::equal(v, 0xE0)) << 1U & low_a0) |
                               (sse2::bits(sse2::equal(v, 0xED)) << 1U & ~low_a0) |
                               (sse2::bits(sse2::equal(v, 0xF0)) << 1U & low_90);
  // 0xC0 and 0xC1 are none; from 0xF4 on only a look at the second byte tells.
  const unsigned doubtful = sse2::bits(_mm_cmpeq_epi8(_mm_and_si128(v, sse2::all(0xFE)), sse2::all(0xC0))) |
                            (others & sse2::bits(sse2::above(v, -13)));
  const unsigned whole = due >> block_bytes == 0 ? block_bytes : static_cast<unsigned>(std::bit_width(leads)) - 1;
  const unsigned wrong = (due ^ tails) | bad_seconds | doubtful;
  return (wrong & ((2U << whole) - 1)) == 0 ? whole : 0;  // up to the lead of a broken off one, which nothing awaits
}

#else

[[nodiscard]] inline std::size_t whole_characters(const char* bytes) noexcept {
  return whole_characters_portable(bytes);
}
[[nodiscard]] inline ascii_block look_at_ascii(const char* bytes) noexcept { return look_at_ascii_portable(bytes); }
[[nodiscard]] inline unsigned count_utf16(const char* bytes) noexcept { return count_utf16_portable(bytes); }

#endif

}  // namespace broadside::sms
