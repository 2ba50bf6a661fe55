// rate/limit_set - all or none over a few limits: look first, take, and give back when a limit changed its mind.
#include <algorithm>
#include <rate/limit_set.hpp>

namespace broadside::rate {
namespace {

/// Notes the latest instant from which every limit could give n, and whose that is.
void note_binding(std::span<gcra* const> limits, std::uint32_t n, time_point now, set_grant& answer) noexcept {
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
set_grant take_all(std::span<gcra* const> limits, std::uint32_t n, time_point now) noexcept {
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

}  // namespace

set_grant try_take(std::span<gcra* const> limits, std::uint32_t n, time_point now) noexcept {
  if (limits.size() > limits_max) return {.count = 0, .ready_at = time_point::max()};
  set_grant answer;
  note_binding(limits, n, now, answer);  // a look costs loads only, and spares the first limits a take and its return
  if (answer.binding != limits_max) return answer;
  return take_all(limits, n, now);
}

set_grant take_up_to(std::span<gcra* const> limits, std::uint32_t n, time_point now) noexcept {
  if (limits.size() > limits_max) return {.count = 0, .ready_at = time_point::max()};
  auto count = n;
  for (const gcra* limit : limits) count = limit->available(count, now);
  set_grant answer{.count = 0, .ready_at = now};
  if (count > 0) answer = take_all(limits, count, now);
  if (answer.count < n) note_binding(limits, 1, now, answer);
  return answer;
}

void give_back(std::span<gcra* const> limits, set_grant& taken, std::uint32_t n) noexcept {
  n = std::min(n, taken.count);
  taken.count -= n;
  for (std::size_t i = 0; i < std::min(limits.size(), limits_max); ++i) limits[i]->give_back(taken.parts[i], n);
}

std::uint32_t promise_up_to(std::span<gcra* const> limits, std::uint32_t n, time_point now) noexcept {
  std::uint32_t count = n;
  for (std::size_t i = 0; i < limits.size(); ++i) {
    const std::uint32_t got = limits[i]->promise(count, now);
    for (std::size_t earlier = 0; earlier < i; ++earlier) limits[earlier]->end_promise(count - got);
    count = got;
  }
  return count;
}

void end_promise(std::span<gcra* const> limits, std::uint32_t n) noexcept {
  for (gcra* limit : limits) limit->end_promise(n);
}

time_point promise_at(std::span<gcra* const> limits, time_point now) noexcept {
  time_point latest = now;
  for (const gcra* limit : limits) latest = std::max(latest, limit->promise_at(now));
  return latest;
}

}  // namespace broadside::rate
