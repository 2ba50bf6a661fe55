// support/sched_atomic - an atomic that hands control to a seeded scheduler before every operation.
//
// A `schedule` runs a few threads so that exactly one moves at a time, and draws who is next from its seed before every
// atomic operation: the seed fixes the interleaving, so a failure can be run again. It explores orders, not the weak
// memory model: every operation is sequentially consistent here. ThreadSanitizer looks after the rest.
//
// Threads that sleep() until somebody wakes them are part of it: when all that are left sleep, a wake-up was lost, and
// the schedule says so instead of hanging.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

namespace broadside::support {

class schedule {
 public:
  explicit schedule(std::uint64_t seed, std::size_t steps_max = 200'000) : random_(seed), steps_max_(steps_max) {
    // Some seeds change the thread at every step, others let one run for a while: both find their own kind of defect.
    constexpr unsigned stay_in_16[] = {0, 8, 12, 15};
    stay_in_16_ = stay_in_16[random_() % 4];
  }

  /// Runs `bodies`, one thread each, to their end. False: they could not all end; see stuck() and too_long().
  bool run(std::vector<std::function<void()>> bodies) {
    threads_.clear();
    for (std::size_t i = 0; i < bodies.size(); ++i) threads_.push_back(std::make_unique<member>());
    std::vector<std::thread> running;
    for (std::size_t i = 0; i < bodies.size(); ++i) {
      running.emplace_back([this, i, body = std::move(bodies[i])] { live(i, body); });
    }
    {
      const std::lock_guard lock{mutex_};
      pass_on();
    }
    for (auto& each : running) each.join();
    return !stuck_ && !too_long_;
  }

  /// Before every atomic operation: perhaps somebody else goes first.
  static void step() {
    if (current_ != nullptr) current_->change();
  }

  /// The calling thread stops until wake(its index); a wake that came before counts. False: the schedule has failed.
  static bool sleep() { return current_->rest(); }

  /// Makes thread `i` run again, now or when it next sleeps.
  static void wake(std::size_t i) {
    step();
    const std::lock_guard lock{current_->mutex_};
    current_->threads_[i]->permit = true;
  }

  /// The schedule has failed: loops end. Also a step, so that a loop around it lets others go on.
  static bool failed() {
    step();
    const std::lock_guard lock{current_->mutex_};
    return current_->over();
  }

  [[nodiscard]] bool stuck() const { return stuck_; }        ///< everybody slept: a wake-up was lost
  [[nodiscard]] bool too_long() const { return too_long_; }  ///< steps_max passed: somebody turns in a circle
  [[nodiscard]] std::size_t steps() const { return steps_; }

 private:
  struct member {
    std::condition_variable turn;
    bool asleep = false;
    bool permit = false;
    bool done = false;
  };

  void live(std::size_t i, const std::function<void()>& body) {
    current_ = this;
    self_ = i;
    {
      std::unique_lock lock{mutex_};
      wait_for_turn(lock);
    }
    body();
    {
      const std::lock_guard lock{mutex_};
      threads_[i]->done = true;
      pass_on();
    }
    current_ = nullptr;
  }

  void change() {
    std::unique_lock lock{mutex_};
    if (++steps_ > steps_max_) too_long_ = true;
    if (random_() % 16 < stay_in_16_) return;
    pass_on();
    wait_for_turn(lock);
  }

  bool rest() {
    std::unique_lock lock{mutex_};
    auto& me = *threads_[self_];
    me.asleep = true;
    pass_on();
    wait_for_turn(lock);
    me.asleep = false;
    me.permit = false;
    return !over();
  }

  void wait_for_turn(std::unique_lock<std::mutex>& lock) {
    threads_[self_]->turn.wait(lock, [this] { return next_ == self_; });
  }

  [[nodiscard]] bool over() const { return stuck_ || too_long_; }

  /// Draws the next thread. When all that are left sleep, the schedule is stuck and they are let out one by one.
  void pass_on() {
    std::vector<std::size_t> able;
    std::vector<std::size_t> left;
    for (std::size_t i = 0; i < threads_.size(); ++i) {
      const auto& each = *threads_[i];
      if (each.done) continue;
      left.push_back(i);
      if (!each.asleep || each.permit || over()) able.push_back(i);
    }
    if (left.empty()) return;
    if (able.empty()) {
      stuck_ = true;
      able = left;
    }
    next_ = able[random_() % able.size()];
    threads_[next_]->turn.notify_one();
  }

  std::mutex mutex_;
  std::vector<std::unique_ptr<member>> threads_;
  std::mt19937_64 random_;
  std::size_t next_ = SIZE_MAX;
  std::size_t steps_ = 0;
  std::size_t steps_max_;
  unsigned stay_in_16_ = 0;
  bool stuck_ = false;
  bool too_long_ = false;

  static inline thread_local schedule* current_ = nullptr;
  static inline thread_local std::size_t self_ = 0;
};

/// std::atomic's operations as far as the queue and the journal use them, each a step of the schedule.
template <class T>
class sched_atomic {
 public:
  sched_atomic(T value) noexcept : value_(value) {}  // NOLINT: as std::atomic

  T load(std::memory_order) const noexcept {
    schedule::step();
    return value_.load();
  }
  void store(T value, std::memory_order) noexcept {
    schedule::step();
    value_.store(value);
  }
  T fetch_or(T bits, std::memory_order) noexcept {
    schedule::step();
    return value_.fetch_or(bits);
  }
  T fetch_and(T bits, std::memory_order) noexcept {
    schedule::step();
    return value_.fetch_and(bits);
  }
  T fetch_add(T n, std::memory_order) noexcept {
    schedule::step();
    return value_.fetch_add(n);
  }
  T fetch_sub(T n, std::memory_order) noexcept {
    schedule::step();
    return value_.fetch_sub(n);
  }
  T exchange(T value, std::memory_order) noexcept {
    schedule::step();
    return value_.exchange(value);
  }
  bool compare_exchange_strong(T& expected, T desired, std::memory_order) noexcept {
    schedule::step();
    return value_.compare_exchange_strong(expected, desired);
  }
  bool compare_exchange_weak(T& expected, T desired, std::memory_order) noexcept {
    return compare_exchange_strong(expected, desired, std::memory_order_seq_cst);
  }
  bool compare_exchange_weak(T& expected, T desired, std::memory_order, std::memory_order) noexcept {
    schedule::step();
    return value_.compare_exchange_strong(expected, desired);
  }

 private:
  std::atomic<T> value_;
};

}  // namespace broadside::support
