// send/send_run - one campaign from its audience's first byte to balanced books.
//
// One thread beside the engine's own. Memory: the engine's, and the intake's and the book's.
#pragma once

#include <broadside/engine.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>
#include "audience_identity.hpp"
#include "audience_input.hpp"
#include "earlier_run.hpp"
#include "event_book.hpp"
#include "intake.hpp"
#include "interruptions.hpp"
#include "report.hpp"
#include "setup.hpp"
#include "watch.hpp"

namespace broadside::send {

enum class progress : std::uint8_t {
  never,
  lines,     ///< a line every few seconds
  rewriting  ///< one line that is written over, for a terminal
};

/// How a run goes on with what a journal knows.
struct continuation {
  earlier_run before;
  source_choice audience;
  audience_note remember;       ///< when audience.must_note
  bool was_told_again = false;  ///< --again began this run, or would go on with it: told again it may begin another
};

struct run_options {
  std::string audience;       ///< for texts only
  std::string campaign_path;  ///< read again on SIGUSR1
  audience_options rows;      ///< but for the columns, which the campaign file names
  event_book_options book;
  send::progress progress = progress::lines;
  bool quiet = false;  ///< no notices
  std::chrono::milliseconds drain_timeout{60'000};
  std::chrono::milliseconds give_up_after{60'000};
  std::optional<continuation> goes_on{};  ///< with a durable journal; none: in memory
};

class send_run {
 public:
  /// The input outlives the run.
  send_run(setup, audience_input&, run_options);

  /// Signals end the process until something may leave, and then the run. Tells standard error what happens; the table
  /// is books().
  [[nodiscard]] exit_code run();
  /// Empty when nothing was launched.
  [[nodiscard]] std::string books() const;

 private:
  // before anything leaves
  [[nodiscard]] std::optional<exit_code> read_first();
  [[nodiscard]] std::optional<exit_code> look_at_outputs();
  [[nodiscard]] std::optional<exit_code> look_at_new_media();
  [[nodiscard]] std::optional<exit_code> open_engine();
  [[nodiscard]] std::optional<exit_code> check_recovered();
  [[nodiscard]] std::optional<exit_code> open_files();
  [[nodiscard]] std::optional<exit_code> launch();
  [[nodiscard]] std::set<source_id> sources_of_audience() const;
  void begin_intake();
  void say_what_was_found(std::uint64_t resume);

  // the loop
  void loop();
  bool submit_batch();
  void flush_outputs(event_book::confirming);
  void check_signals();
  void check_reload();
  void check_clock();
  void check_journal();
  void check_routes(time_point, const std::vector<route_status>&, const ledger&);
  void wait();
  [[nodiscard]] bool over();
  [[nodiscard]] bool is_durable() const noexcept { return options_.goes_on.has_value(); }

  // the end
  void stop_reading(stop_cause);
  void finish_source();
  void stop_engine(stop_cause);
  void finish_late();
  void settle();

  /// Of all versions of the campaign.
  [[nodiscard]] ledger counts() const;
  [[nodiscard]] explanation what_holds_up() const;
  void show(const std::vector<route_status>&, const ledger&);
  void say(const std::string& text);
  exit_code fail(exit_code, const std::string& text);

  setup setup_;  // limits and weight as they are now, the rest constant after launch()

  // constant after launch()
  run_options options_;
  audience_input* input_;
  interruptions signals_;
  std::set<campaign_id> campaigns_;  // all versions of the campaign's key
  campaign_id campaign_{};
  source_id source_{};
  bool launched_ = false;
  time_point began_{};

  intake intake_;
  event_book book_;
  std::optional<engine> engine_;  // last of these: its events go nowhere when it ends
  bool finished_ = false;         // nothing more is submitted
  bool source_finished_ = false;  // the engine was told so

  // the end and what is said of it
  run_end end_;
  rate_meter meter_;
  give_up_watch give_up_;
  stall_watch stall_;
  bool interrupted_once_ = false;
  bool stopped_ = false;
  bool cut_ = false;  // stopped with something inside
  bool journal_fault_told_ = false;
  std::optional<time_point> drain_until_;
  std::optional<time_point> quiet_since_;  // nothing more should come but events, and none came any more
  time_point told_again_at_{};             // last event of those that are told again
  time_point looked_at_{};
  time_point shown_at_{};
  time_point flushed_at_{};
  std::map<std::string, std::string, std::less<>> told_;  // last error told, by route
  std::chrono::milliseconds took_{};
  std::vector<limit_status> limits_;
};

}  // namespace broadside::send
