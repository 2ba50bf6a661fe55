// rate/limit_set - takes from all of a few limits or from none: a message counts for its route and for its sender.
//
// Thread-safe as gcra is. Reads no clock, allocates nothing. Limits are taken in the order given; a take that a later
// one denies is given back to the earlier ones, so hands that grab the same limits in any order cannot block each
// other.
#pragma once

#include <algorithm>
#include <array>
#include <broadside/environment.hpp>
#include <cstddef>
#include <cstdint>
#include <rate/gcra.hpp>
#include <span>

namespace broadside::rate {

inline constexpr std::size_t limits_max = 4;

/// What all limits together gave.
struct set_grant {
  std::uint32_t count = 0;  ///< messages that may leave now
  /// When nothing was given: the latest of the limits' instants, as in grant. Else the time of the take.
  time_point ready_at{};
  std::size_t binding = limits_max;       ///< which limit that is; limits_max: none, all was given
  std::array<grant, limits_max> parts{};  // one per limit
};

namespace detail {

/// Notes the latest instant from which every limit could give n, and whose that is.
template <class Limit>
void note_binding(std::span<Limit* const> limits, std::uint32_t n, time_point now, set_grant& answer) noexcept {
  answer.ready_at = now;
  for (std::size_t i = 0; i < limits.size(); ++i) {
    const auto ready = limits[i]->ready_at(n, now);
    if (ready > answer.ready_at) {
      answer.ready_at = ready;
      answer.binding = i;
    }
  }
}

/// Takes n from each, all or none: another thread may have come between the look and the take.
template <class Limit>
set_grant take_all(std::span<Limit* const> limits, std::uint32_t n, time_point now) noexcept {
  set_grant answer{.count = n, .ready_at = now};
  for (std::size_t i = 0; i < limits.size(); ++i) {
    answer.parts[i] = limits[i]->try_take(n, now);
    if (answer.parts[i].count == n) continue;
    const auto by = i;
    const auto denied = answer.parts[i].ready_at;
    while (i-- > 0) limits[i]->give_back(answer.parts[i], n);
    answer = {};
    note_binding(limits, n, now, answer);
    if (answer.binding == limits_max) {  // it has changed its mind again
      answer.ready_at = denied;
      answer.binding = by;
    }
    return answer;
  }
  return answer;
}

template <class Limit>
set_grant try_take(std::span<Limit* const> limits, std::uint32_t n, time_point now) noexcept {
  if (limits.size() > limits_max) return {.count = 0, .ready_at = time_point::max()};
  set_grant answer;
  note_binding(limits, n, now, answer);  // a look costs loads only, and spares the first limits a take and its return
  if (answer.binding != limits_max) return answer;
  return take_all(limits, n, now);
}

template <class Limit>
std::uint32_t promise_up_to(std::span<Limit* const> limits, std::uint32_t n, time_point now) noexcept {
  std::uint32_t count = n;
  for (std::size_t i = 0; i < limits.size(); ++i) {
    const std::uint32_t got = limits[i]->promise(count, now);
    for (std::size_t earlier = 0; earlier < i; ++earlier) limits[earlier]->end_promise(count - got);
    count = got;
  }
  return count;
}

template <class Limit>
void end_promise(std::span<Limit* const> limits, std::uint32_t n) noexcept {
  for (Limit* limit : limits) limit->end_promise(n);
}

template <class Limit>
time_point promise_at(std::span<Limit* const> limits, time_point now) noexcept {
  time_point latest = now;
  for (const Limit* limit : limits) latest = std::max(latest, limit->promise_at(now));
  return latest;
}

}  // namespace detail

/// All n from every limit, or nothing. At most limits_max limits: with more, nothing is ever given. No limits: all.
[[nodiscard]] inline set_grant try_take(std::span<gcra* const> limits, std::uint32_t n, time_point now) noexcept {
  return detail::try_take(limits, n, now);
}

/// The same number promised by every limit, as many of n as all of them can; see gcra::promise().
[[nodiscard]] inline std::uint32_t promise_up_to(std::span<gcra* const> limits, std::uint32_t n,
                                                 time_point now) noexcept {
  return detail::promise_up_to(limits, n, now);
}
inline void end_promise(std::span<gcra* const> limits, std::uint32_t n) noexcept { detail::end_promise(limits, n); }
/// When to ask again after there was no promise: the latest of the limits' instants.
[[nodiscard]] inline time_point promise_at(std::span<gcra* const> limits, time_point now) noexcept {
  return detail::promise_at(limits, now);
}

}  // namespace broadside::rate
