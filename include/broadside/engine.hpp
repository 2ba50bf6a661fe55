// broadside/engine - the engine: campaigns in, recipients in, events out.
//
// Thread-safe unless a call says otherwise. Never calls the host back: events are pulled.
#pragma once

#include <broadside/campaign.hpp>
#include <broadside/check.hpp>
#include <broadside/environment.hpp>
#include <broadside/event.hpp>
#include <broadside/journal.hpp>
#include <broadside/message.hpp>
#include <broadside/options.hpp>
#include <broadside/result.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace broadside {

/// What submit() took. Full is a value, not a block: poll(), then submit the rest.
struct submitted {
  std::size_t accepted = 0;  ///< recipients taken from the front of the span, repeats below the resume point included
  position at{};             ///< where the last of them stands in the journal
  errc stopped_by{};         ///< a default errc (0): all were taken. Else full, intake_closed, campaign_paused, …
};

/// What the host answers a provider's callback, and what the callback said.
struct callback_reply {
  unsigned status = 200;      ///< HTTP status; the body may be empty. 503: the provider should call again
  error_code why{};           ///< with another status than 200
  std::size_t told = 0;       ///< reports that were news: poll() tells them
  std::size_t repeated = 0;   ///< that were known, or older than what is known
  std::size_t underway = 0;   ///< that say nothing final
  std::size_t unmatched = 0;  ///< of messages or campaigns that this engine does not know, or not understood
};

/// How a route is doing: a snapshot that may be stale when it is read.
struct route_status {
  std::string name;
  std::uint32_t connections = 0;          ///< open, on all shards
  std::uint64_t in_flight = 0;            ///< messages whose request is on its way
  std::uint64_t waiting = 0;              ///< messages assigned to the route and not yet sent
  std::chrono::milliseconds rests_for{};  ///< until an account fault or a throttle is over; zero: it works
  bool suspended =
      false;  ///< an account fault (key, credits, sender) stops it; over when it takes or refuses a message
  std::string last_error;  ///< of the provider or the wire, with no secret in it; empty: none yet
  unsigned share = 8;      ///< eighths of its weight that it has now; see failover_options
};

/// A limit in use: a route's, or one of options::limits. A snapshot that may be stale when it is read.
struct limit_status {
  std::string name;
  rate_limit rate{};
  std::uint64_t taken = 0;  ///< what left, in the limit's unit
  /// What could have left while messages waited for this limit or held it busy: taken / allowed says how far it is
  /// used. Zero: no rate, or nobody waited yet.
  double allowed = 0;
  std::uint64_t quota = 0;               ///< of a day; zero: none
  std::uint64_t quota_used = 0;          ///< of the present one
  std::chrono::milliseconds opens_in{};  ///< until it allows the next: its pace, its day, or the provider said so
};

/// One step of a route's share, and why.
struct route_change {
  wall_time at{};
  std::string route;
  unsigned from = 0;  ///< eighths of its weight
  unsigned to = 0;
  std::string because;  ///< a sentence for people
};

/// What holds a campaign up.
enum class binding : std::uint8_t {
  nothing,     ///< requests are on their way as fast as they are answered, or there is nothing to do
  audience,    ///< nothing is inside: the host's turn
  paused,      ///< until resume()
  journal,     ///< the disk does not take what is written
  route,       ///< every route rests: a fault of the account, or the provider said to slow down
  rate_limit,  ///< the limit that comes free last on the route that comes free first
  quota,       ///< the number of a day is used up
  connection,  ///< no route has a connection
  answer,      ///< what is left waits for its delivery report, or to be asked for (options::reconcile)
  retry,       ///< what is left waits to be tried again (options::retry)
};

struct explanation {
  binding what{};
  std::string words{};                ///< a sentence for people, with no secret in it
  std::chrono::milliseconds until{};  ///< until that is over, as far as it is known; zero: now, or not known
};

namespace engine_detail {
struct engine_maker;
}

