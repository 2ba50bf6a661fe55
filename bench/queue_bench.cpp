// bench/queue_bench - the audience queue beside its peers, in the same run: ns an item, and the time of a round trip.
//
//   queue_bench [--rounds N] [--items N] [--only TEXT]
//
// Each run moves items from P producers to C consumers and checks their sum: a fast queue that loses something ends the
// program. The queues run in turn and the medians of the rounds are told, with ours / the best peer (below 1: ours is
// faster). A thread that finds the queue full or empty yields. "alone": one thread pushes and pops in turn, which other
// load on the machine disturbs least. --only: cases whose line contains the text.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <atomic>
#include <barrier>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <thread>
#include <tuple>
#include <vector>
#include "support/queues.hpp"

namespace {

using namespace broadside::bench;
using clock_type = std::chrono::steady_clock;

constexpr std::size_t batch_max = 64;

template <std::size_t Bytes>
struct item {
  std::uint64_t value = 0;
  std::array<std::uint64_t, Bytes / 8 - 1> rest{};
};

struct shape {
  std::uint64_t producers;
  std::uint64_t consumers;
  std::size_t capacity;
  std::size_t batch;
};

[[noreturn]] void fail(const char* why) {
  std::fprintf(stderr, "queue_bench: %s\n", why);
  std::exit(1);
}

template <class T, class Sender>
void fill(Sender&& sender, std::uint64_t first, std::uint64_t count, std::size_t batch) {
  std::array<T, batch_max> some{};
  while (count > 0) {
    const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(batch, count));
    for (std::size_t i = 0; i < n; ++i) some[i].value = first + i;
    const auto taken = sender.push(std::span{some}.first(n));
    first += taken;
    count -= taken;
    if (taken == 0) std::this_thread::yield();
  }
}

template <class T, class Receiver>
std::uint64_t empty(Receiver&& receiver, std::atomic<std::uint64_t>& left, std::size_t batch) {
  std::array<T, batch_max> some{};
  std::uint64_t sum = 0;
  std::uint64_t mine = 0;  // not yet taken off `left`, which would otherwise be measured instead of the queue
  for (;;) {
    const auto n = receiver.pop(std::span{some}.first(batch));
    for (std::size_t i = 0; i < n; ++i) sum += some[i].value;
    mine += n;
    if (n != 0) continue;
    if (left.fetch_sub(mine) == mine) return sum;
    if (left.load() == 0) return sum;
    mine = 0;
    std::this_thread::yield();
  }
}

/// Touches all memory of the queue, each producer its share, so that no run pays for pages and cold lines.
template <class T, class Queue>
void warm_up(Queue& queue, const shape& s) {
  std::vector<T> some(s.capacity / s.producers);
  for (std::uint64_t p = 0; p < s.producers; ++p) {
    auto&& sender = queue.sender(p);
    for (T& one : some) {
      if (sender.push({&one, 1}) == 0) break;
    }
  }
  auto&& receiver = queue.receiver();
  T one;
  while (receiver.pop({&one, 1}) == 1) {
  }
}

/// ns an item.
template <class Queue, class T>
double run(const shape& s, std::uint64_t items) {
  Queue queue(s.capacity, s.producers);
  warm_up<T>(queue, s);
  std::atomic<std::uint64_t> left{items};
  std::atomic<std::uint64_t> sum{0};
  std::barrier start{static_cast<std::ptrdiff_t>(s.producers + s.consumers + 1)};
  std::vector<std::thread> threads;
  for (std::uint64_t p = 0; p < s.producers; ++p) {
    threads.emplace_back([&, p] {
      start.arrive_and_wait();
      fill<T>(queue.sender(p), p * (items / s.producers), items / s.producers, s.batch);
    });
  }
  for (std::uint64_t c = 0; c < s.consumers; ++c) {
    threads.emplace_back([&] {
      start.arrive_and_wait();
      sum += empty<T>(queue.receiver(), left, s.batch);
    });
  }
  start.arrive_and_wait();
  const auto begin = clock_type::now();
  for (auto& each : threads) each.join();
  const std::chrono::duration<double, std::nano> took = clock_type::now() - begin;
  if (sum != items * (items - 1) / 2) fail("the sum is wrong: elements were lost or doubled");
  return took.count() / static_cast<double>(items);
}

/// ns an item in and out again by one thread: what the queue itself costs, with no other core in it.
template <class Queue, class T>
double run_alone(const shape& s, std::uint64_t items) {
  Queue queue(s.capacity, 1);
  warm_up<T>(queue, s);
  auto&& sender = queue.sender(0);
  auto&& receiver = queue.receiver();
  std::array<T, batch_max> some{};
  std::uint64_t sum = 0;
  const auto begin = clock_type::now();
  for (std::uint64_t next = 0; next < items; next += s.batch) {
    for (std::size_t i = 0; i < s.batch; ++i) some[i].value = next + i;
    if (sender.push(std::span{some}.first(s.batch)) != s.batch) fail("there is no room in an empty queue");
    if (receiver.pop(std::span{some}.first(s.batch)) != s.batch) fail("what was pushed is not there");
    for (std::size_t i = 0; i < s.batch; ++i) sum += some[i].value;
  }
  const std::chrono::duration<double, std::nano> took = clock_type::now() - begin;
  if (sum != items * (items - 1) / 2) fail("the sum is wrong: elements were lost or doubled");
  return took.count() / static_cast<double>(items);
}

struct percentiles {
  double p50 = 0;
  double p99 = 0;
};

template <class Side, class T>
void wait_for(Side&& side, T& one) {
  for (unsigned tries = 1; side.pop({&one, 1}) == 0; ++tries) {
    if (tries % 4096 == 0) std::this_thread::yield();
  }
}

