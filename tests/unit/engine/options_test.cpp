#include <algorithm>
#include <broadside/options.hpp>
#include <limits>
#include <support/catch.hpp>
#include <support/fake_provider.hpp>

using namespace broadside;
using namespace std::chrono_literals;

namespace {

options usable() {
  options o;
  o.routes.push_back({.name = "main", .provider = std::make_shared<testing::fake_provider>()});
  return o;
}

bool names(const std::vector<violation>& found, std::string_view field) {
  return std::any_of(found.begin(), found.end(), [&](const violation& v) { return v.field == field; });
}

}  // namespace

TEST_CASE("options: the defaults with one route are usable", "[engine]") { REQUIRE(usable().validate().empty()); }

TEST_CASE("options: every violation is reported with its field, not only the first", "[engine]") {
  options o = usable();
  o.routes.push_back({.name = "main", .limit = {-1, 0}});
  o.routes[1].http.connections_max = 0;
  o.routes[1].http.response_timeout = 0ms;
  o.routes[1].http.backoff_max = 1ms;
  o.routes[1].account = "*";
  o.routes[1].service_plan = std::string(65, 'p');
  o.routes[1].provider_queue = {-1, 0};
  o.limits = {{.name = "", .rate = {1, 1}}, {.name = "same", .rate = {1, 1}}, {.name = "same", .rate = {1, 1}}};
  o.tenants = {{"", 1}, {"same", 1}, {"same", 1001}, {"*", 1}};
  o.retry.attempts_max = 0;
  o.retry.delay_max = 1ms;
  o.retry.budget = 0;
  o.retry.budget_min = 0;
  o.failover = {.interval = 1ms, .faults_max = 0, .slow_after = 0ms, .answers_min = 0, .faults_in_a_row = 0};
  o.shards = 65;
  o.messages_inside_max = 63;
  o.recipient_bytes_max = 65'537;
  o.instance = 4096;
  const auto found = o.validate();
  for (const auto* field : {"routes[1].name",
                            "routes[1].provider",
                            "routes[1].limit.per_second",
                            "routes[1].limit.burst",
                            "routes[1].http.connections_max",
                            "routes[1].http.response_timeout",
                            "routes[1].http.backoff_max",
                            "routes[1].account",
                            "routes[1].service_plan",
                            "routes[1].provider_queue.per_second",
                            "routes[1].provider_queue.burst",
                            "limits[0].name",
                            "limits[2].name",
                            "tenants[0].name",
                            "tenants[2].name",
                            "tenants[2].weight",
                            "tenants[3].name",
                            "retry.attempts_max",
                            "retry.delay_max",
                            "retry.budget",
                            "retry.budget_min",
                            "failover.interval",
                            "failover.faults_max",
                            "failover.slow_after",
                            "failover.answers_min",
                            "failover.faults_in_a_row",
                            "shards",
                            "messages_inside_max",
                            "recipient_bytes_max",
                            "instance"}) {
    CAPTURE(field);
    REQUIRE(names(found, field));
  }
}

TEST_CASE("options: no route at all is a violation", "[engine]") { REQUIRE(names(options{}.validate(), "routes")); }

TEST_CASE("options: a rate is zero or between its bounds, and a number", "[engine]") {
  options o = usable();
  o.routes[0].limit = {GENERATE(0.0, 0.000001, 1.5, 5e6), 1};
  REQUIRE(o.validate().empty());
  o.routes[0].limit.per_second =
      GENERATE(-0.1, 1e-9, 5.1e6, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity());
  REQUIRE(names(o.validate(), "routes[0].limit.per_second"));
}

TEST_CASE("options: a provider that carries nothing in a request is refused", "[engine]") {
  options o = usable();
  o.routes[0].provider = std::make_shared<testing::fake_provider>(0);
  REQUIRE(names(o.validate(), "routes[0].provider.limits.messages_per_request_max"));
}

namespace {

/// What is wrong with one limit, by field.
std::vector<violation> wrong_with(limit_options limit) {
  options o = usable();
  o.limits.push_back(std::move(limit));
  return o.validate();
}

limit_options named(std::string name) { return {.name = std::move(name), .rate = {1, 1}}; }

}  // namespace

TEST_CASE("options: a limit's sender is one, however it is spelt", "[engine]") {
  const auto of = [](std::string sender, country home = {}) {
    return limit_options{.name = "l", .sender = std::move(sender), .sender_home = home, .rate = {1, 1}};
  };
  CHECK(wrong_with(of("+18885550100")).empty());
  CHECK(wrong_with(of("1 (888) 555-0100")).empty());
  CHECK(wrong_with(of("1234", "AU")).empty());
  CHECK(wrong_with(of("*")).empty());
  CHECK(names(wrong_with(of("+19005550100")), "limits[0].sender"));
  CHECK(names(wrong_with(of("1234")), "limits[0].sender"));  // a short code nowhere but where four digits are one
  CHECK(names(wrong_with(of("*", "AU")), "limits[0].sender_home"));
  CHECK(names(wrong_with(of("", "AU")), "limits[0].sender_home"));
}

