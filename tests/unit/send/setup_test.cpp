// send/setup - tests: the file's, the options' and the campaign's violations come together, keys come from variables.
#include <algorithm>
#include <setup.hpp>
#include <support/catch.hpp>

using namespace broadside;
using namespace broadside::send;

namespace {

constexpr std::string_view campaign_json = R"({
  "name": "Spring sale", "attributes": ["city"], "text": "Hello {{ city }}",
  "media": [{"url": "https://media.example.com/a.jpg", "mime_type": "image/jpeg"}],
  "sender": {"sender": "12345", "routes": [{"route": "a"}, {"route": "b"}]},
  "routes": [
    {"name": "a", "provider": "sinch", "service_id": "1", "api_key_env": "SINCH_API_KEY"},
    {"name": "b", "provider": "infobip", "base_url": "https://x.api.example.com", "api_key_env": "INFOBIP_API_KEY"}]
})";

std::string replaced(std::string_view from, std::string_view by) {
  std::string out(campaign_json);
  const std::size_t at = out.find(from);
  REQUIRE(at != std::string::npos);
  return out.replace(at, from.size(), by);
}

std::optional<std::string> both_keys(const std::string& name) { return "fake-canary-" + name; }
std::optional<std::string> no_keys(const std::string&) { return std::nullopt; }

