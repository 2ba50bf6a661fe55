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
