// journal/log_journal - the durable journal: records from many threads, written in groups by one, kept in a store.
//
// A state machine like the others: step() takes the time and returns when it wants to be called again; whoever owns it
// gives it a thread. Group commit regulates itself: while one commit waits for the disk, the next group gathers.
// What a crash costs is the host's choice (durability). When the store fails, cleared() stands still, writes() is
// false, and the same group is tried again with back-off until the store takes it: nothing becomes untrue meanwhile.
//
// What is kept: the log, from its oldest chunk that still matters. A chunk goes when the host confirmed every outcome
// and every report in it and every message taken in it has ended. A message that lasts (a paused campaign) would keep
// the whole log behind it: when the log has grown beyond restate_above, such messages are restated at its end, some at
// each step.
#pragma once

#include <broadside/environment.hpp>
#include <broadside/options.hpp>
#include <cstdint>
#include <functional>
#include <journal/journal.hpp>
#include <journal/recovered.hpp>
#include <journal/store.hpp>
#include <memory>
#include <string>
#include <string_view>

namespace broadside::journal {

/// Who counts daily quotas. What was counted before a claim was published is in the store no later than the claim, so
/// that a restarted engine never knows of less than what may have left. The in-memory journal asks nobody.
class usage_source {
 public:
  virtual ~usage_source() = default;
  /// Appends what changed since the last call. The writer's thread, once a group, after the records of the group were
  /// taken from staging. What is appended is written with the group, or with none, when the process ends before.
  virtual void changed(std::vector<usage>& out) = 0;
};

struct log_options {
  broadside::durability durability = broadside::durability::every_batch;
  std::chrono::milliseconds sync_interval{1000};  ///< with periodic
  std::chrono::seconds keep_outcomes{};           ///< how long outcomes stay in the history after they are confirmed
  std::size_t chunk_bytes = 128 * 1024;           ///< a chunk ends with the record that exceeds it
  std::uint64_t restate_above = std::uint64_t{64} << 20U;  ///< bytes of log
  std::size_t messages_max = 0;                            ///< message_refs are below this
  std::size_t sources_max = 0;
  std::size_t campaigns_max = 0;
  std::uint64_t deliveries_max = 0;  ///< messages whose delivery is remembered
  usage_source* usages = nullptr;    ///< outlives the journal; asked only for groups that are written anyway
  /// Told about every million records read at opening, and at the end.
  std::function<void(std::uint64_t records, std::uint64_t chunks)> on_progress{};
};

/// Of every thread that cares; stale when it is read.
struct log_status {
  bool writes = true;
  error_code fault{};            ///< why not
  std::uint64_t log_bytes = 0;   ///< in chunks that are kept
  std::uint64_t bytes_used = 0;  ///< of the store's room
  std::uint64_t commits = 0;
  std::uint64_t records = 0;      ///< since it was opened
  std::uint64_t quarantined = 0;  ///< records that could not be read when it was opened, or before
};

/// Wakes the thread that calls step(), and the shards that asked; any thread.
struct log_wakers {
  void (*writer)(void* context) noexcept = nullptr;
  void (*shard)(void* context, unsigned shard) noexcept = nullptr;
  /// How flush() lets time pass; null: the calling thread sleeps.
  void (*nap)(void* context, std::chrono::milliseconds) noexcept = nullptr;
  void* context = nullptr;
};

class log_journal : public journal {
 public:
  /// Reads what the store holds into `found`. `kept`, `table` and `env` outlive the journal; `table` is not read before
  /// the first step(). Errors: errc::journal_too_new, errc::journal_damaged, or what the store said, with what and
  /// where.
  [[nodiscard]] static result<std::unique_ptr<log_journal>, failure> open(store& kept, const message_table& table,
                                                                          environment& env, log_options, log_wakers,
                                                                          recovered& found);

  // before the first step(): who a recovered message is from now on
  virtual void adopt(message_ref, const recovered_message&) noexcept = 0;

  // any thread; in the store no later than any record published after the call. May block for a moment, and allocate.
  virtual void put_campaign(campaign_id, std::string_view definition) = 0;
  virtual void put_campaign_state(campaign_id, std::string_view state) = 0;
  virtual void put_source(source_id, campaign_id, std::string_view name) = 0;
  virtual void put_source_finished(source_id) = 0;
  /// Names of routes by the numbers that records use from now on: numbers of recovered::routes stay what they were.
  virtual void put_routes(std::span<const std::string> names) = 0;

  /// First ordinal of the source that was not taken durably: of records published in any order, what is durable.
  [[nodiscard]] virtual ordinal resume_point(source_id) const noexcept = 0;

  /// Everything put or published before the call is in the store, as the durability has it, or `timeout` is over.
  [[nodiscard]] virtual error_code flush(std::chrono::milliseconds timeout) = 0;

  /// Unconfirmed outcomes and reports with positions above `after` and up to `upto`, oldest first, from the store: how
  /// a restart tells them again. One thread at a time. 0: no more, or `failed` says why.
  [[nodiscard]] virtual std::size_t read_outcomes(position after, position upto, std::span<event> out,
                                                  error_code& failed) const = 0;

  /// The writer's thread: gathers, writes, commits, makes progress known, erases. Returns when to call again if nobody
  /// wakes the writer before; `max` when it has nothing to do. Needs memory now and then; where there is none, the
  /// process ends, which costs what a crash costs: nothing becomes untrue.
  [[nodiscard]] virtual time_point step(time_point now) noexcept = 0;

  [[nodiscard]] virtual log_status status() const noexcept = 0;
};

}  // namespace broadside::journal
