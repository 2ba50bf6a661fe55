// rate/gcra - tests: the ceiling over every window, the use of what is allowed, and exact instants, all in virtual
// time.
#include <algorithm>
#include <atomic>
#include <barrier>
#include <chrono>
#include <cmath>
#include <limits>
#include <random>
#include <rate/gcra.hpp>
#include <support/catch.hpp>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

using broadside::rate_limit;
using broadside::time_point;
using broadside::rate::gcra;
using broadside::rate::grant;
using namespace std::chrono_literals;
using std::chrono::nanoseconds;

namespace {

constexpr time_point start{1'000'000s};

struct taken {
  time_point at;
  std::uint32_t count;
};

/// The first window that holds more than rate * W + burst, by looking at every pair of takes; false: there is none.
bool exceeds(std::vector<taken> all, double per_second, std::uint32_t burst) {
  std::ranges::stable_sort(all, {}, &taken::at);
  for (std::size_t i = 0; i < all.size(); ++i) {
    std::uint64_t sum = 0;
    for (std::size_t j = i; j < all.size(); ++j) {
      sum += all[j].count;
      const auto window = static_cast<long double>(nanoseconds{all[j].at - all[i].at}.count()) / 1e9L;
      if (static_cast<long double>(sum) > window * static_cast<long double>(per_second) + burst + 1e-9L) return true;
    }
  }
  return false;
}

/// As many of n as are there.
grant take_up_to(gcra& limit, std::uint32_t n, time_point now) {
  const auto there = limit.available(n, now);
  return there == 0 ? grant{.count = 0, .ready_at = limit.ready_at(1, now)} : limit.try_take(there, now);
}

std::uint64_t total(const std::vector<taken>& all) {
  std::uint64_t sum = 0;
  for (const auto& each : all) sum += each.count;
  return sum;
}

}  // namespace

TEST_CASE("gcra: the brute force that judges the others finds a window that is too full", "[rate]") {
  REQUIRE_FALSE(exceeds({{start, 1}, {start + 1s, 1}, {start + 2s, 1}}, 1, 1));
  REQUIRE(exceeds({{start, 1}, {start + 999ms, 1}}, 1, 1));
  REQUIRE_FALSE(exceeds({{start, 2}, {start + 1s, 1}}, 1, 2));
  REQUIRE(exceeds({{start + 1s, 2}, {start, 2}}, 1, 2));
}

