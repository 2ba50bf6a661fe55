// rate/quota - so many a day, counted from one local midnight to the next, on one atomic word.
//
// Thread-safe and lock-free: shards share one per key. Reads no clock, allocates nothing; time is an argument.
#pragma once

#include <algorithm>
#include <atomic>
#include <broadside/environment.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <rate/calendar.hpp>
#include <ratio>
#include <utility>

namespace broadside::rate {

/// How much of a day was used, as it is recorded.
struct quota_usage {
  wall_time day_begin{};
  std::uint64_t used = 0;
};

/// The word: which local day it counts (its first instant, in quarter hours since 1970: 26 bits) and how many were
/// taken of it (38 bits). A later day begins with nothing used; an earlier one (a clock that was set back) goes on
/// counting in the day that was reached. Midnights of all zones are on quarter hours since 1972; an earlier one that is
/// not is rounded down, which is told apart from its neighbours as well. A second word remembers when the day ends, so
/// that the calendar is asked once a day. `Atom` is std::atomic but where a test wants to say which thread comes next.
template <template <class> class Atom>
class basic_quota {
 public:
  static constexpr std::uint64_t most_max = 100'000'000'000;  // 10^11

  /// Zero: counts, and gives without end.
  basic_quota(std::uint64_t most, calendar days) noexcept : days_(std::move(days)), most_(most) {}
  basic_quota(const basic_quota&) = delete;
  basic_quota& operator=(const basic_quota&) = delete;

  /// All n or none; a time of the day they were counted in, for give_back(). More than `most` is granted when nothing
  /// of the day was taken, rather than never.
  [[nodiscard]] std::optional<wall_time> try_take(std::uint64_t n, wall_time now) noexcept;
  /// Gives back what was taken at `taken` and did not leave: when that day is still the one that counts, else it is
  /// forgotten; also when the provider has said since that the day is used up.
  void give_back(std::uint64_t n, wall_time taken) noexcept;
  /// Whether the provider said that the day's number is used up, or that day is not the one that counts any more.
  [[nodiscard]] bool is_over(wall_time taken, wall_time now) const noexcept {
    const auto today = counted(word_.load(std::memory_order_relaxed), now);
    return (today & all_used) == all_used || quarter_of(taken) < today >> used_bits;
  }
  /// What is left of the day. Stale when it is read.
  [[nodiscard]] std::uint64_t available(wall_time now) const noexcept;
  /// When n can be taken, if nobody takes before: now, or the beginning of the next day after the one that counts.
  [[nodiscard]] wall_time ready_at(std::uint64_t n, wall_time now) const noexcept;
  /// The provider says that the day's number is used up, whatever was counted here: nothing more today, unless the
  /// number is raised.
  void exhaust(wall_time now) noexcept;
  /// Another number a day: what was taken stays taken. Callers take turns.
  void change(std::uint64_t most) noexcept;

  /// As it was told last.
  [[nodiscard]] std::uint64_t most() const noexcept { return most_.load(std::memory_order_relaxed); }
  /// Of a day that the provider says is used up: all of it.
  [[nodiscard]] quota_usage usage(wall_time now) const noexcept;
  /// What the word says, without a clock: for the record. A day that is used up by the provider's word has a number
  /// above most_max.
  [[nodiscard]] quota_usage recorded() const noexcept;
  /// As recorded by an earlier engine; before the first take.
  void restore(quota_usage) noexcept;

 private:
  static constexpr unsigned used_bits = 38;
  static constexpr std::uint64_t all_used = (std::uint64_t{1} << used_bits) - 1;  // as the provider says
  static constexpr std::uint64_t day_max = (std::uint64_t{1} << (64U - used_bits)) - 1;
  using quarter_hours = std::chrono::duration<std::int64_t, std::ratio<900>>;

  [[nodiscard]] static std::uint64_t quarter_of(wall_time at) noexcept {
    const auto since_1970 = std::chrono::floor<quarter_hours>(at.time_since_epoch()).count();
    return static_cast<std::uint64_t>(std::clamp<std::int64_t>(since_1970, 0, std::int64_t{day_max}));
  }
  [[nodiscard]] static wall_time time_of(std::uint64_t quarter) noexcept {
    return wall_time{std::chrono::duration_cast<wall_time::duration>(std::min<std::chrono::seconds>(
        quarter_hours{static_cast<std::int64_t>(quarter)}, std::chrono::hours{2'500'000}))};  // all a clock can say
  }
  [[nodiscard]] std::uint64_t room(std::uint64_t used) const noexcept;
  [[nodiscard]] bool fits(std::uint64_t used, std::uint64_t n) const noexcept { return used == 0 || n <= room(used); }
  [[nodiscard]] std::uint64_t counted(std::uint64_t word, wall_time now) const noexcept;
  [[nodiscard]] std::uint64_t ask(std::uint64_t word, wall_time now) const noexcept;

