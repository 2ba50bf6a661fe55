// broadside/testing/provider_simulator - a real HTTP(S) server that behaves as Sinch and Infobip do, or fails.
//
// Part of broadside::testing: what hosts test against before they let a campaign near a real account. Listens on
// 127.0.0.1 only. Counts what it accepted by message id, so that a test can prove "exactly once".
//
//   POST /ep/v2/             Sinch MMS JSON API, action sendmms
//   POST /mms/2/messages     Infobip MMS v2
//   GET  /mms/2/logs         Infobip: what became of messages; parameters messageId (as a list) and limit
//   GET  /_simulator/image.png  a picture of 640x1138, for campaigns whose media are looked at
//   GET  /_simulator/counts  both providers' simulator_counts as JSON, for another process to compare
//
// Everything else is 404 or 405. Requests are checked as the providers document it, with their codes and shapes;
// numbers are digits without "+". The log knows what was accepted, also when the answer was spoiled, and nothing else:
// what was refused has no row. Media URLs must be absolute http or https: they are never fetched. A request's head
// may have 16 KiB, its body 4 MiB. One thread of its own serves; memory grows by about 20 bytes per accepted message.
#pragma once

#include <broadside/environment.hpp>
#include <broadside/rate_limit.hpp>
#include <broadside/result.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace broadside::testing {

/// Probabilities per request, 0 to 1, in sum at most 1; drawn in this order from one seeded generator, one draw and at
/// most one fault a request. Only requests to a provider meet faults; they come before every check. Questions
/// (GET /mms/2/logs) meet none.
struct simulator_faults {
  double reset_before_read = 0;       ///< connection reset before the body is read: nothing accepted
  double reset_after_read = 0;        ///< connection reset after the body is read, nothing accepted
  double reset_after_accept = 0;      ///< accepted, then reset instead of an answer: the lost answer
  double error_500 = 0;               ///< HTTP 500, nothing accepted
  double error_503 = 0;               ///< HTTP 503, nothing accepted
  double error_500_after_accept = 0;  ///< accepted, then HTTP 500
  double throttle_429 = 0;            ///< HTTP 429 with Retry-After: retry_after_seconds; nothing accepted
  double provider_busy = 0;  ///< the provider's own transient code in an HTTP 200 (Sinch E503, Infobip status 21)
  double truncated = 0;      ///< accepted; the answer stops in the middle of its body and the connection closes
  double garbage = 0;        ///< accepted; a 200 whose body is no JSON
  double slow = 0;           ///< the answer arrives byte by byte over slow_for, in steps of a millisecond at least
  std::uint32_t retry_after_seconds = 1;  ///< zero: a 429 without Retry-After
  std::chrono::milliseconds slow_for{200};
  std::chrono::milliseconds delay{0};         ///< before every answer, and before a reset in its place
  std::chrono::milliseconds delay_jitter{0};  ///< and up to this much more, uniformly
};

/// What is wrong with the provider for a while. Comes before simulator_faults, which are drawn all the same and have no
/// effect meanwhile, but for reset_before_read and the delays. Only requests to a provider meet it; questions do not,
/// but where connections are refused.
struct outage {
  enum class kind : std::uint8_t {
    refuses_connections,  ///< nobody listens, and every connection is closed when it begins
    closes_unanswered,    ///< a request is read, and the connection closed instead of an answer; nothing accepted
    error_503,            ///< nothing accepted
    throttles,            ///< HTTP 429; nothing accepted
    refuses_numbers,      ///< every number is a bad one: Sinch E110, Infobip status 52
  };
  kind what = kind::error_503;
  std::chrono::milliseconds from{0};  ///< after the start, or the first request: see outages_from_first_request
  std::chrono::milliseconds until{0};
  std::uint32_t retry_after_seconds = 0;  ///< with error_503 and throttles; zero: no Retry-After
  bool retry_after_as_date = false;       ///< as an HTTP date, rounded up to a whole second
};

/// Messages of one sender, by this process's steady clock: when each arrived, in order.
struct sender_arrivals {
  std::string sender;  ///< as it stands in the request
  std::vector<time_point> times;
};

/// The window in which arrivals are furthest above a limit, or least below it.
struct arrival_window {
  time_point from{};
  duration width{};
  std::uint64_t count = 0;  ///< zero: there are no arrivals, or there is no limit
  double allowed = 0;

  [[nodiscard]] bool exceeds() const noexcept {
    constexpr double rounding = 1e-6;
    return count > 0 && static_cast<double>(count) > allowed + rounding;
  }
};

/// Of all windows between two widths; `times` in order. In each, rate x (width + slack) + burst are allowed: slack is
/// what the machine may delay one arrival more than the next.
[[nodiscard]] arrival_window worst_window(std::span<const time_point> times, const rate_limit&, duration slack = {},
                                          duration narrowest = std::chrono::milliseconds{50},
                                          duration widest = std::chrono::seconds{10});

