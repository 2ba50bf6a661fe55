// Tests of journal/staging, writer_sleep and waiting_shards: seeded schedules first, then real threads.
//
// A failure prints the seed; put it into `first_seed` and set `seeds` to 1 to run that interleaving alone.
#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <journal/staging.hpp>
#include <journal/waiting_shards.hpp>
#include <journal/writer_sleep.hpp>
#include <random>
#include <string>
#include <support/catch.hpp>
#include <support/sched_atomic.hpp>
#include <thread>
#include <vector>

using namespace broadside;
using namespace broadside::journal;
using broadside::support::sched_atomic;
using broadside::support::schedule;

namespace {

constexpr std::uint64_t first_seed = 1;
constexpr std::uint64_t seeds = 400;

record record_of(std::uint32_t producer, std::uint32_t n) {
  return {n % 3 == 0 ? record_kind::released : record_kind::claim, producer * 1000 + n, {}};
}

/// Producers reserve and publish batches; one writer takes, sleeps and is woken. Threads collect, verdict judges.
class run {
 public:
  run(std::uint64_t seed, std::uint32_t producers, std::uint32_t records, std::size_t places)
      : seed_(seed), producers_(producers), records_(records), staged_(places, position{41}) {}

  std::string operator()() {
    std::vector<std::function<void()>> bodies{[this] { write(); }};
    for (std::uint32_t p = 0; p < producers_; ++p) bodies.emplace_back([this, p] { produce(p); });
    schedule order{seed_};
    const bool ended = order.run(std::move(bodies));
    if (order.stuck()) return "a wake-up was lost";
    if (!ended) return "no end";
    return verdict();
  }

 private:
  void produce(std::uint32_t p) {
    std::mt19937_64 random{seed_ * 31 + p};
    for (std::uint32_t next = 0; next < records_ && !schedule::failed();) {
      const auto n = std::min<std::uint32_t>(1 + static_cast<std::uint32_t>(random() % 3), records_ - next);
      std::vector<record> batch;
      bool waited = false;
      for (std::uint32_t i = 0; i < n; ++i) {
        batch.push_back(record_of(p, next + i));
        waited |= batch.back().kind == record_kind::claim;
      }
      const auto first = staged_.reserve(n);
      staged_.publish(first, batch);
      if (waited ? sleep_.urgent() : sleep_.in_time()) schedule::wake(0);
      next += n;
    }
  }

  /// With no alarm set, whatever is published has to wake it.
  void write() {
    std::array<record, 4> some{};
    const std::size_t all = std::size_t{producers_} * records_;
    while (taken_.size() < all && !schedule::failed()) {
      sleep_.awake();
      if (static_cast<std::uint64_t>(staged_.next()) != 42 + taken_.size()) complaint_ = "next() does not count";
      const auto n = staged_.take(some);
      taken_.insert(taken_.end(), some.begin(), some.begin() + static_cast<std::ptrdiff_t>(n));
      if (n != 0) continue;
      sleep_.sleep(staged_.expected(), true);
      if (!staged_.ready() && !schedule::sleep()) return;
    }
  }

  [[nodiscard]] std::string verdict() const {
    if (!complaint_.empty()) return complaint_;
    std::vector<std::uint32_t> next(producers_);
    for (const auto& r : taken_) {
      auto& expected = next[r.message / 1000];
      if (r.message % 1000 != expected) return "a producer's records changed their order, were lost or doubled";
      if (r.kind != record_of(r.message / 1000, expected).kind) return "a record changed";
      ++expected;
    }
    return {};
  }

  std::uint64_t seed_;
  std::uint32_t producers_;
  std::uint32_t records_;
  staging<sched_atomic> staged_;
  writer_sleep<sched_atomic> sleep_;
  std::vector<record> taken_{};
  std::string complaint_{};
};

}  // namespace

TEST_CASE("staging: what is published leaves in the order of positions, up to the first gap", "[journal]") {
  staging<> staged(8, position{10});
  std::array<record, 8> out{};
  REQUIRE(staged.reserved() == position{10});
  REQUIRE(staged.next() == position{11});
  REQUIRE_FALSE(staged.expected());
  const auto a = staged.reserve(2);
  const auto b = staged.reserve(1);
  REQUIRE(a == position{11});
  REQUIRE(b == position{13});
  REQUIRE(staged.expected());
  const std::array<record, 2> of_a{record{record_kind::taken, 1, {}}, record{record_kind::claim, 1, {}}};
  const std::array<record, 1> of_b{record{record_kind::outcome, 2, {}}};
  staged.publish(b, of_b);
  REQUIRE_FALSE(staged.ready());
  REQUIRE(staged.take(out) == 0);
  staged.publish(a, of_a);
  REQUIRE(staged.ready());
  REQUIRE(staged.take(std::span(out).first(2)) == 2);
  REQUIRE(out[1].kind == record_kind::claim);
  REQUIRE(staged.next() == b);
  REQUIRE(staged.take(out) == 1);
  REQUIRE(out[0].message == 2);
  REQUIRE_FALSE(staged.expected());
}

