// phone/nanp - what the North American Numbering Plan says of an area code. Pure; any thread; no allocation.
#pragma once

#include <broadside/country.hpp>
#include <broadside/phone.hpp>
#include <cstdint>
#include <span>
#include <string_view>

namespace broadside::numbering {

/// What is known of the numbers behind an area code. All of it lives for ever.
struct area {
  number_kind kind = number_kind::unknown;
  broadside::country country{};
  std::string_view state{};  ///< US and Canada
  std::span<const std::string_view> zones{};
  std::span<const std::string_view> safe_zones{};
};

/// By the three digits of the code. Codes that no table has, and what is no code, are of kind unknown and empty. O(1).
[[nodiscard]] const area& area_of(unsigned code) noexcept;

/// Whether a geographic area code belongs to this country: it is reached by +1.
[[nodiscard]] bool is_member(country) noexcept;

/// Codes that are set apart for toll-free numbers and not in service: 822, and what is left of 88X. A number behind one
/// parses, as behind any code that no table has; nobody can have been given it.
[[nodiscard]] constexpr bool is_reserved_toll_free(unsigned code) noexcept {
  return code == 822 || (code / 10 == 88 && code != 888);
}

}  // namespace broadside::numbering