/// One item there through one queue and back through another: ns.
template <class Queue, class T>
percentiles round_trip(int trips) {
  Queue there(1024, 1);
  Queue back(1024, 1);
  std::thread echo([&] {
    auto&& in = there.receiver();
    auto&& out = back.sender(0);
    T one;
    for (int i = 0; i < trips; ++i) {
      wait_for(in, one);
      if (out.push({&one, 1}) != 1) fail("there is no room in an empty queue");
    }
  });
  auto&& out = there.sender(0);
  auto&& in = back.receiver();
  std::vector<double> took;
  took.reserve(static_cast<std::size_t>(trips));
  for (int i = 0; i < trips; ++i) {
    T one;
    one.value = static_cast<std::uint64_t>(i);
    const auto begin = clock_type::now();
    if (out.push({&one, 1}) != 1) fail("there is no room in an empty queue");
    wait_for(in, one);
    took.push_back(std::chrono::duration<double, std::nano>(clock_type::now() - begin).count());
    if (one.value != static_cast<std::uint64_t>(i)) fail("something else came back");
  }
  echo.join();
  std::sort(took.begin(), took.end());
  return {took[took.size() / 2], took[took.size() * 99 / 100]};
}

double median(std::vector<double> all) {
  std::sort(all.begin(), all.end());
  return all[all.size() / 2];
}

template <class T>
using queues = std::tuple<audience<T>, plain_ring<T>, moody<T>, boost_lockfree<T>, mutex_and_deque<T>>;
constexpr std::size_t queue_count = 5;

/// Calls `once` with a null pointer to each type of queue, and its number.
template <class T, class Once>
void for_each_queue(Once once) {
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (once(static_cast<std::tuple_element_t<I, queues<T>>*>(nullptr), I), ...);
  }
  (std::make_index_sequence<queue_count>{});
}

void print_line(const std::string& title, const std::array<double, queue_count>& ns) {
  std::printf("%-40s", title.c_str());
  for (const double each : ns) std::printf("%12.1f", each);
  std::printf("%12.2f\n", ns[0] / *std::min_element(ns.begin() + 1, ns.end()));
  std::fflush(stdout);
}

struct settings {
  int rounds = 7;
  std::uint64_t items = 1U << 20U;
  std::string only;
};

template <std::size_t Bytes>
void throughput(const settings& given) {
  using T = item<Bytes>;
  const std::uint64_t items = Bytes > 64 ? given.items / 4 : given.items;
  for (const std::size_t capacity : {std::size_t{1024}, std::size_t{65'536}}) {
    for (const std::size_t batch : {std::size_t{1}, batch_max}) {
      for (const auto& [p, c] : {std::pair{1, 0}, {1, 1}, {1, 2}, {2, 2}, {4, 4}}) {
        const shape s{static_cast<std::uint64_t>(p), static_cast<std::uint64_t>(c), capacity, batch};
        const std::string title = std::to_string(Bytes) + " B, " + std::to_string(capacity) + ", batch " +
                                  std::to_string(batch) + ", " +
                                  (c == 0 ? "alone" : std::to_string(p) + "P" + std::to_string(c) + "C");
        if (title.find(given.only) == std::string::npos) continue;
        std::array<std::vector<double>, queue_count> all;
        for (int i = 0; i < given.rounds; ++i) {
          for_each_queue<T>([&]<class Queue>(Queue*, std::size_t which) {
            all[which].push_back(s.consumers == 0 ? run_alone<Queue, T>(s, items) : run<Queue, T>(s, items));
          });
        }
        std::array<double, queue_count> ns{};
        for (std::size_t i = 0; i < queue_count; ++i) ns[i] = median(all[i]);
        print_line(title, ns);
      }
    }
  }
}

template <std::size_t Bytes>
void latency(const settings& given) {
  using T = item<Bytes>;
  const std::string title = std::to_string(Bytes) + " B, round trip, ns p";
  if (title.find(given.only) == std::string::npos) return;
  std::array<std::vector<double>, queue_count> p50;
  std::array<std::vector<double>, queue_count> p99;
  for (int i = 0; i < given.rounds; ++i) {
    for_each_queue<T>([&]<class Queue>(Queue*, std::size_t which) {
      const percentiles one = round_trip<Queue, T>(50'000);
      p50[which].push_back(one.p50);
      p99[which].push_back(one.p99);
    });
  }
  std::array<double, queue_count> ns{};
  for (std::size_t i = 0; i < queue_count; ++i) ns[i] = median(p50[i]);
  print_line(title + "50", ns);
  for (std::size_t i = 0; i < queue_count; ++i) ns[i] = median(p99[i]);
  print_line(title + "99", ns);
}

}  // namespace

int main(int argc, char** argv) {
  settings given;
  CLI::App app{"The audience queue beside its peers: ns an item."};
  app.add_option("--rounds", given.rounds)->check(CLI::Range(1, 99))->capture_default_str();
  app.add_option("--items", given.items, "a run; a quarter of them with 256 bytes")
      ->check(CLI::Range(1'024, 1 << 30))
      ->capture_default_str();
  app.add_option("--only", given.only, "cases whose line contains this");
  CLI11_PARSE(app, argc, argv);
  given.items -= given.items % 64;  // so that 4 producers share a quarter evenly

  std::printf("%-40s", "ns an item (bytes, capacity, batch)");
  for_each_queue<item<8>>([]<class Queue>(Queue*, std::size_t) { std::printf("%12s", Queue::name); });
  std::printf("%12s\n", "ours / best");
  throughput<8>(given);
  throughput<256>(given);
  latency<8>(given);
  latency<256>(given);
}
