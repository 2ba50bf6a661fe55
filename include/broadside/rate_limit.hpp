// broadside/rate_limit - a ceiling on messages per second.
#pragma once

#include <cstdint>

namespace broadside {

/// A ceiling on messages: in every window W, sent(W) <= per_second * W + burst, whatever the number of shards.
struct rate_limit {
  /// Messages per second, 0.000001 to 5,000,000. Zero: no limit.
  double per_second = 0;
  /// Messages that may leave back to back after a pause, 1 to 1,000,000. A limit starts with one message available,
  /// not with a full burst, so a restarted engine cannot exceed what its predecessor left.
  std::uint32_t burst = 1;

  [[nodiscard]] bool unlimited() const noexcept { return per_second <= 0; }
};

}  // namespace broadside
