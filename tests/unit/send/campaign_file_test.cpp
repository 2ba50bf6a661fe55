// send/campaign_file - tests: every field arrives, every violation is named with its path, keys stay out of files.
#include <algorithm>
#include <campaign_file.hpp>
#include <fstream>
#include <iterator>
#include <object_reader.hpp>
#include <support/catch.hpp>

using namespace broadside::send;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view smallest = R"({
  "name": "Spring sale", "text": "Hello",
  "sender": {"sender": "12345", "routes": [{"route": "a"}]},
  "routes": [{"name": "a", "provider": "sinch", "service_id": "1", "api_key_env": "KEY"}]
})";

/// `smallest` with a field put in front.
campaign_file_reading with(std::string_view field) {
  std::string json = "{" + std::string(field) + ",";
  json += smallest.substr(1);
  return read_campaign_file(json);
}

std::string rule_of(const campaign_file_reading& reading, std::string_view field) {
  const auto found = std::find_if(reading.violations.begin(), reading.violations.end(),
                                  [&](const broadside::violation& v) { return v.field == field; });
  return found == reading.violations.end() ? "no such violation" : found->rule;
}

campaign_file_reading with_route(std::string_view fields) {
  std::string json(smallest);
  const std::size_t at = json.find("\"provider\"");
  json.insert(at, std::string(fields) + ",");
  return read_campaign_file(json);
}

}  // namespace

TEST_CASE("campaign_file: the smallest file is enough and leaves the library's defaults", "[send]") {
  const auto [file, violations] = read_campaign_file(smallest);
  CHECK(violations.empty());
  CHECK(file.campaign.name == "Spring sale");
  CHECK(file.campaign.age_max == 24h);
  CHECK(file.campaign.on_unknown == broadside::on_unknown::hold);
  REQUIRE(file.campaign.sender.routes.size() == 1);
  CHECK(file.campaign.sender.routes[0].weight == 1);
  CHECK(file.columns.to == "to");
  REQUIRE(file.routes.size() == 1);
  CHECK(file.routes[0].api_key_env == "KEY");
  CHECK(file.routes[0].http.connections_max == broadside::http_options{}.connections_max);
  CHECK(file.options.messages_inside_max == broadside::options{}.messages_inside_max);
  CHECK(file.campaign.inside_max == file.options.messages_inside_max);
}

