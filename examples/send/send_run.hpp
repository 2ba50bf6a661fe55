// send/send_run - one campaign from its audience's first byte to balanced books.
//
// One thread beside the engine's own. Memory: the engine's, one batch, and a number for each message inside.
#pragma once

#include <array>
#include <broadside/engine.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>
#include "audience.hpp"
#include "audience_input.hpp"
#include "output_file.hpp"
#include "rejects.hpp"
#include "report.hpp"
#include "setup.hpp"
#include "watch.hpp"

namespace broadside::send {

enum class progress : std::uint8_t {
  never,
  lines,     ///< a line every few seconds
  rewriting  ///< one line that is written over, for a terminal
};

struct run_options {
  std::string audience;  ///< for texts only
  audience_format format = audience_format::csv;
  csv_options csv;
  std::string events_path;   ///< empty: no events file
  std::string rejects_path;  ///< empty: no rejects file
  privacy numbers = privacy::masked;
  send::progress progress = progress::lines;
  bool quiet = false;  ///< no notices
  std::chrono::milliseconds drain_timeout{60'000};
  std::chrono::milliseconds give_up_after{60'000};
  /// Told of every event, once.
  std::function<void(const event&)> on_event{};
};

class send_run {
 public:
  /// Both outlive the run. `signals` is a signalfd of SIGINT and SIGTERM.
  send_run(setup, audience_input&, run_options, int signals);

  /// Prints to standard error what happens; the table is books().
  [[nodiscard]] exit_code run();
  /// Empty when nothing was launched.
  [[nodiscard]] std::string books() const;

 private:
  // before anything leaves
  [[nodiscard]] std::optional<exit_code> open_files();
  [[nodiscard]] std::optional<exit_code> read_first();
  [[nodiscard]] std::optional<exit_code> launch();

  // the loop; each says whether it did something
  bool read_rows();
  bool take(const audience_record&);
  bool submit_batch();
  bool take_events();
  void take_event(const event&);
  void flush_outputs();
  void check_signals();
  void check_clock();
  void wait();
  [[nodiscard]] bool over();

  // the end
  void stop_reading(stop_cause);
  void stop_engine(stop_cause);
  void settle();

  [[nodiscard]] progress_facts facts(const std::vector<route_status>&) const;
  void show(const std::vector<route_status>&);
  void say(const std::string& text);

  // constant after launch()
  setup setup_;
  run_options options_;
  audience_input* input_;
  int signals_;
  campaign_id campaign_{};
  source_id source_{};
  std::optional<engine> engine_;
  time_point began_{};

  // the intake
  audience_reader reader_;
  std::vector<char> chunk_;
  audience_record held_;  // a record of the reader that the batch could not take yet
  bool has_held_ = false;
  struct batch_row {
    std::uint64_t line = 0;
    std::size_t to_size = 0;
    std::size_t first_value = 0;  // in value_sizes_
  };
  std::string bytes_;  // of the batch: number and values of each row, one after the other
  std::vector<batch_row> rows_;
  std::vector<std::size_t> value_sizes_;
  std::vector<std::string_view> views_;
  std::vector<recipient> recipients_;
  std::uint64_t batch_first_ = 0;
  std::size_t batch_done_ = 0;
  bool launched_ = false;
  bool reading_ = true;
  bool finished_ = false;  // the source is

  // the events
  std::array<event, 256> events_;
  std::unordered_map<std::uint64_t, std::uint64_t> lines_;  // of each message inside, by ordinal
  std::string json_;
  position unconfirmed_{};
  output_file events_file_;
  rejects_file rejects_;

  // the end and what is said of it
  run_end end_;
  std::uint64_t rows_read_ = 0;
  reason_counts bad_rows_;
  reason_counts reasons_;
  rate_meter meter_;
  give_up_watch give_up_;
  std::uint64_t expected_ = 0;  // messages the engine took
  bool interrupted_once_ = false;
  bool stopped_ = false;
  std::optional<time_point> drain_until_;
  std::optional<time_point> quiet_since_;  // finished, and no event came any more
  time_point looked_at_{};
  time_point shown_at_{};
  time_point flushed_at_{};
  std::map<std::string, std::string, std::less<>> told_;  // last error told, by route
  std::chrono::milliseconds took_{};
};

}  // namespace broadside::send
