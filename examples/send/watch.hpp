// send/watch - decisions of a run that depend on time: how fast it goes, when to give up, what it ends with.
//
// Pure: time is an argument. One thread, no allocation.
#pragma once

#include <array>
#include <broadside/environment.hpp>
#include <broadside/event.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace broadside::send {

/// Messages settled per second over the last five seconds.
class rate_meter {
 public:
  void update(time_point now, std::uint64_t settled) noexcept;
  [[nodiscard]] double per_second() const noexcept;

 private:
  static constexpr std::size_t kept = 26;
  static constexpr auto apart = std::chrono::milliseconds(200);
  struct sample {
    time_point at{};
    std::uint64_t settled = 0;
  };
  std::array<sample, kept> samples_{};
  std::size_t size_ = 0;
};

/// When every route is out of use (its account is at fault) and nothing is accepted any more, waiting is of no use.
class give_up_watch {
 public:
  explicit give_up_watch(std::chrono::milliseconds limit) noexcept : limit_(limit) {}
  /// Whether to give up now. A route that is tried again leaves its rest for a moment: a gap of up to `grace` counts as
  /// rest. One accepted message starts the time anew.
  [[nodiscard]] bool update(time_point now, std::uint64_t accepted, bool all_out_of_use) noexcept;

  static constexpr auto grace = std::chrono::seconds(5);

 private:
  std::chrono::milliseconds limit_;
  std::uint64_t accepted_ = 0;
  std::optional<time_point> since_;
  time_point last_out_of_use_{};
};

/// Notices that nothing moves although something is inside.
class stall_watch {
 public:
  /// Whether nothing was settled for `after` although something is inside.
  [[nodiscard]] bool update(time_point now, const ledger&) noexcept;

  static constexpr auto after = std::chrono::seconds(3);

 private:
  std::uint64_t settled_ = 0;
  std::optional<time_point> since_;
};

/// What the process says to its caller.
enum class exit_code : int {
  done = 0,              ///< every row was read, every message accepted
  done_with_losses = 1,  ///< done, but rows were bad or messages not accepted
  wrong_usage = 2,       ///< the command line or the campaign file; nothing of it left
  audience_unreadable = 3,
  gave_up = 4,           ///< no route could be used, or the time to drain was over
  books_unbalanced = 5,  ///< a defect
  output_failed = 6,     ///< the events, the rejects, an export or standard output could not be written
  finished_before = 7,   ///< an earlier run finished the campaign; nothing was sent
  journal_failed = 8,    ///< the journal cannot be used: damaged, in use, of a later version, or the disk refuses it
  interrupted = 130,
};

/// Why a run stopped reading before the end of its audience.
enum class stop_cause : std::uint8_t {
  none,
  interrupted,
  audience_failed,
  audience_grew,  ///< it has rows behind the end that an earlier run finished it with: they are not taken
  output_failed,
  gave_up,
  drain_timed_out,
};

struct run_end {
  stop_cause cause = stop_cause::none;
  bool all_read = false;  ///< every row of the audience was submitted
  std::uint64_t rows_bad = 0;
  ledger counts;  ///< the engine's, of all runs
  ledger seen;    ///< by the events of all runs, each counted once
  bool every_event_once = true;
  bool goes_on = false;  ///< a durable journal keeps what is inside for the next run
};

[[nodiscard]] bool books_agree(const run_end&) noexcept;
[[nodiscard]] exit_code decide_exit(const run_end&) noexcept;

}  // namespace broadside::send
