// audience/json_rows - rows out of JSON lines, one object each, out of a window of bytes.
//
// One thread. Values are views of the window, except for strings with escapes, which are decoded beside it. Allocates
// when a line is longer, or the window larger, than before.
#pragma once

#include <simdjson.h>
#include <audience/byte_window.hpp>
#include <audience/row.hpp>
#include <broadside/audience_reader.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace broadside::audience {

/// Fields are the phone number and the values of the columns, in their order.
///
/// A line is parsed once. simdjson's first stage checks UTF-8 and control characters of all of it, its on-demand walk
/// the grammar between values, and each scalar value is checked here as it goes by. What the walk would skip unchecked,
/// an array or object that nobody asked for, makes the line be parsed a second time, as a whole. So does whatever is
/// wrong beside the grammar, so that a line which is no JSON is always called that.
class json_rows {
 public:
  explicit json_rows(const audience_options&);

  /// The window's bytes have moved, or there are more; what was decoded before is forgotten. `finished`: these are the
  /// last.
  void begin(byte_window&, bool finished);
  /// The next row of the window, or false: more bytes, or the end.
  [[nodiscard]] bool next(byte_window&, row&);

 private:
  struct column {
    std::string key;
    bool plain = false;  // stands in a line as it is
    std::string_view value{};
    std::uint64_t seen = 0;  // the last object that had it
  };

  [[nodiscard]] bool next_line(byte_window&, std::string_view& line);
  [[nodiscard]] row_fault read_line(std::string_view line);
  [[nodiscard]] row_fault read_object(std::string_view line);
  [[nodiscard]] row_fault read_field(simdjson::ondemand::field&);
  [[nodiscard]] row_fault read_value(simdjson::ondemand::value, column*);
  [[nodiscard]] row_fault read_string(std::string_view token, column*);
  [[nodiscard]] row_fault find_column(const char* key, column*& out);
  [[nodiscard]] bool is_json(std::string_view line);
  [[nodiscard]] bool decode(const char* in, std::string_view& out);

  // constant
  std::size_t row_bytes_max_;
  std::vector<std::size_t> places_;  // of each field in columns_: several may come from one key

  std::uint64_t line_ = 0;     // of the last row
  bool skipping_ = false;      // the rest of a line that is too long
  std::size_t looked_at_ = 0;  // bytes of the next line in which it does not end

  // of the window, from begin() to the next
  bool finished_ = false;
  std::vector<char> decoded_;
  std::size_t decoded_end_ = 0;

  // of the line that is read
  const char* line_end_ = nullptr;
  bool has_escapes_ = false;
  bool has_unread_ = false;  // an array or object that nobody asked for
  std::uint64_t objects_ = 0;
  std::size_t expected_ = 0;  // the column that probably comes next
  std::vector<column> columns_;
  std::vector<std::string_view> fields_;

  simdjson::ondemand::parser parser_;
  simdjson::dom::parser checker_;
};

}  // namespace broadside::audience
