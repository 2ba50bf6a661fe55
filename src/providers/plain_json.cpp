// providers/plain_json - strings by sixteen bytes.
#include <bit>
#include <providers/plain_json.hpp>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace broadside::providers {
namespace {

/// A bit for each of sixteen bytes that may not stand in a plain string, the first one lowest: quote, backslash,
/// control characters, and what is not ASCII, which as signed is below a space too.
unsigned ends_in(const char* block) noexcept {
#if defined(__SSE2__)
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(block));
  const auto equal = [&](char c) { return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(c)); };
  const __m128i below = _mm_cmplt_epi8(bytes, _mm_set1_epi8(' '));
  return static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(below, _mm_or_si128(equal('"'), equal('\\')))));
#else
  unsigned ends = 0;
  for (unsigned i = 0; i < plain_json::block_bytes; ++i) {
    const bool ends_here = static_cast<signed char>(block[i]) < ' ' || block[i] == '"' || block[i] == '\\';
    if (ends_here) ends |= 1U << i;
  }
  return ends;
#endif
}

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

}  // namespace

char plain_json::next_after_space() noexcept {
  while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
  return at_ == end_ ? '\0' : *at_;
}

bool plain_json::string(std::string_view& out) noexcept {
  if (!is_next('"')) return false;
  const char* const first = at_ + 1;
  const char* at = first;
  unsigned ends = 0;
  for (; end_ - at >= block_bytes; at += block_bytes) {
    ends = ends_in(at);
    if (ends != 0) break;
  }
  // The last block overlaps what was looked at before, which does not count again.
  if (ends == 0) ends = ends_in(end_ - block_bytes) >> static_cast<unsigned>(block_bytes - (end_ - at));
  if (ends == 0) return false;
  at += std::countr_zero(ends);
  if (*at != '"') return false;
  out = {first, static_cast<std::size_t>(at - first)};
  at_ = at + 1;
  return true;
}

bool plain_json::digits(std::string_view& out) noexcept {
  constexpr std::size_t digits_max = 18;
  next();
  const char* const first = at_;
  while (at_ != end_ && is_digit(*at_)) ++at_;
  out = {first, static_cast<std::size_t>(at_ - first)};
  return !out.empty() && out.size() <= digits_max && (out.front() != '0' || out.size() == 1);
}

}  // namespace broadside::providers
