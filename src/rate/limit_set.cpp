// rate/limit_set - the quotas of several limits, and how many messages fit them together.
#include <limits>
#include <rate/limit_set.hpp>

namespace broadside::rate {
namespace {

/// How many of `each` in this unit sum up to at most `most`; at least one when there is one.
std::size_t fit(std::span<const cost> each, limit_unit unit, std::uint64_t most) noexcept {
  std::uint64_t sum = 0;
  std::size_t n = 0;
  while (n < each.size() && (sum += each[n].in(unit)) <= most) ++n;
  return std::max<std::size_t>(n, each.empty() ? 0 : 1);
}

}  // namespace

denial reserve(std::span<limit_key* const> keys, const cost& of, time_point now, wall_time wall,
               reservation& made) noexcept {
  denial answer{.until = now};
  for (std::size_t i = 0; i < keys.size(); ++i) answer.note(i, keys[i]->day_at(of.in(keys[i]->counts), now, wall));
  if (answer.denied()) return answer;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    limit_key& key = *keys[i];
    const std::uint32_t n = of.in(key.counts);
    if (key.daily() == nullptr) continue;
    if (const auto day = key.daily()->try_take(n, wall)) {
      made.day[i] = *day;
      continue;
    }
    give_back(keys.first(i), of, made);  // another thread came between the look and the take
    return {.by = i, .until = key.day_at(n, now, wall)};
  }
  return answer;
}

void give_back(std::span<limit_key* const> keys, const cost& of, const reservation& made) noexcept {
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (quota* const daily = keys[i]->daily()) daily->give_back(of.in(keys[i]->counts), made.day[i]);
  }
}

std::size_t fit_burst(std::span<limit_key* const> keys, std::span<const cost> each) noexcept {
  std::size_t n = each.size();
  for (const limit_key* key : keys) {
    if (!key->rate.unlimited()) n = fit(each.first(n), key->counts, key->rate.burst());
  }
  return n;
}

std::size_t fit_quota(std::span<limit_key* const> keys, std::span<const cost> each, wall_time now) noexcept {
  std::size_t n = each.size();
  for (const limit_key* key : keys) {
    if (key->daily() != nullptr) n = fit(each.first(n), key->counts, key->daily()->available(now));
  }
  return n;
}

}  // namespace broadside::rate
