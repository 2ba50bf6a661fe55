// audience/byte_masks - where in 64 bytes the quotes, delimiters and line ends of CSV stand: with SSE2 where it is,
// else byte by byte, with one answer.
//
// Pure; any thread; no allocation.
#pragma once

#include <cstddef>
#include <cstdint>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace broadside::audience {

/// A bit for each of 64 bytes, the first one lowest. No state: what stands inside quotes is not told apart, so that
/// reading can begin anew at any line after a fault.
struct byte_masks {
  static constexpr std::size_t bytes = 64;

  std::uint64_t quotes = 0;
  std::uint64_t line_ends = 0;
  std::uint64_t ends = 0;  ///< what an unquoted field cannot hold: quotes, line ends and delimiters

  friend bool operator==(const byte_masks&, const byte_masks&) = default;
};

[[nodiscard]] inline byte_masks masks_of_portable(const char* block, char delimiter) noexcept {
  byte_masks found;
  for (std::size_t i = 0; i < byte_masks::bytes; ++i) {
    const std::uint64_t bit = std::uint64_t{1} << i;
    if (block[i] == '"') found.quotes |= bit;
    if (block[i] == '\n') found.line_ends |= bit;
    if (block[i] == delimiter) found.ends |= bit;
  }
  found.ends |= found.quotes | found.line_ends;
  return found;
}

#if defined(__SSE2__)
[[nodiscard]] inline byte_masks masks_of(const char* block, char delimiter) noexcept {
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i line_end = _mm_set1_epi8('\n');
  const __m128i end = _mm_set1_epi8(delimiter);
  const auto mask_of = [](__m128i equal) { return std::uint64_t{static_cast<unsigned>(_mm_movemask_epi8(equal))}; };
  byte_masks found;
  for (unsigned at = 0; at < byte_masks::bytes; at += 16) {
    const __m128i part = _mm_loadu_si128(reinterpret_cast<const __m128i*>(block + at));
    found.quotes |= mask_of(_mm_cmpeq_epi8(part, quote)) << at;
    found.line_ends |= mask_of(_mm_cmpeq_epi8(part, line_end)) << at;
    found.ends |= mask_of(_mm_cmpeq_epi8(part, end)) << at;
  }
  found.ends |= found.quotes | found.line_ends;
  return found;
}
#else
[[nodiscard]] inline byte_masks masks_of(const char* block, char delimiter) noexcept {
  return masks_of_portable(block, delimiter);
}
#endif

}  // namespace broadside::audience
