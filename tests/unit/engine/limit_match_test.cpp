// tests/engine/limit_match - which limits hold for whom, and which messages share one.
#include <algorithm>
#include <engine/carrier_numbers.hpp>
#include <engine/limit_match.hpp>
#include <random>
#include <string>
#include <support/catch.hpp>
#include <vector>

using namespace broadside;
using namespace broadside::engine_detail;

namespace {

campaign some_campaign(std::string key = "spring", std::string tenant = {}) {
  campaign c;
  c.name = "Spring sale";
  c.key = std::move(key);
  c.tenant = std::move(tenant);
  return c;
}

route_options some_route(std::string account = {}, std::string plan = {}) {
  route_options r;
  r.name = "main";
  r.account = std::move(account);
  r.service_plan = std::move(plan);
  return r;
}

sender from(std::string_view text, country home = {}) { return sender::parse(text, home).value(); }

using places = std::vector<std::uint32_t>;

places all_of(const std::vector<limit_options>& limits, const campaign& c, const sender& s, const route_options& r) {
  return match_limits(c, s, r, limit_index(limits)).all;
}

bool holds(const limit_options& limit, const campaign& c, const sender& s, const route_options& r) {
  return all_of({limit}, c, s, r).size() == 1;
}

bool holds_for_sender(const limit_options& limit, const sender& s) {
  return holds(limit, some_campaign(), s, some_route());
}

}  // namespace

TEST_CASE("limit_match: a limit that sets nothing holds for every message", "[engine]") {
  CHECK(holds({.name = "all"}, some_campaign(), from("12345"), some_route()));
  CHECK(holds({.name = "all"}, some_campaign("", "shop"), from("+18885550100"), some_route("a", "p")));
}

TEST_CASE("limit_match: each field that is set must be the message's", "[engine]") {
  const campaign c = some_campaign("spring", "shop");
  const route_options r = some_route("acme", "plan");
  const sender s = from("12345");
  limit_options l{.name = "l",
                  .account = "acme",
                  .service_plan = "plan",
                  .sender = "12345",
                  .campaign = "spring",
                  .tenant = "shop"};
  CHECK(holds(l, c, s, r));
  std::string limit_options::*const fields[] = {&limit_options::account, &limit_options::service_plan,
                                                &limit_options::campaign, &limit_options::tenant};
  for (const auto field : fields) {
    limit_options other = l;
    other.*field += "x";
    CHECK_FALSE(holds(other, c, s, r));
    other.*field = "*";
    CHECK(holds(other, c, s, r));
    other.*field = "";
    CHECK(holds(other, c, s, r));
  }
  l.sender = "54321";
  CHECK_FALSE(holds(l, c, s, r));
}

TEST_CASE("limit_match: a message without a value is none of each, but a route without an account is one", "[engine]") {
  CHECK_FALSE(holds({.name = "l", .tenant = "*"}, some_campaign(), from("12345"), some_route()));
  CHECK_FALSE(holds({.name = "l", .service_plan = "*"}, some_campaign(), from("12345"), some_route()));
  CHECK(holds({.name = "l", .account = "*"}, some_campaign(), from("12345"), some_route()));
  CHECK_FALSE(holds({.name = "l", .account = "main"}, some_campaign(), from("12345"), some_route()));
}

TEST_CASE("limit_match: a campaign is known by its key, and by its name where it has none", "[engine]") {
  CHECK(holds({.name = "l", .campaign = "spring"}, some_campaign("spring"), from("12345"), some_route()));
  CHECK_FALSE(holds({.name = "l", .campaign = "Spring sale"}, some_campaign("spring"), from("12345"), some_route()));
  CHECK(holds({.name = "l", .campaign = "Spring sale"}, some_campaign(""), from("12345"), some_route()));
}

TEST_CASE("limit_match: a sender is the same however it is spelt", "[engine]") {
  for (const char* spelt : {"+18885550100", "18885550100", "1 (888) 555-0100"}) {
    CHECK(holds_for_sender({.name = "l", .sender = spelt}, from("+1 888 555 0100")));
  }
  CHECK_FALSE(holds_for_sender({.name = "l", .sender = "+18885550101"}, from("+18885550100")));
  CHECK_FALSE(holds_for_sender({.name = "l", .sender = "no sender at all"}, from("+18885550100")));
  const limit_options number{.name = "l", .sender = "+18885550100", .sender_home = "AU"};
  CHECK(holds_for_sender(number, from("+18885550100")));  // where a number lives it says itself
}

TEST_CASE("limit_match: a short code is another one in another country", "[engine]") {
  const auto limited = [](country home) { return limit_options{.name = "l", .sender = "24680", .sender_home = home}; };
  CHECK(holds_for_sender(limited("AU"), from("24680", "AU")));
  CHECK_FALSE(holds_for_sender(limited("AU"), from("24680", "US")));
  CHECK_FALSE(holds_for_sender(limited("AU"), from("24680")));  // it lives in the US or Canada then
  CHECK(holds_for_sender(limited({}), from("24680", "AU")));
  CHECK(holds_for_sender(limited("US"), from("24680")));
  CHECK(holds_for_sender(limited("CA"), from("24680")));
  CHECK_FALSE(holds_for_sender(limited("CA"), from("24680", "US")));
}

