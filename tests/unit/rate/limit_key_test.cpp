// rate/limit_key - tests: which of its ceilings binds, changes, and the account of how far it is used.
#include <chrono>
#include <random>
#include <rate/limit_key.hpp>
#include <support/catch.hpp>
#include <thread>
#include <vector>

using namespace broadside;
using namespace broadside::rate;
using namespace std::chrono_literals;

namespace {

constexpr time_point start{1'000'000s};
constexpr wall_time noon{std::chrono::sys_days{std::chrono::year{2026} / 3 / 10} + 12h};

limit_key rated(rate_limit limit) { return {"", limit_unit::messages, limit, std::nullopt, 0, start}; }

}  // namespace

TEST_CASE("limit_key: opens when its rate, its pause and its day are all open", "[rate]") {
  limit_key key{"brand", limit_unit::parts, {10, 1}, calendar::of("UTC").value(), 2, start};
  REQUIRE(key.name() == "brand");
  REQUIRE(key.counts == limit_unit::parts);
  REQUIRE(key.ready_at(1, start, noon) == start);
  REQUIRE(key.rate.try_take(1, start).count == 1);
  REQUIRE(key.ready_at(1, start, noon) == start + 100ms);
  key.pause(start + 1h);
  REQUIRE(key.paused_until() == start + 1h);
  REQUIRE(key.ready_at(1, start, noon) == start + 1h);
  REQUIRE_FALSE(key.quota_binds(1, start, noon));
  REQUIRE(key.daily()->try_take(2, noon));
  REQUIRE(key.ready_at(1, start, noon) == start + 12h);
  REQUIRE(key.quota_binds(1, start, noon));
  key.pause(start + 13h);
  REQUIRE_FALSE(key.quota_binds(1, start, noon));
  REQUIRE(key.ready_at(1, start, noon) == start + 13h);
}

TEST_CASE("limit_key: of several pauses the one that ends last counts, in whatever order they are told", "[rate]") {
  limit_key key = rated({});
  key.pause(start + 60s);
  key.pause(start + 500ms);  // an answer that came later and named no time
  REQUIRE(key.paused_until() == start + 60s);
  key.pause(start + 90s);
  REQUIRE(key.ready_at(1, start, noon) == start + 90s);
  key.change({1, 1}, 0, start);  // what a host allows is no word of the provider's
  REQUIRE(key.paused_until() == start + 90s);
  REQUIRE(key.ready_at(1, start + 90s, noon) == start + 90s);
}