TEST_CASE("gcra: starts with one message, whatever the burst", "[rate]") {
  const auto burst = GENERATE(1U, 2U, 100U, 1'000'000U);
  gcra limit{{10, burst}, start};
  REQUIRE(limit.available(1'000, start) == 1);
  REQUIRE(limit.try_take(1, start).count == 1);
  const auto second = limit.try_take(1, start);
  REQUIRE(second.count == 0);
  REQUIRE(second.ready_at == start + 100ms);
}

TEST_CASE("gcra: after a pause the burst may leave at once, and not one more", "[rate]") {
  gcra limit{{10, 5}, start};
  const auto later = start + 1h;
  REQUIRE(limit.available(100, later) == 5);
  const auto got = take_up_to(limit, 100, later);
  REQUIRE(got.count == 5);
  REQUIRE(take_up_to(limit, 100, later).ready_at == later + 100ms);
  REQUIRE(take_up_to(limit, 100, later + 100ms).count == 1);
  REQUIRE(take_up_to(limit, 100, later + 350ms).count == 2);
}

TEST_CASE("gcra: ready_at is the first instant, not one nanosecond later", "[rate]") {
  const auto [per_second, n] =
      GENERATE(table<double, std::uint32_t>({{3, 1}, {7, 4}, {0.01, 1}, {4'999'999, 3}, {1'000, 9}}));
  gcra limit{{per_second, 4}, start};
  auto now = start;
  std::mt19937_64 random{5};
  for (int i = 0; i < 200; ++i) {
    const auto refused = limit.try_take(n, now);
    if (refused.count == n) continue;
    REQUIRE(refused.ready_at > now);
    REQUIRE(limit.ready_at(n, now) == refused.ready_at);
    REQUIRE(limit.try_take(n, refused.ready_at - 1ns).count == 0);
    now = refused.ready_at;
    REQUIRE(limit.try_take(n, now).count == n);
    now += nanoseconds{random() % 1'000};
  }
}

TEST_CASE("gcra: no window holds more than its rate and one burst", "[rate]") {
  const auto [per_second, burst] = GENERATE(
      table<double, std::uint32_t>({{1, 1}, {3, 1}, {7.7, 10}, {1'000, 50}, {99'991, 3}, {5'000'000, 100}, {0.01, 2}}));
  std::mt19937_64 random{static_cast<std::uint64_t>(per_second * 100) + burst};
  for (int round = 0; round < 5; ++round) {
    gcra limit{{per_second, burst}, start};
    std::vector<taken> all;
    auto now = start;
    const auto step = std::max<std::uint64_t>(static_cast<std::uint64_t>(3e9 / per_second), 1);
    for (int i = 0; i < 600; ++i) {
      if (random() % 50 == 0) now += nanoseconds{step * burst};  // a pause
      now += nanoseconds{random() % step};
      const auto at = random() % 10 == 0 ? now - nanoseconds{random() % (5 * step)} : now;  // a clock that is behind
      const auto n = static_cast<std::uint32_t>(1 + random() % (burst + 1));
      const auto got = random() % 2 == 0 && n <= burst ? limit.try_take(n, at) : take_up_to(limit, n, at);
      REQUIRE(got.count <= n);
      if (got.count > 0) all.push_back({at, got.count});
    }
    REQUIRE(all.size() > 50);
    REQUIRE_FALSE(exceeds(all, per_second, burst));
  }
}

TEST_CASE("gcra: a hungry taker gets at least 99 % of what is allowed", "[rate]") {
  const double per_second =
      GENERATE(0.01, 0.3, 1.0, 3.0, 7.7, 1'000.0, 99'991.0, 1'234'567.0, 4'999'999.0, 5'000'000.0);
  gcra limit{{per_second, 1}, start};
  auto now = start;
  std::vector<taken> all;
  for (int i = 0; i < 2'000; ++i) {
    const auto got = limit.try_take(1, now);
    if (got.count == 1) all.push_back({now, 1});
    now = std::max(now, limit.ready_at(1, now));
  }
  REQUIRE_FALSE(exceeds(all, per_second, 1));
  const double seconds = std::chrono::duration<double>(now - start).count();
  REQUIRE(static_cast<double>(total(all)) >= 0.99 * per_second * seconds);
}

TEST_CASE("gcra: a taker that comes on a coarse clock uses the rate through its burst", "[rate]") {
  gcra limit{{100'000, 200}, start};
  std::vector<taken> all;
  for (int ms = 0; ms <= 1'000; ++ms) {
    const auto now = start + std::chrono::milliseconds{ms};
    const auto got = take_up_to(limit, 1'000, now);
    if (got.count > 0) all.push_back({now, got.count});
  }
  REQUIRE(total(all) >= 99'000);
  REQUIRE_FALSE(exceeds(all, 100'000, 200));
}

TEST_CASE("gcra: rates above the documented range are capped, odd ones hold the ceiling", "[rate]") {
  for (const double per_second : {1'000'000'007.0, 1e300, std::numeric_limits<double>::infinity()}) {
    gcra limit{{per_second, 1}, start};
    REQUIRE(limit.try_take(1, start).count == 1);
    REQUIRE(limit.try_take(1, start).ready_at == start + 200ns);
  }
  gcra slow{{1e-9, 1'000'000}, start};
  REQUIRE(slow.try_take(1, start).count == 1);
  REQUIRE(slow.ready_at(1, start) >= start + 1'000'000s);
  gcra unknown{{std::nan(""), 1}, start};
  REQUIRE(unknown.try_take(1, start).count == 1);
  REQUIRE(unknown.try_take(1, start + 1h).count == 0);
}

TEST_CASE("gcra: the interval is the smallest in whole nanoseconds that holds the rate", "[rate]") {
  std::mt19937_64 random{3};
  std::vector<double> rates{0.000001, 0.1, 1.0 / 3, 1, 3, 7, 1e6 / 7, 4'999'999, 5'000'000};
  for (int i = 0; i < 2'000; ++i) rates.push_back(std::pow(10.0, static_cast<double>(random() % 12'690) / 1'000 - 6));
  for (const double per_second : rates) {
    gcra limit{{per_second, 1}, start};
    REQUIRE(limit.try_take(1, start).count == 1);
    const auto interval = static_cast<long double>(nanoseconds{limit.ready_at(1, start) - start}.count());
    CAPTURE(per_second, interval);
    REQUIRE(interval * static_cast<long double>(per_second) >= 1e9L);
    REQUIRE((interval - 1) * static_cast<long double>(per_second) < 1e9L);
  }
}

TEST_CASE("gcra: a rate of zero is no limit", "[rate]") {
  gcra limit{{0, 1}, start};
  REQUIRE(limit.unlimited());
  for (int i = 0; i < 100; ++i) REQUIRE(limit.try_take(1'000'000, start).count == 1'000'000);
  auto got = take_up_to(limit, 7, start);
  REQUIRE(got.count == 7);
  REQUIRE(limit.give_back(got, 3));
  REQUIRE(got.count == 4);
  REQUIRE(limit.ready_at(1, start) == start);
  REQUIRE(limit.available(9, start) == 9);
}

TEST_CASE("gcra: taking nothing changes nothing", "[rate]") {
  gcra limit{{1, 1}, start};
  REQUIRE(limit.try_take(1, start).count == 1);
  REQUIRE(limit.try_take(0, start).ready_at == start);
  REQUIRE(take_up_to(limit, 0, start).count == 0);
  REQUIRE(limit.ready_at(1, start) == start + 1s);
}

TEST_CASE("gcra: time running backwards gives nothing more and changes nothing", "[rate]") {
  gcra limit{{10, 2}, start};
  REQUIRE(limit.try_take(2, start + 10s).count == 2);
  REQUIRE(limit.try_take(1, start).count == 0);
  REQUIRE(limit.try_take(1, time_point::min()).count == 0);
  REQUIRE(limit.ready_at(1, start + 10s) == start + 10s + 100ms);
}

TEST_CASE("gcra: clocks at the ends of time neither overflow nor give more", "[rate]") {
  gcra limit{{0.000001, 1'000'000}, start};
  REQUIRE(take_up_to(limit, 5, time_point::min()).count == 0);
  const auto got = limit.try_take(std::numeric_limits<std::uint32_t>::max(), time_point::max());
  REQUIRE(got.count > 0);
  REQUIRE(limit.try_take(1, time_point::max()).count == 0);
  REQUIRE(limit.try_take(1, start).count == 0);
  gcra late{{1, 1'000'000}, time_point::max()};
  (void)late.try_take(1, time_point::max());
  gcra early{{1, 1'000'000}, time_point::min()};
  REQUIRE(early.try_take(1, start).count == 1);
}

TEST_CASE("gcra: more than the burst is granted when the bucket is full, and paid by waiting", "[rate]") {
  gcra limit{{10, 5}, start};
  const auto first = limit.try_take(20, start);
  REQUIRE(first.count == 0);
  REQUIRE(first.ready_at == start + 400ms);  // four more until it is full
  REQUIRE(limit.try_take(20, start + 400ms - 1ns).count == 0);
  REQUIRE(limit.try_take(20, start + 400ms).count == 20);
  REQUIRE(limit.ready_at(1, start + 400ms) == start + 400ms + 1'600ms);
  REQUIRE(limit.ready_at(20, start + 400ms) == start + 400ms + 2s);
}

TEST_CASE("gcra: what is given back at once is there again, and no more than that", "[rate]") {
  gcra limit{{10, 5}, start};
  const auto now = start + 1h;
  auto got = take_up_to(limit, 5, now);
  REQUIRE(limit.give_back(got, 2));
  REQUIRE(got.count == 3);
  REQUIRE(limit.available(100, now) == 2);
  REQUIRE(limit.give_back(got, 1));
  REQUIRE(limit.available(100, now) == 3);
  REQUIRE(limit.give_back(got, 100));
  REQUIRE(got.count == 0);
  REQUIRE(limit.available(100, now) == 5);
  REQUIRE(limit.give_back(got, 1));
  REQUIRE(limit.available(100, now) == 5);
}

TEST_CASE("gcra: what others have taken past is not given back", "[rate]") {
  gcra limit{{1, 1}, start};
  auto old = limit.try_take(1, start);
  REQUIRE(limit.try_take(1, start + 1s).count == 1);
  REQUIRE_FALSE(limit.give_back(old, 1));
  // With a plain refund this would be the second message of one instant.
  REQUIRE(limit.try_take(1, start + 1s).count == 0);
}

TEST_CASE("gcra: giving back never makes room, in any order", "[rate]") {
  const auto [per_second, burst] = GENERATE(table<double, std::uint32_t>({{10, 1}, {10, 4}, {1'000, 20}, {3, 2}}));
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    std::mt19937_64 random{seed};
    gcra limit{{per_second, burst}, start};
    struct held {
      time_point at;
      grant what;
    };
    std::vector<held> grants;
    auto now = start;
    const auto step = static_cast<std::uint64_t>(1e9 / per_second);
    int given_back = 0;
    for (int i = 0; i < 400; ++i) {
      now += nanoseconds{random() % step};
      if (random() % 3 != 0 || grants.empty()) {
        const auto got = take_up_to(limit, static_cast<std::uint32_t>(1 + random() % burst), now);
        if (got.count > 0) grants.push_back({now, got});
        continue;
      }
      const auto back = std::min<std::size_t>(grants.size(), 1 + random() % 3);  // often the last, sometimes older
      auto& one = grants[grants.size() - back].what;
      const auto before = one.count;
      if (limit.give_back(one, static_cast<std::uint32_t>(1 + random() % burst))) {
        ++given_back;
      } else {
        one = {.count = before};  // forgotten: it counts as taken
      }
    }
    std::vector<taken> all;
    for (const auto& each : grants) {
      if (each.what.count > 0) all.push_back({each.at, each.what.count});
    }
    REQUIRE(given_back > 0);
    REQUIRE_FALSE(exceeds(all, per_second, burst));
  }
}

TEST_CASE("gcra: threads that share a clock hold the ceiling together and use it", "[rate]") {
  const auto setting = GENERATE(table<double, std::uint32_t>({{1'000'000, 50}, {5'000'000, 1}, {10'000, 8}}));
  const double per_second = std::get<0>(setting);  // clang 14: lambdas cannot capture structured bindings
  const std::uint32_t burst = std::get<1>(setting);
  gcra limit{{per_second, burst}, start};
  std::atomic<std::int64_t> clock{0};
  constexpr int hands = 4;
  const auto end = static_cast<std::int64_t>(1'500 * 1e9 / per_second);
  const auto tick = static_cast<std::int64_t>(125e6 / per_second);  // an eighth of an interval
  std::vector<std::vector<taken>> each(hands);
  std::vector<std::thread> threads;
  for (int h = 0; h < hands; ++h) {
    threads.emplace_back([&, h] {
      std::mt19937_64 random{static_cast<std::uint64_t>(h)};
      auto& mine = each[static_cast<std::size_t>(h)];
      for (;;) {
        const auto t = clock.load();
        if (t > end) return;
        const auto now = start + nanoseconds{t};
        auto got = take_up_to(limit, static_cast<std::uint32_t>(1 + random() % burst), now);
        if (got.count > 1 && random() % 8 == 0) {
          const auto before = got.count;
          if (!limit.give_back(got, 1)) got.count = before;
        }
        if (got.count > 0) mine.push_back({now, got.count});
        // Time passes only for the hungry, and once for all of them.
        if (auto seen = t; got.count == 0) {
          clock.compare_exchange_strong(seen, t + static_cast<std::int64_t>(random() % 2) * tick);
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  std::vector<taken> all;
  for (const auto& mine : each) all.insert(all.end(), mine.begin(), mine.end());
  REQUIRE_FALSE(exceeds(all, per_second, burst));
  REQUIRE(total(all) >= 1'300);
}

TEST_CASE("gcra: threads empty one full bucket to the last message and not further", "[rate]") {
  constexpr std::uint32_t burst = 1'000'000;
  gcra limit{{1, burst}, start};
  const auto now = start + 1'000h;
  std::vector<std::uint64_t> each(4);
  std::barrier together{4};
  std::vector<std::thread> threads;
  for (auto& count : each) {
    threads.emplace_back([&, now] {
      std::uint64_t mine = 0;
      together.arrive_and_wait();
      while (take_up_to(limit, 1, now).count == 1) ++mine;
      count = mine;
    });
  }
  for (auto& thread : threads) thread.join();
  REQUIRE(each[0] + each[1] + each[2] + each[3] == burst);
}

TEST_CASE("gcra: what is promised to one is not promised to another, and takes nothing", "[rate]") {
  gcra limit{{10, 5}, start};
  const auto full = start + 1h;
  REQUIRE(limit.promise(3, full) == 3);
  REQUIRE(limit.promise(3, full) == 2);
  REQUIRE(limit.promise(1, full) == 0);
  REQUIRE(limit.available(5, full) == 5);
  limit.end_promise(3);
  REQUIRE(limit.promise(9, full) == 3);
}

TEST_CASE("gcra: a promise that is kept late takes its permission at that instant", "[rate]") {
  gcra limit{{10, 1}, start};
  REQUIRE(limit.promise(1, start) == 1);
  REQUIRE(limit.promise(1, start + 10s) == 0);  // one is as much as may leave at once, whenever that is
  REQUIRE(limit.try_take(1, start + 10s).count == 1);
  limit.end_promise(1);
  REQUIRE(limit.promise(1, start + 10s) == 0);
  REQUIRE(limit.promise(1, start + 10s + 100ms) == 1);
}

TEST_CASE("gcra: who got no promise is told a later instant to ask again, and not a needlessly late one", "[rate]") {
  gcra limit{{10, 5}, start};
  const auto now = start + 1h;
  REQUIRE(limit.promise(5, now) == 5);
  REQUIRE(limit.promise_at(now) > now);
  REQUIRE(limit.promise_at(now) <= now + 1ms);
  REQUIRE(take_up_to(limit, 5, now).count == 5);
  limit.end_promise(5);
  REQUIRE(limit.promise_at(now) == now + 100ms);
  gcra unlimited{{}, start};
  REQUIRE(unlimited.promise(1'000'000, now) == 1'000'000);
}

TEST_CASE("gcra: threads are never promised more than there is", "[rate]") {
  constexpr std::uint32_t burst = 1000;
  gcra limit{{1, burst}, start};
  const auto now = start + 1'000h;
  std::atomic<std::uint32_t> out{0};
  std::atomic<std::uint32_t> most{0};
  std::barrier together{4};
  std::vector<std::thread> threads;
  for (std::uint32_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, now, t] {
      together.arrive_and_wait();
      for (int i = 0; i < 2'000; ++i) {
        const std::uint32_t got = limit.promise(100 + 37 * t, now);
        const std::uint32_t sum = out.fetch_add(got) + got;
        for (auto seen = most.load(); seen < sum && !most.compare_exchange_weak(seen, sum);) {
        }
        out.fetch_sub(got);
        limit.end_promise(got);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  REQUIRE(most <= burst);
  REQUIRE(limit.promise(burst, now) == burst);
}
