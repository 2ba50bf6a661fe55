// rate/limit_set - tests: all limits or none, who binds, and nothing lost on the way.
#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <random>
#include <rate/limit_set.hpp>
#include <span>
#include <support/catch.hpp>
#include <thread>
#include <vector>

using namespace broadside;
using namespace broadside::rate;
using namespace std::chrono_literals;

namespace {

constexpr time_point start{1'000'000s};
constexpr wall_time noon{std::chrono::sys_days{std::chrono::year{2026} / 3 / 10} + 12h};
constexpr cost one{.messages = 1, .parts = 1};

limit_key key_of(rate_limit limit, limit_unit counts = limit_unit::messages) {
  return {"a limit", counts, limit, std::nullopt, 0, start};
}

limit_key daily(std::uint64_t most, limit_unit counts = limit_unit::messages) {
  return {"a day", counts, {}, calendar::of("UTC").value(), most, start};
}

cost messages(std::uint32_t n) { return {.messages = n, .parts = n}; }

}  // namespace

TEST_CASE("limit_set: takes from all limits", "[rate]") {
  limit_key route = key_of({10, 4});
  limit_key sender = key_of({10, 8});
  const std::array limits{&route, &sender};
  const auto now = start + 1h;
  const denial no = try_take(limits, messages(3), now);
  REQUIRE_FALSE(no.denied());
  REQUIRE(no.until == now);
  REQUIRE(route.rate.available(100, now) == 1);
  REQUIRE(sender.rate.available(100, now) == 5);
  REQUIRE(route.taken() == 3);
  REQUIRE(sender.taken() == 3);
}

TEST_CASE("limit_set: each limit takes what it counts", "[rate]") {
  limit_key messages = key_of({10, 50});
  limit_key parts = key_of({10, 50}, limit_unit::parts);
  limit_key media = key_of({10, 50}, limit_unit::media);
  const std::array limits{&messages, &parts, &media};
  const auto now = start + 1h;
  REQUIRE_FALSE(try_take(limits, {.messages = 2, .parts = 7, .media = 0}, now).denied());
  REQUIRE(messages.rate.available(100, now) == 48);
  REQUIRE(parts.rate.available(100, now) == 43);
  REQUIRE(media.rate.available(100, now) == 50);
  REQUIRE(parts.taken() == 7);
  REQUIRE(media.taken() == 0);
}

TEST_CASE("limit_set: a limit that denies leaves the others as they were, and is named", "[rate]") {
  limit_key route = key_of({100, 10});
  limit_key sender = key_of({1, 1});
  limit_key wide = key_of({});
  const std::array limits{&route, &sender, &wide};
  const auto now = start + 1h;
  REQUIRE_FALSE(try_take(limits, one, now).denied());
  const denial no = try_take(limits, one, now);
  REQUIRE(no.by == 1);
  REQUIRE(no.until == now + 1s);
  REQUIRE(route.rate.available(100, now) == 9);
  REQUIRE(route.taken() == 1);
}

TEST_CASE("limit_set: what an earlier limit gave is given back when a later one changed its mind", "[rate]") {
  limit_key route = key_of({10, 1});
  const std::array twice{&route, &route};  // each looks as if it had one, and the second take finds none
  const denial no = try_take(twice, one, start);
  REQUIRE(no.by == 1);
  REQUIRE(no.until > start);
  REQUIRE(route.rate.available(100, start) == 1);
  REQUIRE(route.taken() == 0);
}

TEST_CASE("limit_set: the latest of the instants is told when several deny", "[rate]") {
  limit_key fast = key_of({100, 1});
  limit_key slow = key_of({1, 1});
  limit_key middle = key_of({10, 1});
  const std::array limits{&fast, &slow, &middle};
  REQUIRE_FALSE(try_take(limits, one, start).denied());
  const denial no = try_take(limits, one, start);
  REQUIRE(no.by == 1);
  REQUIRE(no.until == start + 1s);
}

TEST_CASE("limit_set: no limits give everything, too many give nothing", "[rate]") {
  REQUIRE_FALSE(try_take({}, messages(7), start).denied());
  REQUIRE_FALSE(closed({}, start, noon).denied());
  limit_key free = key_of({});
  const std::vector<limit_key*> too_many(limits_max + 1, &free);
  REQUIRE(try_take(too_many, one, start).denied());
  const std::vector<limit_key*> as_many(limits_max, &free);
  REQUIRE_FALSE(try_take(as_many, one, start).denied());
}