TEST_CASE("limit_key: without a limit it opens at once and counts nothing", "[rate]") {
  limit_key key = rated({});
  key.wanted(start);
  key.count_taken(5);
  REQUIRE(key.ready_at(1'000, start, noon) == start);
  REQUIRE(key.taken() == 0);
  REQUIRE(key.allowed(start + 1h) == 0);
  key.unwanted(start + 1h);
  limit_key day{"", limit_unit::messages, {}, calendar::of("UTC").value(), 2, start};
  day.count_taken(5);
  REQUIRE(day.taken() == 5);
}

TEST_CASE("limit_key: what is allowed is what is there when somebody begins to wait, and the rate meanwhile",
          "[rate]") {
  limit_key key = rated({10, 5});
  const auto now = start + 1h;
  REQUIRE(key.allowed(now) == 0);
  key.wanted(now);
  REQUIRE(key.allowed(now) == Approx(5));
  REQUIRE(key.allowed(now + 2s) == Approx(25));
  key.wanted(now + 1s);  // a second shard changes nothing
  key.unwanted(now + 2s);
  REQUIRE(key.allowed(now + 3s) == Approx(35));
  REQUIRE(key.rate.try_take(5, now + 3s).count == 5);
  key.count_taken(5);
  key.unwanted(now + 3s);
  REQUIRE(key.allowed(now + 1h) == Approx(35));
  key.unwanted(now + 3s);  // nobody does: nothing happens
  REQUIRE(key.allowed(now + 1h) == Approx(35));
}

TEST_CASE("limit_key: what is left when nobody waits any more was not wanted", "[rate]") {
  limit_key key = rated({10, 5});
  for (int i = 1; i <= 100; ++i) {  // one message now and then, of a burst of five
    const auto now = start + std::chrono::hours{i};
    key.wanted(now);
    REQUIRE(key.rate.try_take(1, now).count == 1);
    key.count_taken(1);
    key.unwanted(now);
  }
  REQUIRE(key.taken() == 100);
  REQUIRE(key.allowed(start + 200h) == Approx(100));
}

TEST_CASE("limit_key: what runs over while somebody waits was allowed and not used", "[rate]") {
  limit_key key = rated({10, 5});
  key.wanted(start);
  REQUIRE(key.rate.try_take(1, start + 10s).count == 1);
  key.count_taken(1);
  key.unwanted(start + 10s);
  // One was there and 100 came; one was taken and four are left: the bucket was full for the rest.
  REQUIRE(key.allowed(start + 10s) == Approx(97));
}

TEST_CASE("limit_key: a debt is allowed when it is paid, whether anybody waits meanwhile or not", "[rate]") {
  limit_key key = rated({10, 5});
  const auto now = start + 1h;
  key.wanted(now);
  REQUIRE(key.rate.try_take(25, now).count == 25);
  key.count_taken(25);
  REQUIRE(key.allowed(now) == Approx(25));  // never less than what was taken
  key.unwanted(now + 1s);
  REQUIRE(key.allowed(now + 1s) == Approx(25));
  key.wanted(now + 2s);  // paid
  REQUIRE(key.rate.try_take(25, now + 2400ms).count == 0);
  REQUIRE(key.allowed(now + 2500ms) == Approx(30));
}

TEST_CASE("limit_key: a change counts at once, and the account follows it", "[rate]") {
  limit_key key = rated({10, 5});
  const auto now = start + 1h;
  key.wanted(now);
  key.change({100, 2}, 0, now + 1s);
  REQUIRE(key.limit() == rate_limit{100, 2});
  REQUIRE(key.rate.available(10, now + 1s) == 2);
  REQUIRE(key.allowed(now + 1s) == Approx(12));  // three of the full five are gone with the burst
  REQUIRE(key.allowed(now + 2s) == Approx(112));
  key.change({}, 0, now + 2s);
  REQUIRE(key.rate.unlimited());
  REQUIRE(key.allowed(now + 1h) == Approx(110));  // the two that were left
  key.unwanted(now + 3s);
  key.change({10, 5}, 0, now + 4s);
  key.wanted(now + 4s);
  REQUIRE(key.allowed(now + 5s) == Approx(121));
}

TEST_CASE("limit_key: a change of the daily number reaches the quota", "[rate]") {
  limit_key key{"", limit_unit::messages, {}, calendar::of("UTC").value(), 2, start};
  REQUIRE(key.daily()->try_take(2, noon));
  key.change({10, 1}, 5, start);
  REQUIRE(key.daily()->available(noon) == 3);
  REQUIRE_FALSE(key.rate.unlimited());
}

TEST_CASE("limit_key: hungry takers use what is allowed, and never more, through changes and pauses of want",
          "[rate]") {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    CAPTURE(seed);
    std::mt19937_64 random{seed};
    limit_key key = rated({100, 4});
    auto now = start;
    bool is_wanted = false;
    for (int i = 0; i < 3'000; ++i) {
      const bool want = random() % 20 != 0;
      if (want && !is_wanted) key.wanted(now);
      if (!want && is_wanted) key.unwanted(now);
      is_wanted = want;
      if (!want) now += std::chrono::milliseconds{random() % 100};
      if (random() % 200 == 0) {
        key.change({static_cast<double>(1 + random() % 500), static_cast<std::uint32_t>(1 + random() % 9)}, 0, now);
      }
      if (!want) continue;
      now = key.rate.ready_at(1, now);
      const auto got = key.rate.try_take(key.rate.available(100, now), now);
      key.count_taken(got.count);
      REQUIRE(static_cast<double>(key.taken()) <= key.allowed(now) + 1e-6);
    }
    REQUIRE(static_cast<double>(key.taken()) >= 0.97 * key.allowed(now));  // smaller bursts take some away
  }
}

TEST_CASE("limit_key: shards that come and go leave no time uncounted", "[rate]") {
  limit_key key = rated({1'000, 1});
  std::vector<std::thread> shards;
  key.wanted(start);
  for (int s = 0; s < 4; ++s) {
    shards.emplace_back([&] {
      for (int i = 0; i < 5'000; ++i) {
        key.wanted(start + 1s);
        key.unwanted(start + 1s);
      }
    });
  }
  for (auto& each : shards) each.join();
  REQUIRE(key.allowed(start + 2s) == Approx(2'001));
  key.unwanted(start + 2s);
  REQUIRE(key.allowed(start + 9s) == Approx(2'000));
}

TEST_CASE("limit_key: what a decision touches is one cache line", "[rate]") { STATIC_REQUIRE(sizeof(limit_key) == 64); }
