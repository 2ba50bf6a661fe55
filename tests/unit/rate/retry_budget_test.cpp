// rate/retry_budget - tests: an outage is not doubled by those who try again.
#include <chrono>
#include <limits>
#include <rate/retry_budget.hpp>
#include <support/catch.hpp>
#include <thread>
#include <vector>

using broadside::time_point;
using broadside::rate::retry_budget;
using namespace std::chrono_literals;

namespace {
constexpr time_point start{1'000'000s};
}

TEST_CASE("retry_budget: of an outage in which all is tried for ever at most the share and a few come again",
          "[rate]") {
  const auto [share, least] = GENERATE(table<double, double>({{0.2, 1}, {0.01, 0.01}, {1, 10}, {0.5, 3.5}}));
  retry_budget budget(share, least, start);
  std::uint64_t first = 0;
  std::uint64_t again = 0;
  for (int ms = 0; ms < 60'000; ms += 5) {
    const auto now = start + std::chrono::milliseconds{ms};
    budget.first_attempts(2, now);
    first += 2;
    while (budget.try_take(1, now)) ++again;
  }
  const double most = share * static_cast<double>(first) + least * 60 + 10;
  REQUIRE(static_cast<double>(again) <= most + std::max(least, 1.0) + 1);
  REQUIRE(static_cast<double>(again) >= 0.99 * most - 2);
}

TEST_CASE("retry_budget: without first attempts ten, then a few a second are certain, at the instants it says",
          "[rate]") {
  retry_budget budget(0.2, 2, start);
  auto now = start;
  int again = 0;
  while (now < start + 10s) {
    REQUIRE(budget.try_take(1, now));
    ++again;
    if (budget.ready_at(now) == now) continue;
    REQUIRE_FALSE(budget.try_take(1, budget.ready_at(now) - 1ns));
    now = budget.ready_at(now);
  }
  REQUIRE(again >= 30);
  REQUIRE(again <= 32);
}

TEST_CASE("retry_budget: all or none, from the share first, and what was refused is not lost", "[rate]") {
  retry_budget budget(0.5, 2, start);
  REQUIRE(budget.try_take(10, start));
  budget.first_attempts(6, start);
  REQUIRE(budget.ready_at(start) == start);
  REQUIRE_FALSE(budget.try_take(5, start));  // three of the share and one of the second
  REQUIRE(budget.try_take(4, start));
  REQUIRE_FALSE(budget.try_take(1, start));
  REQUIRE(budget.ready_at(start) == start + 500ms);
  budget.first_attempts(1, start);
  REQUIRE_FALSE(budget.try_take(1, start));
  budget.first_attempts(1, start);
  REQUIRE(budget.try_take(1, start));
}

TEST_CASE("retry_budget: what is tried again seconds later finds the share of what was tried before", "[rate]") {
  retry_budget budget(0.2, 0.01, start);
  for (int i = 0; i < 50'000; ++i) budget.first_attempts(1, start);
  std::uint32_t again = 0;
  while (budget.try_take(1, start + 9s)) ++again;
  REQUIRE(again >= 10'000);
  REQUIRE(again <= 10'000 + 10 + 1);
}

TEST_CASE("retry_budget: a day without failures does not save up for a storm", "[rate]") {
  retry_budget budget(1, 1, start);
  for (int second = 0; second < 1'000; ++second) budget.first_attempts(50, start + std::chrono::seconds{second});
  std::uint32_t again = 0;
  const time_point storm = start + 1'000s;
  while (budget.try_take(1, storm)) ++again;
  REQUIRE(again >= 10 * 50);
  REQUIRE(again <= 20 * 50 + 10 + 2);
  retry_budget quiet(1, 1, start);
  quiet.first_attempts(10'000, start);
  again = 0;
  while (quiet.try_take(1, start + 24h)) ++again;
  REQUIRE(again <= 10 + 1);
}

TEST_CASE("retry_budget: odd numbers are taken as the nearest that make sense", "[rate]") {
  const double odd = std::numeric_limits<double>::quiet_NaN();
  for (const double number : {0.0, odd}) {
    retry_budget nothing(number, number, start);
    REQUIRE(nothing.try_take(10, start));
    nothing.first_attempts(1'000'000, start);
    REQUIRE(nothing.try_take(1, start));
    REQUIRE_FALSE(nothing.try_take(1, start + 1h));
  }
  retry_budget endless(1e300, std::numeric_limits<double>::infinity(), start);
  endless.first_attempts(10, start);
  REQUIRE(endless.try_take(20, start));
}

TEST_CASE("retry_budget: threads share it and together get no more", "[rate]") {
  retry_budget budget(0.25, 0.000001, start);
  std::vector<std::uint64_t> each(4);
  std::vector<std::thread> threads;
  for (auto& count : each) {
    threads.emplace_back([&] {
      std::uint64_t mine = 0;
      for (std::uint32_t i = 0; i < 20'000; ++i) {
        budget.first_attempts(1, start);
        mine += budget.try_take(1 + i % 2, start) ? 1 + i % 2 : 0;
      }
      count = mine;
    });
  }
  for (auto& thread : threads) thread.join();
  std::uint64_t again = each[0] + each[1] + each[2] + each[3];
  while (budget.try_take(1, start)) ++again;
  REQUIRE(again <= 20'011);
  REQUIRE(again >= 20'009);
}
