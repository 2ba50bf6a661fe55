// tests/journal/definition - each field makes a difference and comes back; what is not ours is told apart.
#include <functional>
#include <journal/definition.hpp>
#include <limits>
#include <set>
#include <string>
#include <support/catch.hpp>
#include <vector>

using namespace broadside;
using namespace broadside::journal;

namespace {

campaign some_campaign() {
  campaign made;
  made.name = "Spring";
  made.key = "spring-2031";
  made.attributes = {"first_name", "", "code"};
  made.subject = "Hello {{ first_name }}";
  made.text = std::string("a text with \0 and \xFF in it", 26);
  made.media = {{.url = "https://example.com/a.jpg", .mime_type = "image/jpeg", .bytes = 9, .width = 8, .height = 7},
                {}};
  made.sender = {.display_name = "Shop", .sender = "12345", .home = "US", .routes = {{"one", 3}, {"two"}}};
  made.fallback = {.enabled = true, .text = "plain", .sender = "54321"};
  made.fallback.part_price_micros = -5;
  return made;
}

/// Every field, changed to something else.
const std::vector<std::function<void(campaign&)>> changes{
    [](campaign& c) { c.name += "x"; },
    [](campaign& c) { c.name.clear(); },
    [](campaign& c) { c.key.clear(); },
    [](campaign& c) { c.attributes.emplace_back(); },
    [](campaign& c) { c.attributes.clear(); },
    [](campaign& c) { std::swap(c.attributes[0], c.attributes[2]); },
    [](campaign& c) { c.subject += "x"; },
    [](campaign& c) { c.text += "x"; },
    [](campaign& c) { c.media.emplace_back(); },
    [](campaign& c) { c.media.clear(); },
    [](campaign& c) { c.media[0].url += "x"; },
    [](campaign& c) { c.media[0].mime_type = "image/gif"; },
    [](campaign& c) { c.media[0].bytes = std::numeric_limits<std::uint64_t>::max(); },
    [](campaign& c) { c.media[0].width = std::numeric_limits<std::uint32_t>::max(); },
    [](campaign& c) { c.media[0].height = 0; },
    [](campaign& c) { c.sender.display_name.clear(); },
    [](campaign& c) { c.sender.sender += "0"; },
    [](campaign& c) { c.sender.home = {}; },
    [](campaign& c) { c.sender.home = country::of("PR"); },
    [](campaign& c) { c.sender.routes.pop_back(); },
    [](campaign& c) { c.sender.routes[0].route = "three"; },
    [](campaign& c) { c.sender.routes[1].weight = 0; },
    [](campaign& c) { c.fallback.enabled = false; },
    [](campaign& c) { c.fallback.text.clear(); },
    [](campaign& c) { c.fallback.sender.clear(); },
    [](campaign& c) { c.fallback.append_link = false; },
    [](campaign& c) { c.fallback.max_parts = 0; },
    [](campaign& c) { c.fallback.max_parts = 255; },
    [](campaign& c) { c.fallback.over = over_limit::truncate; },
    [](campaign& c) { c.fallback.smart_encoding = true; },
    [](campaign& c) { c.fallback.part_price_micros = std::numeric_limits<std::int64_t>::min(); },
    [](campaign& c) { c.dialling = dialling::north_america; },
    [](campaign& c) { c.dialling = dialling::bare_digits; },
    [](campaign& c) { c.age_max = std::chrono::seconds::min(); },
    [](campaign& c) { c.age_max = {}; },
    [](campaign& c) { c.validity = std::chrono::seconds{60}; },
    [](campaign& c) { c.on_unknown = on_unknown::resend; },
    [](campaign& c) { c.on_unknown = on_unknown::resend_if_deduplicated; },
    [](campaign& c) { c.inside_max = 1; },
    [](campaign& c) { c.action_id = "a"; },
    [](campaign& c) { c.action_name = "a"; },
    [](campaign& c) { c.campaign_policy = "a"; },
    [](campaign& c) { c.consent_category = "a"; },
    [](campaign& c) { c.priority = priority::transactional; },
    [](campaign& c) { c.weight = 0; },
    [](campaign& c) { c.weight = 3; },
    [](campaign& c) { c.tenant = "shop"; },
    [](campaign& c) { c.carrier_attribute = "carrier"; },
};

}  // namespace

TEST_CASE("definition: each field makes its own difference to the bytes, and comes back", "[journal]") {
  std::set<std::string> all{encode_definition(some_campaign())};
  for (std::size_t i = 0; i < changes.size(); ++i) {
    INFO("change " << i);
    campaign changed = some_campaign();
    changes[i](changed);
    const std::string bytes = encode_definition(changed);
    CHECK(all.insert(bytes).second);
    const auto back = decode_definition(bytes);
    REQUIRE(back.has_value());
    CHECK(encode_definition(*back) == bytes);
  }
}

