// broadside/limits - what a sender is allowed per second, and what a provider's content may be.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

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

/// What one provider accepts in one message. Lengths are Unicode code points. Sources: each provider's header.
struct content_limits {
  std::string_view provider{};
  std::size_t subject_max = 0;        ///< rendered subject
  std::size_t text_max = 0;           ///< rendered text
  std::size_t fallback_text_max = 0;  ///< rendered SMS fallback text
  std::size_t media_max = 0;          ///< media objects in one message
  std::size_t messages_per_request_max = 1;
};

}  // namespace broadside
