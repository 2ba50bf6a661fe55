#include <algorithm>
#include <array>
#include <broadside/options.hpp>
#include <broadside/providers/sinch.hpp>
#include <engine/compiled_campaign.hpp>
#include <map>
#include <string>
#include <support/catch.hpp>
#include <support/fake_provider.hpp>

using namespace broadside;
using namespace broadside::engine_detail;
using namespace std::chrono_literals;

namespace {

std::vector<route_options> two_routes() {
  std::vector<route_options> routes(2);
  routes[0].name = "a";
  routes[1].name = "b";
  for (auto& r : routes) r.provider = std::make_shared<testing::fake_provider>();
  return routes;
}

campaign usable() {
  campaign c;
  c.name = "Spring";
  c.attributes = {"name"};
  c.text = "Hi {{ name | default('you') }}";
  c.sender.sender = "12345";
  c.sender.routes = {{"a", 3}, {"b", 1}};
  return c;
}

std::vector<violation> violations(campaign c) {
  const auto made = compiled_campaign::compile(std::move(c), two_routes(), {});
  REQUIRE_FALSE(made.has_value());
  REQUIRE(made.error().code == errc::invalid_campaign);
  return made.error().violations;
}

std::string repeated(std::string_view text, std::size_t times) {
  std::string made;
  for (std::size_t i = 0; i < times; ++i) made += text;
  return made;
}

bool names(const std::vector<violation>& found, std::string_view field) {
  return std::any_of(found.begin(), found.end(), [&](const violation& v) { return v.field == field; });
}

}  // namespace

TEST_CASE("campaign: every violation is reported at once, with its field", "[engine]") {
  campaign c;
  c.attributes = {"name", "name", "first name"};
  c.text = "{{ nme }}";
  c.subject = "{{ }}";
  c.sender.sender = "+1";
  c.sender.routes = {{"a", 0}, {"nowhere", 1}, {"a", 1}};
  c.fallback.enabled = true;
  c.age_max = 0s;
  c.validity = 10s;
  const auto found = violations(c);
  for (const auto* field :
       {"name", "attributes[1]", "attributes[2]", "text", "subject", "sender.sender", "sender.routes[0].weight",
        "sender.routes[1].route", "sender.routes[2].route", "fallback.text", "age_max", "validity"}) {
    CAPTURE(field);
    REQUIRE(names(found, field));
  }
}

TEST_CASE("campaign: neither text nor media, or no route, is a violation", "[engine]") {
  campaign c = usable();
  c.text.clear();
  REQUIRE(names(violations(c), "text"));
  c = usable();
  c.sender.routes.clear();
  REQUIRE(names(violations(c), "sender.routes"));
}

TEST_CASE("campaign: what a provider refuses is a violation that names the provider", "[engine]") {
  campaign c = usable();
  c.text = std::string(41, 'x');
  c.media.assign(3, {.url = "https://cdn.example.com/a.jpg", .mime_type = "image/jpeg"});
  const auto found = violations(c);
  REQUIRE(found.size() == 2);  // two rules of one provider, though it is behind two routes
  REQUIRE(names(found, "media"));
  const auto text = std::find_if(found.begin(), found.end(), [](const violation& v) { return v.field == "text"; });
  REQUIRE_THAT(text->rule, Catch::Contains("41 characters") && Catch::Contains("fake allows 40 characters"));
}

TEST_CASE("campaign: a sender is a short code, a toll-free, 10DLC or long number", "[engine]") {
  campaign c = usable();
  c.sender.sender = GENERATE("12345", "+18885551234", "18885551234", "(212) 555-0123", "+61412345678");
  CAPTURE(c.sender.sender);
  REQUIRE(compiled_campaign::compile(c, two_routes(), {}).has_value());
  // a name cannot send MMS
  c.sender.sender =
      GENERATE("12", "+1234567890123456", "AB", "+ACME", "ACME", "ACME!", "{{ sender }}", "+19005550123", "");
  CAPTURE(c.sender.sender);
  REQUIRE(names(violations(c), "sender.sender"));
}

TEST_CASE("campaign: the host's profiles hold beside the provider's, and say whose rule was broken", "[engine]") {
  content_limits house;
  house.name = "house";
  house.text_max = 10;
  campaign c = usable();
  c.text = "eleven char";
  REQUIRE(compiled_campaign::compile(c, two_routes(), {}).has_value());
  const auto made = compiled_campaign::compile(c, two_routes(), std::span(&house, 1));
  REQUIRE_FALSE(made.has_value());
  REQUIRE(made.error().violations.size() == 1);
  REQUIRE_THAT(made.error().violations[0].rule, Catch::Contains("house allows 10 characters"));
}

TEST_CASE("campaign: a short code reaches the phones of the country it lives in", "[engine]") {
  campaign c = usable();
  c.sender.sender = "60777";
  c.sender.home = "AU";
  auto made = campaign_preview::compile(c, two_routes());
  REQUIRE(made.has_value());
  message_parts parts;
  const std::array<std::string_view, 1> ann{"Ann"};
  CHECK(made->render({"+61412345678", ann}, parts).has_value());
  CHECK(made->render({"+12125550123", ann}, parts).error() == errc::country_not_served);
}

TEST_CASE("campaign: a fallback far beyond its parts is refused without being worked through", "[engine]") {
  campaign c = usable();
  c.fallback = {.enabled = true, .text = "{{ name }}{{ name }}{{ name }}", .max_parts = 1, .smart_encoding = true};
  auto made = campaign_preview::compile(c, two_routes());
  REQUIRE(made.has_value());
  message_parts parts;
  const std::string quotes = repeated("\u2019", 300);
  const std::array<std::string_view, 1> value{quotes};
  CHECK(made->render({"+12125550123", value}, parts).has_error());
  CHECK(parts.fallback_text.size() <= 1280);  // what is left of 2,700 bytes
}

