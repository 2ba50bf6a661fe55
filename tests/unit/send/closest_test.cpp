// send/closest - tests: a misspelt word finds its neighbour.
#include <closest.hpp>
#include <string>
#include <support/catch.hpp>
#include <vector>

using namespace broadside::send;

TEST_CASE("closest: a misspelt word finds its neighbour, another word none", "[send]") {
  const std::vector<std::string_view> words{"per_second", "burst", "base_url"};
  CHECK(closest("per_secnod", words) == "per_second");
  CHECK(closest("Burst", words) == "burst");
  CHECK(closest("baseurl", words) == "base_url");
  CHECK(closest("colour", words).empty());
  CHECK(closest("", words).empty());
  CHECK(closest(std::string(10'000, 'x'), words).empty());
}
