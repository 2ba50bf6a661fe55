// bench/support/queues - the audience queue and its peers behind one face, for queue_bench.
//
// Each has `sender(i)` for a producer and `receiver()` for a consumer, which push and pop up to a span's size and say
// how many. All are bounded by `capacity`, or by a little more where a queue counts in blocks.
#pragma once

#include <concurrentqueue/concurrentqueue.h>
#include <algorithm>
#include <boost/lockfree/queue.hpp>
#include <broadside/audience_queue.hpp>
#include <cstddef>
#include <deque>
#include <mutex>
#include <span>
#include <vector>
#include <xenium/vyukov_bounded_queue.hpp>

namespace broadside::bench {

template <class T>
class audience {
 public:
  static constexpr const char* name = "ours";
  audience(std::size_t capacity, std::size_t) : queue_(capacity) {}
  audience& sender(std::size_t) { return *this; }
  audience& receiver() { return *this; }

  std::size_t push(std::span<T> some) {
    if (some.size() == 1) return queue_.try_push(std::move(some[0])) == push_status::ok ? 1 : 0;
    return queue_.try_push_batch(some).taken;
  }
  std::size_t pop(std::span<T> out) {
    return out.size() == 1 ? static_cast<std::size_t>(queue_.try_pop(out[0])) : queue_.try_pop_batch(out);
  }

 private:
  audience_queue<T> queue_;
};

/// A plain bounded ring of numbered cells: no batches, no closing, no sleeping. Stands for its whole class.
template <class T>
class plain_ring {
 public:
  static constexpr const char* name = "ring";
  plain_ring(std::size_t capacity, std::size_t) : queue_(capacity) {}
  plain_ring& sender(std::size_t) { return *this; }
  plain_ring& receiver() { return *this; }

  std::size_t push(std::span<T> some) {
    std::size_t n = 0;
    while (n < some.size() && queue_.try_push_weak(some[n])) ++n;
    return n;
  }
  std::size_t pop(std::span<T> out) {
    std::size_t n = 0;
    while (n < out.size() && queue_.try_pop_weak(out[n])) ++n;
    return n;
  }

 private:
  xenium::vyukov_bounded_queue<T> queue_;
};

/// With tokens. A block belongs to the producer that took it first and is never given back, so a producer that is late
/// could find none for ever: before it is used, each producer must have pushed its share of the capacity once.
template <class T>
class moody {
  using queue = moodycamel::ConcurrentQueue<T>;

 public:
  static constexpr const char* name = "moodycamel";
  moody(std::size_t capacity, std::size_t producers) : queue_(capacity + 2 * producers * queue::BLOCK_SIZE) {
    for (std::size_t i = 0; i < producers; ++i) tokens_.emplace_back(queue_);
  }

  class sending {
   public:
    sending(queue& to, moodycamel::ProducerToken& by) : queue_(to), token_(by) {}
    std::size_t push(std::span<T> some) {
      if (some.size() == 1) return queue_.try_enqueue(token_, some[0]) ? 1 : 0;
      return queue_.try_enqueue_bulk(token_, some.begin(), some.size()) ? some.size() : 0;
    }

   private:
    queue& queue_;
    moodycamel::ProducerToken& token_;
  };

  class receiving {
   public:
    explicit receiving(queue& from) : queue_(from), token_(from) {}
    std::size_t pop(std::span<T> out) {
      if (out.size() == 1) return queue_.try_dequeue(token_, out[0]) ? 1 : 0;
      return queue_.try_dequeue_bulk(token_, out.begin(), out.size());
    }

   private:
    queue& queue_;
    moodycamel::ConsumerToken token_;
  };

  sending sender(std::size_t i) { return {queue_, tokens_[i]}; }
  receiving receiver() { return receiving(queue_); }

 private:
  queue queue_;
  std::vector<moodycamel::ProducerToken> tokens_;
};

template <class T>
class boost_lockfree {  // it has no batches: a batch is a loop
 public:
  static constexpr const char* name = "boost";
  boost_lockfree(std::size_t capacity, std::size_t) : queue_(std::min<std::size_t>(capacity, 65'534)) {}
  boost_lockfree& sender(std::size_t) { return *this; }
  boost_lockfree& receiver() { return *this; }

  std::size_t push(std::span<T> some) {
    std::size_t n = 0;
    while (n < some.size() && queue_.bounded_push(some[n])) ++n;
    return n;
  }
  std::size_t pop(std::span<T> out) {
    std::size_t n = 0;
    while (n < out.size() && queue_.pop(out[n])) ++n;
    return n;
  }

 private:
  boost::lockfree::queue<T, boost::lockfree::fixed_sized<true>> queue_;
};

template <class T>
class mutex_and_deque {
 public:
  static constexpr const char* name = "mutex";
  mutex_and_deque(std::size_t capacity, std::size_t) : capacity_(capacity) {}
  mutex_and_deque& sender(std::size_t) { return *this; }
  mutex_and_deque& receiver() { return *this; }

  std::size_t push(std::span<T> some) {
    const std::lock_guard lock{mutex_};
    const auto n = std::min(some.size(), capacity_ - queue_.size());
    queue_.insert(queue_.end(), some.begin(), some.begin() + static_cast<std::ptrdiff_t>(n));
    return n;
  }
  std::size_t pop(std::span<T> out) {
    const std::lock_guard lock{mutex_};
    const auto n = std::min(out.size(), queue_.size());
    const auto end = queue_.begin() + static_cast<std::ptrdiff_t>(n);
    std::copy(queue_.begin(), end, out.begin());
    queue_.erase(queue_.begin(), end);
    return n;
  }

 private:
  const std::size_t capacity_;
  std::mutex mutex_;
  std::deque<T> queue_;
};

}  // namespace broadside::bench