struct simulator_options {
  std::uint16_t port = 0;  ///< 0: any free port
  bool tls = false;        ///< a certificate for localhost and 127.0.0.1 is made at start; see ca_file()
  std::string sinch_api_key = "sinch-test-key";
  std::string sinch_service_id = "12345";
  std::string infobip_api_key = "infobip-test-key";
  rate_limit sinch_limit{};    ///< beyond it: E113. Starts with a full burst
  rate_limit infobip_limit{};  ///< beyond it: HTTP 429 E429 for the whole request; more than burst at once always are
  simulator_faults faults{};
  std::uint64_t seed = 1;
  /// A share of recipients the providers refuse for good (Sinch E110, Infobip status 52), chosen by the number itself,
  /// so that the same number is always refused: those whose digits modulo 10000 are below this.
  std::uint32_t refused_per_10000 = 0;
  /// Keep the time of every accepted message for sinch_times() and infobip_times(): 8 bytes each.
  bool record_times = false;
  /// Sinch answers "Success" and "Failure", as its older documents print them, instead of "success" and "failure".
  bool sinch_capitalised = false;
  /// Keep id and number of the first million accepted messages of each provider, for GET /_simulator/accepted: about
  /// 100 bytes each.
  bool record_accepted = false;
  /// Questions, each counted as one: beyond it HTTP 429 E429. Infobip documents 120 a minute. Starts with a full burst.
  rate_limit infobip_logs_limit{};
  /// Of those that hold at a time the first counts. At most 1000.
  std::vector<outage> outages{};
  bool outages_from_first_request = false;  ///< to a provider, which meets what begins at zero
  /// Requests that arrive this long after the provider first told to wait, with Retry-After, count as on their way
  /// then; see simulator_counts::early.
  std::chrono::milliseconds told_grace{100};
  /// Keep for arrivals() when the first so many messages of each provider arrived: 8 bytes each, and some for each
  /// sender.
  std::uint64_t record_arrivals = 0;
};

struct simulator_counts {
  std::uint64_t requests = 0;
  std::uint64_t accepted = 0;            ///< messages, repeats included
  std::uint64_t accepted_ids = 0;        ///< distinct message ids
  std::uint64_t repeats = 0;             ///< accepted although the id was accepted before (Sinch does not deduplicate)
  std::uint64_t duplicates_refused = 0;  ///< Infobip status 23
  std::uint64_t rejected = 0;            ///< messages refused for good, each by itself or with its whole request
  std::uint64_t throttled = 0;           ///< messages answered by E113, E429 or 429
  std::uint64_t faults = 0;              ///< requests that met a fault
  std::uint64_t answers_lost = 0;        ///< messages accepted whose answer was spoiled on purpose
  std::uint64_t malformed = 0;           ///< requests the provider would call malformed: a defect of the client
  std::uint64_t connections = 0;         ///< that carried at least one request to this provider
  std::uint64_t unauthorized = 0;        ///< requests refused for the account: E104, E111, E627, E401
  std::uint64_t queries = 0;             ///< GET /mms/2/logs, however answered; neither in requests nor connections
  std::uint64_t queries_throttled = 0;   ///< of them beyond the limit
  std::uint64_t outages = 0;             ///< requests that met one of simulator_options::outages
  std::uint64_t early = 0;               ///< requests that came while told to wait, by the provider's own clock
};

/// Movable; the destructor stops the server. Thread-safe.
class provider_simulator {
 public:
  /// Binds, then serves on a thread of its own until destroyed. Errors: invalid_options with every violation, or what
  /// the system said.
  [[nodiscard]] static result<provider_simulator, failure> start(simulator_options = {});

  provider_simulator(provider_simulator&&) noexcept;
  provider_simulator& operator=(provider_simulator&&) noexcept;
  ~provider_simulator();

  /// "http://127.0.0.1:PORT" or "https://localhost:PORT": the base_url of both providers' options.
  [[nodiscard]] std::string url() const;
  [[nodiscard]] std::uint16_t port() const noexcept;
  /// PEM file of the certificate authority, for tls_options::ca_file; empty without TLS. Removed by the destructor.
  [[nodiscard]] std::string ca_file() const;

  [[nodiscard]] simulator_counts sinch() const;
  [[nodiscard]] simulator_counts infobip() const;
  /// How often the message with this printed id was accepted, by either provider.
  [[nodiscard]] std::uint32_t times_accepted(std::string_view message_id) const;
  /// Printed ids whose answer was spoiled after they were accepted.
  [[nodiscard]] std::vector<std::string> lost_answers() const;
  /// When each message was accepted, in order, by this process's steady clock; needs record_times.
  [[nodiscard]] std::vector<time_point> sinch_times() const;
  [[nodiscard]] std::vector<time_point> infobip_times() const;
  /// Of every request that could be read, was no outage's or fault's, and had the right key, in the order of senders;
  /// needs record_arrivals. What was refused afterwards, for its number or a limit, counts too.
  [[nodiscard]] std::vector<sender_arrivals> arrivals() const;

  /// {"sinch":{…},"infobip":{…}}, as GET /_simulator/counts answers.
  [[nodiscard]] std::string counts_json() const;

  /// From the next request on. Probabilities beyond a sum of 1 have no effect.
  void set_faults(const simulator_faults&);
  /// Closes every connection that is open now, as a restarting server does; messages whose answer was still to be
  /// written count as lost answers. They are closed when it returns.
  void drop_connections();

 private:
  class impl;
  explicit provider_simulator(std::unique_ptr<impl>) noexcept;
  std::unique_ptr<impl> impl_;
};

}  // namespace broadside::testing
