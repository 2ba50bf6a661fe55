// tests/engine/pace - what a configuration allows: by weights, by limits that are shared, by days.
#include <algorithm>
#include <broadside/pace.hpp>
#include <cmath>
#include <string>
#include <support/catch.hpp>
#include <support/fake_provider.hpp>

using namespace broadside;
using namespace std::chrono_literals;

namespace {

/// 2026-03-02 00:00 UTC: the evening before in Los Angeles.
constexpr wall_time monday{std::chrono::seconds{1'772'409'600}};

options with_routes(std::vector<rate_limit> limits, std::uint32_t batch = 1) {
  options o;
  const auto provider = std::make_shared<testing::fake_provider>(batch);
  for (std::size_t i = 0; i < limits.size(); ++i) {
    o.routes.push_back({.name = std::string(1, static_cast<char>('a' + i)), .provider = provider, .limit = limits[i]});
  }
  return o;
}

campaign on_routes(std::vector<std::uint32_t> weights) {
  campaign c;
  c.name = "Spring";
  c.text = "Hello";
  c.sender.sender = "12345";
  for (std::size_t i = 0; i < weights.size(); ++i) {
    c.sender.routes.push_back({std::string(1, static_cast<char>('a' + i)), weights[i]});
  }
  return c;
}

expected_pace expect(const campaign& c, const options& o, std::uint64_t messages, wall_time start = monday) {
  auto pace = expect_pace(c, o, messages, start);
  if (!pace) FAIL(pace.error().message());
  return *pace;
}

const pace_limit& limit_of(const expected_pace& pace, std::string_view name) {
  const auto found =
      std::find_if(pace.limits.begin(), pace.limits.end(), [&](const pace_limit& l) { return l.name == name; });
  if (found == pace.limits.end()) FAIL("no limit is named " << name);
  return *found;
}

}  // namespace

TEST_CASE("pace: without limits nothing binds, and no duration is made up", "[engine]") {
  const auto pace = expect(on_routes({1}), with_routes({{}}), 1'000'000);
  CHECK(std::isinf(pace.per_second));
  CHECK(pace.duration == 0ms);
  CHECK(pace.limits.empty());
  CHECK(pace.binds.empty());
  REQUIRE(pace.connections.size() == 1);
  CHECK(pace.connections[0].connections == 64);
  CHECK(pace.connections[0].answers_within == 0ms);
}

TEST_CASE("pace: one route goes at its limit, the first message at once", "[engine]") {
  const auto pace = expect(on_routes({1}), with_routes({{10, 5}}), 1'001);
  CHECK(pace.per_second == Approx(10));
  CHECK(pace.duration == 100s);
  CHECK(pace.binds == "route a");
  CHECK(limit_of(pace, "route a").binds);
  CHECK(limit_of(pace, "route a").route == "a");
  CHECK(expect(on_routes({1}), with_routes({{10, 5}}), 1).duration == 0ms);
  CHECK(expect(on_routes({1}), with_routes({{10, 5}}), 0).duration == 0ms);
}

TEST_CASE("pace: the route whose limit is least for its share holds the whole", "[engine]") {
  const auto pace = expect(on_routes({3, 1}), with_routes({{30, 1}, {20, 1}}), 40'001);
  CHECK(pace.per_second == Approx(40));  // 30 for three quarters; the other could do 80
  CHECK(pace.duration == 1000s);
  CHECK(pace.binds == "route a");
  CHECK(limit_of(pace, "route b").share == Approx(0.25));
  CHECK_FALSE(limit_of(pace, "route b").binds);
}

TEST_CASE("pace: limits that are equally near bind together", "[engine]") {
  CHECK(expect(on_routes({3, 1}), with_routes({{30, 1}, {10, 1}}), 100).binds == "route a, route b");
}

TEST_CASE("pace: a limit that routes share binds before theirs do", "[engine]") {
  options o = with_routes({{30, 1}, {10, 1}});
  o.limits = {{.name = "code", .sender = "12345", .rate = {35, 5}}};
  const auto pace = expect(on_routes({3, 1}), o, 100);
  CHECK(pace.per_second == Approx(35));
  CHECK(pace.binds == "code");
  CHECK(limit_of(pace, "code").share == Approx(1));
  CHECK(limit_of(pace, "code").route.empty());
}

TEST_CASE("pace: an account holds for the routes that are of it, together", "[engine]") {
  options o = with_routes({{}, {}, {}});
  o.routes[0].account = o.routes[1].account = "acme";
  o.limits = {{.name = "each account", .account = "*", .rate = {10, 1}}};
  const auto pace = expect(on_routes({2, 1, 1}), o, 100);
  CHECK(pace.limits.size() == 2);
  CHECK(limit_of(pace, "each account: acme").share == Approx(0.75));
  CHECK(limit_of(pace, "each account: route c").share == Approx(0.25));
  CHECK(pace.per_second == Approx(10 / 0.75));
}

TEST_CASE("pace: only routes of the campaign and limits that hold for it are told", "[engine]") {
  options o = with_routes({{10, 1}, {1, 1}});
  o.limits = {{.name = "other sender", .sender = "54321", .rate = {1, 1}},
              {.name = "other tenant", .tenant = "shop", .rate = {1, 1}}};
  const auto pace = expect(on_routes({1}), o, 100);
  CHECK(pace.per_second == Approx(10));
  CHECK(pace.limits.size() == 1);
}

TEST_CASE("pace: what the provider's queue drains is a limit as well", "[engine]") {
  options o = with_routes({{100, 1}});
  o.routes[0].provider_queue = {20, 1000};
  const auto pace = expect(on_routes({1}), o, 100);
  CHECK(pace.per_second == Approx(20));
  CHECK(pace.binds == "queue of a");
}

TEST_CASE("pace: a limit of media lets through fewer messages with more of them, and none is no cost", "[engine]") {
  options o = with_routes({{}});
  o.limits = {{.name = "media", .rate = {10, 1}, .counts = limit_unit::media}};
  campaign c = on_routes({1});
  CHECK(expect(c, o, 100).limits.empty());
  c.media.resize(2);
  CHECK(expect(c, o, 100).per_second == Approx(5));
}

TEST_CASE("pace: a limit of parts counts the least that the fallback can have", "[engine]") {
  options o = with_routes({{}});
  o.limits = {{.name = "parts", .rate = {10, 1}, .counts = limit_unit::parts}};
  campaign c = on_routes({1});
  CHECK(expect(c, o, 100).per_second == Approx(10));
  c.fallback = {.enabled = true, .text = std::string(200, 'a')};
  const auto pace = expect(c, o, 100);
  CHECK(pace.per_second == Approx(5));
  CHECK(limit_of(pace, "parts").words.find("at least 2") != std::string::npos);
}

TEST_CASE("pace: a daily quota is waited for at its zone's midnight", "[engine]") {
  options o = with_routes({{}});
  o.limits = {{.name = "a day", .quota = {100, "America/Los_Angeles"}}};
  const auto pace = expect(on_routes({1}), o, 250);
  CHECK(pace.days_bound);
  CHECK(pace.days == 3);
  CHECK(pace.duration == 8h + 24h);  // midnight there is 08:00 UTC, and the last fifty leave at the next one
  CHECK(pace.binds == "a day");
  CHECK(limit_of(pace, "a day").per_day == 100);
}

TEST_CASE("pace: a quota that is enough binds nothing", "[engine]") {
  options o = with_routes({{10, 1}});
  o.limits = {{.name = "a day", .quota = {100, "UTC"}}};
  const auto pace = expect(on_routes({1}), o, 100);
  CHECK_FALSE(pace.days_bound);
  CHECK(pace.days == 1);
  CHECK(pace.binds == "route a");
}

TEST_CASE("pace: a day that the pace does not use up is not waited for", "[engine]") {
  options o = with_routes({{0.001, 1}});  // 86 a day
  o.limits = {{.name = "a day", .quota = {100, "UTC"}}};
  const auto pace = expect(on_routes({1}), o, 1001);
  CHECK_FALSE(pace.days_bound);
  CHECK(std::abs((pace.duration - 1'000'000s).count()) < 10);
}

TEST_CASE("pace: a quota of one route holds the whole at its share", "[engine]") {
  options o = with_routes({{}, {}});
  o.routes[1].account = "small";
  o.limits = {{.name = "a day", .account = "small", .quota = {100, "UTC"}}};
  const auto pace = expect(on_routes({3, 1}), o, 800);
  CHECK(pace.days == 2);
  CHECK(pace.duration == 24h);
}

TEST_CASE("pace: days of 23 hours are as long as they are", "[engine]") {
  options o = with_routes({{}});
  o.limits = {{.name = "a day", .quota = {100, "America/Los_Angeles"}}};
  const wall_time saturday_noon{std::chrono::seconds{1'772'913'600}};  // 2026-03-07 20:00 UTC; Sunday has 23 hours
  CHECK(expect(on_routes({1}), o, 300, saturday_noon).duration == 12h + 23h);
}

TEST_CASE("pace: two quotas of two zones wait for both", "[engine]") {
  options o = with_routes({{}});
  o.limits = {{.name = "utc", .quota = {100, "UTC"}}, {.name = "la", .quota = {100, "America/Los_Angeles"}}};
  const auto pace = expect(on_routes({1}), o, 200);
  CHECK(pace.duration == 24h);  // Los Angeles begins anew after eight hours, and that is of no use
  CHECK(pace.binds == "utc, la");
}

TEST_CASE("pace: a message dearer than a day's number leaves all the same, one a day", "[engine]") {
  options o = with_routes({{}});
  o.limits = {{.name = "a day", .quota = {3, "UTC"}, .counts = limit_unit::media}};
  campaign c = on_routes({1});
  c.media.resize(4);
  const auto pace = expect(c, o, 3);
  CHECK(limit_of(pace, "a day").per_day == 1);
  CHECK(pace.duration == 48h);
}

TEST_CASE("pace: what takes longer than a lifetime is told without walking every day of it", "[engine]") {
  options o = with_routes({{}});
  o.limits = {{.name = "a day", .quota = {1, "UTC"}}};
  const auto pace = expect(on_routes({1}), o, 10'000);
  CHECK(pace.duration > 9'900 * 24h);
  CHECK(pace.duration < 10'100 * 24h);
  const auto endless = expect(on_routes({1}), o, ~std::uint64_t{0});
  CHECK(endless.duration > 900 * 365 * 24h);
  CHECK(endless.duration < 1'100 * 365 * 24h);
}

TEST_CASE("pace: a clock that is wrong by centuries does no harm", "[engine]") {
  options o = with_routes({{}});
  o.limits = {{.name = "a day", .quota = {1, "America/Havana"}}};
  for (const wall_time start : {wall_time::min(), wall_time{}, wall_time::max()}) {
    CHECK(expect(on_routes({1}), o, 1'000, start).days_bound);
  }
}

namespace {

/// Of a thousand recipients, on routes of 100 a second each.
expected_pace expect_with(std::vector<limit_options> limits, std::vector<carrier_count> carriers,
                          std::vector<std::uint32_t> weights = {1}) {
  options o = with_routes(std::vector<rate_limit>(weights.size(), rate_limit{100, 1}));
  o.limits = std::move(limits);
  campaign c = on_routes(weights);
  c.attributes = {"carrier"};
  c.carrier_attribute = "carrier";
  const auto pace = expect_pace(c, o, {.messages = 1'000, .carriers = std::move(carriers)}, monday);
  if (!pace) FAIL(pace.error().message());
  return *pace;
}

}  // namespace

TEST_CASE("pace: where carriers were counted, a carrier's limit holds for its part of the audience", "[engine]") {
  const limit_options slow{.name = "tm", .carrier = "T-Mobile", .rate = {5, 1}};
  const auto pace = expect_with({slow}, {{"t-mobile", 150}, {"T-MOBILE", 100}, {"Verizon", 700}});
  CHECK(limit_of(pace, "tm").share == Approx(0.25));
  CHECK(limit_of(pace, "tm").reckoned);
  CHECK(limit_of(pace, "tm").binds);
  CHECK(pace.per_second == Approx(20));
  CHECK(pace.binds == "tm");
  CHECK(limit_of(pace, "tm").words ==
        "messages 5 a second; for recipients of carrier \"T-Mobile\" only; holds for 25 % of the messages, so 20 a "
        "second in all");
  // Too few to be felt, and none at all.
  CHECK(expect_with({slow}, {{"T-Mobile", 10}}).per_second == Approx(100));
  const auto none = expect_with({slow}, {});
  CHECK(none.per_second == Approx(100));
  CHECK(limit_of(none, "tm").share == 0);
  CHECK_FALSE(limit_of(none, "tm").binds);
  CHECK(limit_of(none, "tm").words ==
        "messages 5 a second; for recipients of carrier \"T-Mobile\" only, of whom there are none");
}

TEST_CASE("pace: a carrier's day is used up by its part of the audience", "[engine]") {
  const limit_options day{.name = "tm", .carrier = "T-Mobile", .quota = {100, "UTC"}};
  const auto pace = expect_with({day}, {{"T-Mobile", 250}});
  CHECK(pace.days_bound);
  CHECK(pace.days == 3);
  CHECK(pace.binds == "tm");
  CHECK_FALSE(expect_with({day}, {{"T-Mobile", 100}}).days_bound);
  CHECK_FALSE(expect_with({day}, {}).days_bound);
}

TEST_CASE("pace: of a carrier's limit on one of two routes both parts count", "[engine]") {
  const limit_options slow{.name = "each", .account = "*", .carrier = "T-Mobile", .rate = {1, 1}};
  const auto pace = expect_with({slow}, {{"T-Mobile", 500}}, {3, 1});
  CHECK(limit_of(pace, "each: route a").share == Approx(0.375));
  CHECK(limit_of(pace, "each: route b").share == Approx(0.125));
  CHECK(pace.per_second == Approx(1 / 0.375));
}

TEST_CASE("pace: counts of carriers may be anything", "[engine]") {
  const limit_options slow{.name = "tm", .carrier = "T-Mobile", .rate = {1, 1}};
  const auto more = expect_with({slow}, {{"T-Mobile", UINT64_MAX}, {"T-Mobile", UINT64_MAX}});
  CHECK(limit_of(more, "tm").share == 1);
  CHECK(more.per_second == Approx(1));
  const auto odd = expect_with({slow}, {{"", 5}, {"\xFF", 5}, {std::string(100'000, 'x'), 5}});
  CHECK(limit_of(odd, "tm").share == 0);
  options o = with_routes({{100, 1}});
  o.limits = {slow};
  campaign c = on_routes({1});
  c.attributes = {"carrier"};
  c.carrier_attribute = "carrier";
  const auto nobody = expect_pace(c, o, {.messages = 0, .carriers = {{{"T-Mobile", 5}}}}, monday);
  REQUIRE(nobody.has_value());
  CHECK(nobody->duration == 0ms);
  CHECK(limit_of(*nobody, "tm").share == 0);
}

TEST_CASE("pace: what launch() would refuse for its lanes has no pace", "[engine]") {
  options o = with_routes({{100, 1}, {100, 1}});
  for (int i = 0; i < 32'768; ++i)
    o.limits.push_back({.name = "limit " + std::to_string(i), .carrier = "C" + std::to_string(i), .rate = {1, 1}});
  campaign c = on_routes({1, 1});
  CHECK(expect_pace(c, o, 1, monday).has_value());
  c.attributes = {"carrier"};
  c.carrier_attribute = "carrier";
  const auto refused = expect_pace(c, o, 1, monday);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == errc::invalid_campaign);
  CHECK(refused.error().violations.at(0).field == "sender.routes");
}

TEST_CASE("pace: a carrier's limit is told and not reckoned with where nobody has counted", "[engine]") {
  options o = with_routes({{10, 1}});
  o.limits = {{.name = "tm", .carrier = "T-Mobile", .rate = {1, 1}, .quota = {5, "UTC"}}};
  campaign c = on_routes({1});
  CHECK(expect(c, o, 100).limits.size() == 1);
  c.attributes = {"carrier"};
  c.carrier_attribute = "carrier";
  const auto pace = expect(c, o, 100);
  CHECK(pace.per_second == Approx(10));
  CHECK_FALSE(pace.days_bound);
  CHECK(limit_of(pace, "tm").carrier == "T-Mobile");
  CHECK_FALSE(limit_of(pace, "tm").reckoned);
  CHECK(limit_of(pace, "tm").words.find("T-Mobile") != std::string::npos);
}

TEST_CASE("pace: connections suffice while answers are quick enough", "[engine]") {
  options o = with_routes({{30, 1}, {10, 1}}, 10);
  o.shards = 2;
  const auto pace = expect(on_routes({3, 1}), o, 100);
  REQUIRE(pace.connections.size() == 2);
  CHECK(pace.connections[0].connections == 128);
  CHECK(pace.connections[0].per_second == Approx(30));
  CHECK(pace.connections[0].answers_within == 42'667ms);  // three requests of ten messages a second
}

TEST_CASE("pace: messages that would expire before they can leave are warned of", "[engine]") {
  options o = with_routes({{}});
  campaign c = on_routes({1});
  c.age_max = 12h;
  o.limits = {{.name = "a day", .quota = {100, "UTC"}}};
  CHECK(expect(c, o, 200).warnings.size() == 1);
  c.age_max = 48h;
  CHECK(expect(c, o, 200).warnings.empty());
  o.limits = {{.name = "slow", .rate = {1, 1}}};
  c.age_max = 1h;
  REQUIRE(expect(c, o, 100'000).warnings.size() == 1);
  CHECK(expect(c, o, 100'000).warnings[0].find("at most 3600") != std::string::npos);
  c.inside_max = 3'600;
  CHECK(expect(c, o, 100'000).warnings.empty());
}

TEST_CASE("pace: what cannot be launched has no pace", "[engine]") {
  const auto code = [](const campaign& c, const options& o) { return expect_pace(c, o, 1, monday).error().code; };
  CHECK(code(on_routes({1}), {}) == errc::invalid_options);
  campaign c = on_routes({1, 1, 0});
  c.sender.sender = "?";
  const auto pace = expect_pace(c, with_routes({{}}), 1, monday);
  REQUIRE_FALSE(pace);
  CHECK(pace.error().code == errc::invalid_campaign);
  CHECK(pace.error().violations.size() == 3);
  options many = with_routes({{}});
  for (int i = 0; i < 9; ++i) many.limits.push_back({.name = std::to_string(i), .rate = {1, 1}});
  CHECK(code(on_routes({1}), many) == errc::invalid_campaign);
  many.limits.pop_back();
  CHECK(expect_pace(on_routes({1}), many, 1, monday).has_value());
}