class engine {
 public:
  /// Validates, takes all memory, starts the shards. With options::journal it takes up what the journal knows:
  /// campaigns and sources have the ids they had; messages that certainly did not leave go on; those that may have left
  /// end, or go on, as their campaign's on_unknown says; events that were not confirmed are told again. Errors:
  /// invalid_options with every violation, journal_in_use, journal_damaged, journal_too_new, or what the system said.
  /// `environment` outlives the engine. Throws std::bad_alloc when memory is short, as launch() and open_source() may.
  /// The engine's own threads need hardly any memory later; where there is none then, the process ends, as by a crash,
  /// and nothing becomes untrue.
  [[nodiscard]] static result<engine, failure> open(options, environment& = environment::system());

  engine(engine&&) noexcept;
  engine& operator=(engine&&) noexcept;
  /// stop()s. With the in-memory journal, events that were not polled are lost; with a durable one they are told again.
  ~engine();

  /// Compiles and checks everything once, by the rules of the routes' providers and of options::profiles, and looks at
  /// the media as options::preflight says: it then blocks while they are fetched, within the time given there.
  ///
  /// With campaign::key, a campaign that was launched before under this key and with the same definition goes on: its
  /// id is returned, and nothing is checked again. Another definition is a new version: it goes on with the audience
  /// where the version before stopped, whose sources are finished; what was taken before is sent as it was launched.
  /// Whether there is anything left to do, finished() says.
  ///
  /// Errors: invalid_campaign with every violation, too_many_campaigns, campaign_cancelled.
  [[nodiscard]] result<campaign_id, failure> launch(campaign);

  /// What launch() found and did not refuse: warnings, then advice. Empty for unknown ids.
  [[nodiscard]] std::vector<finding> findings(campaign_id) const;

  /// A part of the campaign's audience, submitted in order by one thread at a time: a file, a partition, a producer. In
  /// a campaign with a key the same name is the same source, also after a restart. Errors: unknown_campaign,
  /// unknown_route, too_many_sources, and source_finished when a later version of the campaign was launched.
  [[nodiscard]] result<source_id> open_source(campaign_id, std::string_view name);

  /// Takes what fits. Recipients have the ordinals first, first+1, …; those below resume_point() were taken already and
  /// are skipped; gaps are allowed. Copies what it takes. Bad numbers and values are taken too and end as `rejected`,
  /// so that every row has its event. Neither blocks nor allocates. One thread at a time per source.
  submitted submit(source_id, ordinal first, std::span<const recipient>) noexcept;

  /// The source has no more recipients: submit() to it answers source_finished from now on.
  result<void> finish(source_id);

  /// First ordinal not yet durably taken: after a crash, go on from here. With the in-memory journal it is 0 after a
  /// restart.
  [[nodiscard]] ordinal resume_point(source_id) const noexcept;

  /// Moves up to out.size() events to `out`. An unread event keeps its message's place, so a host that stops reading
  /// stops the intake: events are bounded and never dropped.
  std::size_t poll(std::span<event> out) noexcept;

  /// Everything poll() gave at or before `at` is handled: not delivered again after a restart. Events of several shards
  /// come in no common order: what was not polled yet is never confirmed, whatever its position. With several threads
  /// in poll(), confirm what all of them have handled: what one has just been given counts as polled. Also after
  /// stop().
  void confirm(position at) noexcept;

  /// Takes a request that a provider made to the host's server: delivery reports of a route's messages. Verified, read,
  /// matched, recorded in the journal, and told by poll() as events whose `delivery` is set. Waits until the journal
  /// has them, at most report_options::patience: with status 200 no crash loses what was told or is known already, as
  /// far as the journal's durability goes (with the in-memory journal, and of `underway`, a restart forgets it), and a
  /// repeat changes nothing. A report of a message whose answer was lost settles it as accepted. References that this
  /// engine, or an earlier one on its journal, cannot have given are counted as unmatched. Errors: unknown_route. Any
  /// thread; also after drain(); after stop() the status is 503.
  [[nodiscard]] result<callback_reply> accept_callback(std::string_view route, const http_request_view&);

