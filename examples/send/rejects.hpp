// send/rejects - the rows that cannot be sent as they are, in a CSV file that a person can work through.
//
// One thread.
#pragma once

#include <broadside/event.hpp>
#include <broadside/result.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include "output_file.hpp"
#include "row_set.hpp"

namespace broadside::send {

/// Whether a message ended because of what stands in its row, so that a person can mend it there.
[[nodiscard]] bool is_about_the_row(errc reason) noexcept;

/// Appends a CSV field by RFC 4180: quoted when it must be. What a spreadsheet would run as a formula (=, +, -, @, tab
/// in front) is kept from it by a leading apostrophe.
void append_csv_field(std::string& out, std::string_view text);

/// What is shown of a number that may be none: all but the last four characters hidden, a leading + kept; a number that
/// is one as the library masks it.
[[nodiscard]] std::string masked(std::string_view number);

class rejects_file {
 public:
  explicit rejects_file(privacy who) : privacy_(who) {}

  /// `resumed`: what earlier runs of the campaign wrote stays, and a record that is in the file is not added again.
  /// Otherwise what the file has goes with begin(): until then a run may still be refused.
  bool open(const std::string& path, bool resumed = false);
  /// Before the first add().
  void begin();
  /// `line` 0: not known.
  void add(std::uint64_t line, std::uint64_t record, std::string_view reason, std::string_view why,
           std::string_view number);
  [[nodiscard]] output_file& file() noexcept { return file_; }

 private:
  privacy privacy_;
  output_file file_;
  std::string row_;
  row_set there_;  // records in the file, of a resumed one
  bool has_header_ = false;
};

}  // namespace broadside::send
