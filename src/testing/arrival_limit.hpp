// testing/arrival_limit - counts what arrives against a limit, as a provider's front door does.
//
// A plain token bucket, independent of the library's own limiter on purpose: a fault in one cannot hide in the other.
// Not thread-safe, takes `now`, allocates nothing.
#pragma once

#include <algorithm>
#include <broadside/environment.hpp>
#include <broadside/rate_limit.hpp>
#include <chrono>
#include <cstdint>

namespace broadside::testing {

class arrival_limit {
 public:
  /// Starts full: the first `burst` messages are always within the limit.
  explicit arrival_limit(const rate_limit& limit) : limit_(limit), tokens_(limit.burst) {}

  /// True: `n` messages at once are within the limit, and counted. False: none is counted. More than `burst` at once
  /// never are. A `now` before the last counts as the last.
  [[nodiscard]] bool take(std::uint64_t n, time_point now) noexcept {
    if (limit_.unlimited()) return true;
    if (!started_) last_ = now;
    started_ = true;
    if (now > last_) {
      const std::chrono::duration<double> passed = now - last_;
      tokens_ = std::min(static_cast<double>(limit_.burst), tokens_ + passed.count() * limit_.per_second);
      last_ = now;
    }
    constexpr double rounding = 1e-6;  // of the sums above: a message, not a part of one, is what counts
    if (tokens_ + rounding < static_cast<double>(n)) return false;
    tokens_ -= static_cast<double>(n);
    return true;
  }

 private:
  rate_limit limit_;
  double tokens_;
  time_point last_{};
  bool started_ = false;
};

}  // namespace broadside::testing
