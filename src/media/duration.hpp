// media/duration - ticks of a clock in a file as a duration. Pure; any thread; no allocation.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace broadside::media {

/// Nothing when the clock stands still, or when it is longer than any medium: 30,000 years.
[[nodiscard]] constexpr std::optional<std::chrono::milliseconds> duration_of(std::uint64_t ticks,
                                                                             std::uint32_t per_second) noexcept {
  constexpr std::uint64_t seconds_max = 1'000'000'000'000;
  if (per_second == 0 || ticks / per_second > seconds_max) return std::nullopt;
  const std::uint64_t rest = ticks % per_second;
  return std::chrono::milliseconds{
      static_cast<std::int64_t>(ticks / per_second * 1000 + (rest * 1000 + per_second / 2) / per_second)};
}

}  // namespace broadside::media
