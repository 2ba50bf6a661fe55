// broadside/options - everything an engine is told at open(). Every bound of memory, time and work is here.
#pragma once

#include <broadside/limits.hpp>
#include <broadside/preflight.hpp>
#include <broadside/provider.hpp>
#include <broadside/rate_limit.hpp>
#include <broadside/result.hpp>
#include <broadside/tls.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace broadside {

/// Connections of one route on one shard. Every phase has its own deadline; zero is not "for ever", it is a violation.
struct http_options {
  std::uint32_t connections_max = 64;                ///< 1 to 4096
  std::chrono::milliseconds resolve_timeout{5'000};  ///< name to addresses
  std::chrono::milliseconds connect_timeout{5'000};  ///< TCP, and TLS again
  std::chrono::milliseconds write_timeout{10'000};   ///< from the first byte of a request to its last
  /// From the last byte of the request to the last of the answer. Providers may fetch media in between: tens of
  /// seconds.
  std::chrono::milliseconds response_timeout{60'000};
  std::chrono::milliseconds idle_timeout{30'000};  ///< an unused connection is closed after this
  std::chrono::milliseconds dns_ttl{
      60'000};  ///< addresses are resolved again after this, and after a failure to connect
  std::chrono::milliseconds backoff_min{100};  ///< before connecting again after a failure; doubles with jitter
  std::chrono::milliseconds backoff_max{30'000};
  std::size_t response_head_max = 16 * 1024;    ///< bytes
  std::size_t response_body_max = 1024 * 1024;  ///< bytes
};

/// Provider account + limits: what a message is assigned to.
struct route_options {
  std::string name{};  ///< unique, 1 to 64 bytes
  std::shared_ptr<const broadside::provider> provider{};
  rate_limit limit{};
  http_options http{};
  tls_options tls{};
};

/// A limit that holds for a sender on all routes together.
struct sender_limit {
  std::string sender{};  ///< as in sender_profile::sender; a leading + makes no difference
  rate_limit limit{};
};

/// The engine's one retry layer. Only for messages the provider certainly did not take.
struct retry_options {
  std::uint16_t attempts_max = 5;            ///< 1 to 100; throttling does not count
  std::chrono::milliseconds delay_min{500};  ///< before the second attempt; doubles, with up to as much again of jitter
  std::chrono::milliseconds delay_max{60'000};
  std::chrono::milliseconds suspend_min{
      1'000};  ///< how long a route rests after an account fault; doubles while it lasts
  std::chrono::milliseconds suspend_max{300'000};
};

struct options {
  std::vector<route_options> routes{};  ///< 1 to 256
  std::vector<sender_limit> senders{};
  /// Rule profiles that hold for every campaign beside those of its routes' providers: of the marketing platform, of
  /// carriers, of the host itself. At most 32.
  std::vector<content_limits> profiles{};
  /// How launch() looks at the media of a campaign.
  preflight_options preflight{};
  retry_options retry{};

  /// Threads, each with its own connections and timers. 1 to 64.
  std::uint32_t shards = 1;
  /// Messages the engine holds at most, from submit() until their event is polled. 64 to 16,777,216.
  /// Memory: about (recipient_bytes_max + 512) bytes each, taken at open().
  std::uint32_t messages_inside_max = 16'384;
  /// Bytes for a recipient's number and values, and four more for each value: see fits(). 64 to 65,536.
  std::uint32_t recipient_bytes_max = 512;
  std::uint32_t campaigns_max = 1'024;  ///< 1 to 65,536
  std::uint32_t sources_max = 4'096;    ///< 1 to 65,536
  /// Distinguishes engines whose message_ids must not meet; 0 to 4095. 0xFFFF: drawn at open().
  std::uint16_t instance = 0xFFFF;

  /// Every violation, none when the options are usable. Pure.
  [[nodiscard]] std::vector<violation> validate() const;
};

}  // namespace broadside
