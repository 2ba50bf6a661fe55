// rate - tests under seeded schedules: a few threads on one limit and on two, every interleaving fixed by a seed.
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
constexpr time_point start{1h};
constexpr rate_limit hundred_per_second{.per_second = 100, .burst = 4};

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
    scheduled route(hundred_per_second, start);
    scheduled sender(narrow, start);
    const std::array<scheduled*, 2> forwards{&route, &sender};
    const std::array<scheduled*, 2> backwards{&sender, &route};  // in the other order: they must not block each other
    std::array<departures, 3> left;
    std::vector<std::function<void()>> bodies;
    for (std::uint32_t t = 0; t < 3; ++t) {
      bodies.emplace_back([&, t] {
        random_bits random(seed * 8 + t);
        time_point now = start;
        for (int turn = 0; turn < 12; ++turn) {
          now += std::chrono::microseconds(random.below(20'000));
          const std::span<scheduled* const> both = t == 1 ? backwards : forwards;
          const auto got = rate::detail::try_take(both, 1, now);
          if (got.count > 0) left[t].emplace_back(now, got.count);
        }
      });
    }
    schedule order(seed);
    REQUIRE(order.run(std::move(bodies)));
    departures all;
    for (const auto& some : left) all.insert(all.end(), some.begin(), some.end());
    REQUIRE(total(all) > 0);
    REQUIRE(within(all, narrow.burst));
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
