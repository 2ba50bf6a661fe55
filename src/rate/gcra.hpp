// rate/gcra - how many messages may leave, and when: the generic cell rate algorithm (ITU-T I.371 Annex A) on one word.
//
// Thread-safe and lock-free: shards share one per key. Reads no clock, allocates nothing; time is an argument.
#pragma once

#include <algorithm>
#include <atomic>
#include <broadside/environment.hpp>
#include <broadside/rate_limit.hpp>
#include <cstdint>

namespace broadside::rate {
namespace detail {

// Nanoseconds in 64 bits. Times and spans end here, 73 years: sums of three of them still fit, and nobody waits so long
// to see the difference.
inline constexpr std::int64_t far = std::int64_t{1} << 61U;

[[nodiscard]] inline std::int64_t ns(time_point at) noexcept {
  return std::clamp<std::int64_t>(std::chrono::nanoseconds{at.time_since_epoch()}.count(), -far, far);
}
[[nodiscard]] inline time_point at(std::int64_t ns) noexcept {
  return time_point{std::chrono::duration_cast<duration>(std::chrono::nanoseconds{ns})};
}
/// The smallest whole interval whose rate is not above `per_second`, as rate_limit bounds it.
[[nodiscard]] std::int64_t interval_of(double per_second) noexcept;

}  // namespace detail

/// What a take gave, and what is needed to give it back.
struct grant {
  std::uint32_t count = 0;  ///< messages that may leave now; less what was given back
  /// When nothing was given: the exact instant from which it can be taken, if nobody else takes before. Else the time
  /// of the take.
  time_point ready_at{};

  // gcra's own: the word before and after the take
  std::int64_t before = 0;
  std::int64_t after = 0;
};

/// In every window W: taken(W) <= per_second * W + burst, whatever the threads and the order of their clocks. The one
/// word is the theoretical arrival time: the instant at which the bucket will be full again. A message moves it on by
/// the emission interval, which is rounded up to whole nanoseconds, so that the ceiling holds (and, as rates end at
/// 5,000,000/s, at most 0.5 % is lost). Rates above are capped there. `Atom` is std::atomic but where a test wants to
/// say which thread comes next.
template <template <class> class Atom>
class basic_gcra {
 public:
  /// Starts with one message available, not with a burst: a restart must not exceed what its predecessor left.
  basic_gcra(rate_limit limit, time_point start) noexcept;
  basic_gcra(const basic_gcra&) = delete;
  basic_gcra& operator=(const basic_gcra&) = delete;

  /// All n or none. More than the burst is granted when the bucket is full, rather than never; the bucket then goes
  /// into debt, which the next takes wait for. A `now` earlier than one before never gives more.
  [[nodiscard]] grant try_take(std::uint32_t n, time_point now) noexcept;

  /// Gives n of the grant's messages back: they did not leave. It counts only when nobody has taken since; else it is
  /// forgotten and answered by false. Room that others' takes have passed over is in the past: two messages at once
  /// would exceed a burst of one. The grant's count goes down in any case.
  bool give_back(grant& taken, std::uint32_t n) noexcept;

  /// The first instant, now or later, from which n can be taken. Stale when it is read; exact while nobody takes.
  [[nodiscard]] time_point ready_at(std::uint32_t n, time_point now) const noexcept;

  /// How many can be taken now, at most `most` and never more than the burst. Stale when it is read.
  [[nodiscard]] std::uint32_t available(std::uint32_t most, time_point now) const noexcept;

  /// Sets aside up to n of what can be taken now and nobody else was promised; how many. A promise takes nothing: its
  /// holder makes that many messages ready, takes with try_take() at the instant they leave, and ends the promise. So
  /// no more is made ready than may leave soon, and what leaves late, whatever held it up, has its permission for that
  /// very instant.
  [[nodiscard]] std::uint32_t promise(std::uint32_t n, time_point now) noexcept;
  void end_promise(std::uint32_t n) noexcept;
  /// An instant later than now at which to ask for a promise again after there was none; at most too early.
  [[nodiscard]] time_point promise_at(time_point now) const noexcept;

  [[nodiscard]] bool unlimited() const noexcept { return interval_ == 0; }

 private:
  [[nodiscard]] std::int64_t open_at(std::int64_t word, std::uint32_t n) const noexcept;
  [[nodiscard]] std::uint32_t room(std::int64_t word, std::uint32_t most, std::int64_t now) const noexcept;
  [[nodiscard]] std::int64_t span_of(std::uint32_t n) const noexcept;