TEST_CASE("limit_set: a paused limit gives nothing of what it counts until that very instant", "[rate]") {
  limit_key sender = key_of({});
  limit_key media = key_of({}, limit_unit::media);
  const std::array limits{&sender, &media};
  sender.pause(start + 3s);
  media.pause(start + 9s);
  REQUIRE(try_take(limits, one, start + 3s - 1ns).until == start + 3s);
  REQUIRE(promise_up_to(limits, 5, one, start).count == 0);
  REQUIRE(promise_up_to(limits, 5, one, start).none_by.until == start + 3s);
  REQUIRE_FALSE(try_take(limits, one, start + 3s).denied());
  REQUIRE(try_take(limits, {.messages = 1, .media = 1}, start + 3s).by == 1);
  REQUIRE(closed(limits, start, noon).by == 1);
  REQUIRE(closed(limits, start, noon).until == start + 9s);
  sender.pause(start);  // the longest told counts
  REQUIRE(try_take(limits, one, start + 1s).until == start + 3s);
}

TEST_CASE("limit_set: closed names the limit that comes free last, a quota too", "[rate]") {
  limit_key rate = key_of({1, 1});
  limit_key day = daily(2);
  const std::array limits{&rate, &day};
  reservation made;
  REQUIRE_FALSE(closed(limits, start, noon).denied());
  REQUIRE_FALSE(try_take(limits, one, start).denied());
  REQUIRE(closed(limits, start, noon).by == 0);
  REQUIRE_FALSE(reserve(limits, messages(2), start, noon, made).denied());
  REQUIRE(closed(limits, start, noon).by == 1);
  REQUIRE(closed(limits, start, noon).until == start + 12h);
  REQUIRE(day.quota_binds(1, start, noon));
  REQUIRE_FALSE(rate.quota_binds(1, start, noon));
}

TEST_CASE("limit_set: a reservation counts for every day or for none, and can be given back", "[rate]") {
  limit_key brand = daily(10);
  limit_key account = daily(4);
  limit_key pictures = daily(1, limit_unit::media);
  const std::array limits{&brand, &account, &pictures};
  reservation made;
  REQUIRE_FALSE(reserve(limits, messages(3), start, noon, made).denied());
  const denial no = reserve(limits, messages(2), start, noon, made);
  REQUIRE(no.by == 1);
  REQUIRE(no.until == start + 12h);
  REQUIRE(brand.daily()->available(noon) == 7);
  give_back(limits, messages(1), made);
  REQUIRE(brand.daily()->available(noon) == 8);
  REQUIRE_FALSE(reserve(limits, messages(2), start, noon, made).denied());
  REQUIRE(pictures.daily()->available(noon) == 1);
  const std::array twice{&brand, &account, &account};
  REQUIRE_FALSE(reserve(twice, messages(1), start + 12h, noon + 12h, made).denied());
  REQUIRE(reserve(twice, messages(2), start + 12h, noon + 12h, made).by == 2);  // the look said yes, the take found one
  REQUIRE(brand.daily()->available(noon + 12h) == 9);
  REQUIRE(account.daily()->available(noon + 12h) == 2);
}

TEST_CASE("limit_set: what fits the bursts and what is left of the days is counted from the front", "[rate]") {
  limit_key five = key_of({10, 5});
  limit_key parts = key_of({10, 9}, limit_unit::parts);
  limit_key free = key_of({});
  limit_key day = daily(3);
  const std::array bursts{&five, &parts, &free, &day};
  reservation made;
  const std::vector<cost> each{{1, 2, 0}, {1, 3, 0}, {1, 4, 1}, {1, 1, 0}, {1, 1, 0}, {1, 1, 0}};
  REQUIRE(fit_burst(bursts, each) == 3);
  REQUIRE(fit_burst(std::array{&five}, each) == 5);
  REQUIRE(fit_burst(std::array{&free}, each) == 6);
  REQUIRE(fit_burst(bursts, std::vector<cost>{{1, 100, 0}, {1, 1, 0}}) == 1);
  REQUIRE(fit_burst(bursts, {}) == 0);
  REQUIRE(fit_quota(bursts, each, noon) == 3);
  REQUIRE_FALSE(reserve(bursts, messages(2), start, noon, made).denied());
  REQUIRE(fit_quota(bursts, each, noon) == 1);
  REQUIRE_FALSE(reserve(bursts, messages(1), start, noon, made).denied());
  REQUIRE(fit_quota(bursts, each, noon) == 1);
  REQUIRE(fit_quota(bursts, {}, noon) == 0);
}

