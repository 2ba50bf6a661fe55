// engine/route_health - how routes answer, and what share of their messages they have for it.
//
// Shards count, lock-free; whichever of them comes first after an interval looks at the counts. The mutex is held for
// that look and by who reads the history.
#pragma once

#include <array>
#include <atomic>
#include <broadside/engine.hpp>
#include <broadside/options.hpp>
#include <cstdint>
#include <deque>
#include <mutex>
#include <rate/route_shares.hpp>
#include <span>
#include <string>
#include <vector>

namespace broadside::engine_detail {

class route_health {
 public:
  route_health(const options&, time_point start);

  // any shard
  /// The provider judged a request's messages, after `took`.
  void answered(std::uint16_t route, duration took) noexcept;
  /// It failed `n` times. True: so often in a row that nothing should be sent for a while.
  [[nodiscard]] bool failed(std::uint16_t route, std::uint64_t n) noexcept;
  /// Eighths of its weight that the route has.
  [[nodiscard]] unsigned share(std::uint16_t route) const noexcept {
    return routes_[route].share.load(std::memory_order_relaxed);
  }
  /// Moves shares when an interval has passed. `is_open(route)`: it is out of use.
  template <class IsOpen>
  void look(time_point now, wall_time wall, IsOpen is_open);

  // any thread
  /// Messages of a campaign may take any of these.
  void are_alternatives(std::span<const std::uint16_t> routes) noexcept;
  [[nodiscard]] std::vector<route_change> history() const;

 private:
  struct counts {
    std::atomic<std::uint64_t> answers{0};
    std::atomic<std::uint64_t> faults{0};
    std::atomic<std::uint64_t> slow{0};
    std::atomic<std::uint32_t> faults_in_a_row{0};
    alignas(64) std::atomic<unsigned> share{
        rate::whole_share};                                    // read for every message, apart from what answers write
    std::array<std::atomic<std::uint64_t>, 4> alternatives{};  // a bit for each of the 256 routes
    rate::route_sample seen{};                                 // guarded by mutex_: at the last look
  };
  void evaluate(wall_time wall, std::span<const rate::route_sample>);
  [[nodiscard]] rate::route_sample since_last(counts&) const noexcept;

  const options& options_;
  std::deque<counts> routes_;
  std::atomic<std::int64_t> next_look_;  // steady clock, ns
  mutable std::mutex mutex_;
  rate::route_shares shares_;                // guarded by mutex_
  std::deque<route_change> history_;         // guarded by mutex_
  std::vector<rate::route_sample> samples_;  // guarded by mutex_; scratch
};

template <class IsOpen>
void route_health::look(time_point now, wall_time wall, IsOpen is_open) {
  using std::chrono::nanoseconds;
  const auto ns = [](time_point t) { return std::chrono::duration_cast<nanoseconds>(t.time_since_epoch()).count(); };
  std::int64_t due = next_look_.load(std::memory_order_relaxed);
  if (routes_.size() < 2 || ns(now) < due) return;
  if (!next_look_.compare_exchange_strong(due, ns(now + options_.failover.interval), std::memory_order_relaxed)) return;
  const std::scoped_lock lock(mutex_);
  samples_.clear();
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    samples_.push_back(since_last(routes_[i]));
    samples_.back().is_open = is_open(static_cast<std::uint16_t>(i));
  }
  evaluate(wall, samples_);
}

}  // namespace broadside::engine_detail