  // constant after construction
  std::int64_t interval_ = 0;  // ns between two messages; 0: unlimited
  std::uint32_t burst_ = 1;

  // Steady-clock ns. Relaxed throughout: the word is all there is, and its own modification order keeps the ceiling.
  Atom<std::int64_t> full_at_{0};
  Atom<std::uint32_t> promised_{0};
};

using gcra = basic_gcra<std::atomic>;

template <template <class> class Atom>
basic_gcra<Atom>::basic_gcra(rate_limit limit, time_point start) noexcept {
  if (limit.unlimited()) return;
  interval_ = detail::interval_of(limit.per_second);
  burst_ = static_cast<std::uint32_t>(std::clamp<std::int64_t>(limit.burst, 1, detail::far / interval_));
  full_at_.store(detail::ns(start) + span_of(burst_ - 1), std::memory_order_relaxed);
}

template <template <class> class Atom>
std::int64_t basic_gcra<Atom>::span_of(std::uint32_t n) const noexcept {
  return n > detail::far / interval_ ? detail::far : n * interval_;
}

/// When n can be taken: with n the word is at most a burst ahead of the clock. More than a burst needs a full bucket.
template <template <class> class Atom>
std::int64_t basic_gcra<Atom>::open_at(std::int64_t word, std::uint32_t n) const noexcept {
  return word - span_of(burst_ - std::min(n, burst_));
}

template <template <class> class Atom>
std::uint32_t basic_gcra<Atom>::room(std::int64_t word, std::uint32_t most, std::int64_t now) const noexcept {
  if (now >= word) return std::min(most, burst_);
  const auto left = (now + span_of(burst_) - word) / interval_;
  return left <= 0 ? 0 : static_cast<std::uint32_t>(std::min<std::int64_t>(most, left));
}

template <template <class> class Atom>
grant basic_gcra<Atom>::try_take(std::uint32_t n, time_point now) noexcept {
  if (unlimited() || n == 0) return {.count = n, .ready_at = now};
  const auto t = detail::ns(now);
  auto word = full_at_.load(std::memory_order_relaxed);
  for (;;) {
    if (const auto open = open_at(word, n); open > t) return {.count = 0, .ready_at = detail::at(open)};
    const auto before = std::max(word, t);
    const auto after = std::min(before + span_of(n), 2 * detail::far);
    if (full_at_.compare_exchange_weak(word, after, std::memory_order_relaxed)) {
      return {.count = n, .ready_at = now, .before = before, .after = after};
    }
  }
}

template <template <class> class Atom>
bool basic_gcra<Atom>::give_back(grant& taken, std::uint32_t n) noexcept {
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

template <template <class> class Atom>
time_point basic_gcra<Atom>::ready_at(std::uint32_t n, time_point now) const noexcept {
  if (unlimited() || n == 0) return now;
  return std::max(now, detail::at(open_at(full_at_.load(std::memory_order_relaxed), n)));
}

template <template <class> class Atom>
std::uint32_t basic_gcra<Atom>::available(std::uint32_t most, time_point now) const noexcept {
  if (unlimited()) return most;
  return room(full_at_.load(std::memory_order_relaxed), most, detail::ns(now));
}

template <template <class> class Atom>
std::uint32_t basic_gcra<Atom>::promise(std::uint32_t n, time_point now) noexcept {
  if (unlimited()) return n;
  auto out = promised_.load(std::memory_order_relaxed);
  for (;;) {
    const std::uint32_t there = available(burst_, now);
    const std::uint32_t count = std::min(n, there - std::min(there, out));
    if (count == 0) return 0;
    if (promised_.compare_exchange_weak(out, out + count, std::memory_order_relaxed)) return count;
  }
}

template <template <class> class Atom>
void basic_gcra<Atom>::end_promise(std::uint32_t n) noexcept {
  if (!unlimited()) promised_.fetch_sub(n, std::memory_order_relaxed);
}

template <template <class> class Atom>
time_point basic_gcra<Atom>::promise_at(time_point now) const noexcept {
  // Where all of a burst is promised, the answer depends on when it leaves: ask again soon.
  constexpr std::chrono::milliseconds soon{1};
  const std::uint32_t wanted = std::min(burst_, promised_.load(std::memory_order_relaxed) + 1);
  return std::max(ready_at(wanted, now), now + soon);
}

}  // namespace broadside::rate
