// rate/limit_key - pauses, changes, and the account of how far a key is used.
#include <rate/limit_key.hpp>
#include <utility>

namespace broadside::rate {
namespace {

constexpr std::uint64_t hands = 0xFF;  // of the word: how many shards want the key
constexpr unsigned since_shift = 8;
constexpr unsigned tick_bits = 4;  // 16 ns: the rest of the word lasts for 36 years

std::uint64_t word_of(std::uint64_t shards, time_point since) noexcept {
  const auto ns = std::max<std::int64_t>(detail::ns(since), 0);
  return (static_cast<std::uint64_t>(ns) >> tick_bits) << since_shift | shards;
}

double seconds_since(std::uint64_t word, time_point now) noexcept {
  const auto begin = static_cast<std::int64_t>(word >> since_shift << tick_bits);
  return static_cast<double>(std::max<std::int64_t>(detail::ns(now) - begin, 0)) * 1e-9;
}

}  // namespace

limit_key::account::account(std::string its_name, rate_limit limit)
    : name(std::move(its_name)), told_per_second(limit.per_second), told_burst(limit.burst) {}

limit_key::limit_key(std::string its_name, limit_unit unit, rate_limit limit, std::optional<calendar> days,
                     std::uint64_t quota_most, time_point start)
    : rate(limit, start),
      counts(unit),
      has_daily_(days.has_value()),
      paused_until_(-detail::far),
      rest_(std::make_unique<account>(std::move(its_name), limit)) {
  if (days) rest_->daily.emplace(quota_most, std::move(*days));
}

void limit_key::pause(time_point until) noexcept {
  const std::int64_t told = detail::ns(until);
  auto before = paused_until_.load(std::memory_order_relaxed);
  while (before < told && !paused_until_.compare_exchange_weak(before, told, std::memory_order_relaxed)) {
  }
}

void limit_key::wanted(time_point now) noexcept {
  if (rate.unlimited()) return;
  auto word = rest_->wanting.load(std::memory_order_relaxed);
  for (;;) {
    if ((word & hands) == hands) return;  // more than there can be
    const bool first = (word & hands) == 0;
    const double there = first ? rate.unspent(now) : 0;  // before anybody who wants it takes
    if (!rest_->wanting.compare_exchange_weak(word, first ? word_of(1, now) : word + 1, std::memory_order_relaxed))
      continue;
    if (first) add_allowed(there);
    return;
  }
}

void limit_key::unwanted(time_point now) noexcept {
  if (rate.unlimited()) return;
  auto word = rest_->wanting.load(std::memory_order_relaxed);
  do {
    if ((word & hands) == 0) return;  // it began to want before there was a rate
  } while (!rest_->wanting.compare_exchange_weak(word, word - 1, std::memory_order_relaxed));
  if ((word & hands) == 1) add_allowed(rate.per_second() * seconds_since(word, now) - rate.unspent(now));
}

void limit_key::add_allowed(double n) noexcept {
  auto sum = rest_->allowed.load(std::memory_order_relaxed);
  while (!rest_->allowed.compare_exchange_weak(sum, sum + n, std::memory_order_relaxed)) {
  }
}

double limit_key::allowed(time_point now) const noexcept {
  if (rate.unlimited() && rest_->allowed.load(std::memory_order_relaxed) == 0) return 0;
  const auto word = rest_->wanting.load(std::memory_order_relaxed);
  const double meanwhile = (word & hands) == 0 ? 0 : rate.per_second() * seconds_since(word, now);
  return std::max(rest_->allowed.load(std::memory_order_relaxed) + meanwhile, static_cast<double>(taken()));
}

void limit_key::change(rate_limit limit, std::uint64_t quota_most, time_point now) noexcept {
  rest_->told_per_second.store(limit.per_second, std::memory_order_relaxed);
  rest_->told_burst.store(limit.burst, std::memory_order_relaxed);
  if (has_daily_) daily()->change(quota_most);
  // What was allowed until now was so at the old rate; then the time begins anew.
  auto word = rest_->wanting.load(std::memory_order_relaxed);
  const double old_rate = rate.per_second();
  const double old_there = rate.unspent(now);
  rate.change(limit, now);
  for (;;) {
    const bool is_wanted = (word & hands) != 0;
    const auto next = rate.unlimited() ? 0 : is_wanted ? word_of(word & hands, now) : word;
    if (!rest_->wanting.compare_exchange_weak(word, next, std::memory_order_relaxed)) continue;
    const double lost = rate.unlimited() ? old_there : old_there - rate.unspent(now);
    if (is_wanted) add_allowed(old_rate * seconds_since(word, now) - lost);
    return;
  }
}

rate_limit limit_key::limit() const noexcept {
  return {.per_second = rest_->told_per_second.load(std::memory_order_relaxed),
          .burst = rest_->told_burst.load(std::memory_order_relaxed)};
}

}  // namespace broadside::rate
