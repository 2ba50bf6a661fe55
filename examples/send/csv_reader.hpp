// send/csv_reader - RFC 4180 rows out of bytes that arrive in any pieces.
//
// One thread. Reads no clock and no file. Memory: one row of at most row_bytes_max and what the last feed() brought.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>
#include "row.hpp"

namespace broadside::send {

struct csv_options {
  char delimiter = ',';                   ///< not a quote, CR or LF
  std::size_t row_bytes_max = 64 * 1024;  ///< a longer row is a fault
  std::size_t fields_max = 1024;          ///< a row with more is a fault
};

/// Strict where leniency would guess at what a customer is sent: a quote inside an unquoted field and text after a
/// closing quote are faults. Lines end with LF or CRLF, the last may lack its end; blank lines are no rows; a UTF-8 BOM
/// in front is dropped. A faulty row is its first physical line alone: reading goes on with the next line, so one
/// forgotten quote costs one row. O(bytes): strict quotes mean that no byte is read more than twice.
class csv_reader {
 public:
  explicit csv_reader(csv_options = {});

  /// More bytes. Call when next() has nothing left.
  void feed(std::string_view bytes);
  /// There are no more bytes: what is left is the last row.
  void finish() noexcept { finished_ = true; }
  /// The next row, or false: feed() more, or the end. The row's views live until the next call of anything here.
  [[nodiscard]] bool next(row&);

 private:
  enum class state : std::uint8_t { field_start, plain, quoted, quote_in_quoted, cr_after_quote, skip_line };
  struct field {  // positions in buffer_
    std::size_t begin = 0;
    std::size_t end = 0;
    bool escaped = false;  // has doubled quotes
  };

  // Each returns true when `out` holds a row.
  bool step(row& out);
  bool read_plain(std::size_t limit, row& out);
  bool read_quoted(std::size_t limit);
  bool read_after_quote(row& out);
  bool end_field(std::size_t end, char by, row& out);
  bool end_row(row& out);
  bool end_of_input(row& out);
  bool fail(row_fault, row& out);
  bool skip_line();

  bool drop_bom();
  void start_row(std::size_t at) noexcept;
  void decode_fields();

  csv_options options_;
  std::string buffer_;  // from row_begin_ on: the row being read, then bytes not looked at
  std::size_t at_ = 0;  // next byte to look at
  std::size_t row_begin_ = 0;
  std::uint64_t line_ = 1;  // of row_begin_
  std::uint64_t lines_in_row_ = 0;
  state state_ = state::field_start;
  field current_;
  std::vector<field> fields_;
  std::string decoded_;  // fields with doubled quotes, decoded
  std::vector<std::string_view> views_;
  bool bom_checked_ = false;
  bool finished_ = false;
};

}  // namespace broadside::send
