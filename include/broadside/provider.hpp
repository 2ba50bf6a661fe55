// broadside/provider - a company's API without sockets or clocks: what to post, and what the answer means.
//
// Implementations are pure: const, reentrant, called from every shard at once. Write one to speak to a provider
// the library does not know; the built-in ones are in broadside/providers/.
#pragma once

#include <broadside/fixed_string.hpp>
#include <broadside/limits.hpp>
#include <broadside/message.hpp>
#include <broadside/result.hpp>
#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace broadside {

struct http_header {
  std::string name{};
  std::string value{};
};

/// Where every request of a route goes. The head is prepared from it once.
struct http_endpoint {
  std::string base_url{};              ///< scheme, host and optional port: "https://api.ci.mblox.com"
  std::string target{};                ///< "/ep/v2/"
  std::vector<http_header> headers{};  ///< without Host, Content-Length and Connection
  /// Names of `headers` whose value is a secret: never printed.
  std::vector<std::string> secret_headers{};
};

/// A complete answer. Views live until the call they are given to returns.
struct http_response {
  unsigned status = 0;
  std::string_view body{};
  /// Retry-After as a span from now, already read from either form; negative: not given.
  std::chrono::milliseconds retry_after{-1};
};

enum class verdict_kind : std::uint8_t {
  accepted,    ///< the provider took the message
  rejected,    ///< permanent: this message will never be taken
  retry,       ///< transient, and the provider certainly did not take it
  slow_down,   ///< throttled: the route waits, the message keeps its attempts
  maybe_sent,  ///< the answer does not say whether it was taken
};

/// One message's share of an answer.
struct verdict {
  verdict_kind kind = verdict_kind::maybe_sent;
  /// The fault lies with the account or its set-up (key, credits, sender), so every message of the route would meet it:
  /// the route is suspended and the message waits or takes another.
  bool route_fault = false;
  /// Refused because this message_id was taken before: after an unknown outcome it means that one arrived.
  bool duplicate = false;
  std::chrono::milliseconds retry_after{-1};  ///< with slow_down and retry; negative: not given
  fixed_string<64> provider_message_id;
  fixed_string<32> status_code;  ///< the provider's own code, verbatim
  fixed_string<160> error;       ///< the provider's own words, verbatim
};

class provider {
 public:
  provider() = default;
  provider(const provider&) = delete;
  provider& operator=(const provider&) = delete;
  virtual ~provider() = default;

  /// "sinch", "infobip": lower case, used in events.
  [[nodiscard]] virtual std::string_view name() const noexcept = 0;
  [[nodiscard]] virtual const content_limits& limits() const noexcept = 0;
  [[nodiscard]] virtual const http_endpoint& endpoint() const noexcept = 0;

  /// Whether a repeated message_id is refused as a duplicate, so that sending again after an unknown outcome is safe.
  [[nodiscard]] virtual bool deduplicates() const noexcept = 0;

  /// Replaces `body` by a request that carries the first n of `messages` and returns n >= 1: as many as fit the
  /// provider's rules. `body` keeps its capacity: no allocation once warm. An error is about messages[0] alone.
  [[nodiscard]] virtual result<std::size_t> encode(std::span<const message> messages, std::string& body) const = 0;

  /// One verdict per id, in the order of encode(). Total: any answer, however broken, has verdicts.
  virtual void classify(const http_response& answer, std::span<const message_id> ids,
                        std::span<verdict> each) const noexcept = 0;
};

}  // namespace broadside
