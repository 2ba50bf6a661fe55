// broadside/enum_set - a set of enumerators in one word.
#pragma once

#include <bit>
#include <cstdint>
#include <initializer_list>

namespace broadside {

/// Enumerators of `E`, whose values are 0 to 31.
template <class E>
class enum_set {
 public:
  constexpr enum_set() noexcept = default;
  constexpr enum_set(std::initializer_list<E> all) noexcept {
    for (const E each : all) bits_ |= bit(each);
  }

  constexpr void insert(E each) noexcept { bits_ |= bit(each); }
  [[nodiscard]] constexpr bool contains(E wanted) const noexcept { return (bits_ & bit(wanted)) != 0; }
  [[nodiscard]] constexpr bool empty() const noexcept { return bits_ == 0; }

  /// In the order of their values.
  class iterator {
   public:
    constexpr explicit iterator(std::uint32_t left) noexcept : left_(left) {}
    [[nodiscard]] constexpr E operator*() const noexcept { return static_cast<E>(std::countr_zero(left_)); }
    constexpr iterator& operator++() noexcept {
      left_ &= left_ - 1;
      return *this;
    }
    friend constexpr bool operator==(iterator, iterator) noexcept = default;

   private:
    std::uint32_t left_;
  };
  [[nodiscard]] constexpr iterator begin() const noexcept { return iterator(bits_); }
  [[nodiscard]] constexpr iterator end() const noexcept { return iterator(0); }

  friend constexpr enum_set operator&(enum_set a, enum_set b) noexcept {
    a.bits_ &= b.bits_;
    return a;
  }
  friend constexpr bool operator==(enum_set, enum_set) noexcept = default;

 private:
  static constexpr std::uint32_t bit(E each) noexcept { return std::uint32_t{1} << static_cast<unsigned>(each); }
  std::uint32_t bits_ = 0;
};

}  // namespace broadside
