// rate/route_shares - tests: shares move step by step to who works, never when nobody does, and drift back.
#include <rate/route_shares.hpp>
#include <support/catch.hpp>
#include <vector>

using namespace broadside;
using namespace broadside::rate;

namespace {

constexpr route_sample good{.answers = 100, .faults = 2};
constexpr route_sample bad{.answers = 50, .faults = 50};
constexpr route_sample late{.answers = 100, .slow = 60};
constexpr route_sample quiet{.answers = 3, .faults = 1};
constexpr route_sample open{.is_open = true};

bool all(std::size_t, std::size_t) { return true; }

std::vector<share_change> next(route_shares& shares, const std::vector<route_sample>& samples) {
  const auto changes = shares.evaluate(samples, all);
  return {changes.begin(), changes.end()};
}

}  // namespace

TEST_CASE("route_shares: a bad route gives up an eighth an interval down to the last, and gets it back so", "[rate]") {
  route_shares shares(2, {});
  REQUIRE(next(shares, {good, good}).empty());
  for (unsigned left = 7; left >= 1; --left) {
    const auto changes = next(shares, {bad, good});
    REQUIRE(changes.size() == 1);
    REQUIRE(changes[0].route == 0);
    REQUIRE(changes[0].from == left + 1);
    REQUIRE(changes[0].to == left);
    REQUIRE(changes[0].because == "50 of 100 answers were faults");
    REQUIRE(shares.share(0) == left);
    REQUIRE(shares.share(1) == 8);
  }
  REQUIRE(next(shares, {bad, good}).empty());
  REQUIRE(shares.share(0) == least_share);
  for (unsigned has = 2; has <= 8; ++has) {
    REQUIRE(next(shares, {good, good})[0].because == "it works again");
    REQUIRE(shares.share(0) == has);
  }
  REQUIRE(next(shares, {good, good}).empty());
}

TEST_CASE("route_shares: when all are bad nothing moves", "[rate]") {
  route_shares shares(3, {});
  (void)next(shares, {bad, good, good});
  for (int i = 0; i < 20; ++i) REQUIRE(next(shares, {bad, late, open}).empty());
  REQUIRE(shares.share(0) == 7);
  REQUIRE(shares.share(1) == 8);
  REQUIRE(shares.share(2) == 8);
}

TEST_CASE("route_shares: only routes that a message may take are alternatives", "[rate]") {
  route_shares shares(3, {});
  const auto pairs = [](std::size_t a, std::size_t b) { return a + b == 1; };  // the third stands alone
  const std::vector<route_sample> samples{bad, bad, good};
  REQUIRE(shares.evaluate(samples, pairs).empty());
  const std::vector<route_sample> others{good, bad, bad};
  REQUIRE(shares.evaluate(others, pairs).size() == 1);
  REQUIRE(shares.share(1) == 7);
  REQUIRE(shares.share(2) == 8);
}

TEST_CASE("route_shares: a route whose breaker is open is bad without an answer", "[rate]") {
  route_shares shares(2, {});
  const auto changes = next(shares, {good, open});
  REQUIRE(changes.size() == 1);
  REQUIRE(changes[0].because == "it is out of use");
  REQUIRE(shares.share(1) == 7);
}

TEST_CASE("route_shares: late answers count as faults do, refused messages do not", "[rate]") {
  route_shares shares(2, {});
  REQUIRE(next(shares, {late, good})[0].because == "60 of 100 answers were late");
  const route_sample both{.answers = 80, .faults = 20, .slow = 10};
  REQUIRE(next(shares, {both, good})[0].because == "30 of 100 answers were faults or late");
  const route_sample at_the_edge{.answers = 80, .faults = 20};
  REQUIRE(next(shares, {at_the_edge, good})[0].to == 7);  // a fifth is not more than a fifth
}

TEST_CASE("route_shares: too little heard neither condemns nor acquits", "[rate]") {
  route_shares shares(2, {});
  const route_sample nineteen_faults{.faults = 19};
  const route_sample twenty_faults{.faults = 20};
  for (int i = 0; i < 30; ++i) REQUIRE(next(shares, {nineteen_faults, quiet}).empty());
  REQUIRE(next(shares, {twenty_faults, quiet}).size() == 1);  // of the other nothing bad is known
  REQUIRE(shares.share(0) == 7);
  for (int i = 0; i < 11; ++i) REQUIRE(next(shares, {quiet, good}).empty());
  REQUIRE(next(shares, {quiet, good})[0].to == 8);  // the twelfth: it is tried again
  REQUIRE(next(shares, {bad, good})[0].to == 7);
  REQUIRE(next(shares, {good, good})[0].to == 8);
}

TEST_CASE("route_shares: the twelve intervals begin anew when a bad route is heard of", "[rate]") {
  route_shares shares(2, {});
  for (int i = 0; i < 3; ++i) (void)next(shares, {bad, good});
  for (int i = 0; i < 11; ++i) REQUIRE(next(shares, {quiet, good}).empty());
  REQUIRE(next(shares, {bad, bad}).empty());
  for (int i = 0; i < 11; ++i) REQUIRE(next(shares, {quiet, good}).empty());
  REQUIRE(next(shares, {quiet, good})[0].to == 6);
  for (int i = 0; i < 11; ++i) REQUIRE(next(shares, {quiet, good}).empty());
  REQUIRE(next(shares, {quiet, good})[0].to == 7);
}

TEST_CASE("route_shares: a route of which nothing bad was heard last gets its share back in silence", "[rate]") {
  route_shares shares(2, {});
  for (int i = 0; i < 3; ++i) (void)next(shares, {bad, good});
  (void)next(shares, {good, good});
  REQUIRE(shares.share(0) == 6);
  REQUIRE(next(shares, {quiet, good})[0].to == 7);
  REQUIRE(next(shares, {quiet, good})[0].to == 8);
}

TEST_CASE("route_shares: a faults_max of one never moves anything", "[rate]") {
  route_shares shares(2, {.faults_max = 1});
  const route_sample dead{.faults = 1'000};
  for (int i = 0; i < 20; ++i) REQUIRE(next(shares, {dead, good}).empty());
  for (int i = 0; i < 20; ++i) REQUIRE(next(shares, {open, good}).empty());
}

TEST_CASE("route_shares: missing samples are as silence, and no routes are no trouble", "[rate]") {
  route_shares shares(2, {});
  REQUIRE(next(shares, {}).empty());
  REQUIRE(next(shares, {bad}).size() == 1);
  route_shares none(0, {});
  REQUIRE(next(none, {good}).empty());
}
