// journal/log_journal - see log_journal.hpp. One class, in the order of a record's way: staged, gathered, sealed,
// committed, made known.
#include <poll.h>
#include <algorithm>
#include <array>
#include <atomic>
#include <deque>
#include <journal/log_account.hpp>
#include <journal/log_group.hpp>
#include <journal/log_journal.hpp>
#include <journal/named_values.hpp>
#include <journal/record_codec.hpp>
#include <journal/replay.hpp>
#include <journal/staging.hpp>
#include <journal/waiting_shards.hpp>
#include <journal/writer_sleep.hpp>
#include <mutex>
#include <utility>

namespace broadside::journal {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr std::size_t group_bytes_max = std::size_t{4} << 20U;
constexpr std::size_t gathered_max = 65'536;       // records per step, those that say nothing included
constexpr std::size_t erased_max = 64;             // chunks per commit
constexpr std::size_t moved_max = 16;              // the same when their outcomes move to the history
constexpr std::size_t restated_max = 4'096;        // messages on their way to be restated at once
constexpr milliseconds lazy_delay{100};            // for records that nobody waits for
constexpr milliseconds erase_delay{1'000};         // from a confirmation to what it allows to go
constexpr milliseconds unsynced_delay{10};         // with durability::none
constexpr std::chrono::hours usages_kept{3 * 24};  // longer than any day, and a clock may be a day off
constexpr milliseconds retry_min{50};
constexpr milliseconds retry_max{5'000};
/// What may be told before it is written is at most so far ahead of what is: a restart goes on behind it, so that a
/// position which a host has seen never means something else.
constexpr std::uint64_t told_ahead = std::uint64_t{1} << 32U;

constexpr std::uint64_t number(position at) noexcept { return static_cast<std::uint64_t>(at); }

/// The others go along with the next group.
constexpr bool somebody_waits(const record& r) noexcept {
  return r.kind != record_kind::nothing && r.kind != record_kind::released;
}

/// What is an event for the host.
constexpr bool is_told(record_kind kind) noexcept {
  return kind == record_kind::outcome || kind == record_kind::report;
}

/// A set of ids below a bound, in the order of their coming, emptied in the time of what it holds.
class touched_ids {
 public:
  explicit touched_ids(std::size_t ids) : known_(ids) {}
  void insert(std::uint32_t id) {
    if (!std::exchange(known_[id], true)) ids_.push_back(id);
  }
  void clear() noexcept {
    for (const auto id : ids_) known_[id] = false;
    ids_.clear();
  }
  [[nodiscard]] const std::vector<std::uint32_t>& ids() const noexcept { return ids_; }

 private:
  std::vector<char> known_;
  std::vector<std::uint32_t> ids_{};
};

class log_writer final : public log_journal {
 public:
  log_writer(store& kept, const message_table& table, environment& env, log_options&& options, log_wakers wakers,
             const replayed& before);

  // any thread
  [[nodiscard]] position reserve(std::size_t n) noexcept override { return staged_.reserve(n); }
  void publish(position first, std::span<const record> records) noexcept override;
  [[nodiscard]] position durable() const noexcept override {
    return position{durable_.load(std::memory_order_acquire)};
  }
  [[nodiscard]] position cleared() const noexcept override { return shards_.cleared(); }
  [[nodiscard]] bool tell_when_cleared(unsigned shard, position at) noexcept override {
    return shard < shards_max && shards_.ask(shard, at);
  }
  [[nodiscard]] bool writes() const noexcept override { return writes_.load(std::memory_order_acquire); }
  void confirm(position upto) noexcept override;

  void adopt(message_ref ref, const recovered_message& m) noexcept override;
  void put_campaign(campaign_id id, std::string_view definition) override;
  void put_campaign_state(campaign_id id, std::string_view state) override;
  void put_source(source_id id, campaign_id campaign, std::string_view name) override;
  void put_source_finished(source_id id) override;
  void put_routes(std::span<const std::string> names) override;
  [[nodiscard]] ordinal resume_point(source_id id) const noexcept override;
  [[nodiscard]] error_code flush(milliseconds timeout) override;
  [[nodiscard]] std::size_t read_outcomes(position after, position upto, std::span<event> out,
                                          error_code& failed) const override;
  [[nodiscard]] time_point step(time_point now) noexcept override;
  [[nodiscard]] log_status status() const noexcept override;

 private:
  struct source_progress {
    std::uint64_t next = 0;                 // the writer's
    std::atomic<std::uint64_t> durable{0};  // of everybody
  };
  struct restated_later {
    message_ref message = 0;
    chunk_number home = 0;  // where it stood then; elsewhere: nothing to do
  };

  // gathering
  void gather(time_point now);
  void take_control();
  void encode(const record& r, position at);
  void encode_taken(const record& r, position at, const message_facts& facts);
  void encode_claim(const record& r, position at, message_id id);
  void encode_outcome(const record& r, position at, const event& told);
  void encode_report(const record& r, position at, const event& told);
  void encode_restated(position at);
  chunk_writer& chunk_for(position at);
  void write_by(time_point when) noexcept { due_ = std::min(due_, when); }

  // committing
  [[gnu::noinline]] void commit(time_point now);  // inside step(), its clean-up would end in std::terminate
  void make_room();
  void seal_group();
  void put_confirmed();
  void put_usages();
  void put_progress();
  void put_deliveries();
  void plan_erasing();
  void move_outcomes(chunk_number end);
  bool look_at_history();
  void age_history();
  void committed(time_point now);
  void restate_front(time_point now);
  void fail(error_code why, time_point now) noexcept;
  void works() noexcept;

  // making known
  void clear(position at) noexcept;
  void finish_flush(time_point now);
  time_point rest(time_point now) noexcept;
  void put(std::string name, std::string_view payload);
  void wake_writer() const noexcept {
    if (wakers_.writer != nullptr) wakers_.writer(wakers_.context);
  }
  [[nodiscard]] bool confirmations_kept() const noexcept {
    return std::min(confirmed_seen_, number(taken_)) <= confirmed_kept_;
  }
  /// The first chunk of the group, or the next one.
  [[nodiscard]] chunk_number first_unwritten() const noexcept {
    return group_first_chunk_ != 0 ? group_first_chunk_ : chunk_ + 1;
  }
  [[nodiscard]] bool told_early() const noexcept { return options_.durability != durability::every_batch; }

  // constant after construction
  store& kept_;
  const message_table& table_;
  environment& env_;
  const log_options options_;
  const log_wakers wakers_;
  duration urgent_delay_{};  // from a record that somebody waits for to its commit

  // any thread
  staging<> staged_;
  writer_sleep<> sleep_;
  waiting_shards<> shards_;
  std::atomic<std::uint64_t> durable_;
  std::atomic<std::uint64_t> confirmed_;
  std::atomic<bool> writes_{true};
  std::atomic<bool> control_{false};  // something waits under control_mutex_
  std::atomic<std::uint64_t> log_bytes_{0};
  std::atomic<std::uint64_t> commits_{0};
  std::atomic<std::uint64_t> records_{0};
  std::uint64_t quarantined_;
  std::vector<source_progress> sources_;

  // of slow paths
  mutable std::mutex control_mutex_;
  struct put_later {
    std::string name;
    std::string bytes;
    std::uint64_t after = 0;  // every record up to here was reserved before: it is not in the store before them
  };
  std::deque<put_later> puts_{};  // guarded by it, as are these:
  std::uint64_t flushes_wanted_ = 0;
  std::uint64_t flushes_done_ = 0;
  position flush_upto_{};
  error_code fault_{};

  // the writer's thread
  log_account account_;
  log_group group_{};
  std::string name_{};  // of a value on its way into the group, as is payload_: both keep their memory
  std::string payload_{};
  std::vector<ledger> totals_;
  delivery_book deliveries_;  // as the group leaves it
  std::vector<delivery_book::page> pages_{};
  touched_ids campaigns_touched_;
  touched_ids campaigns_reported_;
  touched_ids sources_touched_;
  std::vector<usage> usages_{};  // of one group, while it is sealed
  chunk_number chunk_ = 0;       // highest numbers given
  chunk_number history_chunk_ = 0;
  position taken_{};               // last position taken from staged_
  position group_last_{};          // the same when the group was sealed
  std::uint64_t confirmed_seen_;   // a date is set for what it allows
  std::uint64_t confirmed_kept_;   // in the store
  chunk_number erase_before_ = 0;  // of the sealed group
  chunk_number group_first_chunk_ = 0;
  chunk_number history_written_ = 0;  // the newest in the store
  chunk_number history_front_ = 0;    // the oldest there may be
  chunk_number history_erased_ = 0;   // what is before has become old, and may be in the store still; 0: nothing
  wall_time history_front_time_{};
  bool history_front_known_ = false;
  time_point due_ = time_point::max();  // when the group is committed
  bool sealed_ = false;                 // the group is as it will be, and not committed yet
  bool group_syncs_ = false;
  bool unsynced_ = false;  // something committed was not synced
  // The first group is on the disk before anything is told, whatever the durability: it says how far message ids may
  // go, and an engine that did not find that would give the same ids to others.
  bool begun_ = false;
  bool failing_full_ = false;  // the last commit failed for want of room
  time_point retry_at_{};
  milliseconds retry_delay_ = retry_min;
  bool puts_wait_ = false;
  std::uint64_t flush_open_ = 0;  // number of the flush that is under way; 0: none
  position flush_open_upto_{};
  std::vector<restated_later> restating_{};
  position restating_from_{};

  // who reads outcomes
  struct {
    chunk_number chunk = 0;  // nothing before it is wanted any more
    position after{};        // by who asks for what is after this
  } mutable reading_{};
};

log_writer::log_writer(store& kept, const message_table& table, environment& env, log_options&& options,
                       log_wakers wakers, const replayed& before)
    : kept_(kept),
      table_(table),
      env_(env),
      options_(std::move(options)),
      wakers_(wakers),
      staged_(places_for(options_.messages_max) + restated_max, before.end.last),
      shards_(staged_.reserved()),
      durable_(number(staged_.reserved())),
      confirmed_(number(before.found.confirmed)),
      quarantined_(before.found.quarantined),
      sources_(std::max(options_.sources_max, before.found.sources.size())),
      account_(options_.messages_max, before.chunks),
      totals_(std::max(options_.campaigns_max, before.found.campaigns.size())),
      deliveries_(before.found.deliveries),
      campaigns_touched_(totals_.size()),
      campaigns_reported_(totals_.size()),
      sources_touched_(sources_.size()),
      chunk_(before.end.log),
      history_chunk_(before.end.history),
      taken_(staged_.reserved()),
      confirmed_seen_(number(before.found.confirmed)),
      confirmed_kept_(confirmed_seen_),
      history_written_(before.end.history) {
  if (options_.durability == durability::periodic) urgent_delay_ = options_.sync_interval;
  if (options_.durability == durability::none) urgent_delay_ = unsynced_delay;
  for (std::size_t i = 0; i < before.found.campaigns.size(); ++i) totals_[i] = before.found.campaigns[i].totals;
  for (std::size_t i = 0; i < before.found.sources.size(); ++i) {
    sources_[i].next = static_cast<std::uint64_t>(before.found.sources[i].next);
    sources_[i].durable.store(sources_[i].next, std::memory_order_relaxed);
  }
  log_bytes_.store(account_.bytes(), std::memory_order_relaxed);
  group_last_ = taken_;
  // What was confirmed before the last end may not have gone yet: the first step looks.
  due_ = time_point::min();
}

// ---------------------------------------------------------------- any thread

void log_writer::publish(position first, std::span<const record> records) noexcept {
  if (records.empty()) return;
  staged_.publish(first, records);
  const bool waited_for = std::any_of(records.begin(), records.end(), somebody_waits);
  if (waited_for ? sleep_.urgent() : sleep_.in_time()) wake_writer();
}

void log_writer::confirm(position upto) noexcept {
  // From several threads out of order: only the highest counts, and never beyond what exists.
  const std::uint64_t wanted = std::min(number(upto), number(staged_.reserved()));
  std::uint64_t seen = confirmed_.load(std::memory_order_relaxed);
  while (seen < wanted && !confirmed_.compare_exchange_weak(seen, wanted, std::memory_order_release)) {
  }
  if (seen < wanted && sleep_.in_time()) wake_writer();
}

ordinal log_writer::resume_point(source_id id) const noexcept {
  const auto index = static_cast<std::size_t>(id);
  return ordinal{index < sources_.size() ? sources_[index].durable.load(std::memory_order_acquire) : 0};
}

void log_writer::put(std::string name, std::string_view payload) {
  std::string bytes = seal(name, payload);
  {
    const std::lock_guard lock{control_mutex_};
    puts_.push_back({std::move(name), std::move(bytes), number(staged_.reserved())});
    control_.store(true, std::memory_order_release);
  }
  if (sleep_.in_time()) wake_writer();
}

void log_writer::put_campaign(campaign_id id, std::string_view definition) {
  put(value_name("campaign", static_cast<std::uint32_t>(id), "definition"), definition);
}
void log_writer::put_campaign_state(campaign_id id, std::string_view state) {
  put(value_name("campaign", static_cast<std::uint32_t>(id), "state"), state);
}
void log_writer::put_source(source_id id, campaign_id campaign, std::string_view name) {
  put(value_name("source", static_cast<std::uint32_t>(id), "about"), encode_source(source_facts{campaign, name}));
}
void log_writer::put_source_finished(source_id id) {
  put(value_name("source", static_cast<std::uint32_t>(id), "finished"), {});
}
void log_writer::put_routes(std::span<const std::string> names) {
  put(std::string{routes_value}, encode_names({names.begin(), names.end()}));
}

error_code log_writer::flush(milliseconds timeout) {
  std::uint64_t mine = 0;
  {
    const std::lock_guard lock{control_mutex_};
    mine = ++flushes_wanted_;
    flush_upto_ = std::max(flush_upto_, staged_.reserved());
    control_.store(true, std::memory_order_release);
  }
  if (sleep_.urgent()) wake_writer();
  // Naps instead of a condition: a wait with a time limit reads a clock of its own, and nobody is in a hurry here.
  constexpr milliseconds nap{1};
  for (milliseconds waited{};; waited += nap) {
    {
      const std::lock_guard lock{control_mutex_};
      if (flushes_done_ >= mine) return {};
      if (waited >= timeout) return fault_ ? fault_ : error_code{errc::timed_out};
    }
    if (wakers_.nap != nullptr) {
      wakers_.nap(wakers_.context, nap);
    } else {
      ::poll(nullptr, 0, static_cast<int>(nap.count()));
    }
  }
}

log_status log_writer::status() const noexcept {
  log_status s;
  s.writes = writes();
  {
    const std::lock_guard lock{control_mutex_};
    s.fault = fault_;
  }
  s.log_bytes = log_bytes_.load(std::memory_order_relaxed);
  s.bytes_used = kept_.size().bytes_used;
  s.commits = commits_.load(std::memory_order_relaxed);
  s.records = records_.load(std::memory_order_relaxed);
  s.quarantined = quarantined_;
  return s;
}

std::size_t log_writer::read_outcomes(position after, position upto, std::span<event> out, error_code& failed) const {
  if (out.empty()) return 0;
  after = std::max(after, position{confirmed_.load(std::memory_order_acquire)});
  if (after < reading_.after) reading_ = {};
  std::size_t n = 0;
  failed = kept_.scan_chunks(chunk_row::log, reading_.chunk, [&](chunk_number chunk, bytes_view bytes) {
    chunk_reader reader(bytes, chunk);
    if (reader.first() > upto) return false;
    decoded_record found;
    for (auto status = reader.next(found); status < decode_status::broken; status = reader.next(found)) {
      if (status != decode_status::record || !is_told(found.kind) || found.at <= after) continue;
      if (found.at > upto || n == out.size()) return false;
      out[n++] = found.told;
    }
    reading_.chunk = chunk + 1;
    return true;
  });
  reading_.after = n > 0 ? out[n - 1].at : after;
  return n;
}

void log_writer::adopt(message_ref ref, const recovered_message& m) noexcept {
  const auto bytes = static_cast<std::uint32_t>(64 + m.recipient.size() + m.content.size());
  account_.adopt(ref, m.taken_at, bytes, {m.so_far, m.claimed});
}

// ---------------------------------------------------------------- the writer: from the threads into a group

time_point log_writer::step(time_point now) noexcept {
  sleep_.awake();
  const bool failing = !writes_.load(std::memory_order_relaxed);
  if (failing && now < retry_at_) return retry_at_;
  if (!failing) gather(now);  // else nothing becomes cleared, whatever the durability
  if (sealed_ || (!failing && due_ <= now)) commit(now);
  if (!sealed_ && flush_open_ != 0) finish_flush(now);
  return rest(now);
}

void log_writer::gather(time_point now) {
  std::array<record, 256> some{};
  bool urgent = false;
  for (std::size_t all = 0; all < gathered_max && group_.bytes() < group_bytes_max;) {
    const std::uint64_t first = number(staged_.next());
    const std::size_t n = staged_.take(some);
    if (n == 0) break;
    for (std::size_t i = 0; i < n; ++i) {
      if (some[i].message < options_.messages_max) table_.prefetch(some[i].message);
    }
    for (std::size_t i = 0; i < n; ++i) {
      encode(some[i], position{first + i});
      urgent |= somebody_waits(some[i]);
    }
    taken_ = position{first + n - 1};
    all += n;
  }
  // After the records, so that what was put before one of them was published is there with it.
  take_control();
  if (const auto confirmed = confirmed_.load(std::memory_order_acquire); confirmed > confirmed_seen_) {
    confirmed_seen_ = confirmed;
    write_by(now + erase_delay);
  }
  // Positions that say nothing are written too, as the end of the log: what durable() covered is not given out again.
  const bool something = !group_.empty() || taken_ > group_last_;
  if (something) write_by(now + (urgent ? urgent_delay_ : std::max<duration>(lazy_delay, urgent_delay_)));
  if (something && (group_.bytes() >= group_bytes_max || flush_open_ != 0 || !begun_)) due_ = now;
  if (flush_open_ != 0 && !confirmations_kept()) due_ = now;
  if (told_early() && begun_) clear(taken_);
}

void log_writer::take_control() {
  if (!control_.load(std::memory_order_acquire) && !puts_wait_) return;
  const std::lock_guard lock{control_mutex_};
  for (; !puts_.empty() && puts_.front().after <= number(taken_); puts_.pop_front())
    group_.put_sealed(std::move(puts_.front().name), std::move(puts_.front().bytes));
  control_.store(false, std::memory_order_relaxed);
  puts_wait_ = !puts_.empty();  // for the records before them, which wake the writer
  if (flushes_wanted_ > flushes_done_) {
    flush_open_ = flushes_wanted_;
    flush_open_upto_ = flush_upto_;
  }
}

chunk_writer& log_writer::chunk_for(position at) {
  if (!group_.has_log_chunk() || group_.chunk().size() >= options_.chunk_bytes) {
    if (group_.has_log_chunk()) account_.finish_chunk(group_.chunk().size());
    group_.begin_chunk(chunk_row::log, ++chunk_, at);
    if (group_first_chunk_ == 0) group_first_chunk_ = chunk_;
    account_.begin_chunk(chunk_, at);
  }
  account_.extend(at);
  records_.fetch_add(1, std::memory_order_relaxed);
  return group_.chunk();
}

void log_writer::encode(const record& r, position at) {
  if (r.kind == record_kind::nothing) return encode_restated(at);
  if (r.message >= options_.messages_max) return;
  const message_facts facts = table_.facts(r.message);
  if (facts.told == nullptr) return;
  switch (r.kind) {
    case record_kind::taken:
      return encode_taken(r, at, facts);
    case record_kind::outcome:
      return encode_outcome(r, at, *facts.told);
    case record_kind::claim:
      return encode_claim(r, at, facts.told->id);
    case record_kind::released:
      chunk_for(at).released(at, facts.told->id, r.so_far);
      return account_.changed(r.message, {r.so_far, false});
    case record_kind::report:
      return encode_report(r, at, *facts.told);
    case record_kind::nothing:
      return;
  }
}

/// Reads only what shards do not change while the message is inside.
taken_facts facts_of(const message_facts& facts) noexcept {
  const event& told = *facts.told;
  taken_facts t;
  t.id = told.id;
  t.campaign = told.campaign;
  t.source = told.source;
  t.row = told.row;
  t.expires_at = facts.expires_at;
  t.value_count = facts.value_count;
  t.oversize = facts.oversize;
  t.recipient = told.recipient;
  t.content = facts.content;
  return t;
}

void log_writer::encode_taken(const record& r, position at, const message_facts& facts) {
  const taken_facts t = facts_of(facts);
  chunk_writer& chunk = chunk_for(at);
  const std::size_t before = chunk.size();
  chunk.taken(at, t);
  account_.taken(r.message, static_cast<std::uint32_t>(chunk.size() - before));
  if (const auto campaign = static_cast<std::uint32_t>(t.campaign); campaign < totals_.size()) {
    ++totals_[campaign].submitted;
    campaigns_touched_.insert(campaign);
  }
  if (const auto source = static_cast<std::uint32_t>(t.source); source < sources_.size()) {
    sources_[source].next = std::max(sources_[source].next, static_cast<std::uint64_t>(t.row) + 1);
    sources_touched_.insert(source);
  }
}

/// What leaves does not wait any more.
void log_writer::encode_claim(const record& r, position at, message_id id) {
  attempts_made so_far = r.so_far;
  so_far.not_before = {};
  chunk_for(at).claim(at, id, so_far);
  account_.changed(r.message, {so_far, true});
}

std::uint64_t& count_of(ledger& totals, outcome what) noexcept {
  switch (what) {
    case outcome::accepted:
      return totals.accepted;
    case outcome::rejected:
      return totals.rejected;
    case outcome::suppressed:
      return totals.suppressed;
    case outcome::expired:
      return totals.expired;
    case outcome::not_sent:
      return totals.not_sent;
    case outcome::maybe_sent:
      break;
  }
  return totals.maybe_sent;
}

void log_writer::encode_outcome(const record& r, position at, const event& told) {
  chunk_writer& chunk = chunk_for(at);
  // Records name routes by the numbers that put_routes() gave; the host's event has its own.
  if (told.route != r.so_far.route) {
    event recorded = told;
    recorded.route = r.so_far.route;
    chunk.outcome(at, recorded);
  } else {
    chunk.outcome(at, told);
  }
  account_.ended(r.message);
  if (const auto campaign = static_cast<std::uint32_t>(told.campaign); campaign < totals_.size()) {
    ++count_of(totals_[campaign], told.outcome);
    campaigns_touched_.insert(campaign);
  }
}

/// Of a message that the provider told of. What is under way would be remembered and told to nobody; the engine records
/// none such yet.
void log_writer::encode_report(const record& r, position at, const event& told) {
  if (told.delivery == delivery::none) return;
  static_cast<void>(deliveries_.advance(told.id, told.delivery));  // the engine has seen that it is news
  if (told.delivery == delivery::underway) return;
  event recorded = told;
  recorded.route = r.so_far.route;
  chunk_for(at).report(at, recorded);
  if (const auto campaign = static_cast<std::uint32_t>(told.campaign); campaign < totals_.size()) {
    ++(told.delivery == delivery::delivered ? totals_[campaign].delivered : totals_[campaign].undelivered);
    campaigns_reported_.insert(campaign);
  }
}

/// A place that this thread reserved to say again what is known of a message.
void log_writer::encode_restated(position at) {
  const std::uint64_t i = number(at) - number(restating_from_);
  if (restating_.empty() || number(at) < number(restating_from_) || i >= restating_.size()) return;
  const auto [message, home] = restating_[i];
  if (i + 1 == restating_.size()) restating_.clear();
  if (account_.chunk_of(message) != home) return;  // it has ended, or its place is another's by now
  const message_facts facts = table_.facts(message);
  if (facts.told == nullptr) return;
  const message_state state = account_.state(message);
  taken_facts t = facts_of(facts);
  t.restated = true;
  t.claimed = state.claimed;
  t.so_far = state.so_far;
  chunk_writer& chunk = chunk_for(at);
  const std::size_t before = chunk.size();
  chunk.taken(at, t);
  account_.taken(message, static_cast<std::uint32_t>(chunk.size() - before), state);
}

// ---------------------------------------------------------------- the writer: from the group into the store

void log_writer::commit(time_point now) {
  if (!sealed_) {
    seal_group();
    if (!sealed_) {
      due_ = time_point::max();
      return;
    }
  }
  if (failing_full_) make_room();
  if (const error_code failed = kept_.commit(group_.batch(), group_syncs_)) {
    failing_full_ = failed == errc::journal_full;
    fail(failed, now);
  } else {
    committed(now);
  }
}

/// A full store takes no group, and what a commit erases makes room only for later ones. So what was confirmed since
/// goes by a commit of its own; with a history, where outcomes of the log would only move, what has become old there.
/// Nothing goes that the waiting group took a message out of: were the process killed before the group gets in, nobody
/// would know the message. The group itself may erase that too, and says what is confirmed by now.
void log_writer::make_room() {
  const bool keeps = options_.keep_outcomes > 0s;
  confirmed_seen_ = std::max(confirmed_seen_, confirmed_.load(std::memory_order_acquire));
  const std::uint64_t confirmed = std::min(confirmed_seen_, durable_.load(std::memory_order_relaxed));
  const chunk_number front = account_.front();
  chunk_number end = keeps ? front : first_unwritten();
  if (account_.left() != 0) end = std::min(end, account_.left());
  const chunk_number before = account_.needed_from(position{confirmed}, end, erased_max);
  age_history();
  const std::string said = seal(confirmed_value, encode_number(confirmed));
  const std::array<store_batch::value, 1> values{{{confirmed_value, said}}};
  store_batch batch;
  batch.values = values;
  batch.erase_log_before = before > front ? before : 0;
  batch.erase_history_before = history_erased_;
  const bool some = batch.erase_log_before != 0 || batch.erase_history_before != 0;
  if (some && !kept_.commit(batch, true)) {
    account_.erased_before(batch.erase_log_before);
    history_erased_ = 0;
    log_bytes_.store(account_.bytes(), std::memory_order_relaxed);
  }
  put_confirmed();
  if (!keeps) plan_erasing();
}

/// From here on the group's chunks do not change until the store has them: a retry writes the same bytes.
void log_writer::seal_group() {
  if (group_.has_log_chunk()) account_.finish_chunk(group_.chunk().size());
  age_history();
  plan_erasing();
  if (group_.empty() && !group_.erases() && confirmations_kept() && taken_ == group_last_) return;
  put_confirmed();
  put_usages();
  put_progress();
  group_last_ = taken_;
  group_syncs_ = options_.durability != durability::none || flush_open_ != 0 || !begun_;
  sealed_ = true;
}

void log_writer::put_confirmed() {
  if (confirmations_kept()) return;
  confirmed_kept_ = std::min(confirmed_seen_, number(taken_));
  write_number(payload_, confirmed_kept_);
  group_.put(confirmed_value, payload_);
}

/// After the records: a quota is counted before the claim that uses it is published, so what is read here is never less
/// than what the claims of the group, and of those before it, have used.
void log_writer::put_usages() {
  if (options_.usages == nullptr) return;
  usages_.clear();
  options_.usages->changed(usages_);
  for (const usage& each : usages_) group_.put(usage_name(each.name), encode_usage(each));
}

/// Totals and resume points of what the group touched, and where the log ends: in the commit of the records they count.
void log_writer::put_progress() {
  for (const auto id : campaigns_touched_.ids()) {
    write_value_name(name_, "campaign", id, "totals");
    write_totals(payload_, totals_[id]);
    group_.put(name_, payload_);
  }
  for (const auto id : campaigns_reported_.ids()) {
    group_.put(value_name("campaign", id, "reported"), encode_reported(totals_[id]));
  }
  for (const auto id : sources_touched_.ids()) {
    write_value_name(name_, "source", id, "next");
    write_number(payload_, sources_[id].next);
    group_.put(name_, payload_);
  }
  put_deliveries();
  const log_end end{.last = taken_, .ahead = told_early() ? told_ahead : 0, .log = chunk_, .history = history_chunk_};
  write_log_end(payload_, end);
  group_.put(end_value, payload_);
}

/// With the reports that changed them, in one commit: neither is ever there without the other.
void log_writer::put_deliveries() {
  pages_.clear();
  deliveries_.changed(pages_);
  for (const delivery_book::page& each : pages_) {
    if (each.bytes.empty()) {
      group_.remove(delivery_name(each.number));
    } else {
      group_.put(delivery_name(each.number), {reinterpret_cast<const char*>(each.bytes.data()), each.bytes.size()});
    }
  }
}

void log_writer::plan_erasing() {
  const chunk_number end = first_unwritten();
  const bool keeps = options_.keep_outcomes > 0s;
  const position confirmed{std::min(confirmed_seen_, number(taken_))};
  erase_before_ = account_.needed_from(confirmed, end, keeps ? moved_max : erased_max);
  if (erase_before_ == account_.front()) erase_before_ = 0;
  if (erase_before_ != 0 && keeps) move_outcomes(erase_before_);
  group_.erase_log_before(erase_before_);
}

/// The outcomes of what goes are kept in the history, by the same commit. What cannot be read now stays for now.
void log_writer::move_outcomes(chunk_number end) {
  chunk_writer* history = nullptr;
  const auto move = [&](chunk_number chunk, bytes_view bytes) {
    if (chunk >= end) return false;
    chunk_reader reader(bytes, chunk);
    decoded_record found;
    for (auto status = reader.next(found); status < decode_status::broken; status = reader.next(found)) {
      if (status != decode_status::record || found.kind != record_kind::outcome) continue;
      if (history == nullptr || history->size() >= options_.chunk_bytes) {
        history = &group_.begin_chunk(chunk_row::history, ++history_chunk_, found.at);
      }
      history->outcome(found.at, found.told);
    }
    erase_before_ = chunk + 1;
    return true;
  };
  erase_before_ = 0;
  static_cast<void>(kept_.scan_chunks(chunk_row::log, account_.front(), move));
}

/// The newest outcome says how old a chunk is.
wall_time newest_outcome(chunk_number number, bytes_view bytes) noexcept {
  chunk_reader reader(bytes, number);
  decoded_record found;
  wall_time newest{};
  for (auto status = reader.next(found); status < decode_status::broken; status = reader.next(found)) {
    if (status == decode_status::record) newest = std::max(newest, found.told.time);
  }
  return newest;
}

/// What the oldest chunk of the history is; false: there is none, or it cannot be read now.
bool log_writer::look_at_history() {
  if (history_front_ > history_written_ || history_written_ == 0) return false;
  const auto look = [this](chunk_number chunk, bytes_view bytes) {
    history_front_ = chunk;
    history_front_time_ = newest_outcome(chunk, bytes);
    history_front_known_ = true;
    return false;
  };
  if (kept_.scan_chunks(chunk_row::history, history_front_, look)) return false;
  if (!history_front_known_) history_front_ = history_written_ + 1;
  return history_front_known_;
}

void log_writer::age_history() {
  const wall_time oldest = env_.wall_now() - options_.keep_outcomes;
  for (std::size_t i = 0; i < moved_max; ++i) {
    if (!history_front_known_ && !look_at_history()) break;
    if (history_front_time_ >= oldest) break;
    history_erased_ = ++history_front_;
    history_front_known_ = false;
  }
  group_.erase_history_before(history_erased_);
}

void log_writer::committed(time_point now) {
  works();
  failing_full_ = false;
  account_.erased_before(erase_before_);
  account_.forget_left();
  history_written_ = history_chunk_;
  history_erased_ = 0;
  for (const auto id : sources_touched_.ids()) {
    sources_[id].durable.store(sources_[id].next, std::memory_order_release);
  }
  campaigns_touched_.clear();
  campaigns_reported_.clear();
  sources_touched_.clear();
  group_.clear();
  group_first_chunk_ = 0;
  sealed_ = false;
  unsynced_ = !group_syncs_;
  due_ = time_point::max();
  log_bytes_.store(account_.bytes(), std::memory_order_relaxed);
  commits_.fetch_add(1, std::memory_order_relaxed);
  durable_.store(number(group_last_), std::memory_order_release);
  if (!told_early() || !begun_) clear(group_last_);
  begun_ = true;
  const position confirmed{confirmed_kept_};
  if (account_.needed_from(confirmed, chunk_ + 1, 1) > account_.front()) write_by(now);  // more may go
  restate_front(now);
}

/// When messages that last keep a log that is mostly waste, they are said again at its end. What lives in the log is
/// counted twice, so that restating everything over and over is never what is done.
void log_writer::restate_front(time_point now) {
  if (!restating_.empty() || account_.bytes() <= options_.restate_above + 2 * account_.bytes_inside()) return;
  auto refs = account_.holding_front(position{confirmed_kept_}, chunk_ + 1, restated_max / 4);
  if (refs.empty()) return;
  refs.resize(std::min(refs.size(), restated_max));
  for (const auto ref : refs) restating_.push_back({ref, account_.chunk_of(ref)});
  const std::vector<record> places(refs.size());
  restating_from_ = staged_.reserve(refs.size());
  staged_.publish(restating_from_, places);
  write_by(now + lazy_delay);
}

void log_writer::fail(error_code why, time_point now) noexcept {
  {
    const std::lock_guard lock{control_mutex_};
    fault_ = why;
  }
  writes_.store(false, std::memory_order_release);
  retry_at_ = now + retry_delay_;
  retry_delay_ = std::min(2 * retry_delay_, retry_max);
}

void log_writer::works() noexcept {
  if (writes_.load(std::memory_order_relaxed)) return;
  {
    const std::lock_guard lock{control_mutex_};
    fault_ = {};
  }
  writes_.store(true, std::memory_order_release);
  retry_delay_ = retry_min;
}

// ---------------------------------------------------------------- the writer: what others may know

void log_writer::clear(position at) noexcept {
  shards_.clear(at, [this](unsigned shard) {
    if (wakers_.shard != nullptr) wakers_.shard(wakers_.context, shard);
  });
}

/// A flush is done when nothing of what it covers is left in a group, and the disk has it.
void log_writer::finish_flush(time_point now) {
  if (!group_.empty() || group_last_ < flush_open_upto_ || !confirmations_kept()) return;
  if (unsynced_) {
    if (const error_code failed = kept_.sync()) {
      return fail(failed, now);
    }
    works();
    unsynced_ = false;
  }
  const std::lock_guard lock{control_mutex_};
  flushes_done_ = std::exchange(flush_open_, 0);
  if (flushes_wanted_ > flushes_done_) control_.store(true, std::memory_order_relaxed);
}

/// Asleep first, then a last look: see writer_sleep.hpp.
time_point log_writer::rest(time_point now) noexcept {
  if (!writes_.load(std::memory_order_relaxed)) return retry_at_;
  if (due_ <= now) return now;
  sleep_.sleep(staged_.expected(), due_ == time_point::max());
  const bool news = staged_.ready() || control_.load(std::memory_order_acquire) ||
                    confirmed_.load(std::memory_order_acquire) > confirmed_seen_;
  return news ? now : due_;
}

}  // namespace

// ---------------------------------------------------------------- opening

namespace {

/// What has to be in the store before anything is recorded or told, by one commit: damaged chunks are kept as they are
/// beside the log, and counted; and positions go on behind everything that an earlier process may have told.
error_code prepare(store& kept, replayed& all, bool tells_early) {
  std::vector<std::vector<std::byte>> copies;
  std::vector<store_batch::chunk> chunks;
  copies.reserve(all.damaged.size());
  for (const chunk_number damaged : all.damaged) {
    const auto copy = [&](chunk_number number, bytes_view bytes) {
      if (number != damaged) return false;
      copies.emplace_back(bytes.begin(), bytes.end());
      chunks.push_back({chunk_row::quarantine, damaged, copies.back()});
      return false;
    };
    if (const auto failed = kept.scan_chunks(chunk_row::log, damaged, copy)) return failed;
  }
  const bool moves = tells_early || all.end.ahead != 0;
  if (!moves && chunks.empty()) return {};
  all.end.last = position{number(all.end.last) + all.end.ahead};
  all.end.ahead = tells_early ? told_ahead : 0;
  const std::string count = seal(quarantined_value, encode_number(all.found.quarantined));
  const std::string end = seal(end_value, encode_log_end(all.end));
  const std::array<store_batch::value, 2> values{{{quarantined_value, count}, {end_value, end}}};
  store_batch batch;
  batch.chunks = chunks;
  batch.values = values;
  return kept.commit(batch, true);
}

/// Of days long past nothing is asked any more. When they cannot be erased now, they are at the next opening.
void erase_old_usages(store& kept, wall_time now, recovered& found) {
  const auto oldest = std::chrono::floor<std::chrono::seconds>((now - usages_kept).time_since_epoch()).count();
  const auto old = std::stable_partition(found.usages.begin(), found.usages.end(),
                                         [=](const usage& each) { return each.day_begin_s >= oldest; });
  std::vector<std::string> names;
  for (auto each = old; each != found.usages.end(); ++each) names.push_back(usage_name(each->name));
  found.usages.erase(old, found.usages.end());
  if (names.empty()) return;
  std::vector<store_batch::value> values;
  for (const std::string& name : names) values.push_back({name, std::nullopt});
  store_batch batch;
  batch.values = values;
  static_cast<void>(kept.commit(batch, true));
}

}  // namespace

result<std::unique_ptr<log_journal>, failure> log_journal::open(store& kept, const message_table& table,
                                                                environment& env, log_options options,
                                                                log_wakers wakers, recovered& found) {
  auto before = replay(kept, options.on_progress, options.deliveries_max);
  if (!before) return before.error();
  if (const auto failed = prepare(kept, *before, options.durability != durability::every_batch)) {
    return failure{failed, {{"journal", "it can be read, but not be written to"}}};
  }
  erase_old_usages(kept, env.wall_now(), before->found);
  std::unique_ptr<log_journal> made =
      std::make_unique<log_writer>(kept, table, env, std::move(options), wakers, *before);
  found = std::move(before->found);
  return made;
}

}  // namespace broadside::journal