TEST_CASE("limit_match: limits of carriers stand apart, and hold for nobody without a carrier attribute", "[engine]") {
  const std::vector<limit_options> limits{{.name = "a", .carrier = "T-Mobile"},
                                          {.name = "b"},
                                          {.name = "c", .sender = "12345", .carrier = "t-mobile"},
                                          {.name = "d", .sender = "54321", .carrier = "T-Mobile"},
                                          {.name = "e", .carrier = "Verizon"}};
  campaign c = some_campaign();
  const limit_index index(limits);
  CHECK(match_limits(c, from("12345"), some_route(), index).of_carriers.empty());
  c.carrier_attribute = "carrier";
  const auto matched = match_limits(c, from("12345"), some_route(), index);
  CHECK(matched.all == places{1});
  CHECK(matched.of_carriers == places{0, 2, 4});
  CHECK(most_for_one_message(matched, limits) == 3);  // two of one carrier, and the one that holds for all
}

TEST_CASE("carrier_numbers: a carrier's name is the same in any case, and what has no limit is 0", "[engine]") {
  carrier_numbers numbers;
  CHECK(numbers.size() == 1);
  CHECK(numbers.of("T-Mobile") == 0);
  const auto mobile = numbers.add("T-Mobile");
  const auto other = numbers.add("\xFF");
  CHECK(numbers.add("t-MOBILE") == mobile);
  CHECK(numbers.size() == 3);
  CHECK(mobile != other);
  CHECK(numbers.of("t-mobile") == mobile);
  CHECK(numbers.of("\xFF") == other);
  for (const char* stranger : {"", "T-Mobile ", "T-Mobil", "\xFE", "AT&T"}) CHECK(numbers.of(stranger) == 0);
  const auto longest = numbers.add(std::string(64, 'X'));
  CHECK(numbers.of(std::string(64, 'x')) == longest);
  CHECK(numbers.of(std::string(65, 'x')) == 0);  // no limit's carrier is so long
}

TEST_CASE("limit_match: with * the values follow the name, and messages with the same values share a limit",
          "[engine]") {
  const campaign c = some_campaign("spring", "shop");
  const route_options r = some_route("acme", "plan");
  const auto name = [&](const limit_options& l, const sender& s) { return key_name(l, c, s, r); };
  CHECK(name({.name = "all", .sender = "12345"}, from("12345")) == "all");
  CHECK(name({.name = "per sender", .sender = "*"}, from("+1 888 555 0100")) == "per sender: 18885550100");
  CHECK(name({.name = "per tenant", .tenant = "*"}, from("12345")) == "per tenant: shop");
  CHECK(name({.name = "each", .account = "*", .service_plan = "*", .sender = "*", .campaign = "*", .tenant = "*"},
             from("12345")) == "each: acme/plan/12345/spring/shop");
  CHECK(key_name({.name = "l", .account = "*"}, c, from("12345"), some_route()) == "l: route main");
}

TEST_CASE("limit_match: two values that are joined never look like two others", "[engine]") {
  const limit_options l{.name = "l", .campaign = "*", .tenant = "*"};
  const auto name = [&](const char* key, const char* tenant) {
    return key_name(l, some_campaign(key, tenant), from("12345"), some_route());
  };
  CHECK(name("a/b", "c") != name("a", "b/c"));
  CHECK(name("a%2F", "c") != name("a/", "c"));
  CHECK(key_name({.name = "l", .campaign = "*"}, some_campaign("1/2"), from("12345"), some_route()) == "l: 1/2");
}

TEST_CASE("limit_match: a short code of each sender is told with its country, unless that may be the US or Canada",
          "[engine]") {
  const limit_options l{.name = "l", .sender = "*"};
  const auto name = [&](country home) { return key_name(l, some_campaign(), from("24680", home), some_route()); };
  CHECK(name("AU") == "l: 24680 of AU");
  CHECK(name("GB") == "l: 24680 of GB");
  CHECK(name({}) == "l: 24680");
  CHECK(name("US") == "l: 24680");  // as a campaign may say that does not name it
}

// The rule said once more, without an index.
TEST_CASE("limit_match: the index finds what a walk over all limits finds", "[engine]") {
  std::mt19937 dice(7);
  const auto one_of = [&](std::initializer_list<const char*> words) {
    return std::string(words.begin()[std::uniform_int_distribution<std::size_t>(0, words.size() - 1)(dice)]);
  };
  std::vector<limit_options> limits(300);
  for (limit_options& l : limits) {
    l.account = one_of({"", "", "*", "a", "b"});
    l.service_plan = one_of({"", "", "*", "p"});
    l.sender = one_of({"", "*", "12345", "1 2345", "+18885550100", "(888) 555-0100", "?"});
    l.campaign = one_of({"", "", "*", "spring", "autumn"});
    l.tenant = one_of({"", "", "*", "shop"});
  }
  const limit_index index(limits);
  std::size_t found = 0;
  for (int round = 0; round < 200; ++round) {
    const campaign c = some_campaign(one_of({"spring", "autumn", ""}), one_of({"", "shop", "other"}));
    const route_options r = some_route(one_of({"", "a", "c"}), one_of({"", "p", "q"}));
    const sender s = from(one_of({"12345", "+18885550100", "+18885550199"}));
    places expected;
    for (std::uint32_t i = 0; i < limits.size(); ++i) {
      const limit_options& l = limits[i];
      const auto fits = [](const std::string& field, const std::string& value) {
        return field.empty() || (field == "*" ? !value.empty() : field == value);
      };
      const auto own = sender::parse(l.sender);
      const bool of_sender = l.sender.empty() || l.sender == "*" || (own && own->text() == s.text());
      if (of_sender && (l.account == "*" || fits(l.account, r.account)) && fits(l.service_plan, r.service_plan) &&
          fits(l.campaign, c.key.empty() ? c.name : c.key) && fits(l.tenant, c.tenant))
        expected.push_back(i);
    }
    found += expected.size();
    CHECK(match_limits(c, s, r, index).all == expected);
  }
  CHECK(found > 1000);
}
