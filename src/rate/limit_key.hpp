// rate/limit_key - one ceiling that messages share: a rate, a daily number, a pause, and how far it was used.
//
// Thread-safe and lock-free but for `name` and `counts`, which are constant; those who change() one key take turns.
// Reads no clock; only the constructor allocates.
#pragma once

#include <algorithm>
#include <atomic>
#include <broadside/rate_limit.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <rate/gcra.hpp>
#include <rate/quota.hpp>
#include <string>

namespace broadside::rate {

/// What messages cost, in each unit.
struct cost {
  std::uint32_t messages = 0;
  std::uint32_t parts = 0;
  std::uint32_t media = 0;

  [[nodiscard]] constexpr std::uint32_t in(limit_unit u) const noexcept {
    return u == limit_unit::messages ? messages : u == limit_unit::parts ? parts : media;
  }
  constexpr cost& operator+=(const cost& o) noexcept {
    messages += o.messages;
    parts += o.parts;
    media += o.media;
    return *this;
  }
};

/// There may be 200,000, drawn on in any order: what a message's decision touches is one cache line, of its own, so
/// that shards which use different keys do not meet; the rest stands elsewhere.
class alignas(64) limit_key {
 public:
  /// No calendar: no quota.
  limit_key(std::string name, limit_unit counts, rate_limit, std::optional<calendar> days, std::uint64_t quota_most,
            time_point start);

  [[no_unique_address]] gcra rate;  // its last bytes are used by what follows
  const limit_unit counts;

  [[nodiscard]] const std::string& name() const noexcept { return rest_->name; }
  /// Null: there is no daily number.
  [[nodiscard]] quota* daily() const noexcept { return has_daily_ ? &*rest_->daily : nullptr; }

  /// Nothing is given before `until`: the provider said so. Of several that ends last counts: an answer that names no
  /// time, to a request that was on its way, does not shorten what another one told. change() leaves it as it is.
  void pause(time_point until) noexcept;
  [[nodiscard]] time_point paused_until() const noexcept {
    return detail::at(paused_until_.load(std::memory_order_relaxed));
  }

  /// The first instant, now or later, from which n units can be taken of the rate, and the pause is over.
  [[nodiscard]] time_point paced_at(std::uint32_t n, time_point now) const noexcept {
    return std::max(rate.ready_at(n, now), paused_until());
  }
  /// The first instant, now or later, from which n units can be taken: of the rate, the pause and the quota, whichever
  /// comes last. Stale when it is read.
  [[nodiscard]] time_point ready_at(std::uint32_t n, time_point now, wall_time wall) const noexcept {
    const auto paced = paced_at(n, now);
    return has_daily_ ? std::max(paced, day_at(n, now, wall)) : paced;
  }
  /// The first instant, now or later, at which the day has n units. Now without a quota.
  [[nodiscard]] time_point day_at(std::uint32_t n, time_point now, wall_time wall) const noexcept {
    if (!has_daily_) return now;
    const wall_time open = daily()->ready_at(n, wall);
    return open > wall ? now + std::chrono::duration_cast<duration>(open - wall) : now;
  }
  /// Whether it is the quota, rather than rate or pause, that comes last.
  [[nodiscard]] bool quota_binds(std::uint32_t n, time_point now, wall_time wall) const noexcept {
    return has_daily_ && day_at(n, now, wall) > paced_at(n, now);
  }

  /// How far it is used. A shard says when the first of its messages begins to wait for the key's permissions and when
  /// none does any more. allowed() counts what the rate gives meanwhile, what was there at the beginning, and takes
  /// off what is left at the end: nobody wanted that. So it is what was taken and what ran over while somebody waited.
  /// It is never less than taken(), which counts take()s. Nothing of this is counted while there is no rate.
  void wanted(time_point now) noexcept;
  void unwanted(time_point now) noexcept;
  void count_taken(std::uint32_t n) noexcept {
    if (!rate.unlimited() || has_daily_) taken_.fetch_add(n, std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t taken() const noexcept { return taken_.load(std::memory_order_relaxed); }
  [[nodiscard]] double allowed(time_point now) const noexcept;

  /// Another rate and, where there is a quota, another daily number; zero: none, though it goes on counting.
  void change(rate_limit, std::uint64_t quota_most, time_point now) noexcept;
  [[nodiscard]] rate_limit limit() const noexcept;  // what it was told last

 private:
  struct account {
    account(std::string its_name, rate_limit);

    const std::string name;
    std::optional<quota> daily;
    // How many shards want it (the low eight bits) and since when somebody does, in units of 16 ns.
    std::atomic<std::uint64_t> wanting{0};
    std::atomic<double> allowed{0};  // of the times that are over
    std::atomic<double> told_per_second;
    std::atomic<std::uint32_t> told_burst;
  };

  void add_allowed(double n) noexcept;

  bool has_daily_ = false;
  std::atomic<std::int64_t> paused_until_;  // steady-clock ns
  std::atomic<std::uint64_t> taken_{0};
  const std::unique_ptr<account> rest_;
};

}  // namespace broadside::rate
