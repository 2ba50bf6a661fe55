// audience_queue - tests under seeded schedules: small queues, few threads, every interleaving fixed by a seed.
//
// A failure prints the seed; put it into `first_seed` and set `seeds` to 1 to run that interleaving alone.
#include <broadside/audience_queue.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <support/catch.hpp>
#include <support/sched_atomic.hpp>
#include <utility>
#include <vector>

using broadside::audience_queue;
using broadside::push_status;
using broadside::support::sched_atomic;
using broadside::support::schedule;

namespace {

constexpr std::uint64_t first_seed = 1;
constexpr std::uint64_t seeds = 500;

/// Counts itself, so that a lost or doubled element shows even where its value does not. Others may run in the middle
/// of its moves, so a cell that is handed over too early or too late shows as well.
struct counted {
  static inline int alive = 0;  // one thread moves at a time
  std::uint32_t producer = 0;
  std::uint32_t number = 0;

  counted() noexcept { ++alive; }
  counted(std::uint32_t p, std::uint32_t n) noexcept : producer(p), number(n) { ++alive; }
  counted(counted&& other) noexcept {
    ++alive;
    *this = std::move(other);
  }
  counted& operator=(counted&& other) noexcept {
    schedule::step();
    producer = other.producer;
    schedule::step();
    number = other.number;
    return *this;
  }
  ~counted() { --alive; }
};

/// One that does not lie beside its number in the ring.
struct wide : counted {
  using counted::counted;
  std::uint64_t rest[8]{};
};

struct setting {
  std::size_t capacity;
  std::uint32_t producers;
  std::uint32_t consumers;
  std::uint32_t elements;  // per producer
  std::size_t batch;       // the largest
  bool close_in_between;   // by a thread of its own, at any time
};

/// One run of a setting under a seed; threads collect, verdict() judges.
template <class Element>
class run {
 public:
  run(const setting& chosen, std::uint64_t seed)
      : chosen_(chosen), seed_(seed), plan_(seed), queue_(chosen.capacity, {&run::wake, this}) {
    popped_.resize(chosen.consumers);
    accepted_.resize(chosen.producers);
    left_ = chosen.producers;
  }

  std::string operator()() {
    std::vector<std::function<void()>> bodies;
    for (std::uint32_t p = 0; p < chosen_.producers; ++p) {
      bodies.emplace_back([this, p, seed = seed_ * 31 + p] { produce(p, seed); });
    }
    for (std::uint32_t c = 0; c < chosen_.consumers; ++c) {
      bodies.emplace_back([this, c, seed = seed_ * 37 + c] { consume(c, seed); });
    }
    if (chosen_.close_in_between) bodies.emplace_back([this] { close_some_time(); });
    schedule order{seed_};
    const bool ended = order.run(std::move(bodies));
    if (order.stuck()) return "a wake-up was lost: everybody sleeps";
    if (!ended) return "no end: somebody turns in a circle";
    return verdict();
  }

 private:
  static void wake(void* context, unsigned waiter) noexcept {
    auto& self = *static_cast<run*>(context);
    schedule::wake(self.chosen_.producers + waiter);  // consumers follow producers in the schedule
  }

  void produce(std::uint32_t p, std::uint64_t seed) {
    std::mt19937_64 random{seed};
    std::uint32_t next = 0;
    while (next < chosen_.elements && !schedule::failed()) {
      const auto n = std::min<std::size_t>(1 + random() % chosen_.batch, chosen_.elements - next);
      const bool closed_before = closed_;
      std::size_t taken = 0;
      auto status = push_status::ok;
      if (n == 1) {
        Element one{p, next};
        status = queue_.try_push(std::move(one));
        taken = status == push_status::ok ? 1 : 0;
      } else {
        std::vector<Element> some;
        for (std::uint32_t i = 0; i < n; ++i) some.emplace_back(p, next + i);
        const auto answer = queue_.try_push_batch(some);
        status = answer.status;
        taken = answer.taken;
        if ((status == push_status::ok) != (taken == n)) complaint_ = "a batch push's count and status disagree";
      }
      if (taken > 0 && closed_before) complaint_ = "a push that began after close() returned succeeded";
      next += static_cast<std::uint32_t>(taken);
      if (status == push_status::closed) break;
    }
    accepted_[p] = next;
    if (--left_ == 0 && !chosen_.close_in_between) close();
  }

