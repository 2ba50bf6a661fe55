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
