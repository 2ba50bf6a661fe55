// send/jsonl_reader - rows out of JSON lines (one object a line) that arrive in any pieces.
//
// One thread. Reads no clock and no file. Memory: one line of at most row_bytes_max and what the last feed() brought.
#pragma once

#include <simdjson.h>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>
#include "row.hpp"

namespace broadside::send {

struct jsonl_options {
  std::size_t row_bytes_max = 64 * 1024;  ///< a longer line is a fault
};

/// Fields are the values of `keys`, in their order: strings decoded, numbers and booleans as they are written, null and
/// a missing key empty. Other keys are ignored, whatever they hold. keys[0] is the phone number and may not be missing.
/// Blank lines are no rows; a UTF-8 BOM in front is dropped.
class jsonl_reader {
 public:
  explicit jsonl_reader(std::vector<std::string> keys, jsonl_options = {});

  /// More bytes. Call when next() has nothing left.
  void feed(std::string_view bytes);
  /// There are no more bytes: what is left is the last line.
  void finish() noexcept { finished_ = true; }
  /// The next row, or false: feed() more, or the end. The row's views live until the next call of anything here.
  [[nodiscard]] bool next(row&);

 private:
  [[nodiscard]] row_fault read_object(std::string_view line);
  [[nodiscard]] row_fault read_fields(simdjson::ondemand::object object);
  [[nodiscard]] row_fault read_value(simdjson::ondemand::value value, std::string_view& out);

  std::vector<std::string> keys_;
  jsonl_options options_;
  std::string buffer_;
  std::size_t at_ = 0;       // where the next line begins
  std::size_t scanned_ = 0;  // no line end before this
  std::uint64_t line_ = 0;   // of the last row
  bool skipping_ = false;    // the rest of a line that is too long
  bool bom_checked_ = false;
  bool finished_ = false;
  std::string padded_;                 // the line, with the padding that simdjson reads past the end
  simdjson::dom::parser checker_;      // grammar and UTF-8 of the whole line, parts nobody asked for included
  simdjson::ondemand::parser parser_;  // values, numbers as written
  std::vector<std::string_view> views_;
  std::vector<bool> seen_;
};

}  // namespace broadside::send
