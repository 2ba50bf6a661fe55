// rate/gcra - how long between two messages, and what is spent when that changes.
#include <chrono>
#include <cmath>
#include <rate/gcra.hpp>

namespace broadside::rate::detail {
namespace {

constexpr std::int64_t second = 1'000'000'000;
constexpr double rate_min = 0.000001;  // as rate_limit documents
constexpr double rate_max = 5'000'000;

}  // namespace

std::int64_t interval_of(double per_second) noexcept {
  const double rate = per_second > rate_min ? std::min(per_second, rate_max) : rate_min;  // NaN: the slowest
  auto interval = static_cast<std::int64_t>(std::ceil(static_cast<double>(second) / rate));
  while (static_cast<long double>(interval) * static_cast<long double>(rate) < static_cast<long double>(second)) {
    ++interval;  // the division rounded down
  }
  return interval;
}

pace pace_of(rate_limit limit) noexcept {
  const auto interval = interval_of(limit.per_second);
  return {.interval = interval,
          .burst = static_cast<std::uint32_t>(std::clamp<std::int64_t>(limit.burst, 1, far / interval))};
}

std::int64_t repaced(std::int64_t full_at, const pace& old, const pace& fresh, std::int64_t now) noexcept {
  const auto ahead = std::max<std::int64_t>(full_at - now, 0);
  const auto whole = ahead / old.interval + fresh.burst - old.burst;
  const auto begun = static_cast<long double>(ahead % old.interval);  // of one more message
  auto part = static_cast<std::int64_t>(
      std::ceil(begun * static_cast<long double>(fresh.interval) / static_cast<long double>(old.interval)));
  if (part > 0) part = std::min(part + 1, fresh.interval);  // what the division rounded down
  if (whole < 0) return now;  // the new burst is smaller by more than is spent: it is full
  if (whole > far / fresh.interval) return word_max;
  return std::min(now + whole * fresh.interval + part, word_max);
}

}  // namespace broadside::rate::detail
