// rate/calendar - tests: midnights that are early, late, missing or twice, and names that are none.
#include <rate/calendar.hpp>
#include <string>
#include <support/catch.hpp>
#include <tuple>

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

}  // namespace

TEST_CASE("calendar: the day of a zone begins at its own midnight", "[rate]") {
  const auto days = calendar::of("America/Los_Angeles").value();
  REQUIRE(days.day_begin(utc(2026, 1, 15, 8h)) == utc(2026, 1, 15, 8h));
  REQUIRE(days.day_begin(utc(2026, 1, 15, 8h) - 1ns) == utc(2026, 1, 14, 8h));
  REQUIRE(days.next_day(utc(2026, 1, 15, 8h) - 1ns) == utc(2026, 1, 15, 8h));
  REQUIRE(days.next_day(utc(2026, 1, 15, 8h)) == utc(2026, 1, 16, 8h));
  const auto kathmandu = calendar::of("Asia/Kathmandu").value();
  REQUIRE(kathmandu.day_begin(utc(2026, 1, 15, 12h)) == utc(2026, 1, 14, 18h + 15min));
}

TEST_CASE("calendar: days are as long as their zone makes them", "[rate]") {
  const auto [name, noon, hours] = GENERATE(
      table<std::string, wall_time, std::chrono::minutes>({{"America/Los_Angeles", utc(2026, 3, 8, 20h), 23h},
                                                           {"America/Los_Angeles", utc(2026, 11, 1, 20h), 25h},
                                                           {"Europe/London", utc(2026, 3, 29, 12h), 23h},
                                                           {"Europe/London", utc(2026, 10, 25, 12h), 25h},
                                                           {"Australia/Lord_Howe", utc(2026, 4, 5, 2h), 24h + 30min},
                                                           {"Australia/Lord_Howe", utc(2026, 10, 4, 2h), 23h + 30min},
                                                           {"Antarctica/Troll", utc(2026, 3, 29, 12h), 22h},
                                                           {"Asia/Kolkata", utc(2026, 3, 29, 6h), 24h},
                                                           {"UTC", utc(2026, 3, 29, 6h), 24h}}));
  CAPTURE(name);
  const auto days = calendar::of(name).value();
  const auto begin = days.day_begin(noon);
  const auto end = days.next_day(noon);
  REQUIRE(end - begin == hours);
  REQUIRE(days.day_begin(end - 1ns) == begin);
  REQUIRE(days.next_day(end - 1ns) == end);
  REQUIRE(days.next_day(begin) == end);
  REQUIRE(days.day_begin(end) == end);
}

TEST_CASE("calendar: where midnight is skipped the day begins with its first instant", "[rate]") {
  const auto days = calendar::of("America/Havana").value();  // 2026-03-08 begins at 01:00, which is 05:00 UTC
  REQUIRE(days.day_begin(utc(2026, 3, 8, 12h)) == utc(2026, 3, 8, 5h));
  REQUIRE(days.next_day(utc(2026, 3, 8, 5h) - 1ns) == utc(2026, 3, 8, 5h));
  REQUIRE(days.next_day(utc(2026, 3, 8, 5h)) == utc(2026, 3, 9, 4h));
}

TEST_CASE("calendar: where midnight is there twice the first counts", "[rate]") {
  const auto havana = calendar::of("America/Havana").value();  // 2026-11-01: at 01:00 it is 00:00 again
  REQUIRE(havana.day_begin(utc(2026, 11, 1, 12h)) == utc(2026, 11, 1, 4h));
  REQUIRE(havana.next_day(utc(2026, 11, 1, 4h)) == utc(2026, 11, 2, 5h));
  // St. John's set its clocks back at 00:01 until 2011: an hour of the old day came again after the new one's minute.
  const auto st_johns = calendar::of("America/St_Johns").value();
  const auto first = utc(2010, 11, 7, 2h + 30min);
  REQUIRE(st_johns.day_begin(first) == first);
  REQUIRE(st_johns.day_begin(first + 30min) == first);
  REQUIRE(st_johns.next_day(first + 30min) == utc(2010, 11, 8, 3h + 30min));
}

TEST_CASE("calendar: a day that a country left out does not hold its calendar up", "[rate]") {
  const auto days = calendar::of("Pacific/Apia").value();  // there was no 2011-12-30
  const auto thirty_first = utc(2011, 12, 30, 10h);
  REQUIRE(days.next_day(thirty_first - 1ns) == thirty_first);
  REQUIRE(days.day_begin(thirty_first) == thirty_first);
  REQUIRE(days.next_day(thirty_first) == utc(2011, 12, 31, 10h));
}

TEST_CASE("calendar: days follow one another without gap or overlap for years", "[rate]") {
  for (const auto* const name : {"America/New_York", "America/Havana", "America/St_Johns", "Pacific/Apia",
                                 "Africa/Cairo", "Asia/Beirut", "Asia/Tehran", "America/Asuncion", "Asia/Gaza"}) {
    CAPTURE(name);
    const auto days = calendar::of(name).value();
    bool right = true;
    bool on_quarter_hours = true;
    for (auto at = days.day_begin(utc(1973, 1, 2)); at < utc(2040, 1, 1);) {
      const auto next = days.next_day(at);
      right = right && next > at && days.day_begin(at) == at && days.day_begin(next - 1ns) == at &&
              days.next_day(next - 1ns) == next;
      on_quarter_hours = on_quarter_hours && at.time_since_epoch() % 15min == 0ns;
      at = next;
    }
    REQUIRE(right);
    REQUIRE(on_quarter_hours);
  }
}

TEST_CASE("calendar: what is no name of a zone is an error, whatever files there are", "[rate]") {
  for (const std::string_view name : {"",
                                      "Mars/Olympus",
                                      "/etc/localtime",
                                      "../zoneinfo/UTC",
                                      "America/../UTC",
                                      "file:/etc/localtime",
                                      "file:UTC",
                                      "libc:localtime",
                                      "localtime",
                                      "right/UTC",
                                      "America",
                                      "America/",
                                      "/UTC",
                                      "-UTC",
                                      "UTC ",
                                      "Fixed/UTC+05:00:00",
                                      "zone.tab",
                                      "\xFF\xFE",
                                      "utc\n",
                                      "America//New_York"}) {
    CAPTURE(name);
    REQUIRE(calendar::of(name).has_error());
  }
  REQUIRE(calendar::of(std::string_view{"UTC\0x", 5}).has_error());
  REQUIRE(calendar::of(std::string(65, 'A')).has_error());
  REQUIRE(calendar::of(std::string(1'000'000, '/')).has_error());
  for (const auto* const name :
       {"UTC", "Etc/GMT+5", "America/Port-au-Prince", "America/Argentina/Buenos_Aires", "EST5EDT", "Etc/GMT-14"}) {
    CAPTURE(name);
    REQUIRE(calendar::of(name).has_value());
  }
}

TEST_CASE("calendar: the ends of time are no trap", "[rate]") {
  const auto days = calendar::of("America/Los_Angeles").value();
  REQUIRE(days.day_begin(wall_time::max()) <= wall_time::max());
  REQUIRE(days.day_begin(wall_time::min()) <= wall_time::min() + 48h);
  REQUIRE(days.next_day(utc(2200, 7, 4, 12h)) == utc(2200, 7, 5, 7h));
}
