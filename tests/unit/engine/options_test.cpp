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
  o.senders = {{"", {}}, {"18885551234", {1, 1}}, {"+18885551234", {1, 1}}};
  o.retry.attempts_max = 0;
  o.retry.delay_max = 1ms;
  o.shards = 65;
  o.messages_inside_max = 63;
  o.recipient_bytes_max = 65'537;
  o.instance = 4096;
  const auto found = o.validate();
  for (const auto* field :
       {"routes[1].name", "routes[1].provider", "routes[1].limit.per_second", "routes[1].limit.burst",
        "routes[1].http.connections_max", "routes[1].http.response_timeout", "routes[1].http.backoff_max",
        "senders[0].sender", "senders", "retry.attempts_max", "retry.delay_max", "shards", "messages_inside_max",
        "recipient_bytes_max", "instance"}) {
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

TEST_CASE("options: a sender with a limit is one, however it is spelt, and is listed once", "[engine]") {
  options o = usable();
  o.senders = {{"+18885550100", {1, 1}}, {"1 (888) 555-0100", {1, 1}}};
  REQUIRE(names(o.validate(), "senders"));
  o.senders = {{"+19005550100", {1, 1}}};
  REQUIRE(names(o.validate(), "senders[0].sender"));
  o.senders = {{"1234", {1, 1}}};  // a short code nowhere but where four digits are one
  REQUIRE(names(o.validate(), "senders[0].sender"));
  o.senders = {{"1234", {1, 1}, "AU"}, {"1234", {1, 1}, "GB"}};
  REQUIRE(o.validate().empty());
  o.senders[1].home = "AU";
  REQUIRE(names(o.validate(), "senders"));
}

TEST_CASE("options: a rule profile has a name, for findings say whose rule was broken", "[engine]") {
  options o = usable();
  o.profiles.resize(1);
  REQUIRE(names(o.validate(), "profiles[0].name"));
  o.profiles = {builtin_profile("omnisend").value(), builtin_profile("omnisend").value()};
  REQUIRE(names(o.validate(), "profiles[1].name"));
}
