// rate/quota - tests: so many a local day, whatever clocks and calendars do.
#include <atomic>
#include <chrono>
#include <limits>
#include <random>
#include <rate/quota.hpp>
#include <string>
#include <support/catch.hpp>
#include <thread>
#include <vector>

using namespace broadside;
using namespace broadside::rate;
using namespace std::chrono_literals;
using std::chrono::day;
using std::chrono::month;
using std::chrono::sys_days;
using std::chrono::year;

namespace {

wall_time utc(int y, unsigned m, unsigned d, std::chrono::minutes at = 0min) {
  return sys_days{year{y} / month{m} / day{d}} + at;
}

calendar zone(const std::string& name) { return calendar::of(name).value(); }

const wall_time noon = utc(2026, 3, 10, 12h);

}  // namespace

TEST_CASE("quota: gives what a day has and opens again at midnight, not a nanosecond before", "[rate]") {
  quota day(10, zone("UTC"));
  REQUIRE(day.available(noon) == 10);
  REQUIRE(day.try_take(7, noon));
  REQUIRE_FALSE(day.try_take(4, noon));
  REQUIRE(day.available(noon) == 3);
  REQUIRE(day.try_take(3, noon + 11h));
  REQUIRE_FALSE(day.try_take(1, noon + 12h - 1ns));
  REQUIRE(day.ready_at(1, noon) == noon + 12h);
  REQUIRE(day.try_take(1, noon + 12h));
  REQUIRE(day.available(noon + 12h) == 9);
  REQUIRE(day.ready_at(9, noon + 12h) == noon + 12h);
  REQUIRE(day.ready_at(10, noon + 12h) == noon + 36h);
}

TEST_CASE("quota: every local day has its number once, on days of 22 to 25 hours too", "[rate]") {
  const auto [name, begin] = GENERATE(table<std::string, wall_time>({{"America/Los_Angeles", utc(2026, 3, 6)},
                                                                     {"America/Los_Angeles", utc(2026, 10, 30)},
                                                                     {"Europe/London", utc(2026, 3, 27)},
                                                                     {"Europe/London", utc(2026, 10, 23)},
                                                                     {"America/Havana", utc(2026, 3, 6)},
                                                                     {"America/Havana", utc(2026, 10, 30)},
                                                                     {"Australia/Lord_Howe", utc(2026, 4, 3)},
                                                                     {"Australia/Lord_Howe", utc(2026, 10, 2)},
                                                                     {"Antarctica/Troll", utc(2026, 3, 27)},
                                                                     {"Asia/Kathmandu", utc(2026, 3, 27)},
                                                                     {"Africa/Monrovia", utc(1971, 12, 30)}}));
  CAPTURE(name, begin.time_since_epoch().count());
  const auto days = zone(name);
  quota day(5, days);
  std::mt19937_64 random{1};
  auto today = days.day_begin(begin);
  std::uint64_t taken = 0;
  bool right = true;
  // Off-quarter midnights of zones before 1972 count up to a quarter of an hour late, as a clock does that is behind.
  const auto slack = name == "Africa/Monrovia" ? 15min : 0min;
  for (auto now = begin; now < begin + 24h * 5; now += std::chrono::seconds{random() % 90}) {
    if (days.day_begin(now) != today) {
      if (slack > 0min && now < days.day_begin(now) + slack) continue;
      right = right && taken == 5;
      today = days.day_begin(now);
      taken = 0;
    }
    taken += day.try_take(1, now) ? 1 : 0;
    right = right && taken <= 5 && (taken == 5) == (day.available(now) == 0);
    if (taken == 5) right = right && day.ready_at(1, now) == days.next_day(now);
  }
  REQUIRE(right);
}

TEST_CASE("quota: a clock that was set back goes on counting in the day that was reached", "[rate]") {
  quota day(10, zone("America/New_York"));
  REQUIRE(day.try_take(4, noon));
  REQUIRE(day.try_take(4, noon - 24h));
  REQUIRE_FALSE(day.try_take(4, noon - 24h));
  REQUIRE(day.available(noon - 48h) == 2);
  REQUIRE(day.ready_at(4, noon - 48h) == utc(2026, 3, 11, 4h));
  REQUIRE(day.usage(noon - 24h).day_begin == utc(2026, 3, 10, 4h));
  REQUIRE(day.usage(noon).used == 8);
}

TEST_CASE("quota: a clock that was set forward begins the day it is in", "[rate]") {
  quota day(10, zone("America/New_York"));
  REQUIRE(day.try_take(10, noon));
  REQUIRE(day.try_take(10, noon + 24h * 400));
  REQUIRE_FALSE(day.try_take(1, noon));
  REQUIRE(day.ready_at(1, noon) == utc(2027, 4, 15, 4h));
}

TEST_CASE("quota: more than the number of a day is given when nothing of it was taken, rather than never", "[rate]") {
  quota day(10, zone("UTC"));
  REQUIRE(day.try_take(1, noon));
  REQUIRE_FALSE(day.try_take(25, noon));
  REQUIRE(day.ready_at(25, noon) == noon + 12h);
  REQUIRE(day.try_take(25, noon + 12h));
  REQUIRE_FALSE(day.try_take(1, noon + 12h));
  REQUIRE(day.usage(noon + 12h).used == 25);
  quota huge(quota::most_max, zone("UTC"));
  REQUIRE(huge.try_take(std::numeric_limits<std::uint64_t>::max(), noon));
  REQUIRE_FALSE(huge.try_take(1, noon));
  REQUIRE(huge.usage(noon).day_begin == utc(2026, 3, 10));
}

