// send/audience - recipients out of a file's bytes: columns found by name, every record numbered.
//
// One thread. Reads no clock and no file. Memory: one record and what the last feed() brought.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>
#include "csv_reader.hpp"
#include "jsonl_reader.hpp"
#include "row.hpp"

namespace broadside::send {

enum class audience_format : std::uint8_t { csv, jsonl };

/// By the file's extension: .csv, .tsv, .txt; .jsonl, .ndjson, .json. Nothing for any other.
[[nodiscard]] std::optional<audience_format> format_of(std::string_view file_name) noexcept;

/// Which columns (CSV) or keys (JSON lines) hold what.
struct audience_columns {
  std::string to = "to";
  std::vector<std::string> values;  ///< in the order of campaign::attributes
};

struct audience_record {
  std::uint64_t number = 0;  ///< from 0, header and blank lines not counted, bad records counted: the ordinal
  std::uint64_t line = 0;    ///< physical line where it begins, from 1
  row_fault fault = row_fault::none;
  std::string_view to;
  std::span<const std::string_view> values;
};

enum class audience_step : std::uint8_t {
  more,      ///< feed() more, or the end when finish() was called
  record,    ///< a record, good or bad
  unusable,  ///< the header is: see errors()
};

class audience_reader {
 public:
  audience_reader(audience_format, const audience_columns&, csv_options = {});

  /// More bytes. Call when next() said `more`.
  void feed(std::string_view bytes);
  void finish();
  /// The record's views live until the next call of anything here.
  [[nodiscard]] audience_step next(audience_record&);
  /// What is wrong with the header: one sentence each.
  [[nodiscard]] const std::vector<std::string>& errors() const noexcept { return errors_; }

 private:
  [[nodiscard]] bool next_row(row&);
  [[nodiscard]] bool read_header(const row&);
  void find_column(std::string_view name, std::span<const std::string_view> header, std::string_view what);
  void map_fields(std::span<const std::string_view> fields, audience_record&);

  audience_columns columns_;
  char delimiter_;
  std::variant<csv_reader, jsonl_reader> reader_;
  bool header_read_;
  bool finished_ = false;
  std::size_t header_size_ = 0;
  std::vector<std::size_t> places_;  // of to, then of each value, in a row's fields
  std::vector<std::string_view> values_;
  std::vector<std::string> errors_;
  std::uint64_t number_ = 0;
};

}  // namespace broadside::send
