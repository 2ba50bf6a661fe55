// check/media_report - what media objects are and what is wrong with them, for people and as JSON for programs.
//
// Pure: text out of values. Any thread.
#pragma once

#include <broadside/check.hpp>
#include <broadside/preflight.hpp>
#include <cstddef>
#include <string>
#include <vector>
#include "json_writer.hpp"

namespace broadside::checking {

struct checked_media {
  std::string input;    ///< path or URL, as given
  std::string error;    ///< why a file cannot be read; else empty
  bool is_url = false;  ///< false: of the report only the facts mean something
  media_report report;
  std::vector<finding> findings;
};

/// A line that says what it is, and the table of what is wrong with it.
[[nodiscard]] std::string report_text(const checked_media&, std::size_t columns);

void write_report(json_writer&, const checked_media&);

}  // namespace broadside::checking