  void consume(std::uint32_t c, std::uint64_t seed) {
    std::mt19937_64 random{seed};
    while (!queue_.drained() && !schedule::failed()) {
      const auto n = 1 + random() % chosen_.batch;
      std::vector<Element> out(n);
      const auto got = n == 1 ? static_cast<std::size_t>(queue_.try_pop(out[0])) : queue_.try_pop_batch(out);
      for (std::size_t i = 0; i < got; ++i) popped_[c].emplace_back(out[i].producer, out[i].number);
      if (got > 0) continue;
      if (queue_.arm(c) && random() % 4 != 0) {
        if (!schedule::sleep()) return;
      } else if (random() % 2 == 0) {
        // Something else to do. Whoever was to be woken for it instead has to hear of it.
        if (!queue_.disarm(c)) queue_.wake_one();
      }
    }
  }

  void close_some_time() {
    for (auto n = plan_() % 60; n > 0; --n) schedule::step();
    close();
  }

  void close() {
    queue_.close();
    closed_ = true;
  }

  [[nodiscard]] std::string verdict() const {
    if (!complaint_.empty()) return complaint_;
    if (!queue_.drained() || queue_.size_approx() != 0) return "not drained at the end";
    std::map<std::uint32_t, std::vector<int>> times;
    for (std::uint32_t p = 0; p < chosen_.producers; ++p) times[p].resize(chosen_.elements);
    for (const auto& mine : popped_) {
      std::map<std::uint32_t, std::int64_t> last;
      for (const auto& [producer, number] : mine) {
        ++times[producer][number];
        const auto before = last.find(producer);
        if (before != last.end() && before->second >= number) return "a producer's elements changed their order";
        last[producer] = number;
      }
    }
    for (std::uint32_t p = 0; p < chosen_.producers; ++p) {
      for (std::uint32_t i = 0; i < chosen_.elements; ++i) {
        if (times[p][i] != (i < accepted_[p] ? 1 : 0)) return "an element was lost or doubled";
      }
    }
    return {};
  }

  setting chosen_;
  std::uint64_t seed_;
  std::mt19937_64 plan_;
  audience_queue<Element, sched_atomic> queue_;
  std::vector<std::vector<std::pair<std::uint32_t, std::uint32_t>>> popped_;
  std::vector<std::uint32_t> accepted_;
  std::uint32_t left_ = 0;
  bool closed_ = false;
  std::string complaint_;
};

template <class Element = counted>
void run_all_seeds(const setting& chosen) {
  for (auto seed = first_seed; seed < first_seed + seeds; ++seed) {
    const int before = counted::alive;
    const auto verdict = run<Element>{chosen, seed}();
    INFO("seed " << seed);
    REQUIRE(verdict == "");
    REQUIRE(counted::alive == before);
  }
}

}  // namespace

TEST_CASE("audience_queue: two producers and two consumers of single elements, any schedule", "[queue][schedule]") {
  run_all_seeds({2, 2, 2, 6, 1, false});
}

TEST_CASE("audience_queue: batches larger and smaller than the ring, any schedule", "[queue][schedule]") {
  run_all_seeds({2, 2, 2, 6, 3, false});
  run_all_seeds({4, 2, 2, 8, 5, false});
}

TEST_CASE("audience_queue: elements larger than a line of memory, any schedule", "[queue][schedule]") {
  run_all_seeds<wide>({2, 2, 2, 6, 1, false});
  run_all_seeds<wide>({4, 2, 2, 8, 3, true});
}

TEST_CASE("audience_queue: one consumer sleeps and wakes, any schedule", "[queue][schedule]") {
  run_all_seeds({2, 2, 1, 5, 2, false});
  run_all_seeds({4, 1, 1, 8, 1, false});
}

TEST_CASE("audience_queue: closing in between loses nothing and takes nothing more, any schedule",
          "[queue][schedule]") {
  run_all_seeds({2, 2, 2, 6, 2, true});
  run_all_seeds({4, 2, 2, 8, 3, true});
}

TEST_CASE("schedule: the same seed gives the same interleaving, another seed another", "[queue][schedule]") {
  const auto trace = [](std::uint64_t seed) {
    std::string order;
    schedule s{seed};
    const auto body = [&order](char name) {
      return [&order, name] {
        for (int i = 0; i < 20; ++i) {
          schedule::step();
          order += name;
        }
      };
    };
    REQUIRE(s.run({body('a'), body('b'), body('c')}));
    return order;
  };
  REQUIRE(trace(1) == trace(1));
  REQUIRE(trace(1) != trace(2));
}

TEST_CASE("schedule: a thread that nobody wakes is found, and does not hang", "[queue][schedule]") {
  schedule s{1};
  bool woken = true;
  REQUIRE_FALSE(s.run({[&woken] { woken = schedule::sleep(); }, [] { schedule::step(); }}));
  REQUIRE(s.stuck());
  REQUIRE_FALSE(woken);
}

TEST_CASE("schedule: a wake-up before the sleep counts", "[queue][schedule]") {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    schedule s{seed};
    REQUIRE(s.run({[] { schedule::sleep(); }, [] { schedule::wake(0); }}));
  }
}
