// journal/byte_codec - numbers and texts as bytes, little-endian whatever the machine, and back within bounds.
//
// Values over bytes of the caller; any thread, no allocation. Numbers of unknown size are varints: seven bits a byte,
// the lowest first, the top bit says that more follow.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace broadside::journal {

inline constexpr std::size_t varint_bytes_max = 10;

/// The order of a signed number that makes small magnitudes short, whatever the sign.
[[nodiscard]] constexpr std::uint64_t zigzag(std::int64_t value) noexcept {
  const auto bits = static_cast<std::uint64_t>(value);
  return bits << 1U ^ (value < 0 ? ~std::uint64_t{0} : 0);
}
[[nodiscard]] constexpr std::int64_t unzigzag(std::uint64_t value) noexcept {
  return static_cast<std::int64_t>(value >> 1U ^ ((value & 1U) != 0 ? ~std::uint64_t{0} : 0));
}

/// Writes to room that the caller made large enough.
class byte_writer {
 public:
  explicit byte_writer(std::byte* at) noexcept : at_(at) {}

  template <std::unsigned_integral T>
  void fixed(T value) noexcept {
    if constexpr (std::endian::native == std::endian::little) {
      std::memcpy(at_, &value, sizeof value);
    } else {
      for (std::size_t i = 0; i < sizeof value; ++i) at_[i] = static_cast<std::byte>(value >> 8U * i & 0xFFU);
    }
    at_ += sizeof value;
  }
  void varint(std::uint64_t value) noexcept {
    for (; value >= 0x80; value >>= 7U) *at_++ = static_cast<std::byte>((value & 0x7FU) | 0x80U);
    *at_++ = static_cast<std::byte>(value);
  }
  void bytes(const void* from, std::size_t n) noexcept {
    if (n != 0) std::memcpy(at_, from, n);
    at_ += n;
  }
  /// A text with its length before it.
  void text(std::string_view value) noexcept {
    varint(value.size());
    bytes(value.data(), value.size());
  }
  [[nodiscard]] std::byte* at() const noexcept { return at_; }

 private:
  std::byte* at_;
};

/// Reads; what is not there is zero, and good() is false from then on.
class byte_reader {
 public:
  explicit byte_reader(std::span<const std::byte> rest) noexcept : rest_(rest) {}

  template <std::unsigned_integral T>
  [[nodiscard]] T fixed() noexcept {
    T value{};
    const auto from = bytes(sizeof value);
    if (!good_) return 0;
    if constexpr (std::endian::native == std::endian::little) {
      std::memcpy(&value, from.data(), sizeof value);
    } else {
      for (std::size_t i = 0; i < sizeof value; ++i) {
        value = static_cast<T>(value | static_cast<T>(std::to_integer<T>(from[i]) << 8U * i));
      }
    }
    return value;
  }
  /// At most `max`; a longer spelling than needed is none.
  [[nodiscard]] std::uint64_t varint(std::uint64_t max = ~std::uint64_t{0}) noexcept {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const auto byte = fixed<std::uint8_t>();
      const std::uint64_t low = byte & 0x7FU;
      if (shift == 63 && low > 1) break;
      value |= low << shift;
      if ((byte & 0x80U) != 0) continue;
      if ((byte == 0 && shift != 0) || value > max) break;
      return value;
    }
    good_ = false;
    return 0;
  }
  [[nodiscard]] std::span<const std::byte> bytes(std::uint64_t n) noexcept {
    if (!good_ || n > rest_.size()) {
      good_ = false;
      return {};
    }
    const auto taken = rest_.first(static_cast<std::size_t>(n));
    rest_ = rest_.subspan(static_cast<std::size_t>(n));
    return taken;
  }
  [[nodiscard]] std::string_view text(std::uint64_t bytes_max = ~std::uint64_t{0}) noexcept {
    const auto taken = bytes(varint(bytes_max));
    return {reinterpret_cast<const char*>(taken.data()), taken.size()};
  }
  void fail() noexcept { good_ = false; }
  [[nodiscard]] bool good() const noexcept { return good_; }
  [[nodiscard]] std::span<const std::byte> rest() const noexcept { return rest_; }

 private:
  std::span<const std::byte> rest_;
  bool good_ = true;
};

}  // namespace broadside::journal
