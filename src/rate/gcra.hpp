// rate/gcra - how many messages may leave, and when: the generic cell rate algorithm (ITU-T I.371 Annex A) on one word.
//
// Thread-safe and lock-free: shards share one per key. Reads no clock, allocates nothing; time is an argument.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <broadside/environment.hpp>
#include <broadside/rate_limit.hpp>
#include <cstdint>

namespace broadside::rate {
namespace detail {

// Nanoseconds in 61 bits, the rest of the word is the generation. Times and spans end here, 18 years after the clock's
// beginning: nobody waits so long to see the difference, and sums of three of them fit 64 bits.
inline constexpr std::int64_t far = std::int64_t{1} << 59U;
inline constexpr std::int64_t word_max = 2 * far - 1;

[[nodiscard]] inline std::int64_t ns(time_point at) noexcept {
  return std::clamp<std::int64_t>(std::chrono::nanoseconds{at.time_since_epoch()}.count(), -far, far);
}
[[nodiscard]] inline time_point at(std::int64_t ns) noexcept {
  return time_point{std::chrono::duration_cast<duration>(std::chrono::nanoseconds{ns})};
}
/// The smallest whole interval whose rate is not above `per_second`, as rate_limit bounds it.
[[nodiscard]] std::int64_t interval_of(double per_second) noexcept;

/// What one generation of a limit is held to.
struct pace {
  std::int64_t interval = 1;  // ns between two messages
  std::uint32_t burst = 1;

  [[nodiscard]] std::int64_t span_of(std::uint32_t n) const noexcept { return n > far / interval ? far : n * interval; }
  /// When n can be taken: with n the word is at most a burst ahead of the clock. More than a burst needs a full bucket.
  [[nodiscard]] std::int64_t open_at(std::int64_t full_at, std::uint32_t n) const noexcept {
    return n >= burst ? full_at : full_at - (burst - n) * interval;  // a burst's span is not above `far`
  }
  [[nodiscard]] std::uint32_t room(std::int64_t full_at, std::uint32_t most, std::int64_t now) const noexcept {
    if (now >= full_at) return std::min(most, burst);
    const auto left = (now + burst * interval - full_at) / interval;
    return left <= 0 ? 0 : static_cast<std::uint32_t>(std::min<std::int64_t>(most, left));
  }
  friend bool operator==(const pace&, const pace&) = default;
};
[[nodiscard]] pace pace_of(rate_limit) noexcept;
/// When the bucket is full at the new pace, with as many messages spent as at the old one, or as many more as the new
/// burst is larger: what is available does not grow by the change, and is not above the new burst.
[[nodiscard]] std::int64_t repaced(std::int64_t full_at, const pace& old, const pace& fresh, std::int64_t now) noexcept;

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
/// 5,000,000/s, at most 0.5 % is lost). Rates above are capped there.
///
/// The limit may be changed while others take. The word's last three bits are its generation; of two places for a pace
/// the generation's last bit names the one that counts. A change writes the other and moves the word on to the next
/// generation, so a take that has read a pace which no longer counts fails at its exchange of the word and reads again.
/// That eight changes and a return to the same nanosecond pass between a read and an exchange is left out of account.
///
/// `Atom` is std::atomic but where a test wants to say which thread comes next.
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

  /// Gives n of the grant's messages back: they did not leave. It counts only when nobody has taken since and the limit
  /// was not changed; else it is forgotten and answered by false. Room that others' takes have passed over is in the
  /// past: two messages at once would exceed a burst of one. The grant's count goes down in any case.
  bool give_back(grant& taken, std::uint32_t n) noexcept;

  /// The first instant, now or later, from which n can be taken. Stale when it is read; exact while nobody takes.
  [[nodiscard]] time_point ready_at(std::uint32_t n, time_point now) const noexcept;

  /// How many can be taken now, at most `most` and never more than the burst. Stale when it is read.
  [[nodiscard]] std::uint32_t available(std::uint32_t most, time_point now) const noexcept;

  /// The same with the fraction that has come so far; below zero, in debt. 0 without a limit.
  [[nodiscard]] double unspent(time_point now) const noexcept;

  /// Sets aside, for at most n messages that cost `each`, what can be taken now and nobody else was promised; for how
  /// many of them. A promise takes nothing: its holder makes that many messages ready, takes with try_take() at the
  /// instant they leave, and ends the promise. So no more is made ready than may leave soon, and what leaves late,
  /// whatever held it up, has its permission for that very instant. One that costs more than the burst is promised a
  /// full bucket when nobody else was promised anything.
  [[nodiscard]] std::uint32_t promise(std::uint32_t n, time_point now, std::uint32_t each = 1) noexcept;
  /// So many units: n messages hold n x each.
  void end_promise(std::uint32_t units) noexcept;
  /// An instant later than now at which to ask for a promise again after there was none; at most too early.
  [[nodiscard]] time_point promise_at(time_point now, std::uint32_t each = 1) const noexcept;

