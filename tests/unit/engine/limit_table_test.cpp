// tests/engine/limit_table - which limits campaigns meet and share, what is recorded of them, and how they change.
#include <algorithm>
#include <engine/limit_table.hpp>
#include <string>
#include <support/catch.hpp>
#include <support/fake_provider.hpp>
#include <vector>

namespace {

using namespace broadside;
using namespace broadside::engine_detail;
using namespace std::chrono_literals;

constexpr time_point start{1'000'000s};
constexpr wall_time noon{std::chrono::hours{24 * 20'000 + 12}};

struct bench {
  /// Two routes of one account, the first with a queue.
  explicit bench(std::vector<limit_options> limits, rate_limit queue = {}) {
    for (const char* name : {"one", "two"}) {
      route_options& r = o.routes.emplace_back();
      r.name = name;
      r.account = "us";
      r.provider = std::make_shared<testing::fake_provider>();
    }
    o.routes[0].provider_queue = queue;
    o.limits = std::move(limits);
    table.emplace(o, start, next_id);
  }

  result<campaign_lanes, failure> join(const std::string& from, std::string carrier_attribute = {}) {
    campaign c;
    c.name = "test of " + from;
    c.text = "Hi";
    c.media = media;
    c.tenant = tenant;
    c.attributes = {"name", "carrier"};
    c.sender.sender = from;
    c.sender.routes = {{"one", 1}, {"two", 1}};
    c.carrier_attribute = std::move(carrier_attribute);
    auto made = compiled_campaign::compile(std::move(c), o.routes, o.profiles);
    REQUIRE(made.has_value());
    return table->lanes_of(**made, start);
  }

  options o;
  std::vector<media_link> media;  // of campaigns that join
  std::string tenant;
  std::atomic<std::uint64_t> next_id{std::uint64_t{7} << 52U};
  std::optional<limit_table> table;
};

std::vector<std::string> names(const lane_spec& lane) {
  std::vector<std::string> all;
  for (const rate::limit_key* each : lane.limits) all.push_back(each->name());
  return all;
}

}  // namespace

TEST_CASE("limit_table: a lane meets its route's limit, those it matches, the slowest first, and its sender's pause",
          "[engine]") {
  bench b({{.name = "fast", .rate = {1000, 1}},
           {.name = "slow", .sender = "12345", .rate = {1, 1}},
           {.name = "other", .sender = "54321", .rate = {1, 1}}});
  const auto lanes = b.join("12345");
  REQUIRE(lanes.has_value());
  REQUIRE(lanes->lanes.size() == 2);
  REQUIRE(names(lanes->lanes[0]) ==
          std::vector<std::string>{"slow", "fast", "route one", "sender 12345 in account us"});
  REQUIRE(lanes->lanes[0].limits[0] == lanes->lanes[1].limits[0]);          // one limit, whatever the route
  REQUIRE(lanes->lanes[0].limits.back() == lanes->lanes[1].limits.back());  // of one account
}

TEST_CASE("limit_table: an account that is called as a route is does not share its sender's pause", "[engine]") {
  bench b({});
  b.o.routes[0].account = "two";
  b.o.routes[1].account.clear();
  const auto lanes = b.join("12345");
  REQUIRE(lanes->lanes[0].limits.back() != lanes->lanes[1].limits.back());
}

TEST_CASE("limit_table: carriers have lanes of their own, by any spelling of theirs", "[engine]") {
  bench b({{.name = "slow carrier", .carrier = "T-Mobile", .rate = {1, 1}}});
  const auto none = b.join("12345");
  REQUIRE(none->lanes.size() == 2);  // it does not say who a recipient's carrier is
  const auto lanes = b.join("54321", "carrier");
  REQUIRE(lanes->lanes.size() == 4);
  const std::vector<std::string_view> theirs{"Ann", "t-mobile"};
  const std::vector<std::string_view> others{"Ann", "Verizon"};
  REQUIRE(names(lanes->lanes[lanes->lane_of(1, lanes->carrier_of(theirs))])[0] == "slow carrier");
  REQUIRE(names(lanes->lanes[lanes->lane_of(1, lanes->carrier_of(others))])[0] == "route two");
}

TEST_CASE("limit_table: \"*\" is a limit for each, and is changed for all of them, also those to come", "[engine]") {
  bench b({{.name = "each", .sender = "*", .rate = {1, 1}}});
  const auto one = b.join("12345");
  const auto two = b.join("54321");
  REQUIRE(one->lanes[0].limits[0] != two->lanes[0].limits[0]);
  REQUIRE(b.table->change("each", {50, 5}, 0, start).has_value());
  const auto three = b.join("18885551234");
  for (const auto* lanes : {&one, &two, &three}) REQUIRE((*lanes)->lanes[0].limits[0]->limit() == rate_limit{50, 5});
  REQUIRE(b.table->change("route one", {3, 1}, 0, start).has_value());
  const auto changed = [](const rate::limit_key* each) { return each->limit() == rate_limit{3, 1}; };
  REQUIRE(std::count_if(one->lanes[0].limits.begin(), one->lanes[0].limits.end(), changed) == 1);
  REQUIRE(std::count_if(one->lanes[1].limits.begin(), one->lanes[1].limits.end(), changed) == 0);
  REQUIRE(b.table->change("nobody", {3, 1}, 0, start).error() == errc::unknown_limit);
  REQUIRE(b.table->change("sender 12345 in account us", {3, 1}, 0, start).error() == errc::unknown_limit);
}

TEST_CASE("limit_table: a limit that counts media holds up no message without media", "[engine]") {
  bench b({{.name = "media", .rate = {1, 1}, .counts = limit_unit::media},
           {.name = "parts", .rate = {1, 1}, .counts = limit_unit::parts}});
  REQUIRE(names(b.join("12345")->lanes[0]) ==
          std::vector<std::string>{"parts", "route one", "sender 12345 in account us"});
  b.media = {{"https://cdn.example.com/a.jpg", "image/jpeg"}};
  const auto with = b.join("12345");
  REQUIRE(names(with->lanes[0]) ==
          std::vector<std::string>{"media", "parts", "route one", "sender 12345 in account us"});
  REQUIRE(with->lanes[0].limits[0]->rate.try_take(1, start).count == 1);
  REQUIRE(rate::closed(with->lanes[0].limits, start, noon).denied());
  REQUIRE(rate::closed(b.join("54321")->lanes[0].limits, start, noon).denied());
  b.media.clear();
  REQUIRE_FALSE(rate::closed(b.join("54321")->lanes[0].limits, start, noon).denied());
}

TEST_CASE("limit_table: a hundred thousand of two hundred thousand limits are changed in a moment", "[engine]") {
  std::vector<limit_options> many;
  for (int i = 0; i < 200'000; ++i)
    many.push_back({.name = "number " + std::to_string(i), .tenant = std::to_string(i), .rate = {1, 1}});
  bench b(std::move(many));
  for (int i = 100'000; i < 200'000; ++i)
    REQUIRE(b.table->change("number " + std::to_string(i), {2, 1}, 0, start).has_value());
  b.tenant = "150000";
  REQUIRE(b.join("12345")->lanes[0].limits[0]->limit() == rate_limit{2, 1});
  b.tenant = "50000";
  REQUIRE(b.join("12345")->lanes[0].limits[0]->limit() == rate_limit{1, 1});
}

TEST_CASE("limit_table: a queue is changed by its name where the route has one", "[engine]") {
  bench b({{.name = "each", .sender = "*", .rate = {1, 1}}}, {20, 5});
  const auto lanes = b.join("12345");
  REQUIRE(b.table->change("queue of one", {7, 1}, 0, start).has_value());
  const auto changed = [](const rate::limit_key* each) { return each->limit() == rate_limit{7, 1}; };
  REQUIRE(std::count_if(lanes->lanes[0].limits.begin(), lanes->lanes[0].limits.end(), changed) == 1);
  REQUIRE(b.table->change("queue of two", {7, 1}, 0, start).error() == errc::unknown_limit);
  REQUIRE(b.table->change("each: 12345", {7, 1}, 0, start).error() == errc::unknown_limit);  // the option is changed
}

TEST_CASE("limit_table: more lanes than a message can name are refused, with how they come about", "[engine]") {
  std::vector<limit_options> many;
  for (int i = 0; i < 32'768; ++i)
    many.push_back({.name = "limit " + std::to_string(i), .carrier = "C" + std::to_string(i), .rate = {1, 1}});
  bench most(std::vector<limit_options>(many.begin(), many.end() - 1));
  const auto lanes = most.join("12345", "carrier");
  REQUIRE(lanes.has_value());
  REQUIRE(lanes->lanes.size() == 65'536);
  const std::vector<std::string_view> theirs{"Ann", "c32766"};
  const auto at = lanes->lane_of(1, lanes->carrier_of(theirs));
  REQUIRE(lanes->lanes[at].route == 1);
  REQUIRE(names(lanes->lanes[at])[0] == "limit 32766");
  bench too_many(std::move(many));
  const auto refused = too_many.join("12345", "carrier");
  REQUIRE_FALSE(refused.has_value());
  REQUIRE(refused.error().code == errc::invalid_campaign);
  REQUIRE(refused.error().violations.at(0).field == "sender.routes");
  REQUIRE(refused.error().violations.at(0).rule.find("2 routes for 32768 carriers") == 0);
  REQUIRE(too_many.join("12345").has_value());  // without carriers there are two lanes
}

TEST_CASE("limit_table: more than eight limits for one message are refused, with the route and the count", "[engine]") {
  std::vector<limit_options> nine;
  for (int i = 0; i < 9; ++i) nine.push_back({.name = "limit " + std::to_string(i), .rate = {1, 1}});
  bench b(nine);
  const auto refused = b.join("12345");
  REQUIRE_FALSE(refused.has_value());
  REQUIRE(refused.error().violations.at(0).rule.find("9 of the limits hold for a message on one") != std::string::npos);
}

TEST_CASE("limit_table: what is counted of a day is recorded once, and an engine that takes it up goes on counting",
          "[engine]") {
  const std::vector<limit_options> limits{{.name = "a day", .quota = {.most = 10, .time_zone = "UTC"}}};
  bench b(limits);
  const auto lanes = b.join("12345");
  REQUIRE(lanes->lanes[0].quotas.size() == 1);
  known_limit& day = *lanes->lanes[0].quotas[0];
  std::vector<journal::usage> recorded;
  b.table->changed(recorded);  // the ids
  recorded.clear();
  REQUIRE(day.key.daily()->try_take(7, noon));
  b.table->counted(day);
  b.table->counted(day);
  b.table->changed(recorded);
  REQUIRE(recorded.size() == 1);
  REQUIRE(recorded[0].used == 7);
  std::vector<journal::usage> nothing;
  b.table->changed(nothing);
  REQUIRE(nothing.empty());
  bench next(limits);
  next.table->restore(recorded);
  const auto again = next.join("12345");
  REQUIRE(again->lanes[0].quotas[0]->key.daily()->available(noon + 1h) == 3);
  REQUIRE(again->lanes[0].quotas[0]->key.daily()->available(noon + 12h) == 10);
}

TEST_CASE("limit_table: message ids that an earlier engine may have given out are not given out again", "[engine]") {
  bench b({});
  std::vector<journal::usage> recorded;
  b.next_id += 1000;
  b.table->changed(recorded);
  REQUIRE(recorded.size() == 1);
  bench next({});
  next.table->restore(recorded);
  const std::uint64_t set_back = std::uint64_t{7} << 52U;
  REQUIRE(next.table->unused_id(set_back) > b.next_id);
  REQUIRE(next.table->unused_id(set_back) >> 52U == 7);
  const std::uint64_t other = std::uint64_t{8} << 52U;
  REQUIRE(next.table->unused_id(other) == other);  // another instance's are not touched
  const std::uint64_t later = set_back + (std::uint64_t{1} << 40U);
  REQUIRE(next.table->unused_id(later) == later);
}
