// broadside/provider - a company's API without sockets or clocks: what to post, and what the answer means.
//
// Implementations are pure: const, reentrant, called from every shard at once. Write one to speak to a provider
// the library does not know; the built-in ones are in broadside/providers/.
#pragma once

#include <broadside/event.hpp>
#include <broadside/fixed_string.hpp>
#include <broadside/limits.hpp>
#include <broadside/message.hpp>
#include <broadside/rate_limit.hpp>
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

enum class http_method : std::uint8_t {
  post,  ///< what is encoded is the request's body
  get,   ///< what is encoded is appended to the target; there is no body
};

/// Where every request of a route goes. The head is prepared from it once.
struct http_endpoint {
  http_method method = http_method::post;
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
  accepted,  ///< the provider took the message
  rejected,  ///< permanent: this message will never be taken
  /// Transient, and the provider certainly did not take it. The built-in providers say so of HTTP 503 too, as HTTP
  /// means it; of one that a gateway makes of a broken connection, which may hide a message that was taken, when its
  /// words say so.
  retry,
  slow_down,   ///< throttled: the route waits, the message keeps its attempts
  maybe_sent,  ///< the answer does not say whether it was taken
};

/// Whose pace an answer with slow_down speaks of: only that waits.
enum class paced : std::uint8_t {
  account,  ///< all routes of the account
  sender,   ///< the message's sender on them
};

/// One message's share of an answer.
struct verdict {
  verdict_kind kind = verdict_kind::maybe_sent;
  /// The fault lies with the account or its set-up (key, credits, sender), so every message of the route would meet it:
  /// the route is suspended and the message waits or takes another.
  bool route_fault = false;
  /// Refused because this message_id was taken before: after an unknown outcome it means that one arrived.
  bool duplicate = false;
  /// The answer is about the request as a whole, of more than one message, and any one of them may be the cause. With
  /// rejected each goes again at once, in a request of its own; with retry, after it has failed three times.
  bool of_request = false;
  /// With retry: what stands in the way is the message's own, such as media that the provider cannot fetch. It is tried
  /// again like any other, but says nothing against the route: a campaign with a broken link holds up no other.
  bool of_message = false;
  paced pace = paced::account;  ///< with slow_down
  /// With slow_down: the number of a day is used up, and waits for the next: that of the daily_quota of the message's
  /// sender or carrier, or of the account's, as `pace` says. Where there is none such, until midnight in Los Angeles,
  /// where US carriers count.
  bool until_next_day = false;
  std::chrono::milliseconds retry_after{-1};  ///< with slow_down and retry; negative: not given
  fixed_string<64> provider_message_id;
  fixed_string<32> status_code;  ///< the provider's own code, verbatim
  fixed_string<160> error;       ///< the provider's own words, verbatim
};

/// A request that a provider makes to the host, as the host's own server received it. Views live until the call that
/// they are given to returns.
struct http_request_view {
  struct header {
    std::string_view name{};
    std::string_view value{};
  };
  std::string_view method{};  ///< "POST"
  std::string_view target{};  ///< path and query, as in the request line
  std::span<const header> headers{};
  std::string_view body{};
};

/// One message's share of a callback.
struct delivery_report {
  message_reference of{};
  broadside::delivery delivery{};
  bool as_sms = false;    ///< of the fallback SMS
  wall_time at{};         ///< as the provider says; the epoch: it does not
  fixed_string<40> to{};  ///< "+" and digits; empty: it does not say
  fixed_string<64> provider_message_id{};
  fixed_string<32> status_code{};  ///< the provider's own code, verbatim
  fixed_string<160> error{};       ///< the provider's own words, verbatim
};

/// What a callback brought.
struct callback_content {
  std::vector<delivery_report> reports{};
  std::size_t others = 0;  ///< of messages that have no reference of ours, or with a status that nobody documented
};

/// How a provider is asked what became of messages whose answer was lost.
struct message_query {
  http_endpoint endpoint{};        ///< of method get, on the same host as the provider's own
  std::uint32_t messages_max = 1;  ///< in one question; 1 to 1000
  rate_limit limit{};              ///< of questions, as the provider documents it
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

  /// Null: this provider cannot be asked what became of a message. Lives as long as the provider.
  [[nodiscard]] virtual const message_query* query() const noexcept { return nullptr; }

  /// Replaces `target` by what follows the target of query()->endpoint to ask for these messages, at most
  /// query()->messages_max of them.
  virtual void encode_query(std::span<const message_id>, std::string& target) const { target.clear(); }

  /// One verdict per id, in the order of encode_query(): accepted or rejected when the answer says what became of the
  /// message; maybe_sent when it does not know it (yet); retry or slow_down for all when the question itself failed.
  /// Total, as classify().
  virtual void classify_query(const http_response&, std::span<const message_id>,
                              std::span<verdict> each) const noexcept {
    for (verdict& v : each) v = {};
  }

  /// Whether messages go out with what delivery reports need (message::origin), and callbacks are taken.
  [[nodiscard]] virtual bool reports() const noexcept { return false; }
  /// Whether the provider sent this: in constant time as far as secrets are compared.
  [[nodiscard]] virtual bool verify_callback(const http_request_view&) const noexcept { return false; }
  /// What a verified callback says. Anything from outside is bounded: bodies above 1 MiB and more than 10,000 results
  /// are refused. Errors: callback_malformed, callbacks_off.
  [[nodiscard]] virtual result<callback_content> read_callback(const http_request_view&) const {
    return errc::callbacks_off;
  }
};

}  // namespace broadside
