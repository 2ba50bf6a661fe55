// broadside/country - an ISO 3166-1 alpha-2 code, and small sets of them.
//
// Values of two bytes; no allocation. Any thread.
#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>
#include <string_view>

namespace broadside {

/// A country by its two capital letters, or none when it is not known. Territories with codes of their own (PR, GU, VI
/// …) are countries here: traffic to them is priced and routed apart.
class country {
 public:
  /// Not known.
  constexpr country() noexcept = default;

  /// "US", wherever a country is expected. A literal that is not two capital letters does not compile. (Not as
  /// `country{"US"}` in an expression: clang 14 does not survive it.)
  consteval country(const char (&code)[3]) : letters_{code[0], code[1]} {  // NOLINT: a code is a country
    if (!is_capital(code[0]) || !is_capital(code[1])) throw "a country is two capital letters";
  }

  /// The country with this code; not known when `code` is not two capital letters. Whether ISO assigned it is not
  /// checked.
  [[nodiscard]] static constexpr country of(std::string_view code) noexcept {
    country made;
    if (code.size() == 2 && is_capital(code[0]) && is_capital(code[1])) made.letters_ = {code[0], code[1]};
    return made;
  }

  [[nodiscard]] constexpr bool known() const noexcept { return letters_[0] != 0; }
  /// Two letters, or "" when not known. Lives as long as the value.
  [[nodiscard]] constexpr std::string_view code() const noexcept {
    return {letters_.data(), known() ? letters_.size() : 0};
  }

  friend constexpr bool operator==(country, country) noexcept = default;
  friend constexpr auto operator<=>(country, country) noexcept = default;

 private:
  static constexpr bool is_capital(char c) noexcept { return c >= 'A' && c <= 'Z'; }
  std::array<char, 2> letters_{};
};

/// Up to 16 countries, in the order given. Where it states a rule, empty means everywhere.
class country_set {
 public:
  static constexpr std::size_t size_max = 16;

  constexpr country_set() noexcept = default;
  /// At most 16 different ones; more are dropped.
  constexpr country_set(std::initializer_list<country> all) noexcept {
    for (const country each : all) insert(each);
  }

  constexpr void insert(country each) noexcept {
    if (!contains(each) && size_ < size_max) all_[size_++] = each;
  }
  [[nodiscard]] constexpr bool contains(country wanted) const noexcept {
    for (std::size_t i = 0; i < size_; ++i) {
      if (all_[i] == wanted) return true;
    }
    return false;
  }
  [[nodiscard]] constexpr bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] constexpr std::size_t size() const noexcept { return size_; }
  /// The same countries in the same order.
  friend constexpr bool operator==(const country_set&, const country_set&) noexcept = default;
  [[nodiscard]] constexpr const country* begin() const noexcept { return all_.data(); }
  [[nodiscard]] constexpr const country* end() const noexcept { return all_.data() + size_; }

 private:
  std::array<country, size_max> all_{};
  std::size_t size_ = 0;
};

}  // namespace broadside
