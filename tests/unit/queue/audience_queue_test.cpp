// audience_queue - tests: values of one thread, then many threads, closing, sleeping and the life of its elements.
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <array>
#include <atomic>
#include <barrier>
#include <broadside/audience_queue.hpp>
#include <cstdint>
#include <memory>
#include <numeric>
#include <support/catch.hpp>
#include <thread>
#include <vector>

using broadside::audience_queue;
using broadside::push_status;

namespace {

std::vector<int> numbers(int first, int count) {
  std::vector<int> all(static_cast<std::size_t>(count));
  std::iota(all.begin(), all.end(), first);
  return all;
}

/// Knows how many of it exist, and whether its memory is what it was. 129 bytes, so that cells do not fit lines.
struct tracked {
  static inline std::atomic<int> alive{0};
  int value = 0;
  const tracked* self = this;
  std::array<char, 129 - sizeof(int) - sizeof(const tracked*)> padding{};

  tracked() noexcept { ++alive; }
  explicit tracked(int v) noexcept : value(v) { ++alive; }
  tracked(tracked&& other) noexcept : value(other.value) { ++alive; }
  tracked& operator=(tracked&& other) noexcept {
    value = other.value;
    return *this;
  }
  ~tracked() {
    if (self == this) --alive;  // a destroyed or moved-by-memcpy element does not count itself out
    self = nullptr;
  }
};

/// One eventfd per waiter: how a consumer with an event loop sleeps.
class bells {
 public:
  explicit bells(std::size_t count) : fds_(count) {
    for (auto& fd : fds_) fd = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  }
  bells(const bells&) = delete;
  bells& operator=(const bells&) = delete;
  ~bells() {
    for (const int fd : fds_) ::close(fd);
  }

  [[nodiscard]] broadside::queue_waker waker() noexcept { return {&bells::ring, this}; }
  [[nodiscard]] int rung() const noexcept { return rung_.load(); }
  [[nodiscard]] bool pending(unsigned waiter) const noexcept {
    pollfd one{fds_[waiter], POLLIN, 0};
    return ::poll(&one, 1, 0) == 1;
  }
  /// Without a time limit: a lost wake-up hangs here, and the test's own limit ends it.
  void wait(unsigned waiter) const noexcept {
    pollfd one{fds_[waiter], POLLIN, 0};
    while (::poll(&one, 1, -1) != 1) {
    }
    std::uint64_t count = 0;
    (void)!::read(fds_[waiter], &count, sizeof count);
  }

