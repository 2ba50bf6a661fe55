// rate/retry_budget - a share that first attempts fill and retries empty, beside a slow rate.
#include <algorithm>
#include <cmath>
#include <rate/retry_budget.hpp>

namespace broadside::rate {
namespace {

constexpr std::uint64_t whole = 1'000'000;
constexpr std::uint64_t kept = 10 * whole;
constexpr std::int64_t memory = 10'000'000'000;  // ns
constexpr double least_max = 5'000'000;

rate_limit few_a_second(double least) noexcept {
  const double a_second = least > 0 ? std::min(least, least_max) : 0.000001;  // zero would be without a limit
  return {.per_second = a_second, .burst = static_cast<std::uint32_t>(std::max(std::ceil(a_second), 1.0))};
}

}  // namespace

retry_budget::retry_budget(double share, double least, time_point start) noexcept
    : each_(share > 0 ? static_cast<std::uint64_t>(std::min(share, 1.0) * static_cast<double>(whole)) : 0),
      share_(kept),
      since_(detail::ns(start)),
      least_(few_a_second(least), start) {}

/// Who comes first after ten seconds takes from the share what was earned before them. What others add or take in that
/// moment may be forgotten with it, or kept once more: a few.
void retry_budget::forget(time_point now) noexcept {
  std::int64_t since = since_.load(std::memory_order_relaxed);
  const std::int64_t t = detail::ns(now);
  if (t < since + memory || !since_.compare_exchange_strong(since, t, std::memory_order_relaxed)) return;
  const bool long_ago = t >= since + 2 * memory;
  const std::uint64_t recent = earned_.exchange(0, std::memory_order_relaxed);
  const std::uint64_t most = std::max(kept, long_ago ? 0 : recent);
  auto there = share_.load(std::memory_order_relaxed);
  while (there > most && !share_.compare_exchange_weak(there, most, std::memory_order_relaxed)) {
  }
}

void retry_budget::first_attempts(std::uint32_t n, time_point now) noexcept {
  forget(now);
  share_.fetch_add(n * each_, std::memory_order_relaxed);
  earned_.fetch_add(n * each_, std::memory_order_relaxed);
}

std::uint32_t retry_budget::take_of_share(std::uint32_t n) noexcept {
  auto there = share_.load(std::memory_order_relaxed);
  for (;;) {
    const auto taken = std::min<std::uint64_t>(n, there / whole);
    if (taken == 0 || share_.compare_exchange_weak(there, there - taken * whole, std::memory_order_relaxed)) {
      return static_cast<std::uint32_t>(taken);
    }
  }
}

bool retry_budget::try_take(std::uint32_t n, time_point now) noexcept {
  forget(now);
  const std::uint32_t shared = take_of_share(n);
  if (shared == n || least_.try_take(n - shared, now).count > 0) return true;
  share_.fetch_add(shared * whole, std::memory_order_relaxed);
  return false;
}

time_point retry_budget::ready_at(time_point now) const noexcept {
  return share_.load(std::memory_order_relaxed) >= whole ? now : least_.ready_at(1, now);
}

}  // namespace broadside::rate
