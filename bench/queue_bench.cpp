// bench/queue_bench - the audience queue beside the obvious alternatives, in the same run.
//
// Items are 8 bytes, queues hold 65,536. Each iteration moves `items` values from P producers to C consumers and checks
// their sum before it is reported: a fast queue that loses something is an error here, not a result.
#include <benchmark/benchmark.h>
#include <algorithm>
#include <array>
#include <atomic>
#include <barrier>
#include <boost/lockfree/queue.hpp>
#include <broadside/audience_queue.hpp>
#include <cstdint>
#include <deque>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

namespace {

constexpr std::size_t capacity = 65'536;
constexpr std::uint64_t items = 1U << 20U;
constexpr std::size_t batch_max = 64;

class ours {
 public:
  std::size_t push(std::span<std::uint64_t> some) {
    if (some.size() == 1) return queue_.try_push(std::move(some[0])) == broadside::push_status::ok ? 1 : 0;
    return queue_.try_push_batch(some).taken;
  }
  std::size_t pop(std::span<std::uint64_t> out) {
    return out.size() == 1 ? static_cast<std::size_t>(queue_.try_pop(out[0])) : queue_.try_pop_batch(out);
  }

 private:
  broadside::audience_queue<std::uint64_t> queue_{capacity};
};

class mutex_and_deque {
 public:
  std::size_t push(std::span<std::uint64_t> some) {
    const std::lock_guard lock{mutex_};
    const auto n = std::min(some.size(), capacity - queue_.size());
    queue_.insert(queue_.end(), some.begin(), some.begin() + static_cast<std::ptrdiff_t>(n));
    return n;
  }
  std::size_t pop(std::span<std::uint64_t> out) {
    const std::lock_guard lock{mutex_};
    const auto n = std::min(out.size(), queue_.size());
    const auto end = queue_.begin() + static_cast<std::ptrdiff_t>(n);
    std::copy(queue_.begin(), end, out.begin());
    queue_.erase(queue_.begin(), end);
    return n;
  }

 private:
  std::mutex mutex_;
  std::deque<std::uint64_t> queue_;
};

class boost_lockfree {  // it has no batches: a batch is a loop
 public:
  std::size_t push(std::span<std::uint64_t> some) {
    std::size_t n = 0;
    while (n < some.size() && queue_.bounded_push(some[n])) ++n;
    return n;
  }
  std::size_t pop(std::span<std::uint64_t> out) {
    std::size_t n = 0;
    while (n < out.size() && queue_.pop(out[n])) ++n;
    return n;
  }

 private:
  boost::lockfree::queue<std::uint64_t, boost::lockfree::capacity<capacity - 2>> queue_;
};

template <class Queue>
void fill(Queue& queue, std::uint64_t first, std::uint64_t count, std::size_t batch) {
  std::array<std::uint64_t, batch_max> some{};
  while (count > 0) {
    const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(batch, count));
    for (std::size_t i = 0; i < n; ++i) some[i] = first + i;
    const auto taken = queue.push(std::span{some}.first(n));
    first += taken;
    count -= taken;
    if (taken == 0) std::this_thread::yield();
  }
}

template <class Queue>
std::uint64_t empty(Queue& queue, std::atomic<std::uint64_t>& left, std::size_t batch) {
  std::array<std::uint64_t, batch_max> some{};
  std::uint64_t sum = 0;
  std::uint64_t mine = 0;  // not yet taken off `left`, which would otherwise be measured instead of the queue
  for (;;) {
    const auto n = queue.pop(std::span{some}.first(batch));
    for (std::size_t i = 0; i < n; ++i) sum += some[i];
    mine += n;
    if (n != 0) continue;
    if (left.fetch_sub(mine) == mine) return sum;
    if (left.load() == 0) return sum;
    mine = 0;
    std::this_thread::yield();
  }
}

/// Args: producers, consumers, batch.
template <class Queue>
void BM_queue(benchmark::State& state) {
  const auto producers = static_cast<std::uint64_t>(state.range(0));
  const auto consumers = static_cast<std::uint64_t>(state.range(1));
  const auto batch = static_cast<std::size_t>(state.range(2));
  for (auto _ : state) {
    state.PauseTiming();
    Queue queue;
    std::atomic<std::uint64_t> left{items};
    std::atomic<std::uint64_t> sum{0};
    std::barrier start{static_cast<std::ptrdiff_t>(producers + consumers + 1)};
    std::vector<std::thread> threads;
    for (std::uint64_t p = 0; p < producers; ++p) {
      threads.emplace_back([&, p] {
        start.arrive_and_wait();
        fill(queue, p * (items / producers), items / producers, batch);
      });
    }
    for (std::uint64_t c = 0; c < consumers; ++c) {
      threads.emplace_back([&] {
        start.arrive_and_wait();
        sum += empty(queue, left, batch);
      });
    }
    state.ResumeTiming();
    start.arrive_and_wait();
    for (auto& each : threads) each.join();
    if (sum != items * (items - 1) / 2) state.SkipWithError("the sum is wrong: elements were lost or doubled");
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(items));
}

void settings(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"producers", "consumers", "batch"})->UseRealTime()->Unit(benchmark::kMillisecond);
  for (const std::int64_t batch : {1, 64}) {
    for (const std::int64_t each : {1, 2, 4}) bench->Args({each, each, batch});
  }
}

BENCHMARK_TEMPLATE(BM_queue, ours)->Apply(settings);
BENCHMARK_TEMPLATE(BM_queue, mutex_and_deque)->Apply(settings);
BENCHMARK_TEMPLATE(BM_queue, boost_lockfree)->Apply(settings);

}  // namespace

BENCHMARK_MAIN();