  calendar days_;  // constant after construction
  Atom<std::uint64_t> word_{0};
  /// A day and the quarter hour it ends in, 32 bits each. Only a memory of what the calendar said: when it is of
  /// another day than the word, the calendar is asked again.
  mutable Atom<std::uint64_t> end_{0};
  Atom<std::uint64_t> most_;
};

using quota = basic_quota<std::atomic>;

template <template <class> class Atom>
std::uint64_t basic_quota<Atom>::room(std::uint64_t used) const noexcept {
  const auto told = most();
  const auto most = told == 0 ? most_max : std::min(told, most_max);
  return used >= most ? 0 : most - used;  // all_used is above every number
}

/// The word as it counts now: itself, or that of a later day with nothing used.
template <template <class> class Atom>
std::uint64_t basic_quota<Atom>::counted(std::uint64_t word, wall_time now) const noexcept {
  const auto end = end_.load(std::memory_order_relaxed);
  if (end >> 32U == word >> used_bits && quarter_of(now) < (end & 0xFFFF'FFFFU)) return word;
  return ask(word, now);
}

template <template <class> class Atom>
std::uint64_t basic_quota<Atom>::ask(std::uint64_t word, wall_time now) const noexcept {
  const auto counts = word >> used_bits;
  const auto day = quarter_of(days_.day_begin(now));
  // A clock that was set back: the end of the day that was reached. Its beginning may have been rounded down.
  const auto within = day < counts ? time_of(counts) + std::chrono::seconds{899} : now;
  const auto later = std::max(day, counts);
  end_.store(later << 32U | quarter_of(days_.next_day(within)), std::memory_order_relaxed);
  return later == counts ? word : later << used_bits;
}

template <template <class> class Atom>
std::optional<wall_time> basic_quota<Atom>::try_take(std::uint64_t n, wall_time now) noexcept {
  if (n == 0) return now;
  n = std::min(n, all_used - 1);
  auto word = word_.load(std::memory_order_relaxed);
  for (;;) {
    const auto today = counted(word, now);
    if (!fits(today & all_used, n)) return std::nullopt;
    if (!word_.compare_exchange_weak(word, today + n, std::memory_order_relaxed)) continue;
    return std::max(now, time_of(today >> used_bits));  // a clock that was set back: the later day counts
  }
}

template <template <class> class Atom>
void basic_quota<Atom>::give_back(std::uint64_t n, wall_time taken) noexcept {
  auto word = word_.load(std::memory_order_relaxed);
  for (;;) {
    const auto used = word & all_used;
    if (used == all_used || n == 0 || counted(word, taken) != word || quarter_of(taken) < word >> used_bits) return;
    if (word_.compare_exchange_weak(word, word - std::min(n, used), std::memory_order_relaxed)) return;
  }
}

template <template <class> class Atom>
std::uint64_t basic_quota<Atom>::available(wall_time now) const noexcept {
  return room(counted(word_.load(std::memory_order_relaxed), now) & all_used);
}

template <template <class> class Atom>
wall_time basic_quota<Atom>::ready_at(std::uint64_t n, wall_time now) const noexcept {
  const auto today = counted(word_.load(std::memory_order_relaxed), now);
  if (n == 0 || fits(today & all_used, n)) return now;
  const auto begin = time_of(today >> used_bits) + std::chrono::seconds{899};  // it may have been rounded down
  return days_.next_day(std::max(now, begin));
}

template <template <class> class Atom>
void basic_quota<Atom>::exhaust(wall_time now) noexcept {
  auto word = word_.load(std::memory_order_relaxed);
  while (!word_.compare_exchange_weak(word, counted(word, now) | all_used, std::memory_order_relaxed)) {
  }
}

template <template <class> class Atom>
void basic_quota<Atom>::change(std::uint64_t most) noexcept {
  const auto old = most_.load(std::memory_order_relaxed);
  most_.store(most, std::memory_order_relaxed);
  const bool raised = old != 0 && (most == 0 || most > old);
  auto word = word_.load(std::memory_order_relaxed);
  while (raised && (word & all_used) == all_used) {
    if (word_.compare_exchange_weak(word, word - all_used + std::min(old, most_max), std::memory_order_relaxed)) return;
  }
}

template <template <class> class Atom>
quota_usage basic_quota<Atom>::usage(wall_time now) const noexcept {
  const auto today = counted(word_.load(std::memory_order_relaxed), now);
  const auto used = today & all_used;
  return {.day_begin = time_of(today >> used_bits), .used = used == all_used ? most() : used};
}

template <template <class> class Atom>
quota_usage basic_quota<Atom>::recorded() const noexcept {
  const auto word = word_.load(std::memory_order_relaxed);
  return {.day_begin = time_of(word >> used_bits), .used = word & all_used};
}

template <template <class> class Atom>
void basic_quota<Atom>::restore(quota_usage was) noexcept {
  word_.store(quarter_of(was.day_begin) << used_bits | std::min(was.used, all_used), std::memory_order_relaxed);
}

}  // namespace broadside::rate
