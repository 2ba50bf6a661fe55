// consumer/header_only - the queue alone: one header, an include path, no library.
//
// Two producers and the main thread, which counts what comes out.
#include <array>
#include <broadside/audience_queue.hpp>
#include <cstdio>
#include <functional>
#include <numeric>
#include <thread>

namespace {

constexpr int per_producer = 10'000;

void produce(broadside::audience_queue<int>& queue, int first) {
  for (int i = first; i < first + per_producer; ++i) {
    while (queue.try_push(int{i}) == broadside::push_status::full) std::this_thread::yield();
  }
}

}  // namespace

int main() {
  broadside::audience_queue<int> queue(64);
  std::jthread one(produce, std::ref(queue), 0);
  std::jthread other(produce, std::ref(queue), per_producer);

  long long sum = 0;
  std::array<int, 16> taken{};
  for (int left = 2 * per_producer; left > 0;) {
    const std::size_t count = queue.try_pop_batch(taken);
    if (count == 0) std::this_thread::yield();
    sum = std::accumulate(taken.begin(), taken.begin() + static_cast<std::ptrdiff_t>(count), sum);
    left -= static_cast<int>(count);
  }
  constexpr long long n = 2 * per_producer;
  std::printf("sum %lld\n", sum);
  return sum == n * (n - 1) / 2 ? 0 : 1;
}