TEST_CASE("staging: places are used again lap after lap", "[journal]") {
  staging<> staged(4, position{0});
  std::array<record, 4> out{};
  for (std::uint32_t i = 0; i < 100; ++i) {
    const std::array<record, 3> some{record{record_kind::claim, i, {}}, record{},
                                     record{record_kind::taken, i + 1, {}}};
    staged.publish(staged.reserve(3), some);
    REQUIRE(staged.take(out) == 3);
    REQUIRE(out[0].message == i);
    REQUIRE(out[2].message == i + 1);
    REQUIRE(staged.take(out) == 0);
  }
}

TEST_CASE("staging: two producers and a writer that sleeps, any schedule", "[journal][schedule]") {
  for (auto seed = first_seed; seed < first_seed + seeds; ++seed) {
    INFO("seed " << seed);
    REQUIRE(run(seed, 2, 8, 16)() == "");
  }
}

TEST_CASE("staging: producers who exceed their places wait rather than overwrite, any schedule",
          "[journal][schedule][large]") {
  for (auto seed = first_seed; seed < first_seed + seeds; ++seed) {
    INFO("seed " << seed);
    REQUIRE(run(seed, 3, 8, 4)() == "");
  }
}

TEST_CASE("waiting_shards: each asking is answered by one telling or by no, any schedule", "[journal][schedule]") {
  constexpr std::uint64_t steps = 6;
  for (auto seed = first_seed; seed < first_seed + seeds; ++seed) {
    waiting_shards<sched_atomic> shards{position{0}};
    std::array<int, 2> told{};
    std::array<int, 2> promised{};
    std::vector<std::function<void()>> bodies{[&] {
      for (std::uint64_t at = 1; at <= steps; ++at) {
        shards.clear(position{at}, [&](unsigned shard) {
          ++told[shard];
          schedule::wake(1 + shard);
        });
      }
    }};
    for (unsigned shard = 0; shard < 2; ++shard) {
      bodies.emplace_back([&, shard] {
        for (std::uint64_t at = 1; at <= steps && !schedule::failed(); at += 1 + shard) {
          while (shards.cleared() < position{at} && !schedule::failed()) {
            if (!shards.ask(shard, position{at})) continue;
            ++promised[shard];
            if (!schedule::sleep()) return;
          }
        }
      });
    }
    schedule order{seed};
    INFO("seed " << seed);
    REQUIRE(order.run(std::move(bodies)));
    REQUIRE(told == promised);
  }
}

TEST_CASE("waiting_shards: the earliest of a shard's wishes is what it is told of", "[journal]") {
  waiting_shards<> shards{position{0}};
  std::vector<unsigned> told;
  const auto tell = [&](unsigned shard) { told.push_back(shard); };
  REQUIRE(shards.ask(5, position{9}));
  REQUIRE(shards.ask(5, position{4}));
  REQUIRE(shards.ask(63, position{7}));
  shards.clear(position{3}, tell);
  REQUIRE(told.empty());
  shards.clear(position{4}, tell);
  REQUIRE(told == std::vector<unsigned>{5});
  REQUIRE(shards.ask(5, position{9}));
  shards.clear(position{100}, tell);
  REQUIRE(told == std::vector<unsigned>{5, 5, 63});
  REQUIRE_FALSE(shards.ask(5, position{100}));
}

TEST_CASE("staging: with real threads nothing is lost, doubled or out of order", "[journal]") {
  constexpr std::uint32_t producers = 3;
  constexpr std::uint32_t records = 20'000;
  staging<> staged(64, position{0});
  std::vector<std::thread> running;
  for (std::uint32_t p = 0; p < producers; ++p) {
    running.emplace_back([&staged, p] {
      std::vector<record> batch;
      for (std::uint32_t next = 0; next < records;) {
        const auto n = std::min<std::uint32_t>(1 + (next * 7 + p) % 5, records - next);
        batch.clear();
        for (std::uint32_t i = 0; i < n; ++i) {
          batch.push_back({record_kind::claim, p, {.attempts = static_cast<std::uint16_t>((next + i) & 0xFFFFU)}});
        }
        staged.publish(staged.reserve(n), batch);
        next += n;
      }
    });
  }
  std::array<std::uint32_t, producers> next{};
  std::array<record, 32> out{};
  bool right = true;
  for (std::size_t all = 0; all < std::size_t{producers} * records;) {
    const auto n = staged.take(out);
    for (std::size_t i = 0; i < n; ++i) {
      right &= out[i].so_far.attempts == static_cast<std::uint16_t>(next[out[i].message]++ & 0xFFFFU);
    }
    all += n;
    if (n == 0) std::this_thread::yield();
  }
  for (auto& each : running) each.join();
  REQUIRE(right);
  REQUIRE(static_cast<std::uint64_t>(staged.reserved()) == std::uint64_t{producers} * records);
}