TEST_CASE("quota: what did not leave is given back to its own day only", "[rate]") {
  quota day(10, zone("America/New_York"));
  const auto midnight = utc(2026, 3, 11, 4h);
  REQUIRE(day.try_take(6, midnight - 1s));
  day.give_back(2, midnight - 1s);
  REQUIRE(day.available(midnight - 1s) == 6);
  REQUIRE(day.try_take(3, midnight));
  day.give_back(4, midnight - 1s);  // it was of the day before
  REQUIRE(day.available(midnight) == 7);
  day.give_back(2, midnight);
  REQUIRE(day.available(midnight) == 9);
  day.give_back(1'000, midnight);  // never more than was taken
  REQUIRE(day.available(midnight) == 10);
  quota fresh(10, zone("America/New_York"));
  fresh.restore({midnight, 5});
  fresh.give_back(1, midnight + 1h);  // before any take has asked the calendar
  REQUIRE(fresh.available(midnight + 1h) == 6);
}

TEST_CASE("quota: a day that the provider calls used up gives nothing more, whatever comes back", "[rate]") {
  quota day(10, zone("UTC"));
  REQUIRE(day.try_take(4, noon));
  day.exhaust(noon);
  REQUIRE(day.available(noon) == 0);
  REQUIRE_FALSE(day.try_take(1, noon));
  day.give_back(1, noon);  // the message that was refused
  REQUIRE_FALSE(day.try_take(1, noon));
  REQUIRE(day.ready_at(1, noon) == noon + 12h);
  REQUIRE(day.usage(noon).used == 10);
  quota next(10, zone("UTC"));
  next.restore(day.recorded());
  REQUIRE_FALSE(next.try_take(1, noon));
  day.change(9);
  REQUIRE_FALSE(day.try_take(1, noon));
  day.change(12);  // the host has bought more: three beyond what it knew
  REQUIRE(day.available(noon) == 3);
  REQUIRE(next.try_take(10, noon + 12h));
}

TEST_CASE("quota: another number keeps what was taken", "[rate]") {
  quota day(10, zone("UTC"));
  REQUIRE(day.try_take(6, noon));
  day.change(4);
  REQUIRE(day.most() == 4);
  REQUIRE(day.available(noon) == 0);
  REQUIRE_FALSE(day.try_take(1, noon));
  day.change(20);
  REQUIRE(day.available(noon) == 14);
  day.change(0);  // none: it goes on counting
  REQUIRE(day.try_take(1'000, noon));
  day.change(20);
  REQUIRE_FALSE(day.try_take(1, noon));
  REQUIRE(day.usage(noon).used == 1'006);
}

TEST_CASE("quota: an engine goes on with what the one before recorded, unless that was another day", "[rate]") {
  quota before(10, zone("America/Los_Angeles"));
  REQUIRE(before.recorded().used == 0);
  REQUIRE(before.try_take(8, noon));
  const quota_usage kept = before.recorded();
  REQUIRE(kept.day_begin == utc(2026, 3, 10, 7h));
  REQUIRE(kept.used == 8);
  quota same_day(10, zone("America/Los_Angeles"));
  same_day.restore(kept);
  REQUIRE(same_day.available(noon + 1h) == 2);
  quota next_day(10, zone("America/Los_Angeles"));
  next_day.restore(kept);
  REQUIRE(next_day.available(noon + 24h) == 10);
  quota odd(10, zone("America/Los_Angeles"));  // whatever a damaged record says
  for (const quota_usage was : {quota_usage{wall_time::max(), ~0ULL}, {wall_time::min(), 3}, {wall_time{}, 0}}) {
    odd.restore(was);
    REQUIRE(odd.available(noon) <= 10);
    REQUIRE(odd.ready_at(1, noon) >= noon);
  }
}

TEST_CASE("quota: taking nothing is always possible and changes nothing", "[rate]") {
  quota day(1, zone("UTC"));
  REQUIRE(day.try_take(1, noon));
  REQUIRE(day.try_take(0, noon));
  REQUIRE(day.ready_at(0, noon) == noon);
  day.give_back(0, noon);
  REQUIRE(day.available(noon) == 0);
}

TEST_CASE("quota: threads empty a day to the last message and not further", "[rate]") {
  quota day(50'000, zone("America/New_York"));
  std::vector<std::uint64_t> each(4);
  std::vector<std::thread> threads;
  for (auto& count : each) {
    threads.emplace_back([&] {
      std::uint64_t mine = 0;
      for (std::uint64_t i = 0; day.try_take(1 + i % 3, noon); ++i) {
        mine += 1 + i % 3;
        if (i % 7 == 0) day.give_back(1 + i % 3, noon), mine -= 1 + i % 3;
      }
      while (day.try_take(1, noon)) ++mine;
      count = mine;
    });
  }
  for (auto& thread : threads) thread.join();
  REQUIRE(each[0] + each[1] + each[2] + each[3] == 50'000);
  REQUIRE(day.usage(noon).used == 50'000);
}
