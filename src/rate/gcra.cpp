// rate/gcra - the arithmetic of gcra.hpp: nanoseconds in 64 bits, bounded so that nothing overflows.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <rate/gcra.hpp>

namespace broadside::rate {
namespace {

constexpr std::int64_t second = 1'000'000'000;
constexpr double rate_min = 0.000001;  // as rate_limit documents
constexpr double rate_max = 5'000'000;
// Times and spans end here, 73 years: sums of three of them still fit, and nobody waits so long to see the difference.
constexpr std::int64_t far = std::int64_t{1} << 61U;

std::int64_t ns(time_point at) noexcept {
  return std::clamp<std::int64_t>(std::chrono::nanoseconds{at.time_since_epoch()}.count(), -far, far);
}

time_point at(std::int64_t ns) noexcept {
  return time_point{std::chrono::duration_cast<duration>(std::chrono::nanoseconds{ns})};
}

/// The smallest whole interval whose rate is not above `per_second`.
std::int64_t interval_of(double per_second) noexcept {
  const double rate = per_second > rate_min ? std::min(per_second, rate_max) : rate_min;  // NaN: the slowest
  auto interval = static_cast<std::int64_t>(std::ceil(static_cast<double>(second) / rate));
  while (static_cast<long double>(interval) * static_cast<long double>(rate) < static_cast<long double>(second)) {
    ++interval;  // the division rounded down
  }
  return interval;
}

}  // namespace

gcra::gcra(rate_limit limit, time_point start) noexcept {
  if (limit.unlimited()) return;
  interval_ = interval_of(limit.per_second);
  burst_ = static_cast<std::uint32_t>(std::clamp<std::int64_t>(limit.burst, 1, far / interval_));
  full_at_.store(ns(start) + span_of(burst_ - 1), std::memory_order_relaxed);
}

std::int64_t gcra::span_of(std::uint32_t n) const noexcept { return n > far / interval_ ? far : n * interval_; }

/// When n can be taken: with n the word is at most a burst ahead of the clock. More than a burst needs a full bucket.
std::int64_t gcra::open_at(std::int64_t word, std::uint32_t n) const noexcept {
  return word - span_of(burst_ - std::min(n, burst_));
}

std::uint32_t gcra::room(std::int64_t word, std::uint32_t most, std::int64_t now) const noexcept {
  if (now >= word) return std::min(most, burst_);
  const auto left = (now + span_of(burst_) - word) / interval_;
  return left <= 0 ? 0 : static_cast<std::uint32_t>(std::min<std::int64_t>(most, left));
}

grant gcra::try_take(std::uint32_t n, time_point now) noexcept {
  if (unlimited() || n == 0) return {.count = n, .ready_at = now};
  const auto t = ns(now);
  auto word = full_at_.load(std::memory_order_relaxed);
  for (;;) {
    if (const auto open = open_at(word, n); open > t) return {.count = 0, .ready_at = at(open)};
    const auto before = std::max(word, t);
    const auto after = std::min(before + span_of(n), 2 * far);
    if (full_at_.compare_exchange_weak(word, after, std::memory_order_relaxed)) {
      return {.count = n, .ready_at = now, .before = before, .after = after};
    }
  }
}

grant gcra::take_up_to(std::uint32_t n, time_point now) noexcept {
  if (unlimited() || n == 0) return {.count = n, .ready_at = now};
  const auto t = ns(now);
  auto word = full_at_.load(std::memory_order_relaxed);
  for (;;) {
    const auto count = room(word, n, t);
    if (count == 0) return {.count = 0, .ready_at = at(open_at(word, 1))};
    const auto before = std::max(word, t);
    const auto after = before + span_of(count);
    if (full_at_.compare_exchange_weak(word, after, std::memory_order_relaxed)) {
      const auto ready = count == n ? now : std::max(now, at(open_at(after, 1)));
      return {.count = count, .ready_at = ready, .before = before, .after = after};
    }
  }
}

bool gcra::give_back(grant& taken, std::uint32_t n) noexcept {
  n = std::min(n, taken.count);
  taken.count -= n;
  if (unlimited() || n == 0) return true;
  // While the grant is out, every later take leaves the word above `after`, and only giving those back lowers it to
  // `after` again: that it stands there means that nobody has taken since. Never below `before`, so no room is made.
  auto word = taken.after;
  const auto back = std::max(taken.before, taken.after - span_of(n));
  if (!full_at_.compare_exchange_strong(word, back, std::memory_order_relaxed)) return false;
  taken.after = back;
  return true;
}

time_point gcra::ready_at(std::uint32_t n, time_point now) const noexcept {
  if (unlimited() || n == 0) return now;
  return std::max(now, at(open_at(full_at_.load(std::memory_order_relaxed), n)));
}

std::uint32_t gcra::available(std::uint32_t most, time_point now) const noexcept {
  if (unlimited()) return most;
  return room(full_at_.load(std::memory_order_relaxed), most, ns(now));
}

std::uint32_t gcra::promise(std::uint32_t n, time_point now) noexcept {
  if (unlimited()) return n;
  auto out = promised_.load(std::memory_order_relaxed);
  for (;;) {
    const std::uint32_t there = available(burst_, now);
    const std::uint32_t count = std::min(n, there - std::min(there, out));
    if (count == 0) return 0;
    if (promised_.compare_exchange_weak(out, out + count, std::memory_order_relaxed)) return count;
  }
}

void gcra::end_promise(std::uint32_t n) noexcept {
  if (!unlimited()) promised_.fetch_sub(n, std::memory_order_relaxed);
}

time_point gcra::promise_at(time_point now) const noexcept {
  // Where all of a burst is promised, the answer depends on when it leaves: ask again soon.
  constexpr std::chrono::milliseconds soon{1};
  const std::uint32_t wanted = std::min(burst_, promised_.load(std::memory_order_relaxed) + 1);
  return std::max(ready_at(wanted, now), now + soon);
}

}  // namespace broadside::rate