TEST_CASE("campaign_file: the example has every field and is right", "[send]") {
  std::ifstream stream(BROADSIDE_TESTS_DIR "/../../examples/send/campaign.example.json");
  const std::string json((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
  REQUIRE_FALSE(json.empty());
  const auto [file, violations] = read_campaign_file(json);
  for (const auto& v : violations) UNSCOPED_INFO(v.field << ": " << v.rule);
  CHECK(violations.empty());
  CHECK(file.campaign.key == "spring-sale-2026");
  CHECK(file.campaign.media.size() == 1);
  CHECK(file.campaign.fallback.enabled);
  CHECK(file.campaign.validity == 24h);
  CHECK(file.campaign.attributes.size() == file.columns.values.size());
  REQUIRE(file.routes.size() == 2);
  CHECK(file.routes[0].provider == provider_kind::sinch);
  CHECK(file.routes[1].provider == provider_kind::infobip);
  CHECK(file.routes[1].messages_per_request == 100);
  REQUIRE(file.options.limits.size() == 4);
  CHECK(file.options.limits[0].sender == "12345");
  CHECK(file.options.limits[0].rate == broadside::rate_limit{35, 5});
  CHECK(file.options.limits[1].carrier == "T-Mobile");
  CHECK(file.options.limits[1].quota == broadside::daily_quota{2'000, "America/Los_Angeles"});
  CHECK(file.options.limits[2].counts == broadside::limit_unit::parts);
  CHECK(file.options.limits[2].rate.per_second == Approx(40));
  CHECK(file.options.tenants.size() == 2);
  CHECK(file.options.failover.faults_in_a_row == 20);
  CHECK(file.options.retry.budget == Approx(0.2));
  CHECK(file.campaign.priority == broadside::priority::marketing);
  CHECK(file.campaign.weight == 3);
  CHECK(file.campaign.tenant == "example-shop");
  CHECK(file.campaign.carrier_attribute == "carrier");
  CHECK(file.routes[0].account == "example");
  CHECK(file.routes[0].service_plan == "mms-plan");
  CHECK(file.routes[0].provider_queue == broadside::rate_limit{40, 1000});
  CHECK(file.routes[0].http.adaptive_concurrency);
  CHECK(file.options.retry.delay_min == 500ms);
  CHECK(file.options.reconcile.asks_max == 3);
  CHECK(file.options.reconcile.delay_min == 2s);
  CHECK(file.campaign.media[0].bytes == 412'000);
  CHECK(file.campaign.media[0].width == 1080);
  CHECK(file.campaign.media[0].height == 1350);
  CHECK(file.campaign.fallback.max_parts == 2);
  CHECK(file.campaign.fallback.over == broadside::over_limit::truncate);
  CHECK(file.campaign.fallback.smart_encoding);
  CHECK(file.campaign.fallback.part_price_micros == 7'900);
  CHECK(file.campaign.dialling == broadside::dialling::north_america);
  REQUIRE(file.options.profiles.size() == 2);
  CHECK(file.options.profiles[0].name == "att/short_code");
  CHECK(file.routes[0].countries.size() == 2);
  CHECK(file.options.preflight.timeout == 20s);
}

TEST_CASE("campaign_file: attributes have columns of their own name unless the file says otherwise", "[send]") {
  const auto reading =
      with(R"("attributes": ["first_name", "city"], "audience": {"to": "Phone", "columns": {"city": "City"}})");
  CHECK(reading.violations.empty());
  CHECK(reading.file.columns.to == "Phone");
  CHECK(reading.file.columns.values == std::vector<std::string>{"first_name", "City"});
  CHECK(rule_of(with(R"("attributes": ["city"], "audience": {"columns": {"ctiy": "City"}})"),
                "audience.columns.ctiy") == "is not a field here; did you mean city?");
}

TEST_CASE("campaign_file: unknown, missing and repeated fields are all reported, with their paths", "[send]") {
  const auto reading = read_campaign_file(R"({
    "nmae": "x", "text": "a", "text": "b",
    "sender": {"sender": "1", "routes": [{"rout": "a", "weight": -1}]},
    "routes": [{"name": "a", "provider": "infobp", "api_key_env": "K", "limit": {"per_secnd": 5, "burst": 1.5}}]
  })");
  CHECK(rule_of(reading, "name") == "is missing");
  CHECK(rule_of(reading, "nmae") == "is not a field here; did you mean name?");
  CHECK(rule_of(reading, "text") == "is given twice");
  CHECK(rule_of(reading, "sender.routes[0].route") == "is missing");
  CHECK(rule_of(reading, "sender.routes[0].rout") == "is not a field here; did you mean route?");
  CHECK(rule_of(reading, "sender.routes[0].weight") == "must be a whole number, at most 4294967295");
  CHECK(rule_of(reading, "routes[0].provider") == "must be \"sinch\" or \"infobip\"; did you mean infobip?");
  CHECK(rule_of(reading, "routes[0].limit.per_second") == "is missing");
  CHECK(rule_of(reading, "routes[0].limit.per_secnd") == "is not a field here; did you mean per_second?");
  CHECK(rule_of(reading, "routes[0].limit.burst") == "must be a whole number, at most 4294967295");
}

TEST_CASE("campaign_file: a member without a name is reported where it stands", "[send]") {
  CHECK(rule_of(with(R"("": 1)"), R"("")") == "is not a field here");
  CHECK(rule_of(with_route(R"("": 1)"), R"(routes[0]."")") == "is not a field here");
}

TEST_CASE("campaign_file: wrong types are named and change nothing", "[send]") {
  const auto reading = with(R"("subject": 5, "media": {}, "age_max": "1w", "validity": "1500ms", "shards": "2",
                               "fallback": [], "on_unknown": "retry", "instance": 65536, "limits": [1], "tenants": {},
                               "failover": 1, "weight": -1, "priority": "high")");
  CHECK(rule_of(reading, "subject") == "must be a text in quotes");
  CHECK(rule_of(reading, "media") == "must be a list");
  CHECK(rule_of(reading, "age_max").find("must be a duration") == 0);
  CHECK(rule_of(reading, "validity") == "must be whole seconds");
  CHECK(rule_of(reading, "shards").find("must be a whole number") == 0);
  CHECK(rule_of(reading, "fallback") == "must be an object");
  CHECK(rule_of(reading, "on_unknown").find("must be \"hold\"") == 0);
  CHECK(rule_of(reading, "instance") == "must be a whole number, at most 65535");
  CHECK(rule_of(reading, "limits[0]") == "must be an object");
  CHECK(rule_of(reading, "tenants") == "must be a list");
  CHECK(rule_of(reading, "failover") == "must be an object");
  CHECK(rule_of(reading, "weight") == "must be a whole number, at most 4294967295");
  CHECK(rule_of(reading, "priority") == R"(must be "marketing" or "transactional")");
  CHECK(reading.file.campaign.age_max == 24h);
}

TEST_CASE("campaign_file: a key in the file is refused and never repeated", "[send]") {
  const auto literal = with_route(R"("api_key": "fake-secret-canary")");
  CHECK(rule_of(literal, "routes[0].api_key").find("a key in a file is refused") == 0);
  std::string json(smallest);
  json.replace(json.find("\"KEY\""), 5, "\"fake-secret-canary\"");
  const auto pasted = read_campaign_file(json);
  CHECK(rule_of(pasted, "routes[0].api_key_env").find("must be the name of an environment variable") == 0);
  for (const auto* reading : {&literal, &pasted}) {
    for (const auto& v : reading->violations) CHECK((v.field + v.rule).find("canary") == std::string::npos);
  }
}

TEST_CASE("campaign_file: a provider's own fields are refused for the other", "[send]") {
  CHECK(rule_of(with_route(R"("messages_per_request": 5)"), "routes[0].messages_per_request") == "is for infobip only");
}

TEST_CASE("campaign_file: what is no JSON is said with its line, and is bounded", "[send]") {
  const auto rule = [](std::string_view json) { return rule_of(read_campaign_file(json), "the file"); };
  CHECK(rule("{\n\"name\": \"x\",\n\"text\" \"y\"\n}").find("line 3") != std::string::npos);
  CHECK(rule("{\"name\": \"\xFF\"}").find("must be JSON") == 0);
  CHECK(rule("").find("must be JSON") == 0);
  CHECK(rule("[]") == "must be an object");
  CHECK(rule(std::string(100'000, '[')).find("must be JSON") == 0);
  CHECK(rule("{\"a\": nul, \"b\": " + std::string(100'000, '[')).find("must be JSON") == 0);
  CHECK(rule(std::string(campaign_file_bytes_max + 1, ' ')).find("must be at most") == 0);
}

TEST_CASE("campaign_file: no more than a hundred violations are kept", "[send]") {
  std::string json = "{\"a0\": 0";
  for (int i = 1; i < 500; ++i) json += ", \"a" + std::to_string(i) + "\": 0";
  CHECK(read_campaign_file(json + "}").violations.size() == 100);
}

TEST_CASE("campaign_file: profiles are the built-in ones, and a misspelt name is answered with the nearest", "[send]") {
  const auto reading = with(R"("profiles": ["omnisend", "ominsend", "omnisend", 5, "zzzzzzzzzzzz"])");
  REQUIRE(reading.file.options.profiles.size() == 1);
  CHECK(reading.file.options.profiles[0].name == "omnisend");
  CHECK(rule_of(reading, "profiles[1]") == "is no built-in profile; did you mean omnisend?");
  CHECK(rule_of(reading, "profiles[2]") == "is given twice");
  CHECK(rule_of(reading, "profiles[3]") == "must be a text in quotes");
  CHECK(rule_of(reading, "profiles[4]") == "is no built-in profile");
  CHECK(rule_of(with(R"("profiles": "omnisend")"), "profiles") == "must be a list");
}

TEST_CASE("campaign_file: words that choose are few, and a misspelt one is answered with the nearest", "[send]") {
  CHECK(with(R"("numbers": "bare_digits")").file.campaign.dialling == broadside::dialling::bare_digits);
  CHECK(rule_of(with(R"("numbers": "north-america")"), "numbers") ==
        R"(must be "international", "bare_digits" or "north_america"; did you mean north_america?)");
  CHECK(rule_of(with(R"("numbers": 1)"), "numbers") == "must be a text in quotes");
  CHECK(rule_of(with(R"("fallback": {"over": "cut"})"), "fallback.over") == R"(must be "refuse" or "truncate")");
  CHECK(rule_of(with(R"("preflight": {"mode": "of"})"), "preflight.mode") ==
        R"(must be "off", "warn" or "refuse"; did you mean off?)");
}

TEST_CASE("campaign_file: a price is exact to a millionth of a currency unit", "[send]") {
  const auto price = [](std::string_view text) {
    return with(R"("fallback": {"part_price": )" + std::string(text) + "}");
  };
  CHECK(price("0.0079").file.campaign.fallback.part_price_micros == 7'900);
  CHECK(price("0.000001").file.campaign.fallback.part_price_micros == 1);
  CHECK(price("1000").file.campaign.fallback.part_price_micros == 1'000'000'000);
  CHECK(price("0").violations.empty());
  for (const std::string_view wrong : {"-0.01", "1000.1", "0.0000001", "0.12345678", "1e300"}) {
    CAPTURE(wrong);
    CHECK(rule_of(price(wrong), "fallback.part_price") ==
          "must be from 0 (not known) to 1000, with at most six decimals");
    CHECK(price(wrong).file.campaign.fallback.part_price_micros == 0);
  }
  CHECK(rule_of(price("\"0.01\""), "fallback.part_price") == "must be a number");
}

TEST_CASE("campaign_file: what is declared of media is whole numbers", "[send]") {
  const auto media = [](std::string_view fields) {
    return with(R"("media": [{"url": "https://a.example/b.jpg", "mime_type": "image/jpeg", )" + std::string(fields) +
                "}]");
  };
  CHECK(media(R"("bytes": 5000000000)").file.campaign.media[0].bytes == 5'000'000'000);
  CHECK(rule_of(media(R"("width": 1.5)"), "media[0].width") == "must be a whole number, at most 4294967295");
  CHECK(rule_of(media(R"("hieght": 5)"), "media[0].hieght") == "is not a field here; did you mean height?");
}

TEST_CASE("campaign_file: a route's countries are two capital letters each", "[send]") {
  const auto reading = with_route(R"("countries": ["US", "us", 1])");
  CHECK(reading.file.routes[0].countries.size() == 1);
  for (const auto* field : {"routes[0].countries[1]", "routes[0].countries[2]"}) {
    CHECK(rule_of(reading, field).find("must be two capital letters") == 0);
  }
}

TEST_CASE("campaign_file: a rate is said of a second, a minute, an hour or a day, and of one of them", "[send]") {
  const auto rate = [](std::string_view fields) {
    return with(R"("limits": [{"name": "l", )" + std::string(fields) + "}]");
  };
  const auto per_second = [&](std::string_view fields) {
    const auto reading = rate(fields);
    CHECK(reading.violations.empty());
    return reading.file.options.limits.at(0).rate.per_second;
  };
  CHECK(per_second(R"("per_second": 2.5)") == Approx(2.5));
  CHECK(per_second(R"("per_minute": 2400)") == Approx(40));
  CHECK(per_second(R"("per_hour": 1)") == Approx(1 / 3600.0));
  CHECK(per_second(R"("per_day": 86400)") == Approx(1));
  CHECK(per_second(R"("burst": 3)") == 0);
  CHECK(rate(R"("per_second": 1, "burst": 3)").file.options.limits[0].rate.burst == 3);
  CHECK(rule_of(rate(R"("per_second": 1, "per_day": 5)"), "limits[0].per_day") ==
        "is given beside per_second: one of them");
  CHECK(rule_of(rate(R"("per_minute": -1)"), "limits[0].per_minute") == "must be 0 (no limit) or 6e-05 to 300000000");
  CHECK(rule_of(rate(R"("per_day": 1e-9)"), "limits[0].per_day").find("must be 0 (no limit) or 0.0864") == 0);
  CHECK(rule_of(rate(R"("per_day": "5")"), "limits[0].per_day") == "must be a number");
  CHECK(rule_of(rate(R"("per_mintue": 5)"), "limits[0].per_mintue") == "is not a field here; did you mean per_minute?");
}

TEST_CASE("campaign_file: a route's limit takes the same words, and one of them is required", "[send]") {
  CHECK(with_route(R"("limit": {"per_minute": 60})").file.routes[0].limit.per_second == Approx(1));
  CHECK(with_route(R"("provider_queue": {"per_hour": 7200, "burst": 9})").file.routes[0].provider_queue ==
        broadside::rate_limit{2, 9});
  CHECK(rule_of(with_route(R"("provider_queue": {"burst": 9})"), "routes[0].provider_queue.per_second") ==
        "is missing");
}

TEST_CASE("campaign_file: a limit names what it holds for, and a quota its number", "[send]") {
  const auto reading = with(R"("limits": [{"name": "l", "account": "a", "service_plan": "p", "sender": "1234",
      "sender_home": "AU", "carrier": "c", "campaign": "k", "tenant": "t", "quota": {"per_day": 100}, "counts": "media"}])");
  CHECK(reading.violations.empty());
  const broadside::limit_options& l = reading.file.options.limits.at(0);
  CHECK(l.account == "a");
  CHECK(l.service_plan == "p");
  CHECK(l.sender == "1234");
  CHECK(l.sender_home == broadside::country("AU"));
  CHECK(l.carrier == "c");
  CHECK(l.campaign == "k");
  CHECK(l.tenant == "t");
  CHECK(l.quota == broadside::daily_quota{100, "UTC"});
  CHECK(l.counts == broadside::limit_unit::media);
  CHECK(rule_of(with(R"("limits": [{"name": "l", "quota": {"time_zone": "UTC"}}])"), "limits[0].quota.per_day") ==
        "is missing");
  CHECK(rule_of(with(R"("limits": [{"name": "l", "counts": "part"}])"), "limits[0].counts") ==
        R"(must be "messages", "parts" or "media"; did you mean parts?)");
  CHECK(rule_of(with(R"("limits": [{"name": "l", "sender_home": "au"}])"), "limits[0].sender_home").find("must be") ==
        0);
  CHECK(rule_of(with(R"("senders": [])"), "senders") == "is not a field here; did you mean sender?");
}

TEST_CASE("duration: a whole number and a unit", "[send]") {
  CHECK(read_duration("500ms") == 500ms);
  CHECK(read_duration("0s") == 0ms);
  CHECK(read_duration("90m") == 90min);
  CHECK(read_duration("7d") == 168h);
  CHECK(read_duration("200000d") == 200'000 * 24h);
  for (const std::string_view wrong :
       {"", "5", "s", "-1s", "1.5s", " 1s", "1s ", "1 s", "1w", "99999999999999999999s", "400000d"}) {
    CAPTURE(wrong);
    CHECK_FALSE(read_duration(wrong).has_value());
  }
}
