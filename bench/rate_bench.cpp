// bench/rate_bench - one decision of the rate limits among many keys, beside a token bucket behind a mutex.
//
// A decision takes one message from each of 1, 3 or 6 keys that are drawn at random from 1, 1,000 or 100,000: all of
// them or none. The mutex's answers are compared with ours before anything is timed. Its keys are locked one after the
// other in one order, which the draws have already; it knows neither units, pauses, days nor the
// account of what was used, all of which are ours in the time shown.
#include <benchmark/benchmark.h>
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <env/random.hpp>
#include <mutex>
#include <optional>
#include <rate/limit_keys.hpp>
#include <rate/limit_set.hpp>
#include <set>
#include <span>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace broadside;
using namespace std::chrono_literals;

constexpr time_point start{1h};
constexpr std::size_t draws = 1U << 16U;
constexpr rate_limit narrow{.per_second = 1'000, .burst = 20};           // for the answers, some of which are no
constexpr rate_limit wide{.per_second = 5'000'000, .burst = 1'000'000};  // for the time that a yes takes

/// The obvious one: tokens that are filled up when somebody looks, in whole nanoseconds so that the answers agree.
class alignas(64) mutex_bucket {
 public:
  explicit mutex_bucket(rate_limit limit)
      : interval_(static_cast<std::int64_t>(1e9 / limit.per_second)),
        most_(limit.burst * interval_),
        tokens_(interval_) {}

  void lock() { mutex_.lock(); }
  void unlock() { mutex_.unlock(); }
  [[nodiscard]] bool has_one(time_point now) noexcept {
    if (now > last_) {
      tokens_ = std::min(tokens_ + std::chrono::nanoseconds{now - last_}.count(), most_);
      last_ = now;
    }
    return tokens_ >= interval_;
  }
  void take_one() noexcept { tokens_ -= interval_; }

 private:
  std::mutex mutex_;
  std::int64_t interval_;  // ns of filling that a message costs
  std::int64_t most_;
  std::int64_t tokens_;
  time_point last_ = start;
};

struct mutexes {
  using key = mutex_bucket;
  using keys = std::deque<key>;

  static void add(keys& all, rate_limit limit) { all.emplace_back(limit); }
  static bool take(std::span<key* const> of, time_point now) {
    for (key* each : of) each->lock();
    bool all = true;
    for (key* each : of) all = all && each->has_one(now);
    if (all) {
      for (key* each : of) each->take_one();
    }
    for (key* each : of) each->unlock();
    return all;
  }
};

struct ours {
  using key = rate::limit_key;
  using keys = rate::limit_keys;

  static void add(keys& all, rate_limit limit) {
    all.emplace_back(std::string{}, limit_unit::messages, limit, std::nullopt, 0, start);
  }
  static bool take(std::span<key* const> of, time_point now) {
    return !rate::try_take(of, {.messages = 1, .parts = 1}, now).denied();
  }
};

template <class Limits>
void fill(typename Limits::keys& all, rate_limit limit, std::size_t keys) {
  while (all.size() < keys) Limits::add(all, limit);
}

/// Sets of different keys, each in order.
template <class Limits>
std::vector<typename Limits::key*> drawn(typename Limits::keys& keys, std::size_t of, std::uint64_t seed) {
  random_bits random(seed);
  std::vector<typename Limits::key*> all;
  while (all.size() < draws * of) {
    std::set<std::size_t> some;
    while (some.size() < of) some.insert(random.below(keys.size()));
    for (const std::size_t i : some) all.push_back(&keys[i]);
  }
  return all;
}

[[noreturn]] void fail(const char* why) {
  std::fprintf(stderr, "rate_bench: %s\n", why);
  std::exit(1);
}

/// The answers of both to the same questions.
void check_answers() {
  for (const std::size_t of : {1U, 3U, 6U}) {
    ours::keys a;
    mutexes::keys b;
    fill<ours>(a, narrow, 40);
    fill<mutexes>(b, narrow, 40);
    const auto sets_of_a = drawn<ours>(a, of, 5);
    const auto sets_of_b = drawn<mutexes>(b, of, 5);
    random_bits random(7);
    auto now = start;
    std::size_t given = 0;
    for (std::size_t i = 0; i < draws; ++i) {
      now += std::chrono::nanoseconds{random.below(25'000 * of)};
      const bool yes = ours::take(std::span(sets_of_a).subspan(i * of, of), now);
      given += yes ? 1 : 0;
      if (yes != mutexes::take(std::span(sets_of_b).subspan(i * of, of), now)) fail("the answers differ");
    }
    if (given < draws / 10 || given > draws * 9 / 10) fail("the questions are one-sided");
  }
}

/// Args: keys, keys of a decision. Threads share the keys, and their clocks meet now and then.
template <class Limits>
void BM_decision(benchmark::State& state) {
  static std::optional<typename Limits::keys> keys;
  static std::atomic<std::int64_t> latest;
  const auto of = static_cast<std::size_t>(state.range(1));
  static std::array<std::vector<typename Limits::key*>, 2> sets_of;
  if (state.thread_index() == 0) {
    fill<Limits>(keys.emplace(), wide, static_cast<std::size_t>(state.range(0)));
    for (std::size_t t = 0; t < 2; ++t) sets_of[t] = drawn<Limits>(*keys, of, t + 1);
    latest = 0;
  }
  std::int64_t us = 1'000'000;
  std::int64_t given = 0;
  for (auto _ : state) {
    const std::span<typename Limits::key* const> sets(sets_of[static_cast<std::size_t>(state.thread_index())]);
    const auto i = static_cast<std::size_t>(++us) % draws;
    if (i % 1'024 == 0) latest = us = std::max(us, latest.load());
    given += Limits::take(sets.subspan(i * of, of), start + std::chrono::microseconds{us}) ? 1 : 0;
  }
  state.SetItemsProcessed(given);
  if (given < state.iterations() * 9 / 10) state.SkipWithError("too many were denied");
}

/// Nothing can be given: who binds and until when is what is asked.
void BM_denied(benchmark::State& state) {
  ours::keys all;
  std::vector<ours::key*> set;
  for (std::int64_t i = 0; i < state.range(0); ++i)
    set.push_back(&all.emplace_back(std::string{}, limit_unit::messages, narrow, std::nullopt, 0, start));
  (void)ours::take(set, start);
  bool given = false;
  for (auto _ : state) given |= ours::take(set, start);
  if (given) state.SkipWithError("one was given");
}

/// A day with room: within the day no calendar is asked.
void BM_quota(benchmark::State& state) {
  constexpr wall_time noon{std::chrono::sys_days{std::chrono::year{2026} / 3 / 10} + 20h};
  rate::quota day(rate::quota::most_max, rate::calendar::of("America/Los_Angeles").value());
  std::uint64_t given = 0;
  for (auto _ : state) given += day.try_take(1, noon) ? 1 : 0;
  if (given != day.usage(noon).used) state.SkipWithError("the count is wrong");
}

void settings(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"keys", "of"});
  for (const std::int64_t keys : {1, 1'000, 100'000}) {
    for (const std::int64_t of : {1, 3, 6}) {
      if (of <= keys) bench->Args({keys, of});
    }
  }
  bench->Threads(1)->Threads(2)->UseRealTime();
}

BENCHMARK_TEMPLATE(BM_decision, ours)->Apply(settings);
BENCHMARK_TEMPLATE(BM_decision, mutexes)->Apply(settings);
BENCHMARK(BM_denied)->ArgName("of")->Arg(1)->Arg(3)->Arg(6);
BENCHMARK(BM_quota);

}  // namespace

int main(int argc, char** argv) {
  // With one thread in the process the C library's mutexes do without atomic operations, which no engine has.
  std::atomic<bool> over{false};
  std::jthread other{[&] { over.wait(false); }};
  check_answers();
  std::printf("a key: %zu bytes in a decision's way; a rate alone: %zu\n", sizeof(rate::limit_key), sizeof(rate::gcra));
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  over = true;
  over.notify_all();
}
