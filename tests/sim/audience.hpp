// sim/audience - the rows of a plan's campaigns: the same for the same plan, whoever asks and how often.
//
// A row's ordinal names its source too, so that an event says by itself whose it is. Numbers are unique in a plan.
#pragma once

#include <array>
#include <broadside/message.hpp>
#include <broadside/result.hpp>
#include <optional>
#include <sim/plan.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace broadside::sim {

struct row_name {
  std::size_t campaign = 0;
  std::size_t source = 0;
  std::size_t row = 0;
};

struct row_text {
  std::string to;
  std::vector<std::string> values;
  std::string digits{};           ///< as a provider sees the number; empty: none does
  std::optional<errc> refused{};  ///< how the gate ends it, whatever else goes wrong
  bool not_served = false;        ///< in a country that no route serves
  bool provider_refuses = false;  ///< its number is one that the providers refuse
};

inline constexpr std::uint64_t source_stride = 1'000'000;

[[nodiscard]] constexpr ordinal ordinal_of(std::size_t source, std::size_t row) noexcept {
  return ordinal{source * source_stride + row};
}
/// The source and row of an ordinal; the campaign is left as it is.
[[nodiscard]] constexpr row_name named(std::size_t campaign, ordinal at) noexcept {
  const auto n = static_cast<std::uint64_t>(at);
  return {campaign, static_cast<std::size_t>(n / source_stride), static_cast<std::size_t>(n % source_stride)};
}

/// What rows that name their carrier have; the limit of a carrier is for the first, in any case.
inline constexpr std::array<std::string_view, 3> carriers{"Alpha", "ALPHA", "Beta"};
inline constexpr std::string_view limited_carrier = "alpha";

[[nodiscard]] row_text text_of(const plan&, row_name);

}  // namespace broadside::sim
