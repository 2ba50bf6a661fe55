// rate/gcra - how many messages may leave, and when: the generic cell rate algorithm (ITU-T I.371 Annex A) on one word.
//
// Thread-safe and lock-free: shards share one per key. Reads no clock, allocates nothing; time is an argument.
#pragma once

#include <atomic>
#include <broadside/environment.hpp>
#include <broadside/rate_limit.hpp>
#include <cstdint>

namespace broadside::rate {

/// What a take gave, and what is needed to give it back.
struct grant {
  std::uint32_t count = 0;  ///< messages that may leave now; less what was given back
  /// When less was given than asked: the exact instant from which the rest can be taken (try_take), or one more
  /// (take_up_to), if nobody else takes before. Else the time of the take.
  time_point ready_at{};

  // gcra's own: the word before and after the take
  std::int64_t before = 0;
  std::int64_t after = 0;
};

/// In every window W: taken(W) <= per_second * W + burst, whatever the threads and the order of their clocks. The one
/// word is the theoretical arrival time: the instant at which the bucket will be full again. A message moves it on by
/// the emission interval, which is rounded up to whole nanoseconds, so that the ceiling holds (and, as rates end at
/// 5,000,000/s, at most 0.5 % is lost). Rates above are capped there.
class gcra {
 public:
  /// Starts with one message available, not with a burst: a restart must not exceed what its predecessor left.
  gcra(rate_limit limit, time_point start) noexcept;
  gcra(const gcra&) = delete;
  gcra& operator=(const gcra&) = delete;

  /// All n or none. More than the burst is granted when the bucket is full, rather than never; the bucket then goes
  /// into debt, which the next takes wait for. A `now` earlier than one before never gives more.
  [[nodiscard]] grant try_take(std::uint32_t n, time_point now) noexcept;

  /// As many of n as are there, perhaps none; never more than the burst.
  [[nodiscard]] grant take_up_to(std::uint32_t n, time_point now) noexcept;

  /// Gives n of the grant's messages back: they did not leave. It counts only when nobody has taken since; else it is
  /// forgotten and answered by false. Room that others' takes have passed over is in the past: two messages at once
  /// would exceed a burst of one. The grant's count goes down in any case.
  bool give_back(grant& taken, std::uint32_t n) noexcept;

  /// The first instant, now or later, from which n can be taken. Stale when it is read; exact while nobody takes.
  [[nodiscard]] time_point ready_at(std::uint32_t n, time_point now) const noexcept;

  /// How many take_up_to() would give, at most `most`. Stale when it is read.
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
  std::atomic<std::int64_t> full_at_{0};
  std::atomic<std::uint32_t> promised_{0};
};

}  // namespace broadside::rate
