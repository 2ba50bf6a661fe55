// broadside/audience_reader - recipients out of a file's bytes, CSV or JSON lines, as engine::submit() takes them.
//
// One thread. Reads no clock and no file: the host reads bytes into room(). Memory: a block, the longest row that came
// (row_bytes_max bounds it), and one batch; no allocation for a row, but for a row that is longer than all before it.
#pragma once

#include <broadside/campaign.hpp>
#include <broadside/message.hpp>
#include <broadside/result.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace broadside {

enum class audience_format : std::uint8_t {
  csv,   ///< RFC 4180 with a header row
  jsonl  ///< one JSON object a line
};

/// By the file's extension: .csv, .tsv, .txt; .jsonl, .ndjson, .json. Nothing for any other.
[[nodiscard]] std::optional<audience_format> audience_format_of(std::string_view file_name) noexcept;

/// Which columns (CSV) or keys (JSON lines) hold what.
struct audience_columns {
  std::string to = "to";            ///< the phone number
  std::vector<std::string> values;  ///< in the order of campaign::attributes
};

struct audience_options {
  audience_format format = audience_format::csv;
  audience_columns columns{};
  char delimiter = ',';                   ///< of CSV: neither a quote nor a line end
  std::size_t row_bytes_max = 64 * 1024;  ///< a longer row is a fault; 1 to 1 GiB
  std::size_t fields_max = 1024;          ///< of CSV: a row with more is a fault; at least 1
  std::size_t block_bytes = 256 * 1024;   ///< what room() has after `more`, or more; 1 to 1 GiB
  std::size_t batch_max = 256;            ///< recipients in a batch; 1 to 65,536

  /// Every violation; a reader of such options is unusable.
  [[nodiscard]] std::vector<violation> validate() const;
};

/// Why a row cannot be used. Never ends the reading: the next row is read.
enum class row_fault : std::uint8_t {
  none,
  unterminated_quote,
  text_after_quote,
  bare_quote,
  row_too_large,
  too_many_fields,
  wrong_number_of_fields,
  bad_json,
  not_an_object,
  key_twice,
  value_not_text,
  missing_to,
};

/// Stable, for files: "unterminated_quote".
[[nodiscard]] std::string_view name_of(row_fault) noexcept;
/// A sentence for people, without a full stop.
[[nodiscard]] std::string_view explain(row_fault) noexcept;

/// Good rows that follow each other, or one bad row. Everything in it lives until the reader is called again, except
/// for finish() and errors().
struct audience_batch {
  /// Of the first row; each further one has the next. The header and blank lines are not counted, bad rows are, so that
  /// a row has the same ordinal whenever the same file is read.
  ordinal first{};
  std::span<const recipient> recipients{};  ///< submit(source, first, recipients); none when the row is bad
  std::span<const std::uint64_t> lines{};   ///< of each row: the physical line where it begins, from 1
  row_fault fault = row_fault::none;        ///< of a bad row
};

enum class audience_step : std::uint8_t {
  more,      ///< read into room(), or the end when finish() was called
  rows,      ///< a batch of recipients
  bad_row,   ///< one row that cannot be used, and why
  unusable,  ///< the options or the header are: see errors(). It stays so
};

/// Strict where leniency would guess at what a customer is sent. The same bytes give the same rows in whatever pieces
/// they come. A UTF-8 byte order mark in front is dropped; blank lines are no rows.
///
/// CSV: a quote inside an unquoted field and text after a closing quote are faults. Lines end with LF or CRLF, the last
/// may lack its end; quoted fields may hold line ends. A faulty row is its first physical line alone: reading goes on
/// with the next line, so one forgotten quote costs one row. The columns are found by name in the header, in any order;
/// a row has as many fields as the header. What stands in the fields is not looked at, UTF-8 included: submit() does.
///
/// JSON lines: strings decoded, numbers and booleans as they are written, null and a missing key empty. The whole line
/// is checked, its grammar and UTF-8, in keys that nobody asked for too.
///
///   audience_reader reader({.columns = {.to = "phone", .values = {"first_name"}}});
///   audience_batch batch;
///   for (bool at_end = false;;) {
///     const auto step = reader.next(batch);
///     if (step == audience_step::rows) send_all(batch);  // engine::submit() until all are taken
///     if (step == audience_step::bad_row) std::cerr << batch.lines[0] << ": " << explain(batch.fault) << '\n';
///     if (step == audience_step::unusable || (step == audience_step::more && at_end)) break;
///     if (step != audience_step::more) continue;
///     const auto room = reader.room();
///     file.read(room.data(), static_cast<std::streamsize>(room.size()));
///     reader.filled(static_cast<std::size_t>(file.gcount()));
///     if ((at_end = !file)) reader.finish();
///   }
class audience_reader {
 public:
  explicit audience_reader(audience_options);
  audience_reader(audience_reader&&) noexcept;
  audience_reader& operator=(audience_reader&&) noexcept;
  ~audience_reader();

  /// Where the next bytes go. Empty only when next() has not said `more` since it was filled. Throws std::bad_alloc.
  [[nodiscard]] std::span<char> room();
  /// So many bytes were written to the front of room().
  void filled(std::size_t bytes) noexcept;
  /// Copies bytes into room(), as many as fit; how many. For bytes that are in memory already.
  std::size_t feed(std::string_view bytes);
  /// There are no more bytes: what is left is the last row.
  void finish() noexcept;

  /// The next rows. `more` only when nothing of what was read can be given. Throws std::bad_alloc.
  [[nodiscard]] audience_step next(audience_batch&);
  /// Why the reader is unusable: one sentence each, for people. Names in them are as the file has them.
  [[nodiscard]] const std::vector<std::string>& errors() const noexcept;

 private:
  class impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace broadside
