// rate/concurrency - tests: it finds what a provider can take, backs off when that breaks, and comes back.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <queue>
#include <rate/concurrency.hpp>
#include <support/catch.hpp>
#include <vector>

using broadside::duration;
using broadside::time_point;
using broadside::rate::concurrency;
using namespace std::chrono_literals;

namespace {

constexpr time_point start{1'000'000s};

/// A provider with so many workers, each of which takes 50 ms an answer; what comes above waits in its line.
class toy_provider {
 public:
  explicit toy_provider(std::uint32_t workers) : free_at_(workers, start) {}

  std::uint64_t run(concurrency& c, time_point from, duration for_long) {
    std::uint64_t answers = 0;
    auto now = from;
    while (now < from + for_long) {
      while (on_way_.size() < c.limit()) send(now);
      const auto [ends, sent] = on_way_.top();
      now = std::max(now, ends);
      c.on_answer(now - sent, false, static_cast<std::uint32_t>(on_way_.size()), now);
      on_way_.pop();
      ++answers;
    }
    return answers;
  }

 private:
  using exchange = std::pair<time_point, time_point>;  // ends, sent

  void send(time_point now) {
    auto& worker = *std::min_element(free_at_.begin(), free_at_.end());
    worker = std::max(worker, now) + 50ms;
    on_way_.emplace(worker, now);
  }

  std::vector<time_point> free_at_;
  std::priority_queue<exchange, std::vector<exchange>, std::greater<>> on_way_;
};

}  // namespace

TEST_CASE("concurrency: starts small and never leaves one and the most", "[rate]") {
  REQUIRE(concurrency(64).limit() == 8);
  REQUIRE(concurrency(3).limit() == 3);
  REQUIRE(concurrency(0).limit() == 1);
  concurrency c(3);
  for (int i = 0; i < 1'000; ++i) c.on_answer(10ms, false, 3, start + i * 1ms);
  REQUIRE(c.limit() == 3);
  for (int i = 0; i < 1'000; ++i) c.on_answer(10ms, true, 3, start + 10s + i * 20ms);
  REQUIRE(c.limit() == 1);
}

TEST_CASE("concurrency: one more for every limit of good answers, while the limit is what binds", "[rate]") {
  concurrency c(64);
  for (int i = 0; i < 7; ++i) c.on_answer(10ms, false, 8, start);
  REQUIRE(c.limit() == 8);
  c.on_answer(10ms, false, 8, start);
  REQUIRE(c.limit() == 9);
  for (int i = 0; i < 9; ++i) c.on_answer(10ms, false, 4, start);
  REQUIRE(c.limit() == 10);
  for (int i = 0; i < 1'000; ++i) c.on_answer(10ms, false, 4, start);  // less than half is on its way
  REQUIRE(c.limit() == 10);
}

TEST_CASE("concurrency: a failure costs a tenth, those that were on their way with it nothing", "[rate]") {
  concurrency c(200);
  auto now = start;
  for (; c.limit() < 100; now += 1ms) c.on_answer(10ms, false, c.limit(), now);
  for (int i = 0; i < 50; ++i) c.on_answer(10ms, true, 100, now + i * 100us);
  REQUIRE(c.limit() == 90);
  c.on_answer(10ms, true, 90, now + 10ms + 1ns);
  REQUIRE(c.limit() == 81);
}

TEST_CASE("concurrency: answers that take twice as long as they did cost as failures do", "[rate]") {
  concurrency c(200);
  auto now = start;
  for (; c.limit() < 50; now += 1ms) c.on_answer(10ms, false, c.limit(), now);
  for (int i = 0; i < 100; ++i) c.on_answer(19ms, false, c.limit(), now += 20ms);
  REQUIRE(c.limit() >= 50);
  const auto before = c.limit();
  for (int i = 0; i < 100; ++i) c.on_answer(25ms, false, c.limit(), now += 26ms);
  REQUIRE(c.limit() < before / 2);
}

TEST_CASE("concurrency: a provider that has become slow for good is not held to what it once could", "[rate]") {
  concurrency c(64);
  auto now = start;
  for (; c.limit() < 32; now += 1ms) c.on_answer(10ms, false, c.limit(), now);
  for (int i = 0; i < 200; ++i) c.on_answer(50ms, false, c.limit(), now += 51ms);
  REQUIRE(c.limit() < 10);
  for (int i = 0; i < 8'000; ++i) c.on_answer(50ms, false, c.limit(), now += 51ms);
  REQUIRE(c.limit() > 30);
}

TEST_CASE("concurrency: settles where the provider is busy and its line is short", "[rate]") {
  const auto workers = GENERATE(4U, 16U, 40U);
  concurrency c(512);
  toy_provider provider(workers);
  (void)provider.run(c, start, 30s);
  const auto answers = provider.run(c, start + 30s, 30s);
  CAPTURE(workers, c.limit(), answers);
  REQUIRE(static_cast<double>(answers) >= 0.95 * workers * 20 * 30);  // 20 a second each
  REQUIRE(c.limit() >= workers);
  REQUIRE(c.limit() <= 3 * workers);
}
