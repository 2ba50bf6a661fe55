// rate/gcra - how long between two messages.
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

}  // namespace broadside::rate::detail