  /// Another limit, from this instant on. What is spent stays spent in messages, and so does a debt; an increase gives
  /// nothing at once. What was unlimited starts with one message available. Promises stay; those that are given while
  /// there is no limit are not counted, and their ends may take the count of others off, never add to it. Any thread,
  /// while others do all of the above; those who change one limit take turns.
  void change(rate_limit limit, time_point now) noexcept;

  [[nodiscard]] bool unlimited() const noexcept { return !limited(full_at_.load(std::memory_order_relaxed)); }
  /// Zero: no limit.
  [[nodiscard]] std::uint32_t burst() const noexcept;
  /// Messages per second as they are given, which is a little less than was told; zero: no limit.
  [[nodiscard]] double per_second() const noexcept;

 private:
  static constexpr unsigned generation_bits = 3;
  static constexpr std::int64_t generations = std::int64_t{1} << generation_bits;
  static constexpr std::int64_t no_limit = -2 * detail::far;  // as a time: no other word is so early

  struct seen {
    std::int64_t word;
    detail::pace pace;
  };

  [[nodiscard]] static constexpr bool limited(std::int64_t word) noexcept {
    return word >= (no_limit + 1) * generations;
  }
  [[nodiscard]] static constexpr std::int64_t time_of(std::int64_t word) noexcept { return word >> generation_bits; }
  [[nodiscard]] static constexpr std::int64_t generation_of(std::int64_t word) noexcept {
    return word & (generations - 1);
  }
  [[nodiscard]] static constexpr std::int64_t word_of(std::int64_t time, std::int64_t generation) noexcept {
    return time * generations + generation;
  }
  [[nodiscard]] detail::pace pace_of(std::int64_t word) const noexcept;
  [[nodiscard]] seen look() const noexcept;

