// rate - tests under seeded schedules: a few threads on one limit, on two and on a day, while limits change; every
// interleaving fixed by a seed.
//
// A failure prints the seed; put it into `first_seed` and set `seeds` to 1 to run that interleaving alone.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <env/random.hpp>
#include <functional>
#include <rate/limit_set.hpp>
#include <support/catch.hpp>
#include <support/sched_atomic.hpp>
#include <utility>
#include <vector>

using namespace broadside;
using namespace std::chrono_literals;
using broadside::support::sched_atomic;
using broadside::support::schedule;
using scheduled = rate::basic_gcra<sched_atomic>;

namespace {

constexpr std::uint64_t first_seed = 1;
constexpr std::uint64_t seeds = 500;
constexpr std::uint64_t fewer_seeds = 200;
constexpr time_point start{1h};
constexpr rate_limit hundred_per_second{.per_second = 100, .burst = 4};
constexpr rate_limit thousand_per_second{.per_second = 1'000, .burst = 40};

/// A limit_key whose atomics are scheduled.
struct scheduled_key {
  explicit scheduled_key(rate_limit limit) : rate(limit, start) {}
  [[nodiscard]] time_point paused_until() const noexcept { return time_point::min(); }
  void count_taken(std::uint32_t n) noexcept { taken.fetch_add(n, std::memory_order_relaxed); }

  limit_unit counts = limit_unit::messages;
  scheduled rate;
  sched_atomic<std::uint32_t> taken{0U};
};

/// Messages that left, and when.
using departures = std::vector<std::pair<time_point, std::uint32_t>>;

/// Whether no window of them holds more than the limit has for it: taken(W) <= 100 W + burst.
bool within(departures left, std::uint32_t burst) {
  std::sort(left.begin(), left.end());
  for (std::size_t i = 0; i < left.size(); ++i) {
    std::int64_t taken = 0;
    for (std::size_t k = i; k < left.size(); ++k) {
      taken += left[k].second;
      if (taken > burst + (left[k].first - left[i].first) / 10ms) return false;
    }
  }
  return true;
}

std::uint32_t total(const departures& left) {
  std::uint32_t n = 0;
  for (const auto& [when, count] : left) n += count;
  return n;
}

/// Three threads whose clocks disagree by a little take, give back and hold promises.
void use(scheduled& one, std::uint64_t seed, std::uint32_t thread, departures& left) {
  random_bits random(seed * 8 + thread);
  time_point now = start + std::chrono::microseconds(random.below(300));
  for (int turn = 0; turn < 12 && !schedule::failed(); ++turn) {
    now += std::chrono::microseconds(random.below(20'000));
    const auto wanted = static_cast<std::uint32_t>(1 + random.below(3));
    const std::uint32_t promised = one.promise(wanted, now);
    rate::grant got = one.try_take(wanted, now);
    const bool unused = random.below(4) == 0;
    if (got.count > 0 && unused) {
      const std::uint32_t n = got.count;
      if (one.give_back(got, n))
        got = {};
      else
        got.count = n;  // lost: it counts as used
    }
    if (got.count > 0) left.emplace_back(now, got.count);
    one.end_promise(promised);
  }
}

}  // namespace

TEST_CASE("rate: no interleaving of takers makes a limit give more than it has in any window", "[rate]") {
  for (std::uint64_t seed = first_seed; seed < first_seed + seeds; ++seed) {
    CAPTURE(seed);
    scheduled one(hundred_per_second, start);
    std::array<departures, 3> left;
    std::vector<std::function<void()>> bodies;
    for (std::uint32_t t = 0; t < 3; ++t) bodies.emplace_back([&, t] { use(one, seed, t, left[t]); });
    schedule order(seed);
    REQUIRE(order.run(std::move(bodies)));
    departures all;
    for (const auto& some : left) all.insert(all.end(), some.begin(), some.end());
    REQUIRE(total(all) > 0);
    REQUIRE(within(all, hundred_per_second.burst));
    REQUIRE(one.promise(100, start + 1h) == hundred_per_second.burst);  // every promise was ended
  }
}

TEST_CASE("rate: what a message takes of two limits it takes of both or of neither, in any interleaving", "[rate]") {
  for (std::uint64_t seed = first_seed; seed < first_seed + seeds; ++seed) {
    CAPTURE(seed);
    constexpr rate_limit narrow{.per_second = 100, .burst = 2};
    scheduled_key route(hundred_per_second);
    scheduled_key sender(narrow);
    const std::array<scheduled_key*, 2> forwards{&route, &sender};
    const std::array<scheduled_key*, 2> backwards{&sender, &route};  // the other order: they must not block each other
    std::array<departures, 3> left;
    std::vector<std::function<void()>> bodies;
    for (std::uint32_t t = 0; t < 3; ++t) {
      bodies.emplace_back([&, t] {
        random_bits random(seed * 8 + t);
        time_point now = start;
        for (int turn = 0; turn < 12; ++turn) {
          now += std::chrono::microseconds(random.below(20'000));
          const std::span<scheduled_key* const> both = t == 1 ? backwards : forwards;
          const rate::denial no = rate::detail::try_take(both, {.messages = 1}, now);
          if (!no.denied()) left[t].emplace_back(now, 1);
        }
      });
    }
    schedule order(seed);
    REQUIRE(order.run(std::move(bodies)));
    departures all;
    for (const auto& some : left) all.insert(all.end(), some.begin(), some.end());
    REQUIRE(total(all) > 0);
    REQUIRE(within(all, narrow.burst));
    REQUIRE(route.taken.load(std::memory_order_relaxed) == total(all));
    REQUIRE(sender.taken.load(std::memory_order_relaxed) == total(all));
    // What nobody could use was lost at most: both are full again, and no fuller.
    REQUIRE(route.rate.available(9, start + 1h) == hundred_per_second.burst);
    REQUIRE(sender.rate.available(9, start + 1h) == narrow.burst);
  }
}

TEST_CASE("rate: promises of several threads are never more than can leave", "[rate]") {
  for (std::uint64_t seed = first_seed; seed < first_seed + seeds; ++seed) {
    CAPTURE(seed);
    scheduled one({.per_second = 100, .burst = 4}, start - 1s);  // full
    std::array<std::uint32_t, 3> got{};
    std::vector<std::function<void()>> bodies;
    for (std::size_t t = 0; t < 3; ++t) bodies.emplace_back([&, t] { got[t] = one.promise(3, start); });
    schedule order(seed);
    REQUIRE(order.run(std::move(bodies)));
    REQUIRE(got[0] + got[1] + got[2] == 4);
  }
}

TEST_CASE("rate: after a change no window holds more than the new limit, whoever takes meanwhile", "[rate]") {
  for (std::uint64_t seed = first_seed; seed < first_seed + fewer_seeds; ++seed) {
    CAPTURE(seed);
    // Full of the wider limit; what a thread takes after it has seen the narrower one counts as taken after the change.
    scheduled one(thousand_per_second, start - 1s);
    std::array<departures, 2> left;
    std::vector<std::function<void()>> bodies;
    for (std::uint32_t t = 0; t < 2; ++t) {
      bodies.emplace_back([&, t] {
        random_bits random(seed * 8 + t);
        for (int turn = 0; turn < 12; ++turn) {
          const bool is_narrow = one.burst() == hundred_per_second.burst;
          const time_point now = start + std::chrono::milliseconds(turn);
          rate::grant got = one.try_take(static_cast<std::uint32_t>(1 + random.below(4)), now);
          if (random.below(4) == 0 && one.give_back(got, 1)) continue;
          if (is_narrow && got.count > 0) left[t].emplace_back(now, got.count);
        }
      });
    }
    bodies.emplace_back([&] {
      one.change({}, start);
      one.change(thousand_per_second, start);
      one.change(hundred_per_second, start);
    });
    schedule order(seed);
    REQUIRE(order.run(std::move(bodies)));
    departures all = left[0];
    all.insert(all.end(), left[1].begin(), left[1].end());
    REQUIRE(within(all, hundred_per_second.burst));
    REQUIRE(one.available(100, start + 1h) == hundred_per_second.burst);
  }
}

TEST_CASE("rate: no promise outlives its end, whenever the limit goes and comes back", "[rate]") {
  for (std::uint64_t seed = first_seed; seed < first_seed + seeds; ++seed) {
    CAPTURE(seed);
    scheduled one(hundred_per_second, start - 1s);  // full
    std::vector<std::function<void()>> bodies;
    for (std::uint32_t t = 0; t < 2; ++t) {
      bodies.emplace_back([&, t] {
        random_bits random(seed * 8 + t);
        for (int turn = 0; turn < 6; ++turn) {
          one.end_promise(one.promise(static_cast<std::uint32_t>(1 + random.below(3)), start));
        }
      });
    }
    bodies.emplace_back([&] {
      for (int turn = 0; turn < 3; ++turn) {
        one.change({}, start);
        one.change(hundred_per_second, start);
      }
      one.change({}, start);
    });
    schedule order(seed);
    REQUIRE(order.run(std::move(bodies)));
    one.change(hundred_per_second, start);
    REQUIRE(one.promise(100, start + 1h) == hundred_per_second.burst);
  }
}

TEST_CASE("rate: a change takes nothing away and gives nothing but for what was taken meanwhile", "[rate]") {
  for (std::uint64_t seed = first_seed; seed < first_seed + fewer_seeds; ++seed) {
    CAPTURE(seed);
    scheduled one({.per_second = 1'000, .burst = 40}, start - 1s);
    std::array<std::uint32_t, 3> got{};
    std::vector<std::function<void()>> bodies;
    for (std::size_t t = 0; t < 3; ++t) {
      bodies.emplace_back([&, t] {
        for (int turn = 0; turn < 8; ++turn) got[t] += one.try_take(2, start).count;
      });
    }
    bodies.emplace_back([&] {  // nine generations: each place is used by several
      for (std::uint32_t n = 1; n <= 9; ++n) one.change({.per_second = 1'000.0 / n, .burst = 40 + n}, start);
    });
    schedule order(seed);
    REQUIRE(order.run(std::move(bodies)));
    while (one.try_take(1, start).count == 1) ++got[0];
    REQUIRE(got[0] + got[1] + got[2] == 40);
  }
}

TEST_CASE("rate: readers of a limit that changes see one limit or the other, never half of each", "[rate]") {
  for (std::uint64_t seed = first_seed; seed < first_seed + fewer_seeds; ++seed) {
    CAPTURE(seed);
    constexpr rate_limit slow{.per_second = 1, .burst = 1'000};
    constexpr rate_limit fast{.per_second = 1'000, .burst = 1};
    constexpr rate_limit middle{.per_second = 10, .burst = 30};  // a third: each of the two places has each in turn
    scheduled one(fast, start);
    REQUIRE(one.try_take(1, start).count == 1);
    std::array<bool, 2> right{true, true};
    std::vector<std::function<void()>> bodies;
    for (std::size_t t = 0; t < 2; ++t) {
      bodies.emplace_back([&, t] {
        for (int turn = 0; turn < 10; ++turn) {
          const auto ready = one.ready_at(1, start);  // one is spent, at either pace
          right[t] = right[t] && (ready == start + 1s || ready == start + 1ms || ready == start + 100ms) &&
                     one.available(9, start) == 0;
        }
      });
    }
    bodies.emplace_back([&] {
      for (int n = 0; n < 4; ++n) {
        one.change(slow, start);
        one.change(middle, start);
        one.change(fast, start);
      }
    });
    schedule order(seed);
    REQUIRE(order.run(std::move(bodies)));
    REQUIRE((right[0] && right[1]));
  }
}

TEST_CASE("rate: of a day no more is given than it has, by threads on both sides of midnight", "[rate]") {
  const auto days = rate::calendar::of("UTC").value();
  constexpr wall_time midnight{std::chrono::sys_days{std::chrono::year{2026} / 3 / 10}};
  for (std::uint64_t seed = first_seed; seed < first_seed + fewer_seeds; ++seed) {
    CAPTURE(seed);
    rate::basic_quota<sched_atomic> day(7, days);
    std::array<std::uint64_t, 3> before{};
    std::array<std::uint64_t, 3> after{};
    std::vector<std::function<void()>> bodies;
    for (std::size_t t = 0; t < 3; ++t) {
      bodies.emplace_back([&, t] {
        random_bits random(seed * 8 + t);
        for (int turn = 0; turn < 10; ++turn) {
          const auto now = midnight + std::chrono::milliseconds((turn - 5) * 10 + static_cast<int>(random.below(20)));
          const auto n = 1 + random.below(3);
          if (!day.try_take(n, now)) continue;
          const bool unused = random.below(4) == 0;
          if (unused) day.give_back(n, now);
          if (!unused) (now < midnight ? before : after)[t] += n;
        }
      });
    }
    schedule order(seed);
    REQUIRE(order.run(std::move(bodies)));
    const auto today = day.usage(midnight + 1h);
    REQUIRE(today.day_begin == midnight);
    REQUIRE(today.used <= 7);
    REQUIRE(after[0] + after[1] + after[2] <= today.used);
    REQUIRE(before[0] + before[1] + before[2] + after[0] + after[1] + after[2] <= 14);
    REQUIRE(day.available(midnight + 1h) == 7 - today.used);
  }
}
