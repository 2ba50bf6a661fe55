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
#include <functional>
#include <memory>
#include <span>
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
  /// Requests on their way at once, fewer than connections_max while answers come slower than they did or fail: one
  /// more with every round of good answers, a tenth less with a bad one.
  bool adaptive_concurrency = false;
};

/// Provider account + limits: what a message is assigned to.
struct route_options {
  std::string name{};  ///< unique, 1 to 64 bytes
  std::shared_ptr<const broadside::provider> provider{};
  /// Routes of one account rest together when the provider says to slow down. Empty: the route is an account of its
  /// own. At most 64 bytes, as `service_plan`.
  std::string account{};
  std::string service_plan{};
  rate_limit limit{};  ///< of messages; its name is "route " and the route's
  /// What the provider's own queue drains and holds: so many messages per second leave it, and at most `burst` are to
  /// lie there (Sinch's Conversation API drains 20 a second by default). Its name is "queue of " and the route's.
  /// engine::change_limit() knows it where the route was opened with one; where one may come later, open the route with
  /// one that is never reached.
  rate_limit provider_queue{};
  /// How long a message that finds nothing before it may wait for others to share its request, where a provider takes
  /// several in one (Infobip). It goes at once when the request is full. 0: never; at most 1 s. Transactional messages
  /// never wait.
  std::chrono::milliseconds linger{2};
  http_options http{};
  tls_options tls{};
};

/// The rules that hold on a route: those of its provider, and of `profiles` as options::profiles has them. The
/// strictest wins. Nothing in `profiles` relaxes or replaces what the provider says, not under its name either; and the
/// built-in profile of that name, which is the provider's documentation, adds nothing to what the provider says of the
/// account.
[[nodiscard]] combined_limits rules_of(const route_options&, std::span<const content_limits> profiles);

/// Tenants share routes and senders by weight, and so do the campaigns of one tenant among themselves. A campaign
/// without a tenant is one of its own, with the campaign's weight.
struct tenant_options {
  std::string name{};        ///< unique, as campaign::tenant
  std::uint32_t weight = 1;  ///< 1 to 1000. Tenants that are not listed have 1
};