  /// Everything at or before this survives what the journal survives; with the in-memory journal, nothing but pause().
  [[nodiscard]] position durable() const noexcept;

  /// Readable when poll() has news. Owned by the engine; wait on it, do not read it.
  [[nodiscard]] int event_fd() const noexcept;

  /// The books of a campaign: exact when nothing moves, and balanced always. Unknown ids: all zero.
  [[nodiscard]] ledger counts(campaign_id) const noexcept;

  /// True once every source is finished and nothing is inside.
  [[nodiscard]] bool finished(campaign_id) const noexcept;

  /// What events of this campaign and route say of it, for append_json(). Views live as long as the engine.
  [[nodiscard]] event_context context(campaign_id, std::uint16_t route) const noexcept;

  [[nodiscard]] std::vector<route_status> routes() const;
  /// Every limit that a campaign uses or used, the routes' first.
  [[nodiscard]] std::vector<limit_status> limits() const;
  /// The last 256 changes of routes' shares, oldest first.
  [[nodiscard]] std::vector<route_change> route_history() const;

  /// Another rate, and another daily number where the limit has a quota, for one of options::limits (with "*", for all
  /// of its limits), or for a route's limit or queue by its name; a route that was opened without a queue has none that
  /// could be changed. Counts at once: what is over the new burst is not given, what was taken stays taken. Messages
  /// that are inside are neither lost nor repeated. Until when the provider wants nothing stays as it told. Not
  /// recorded in the journal: the next engine has what its options say. Errors: invalid_options with every violation,
  /// unknown_limit.
  result<void, failure> change_limit(std::string_view name, rate_limit, std::uint64_t quota = 0);
  /// Another weight for a campaign; as campaign::weight. Not recorded in the journal: with the next engine the campaign
  /// has the weight of its definition. Errors: unknown_campaign, invalid_argument.
  result<void> change_weight(campaign_id, std::uint32_t weight);

  /// Every campaign, of earlier engines on the same journal too, in the order of their launch.
  [[nodiscard]] std::vector<campaign_status> campaigns() const;
  /// What holds the campaign up now.
  [[nodiscard]] explanation why(campaign_id) const;
  [[nodiscard]] journal_status journal() const noexcept;
  /// What open() found in the journal; all zero without one.
  [[nodiscard]] const recovery_report& recovered() const noexcept;

  /// No further request starts for the campaign; those on their way end. submit() answers campaign_paused. A durable
  /// journal has it soon, and as its durability says: a crash before may forget it.
  result<void> pause(campaign_id);
  result<void> resume(campaign_id);
  /// Final. What waits ends as not_sent; what is on its way ends as the provider says. With a durable journal it is on
  /// the disk when this returns, and no crash undoes it. When the disk has not taken it within two seconds, the error
  /// says why: the campaign is cancelled all the same, but until a repeated cancel() succeeds a crash may undo it.
  result<void> cancel(campaign_id);

  /// Closes the intake and waits until every message has its outcome; poll() goes on working, also meanwhile from
  /// another thread. Errors: timed_out (nothing is lost: drain() again or stop()), campaign_paused when only paused
  /// messages are left, books_unbalanced.
  result<void> drain(std::chrono::milliseconds timeout);

  /// Closes the intake and ends the shards now. With the in-memory journal what is on its way ends as maybe_sent, the
  /// rest as not_sent. With a durable one nothing ends: the next engine on it goes on, and treats what is on its way as
  /// open() says; to end a campaign, cancel() it. Afterwards poll() delivers what is left, and confirm() counts: what
  /// is confirmed by the end of the engine is written then. Idempotent.
  void stop() noexcept;

 private:
  class impl;
  friend struct engine_detail::engine_maker;
  explicit engine(std::unique_ptr<impl>) noexcept;
  std::unique_ptr<impl> impl_;
};

}  // namespace broadside
