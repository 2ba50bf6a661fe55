// send/explain - tests: what a person reads of a pace.
#include <carrier_tally.hpp>
#include <explain.hpp>
#include <support/catch.hpp>

using namespace broadside;
using namespace broadside::send;
using namespace std::chrono_literals;

namespace {

expected_pace some_pace() {
  expected_pace pace;
  pace.per_second = 40;
  pace.duration = 100s;
  pace.binds = "route a";
  pace.limits.resize(2);
  pace.limits[0] = {.name = "route a", .binds = true, .words = "messages 30 a second"};
  pace.limits[1] = {.name = "code", .words = "messages 50 a second"};
  pace.connections.push_back({"a", 64, 30, 2'133ms});
  pace.connections.push_back({"b", 64, 1'000'000, 40ms});
  return pace;
}

bool has(const std::string& text, std::string_view line) { return text.find(line) != std::string::npos; }

}  // namespace

TEST_CASE("explain: pace, duration, what binds, and every limit", "[send]") {
  const std::string text = pace_text(some_pace(), "Spring", 4'001);
  CHECK(has(text, "Expected of \"Spring\", 4001 messages: nothing was sent\n"));
  CHECK(has(text, "pace      40 messages a second\n"));
  CHECK(has(text, "takes     1:40 at least\n"));
  CHECK(has(text, "binds     route a\n"));
  CHECK(has(text, "\n> route a: messages 30 a second\n"));
  CHECK(has(text, "\n  code: messages 50 a second\n"));
  CHECK(has(text, "a: 64 at most; they suffice while answers take less than 2.1 s\n"));
  CHECK(has(text, "b: 64 at most; they suffice while answers take less than 40 ms\n"));
  CHECK_FALSE(has(text, "days"));
  CHECK_FALSE(has(text, "warning"));
}

TEST_CASE("explain: days are told where a quota is waited for", "[send]") {
  expected_pace pace = some_pace();
  pace.days_bound = true;
  pace.days = 3;
  pace.duration = 32h;
  pace.warnings = {"it takes days"};
  const std::string text = pace_text(pace, "Spring", 4'001);
  CHECK(has(text, "days      3, as the number of a day is used up\n"));
  CHECK(has(text, "takes     32:00:00 at least\n"));
  CHECK(has(text, "warning: it takes days\n"));
  CHECK(duration_line(pace) == "takes at least 32:00:00, on 3 days, as the number of a day is used up: route a");
}

TEST_CASE("explain: without a limit no duration is made up", "[send]") {
  expected_pace pace;
  pace.connections.push_back({"a", 64, pace.per_second, 0ms});
  const std::string text = pace_text(pace, "Spring", 1);
  CHECK(has(text, "no limit: as fast as connections and providers are"));
  CHECK(has(text, "binds     no limit"));
  CHECK(has(text, "a: 64 at most, and nothing else holds the route"));
  CHECK_FALSE(has(text, "takes"));
  CHECK(duration_line(pace).empty());
  CHECK(duration_line(some_pace()) == "takes at least 1:40 at the limits' 40 messages a second");
}

TEST_CASE("explain: of an audience the recipients of each carrier that has a limit are counted", "[send]") {
  campaign c;
  c.attributes = {"name", "network"};
  c.carrier_attribute = "network";
  const std::vector<limit_options> limits{{.name = "a", .carrier = "T-Mobile"},
                                          {.name = "b", .carrier = "t-mobile"},
                                          {.name = "c", .carrier = "Verizon"},
                                          {.name = "d"}};
  carrier_tally tally(c, limits);
  const std::vector<std::vector<std::string_view>> rows{
      {"Ann", "T-MOBILE"}, {"Ben", "T-Mobile"}, {"T-Mobile", ""}, {"Eve", "AT&T"}, {"Dan"}, {}, {"Zoe", "\xFF"}};
  for (const auto& row : rows) tally.add(row);
  const auto counted = tally.take();
  REQUIRE(counted.has_value());
  REQUIRE(counted->size() == 2);  // a name that no limit has takes no memory
  CHECK(counted->at(0).carrier == "T-Mobile");
  CHECK(counted->at(0).messages == 2);
  CHECK(counted->at(1).carrier == "Verizon");
  CHECK(counted->at(1).messages == 0);
}

TEST_CASE("explain: where the campaign names no attribute for carriers, nothing is known of them", "[send]") {
  campaign c;
  c.attributes = {"name"};
  const std::vector<limit_options> limits{{.name = "a", .carrier = "T-Mobile"}};
  const std::vector<std::string_view> row{"T-Mobile"};
  for (const char* attribute : {"", "network"}) {
    c.carrier_attribute = attribute;
    carrier_tally tally(c, limits);
    tally.add(row);
    CHECK_FALSE(tally.take().has_value());
  }
}

TEST_CASE("explain: names from the file cannot write to the terminal", "[send]") {
  expected_pace pace = some_pace();
  pace.limits[0].name = pace.binds = "\x1B[31mred\n";
  CHECK(pace_text(pace, "\x1B]0;title\a", 1).find('\x1B') == std::string::npos);
  CHECK(duration_line(pace).find('\x1B') == std::string::npos);
}
