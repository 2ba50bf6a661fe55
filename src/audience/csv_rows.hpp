// audience/csv_rows - RFC 4180 rows out of a window of bytes.
//
// One thread. Allocates while the header is read, and when a row has more fields with doubled quotes than all before
// it.
#pragma once

#include <audience/byte_masks.hpp>
#include <audience/byte_window.hpp>
#include <audience/row.hpp>
#include <broadside/audience_reader.hpp>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace broadside::audience {

/// A row is scanned from its first byte to its line end in one go. One that the window does not hold whole is scanned
/// again from its first byte, but not before a line end has come, or the longest row has.
class csv_rows {
 public:
  explicit csv_rows(const audience_options&);

  /// The window's bytes have moved, or there are more. `finished`: these are the last.
  void begin(byte_window&, bool finished) noexcept;
  /// The next row of the window, or false: more bytes, or the end. Doubled quotes are decoded in place.
  [[nodiscard]] bool next(byte_window&, row&);
  /// From now on only the first `count` fields of a row are kept; until then all of them.
  void keep_fields(std::size_t count);

 private:
  enum class found : std::uint8_t { field, last_field, fault, more };
  enum class state : std::uint8_t { plain, quoted, quote_in_quoted };
  struct field {
    found what = found::more;
    row_fault fault = row_fault::none;
    bool escaped = false;   // has doubled quotes
    std::size_t begin = 0;  // positions in the window, without quotes
    std::size_t end = 0;
    std::size_t next = 0;  // behind the delimiter or line end
  };

  [[nodiscard]] bool may_end(const byte_window&) noexcept;
  [[nodiscard]] found scan();
  [[nodiscard]] field plain_field(std::size_t at) noexcept;
  [[nodiscard]] field quoted_field(std::size_t at) noexcept;
  [[nodiscard]] field stopped(state, field) const noexcept;
  void keep(std::size_t place, const field&);

  [[nodiscard]] std::size_t find_end(std::size_t at) noexcept;
  [[nodiscard]] std::size_t find_quote(std::size_t at) noexcept;
  void look_at(std::size_t block) noexcept;

  void drop_line(byte_window&) noexcept;
  void take_row(row&) noexcept;

  // constant, but for keep_fields()
  char delimiter_;
  std::size_t row_bytes_max_;
  std::size_t fields_max_;
  bool keeps_all_ = true;

  std::uint64_t line_ = 1;     // of the next row
  bool skipping_ = false;      // the rest of a line that was reported
  std::size_t looked_at_ = 0;  // bytes of the next row in which it does not end

  // of the window, from begin() to the next
  char* bytes_ = nullptr;
  std::size_t end_ = 0;
  bool finished_ = false;
  std::size_t block_ = 0;  // position of what masks_ are of
  byte_masks masks_;

  // of the row that is scanned
  std::size_t row_begin_ = 0;
  std::size_t limit_ = 0;           // no byte from here on is looked at
  std::size_t next_ = 0;            // behind the row
  std::uint64_t lines_inside_ = 0;  // line ends inside quotes
  row_fault fault_ = row_fault::none;
  std::size_t field_count_ = 0;
  std::vector<std::string_view> fields_;
  std::vector<std::size_t> escaped_;  // places in fields_
};

}  // namespace broadside::audience
