// send/event_book - every event of a run: counted once, written, and confirmed when what was written is on the disk.
//
// One thread. Memory: a number for each message that an earlier run left inside.
#pragma once

#include <array>
#include <broadside/engine.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_set>
#include "audience_rows.hpp"
#include "events_file.hpp"
#include "intake.hpp"
#include "rejects.hpp"
#include "report.hpp"

namespace broadside::send {

struct event_book_options {
  std::string events_path;   ///< empty: no events file
  std::string rejects_path;  ///< empty: no rejects file
  privacy numbers = privacy::masked;
  std::function<void(const event&)> on_event{};  ///< told of every event, once
};

/// What an earlier run left to this one.
struct left_open {
  std::unordered_set<std::uint64_t> inside;  ///< message_ids
  std::uint64_t told_again = 0;              ///< events that come a second time
  ledger told;                               ///< what was told, or is told again, of the campaign
  bool same_audience = false;                ///< it took rows of the same audience: its rejects file is gone on with
  bool is_durable = false;  ///< there is a journal: what a crash left of a line behind the last whole one is dropped
};

class event_book {
 public:
  explicit event_book(event_book_options);

  /// False: see errors().
  bool open_files(left_open);
  /// The campaigns whose events are counted: all versions of one key. `source` is this run's, `audience` has it and
  /// those of the same audience in earlier versions: only their rejected rows are in this audience, by its row numbers.
  /// `rows` outlives the book. Only now what the rejects file had of another audience goes.
  void begin(std::set<campaign_id>, source_id source, std::set<source_id> audience, intake& rows);

  /// Takes what the engine has; whether it had something.
  bool take_from(engine&);
  void add_bad(const audience_row&);
  /// A rejected message's row went by: now its line is known.
  void row_went_by(const audience_row&);

  enum class confirming : bool {
    late,  ///< what was written by the last flush before this one: events of several shards may overtake each other
    all,   ///< everything was taken
  };
  /// Hands the files to the disk, then confirms. False: see errors().
  bool flush(engine&, confirming);
  bool close();
  [[nodiscard]] std::string errors();

  /// Told over all runs.
  [[nodiscard]] const ledger& seen() const noexcept { return seen_; }
  /// New ones of this run, of messages that this run submitted.
  [[nodiscard]] std::uint64_t of_this_run() const noexcept { return of_this_run_; }
  [[nodiscard]] const reason_counts& reasons() const noexcept { return reasons_; }
  /// Messages of other audiences and campaigns, rejected for what stands in rows that are not here to be mended.
  [[nodiscard]] std::uint64_t rejected_elsewhere() const noexcept { return rejected_elsewhere_; }
  /// No event came that no message explains, and all that were to come again came.
  [[nodiscard]] bool every_event_once() const noexcept { return explained_ && left_.told_again == 0; }
  [[nodiscard]] bool tells_again() const noexcept { return left_.told_again > 0; }

 private:
  void take_event(const engine&, const event&);
  void count(const event&);
  void reject(const event&, std::uint64_t line);

  event_book_options options_;
  left_open left_;
  std::set<campaign_id> campaigns_;
  source_id source_{};
  std::set<source_id> audience_;
  intake* rows_ = nullptr;
  std::array<event, 256> events_;
  events_file events_file_;
  rejects_file rejects_;
  struct rejected {
    errc reason{};
    std::string recipient;
  };
  std::map<std::uint64_t, rejected> without_line_;  // rejected, and its row was not read yet; by row
  ledger seen_;
  reason_counts reasons_;
  std::uint64_t of_this_run_ = 0;
  std::uint64_t rejected_elsewhere_ = 0;
  bool explained_ = true;
  position taken_{};    // the largest position of an event that was taken
  position flushed_{};  // taken before the last flush
};

}  // namespace broadside::send
