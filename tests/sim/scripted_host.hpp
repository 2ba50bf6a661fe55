// sim/scripted_host - a host as a marketing server would have it, doing what its plan says, and looking at everything
// it is told.
//
// Opens, launches, submits, polls late, confirms in batches, pauses, cancels, edits, stops, dies and comes back. At the
// end it waits until everything ended, and opens the record once more to see that it says the same.
#pragma once

#include <broadside/testing/simulation.hpp>
#include <cstdint>
#include <optional>
#include <sim/engine_watch.hpp>
#include <sim/host_book.hpp>
#include <sim/plan.hpp>
#include <sim/postman.hpp>
#include <sim/problem.hpp>
#include <sim/report_book.hpp>
#include <sim/run_record.hpp>
#include <string>
#include <vector>

namespace broadside::sim {

class scripted_host {
 public:
  /// `urls`: of the providers, one for each route of the plan. The world outlives the host.
  scripted_host(const plan&, testing::simulation& world, std::vector<std::string> urls);

  /// The whole run. What is wrong; nothing: so far all is well, and the record can be checked.
  [[nodiscard]] verdict_of_check run();

  [[nodiscard]] const host_book& book() const noexcept { return book_; }
  [[nodiscard]] const report_book& reports() const noexcept { return reports_; }
  [[nodiscard]] const run_record& record() const noexcept { return record_; }

 private:
  /// What submit() took, by its place in the journal, until that is durable.
  struct piece {
    std::size_t end;
    position at;
  };
  struct source_work {
    source_id id{};         // of this engine
    std::size_t next = 0;   // the first row that was not taken
    std::size_t kept = 0;   // rows that survive a crash, as the engine said
    bool finished = false;  // this engine was told so
    std::vector<piece> pending;
  };
  struct campaign_work {
    campaign_id id{};  // of the newest version, by this engine
    unsigned version = 1;
    bool launched = false;
    bool paused = false;
    bool cancelled = false;
    bool cancel_is_kept = false;  // the engine said so
    std::vector<source_work> sources;
    std::optional<std::size_t> standstill;  // the one that lasts
  };

  // engines
  void open();
  bool open_once();
  void take_up(std::size_t campaign);
  void open_source(std::size_t campaign, std::size_t source);
  void after_a_crash();
  void stop_engine();
  void restart();
  [[nodiscard]] bool alive() { return engine_ && !world_.crashed() && !problem_; }

  // what a host does, and when
  void act();
  void act_once(std::size_t habit, number ms, void (scripted_host::*what)());
  void change_states();
  void change_limits();
  void reweigh(std::size_t campaign);
  void end_providers();
  void launch(std::size_t campaign);
  void set_paused(std::size_t campaign, bool paused);
  void cancel(std::size_t campaign);
  void edit(std::size_t campaign);
  void launch_edited(std::size_t campaign, const std::vector<std::size_t>& taken);
  void submit_everywhere();
  void submit_rows(std::size_t campaign, std::size_t source);
  void finish_source(std::size_t campaign, std::size_t source);
  [[nodiscard]] bool may_take(const row_book&) const;
  void poll();
  std::size_t poll_once();
  void hear(const event&);
  void hear_report(const event&, std::size_t campaign, bool redelivered);
  void bring_reports();
  [[nodiscard]] callback_reply bring(const callback&);
  void confirm();
  void look();
  [[nodiscard]] bool is_deaf() const;
  void sleep();

  // the end
  void heal();
  void wait_for_the_end();
  [[nodiscard]] number last_habit_ms() const;
  [[nodiscard]] bool everything_ended();
  void does_not_end(std::string_view after);
  void look_for_starved();
  void close();
  void look_again();
  void look_at_deliveries();
  void bring_known_ones();

  void wrong(verdict_of_check found) {
    if (found && !problem_) problem_ = std::move(found);
  }
  [[nodiscard]] bool disk_works() const;
  [[nodiscard]] number ms_since_start() const;
  [[nodiscard]] std::vector<campaign_id> ids_of(std::size_t campaign) const;
  [[nodiscard]] std::optional<std::size_t> campaign_of_id(campaign_id) const;
  void begin_standstill(std::size_t campaign, bool is_final);
  void end_standstill(std::size_t campaign);

  const plan plan_;
  testing::simulation& world_;
  const std::vector<std::string> urls_;
  host_book book_;
  engine_watch watch_;
  postman postman_;
  report_book reports_;
  run_record record_;
  std::vector<campaign_work> work_;
  verdict_of_check problem_;
  std::optional<engine> engine_;
  time_point start_;
  time_point next_poll_;
  time_point next_submit_;
  bool healed_ = false;
  number healed_at_ms_ = 0;
  std::vector<bool> done_;  // habits that come once
  std::uint64_t polls_with_events_ = 0;
  number polls_since_confirm_ = 0;
  position seen_{};  // the highest that this engine told
  std::uint64_t progress_ = 0;
  std::vector<std::uint64_t> heard_of_;  // events, of each campaign
  std::vector<time_point> moved_;        // when the last came
};

}  // namespace broadside::sim
