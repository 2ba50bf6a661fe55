// text/utf8 - well-formedness by table 3-7 of Unicode 15, eight ASCII bytes at a time. Pure; any thread; no allocation.
#include <cstring>
#include <text/utf8.hpp>
#include <values/eight_bytes.hpp>

namespace broadside::text {
namespace {

/// How many ASCII bytes `bytes` starts with, in steps of eight: a lower bound, never more than there are.
std::size_t skip_ascii_blocks(std::string_view bytes) noexcept {
  std::size_t at = 0;
  for (; bytes.size() - at >= sizeof(std::uint64_t); at += sizeof(std::uint64_t)) {
    std::uint64_t block = 0;
    std::memcpy(&block, bytes.data() + at, sizeof block);
    if (has_high_bit(block)) break;
  }
  return at;
}

/// Row of table 3-7: what may follow a lead byte.
struct lead {
  std::uint8_t length = 0;  // 0: not a lead byte
  std::uint8_t second_min = 0x80;
  std::uint8_t second_max = 0xBF;
};

constexpr lead lead_of(unsigned char byte) noexcept {
  if (byte < 0x80) return {1};
  if (byte < 0xC2) return {};  // a continuation, or an overlong form of ASCII
  if (byte < 0xE0) return {2};
  if (byte == 0xE0) return {3, 0xA0};        // else overlong
  if (byte == 0xED) return {3, 0x80, 0x9F};  // else a surrogate
  if (byte < 0xF0) return {3};
  if (byte == 0xF0) return {4, 0x90};  // else overlong
  if (byte < 0xF4) return {4};
  if (byte == 0xF4) return {4, 0x80, 0x8F};  // else above U+10FFFF
  return {};
}

}  // namespace

utf8_sequence first_utf8_sequence(std::string_view bytes) noexcept {
  const auto byte_at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const lead row = lead_of(byte_at(0));
  if (row.length == 0) return {1, false};
  for (std::uint8_t i = 1; i < row.length; ++i) {
    if (i == bytes.size()) return {i, false};
    const unsigned char low = i == 1 ? row.second_min : std::uint8_t{0x80};
    const unsigned char high = i == 1 ? row.second_max : std::uint8_t{0xBF};
    if (byte_at(i) < low || byte_at(i) > high) return {i, false};
  }
  return {row.length, true};
}

std::optional<std::size_t> find_invalid_utf8(std::string_view text) noexcept {
  if (!any_eight_bytes(text, has_high_bit)) return std::nullopt;
  std::size_t at = 0;
  while (at < text.size()) {
    at += skip_ascii_blocks(text.substr(at));
    // What stopped the blocks is near: go on one by one until ASCII is reached again at a good place to look for
    // blocks.
    for (int n = 0; n < 8 && at < text.size(); ++n) {
      const utf8_sequence next = first_utf8_sequence(text.substr(at));
      if (!next.well_formed) return at;
      at += next.length;
    }
  }
  return std::nullopt;
}

std::size_t count_code_points(std::string_view text) noexcept {
  std::size_t count = 0;
  for (const char byte : text) count += (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U ? 1 : 0;
  return count;
}

}  // namespace broadside::text
