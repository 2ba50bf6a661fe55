// rate/retry_budget - how many messages may be tried again after they failed: a share of those that are tried for the
// first time, and a few a second in any case. Shared by shards, lock-free; reads no clock, allocates nothing.
#pragma once

#include <atomic>
#include <broadside/environment.hpp>
#include <cstdint>
#include <rate/gcra.hpp>

namespace broadside::rate {

class retry_budget {
 public:
  /// `share` of first attempts, as retry_options::budget; `least` a second. What was earned is kept for ten to twenty
  /// seconds, and ten of it for ever; unspent seconds up to one. It begins with ten that nobody has earned: the first
  /// faults of a quiet route are not held up.
  retry_budget(double share, double least, time_point start) noexcept;

  void first_attempts(std::uint32_t n, time_point now) noexcept;
  /// All n or none: from the share first.
  [[nodiscard]] bool try_take(std::uint32_t n, time_point now) noexcept;
  /// When one more is certain, if nobody else takes and nothing is tried for the first time before.
  [[nodiscard]] time_point ready_at(time_point now) const noexcept;

 private:
  void forget(time_point now) noexcept;
  [[nodiscard]] std::uint32_t take_of_share(std::uint32_t n) noexcept;

  std::uint64_t each_ = 0;  // constant after construction; in millionths of a retry

  // Relaxed: the numbers are all there is. In millionths.
  std::atomic<std::uint64_t> share_;
  std::atomic<std::uint64_t> earned_{0};  // since `since_`
  std::atomic<std::int64_t> since_;       // steady clock, ns: when what was older was forgotten
  gcra least_;
};

}  // namespace broadside::rate