TEST_CASE("campaign: what smart encoding drops does not count against the parts of a fallback", "[engine]") {
  campaign c = usable();
  c.fallback = {.enabled = true, .text = repeated("\u200B", 800) + "Hello", .max_parts = 1, .smart_encoding = true};
  auto made = campaign_preview::compile(c, two_routes());
  REQUIRE(made.has_value());
  message_parts parts;
  const std::array<std::string_view, 1> ann{"Ann"};
  REQUIRE(made->render({"+12125550123", ann}, parts).has_value());
  CHECK(parts.fallback_text == "Hello");
}

TEST_CASE("campaign: a fallback with too many parts is told as that, not as a length it no longer has", "[engine]") {
  campaign c = usable();
  c.fallback = {.enabled = true, .text = "{{ name }}", .max_parts = 1};
  c.text = "Hi";
  auto made = campaign_preview::compile(c, two_routes());
  REQUIRE(made.has_value());
  message_parts parts;
  const std::string longer = repeated("x", 700);
  const std::array<std::string_view, 1> value{longer};
  CHECK(made->render({"+12125550123", value}, parts).error() == errc::sms_too_many_parts);
}

TEST_CASE("campaign: a profile under the provider's name takes none of the provider's rules back", "[engine]") {
  content_limits same;
  same.name = "fake";
  same.text_max = 100;  // the provider's own is 40
  campaign c = usable();
  c.text = std::string(41, 'x');
  CHECK_FALSE(campaign_preview::compile(c, two_routes(), std::span(&same, 1)).has_value());
  same.text_max = 10;
  c.text = std::string(11, 'x');
  CHECK_FALSE(campaign_preview::compile(c, two_routes(), std::span(&same, 1)).has_value());
}

TEST_CASE("campaign: the documentation of a provider does not narrow what its account has", "[engine]") {
  auto account = providers::sinch({.api_key = "not-a-real-key", .service_id = "1", .countries = {"GB"}});
  REQUIRE(account.has_value());
  route_options route;
  route.name = "a";
  route.provider = *account;
  const std::vector<content_limits> documented{builtin_profile("sinch").value()};
  const auto rules = rules_of(route, documented);
  REQUIRE(rules.profiles().size() == 1);
  CHECK(rules.flattened().countries.contains("GB"));
  auto house = documented[0];
  house.subject_max = 20;  // no documentation any more: the host's rule
  CHECK(rules_of(route, std::span(&house, 1)).flattened().subject_max == 20U);
}

TEST_CASE("recipient: what fits the engine is number, values and four bytes for each value", "[engine]") {
  const std::string value(50, 'x');
  const std::array<std::string_view, 1> values{value};
  CHECK(fits({"+12125550123", values}, 12 + 50 + 4));
  CHECK_FALSE(fits({"+12125550123", values}, 12 + 50 + 3));
  CHECK_FALSE(fits({std::string(41, ' '), {}}, 512));
}

TEST_CASE("campaign_preview: the fallback is shown as it would leave, with its parts", "[engine]") {
  campaign c = usable();
  c.fallback = {.enabled = true, .text = "{{ name }}\u2019s sale", .smart_encoding = true};
  auto made = campaign_preview::compile(c, two_routes());
  REQUIRE(made.has_value());
  message_parts parts;
  const std::array<std::string_view, 1> ann{"Ann"};
  REQUIRE(made->render({"+12125550123", ann}, parts).has_value());
  // one part either way: nothing is saved, so nothing is changed
  REQUIRE(parts.fallback_text == "Ann\u2019s sale");
  REQUIRE(parts.fallback_size.encoding == sms_encoding::ucs2);
  REQUIRE(parts.fallback_size.parts == 1);
  REQUIRE(made->render({"+18005550123", ann}, parts).error() == errc::phone_toll_free);
}

TEST_CASE("campaign: routes share messages by weight, exactly over consecutive ids", "[engine]") {
  const auto made = compiled_campaign::compile(usable(), two_routes(), {});
  REQUIRE(made.has_value());
  std::map<std::size_t, int> shares;
  for (std::uint64_t id = 1000; id < 1400; ++id)
    ++shares[(*made)->choose_route(message_id{id}, [](std::uint16_t) { return rate::whole_share; })];
  REQUIRE(shares[0] == 300);
  REQUIRE(shares[1] == 100);
}

TEST_CASE("campaign_preview: shows what the engine would send and why it would not", "[engine]") {
  campaign c = usable();
  c.fallback.enabled = true;
  c.fallback.text = "{{ name }}: see picture";
  auto made = campaign_preview::compile(c, two_routes());
  REQUIRE(made.has_value());
  message_parts parts;
  const std::array<std::string_view, 1> ann{"Ann"};
  REQUIRE(made->render({"+1 212 555 0123", ann}, parts).has_value());
  REQUIRE(parts.to == "+12125550123");
  REQUIRE(parts.text == "Hi Ann");
  REQUIRE(parts.fallback_text == "Ann: see picture");
  REQUIRE(made->render({"2125550123", ann}, parts).error() == errc::phone_no_prefix);
  REQUIRE(made->render({"+12125550123", {}}, parts).error() == errc::wrong_number_of_values);
  const std::array<std::string_view, 1> long_name{"twelve chars"};
  REQUIRE(made->render({"+12125550123", long_name}, parts).error() == errc::fallback_text_too_long);
  const std::array<std::string_view, 1> longer_name{"a name of nearly forty characters, no less"};
  REQUIRE(made->render({"+12125550123", longer_name}, parts).error() == errc::text_too_long);
}
