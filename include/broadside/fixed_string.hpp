// broadside/fixed_string - a short text by value: no allocation, no lifetime, cut at its capacity.
//
// What events and verdicts carry of a provider's words. Not thread-safe. Only the text itself is ever touched: an empty
// one of 160 bytes costs two to make and to copy.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

namespace broadside {

/// Up to `Capacity` bytes. Longer text is cut before the UTF-8 sequence that would not fit.
template <std::size_t Capacity>
class fixed_string {
  static_assert(Capacity > 0 && Capacity <= 65535);

 public:
  constexpr fixed_string() noexcept { fill_constant(); }
  constexpr fixed_string(std::string_view text) noexcept : fixed_string() { assign(text); }  // NOLINT: a text is a text
  constexpr fixed_string(const char* text) noexcept : fixed_string() { assign(text); }       // NOLINT: so is a literal

  constexpr fixed_string(const fixed_string& other) noexcept : fixed_string() { copy(other); }
  constexpr fixed_string& operator=(const fixed_string& other) noexcept {
    copy(other);
    return *this;
  }
  ~fixed_string() = default;

  constexpr void assign(std::string_view text) noexcept {
    std::size_t n = std::min(text.size(), Capacity);
    if (n < text.size()) {
      while (n > 0 && (static_cast<unsigned char>(text[n]) & 0xC0U) == 0x80U) --n;
    }
    std::copy_n(text.data(), n, bytes_.data());
    size_ = static_cast<std::uint16_t>(n);
  }
  constexpr void clear() noexcept { size_ = 0; }

  [[nodiscard]] constexpr std::string_view view() const noexcept { return {bytes_.data(), size_}; }
  constexpr operator std::string_view() const noexcept { return view(); }  // NOLINT: a text is a text
  [[nodiscard]] constexpr bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] constexpr std::size_t size() const noexcept { return size_; }
  [[nodiscard]] static constexpr std::size_t capacity() noexcept { return Capacity; }

  friend constexpr bool operator==(const fixed_string& a, const fixed_string& b) noexcept {
    return a.view() == b.view();
  }
  friend constexpr bool operator==(const fixed_string& a, std::string_view b) noexcept { return a.view() == b; }
  friend constexpr bool operator==(const fixed_string& a, const char* b) noexcept { return a.view() == b; }

 private:
  constexpr void copy(const fixed_string& other) noexcept {
    size_ = other.size_;
    if (size_ == 0) return;  // most are: not worth a call
    std::copy_n(other.bytes_.data(), size_, bytes_.data());
  }
  /// A constant has no bytes that are nothing.
  constexpr void fill_constant() noexcept {
    if (std::is_constant_evaluated()) bytes_.fill('\0');
  }

  std::uint16_t size_ = 0;
  std::array<char, Capacity> bytes_;  // NOLINT: size_ of them
};

}  // namespace broadside
