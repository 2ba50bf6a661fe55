// send/report - what a person reads: the progress line, the routes' state, the books.
//
// Pure: text out of numbers. Any thread.
#pragma once

#include <broadside/engine.hpp>
#include <broadside/event.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>
#include "watch.hpp"

namespace broadside::send {

struct progress_facts {
  std::string_view phase;  ///< "sending", "draining"
  std::uint64_t rows = 0;  ///< read, bad ones included
  std::uint64_t rows_bad = 0;
  std::uint64_t bytes = 0;        ///< of the audience, read
  std::uint64_t bytes_total = 0;  ///< zero: not known
  bool all_read = false;
  ledger counts;
  std::uint64_t in_flight = 0;
  double per_second = 0;
  std::string_view holds_up;  ///< what does, when nothing moved for a while
};

/// How long it takes still, when the audience's size or a rate to reckon with is known.
[[nodiscard]] std::optional<std::chrono::seconds> time_left(const progress_facts&) noexcept;

/// One line without a line end. Counts that are zero and need no attention are left out.
[[nodiscard]] std::string progress_line(const progress_facts&);

/// `route "sinch" rests for 8 s: …`; empty when it works.
[[nodiscard]] std::string route_line(const route_status&);

/// "3.2 s", "4:05", "1:04:05".
[[nodiscard]] std::string span_text(std::chrono::milliseconds);

using reason_counts = std::map<std::string, std::uint64_t, std::less<>>;

struct books_facts {
  std::string_view campaign;
  std::uint64_t rows = 0;
  reason_counts bad_rows;  ///< by row_fault name
  reason_counts reasons;   ///< of messages that were not accepted: "rejected: phone_bad_nanp"
  std::chrono::milliseconds took{};
  std::string_view rejects_path;
  std::string_view events_path;
  std::uint64_t rejected_elsewhere = 0;  ///< for what stands in rows of other audiences and campaigns
  std::vector<limit_status> limits;      ///< of this run
  run_end end;
  bool resumed = false;          ///< earlier runs took some of it; `reasons` are of this run
  bool finished_before = false;  ///< nothing was read or sent in this run
};

/// "limit sender-a: 5000 taken, 99.8 % of what it allows": a line each for those that messages waited for, the most
/// used first, and how many more there are.
[[nodiscard]] std::string limit_lines(std::vector<limit_status>);

/// The table at the end of every run.
[[nodiscard]] std::string books_table(const books_facts&);

/// Text for a terminal: control characters and what is not UTF-8 replaced, cut at `bytes_max`.
[[nodiscard]] std::string printable(std::string_view text, std::size_t bytes_max);

}  // namespace broadside::send
