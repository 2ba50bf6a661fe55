// text/civil_time - tests: moments are printed and read back, and what is no moment is not read.
#include <chrono>
#include <random>
#include <string>
#include <support/catch.hpp>
#include <text/civil_time.hpp>

using broadside::wall_time;
using namespace std::chrono_literals;
using broadside::text::parse_date_time;
namespace text = broadside::text;

namespace {

constexpr std::chrono::sys_days some_day{std::chrono::year{2026} / 11 / 22};
constexpr wall_time at_six = some_day + 18h;

}  // namespace

TEST_CASE("civil_time: a moment is read in every form that providers print it in", "[text]") {
  CHECK(parse_date_time("2026-11-22T18:00:00Z") == at_six);
  CHECK(parse_date_time("2026-11-22T18:00:00+00:00") == at_six);
  CHECK(parse_date_time("2026-11-22T18:00:00-0000") == at_six);
  CHECK(parse_date_time("2026-11-22T13:00:00-05:00") == at_six);
  CHECK(parse_date_time("2026-11-22T13:00:00-0500") == at_six);
  CHECK(parse_date_time("2026-11-22T23:30:00+05:30") == at_six);
  CHECK(parse_date_time("2026-11-23T17:59:00+2359") == at_six);
  CHECK(parse_date_time("2026-11-22T18:00:00.1Z") == at_six + 100ms);
  CHECK(parse_date_time("2026-11-22T18:00:00.101+0000") == at_six + 101ms);
  CHECK(parse_date_time("2026-11-22T18:00:00.990498+00:00") == at_six + 990'498us);
  CHECK(parse_date_time("2026-11-22T18:00:00.123456789Z") == at_six + 123'456'789ns);
  CHECK(parse_date_time("2026-11-22T18:00:00.12345678999999999999Z") == at_six + 123'456'789ns);
  CHECK(parse_date_time("2026-11-22T17:59:60Z") == at_six);
  CHECK(parse_date_time("1970-01-01T00:00:00Z") == wall_time{});
  CHECK(parse_date_time("2024-02-29T00:00:00Z") == std::chrono::sys_days{std::chrono::year{2024} / 2 / 29});
  CHECK(parse_date_time("2261-12-31T23:59:60.999999999-23:59").has_value());
}

TEST_CASE("civil_time: what is printed is read back", "[text]") {
  std::mt19937_64 random{7};
  for (int i = 0; i < 1'000; ++i) {
    const wall_time time{std::chrono::milliseconds{random() % 9'000'000'000'000}};
    REQUIRE(parse_date_time(text::utc(time, text::fraction::milliseconds)) == time);
    REQUIRE(parse_date_time(text::utc(time)) == std::chrono::floor<std::chrono::seconds>(time));
  }
}

TEST_CASE("civil_time: what is no moment is not read", "[text]") {
  for (const std::string t : {"",
                              "2026",
                              "2026-11-22",
                              "2026-11-22T18:00:00",
                              "2026-11-22T18:00Z",
                              "2026-11-22 18:00:00Z",
                              "2026-11-22T18:00:00.Z",
                              "2026-11-22T18:00:00,5Z",
                              "2026-11-22T18:00:00.5",
                              "2026-11-22T18:00:00z",
                              "2026-11-22T18:00:00ZZ",
                              "2026-11-22T18:00:00Z ",
                              " 2026-11-22T18:00:00Z",
                              "2026-11-22T18:00:00+00",
                              "2026-11-22T18:00:00+0:000",
                              "2026-11-22T18:00:00+00:0",
                              "2026-11-22T18:00:00+00:000",
                              "2026-11-22T18:00:00+00000",
                              "2026-11-22T18:00:00+24:00",
                              "2026-11-22T18:00:00+00:60",
                              "2026-11-22T18:00:00*0000",
                              "2026-11-22T24:00:00Z",
                              "2026-11-22T18:60:00Z",
                              "2026-11-22T18:00:61Z",
                              "2026-13-22T18:00:00Z",
                              "2026-00-22T18:00:00Z",
                              "2026-11-31T18:00:00Z",
                              "2026-11-00T18:00:00Z",
                              "2026-02-29T18:00:00Z",
                              "1969-12-31T23:59:59Z",
                              "1970-01-01T00:00:00+00:01",
                              "2262-01-01T00:00:00Z",
                              "9999-12-31T23:59:59Z",
                              "-026-11-22T18:00:00Z",
                              "2026-11-22T18:00:0xZ",
                              "2026-11-22T18:00:00.1234e5Z",
                              "\xFF\xFE",
                              "1795370400"}) {
    CAPTURE(t);
    CHECK_FALSE(parse_date_time(t).has_value());
  }
  CHECK_FALSE(parse_date_time(std::string(1'000'000, '0')).has_value());
  CHECK(parse_date_time("2026-11-22T18:00:00." + std::string(1'000'000, '5') + "Z") == at_six + 555'555'555ns);
}
