// rate/limit_set - takes from all of a few limits or from none: a message counts for its route, its sender, its
// carrier.
//
// Thread-safe as limit_key is. Reads no clock, allocates nothing. Limits are taken in the order given, which is
// smallest first; a take that a later one denies is given back to the earlier ones, so hands that grab the same limits
// in any order cannot block each other.
#pragma once

#include <algorithm>
#include <array>
#include <broadside/environment.hpp>
#include <cstddef>
#include <cstdint>
#include <rate/limit_key.hpp>
#include <span>

namespace broadside::rate {

inline constexpr std::size_t limits_max =
    12;  // eight of options::limits, the route's two, the sender's pause, one spare

/// Which limit said no, and from when it says yes if nobody takes before.
struct denial {
  std::size_t by = limits_max;  // its place in the span; limits_max: nobody, it was given
  time_point until{};
  [[nodiscard]] bool denied() const noexcept { return by != limits_max; }

  /// The limit that comes free last is the one to wait for.
  void note(std::size_t limit, time_point ready) noexcept {
    if (ready <= until) return;
    by = limit;
    until = ready;
  }
};

/// Units that were promised by each of several limits.
struct held_units {
  std::array<std::uint32_t, limits_max> of{};
};

/// In which day each of several quotas counted what was reserved.
struct reservation {
  std::array<wall_time, limits_max> day{};
};

struct promise {
  std::uint32_t count = 0;  // messages that every limit's rate promises, at most as many as were asked for
  denial none_by;           // with 0: the limit that promises nothing, and when to ask it again
};

namespace detail {

// Of a key these need `counts`, `rate`, paused_until() and count_taken(): tests bring keys whose atomics they schedule.

/// Who cannot give now: looking costs loads only, and spares the first limits a take and its return. That would not be
/// for nothing: what others take meanwhile makes a return impossible, and the permission is lost.
template <class Key>
denial look(std::span<Key* const> keys, const cost& of, time_point now) noexcept {
  denial answer{.until = now};
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const std::uint32_t n = of.in(keys[i]->counts);
    if (n != 0) answer.note(i, std::max(keys[i]->rate.ready_at(n, now), keys[i]->paused_until()));
  }
  return answer;
}

/// What was taken of one key. Unlike a grant it begins as nothing at all: twelve of those would cost as much as a take.
struct taken_of {
  std::int64_t before;
  std::int64_t after;
};

/// Another thread may have come between the look and the take: what was taken goes back, and the others are asked
/// again.
template <class Key>
denial undo(std::span<Key* const> keys, std::span<const taken_of> taken, const cost& of, time_point now,
            time_point ready) noexcept {
  const std::size_t by = taken.size();
  for (std::size_t i = by; i-- > 0;) {
    const std::uint32_t n = of.in(keys[i]->counts);
    grant given{.count = n, .ready_at = now, .before = taken[i].before, .after = taken[i].after};
    keys[i]->rate.give_back(given, n);
  }
  denial answer = look(keys, of, now);
  if (!answer.denied()) answer = {.by = by, .until = ready};  // it has changed its mind again
  return answer;
}

template <class Key>
denial try_take(std::span<Key* const> keys, const cost& of, time_point now) noexcept {
  if (keys.size() > limits_max) return {.by = 0, .until = time_point::max()};
  for (Key* key : keys) __builtin_prefetch(key, 1);  // among 100,000 keys few are at hand: fetch them together
  denial answer = look(keys, of, now);
  if (answer.denied()) return answer;
  std::array<taken_of, limits_max> taken;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const std::uint32_t n = of.in(keys[i]->counts);
    const grant given = keys[i]->rate.try_take(n, now);
    if (given.count != n) return undo(keys, std::span(taken).first(i), of, now, given.ready_at);
    taken[i] = {given.before, given.after};
  }
  for (Key* key : keys) {
    if (const std::uint32_t n = of.in(key->counts); n != 0) key->count_taken(n);
  }
  return answer;
}

template <class Key>
void end_promise(std::span<Key* const> keys, std::uint32_t n, const cost& each) noexcept {
  for (Key* key : keys) key->rate.end_promise(n * each.in(key->counts));
}

template <class Key>
promise promise_up_to(std::span<Key* const> keys, std::uint32_t n, const cost& each, time_point now) noexcept {
  promise answer{.count = n, .none_by = {.until = now}};
  for (std::size_t i = 0; i < keys.size() && answer.count > 0; ++i) {
    const std::uint32_t units = each.in(keys[i]->counts);
    if (units == 0) continue;
    const bool paused = keys[i]->paused_until() > now;
    const std::uint32_t got = paused ? 0 : keys[i]->rate.promise(answer.count, now, units);
    end_promise(keys.first(i), answer.count - got, each);
    answer.count = got;
  }
  if (answer.count > 0 || n == 0) return answer;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const std::uint32_t units = each.in(keys[i]->counts);
    if (units != 0) answer.none_by.note(i, std::max(keys[i]->rate.promise_at(now, units), keys[i]->paused_until()));
  }
  return answer;
}

}  // namespace detail

/// Whether every limit could give one unit of what it counts now: the one that comes free last.
[[nodiscard]] inline denial closed(std::span<limit_key* const> keys, time_point now, wall_time wall) noexcept {
  denial answer{.until = now};
  for (std::size_t i = 0; i < keys.size(); ++i) answer.note(i, keys[i]->ready_at(1, now, wall));
  return answer;
}

/// The whole cost from every limit's rate, or nothing. Quotas are not touched: see reserve(). Counts as taken. Nothing
/// while a limit that counts any of it is paused. More than limits_max limits give nothing.
[[nodiscard]] inline denial try_take(std::span<limit_key* const> keys, const cost& of, time_point now) noexcept {
  return detail::try_take(keys, of, now);
}

/// See gcra::promise(). `each` is the least that one message costs: a limit of media promises nothing for messages
/// without. Unit for unit: n messages hold n x each.in(unit) of a limit's promise: see hold().
[[nodiscard]] inline promise promise_up_to(std::span<limit_key* const> keys, std::uint32_t n, const cost& each,
                                           time_point now) noexcept {
  return detail::promise_up_to(keys, n, each, now);
}
/// Brings what is held of each limit's promises to what is wanted, once that is known: more than was held as far as the
/// limit promises it, so that it gathers there instead of being promised to others.
inline void hold(std::span<limit_key* const> keys, held_units& held, const cost& wanted, time_point now) noexcept {
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const std::uint32_t units = wanted.in(keys[i]->counts);
    std::uint32_t& has = held.of[i];
    if (has == units) continue;
    if (has > units) keys[i]->rate.end_promise(has - units);
    has = has > units ? units : has + keys[i]->rate.promise(units - has, now);
  }
}

/// The whole cost from every quota, or nothing: counted when messages are claimed, before they leave, so that what is
/// recorded is never less than what left. give_back() when they certainly did not leave or were not taken.
[[nodiscard]] denial reserve(std::span<limit_key* const>, const cost&, time_point now, wall_time,
                             reservation&) noexcept;
void give_back(std::span<limit_key* const>, const cost&, const reservation&) noexcept;

/// How many of these costs, from the front, fit every limit's burst together: at least one when there is one.
[[nodiscard]] std::size_t fit_burst(std::span<limit_key* const>, std::span<const cost> each) noexcept;
/// How many of these costs, from the front, fit what is left of every limit's day together: so that the last of a day
/// are not refused because more were asked for. At least one when there is one.
[[nodiscard]] std::size_t fit_quota(std::span<limit_key* const>, std::span<const cost> each, wall_time) noexcept;

}  // namespace broadside::rate
