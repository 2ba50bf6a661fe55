// fuzz/fuzz_audience - an audience reads the same in whatever pieces it comes, and what was read survives being written
// and read again.
//
// Pure; one thread. The first two bytes choose the format, where the text is split and how long a row may be.
#include <algorithm>
#include <audience/byte_window.hpp>
#include <audience/csv_rows.hpp>
#include <audience/json_rows.hpp>
#include <broadside/audience_reader.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <support/fuzz.hpp>
#include <utility>
#include <vector>

using namespace broadside;
using broadside::fuzz::require;

namespace {

struct read_row {
  std::uint64_t line = 0;
  row_fault fault = row_fault::none;
  std::vector<std::string> fields{};
  bool operator==(const read_row&) const = default;
};

/// Rows of one format, without a header: of CSV, rows of any number of fields.
template <class Rows>
std::vector<read_row> read_all(std::string_view text, const audience_options& how, std::size_t piece) {
  audience::byte_window window(how.block_bytes, how.row_bytes_max + how.block_bytes);
  Rows rows(how);
  std::vector<read_row> out;
  const auto take = [&](bool finished) {
    rows.begin(window, finished);
    for (audience::row read; rows.next(window, read);) {
      out.push_back({read.line, read.fault, {read.fields.begin(), read.fields.end()}});
    }
  };
  while (!text.empty()) {
    const auto room = window.room();
    require(room.size() >= how.block_bytes, "there is room for a block when nothing can be given");
    const std::size_t taken = text.substr(0, piece).copy(room.data(), room.size());
    window.filled(taken);
    text.remove_prefix(taken);
    take(false);
  }
  take(true);
  return out;
}

std::string write(const std::vector<read_row>& rows) {
  std::string out;
  for (const read_row& each : rows) {
    std::string separator;
    for (const std::string& field : each.fields) {
      out += separator + '"';
      for (const char c : field) out.append(c == '"' ? 2 : 1, c);
      out += '"';
      separator = ",";
    }
    out += "\r\n";
  }
  return out;
}

void check_rows(const std::vector<read_row>& rows, std::string_view text, const audience_options& options) {
  const auto lines = static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n')) + 1;
  std::uint64_t last = 0;
  for (const read_row& each : rows) {
    require(each.line > last, "rows begin on lines of their own, in order");
    require((each.fault == row_fault::none) == !each.fields.empty(), "a row has fields or a fault");
    const std::size_t most = options.format == audience_format::csv ? options.fields_max : 3;
    require(each.fields.size() <= most, "fields are bounded");
    last = each.line;
  }
  require(last <= lines, "no row begins behind the last line");
}

template <class Rows>
std::vector<read_row> read_in_ways(std::string_view text, const audience_options& how, std::size_t piece) {
  const std::vector<read_row> rows = read_all<Rows>(text, how, std::max<std::size_t>(text.size(), 1));
  check_rows(rows, text, how);
  require(read_all<Rows>(text, how, piece) == rows, "pieces make no difference");
  require(read_all<Rows>(text, how, 1) == rows, "single bytes make no difference");
  return rows;
}

/// With a header, or without: nothing to compare with, but every row has its place.
void read_with_header(std::string_view text, audience_options how) {
  how.columns = {"to", {"name"}};
  audience_reader reader(how);
  audience_batch batch;
  std::uint64_t next = 0;
  std::uint64_t line = 0;
  for (bool finished = false;;) {
    const audience_step step = reader.next(batch);
    if (step == audience_step::unusable) require(!reader.errors().empty(), "there is a reason");
    if (step == audience_step::unusable || (step == audience_step::more && finished)) return;
    if (step == audience_step::more) {
      text.remove_prefix(reader.feed(text));
      if ((finished = text.empty())) reader.finish();
      continue;
    }
    require(static_cast<std::uint64_t>(batch.first) == next, "ordinals have no gaps");
    require(!batch.lines.empty(), "a batch has a row");
    next += batch.lines.size();
    for (const std::uint64_t each : batch.lines) require(each > std::exchange(line, each), "lines are in order");
    for (const recipient& each : batch.recipients) require(each.values.size() == 1 && !each.to.empty(), "a whole row");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  audience_options how;
  how.format = data[0] < 0x80 ? audience_format::csv : audience_format::jsonl;
  how.columns = {"to", {"name", "to"}};
  how.row_bytes_max = std::size_t{1} + data[1];
  how.fields_max = 1 + data[1] % 16U;
  how.block_bytes = 1 + data[0] % 100U;
  how.batch_max = 1 + data[0] % 5U;
  const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
  read_with_header(text, how);
  const std::size_t piece = 1 + data[0] % 64U;
  if (how.format == audience_format::jsonl) {
    read_in_ways<audience::json_rows>(text, how, piece);
    return 0;
  }
  std::vector<read_row> kept;
  for (const read_row& each : read_in_ways<audience::csv_rows>(text, how, piece)) {
    if (each.fault == row_fault::none) kept.push_back(each);
  }
  how.row_bytes_max = 1024 * 1024;
  const std::vector<read_row> again = read_all<audience::csv_rows>(write(kept), how, 4096);
  require(again.size() == kept.size(), "every row that was written is read");
  for (std::size_t i = 0; i < kept.size(); ++i) require(again[i].fields == kept[i].fields, "read(write(x)) == x");
  return 0;
}
