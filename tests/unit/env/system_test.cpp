// env/system - tests: the machine's clocks move forward and its threads do not share a sequence.
#include <array>
#include <broadside/environment.hpp>
#include <set>
#include <support/catch.hpp>
#include <thread>
#include <vector>

TEST_CASE("environment: there is one system environment and its clocks are the machine's", "[env]") {
  auto& system = broadside::environment::system();
  REQUIRE(&system == &broadside::environment::system());
  const auto before = std::chrono::steady_clock::now();
  const auto now = system.now();
  REQUIRE(now >= before);
  REQUIRE(now <= std::chrono::steady_clock::now());
  const auto wall_before = std::chrono::system_clock::now() - std::chrono::hours{24};
  REQUIRE(system.wall_now() > wall_before);
}

TEST_CASE("environment: threads draw different numbers at the same time", "[env]") {
  auto& system = broadside::environment::system();
  std::array<std::vector<std::uint64_t>, 4> drawn;
  std::vector<std::thread> threads;
  for (auto& mine : drawn) {
    threads.emplace_back([&system, &mine] {
      for (int i = 0; i < 1000; ++i) mine.push_back(system.random());
    });
  }
  for (auto& each : threads) each.join();
  std::set<std::uint64_t> all;
  for (const auto& each : drawn) all.insert(each.begin(), each.end());
  REQUIRE(all.size() == 4000);
}
