// http/head_bytes - how many bytes of a head go on as a name or as text: sixteen at a time with SSE2 where it is, else
// one by one, with one answer.
//
// Pure; any thread; no allocation.
#pragma once

#include <bit>
#include <cstddef>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace broadside::http {

constexpr std::size_t head_block_bytes = 16;

/// What nearly every name is made of; names may have other characters too (RFC 9110 section 5.6.2).
[[nodiscard]] constexpr bool is_usual_in_names(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
}
/// SP and the visible characters of ASCII.
[[nodiscard]] constexpr bool is_text(char c) noexcept { return c >= ' ' && c <= '~'; }

[[nodiscard]] inline std::size_t name_bytes_portable(const char* block) noexcept {
  std::size_t n = 0;
  while (n < head_block_bytes && is_usual_in_names(block[n])) ++n;
  return n;
}
[[nodiscard]] inline std::size_t text_bytes_portable(const char* block) noexcept {
  std::size_t n = 0;
  while (n < head_block_bytes && is_text(block[n])) ++n;
  return n;
}

#if defined(__SSE2__)

namespace sse2 {
inline __m128i load(const char* block) noexcept { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(block)); }
inline __m128i all(int byte) noexcept { return _mm_set1_epi8(static_cast<char>(byte)); }
inline __m128i above(__m128i v, int byte) noexcept { return _mm_cmpgt_epi8(v, all(byte)); }  // signed
/// How many bytes `v` starts with that are all ones.
inline std::size_t leading(__m128i v) noexcept {
  const auto others = ~static_cast<unsigned>(_mm_movemask_epi8(v)) | 1U << head_block_bytes;  // never zero
  return static_cast<unsigned>(std::countr_zero(others));
}
}  // namespace sse2

/// Of the next 16 bytes: how many they start with that are usual in names.
[[nodiscard]] inline std::size_t name_bytes(const char* block) noexcept {
  const __m128i v = sse2::load(block);
  const __m128i lower = _mm_or_si128(v, sse2::all(0x20));
  const __m128i letters = _mm_andnot_si128(sse2::above(lower, 'z'), sse2::above(lower, 'a' - 1));
  return sse2::leading(_mm_or_si128(letters, _mm_cmpeq_epi8(v, sse2::all('-'))));
}
/// Of the next 16 bytes: how many they start with that are text.
[[nodiscard]] inline std::size_t text_bytes(const char* block) noexcept {
  const __m128i v = sse2::load(block);
  return sse2::leading(_mm_andnot_si128(_mm_cmpeq_epi8(v, sse2::all(0x7F)), sse2::above(v, 0x1F)));
}

#else

[[nodiscard]] inline std::size_t name_bytes(const char* block) noexcept { return name_bytes_portable(block); }
[[nodiscard]] inline std::size_t text_bytes(const char* block) noexcept { return text_bytes_portable(block); }

#endif

}  // namespace broadside::http
