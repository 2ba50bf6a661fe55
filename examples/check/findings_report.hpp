// check/findings_report - findings of a campaign as a table for people and as JSON for programs.
//
// Pure: text out of values. Any thread.
#pragma once

#include <broadside/check.hpp>
#include <broadside/limits.hpp>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>
#include "json_writer.hpp"

namespace broadside::checking {

struct tally {
  std::size_t errors = 0;
  std::size_t warnings = 0;
  std::size_t advice = 0;

  void add(std::span<const finding>) noexcept;
  /// Whether a caller may go on; strictly: without a warning.
  [[nodiscard]] bool passed(bool strict) const noexcept { return errors == 0 && (!strict || warnings == 0); }
};

/// What was looked at, and what is wrong with it.
struct checked {
  std::string file;      ///< empty: a bare text
  std::string campaign;  ///< its name
  std::string error;     ///< why there is nothing to look at; else empty
  combined_limits limits;
  std::vector<finding> findings;
  std::optional<fallback_forecast> forecast;
};

/// The table of one file or text, with a line above that says what was checked against what, and the forecast below.
[[nodiscard]] std::string report_text(const checked&, std::size_t columns);

/// The table alone: of each finding a row, and below it what to do.
[[nodiscard]] std::string findings_text(std::span<const finding>, std::size_t columns);

/// "sinch, omnisend"; or that there is none.
[[nodiscard]] std::string profile_names(const combined_limits&);

/// "2 errors, 1 warning, 3 pieces of advice in 2 files: launch would refuse it"; `one`: what was looked at, "file".
[[nodiscard]] std::string summary_text(const tally&, std::size_t count, std::string_view one = "file");

void write_report(json_writer&, const checked&);
/// Members `profiles` and `findings`.
void write_profiles(json_writer&, const combined_limits&);
void write_findings(json_writer&, std::span<const finding>);
void write_tally(json_writer&, const tally&);

}  // namespace broadside::checking
