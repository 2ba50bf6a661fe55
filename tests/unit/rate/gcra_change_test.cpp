// rate/gcra - tests of limits that change while they are used: what is spent stays spent, in virtual time.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <random>
#include <rate/gcra.hpp>
#include <support/catch.hpp>
#include <thread>
#include <vector>

using broadside::rate_limit;
using broadside::time_point;
using broadside::rate::gcra;
using namespace std::chrono_literals;
using std::chrono::nanoseconds;

namespace {

constexpr time_point start{1'000'000s};

struct taken {
  time_point at;
  std::uint32_t count;
};

/// Whether some window of them holds more than the limit has for it.
bool exceeds(const std::vector<taken>& all, rate_limit limit) {
  for (std::size_t i = 0; i < all.size(); ++i) {
    std::uint64_t sum = 0;
    for (std::size_t j = i; j < all.size(); ++j) {
      sum += all[j].count;
      const auto window = static_cast<long double>(nanoseconds{all[j].at - all[i].at}.count()) / 1e9L;
      if (static_cast<long double>(sum) > window * static_cast<long double>(limit.per_second) + limit.burst + 1e-9L) {
        return true;
      }
    }
  }
  return false;
}

rate_limit any_limit(std::mt19937_64& random) {
  constexpr double rates[] = {0.5, 1, 3, 7.7, 100, 1'000};
  return {rates[random() % 6], static_cast<std::uint32_t>(1 + random() % 20)};
}

}  // namespace

TEST_CASE("gcra: a faster rate counts from the instant of the change", "[rate]") {
  gcra limit{{1, 1}, start};
  REQUIRE(limit.try_take(1, start).count == 1);
  limit.change({10, 1}, start + 200ms);
  REQUIRE(limit.ready_at(1, start + 200ms) <= start + 280ms + 1ns);  // four fifths of a message are to come
  REQUIRE(limit.ready_at(1, start + 200ms) >= start + 280ms);
  limit.change({1, 1}, start + 240ms);
  REQUIRE(limit.ready_at(1, start + 240ms) >= start + 640ms);  // and now two fifths, slowly
  REQUIRE(limit.ready_at(1, start + 240ms) <= start + 640ms + 20ns);
}

TEST_CASE("gcra: a larger burst gives nothing at once, a smaller one takes what is above it", "[rate]") {
  const auto now = start + 1h;
  gcra wider{{10, 5}, start};
  wider.change({10, 50}, now);
  REQUIRE(wider.available(100, now) == 5);
  REQUIRE(wider.available(100, now + 1s) == 15);
  REQUIRE(wider.available(100, now + 1h) == 50);
  gcra narrower{{10, 50}, start};
  REQUIRE(narrower.try_take(8, now).count == 8);
  narrower.change({10, 45}, now);
  REQUIRE(narrower.available(100, now) == 42);
  narrower.change({10, 5}, now);
  REQUIRE(narrower.available(100, now) == 5);
}

TEST_CASE("gcra: a debt stays a debt of as many messages", "[rate]") {
  const auto now = start + 1h;
  gcra limit{{10, 5}, start};
  REQUIRE(limit.try_take(25, now).count == 25);
  limit.change({1, 5}, now);
  REQUIRE(limit.ready_at(1, now) == now + 21s);
  limit.change({1'000, 2}, now);
  REQUIRE(limit.ready_at(1, now) == now + 21ms);
  REQUIRE(limit.unspent(now) == Approx(-20));
}

TEST_CASE("gcra: limits come and go, and what was unlimited starts with one message", "[rate]") {
  gcra limit{{}, start};
  REQUIRE(limit.try_take(1'000, start).count == 1'000);
  limit.change({10, 5}, start + 1h);
  REQUIRE_FALSE(limit.unlimited());
  REQUIRE(limit.burst() == 5);
  REQUIRE(limit.per_second() == Approx(10));
  REQUIRE(limit.available(100, start + 1h) == 1);
  limit.change({}, start + 2h);
  REQUIRE(limit.unlimited());
  REQUIRE(limit.burst() == 0);
  REQUIRE(limit.available(100, start + 2h) == 100);
  REQUIRE(limit.ready_at(1'000, start + 2h) == start + 2h);
  limit.change({10, 5}, start + 3h);
  REQUIRE(limit.available(100, start + 3h) == 1);
}

TEST_CASE("gcra: the same limit again changes nothing, not even for grants that are out", "[rate]") {
  gcra limit{{10, 5}, start};
  auto got = limit.try_take(1, start);
  limit.change({10, 5}, start);
  REQUIRE(limit.give_back(got, 1));
  REQUIRE(limit.available(9, start) == 1);
}

TEST_CASE("gcra: what was taken before a change is not given back after it", "[rate]") {
  const auto now = start + 1h;
  gcra limit{{10, 5}, start};
  auto old = limit.try_take(2, now);
  limit.change({20, 5}, now);
  REQUIRE_FALSE(limit.give_back(old, 2));
  REQUIRE(limit.available(100, now) == 3);
  auto unlimited = [&] {
    limit.change({}, now);
    return limit.try_take(2, now);
  }();
  limit.change({20, 5}, now);
  REQUIRE(limit.give_back(unlimited, 2));  // it took nothing
  REQUIRE(limit.available(100, now) == 1);
}

TEST_CASE("gcra: promises survive a change", "[rate]") {
  const auto now = start + 1h;
  gcra limit{{10, 5}, start};
  REQUIRE(limit.promise(4, now) == 4);
  limit.change({20, 3}, now);
  REQUIRE(limit.promise(5, now) == 0);
  limit.end_promise(2);
  REQUIRE(limit.promise(5, now) == 1);
  limit.end_promise(3);
  REQUIRE(limit.promise(5, now) == 3);
  limit.change({}, now);
  REQUIRE(limit.promise(1'000, now) == 1'000);
  limit.change({20, 3}, now);
  limit.end_promise(1'000);  // they were given without a limit, so nothing is left over of them
  REQUIRE(limit.promise(5, now + 1h) == 3);
}

TEST_CASE("gcra: a promise that was given under a limit and ends without one holds nothing of the next", "[rate]") {
  const auto now = start + 1h;
  gcra limit{{10, 5}, start};
  REQUIRE(limit.promise(4, now) == 4);
  limit.change({}, now);
  limit.end_promise(3);
  limit.change({10, 5}, now);
  REQUIRE(limit.promise(9, now + 1h) == 4);  // one is out
  limit.end_promise(1);
  limit.end_promise(4);
  REQUIRE(limit.promise(9, now + 1h) == 5);
}

TEST_CASE("gcra: changes at the ends of time and between extreme limits neither overflow nor give more", "[rate]") {
  const rate_limit limits[] = {{0.000001, 1'000'000}, {5'000'000, 1'000'000}, {}, {0.000001, 1}, {5'000'000, 1}};
  const time_point times[] = {time_point::min(), time_point{}, start, time_point::max()};
  for (const auto& first : limits) {
    for (const auto& then : limits) {
      for (const auto at : times) {
        gcra limit{first, start};
        (void)limit.try_take(0xFFFF'FFFF, start + 1h);
        const auto before = limit.available(2'000'000, at);
        limit.change(then, at);
        const auto after = limit.available(2'000'000, at);
        if (!then.unlimited()) REQUIRE(after <= std::max(std::min(before, then.burst), 1U));
        if (then.unlimited()) REQUIRE(after == 2'000'000);
        (void)limit.try_take(5, at);
        limit.change(first, at);
      }
    }
  }
}

TEST_CASE("gcra: after any change no window holds more than the new limit, and all of it is used", "[rate]") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    std::mt19937_64 random{seed};
    gcra limit{any_limit(random), start};
    auto now = start;
    for (int change = 0; change < 8; ++change) {
      const rate_limit told = any_limit(random);
      const auto before = limit.available(100, now);
      limit.change(told, now);
      REQUIRE(limit.available(100, now) <= std::min(before, told.burst));
      const auto begin = now;
      const auto step = static_cast<std::uint64_t>(1e9 / told.per_second);
      const bool hungry = random() % 2 == 0;
      const double unspent = limit.unspent(begin);
      std::vector<taken> all;
      std::uint64_t sum = 0;
      for (int i = 0; i < 80; ++i) {
        const auto n = static_cast<std::uint32_t>(1 + random() % (random() % 8 == 0 ? told.burst + 5 : 2));
        const auto got = limit.try_take(n, now);
        if (got.count > 0 && n <= told.burst) all.push_back({now, got.count});
        if (got.count > 0 && n > told.burst) all.clear();  // a debt: windows begin anew after it
        sum += got.count;
        now = hungry ? limit.ready_at(1, now) : now + nanoseconds{random() % (2 * step)};
      }
      REQUIRE_FALSE(exceeds(all, told));
      const double given = std::chrono::duration<double>(now - begin).count() * told.per_second;
      if (hungry) REQUIRE(static_cast<double>(sum) >= 0.99 * (given + unspent) - told.burst - 1);
    }
  }
}

TEST_CASE("gcra: takers hold the ceiling while another thread changes the limit all the time", "[rate]") {
  // Of two limits with the same burst the one is a hundred times as fast: with a torn pair, a taker would get far more.
  constexpr rate_limit slow{100, 10};
  constexpr rate_limit fast{10'000, 10};
  gcra limit{slow, start};
  std::atomic<std::int64_t> clock{0};
  std::atomic<std::uint64_t> all{0};
  std::atomic<bool> over{false};
  constexpr std::int64_t end = 200'000'000;
  std::vector<std::thread> takers;
  for (int h = 0; h < 3; ++h) {
    takers.emplace_back([&] {
      std::uint64_t mine = 0;
      for (auto t = clock.load(); t <= end; t = clock.load()) {
        const auto got = limit.try_take(1, start + nanoseconds{t});
        mine += got.count;
        if (auto seen = t; got.count == 0) clock.compare_exchange_strong(seen, t + 25'000);
      }
      all += mine;
    });
  }
  std::thread changer{[&] {
    while (!over.load()) {
      limit.change(fast, start + nanoseconds{clock.load()});
      limit.change(slow, start + nanoseconds{clock.load()});
    }
  }};
  for (auto& taker : takers) taker.join();
  over = true;
  changer.join();
  REQUIRE(all <= 2'000 + 10);
  REQUIRE(all >= 20);
}