TEST_CASE("limit_set: a promise is of the same number by each limit, the tightest decides", "[rate]") {
  limit_key wide = key_of({10, 8});
  limit_key tight = key_of({10, 3});
  const std::array both{&wide, &tight};
  const auto full = start + 1h;
  REQUIRE(promise_up_to(both, 5, one, full).count == 3);
  const promise none = promise_up_to(both, 5, one, full);
  REQUIRE(none.count == 0);
  REQUIRE(none.none_by.denied());
  REQUIRE(none.none_by.until > full);
  REQUIRE(wide.rate.promise(8, full) == 5);  // what the tight one did not promise was given back
  wide.rate.end_promise(5);
  held_units three{{3, 3}};
  hold(both, three, {}, full);
  REQUIRE(promise_up_to(both, 2, one, full).count == 2);
  REQUIRE(promise_up_to({}, 7, one, full).count == 7);
  REQUIRE(promise_up_to(both, 0, one, full).count == 0);
}

TEST_CASE("limit_set: promises are in what the limits count, whole messages only", "[rate]") {
  limit_key parts = key_of({10, 8}, limit_unit::parts);
  limit_key media = key_of({10, 1}, limit_unit::media);
  const std::array both{&parts, &media};
  const auto full = start + 1h;
  const cost text{.messages = 1, .parts = 3};
  REQUIRE(promise_up_to(both, 5, text, full).count == 2);  // six of eight; the media are not asked
  REQUIRE(parts.rate.promise(8, full) == 2);
  parts.rate.end_promise(2);
  held_units six{{6, 0}};
  hold(both, six, {}, full);
  REQUIRE(parts.rate.promise(8, full) == 8);
}

TEST_CASE("limit_set: a message that costs more than a burst is promised a full one, leaves, and is paid for",
          "[rate]") {
  limit_key parts = key_of({10, 4}, limit_unit::parts);
  limit_key route = key_of({100, 100});
  const std::array both{&parts, &route};
  const auto full = start + 1h;
  const cost large{.messages = 1, .parts = 10};
  REQUIRE(promise_up_to(both, 3, large, full).count == 1);
  REQUIRE(promise_up_to(both, 1, large, full).count == 0);
  REQUIRE(promise_up_to(both, 1, one, full).count == 0);
  REQUIRE_FALSE(try_take(both, large, full).denied());
  held_units ten{{10, 1}};
  hold(both, ten, {}, full);
  REQUIRE(try_take(both, one, full).until == full + 700ms);  // six over, and one to come
  const denial again = try_take(both, large, full + 700ms);
  REQUIRE(again.by == 0);
  REQUIRE(again.until == full + 1s);
  REQUIRE(promise_up_to(both, 1, large, full + 1s).count == 1);
  REQUIRE_FALSE(try_take(both, large, full + 1s).denied());
}

TEST_CASE("limit_set: what is held for a dear message gathers until it is all there", "[rate]") {
  limit_key parts = key_of({10, 3}, limit_unit::parts);
  const std::array limits{&parts};
  const auto full = start + 1h;
  const cost least{.messages = 1, .parts = 1};
  const cost dear{.messages = 1, .parts = 3};
  REQUIRE_FALSE(try_take(limits, least, full).denied());
  held_units held;
  REQUIRE(promise_up_to(limits, 1, least, full).count == 1);
  held.of[0] = 1;
  hold(limits, held, dear, full);
  REQUIRE(held.of[0] == 2);  // all there is
  REQUIRE(promise_up_to(limits, 1, least, full + 50ms).count == 0);
  hold(limits, held, dear, full + 100ms);
  REQUIRE(held.of[0] == 3);
  REQUIRE_FALSE(try_take(limits, dear, full + 100ms).denied());
  hold(limits, held, {}, full + 100ms);
  REQUIRE(held.of[0] == 0);
  REQUIRE(promise_up_to(limits, 5, least, full + 300ms).count == 2);
}