std::vector<std::string> fields_of(const result<setup, failure>& made) {
  std::vector<std::string> out;
  if (made.has_value()) return out;
  for (const violation& v : made.error().violations) out.push_back(v.field);
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace

TEST_CASE("setup: a right file becomes options with providers", "[send]") {
  const auto made = make_setup(campaign_json, both_keys, keys::needed);
  REQUIRE(made.has_value());
  REQUIRE(made->options.routes.size() == 2);
  CHECK(made->options.routes[0].provider->name() == "sinch");
  CHECK(made->options.routes[1].provider->name() == "infobip");
  CHECK(made->columns.values == std::vector<std::string>{"city"});
  CHECK(made->warnings.empty());
}

TEST_CASE("setup: every variable that is missing is named, but a dry run needs none", "[send]") {
  CHECK(fields_of(make_setup(campaign_json, no_keys, keys::needed)) ==
        std::vector<std::string>{"routes[0].api_key_env", "routes[1].api_key_env"});
  CHECK(make_setup(campaign_json, no_keys, keys::optional).has_value());
}

TEST_CASE("setup: violations of the file, the options and the campaign have the file's paths", "[send]") {
  const auto campaign_wrong = make_setup(replaced("{{ city }}", "{{ town }}"), both_keys, keys::needed);
  CHECK(fields_of(campaign_wrong) == std::vector<std::string>{"text"});
  const auto options_wrong = make_setup(
      replaced("\"name\": \"a\",", "\"name\": \"a\", \"http\": {\"connections_max\": 0},"), both_keys, keys::needed);
  CHECK(fields_of(options_wrong) == std::vector<std::string>{"routes[0].http.connections_max"});
  const auto provider_wrong = make_setup(replaced("https://x.api.example.com", "not a url"), both_keys, keys::needed);
  CHECK(fields_of(provider_wrong) == std::vector<std::string>{"routes[1].base_url"});
  const auto file_wrong = make_setup(replaced("\"service_id\"", "\"servce_id\""), both_keys, keys::needed);
  CHECK(fields_of(file_wrong) == std::vector<std::string>{"routes[0].servce_id", "routes[0].service_id"});
}

TEST_CASE("setup: no error text has a key in it", "[send]") {
  const auto made = make_setup(replaced("https://x.api.example.com", "not a url"), both_keys, keys::needed);
  REQUIRE_FALSE(made.has_value());
  for (const violation& v : made.error().violations) CHECK((v.field + v.rule).find("canary") == std::string::npos);
  CHECK(made.error().message().find("canary") == std::string::npos);
}

TEST_CASE("setup: a route that accepts any certificate is warned of", "[send]") {
  const auto made = make_setup(replaced("\"name\": \"a\",", "\"name\": \"a\", \"tls\": {\"verify\": false},"),
                               both_keys, keys::needed);
  REQUIRE(made.has_value());
  REQUIRE(made->warnings.size() == 1);
  CHECK(made->warnings[0].find("routes[0].tls.verify") == 0);
}

TEST_CASE("setup: the profiles of the file hold beside those of the providers", "[send]") {
  const examined_file examined =
      examine(replaced("\"name\": \"Spring", "\"profiles\": [\"omnisend\"], \"name\": \"Spring"), no_keys);
  std::vector<std::string> names;
  for (const content_limits& each : examined.limits.profiles()) names.emplace_back(each.name.view());
  CHECK(names == std::vector<std::string>{"sinch", "omnisend", "infobip"});
  CHECK(has_errors(examined.setup.findings));  // omnisend sends from toll-free numbers only
  CHECK(examined.violations.empty());
}

TEST_CASE("setup: profiles of the caller hold too, and none twice", "[send]") {
  const auto omnisend = builtin_profile("omnisend");
  REQUIRE(omnisend.has_value());
  examination as;
  as.profiles = {*omnisend, *omnisend};
  const examined_file examined = examine(campaign_json, no_keys, as);
  CHECK(examined.setup.options.profiles.size() == 1);
  CHECK(has_errors(examined.setup.findings));
}

TEST_CASE("setup: only the rules of routes that the campaign uses are asked", "[send]") {
  const examined_file examined = examine(replaced(", {\"route\": \"b\"}", ""), no_keys);
  REQUIRE(examined.limits.profiles().size() == 1);
  CHECK(examined.limits.profiles()[0].name == "sinch");
}

TEST_CASE("setup: what check() finds is told by severity; errors refuse the campaign", "[send]") {
  const std::string subject = "\"subject\": \"" + std::string(90, 'a') + "\", \"name\": \"Spring";
  const std::string json = replaced("\"name\": \"Spring", subject);
  const examined_file examined = examine(json, both_keys, {keys::needed, {}, {}});
  REQUIRE_FALSE(examined.setup.findings.empty());
  CHECK(examined.setup.findings.front().where == "subject");
  CHECK(std::is_sorted(examined.setup.findings.begin(), examined.setup.findings.end(),
                       [](const finding& a, const finding& b) { return a.severity < b.severity; }));
  const auto made = make_setup(json, both_keys, keys::needed);
  REQUIRE_FALSE(made.has_value());
  CHECK(made.error().violations.front().rule.find("[subject.length]") != std::string::npos);
}

TEST_CASE("setup: rules of launch() that check() does not have are errors beside it", "[send]") {
  const examined_file examined = examine(replaced("{\"route\": \"b\"}", "{\"route\": \"nowhere\"}"), no_keys);
  const auto& found = examined.setup.findings;
  const auto launch =
      std::find_if(found.begin(), found.end(), [](const finding& f) { return f.rule == "campaign.launch"; });
  REQUIRE(launch != found.end());
  CHECK(launch->where == "sender.routes[1].route");
  CHECK(launch->severity == severity::error);
}

TEST_CASE("setup: the reader's word on a field is the only one", "[send]") {
  const examined_file examined = examine(replaced("\"text\": \"Hello {{ city }}\"", "\"text\": 5"), no_keys);
  REQUIRE(examined.violations.size() == 1);
  CHECK(examined.violations[0] == violation{"text", "must be a text in quotes"});
  for (const finding& each : examined.setup.findings) {
    CHECK_FALSE((each.where == "text" && each.severity == severity::error));
  }
}

TEST_CASE("setup: a fallback has its forecast", "[send]") {
  CHECK_FALSE(examine(campaign_json, no_keys).setup.forecast.has_value());
  const auto made =
      make_setup(replaced("\"name\": \"Spring",
                          "\"fallback\": {\"enabled\": true, \"text\": \"Sale in {{ city }}. Reply STOP to opt out.\", "
                          "\"part_price\": 0.01}, \"name\": \"Spring"),
                 both_keys, keys::needed);
  REQUIRE(made.has_value());
  REQUIRE(made->forecast.has_value());
  CHECK_FALSE(made->forecast->constant);
  CHECK(made->forecast->least.sms.parts == 1);
  CHECK(made->forecast->least.price_micros == 10'000);
}

TEST_CASE("setup: what the options say of a limit has the file's path", "[send]") {
  const auto fields = [](std::string_view limit) {
    const std::string field = "\"limits\": [" + std::string(limit) + "], \"name\": \"Spring";
    return fields_of(make_setup(replaced("\"name\": \"Spring", field), both_keys, keys::needed));
  };
  using list = std::vector<std::string>;
  CHECK(fields(R"({"name": "l", "per_second": 1})").empty());
  CHECK(fields(R"({"name": "l"})") == list{"limits[0]"});
  CHECK(fields(R"({"name": "l", "per_secnd": 1})") == list{"limits[0].per_secnd"});  // and not that it has no rate
  CHECK(fields(R"({"name": "l", "per_minute": -1})") == list{"limits[0].per_minute"});
  CHECK(fields(R"({"name": "l", "per_second": 1, "burst": 0})") == list{"limits[0].burst"});
  CHECK(fields(R"({"name": "l", "quota": {"per_day": 1000000000000}})") == list{"limits[0].quota.per_day"});
  CHECK(fields(R"({"name": "l", "quota": {"per_day": 1, "time_zone": "Nowhere/City"}})") ==
        list{"limits[0].quota.time_zone"});
  CHECK(fields(R"({"name": "route a", "per_second": 1, "sender": "?"})") == list{"limits[0].name", "limits[0].sender"});
}

TEST_CASE("setup: a route has its account, its plan and its provider's queue", "[send]") {
  const auto made = make_setup(
      replaced(
          "\"name\": \"a\",",
          R"("name": "a", "account": "acme", "service_plan": "p", "provider_queue": {"per_second": 20, "burst": 9},)"),
      both_keys, keys::needed);
  REQUIRE(made.has_value());
  CHECK(made->options.routes[0].account == "acme");
  CHECK(made->options.routes[0].service_plan == "p");
  CHECK(made->options.routes[0].provider_queue == rate_limit{20, 9});
}

namespace {

std::string with_limits(std::string_view limits, std::string_view more = "") {
  return replaced("\"name\": \"Spring",
                  "\"limits\": [" + std::string(limits) + "], " + std::string(more) + "\"name\": \"Spring");
}

constexpr std::string_view two_limits =
    R"({"name": "fast", "per_second": 10}, {"name": "daily", "tenant": "t", "quota": {"per_day": 100}})";

}  // namespace

TEST_CASE("setup: a file that is read again says which limits are others, by name", "[send]") {
  auto running = make_setup(with_limits(two_limits), both_keys, keys::needed);
  REQUIRE(running.has_value());
  const auto same = read_changes(with_limits(two_limits), *running);
  REQUIRE(same.has_value());
  CHECK(same->limits.empty());
  CHECK(same->not_applied.empty());
  CHECK_FALSE(same->weight.has_value());

  const std::string edited = with_limits(
      R"({"name": "fast", "per_minute": 60, "burst": 2}, {"name": "daily", "tenant": "t", "quota": {"per_day": 5}})",
      R"("weight": 4, )");
  const auto changes = read_changes(edited, *running);
  REQUIRE(changes.has_value());
  REQUIRE(changes->limits.size() == 2);
  CHECK(changes->limits[0].name == "daily");
  CHECK(changes->limits[0].quota == 5);
  CHECK(changes->limits[1].name == "fast");
  CHECK(changes->limits[1].rate == rate_limit{1, 2});
  CHECK(changes->weight == 4U);

  for (const changed_limit& each : changes->limits) note_change(*running, each);
  CHECK(read_changes(edited, *running)->limits.empty());
}

TEST_CASE("setup: a route's limit and queue change by their names", "[send]") {
  auto running = make_setup(campaign_json, both_keys, keys::needed);
  REQUIRE(running.has_value());
  const std::string edited =
      replaced("\"name\": \"a\",", R"("name": "a", "limit": {"per_second": 5}, "provider_queue": {"per_second": 20},)");
  const auto changes = read_changes(edited, *running);
  REQUIRE(changes.has_value());
  REQUIRE(changes->limits.size() == 2);
  CHECK(changes->limits[0].name == "queue of a");
  CHECK(changes->limits[1].name == "route a");
  CHECK(changes->limits[1].rate == rate_limit{5, 1});
  for (const changed_limit& each : changes->limits) note_change(*running, each);
  CHECK(read_changes(edited, *running)->limits.empty());
}

TEST_CASE("setup: limits that are new, gone or of other messages wait for the next start, and that is said", "[send]") {
  const auto running = make_setup(with_limits(two_limits), both_keys, keys::needed);
  REQUIRE(running.has_value());
  const auto changes = read_changes(
      with_limits(R"({"name": "new", "per_second": 1}, {"name": "daily", "tenant": "u", "quota": {"per_day": 5}})"),
      *running);
  REQUIRE(changes.has_value());
  CHECK(changes->limits.empty());
  REQUIRE(changes->not_applied.size() == 3);
  CHECK(changes->not_applied[0].find("\"daily\" holds for other messages") != std::string::npos);
  CHECK(changes->not_applied[1].find("\"new\" is new") != std::string::npos);
  CHECK(changes->not_applied[2].find("\"fast\" is gone") != std::string::npos);
}

TEST_CASE("setup: a file that is wrong changes nothing", "[send]") {
  const auto running = make_setup(with_limits(two_limits), both_keys, keys::needed);
  REQUIRE(running.has_value());
  const auto changes = read_changes(with_limits(R"({"name": "fast", "per_second": -1})"), *running);
  REQUIRE_FALSE(changes.has_value());
  CHECK(changes.error().violations.at(0).field == "limits[0].per_second");
}