  // Steady-clock ns and generation. The word's own modification order keeps the ceiling; only the paces need more:
  // release in change() pairs with the acquires of those who read a pace, so that who reads one of a later generation
  // also finds that the word has moved on.
  Atom<std::int64_t> full_at_{word_of(no_limit, 0)};
  std::array<Atom<std::int64_t>, 2> interval_{1, 1};
  std::array<Atom<std::uint32_t>, 2> burst_{1U, 1U};
  Atom<std::uint32_t> promised_{0};
};

using gcra = basic_gcra<std::atomic>;

template <template <class> class Atom>
basic_gcra<Atom>::basic_gcra(rate_limit limit, time_point start) noexcept {
  if (!limit.unlimited()) change(limit, start);
}

template <template <class> class Atom>
detail::pace basic_gcra<Atom>::pace_of(std::int64_t word) const noexcept {
  const auto place = static_cast<std::size_t>(word & 1);
  return {.interval = interval_[place].load(std::memory_order_acquire),
          .burst = burst_[place].load(std::memory_order_acquire)};
}

/// A word and its own pace. Without a limit the pace means nothing.
template <template <class> class Atom>
auto basic_gcra<Atom>::look() const noexcept -> seen {
  for (auto word = full_at_.load(std::memory_order_acquire);;) {
    if (!limited(word)) return {word, {}};
    const auto pace = pace_of(word);
    const auto again = full_at_.load(std::memory_order_acquire);
    if (generation_of(again) == generation_of(word) && limited(again)) return {again, pace};
    word = again;
  }
}

template <template <class> class Atom>
grant basic_gcra<Atom>::try_take(std::uint32_t n, time_point now) noexcept {
  if (n == 0) return {.count = n, .ready_at = now};
  const auto t = detail::ns(now);
  for (;;) {
    auto [word, pace] = look();
    if (!limited(word)) return {.count = n, .ready_at = now, .before = word, .after = word};
    const auto full_at = time_of(word);
    if (const auto open = pace.open_at(full_at, n); open > t) return {.count = 0, .ready_at = detail::at(open)};
    const auto before = std::max(full_at, t);
    const auto after = word_of(std::min(before + pace.span_of(n), detail::word_max), generation_of(word));
    if (full_at_.compare_exchange_weak(word, after, std::memory_order_acquire, std::memory_order_relaxed)) {
      return {.count = n, .ready_at = now, .before = word_of(before, generation_of(word)), .after = after};
    }
  }
}

template <template <class> class Atom>
bool basic_gcra<Atom>::give_back(grant& taken, std::uint32_t n) noexcept {
  n = std::min(n, taken.count);
  taken.count -= n;
  if (n == 0 || !limited(taken.after)) return true;
  // While the grant is out, every later take leaves the word above `after`, and only giving those back lowers it to
  // `after` again: that it stands there means that nobody has taken since. Never below `before`, so no room is made.
  auto word = taken.after;
  const auto less = time_of(taken.after) - pace_of(taken.after).span_of(n);
  const auto back = std::max(taken.before, word_of(less, generation_of(taken.after)));
  if (!full_at_.compare_exchange_strong(word, back, std::memory_order_acquire)) return false;
  taken.after = back;
  return true;
}

template <template <class> class Atom>
time_point basic_gcra<Atom>::ready_at(std::uint32_t n, time_point now) const noexcept {
  const auto [word, pace] = look();
  if (!limited(word) || n == 0) return now;
  return std::max(now, detail::at(pace.open_at(time_of(word), n)));
}

template <template <class> class Atom>
std::uint32_t basic_gcra<Atom>::available(std::uint32_t most, time_point now) const noexcept {
  const auto [word, pace] = look();
  return limited(word) ? pace.room(time_of(word), most, detail::ns(now)) : most;
}

template <template <class> class Atom>
double basic_gcra<Atom>::unspent(time_point now) const noexcept {
  const auto [word, pace] = look();
  if (!limited(word)) return 0;
  const auto ahead = std::max<std::int64_t>(time_of(word) - detail::ns(now), 0);
  return pace.burst - static_cast<double>(ahead) / static_cast<double>(pace.interval);
}

template <template <class> class Atom>
std::uint32_t basic_gcra<Atom>::promise(std::uint32_t n, time_point now, std::uint32_t each) noexcept {
  if (each == 0) return n;
  auto out = promised_.load(std::memory_order_relaxed);
  for (;;) {
    const auto [word, pace] = look();
    if (!limited(word)) return n;
    const std::uint32_t there = pace.room(time_of(word), pace.burst, detail::ns(now));
    std::uint32_t count = std::min(n, (there - std::min(there, out)) / each);
    if (n > 0 && each > pace.burst && there == pace.burst && out == 0) count = 1;
    if (count == 0) return 0;
    if (promised_.compare_exchange_weak(out, out + count * each, std::memory_order_relaxed)) return count;
  }
}

template <template <class> class Atom>
void basic_gcra<Atom>::end_promise(std::uint32_t units) noexcept {
  if (units == 0) return;
  // Also while there is no limit: a promise that was counted is always taken off again, whatever became of the limit
  // between a look at it and the exchange of the count. So what is counted is never more than what is out.
  auto out = promised_.load(std::memory_order_relaxed);  // fewer than `units` when some were given without a limit
  while (out > 0 && !promised_.compare_exchange_weak(out, out - std::min(out, units), std::memory_order_relaxed)) {
  }
}

template <template <class> class Atom>
time_point basic_gcra<Atom>::promise_at(time_point now, std::uint32_t each) const noexcept {
  // Where all of a burst is promised, the answer depends on when it leaves: ask again soon.
  constexpr std::chrono::milliseconds soon{1};
  const std::uint32_t out = promised_.load(std::memory_order_relaxed);
  const std::uint32_t wanted = out + std::min(each, ~out);  // above the burst: a full bucket
  return std::max(ready_at(wanted, now), now + soon);
}

template <template <class> class Atom>
void basic_gcra<Atom>::change(rate_limit limit, time_point now) noexcept {
  auto word = full_at_.load(std::memory_order_acquire);
  const auto next = (generation_of(word) + 1) % generations;
  const auto old = pace_of(word);
  const auto fresh = detail::pace_of(limit);
  if (limited(word) ? !limit.unlimited() && old == fresh : limit.unlimited()) return;
  if (!limit.unlimited()) {  // release: who reads this finds the word moved on from the generation that used the place
    interval_[static_cast<std::size_t>(next & 1)].store(fresh.interval, std::memory_order_release);
    burst_[static_cast<std::size_t>(next & 1)].store(fresh.burst, std::memory_order_release);
  }
  const auto t = detail::ns(now);
  for (;;) {
    auto full_at = t + fresh.span_of(fresh.burst - 1);
    if (limited(word)) full_at = detail::repaced(time_of(word), old, fresh, t);
    if (limit.unlimited()) full_at = no_limit;
    if (full_at_.compare_exchange_weak(word, word_of(full_at, next), std::memory_order_acq_rel,
                                       std::memory_order_acquire)) {
      break;
    }
  }
}

template <template <class> class Atom>
std::uint32_t basic_gcra<Atom>::burst() const noexcept {
  const auto [word, pace] = look();
  return limited(word) ? pace.burst : 0;
}

template <template <class> class Atom>
double basic_gcra<Atom>::per_second() const noexcept {
  const auto [word, pace] = look();
  return limited(word) ? 1e9 / static_cast<double>(pace.interval) : 0;
}

}  // namespace broadside::rate