 private:
  static void ring(void* context, unsigned waiter) noexcept {
    auto& self = *static_cast<bells*>(context);
    ++self.rung_;
    const std::uint64_t one = 1;
    (void)!::write(self.fds_[waiter], &one, sizeof one);
  }
  std::vector<int> fds_;
  std::atomic<int> rung_{0};
};

/// What `producers` × `consumers` threads moved through a queue, checked: nothing lost, doubled or out of order.
struct traffic {
  std::uint32_t producers;
  std::uint32_t consumers;
  std::uint32_t each = 20'000;  // elements per producer
  std::size_t capacity = 64;
  std::size_t batch = 1;
  bool sleeping = false;  // consumers sleep on an eventfd when there is nothing
};

std::uint64_t tag(std::uint64_t producer, std::uint64_t number) { return producer << 32U | number; }

void produce(audience_queue<std::uint64_t>& queue, const traffic& t, std::uint32_t producer) {
  std::vector<std::uint64_t> some;
  for (std::uint32_t next = 0; next < t.each;) {
    some.clear();
    for (std::uint32_t i = next; i < t.each && some.size() < t.batch; ++i) some.push_back(tag(producer, i));
    std::size_t taken = 0;
    if (t.batch == 1) {
      taken = queue.try_push(std::move(some[0])) == push_status::ok ? 1 : 0;
    } else {
      taken = queue.try_push_batch(some).taken;
    }
    next += static_cast<std::uint32_t>(taken);
    if (taken == 0) std::this_thread::yield();
  }
}

std::vector<std::uint64_t> consume(audience_queue<std::uint64_t>& queue, const traffic& t, unsigned consumer,
                                   const bells& bell) {
  std::vector<std::uint64_t> got;
  std::vector<std::uint64_t> some(t.batch);
  while (!queue.drained()) {
    const auto n = t.batch == 1 ? static_cast<std::size_t>(queue.try_pop(some[0])) : queue.try_pop_batch(some);
    got.insert(got.end(), some.begin(), some.begin() + static_cast<std::ptrdiff_t>(n));
    if (n > 0) continue;
    if (!t.sleeping) {
      std::this_thread::yield();
    } else if (queue.arm(consumer)) {
      bell.wait(consumer);
    } else {
      std::this_thread::yield();  // closed, and a producer has not published yet; or something came
    }
  }
  return got;
}

void check(const traffic& t, const std::vector<std::vector<std::uint64_t>>& got) {
  std::vector<std::vector<int>> times(t.producers, std::vector<int>(t.each));
  bool in_order = true;
  for (const auto& mine : got) {
    std::vector<std::int64_t> last(t.producers, -1);
    for (const auto value : mine) {
      const auto producer = static_cast<std::size_t>(value >> 32U);
      const auto number = static_cast<std::int64_t>(value & 0xFFFF'FFFFU);
      REQUIRE(producer < t.producers);
      REQUIRE(number < t.each);
      in_order = in_order && last[producer] < number;
      last[producer] = number;
      ++times[producer][static_cast<std::size_t>(number)];
    }
  }
  REQUIRE(in_order);
  for (const auto& of_one : times) REQUIRE(std::ranges::all_of(of_one, [](int n) { return n == 1; }));
}

void run(const traffic& t) {
  bells bell{t.consumers};
  audience_queue<std::uint64_t> queue{t.capacity, bell.waker()};
  std::vector<std::vector<std::uint64_t>> got(t.consumers);
  std::vector<std::thread> producers;
  std::vector<std::thread> consumers;
  for (unsigned c = 0; c < t.consumers; ++c) {
    consumers.emplace_back([&, c] { got[c] = consume(queue, t, c, bell); });
  }
  for (std::uint32_t p = 0; p < t.producers; ++p) producers.emplace_back([&, p] { produce(queue, t, p); });
  for (auto& each : producers) each.join();
  queue.close();
  for (auto& each : consumers) each.join();
  check(t, got);
}

}  // namespace

TEST_CASE("audience_queue: capacity is rounded up to a power of two and at least two", "[queue]") {
  const auto& [asked, given] =
      GENERATE(table<std::size_t, std::size_t>({{0, 2}, {1, 2}, {2, 2}, {3, 4}, {4, 4}, {5, 8}, {1000, 1024}}));
  audience_queue<int> queue{asked};
  REQUIRE(queue.capacity() == given);
  for (std::size_t i = 0; i < given; ++i) {
    REQUIRE(queue.size_approx() == i);
    REQUIRE(queue.try_push(static_cast<int>(i)) == push_status::ok);
  }
  REQUIRE(queue.try_push(7) == push_status::full);
  REQUIRE(queue.size_approx() == given);
}

// clang's AddressSanitizer ends the process where operator new would throw.
#if !defined(__clang__)
TEST_CASE("audience_queue: a capacity that no machine has is refused", "[queue]") {
  REQUIRE_THROWS_AS(audience_queue<int>{SIZE_MAX}, std::bad_alloc);
}
#endif

TEST_CASE("audience_queue: first in, first out, round the ring many times", "[queue]") {
  audience_queue<int> queue{4};
  int next_in = 0;
  int next_out = 0;
  for (int round = 0; round < 1000; ++round) {
    for (int i = 0; i < 1 + round % 4; ++i) REQUIRE(queue.try_push(next_in++) == push_status::ok);
    int out = -1;
    while (queue.try_pop(out)) REQUIRE(out == next_out++);
  }
  REQUIRE(next_in == next_out);
}

TEST_CASE("audience_queue: a batch takes what fits and says why it stopped", "[queue]") {
  audience_queue<int> queue{8};
  auto five = numbers(0, 5);
  auto answer = queue.try_push_batch(five);
  REQUIRE(answer.taken == 5);
  REQUIRE(answer.status == push_status::ok);
  auto six = numbers(5, 6);
  answer = queue.try_push_batch(six);
  REQUIRE(answer.taken == 3);
  REQUIRE(answer.status == push_status::full);
  answer = queue.try_push_batch(six);
  REQUIRE(answer.taken == 0);
  REQUIRE(answer.status == push_status::full);
  answer = queue.try_push_batch({});
  REQUIRE(answer.taken == 0);
  REQUIRE(answer.status == push_status::ok);

  std::vector<int> out(6);
  REQUIRE(queue.try_pop_batch({}) == 0);
  REQUIRE(queue.try_pop_batch(out) == 6);
  REQUIRE(out == numbers(0, 6));
  REQUIRE(queue.try_pop_batch(out) == 2);
  REQUIRE(out[0] == 6);
  REQUIRE(out[1] == 7);
  REQUIRE(queue.try_pop_batch(out) == 0);
}

TEST_CASE("audience_queue: a batch larger than the ring wraps and loses nothing", "[queue]") {
  audience_queue<int> queue{4};
  std::vector<int> out(100);
  for (int first = 0; first < 400;) {
    auto many = numbers(first, 100);
    const auto answer = queue.try_push_batch(many);
    REQUIRE(answer.taken == 4);
    REQUIRE(answer.status == push_status::full);
    REQUIRE(queue.try_pop_batch(out) == 4);
    REQUIRE(out[0] == first);
    REQUIRE(out[3] == first + 3);
    first += 4;
  }
}

TEST_CASE("audience_queue: a closed queue takes nothing and gives what it has", "[queue]") {
  audience_queue<int> queue{4};
  REQUIRE(queue.try_push(1) == push_status::ok);
  REQUIRE_FALSE(queue.closed());
  REQUIRE_FALSE(queue.drained());
  queue.close();
  queue.close();
  REQUIRE(queue.closed());
  REQUIRE_FALSE(queue.drained());
  REQUIRE(queue.size_approx() == 1);
  REQUIRE(queue.try_push(2) == push_status::closed);
  auto some = numbers(0, 3);
  REQUIRE(queue.try_push_batch(some).status == push_status::closed);
  REQUIRE(queue.try_push_batch({}).status == push_status::closed);
  int out = 0;
  REQUIRE(queue.try_pop(out));
  REQUIRE(out == 1);
  REQUIRE(queue.drained());
  REQUIRE_FALSE(queue.try_pop(out));
}

TEST_CASE("audience_queue: an empty queue is drained as soon as it is closed", "[queue]") {
  audience_queue<int> queue{4};
  REQUIRE_FALSE(queue.drained());
  queue.close();
  REQUIRE(queue.drained());
}

TEST_CASE("audience_queue: what is not taken is not moved from", "[queue]") {
  audience_queue<std::unique_ptr<int>> queue{2};
  std::vector<std::unique_ptr<int>> three;
  for (int i = 0; i < 3; ++i) three.push_back(std::make_unique<int>(i));
  REQUIRE(queue.try_push_batch(three).taken == 2);
  REQUIRE(three[0] == nullptr);
  REQUIRE(three[1] == nullptr);
  REQUIRE(*three[2] == 2);
  REQUIRE(queue.try_push(std::move(three[2])) == push_status::full);
  REQUIRE(*three[2] == 2);
  queue.close();
  REQUIRE(queue.try_push(std::move(three[2])) == push_status::closed);
  REQUIRE(*three[2] == 2);
  std::unique_ptr<int> out;
  REQUIRE(queue.try_pop(out));
  REQUIRE(*out == 0);
  REQUIRE(queue.try_pop(out));
  REQUIRE(*out == 1);
}

TEST_CASE("audience_queue: every element is destroyed once, leftovers by the destructor", "[queue]") {
  REQUIRE(tracked::alive == 0);
  {
    audience_queue<tracked> queue{8};
    REQUIRE(tracked::alive == 0);
    for (int i = 0; i < 5; ++i) REQUIRE(queue.try_push(tracked{i}) == push_status::ok);
    REQUIRE(tracked::alive == 5);
    {
      tracked out;
      REQUIRE(queue.try_pop(out));
      REQUIRE(out.value == 0);
      std::array<tracked, 2> two;
      REQUIRE(queue.try_pop_batch(two) == 2);
      REQUIRE(two[1].value == 2);
    }
    REQUIRE(tracked::alive == 2);
    for (int i = 5; i < 11; ++i) REQUIRE(queue.try_push(tracked{i}) == push_status::ok);
    REQUIRE(tracked::alive == 8);
    SECTION("open") { REQUIRE_FALSE(queue.closed()); }
    SECTION("closed") {
      queue.close();
      REQUIRE(queue.closed());
    }
  }
  REQUIRE(tracked::alive == 0);
}

TEST_CASE("audience_queue: nothing is lost, doubled or reordered between threads", "[queue]") {
  SECTION("1P1C") { run({1, 1}); }
  SECTION("4P4C") { run({4, 4}); }
  SECTION("1P7C") { run({1, 7}); }
  SECTION("7P1C") { run({7, 1}); }
  SECTION("4P4C, the smallest ring") { run({4, 4, 5'000, 2}); }
  SECTION("4P4C, batches") { run({4, 4, 20'000, 64, 16}); }
  SECTION("4P4C, batches larger than the ring") { run({4, 4, 20'000, 4, 7}); }
  SECTION("1P7C, batches") { run({1, 7, 20'000, 128, 16}); }
  SECTION("7P1C, batches") { run({7, 1, 20'000, 128, 16}); }
}

TEST_CASE("audience_queue: sleeping consumers are woken for everything", "[queue]") {
  SECTION("1P1C") { run({1, 1, 20'000, 2, 1, true}); }
  SECTION("4P4C") { run({4, 4, 10'000, 4, 1, true}); }
  SECTION("1P7C") { run({1, 7, 10'000, 64, 1, true}); }
  SECTION("4P1C, batches") { run({4, 1, 20'000, 16, 5, true}); }
  SECTION("2P6C, batches") { run({2, 6, 20'000, 16, 8, true}); }
}

TEST_CASE("audience_queue: one element at a time reaches a consumer that sleeps in between", "[queue]") {
  bells bell{1};
  audience_queue<int> there{4, bell.waker()};
  bells back_bell{1};
  audience_queue<int> back{4, back_bell.waker()};
  const auto receive = [](audience_queue<int>& from, const bells& b) {
    int out = -1;
    while (!from.try_pop(out)) {
      if (from.arm(0)) b.wait(0);
    }
    return out;
  };
  constexpr int rounds = 5'000;
  std::thread echo{[&] {
    for (int i = 0; i < rounds; ++i) (void)back.try_push(receive(there, bell));
  }};
  int wrong = 0;
  for (int i = 0; i < rounds; ++i) {
    (void)there.try_push(int{i});
    if (receive(back, back_bell) != i) ++wrong;
  }
  echo.join();
  REQUIRE(wrong == 0);
}

TEST_CASE("audience_queue: nobody is woken when nobody sleeps", "[queue]") {
  bells bell{1};
  audience_queue<int> queue{4, bell.waker()};
  REQUIRE(queue.try_push(1) == push_status::ok);
  REQUIRE(bell.rung() == 0);
  REQUIRE_FALSE(queue.arm(0));  // there is something
  int out = 0;
  REQUIRE(queue.try_pop(out));
  REQUIRE(queue.arm(0));
  REQUIRE(queue.disarm(0));
  REQUIRE(queue.try_push(2) == push_status::ok);
  REQUIRE(bell.rung() == 0);
}

TEST_CASE("audience_queue: a push or a batch wakes one waiter, and that one may pass it on", "[queue]") {
  bells bell{64};
  audience_queue<int> queue{16, bell.waker()};
  REQUIRE(queue.arm(63));
  REQUIRE(queue.arm(5));
  REQUIRE(queue.arm(9));
  auto some = numbers(0, 4);
  REQUIRE(queue.try_push_batch(some).taken == 4);
  REQUIRE(bell.rung() == 1);
  REQUIRE(bell.pending(5));
  REQUIRE_FALSE(queue.disarm(5));
  REQUIRE(queue.wake_one());
  REQUIRE(bell.pending(9));
  REQUIRE(queue.try_push(4) == push_status::ok);
  REQUIRE(bell.pending(63));
  REQUIRE_FALSE(queue.wake_one());
  REQUIRE(bell.rung() == 3);
}

TEST_CASE("audience_queue: close wakes every waiter and lets nobody sleep again", "[queue]") {
  bells bell{64};
  audience_queue<int> queue{4, bell.waker()};
  for (const unsigned waiter : {0U, 31U, 63U}) REQUIRE(queue.arm(waiter));
  queue.close();
  REQUIRE(bell.rung() == 3);
  for (const unsigned waiter : {0U, 31U, 63U}) REQUIRE(bell.pending(waiter));
  REQUIRE_FALSE(queue.arm(0));
  REQUIRE_FALSE(queue.disarm(0));
}

TEST_CASE("audience_queue: close under racing producers is exact", "[queue]") {
  for (int round = 0; round < 50; ++round) {
    audience_queue<std::uint64_t> queue{1024};
    std::atomic<bool> closed{false};
    std::atomic<int> late{0};
    std::atomic<std::uint64_t> pushed{0};
    std::uint64_t popped = 0;
    std::barrier start{5};
    std::vector<std::thread> threads;
    for (int p = 0; p < 3; ++p) {
      threads.emplace_back([&, p] {
        start.arrive_and_wait();
        std::array<std::uint64_t, 3> some{};
        for (auto status = push_status::ok; status != push_status::closed;) {
          const bool was_closed = closed.load();
          const auto answer = p == 0 ? queue.try_push_batch(std::span{some}.first(1)) : queue.try_push_batch(some);
          status = answer.status;
          if (was_closed && (answer.taken > 0 || status != push_status::closed)) ++late;
          pushed += answer.taken;
          if (status == push_status::full) std::this_thread::yield();
        }
      });
    }
    threads.emplace_back([&] {
      start.arrive_and_wait();
      std::array<std::uint64_t, 8> out{};
      while (!queue.drained()) popped += queue.try_pop_batch(out);
      popped += queue.try_pop_batch(out);  // nothing comes after drained()
    });
    start.arrive_and_wait();
    for (int i = 0; i < round % 7; ++i) std::this_thread::yield();
    queue.close();
    closed = true;
    for (auto& each : threads) each.join();
    REQUIRE(late == 0);
    REQUIRE(pushed == popped);
    REQUIRE(queue.drained());
  }
}

TEST_CASE("audience_queue: elements live and die once between threads", "[queue]") {
  REQUIRE(tracked::alive == 0);
  {
    audience_queue<tracked> queue{8};
    std::vector<std::thread> threads;
    std::atomic<std::int64_t> sum{0};
    for (int p = 0; p < 2; ++p) {
      threads.emplace_back([&] {
        for (int i = 1; i <= 2'000;) {
          if (queue.try_push(tracked{i}) == push_status::ok) {
            ++i;
          } else {
            std::this_thread::yield();
          }
        }
      });
    }
    for (int c = 0; c < 2; ++c) {
      threads.emplace_back([&] {
        std::array<tracked, 3> out;
        for (int left = 1'999; left > 0;) {
          const auto n = queue.try_pop_batch(std::span{out}.first(static_cast<std::size_t>(std::min(left, 3))));
          for (std::size_t i = 0; i < n; ++i) sum += out[i].value;
          left -= static_cast<int>(n);
          if (n == 0) std::this_thread::yield();
        }
      });
    }
    for (auto& each : threads) each.join();
    REQUIRE(queue.size_approx() == 2);
    REQUIRE(tracked::alive == 2);
    tracked out;
    while (queue.try_pop(out)) sum += out.value;
    REQUIRE(sum == 2LL * 2'000 * 2'001 / 2);
  }
  REQUIRE(tracked::alive == 0);
}
