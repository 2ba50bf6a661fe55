// values/eight_bytes - text looked at eight bytes at a time, in an ordinary register: short texts too.
//
// Pure; any thread; no allocation.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace broadside {

[[nodiscard]] constexpr std::uint64_t each_byte(std::uint8_t value) noexcept { return 0x0101'0101'0101'0101U * value; }

/// Whether any byte is not ASCII.
[[nodiscard]] constexpr bool has_high_bit(std::uint64_t bytes) noexcept { return (bytes & each_byte(0x80)) != 0; }

/// For has_high_bit(): has one where there is a zero among ASCII. Exact as a whole, since the subtraction borrows into
/// higher bytes only after a hit; other bits mean nothing.
[[nodiscard]] constexpr std::uint64_t zeros_of(std::uint64_t bytes) noexcept {
  return (bytes - each_byte(0x01)) & ~bytes;
}
/// The same where there is a byte below 0x20.
[[nodiscard]] constexpr std::uint64_t controls_of(std::uint64_t bytes) noexcept {
  return (bytes - each_byte(0x20)) & ~bytes;
}

/// The highest byte first, on any machine.
inline void store_eight_bytes(char* to, std::uint64_t bytes) noexcept {
  if constexpr (std::endian::native == std::endian::little) bytes = __builtin_bswap64(bytes);
  std::memcpy(to, &bytes, sizeof bytes);
}

/// Whether `test` says yes to any eight bytes of the text. The last eight overlap those before them; a text of fewer is
/// filled up with spaces, which must not be what is looked for.
template <class Test>
[[nodiscard]] bool any_eight_bytes(std::string_view text, Test test) noexcept {
  const auto at = [&](std::size_t i, auto bytes) {
    std::memcpy(&bytes, text.data() + i, sizeof bytes);
    return bytes;
  };
  const std::size_t n = text.size();
  if (n >= 8) {
    for (std::size_t i = 0; n - i >= 8; i += 8) {
      if (test(at(i, std::uint64_t{}))) return true;
    }
    return n % 8 != 0 && test(at(n - 8, std::uint64_t{}));
  }
  if (n >= 4) return test(at(0, std::uint32_t{}) | std::uint64_t{at(n - 4, std::uint32_t{})} << 32U);
  std::uint64_t few = each_byte(' ');
  for (const char c : text) few = few << 8U | static_cast<unsigned char>(c);
  return test(few);
}

}  // namespace broadside