/// The engine's one retry layer. Only for messages the provider certainly did not take.
struct retry_options {
  std::uint16_t attempts_max = 5;            ///< 1 to 100; throttling does not count
  std::chrono::milliseconds delay_min{500};  ///< before the second attempt; doubles, with up to as much again of jitter
  std::chrono::milliseconds delay_max{60'000};
  std::chrono::milliseconds suspend_min{
      1'000};  ///< how long a route rests after an account fault; doubles while it lasts
  std::chrono::milliseconds suspend_max{300'000};
  /// Messages of a route that are tried again, as a share of those that are tried for the first time, however many of
  /// them a request carries: an outage is not doubled. 0.01 to 1; beside it budget_min a second are always allowed.
  double budget = 0.2;
  double budget_min = 1;  ///< messages a second; 0.01 to 1,000,000
};

/// When messages take other routes than their campaign's weights say. Provider faults count: answers that say the
/// provider failed, lost answers, connections that cannot be made; a refused message never does.
struct failover_options {
  /// At most so often the share of a route changes, by an eighth of its weight. 100 ms to 1 h.
  std::chrono::milliseconds interval{5'000};
  /// A route gives up share to others while more than this of its answers are faults, or come later than slow_after;
  /// and gets it back while fewer are. Never when the others are no better. 0.01 to 1; 1: never.
  double faults_max = 0.2;
  std::chrono::milliseconds slow_after{20'000};  ///< 1 ms to 1 h
  std::uint32_t answers_min = 20;                ///< of an interval; fewer say nothing. 1 to 1,000,000
  /// After so many faults in a row nothing is sent on the route for retry_options::suspend_min, doubling while it
  /// lasts; then one request asks whether it works again. 1 to 100,000.
  std::uint32_t faults_in_a_row = 20;
};

/// Messages that on_unknown holds because their answer was lost are asked for where the provider can be asked
/// (Infobip): what it knows of them becomes their outcome, what it does not know ends as maybe_sent, where delivery
/// reports come in after report_wait. Asked for after delay_min, and again after four times as long, asks_max times.
struct reconcile_options {
  std::uint16_t asks_max = 3;                  ///< 0 to 10; 0: nobody is asked
  std::chrono::milliseconds delay_min{2'000};  ///< 1 ms to 1 h
  /// Where delivery reports come in (provider::reports()), how long on_unknown::hold holds a message for its report,
  /// asked for or not, before it ends as maybe_sent. It keeps its place, so that many lost answers and a long wait
  /// leave little room: 0 to 3 days.
  std::chrono::milliseconds report_wait{600'000};
};

/// What is kept of delivery reports, so that one that comes again changes nothing.
struct report_options {
  /// Messages whose report is remembered, the latest; of older ones a repeated report is told again. A quarter of a
  /// byte each, twice with a durable journal, taken as reports come. 16,384 to 1,000,000,000.
  std::uint64_t remembered_max = 16'000'000;
  /// How long accept_callback() waits for the journal before it asks the provider to call again. 10 ms to 1 min.
  std::chrono::milliseconds patience{2'000};
};

/// When a record counts as kept, so that a message may leave. What an engine records first, before anything leaves, is
/// synced in every case: from it the next engine knows which message ids were given.
enum class durability : std::uint8_t {
  /// Once it is on the disk. A crash of any kind, a power cut too, loses nothing and repeats nothing; what was on its
  /// way, or claimed for it (up to eight requests a connection, and 4,096 messages of a route on a shard), is asked for
  /// or ends as maybe_sent. The default.
  every_batch,
  /// Records are written and synced together once in journal_options::sync_interval, and messages do not wait for it. A
  /// crash, of the process too, costs up to that much: what was taken in that time must be submitted again (the resume
  /// point says from where), and what left in that time leaves again. The file stays whole.
  periodic,
  /// Records are handed to the operating system and never synced before the end. A crash of the process costs as little
  /// as with periodic and an interval of milliseconds; a power cut may cost the whole file.
  none,
};

/// How far the reading of a journal has come at open().
struct recovery_progress {
  std::uint64_t records = 0;
  std::uint64_t chunks = 0;
};

/// The durable record of what was taken, what may have left, and how it ended.
struct journal_options {
  /// A folder, made when it is missing, of this engine alone. Empty: the record is kept in memory, and a crash costs
  /// everything inside, every event that was not polled, and every resume point.
  std::string path{};
  broadside::durability durability = broadside::durability::every_batch;
  std::chrono::milliseconds sync_interval{1'000};  ///< with periodic; 1 ms to 1 min
  std::uint64_t bytes_max = std::uint64_t{64}
                            << 30U;     ///< of the file; 16 MiB to 16 TiB. Full: nothing is taken or sent
  std::chrono::hours keep_outcomes{0};  ///< outcomes, not reports, after they are confirmed; at most 10 years
  std::function<void(const recovery_progress&)> on_progress{};  ///< called by open(), in the thread that calls it
};

struct options {
  std::vector<route_options> routes{};  ///< 1 to 256
  /// Limits beside those of the routes, at most 200,000; 100,000 that nobody uses cost memory only. See
  /// engine::change_limit().
  std::vector<limit_options> limits{};
  std::vector<tenant_options> tenants{};  ///< at most 65,535
  /// Rule profiles that hold for every campaign beside those of its routes' providers: of the marketing platform, of
  /// carriers, of the host itself. At most 32. See rules_of() for one that has a provider's name.
  std::vector<content_limits> profiles{};
  /// How launch() looks at the media of a campaign.
  preflight_options preflight{};
  retry_options retry{};
  failover_options failover{};
  reconcile_options reconcile{};
  report_options reports{};
  journal_options journal{};

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