TEST_CASE("options: limits of one sender may be several, each with a name of its own", "[engine]") {
  options o = usable();
  o.limits = {named("a"), named("b")};
  o.limits[0].sender = o.limits[1].sender = "12345";
  CHECK(o.validate().empty());
}

TEST_CASE("options: a limit has a rate or a quota, and both within their ranges", "[engine]") {
  CHECK(names(wrong_with({.name = "l"}), "limits[0]"));
  CHECK(wrong_with({.name = "l", .quota = {.most = 1}}).empty());
  CHECK(wrong_with({.name = "l", .quota = {.most = 100'000'000'000}}).empty());
  CHECK(names(wrong_with({.name = "l", .quota = {.most = 100'000'000'001}}), "limits[0].quota.most"));
  CHECK(names(wrong_with({.name = "l", .rate = {6'000'000, 1}}), "limits[0].rate.per_second"));
  CHECK(names(wrong_with({.name = "l", .rate = {1, 0}}), "limits[0].rate.burst"));
  CHECK(names(wrong_with({.name = "l", .rate = {std::numeric_limits<double>::quiet_NaN(), 1}}),
              "limits[0].rate.per_second"));
  CHECK(names(wrong_with({.name = "l", .rate = {1, 1}, .counts = static_cast<limit_unit>(3)}), "limits[0].counts"));
}

TEST_CASE("options: a quota's time zone is one that the system knows", "[engine]") {
  const auto in = [](std::string zone) { return limit_options{.name = "l", .quota = {100, std::move(zone)}}; };
  CHECK(wrong_with(in("America/Los_Angeles")).empty());
  for (const char* wrong : {"", "America/Los Angeles", "../../etc/passwd", "/etc/localtime", "\xFF", "Nowhere/City"}) {
    CAPTURE(wrong);
    CHECK(names(wrong_with(in(wrong)), "limits[0].quota.time_zone"));
  }
}

TEST_CASE("options: a limit's name cannot be taken for that of a route's limit or of another's", "[engine]") {
  CHECK(names(wrong_with(named("route main")), "limits[0].name"));
  CHECK(names(wrong_with(named("queue of main")), "limits[0].name"));
  const std::vector<violation> pause{
      {"limits[0].name", "must not begin with \"sender \", as names of the engine's own do"}};
  CHECK(wrong_with(named("sender 12345 on main")) == pause);
  CHECK(names(wrong_with(named("message ids of 7")), "limits[0].name"));
  CHECK(names(wrong_with(named(std::string(65, 'n'))), "limits[0].name"));
  for (const char* good : {"router", "sender", "senders of main", "message ids", "a sender 12345 on main"}) {
    CAPTURE(good);
    CHECK(wrong_with(named(good)).empty());
  }
  options o = usable();
  o.limits = {named("senders: 12345"), named("senders")};
  CHECK(o.validate().empty());
  o.limits[1].sender = "*";  // one of its limits would be the first's namesake
  CHECK(names(o.validate(), "limits[0].name"));
}

TEST_CASE("options: what a limit matches by is bounded, and no carrier stands for each", "[engine]") {
  limit_options l = named("l");
  l.account = l.service_plan = l.carrier = l.tenant = std::string(65, 'x');
  l.campaign = std::string(256, 'x');
  const auto found = wrong_with(l);
  for (const auto* field : {"account", "service_plan", "carrier", "tenant", "campaign"}) {
    CAPTURE(field);
    CHECK(names(found, std::string("limits[0].") + field));
  }
  l = named("l");
  l.carrier = "*";
  CHECK(names(wrong_with(l), "limits[0].carrier"));
}

TEST_CASE("options: two hundred thousand limits are looked at in a moment, and more are too many", "[engine]") {
  options o = usable();
  for (int i = 0; i < 200'000; ++i) {
    o.limits.push_back({.name = "number " + std::to_string(i), .quota = {1, "America/New_York"}});
  }
  CHECK(o.validate().empty());
  o.limits[199'999].name = "number 0";
  CHECK(o.validate() == std::vector<violation>{{"limits[199999].name", "\"number 0\" is taken by another limit"}});
  o.limits.push_back(named("one more"));
  CHECK(names(o.validate(), "limits"));
}

TEST_CASE("options: a rule profile has a name, for findings say whose rule was broken", "[engine]") {
  options o = usable();
  o.profiles.resize(1);
  REQUIRE(names(o.validate(), "profiles[0].name"));
  o.profiles = {builtin_profile("omnisend").value(), builtin_profile("omnisend").value()};
  REQUIRE(names(o.validate(), "profiles[1].name"));
}