TEST_CASE("definition: the values come back, not only their bytes", "[journal]") {
  campaign made = some_campaign();
  made.dialling = dialling::bare_digits;
  made.on_unknown = on_unknown::resend;
  made.inside_max = 77;
  made.validity = std::chrono::minutes{5};
  made.action_id = "1";
  made.action_name = "2";
  made.campaign_policy = "3";
  made.consent_category = "4";
  made.priority = priority::transactional;
  made.weight = 7;
  made.tenant = "5";
  made.carrier_attribute = "6";
  const auto back = decode_definition(encode_definition(made));
  REQUIRE(back.has_value());
  CHECK(back->name == "Spring");
  CHECK(back->key == "spring-2031");
  CHECK(back->attributes == made.attributes);
  CHECK(back->subject == made.subject);
  CHECK(back->text == made.text);
  REQUIRE(back->media.size() == 2);
  CHECK(back->media[0].url == made.media[0].url);
  CHECK(back->media[0].mime_type == "image/jpeg");
  CHECK(back->media[0].bytes == 9);
  CHECK(back->media[0].width == 8);
  CHECK(back->media[0].height == 7);
  CHECK(back->sender.display_name == "Shop");
  CHECK(back->sender.sender == "12345");
  CHECK(back->sender.home == made.sender.home);
  REQUIRE(back->sender.routes.size() == 2);
  CHECK(back->sender.routes[0].route == "one");
  CHECK(back->sender.routes[0].weight == 3);
  CHECK(back->sender.routes[1].weight == 1);
  CHECK(back->fallback.enabled);
  CHECK(back->fallback.text == "plain");
  CHECK(back->fallback.sender == "54321");
  CHECK(back->fallback.append_link);
  CHECK(back->fallback.max_parts == 10);
  CHECK(back->fallback.over == over_limit::refuse);
  CHECK_FALSE(back->fallback.smart_encoding);
  CHECK(back->fallback.part_price_micros == -5);
  CHECK(back->dialling == dialling::bare_digits);
  CHECK(back->age_max == std::chrono::hours{24});
  CHECK(back->validity == std::chrono::minutes{5});
  CHECK(back->on_unknown == on_unknown::resend);
  CHECK(back->inside_max == 77);
  CHECK(back->action_id == "1");
  CHECK(back->action_name == "2");
  CHECK(back->campaign_policy == "3");
  CHECK(back->consent_category == "4");
  CHECK(back->priority == priority::transactional);
  CHECK(back->weight == 7);
  CHECK(back->tenant == "5");
  CHECK(back->carrier_attribute == "6");
}

TEST_CASE("definition: a campaign that needs nothing of the second version is written and read as of the first",
          "[journal]") {
  const std::string bytes = encode_definition(some_campaign());
  CHECK(bytes.front() == 1);
  CHECK(decode_definition(bytes)->weight == 1);
  CHECK(decode_definition(std::string("\1\1\1a", 4))->weight == 1);  // as an earlier library wrote it
  campaign heavier = some_campaign();
  heavier.weight = 2;
  CHECK(encode_definition(heavier).front() == 2);
  CHECK(encode_definition(heavier) != bytes);
}

TEST_CASE("definition: fields of the second version in the first, or none of them in the second, are damage",
          "[journal]") {
  const auto code = [](const std::string& text) { return decode_definition(text).error(); };
  CHECK(code(std::string("\1\1\1a\x1E\1t", 7)) == errc::journal_damaged);
  CHECK(code(std::string("\2\1\1a\x1D\1\1", 7)) == errc::journal_damaged);
}

TEST_CASE("definition: what a later version may add is refused as too new", "[journal]") {
  const std::string bytes = encode_definition(some_campaign());
  const auto code = [](const std::string& text) { return decode_definition(text).error(); };
  CHECK(code('\3' + bytes.substr(1)) == errc::journal_too_new);
  CHECK(code(bytes + std::string("\x20\x01x", 3)) == errc::journal_too_new);
  CHECK(code(bytes + std::string("\xFF\x7F\x00", 3)) == errc::journal_too_new);
  CHECK(code(std::string("\1\x13\1\3", 4)) == errc::journal_too_new);   // a fourth way of dialling
  CHECK(code(std::string("\2\x1C\1\2", 4)) == errc::journal_too_new);   // a third priority
  CHECK(code(std::string("\1\6\3\6\1x", 6)) == errc::journal_too_new);  // a sixth property of media
}

TEST_CASE("definition: what nobody writes is refused as damaged", "[journal]") {
  const auto code = [](const std::string& text) { return decode_definition(text).error(); };
  CHECK(code("") == errc::journal_damaged);
  CHECK(code(std::string(1, '\0')) == errc::journal_damaged);
  CHECK(code("\1\2\1a\1\1a") == errc::journal_damaged);            // out of order
  CHECK(code("\1\1\1a\1\1a") == errc::journal_damaged);            // twice
  CHECK(code(std::string("\1\1\0", 3)) == errc::journal_damaged);  // empty, and there
  CHECK(code("\1\1\x05"
             "abc") == errc::journal_damaged);               // longer than the bytes
  CHECK(code("\1\x09\2us") == errc::journal_damaged);        // no country
  CHECK(code("\1\x0F\2\x80\x02") == errc::journal_damaged);  // 256 parts
  CHECK(code("\1\x0F\2\x01\x01") == errc::journal_damaged);  // two numbers
}

TEST_CASE("definition: cut anywhere, it is damaged or an earlier end of itself", "[journal]") {
  const std::string bytes = encode_definition(some_campaign());
  std::size_t refused = 0;
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const std::string cut = bytes.substr(0, size);
    const auto back = decode_definition(cut);
    if (back) {
      CHECK(encode_definition(*back) == cut);
    } else {
      CHECK(back.error() == errc::journal_damaged);
      ++refused;
    }
  }
  CHECK(refused > bytes.size() / 2);
}
