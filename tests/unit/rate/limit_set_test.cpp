// rate/limit_set - tests: all limits or none, who binds, and nothing lost on the way.
#include <array>
#include <atomic>
#include <chrono>
#include <random>
#include <rate/limit_set.hpp>
#include <span>
#include <support/catch.hpp>
#include <thread>
#include <vector>

using broadside::time_point;
using broadside::rate::end_promise;
using broadside::rate::gcra;
using broadside::rate::limits_max;
using broadside::rate::promise_at;
using broadside::rate::promise_up_to;
using broadside::rate::try_take;
using namespace std::chrono_literals;

namespace {
constexpr time_point start{1'000'000s};
}

TEST_CASE("limit_set: takes from all limits", "[rate]") {
  gcra route{{10, 4}, start};
  gcra sender{{10, 8}, start};
  const std::array limits{&route, &sender};
  const auto now = start + 1h;
  const auto got = try_take(limits, 3, now);
  REQUIRE(got.count == 3);
  REQUIRE(got.ready_at == now);
  REQUIRE(got.binding == limits_max);
  REQUIRE(route.available(100, now) == 1);
  REQUIRE(sender.available(100, now) == 5);
}

TEST_CASE("limit_set: a limit that denies leaves the others as they were, and is named", "[rate]") {
  gcra route{{100, 10}, start};
  gcra sender{{1, 1}, start};
  gcra wide{{0, 1}, start};
  const std::array limits{&route, &sender, &wide};
  const auto now = start + 1h;
  REQUIRE(try_take(limits, 1, now).count == 1);
  const auto denied = try_take(limits, 1, now);
  REQUIRE(denied.count == 0);
  REQUIRE(denied.binding == 1);
  REQUIRE(denied.ready_at == now + 1s);
  REQUIRE(route.available(100, now) == 9);
}

TEST_CASE("limit_set: what an earlier limit gave is given back when a later one changed its mind", "[rate]") {
  gcra route{{10, 1}, start};
  const std::array twice{&route, &route};  // each looks as if it had one, and the second take finds none
  const auto denied = try_take(twice, 1, start);
  REQUIRE(denied.count == 0);
  REQUIRE(denied.binding == 1);
  REQUIRE(denied.ready_at > start);
  REQUIRE(route.available(100, start) == 1);
}

TEST_CASE("limit_set: the latest of the instants is told when several deny", "[rate]") {
  gcra fast{{100, 1}, start};
  gcra slow{{1, 1}, start};
  gcra middle{{10, 1}, start};
  const std::array limits{&fast, &slow, &middle};
  REQUIRE(try_take(limits, 1, start).count == 1);
  const auto denied = try_take(limits, 1, start);
  REQUIRE(denied.count == 0);
  REQUIRE(denied.binding == 1);
  REQUIRE(denied.ready_at == start + 1s);
}

TEST_CASE("limit_set: no limits give everything, too many give nothing", "[rate]") {
  REQUIRE(try_take({}, 7, start).count == 7);
  REQUIRE(try_take({}, 0, start).ready_at == start);
  gcra one{{0, 1}, start};
  const std::vector<gcra*> five(5, &one);
  REQUIRE(try_take(five, 1, start).count == 0);
}

TEST_CASE("limit_set: threads with limits in different orders hold every ceiling and starve nobody", "[rate]") {
  gcra a{{1'000'000, 10}, start};
  gcra b{{500'000, 5}, start};
  std::atomic<std::int64_t> clock{0};
  std::array<std::uint64_t, 4> taken{};
  std::vector<std::thread> threads;
  constexpr std::int64_t end = 4'000'000;  // ns
  for (std::size_t h = 0; h < taken.size(); ++h) {
    threads.emplace_back([&, h] {
      const std::array<gcra*, 2> limits = h % 2 == 0 ? std::array{&a, &b} : std::array{&b, &a};
      std::uint64_t mine = 0;
      for (auto t = clock.load(); t <= end; t = clock.load()) {
        const auto got = try_take(limits, static_cast<std::uint32_t>(1 + h % 3), start + std::chrono::nanoseconds{t});
        mine += got.count;
        if (auto seen = t; got.count == 0) clock.compare_exchange_strong(seen, t + 100);
      }
      taken[h] = mine;
    });
  }
  for (auto& thread : threads) thread.join();
  std::uint64_t all = 0;
  for (const auto each : taken) all += each;
  REQUIRE(all <= 2'000 + 5);
  REQUIRE(all >= 1'900);
}

TEST_CASE("limit_set: a promise is of the same number by each limit, the tightest decides", "[rate]") {
  gcra wide{{10, 8}, start};
  gcra tight{{10, 3}, start};
  const std::array both{&wide, &tight};
  const auto full = start + 1h;
  REQUIRE(promise_up_to(both, 5, full) == 3);
  REQUIRE(promise_up_to(both, 5, full) == 0);
  REQUIRE(wide.promise(8, full) == 5);  // what the tight one did not promise was given back
  wide.end_promise(5);
  end_promise(both, 3);
  REQUIRE(promise_up_to(both, 2, full) == 2);
  REQUIRE(promise_at(both, full) > full);
  REQUIRE(promise_up_to({}, 7, full) == 7);
}