TEST_CASE("limit_set: what a quota of a later day counted is given back to that day", "[rate]") {
  limit_key day = daily(5);
  const std::array limits{&day};
  reservation made;
  REQUIRE_FALSE(reserve(limits, messages(1), start, noon + 12h, made).denied());  // the clock was ahead
  REQUIRE_FALSE(reserve(limits, messages(3), start, noon, made).denied());        // and was set back
  REQUIRE_FALSE(day.daily()->is_over(made.day[0], noon));
  REQUIRE(day.daily()->available(noon) == 1);
  give_back(limits, messages(3), made);
  REQUIRE(day.daily()->available(noon) == 4);
  REQUIRE(day.daily()->is_over(noon, noon));
  day.daily()->exhaust(noon);
  REQUIRE(day.daily()->is_over(made.day[0], noon));
}

TEST_CASE("limit_set: whichever limit alone binds is used to the last, and the others lose nothing by denials",
          "[rate]") {
  const auto binding = GENERATE(0U, 1U, 2U, 3U);
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    CAPTURE(binding, seed);
    std::mt19937_64 random{seed};
    std::vector<std::unique_ptr<limit_key>> keys;
    for (unsigned i = 0; i < 4; ++i) {
      const rate_limit limit{i == binding ? 50.0 : 400.0 + i, static_cast<std::uint32_t>(3 + random() % 5)};
      keys.push_back(std::make_unique<limit_key>("", limit_unit::messages, limit, std::nullopt, 0, start));
    }
    const std::array limits{keys[0].get(), keys[1].get(), keys[2].get(), keys[3].get()};
    const std::array backwards{keys[3].get(), keys[2].get(), keys[1].get(), keys[0].get()};
    for (const auto& key : keys) key->wanted(start);
    auto now = start;
    std::uint64_t denials = 0;
    std::uint64_t taken = 0;
    while (taken < 5'000) {
      const auto n = static_cast<std::uint32_t>(1 + random() % 3);
      const denial no = try_take(random() % 2 == 0 ? limits : backwards, messages(n), now);
      taken += no.denied() ? 0 : n;
      denials += no.denied() ? 1 : 0;
      now = std::max(now, no.until);
    }
    const double seconds = std::chrono::duration<double>(now - start).count();
    REQUIRE(denials > 1'000);
    REQUIRE(static_cast<double>(taken) >= 0.99 * 50 * seconds);
    REQUIRE(keys[binding]->taken() == taken);
    REQUIRE(static_cast<double>(taken) >= 0.99 * keys[binding]->allowed(now));
    for (const auto& key : keys) REQUIRE(static_cast<double>(key->taken()) <= key->allowed(now));
  }
}

TEST_CASE("limit_set: threads with limits in different orders hold every ceiling and starve nobody", "[rate]") {
  limit_key a = key_of({1'000'000, 10});
  limit_key b = key_of({500'000, 5});
  std::atomic<std::int64_t> clock{0};
  std::array<std::uint64_t, 4> taken{};
  std::vector<std::thread> threads;
  constexpr std::int64_t end = 4'000'000;  // ns
  for (std::size_t h = 0; h < taken.size(); ++h) {
    threads.emplace_back([&, h] {
      const std::array<limit_key*, 2> limits = h % 2 == 0 ? std::array{&a, &b} : std::array{&b, &a};
      const auto n = static_cast<std::uint32_t>(1 + h % 3);
      std::uint64_t mine = 0;
      for (auto t = clock.load(); t <= end; t = clock.load()) {
        const denial no = try_take(limits, messages(n), start + std::chrono::nanoseconds{t});
        mine += no.denied() ? 0 : n;
        if (auto seen = t; no.denied()) clock.compare_exchange_strong(seen, t + 100);
      }
      taken[h] = mine;
    });
  }
  for (auto& thread : threads) thread.join();
  std::uint64_t all = 0;
  for (const auto each : taken) all += each;
  REQUIRE(all <= 2'000 + 5);
  REQUIRE(all >= 1'900);
  REQUIRE(a.taken() == all);
}
