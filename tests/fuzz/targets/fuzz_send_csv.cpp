// fuzz/fuzz_send_csv - a CSV audience reads the same in whatever pieces it comes, and what was read survives being
// written and read again.
//
// Pure; one thread. The first two bytes choose where the text is split and how long a row may be.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <csv_reader.hpp>
#include <string>
#include <string_view>
#include <support/fuzz.hpp>
#include <vector>

using namespace broadside::send;
using broadside::fuzz::require;

namespace {

struct read_row {
  std::uint64_t line = 0;
  row_fault fault = row_fault::none;
  std::vector<std::string> fields{};
  bool operator==(const read_row&) const = default;
};

void take_all(csv_reader& reader, std::vector<read_row>& out) {
  row read;
  while (reader.next(read)) out.push_back({read.line, read.fault, {read.fields.begin(), read.fields.end()}});
}

std::vector<read_row> read_all(std::string_view text, csv_options options, std::size_t piece) {
  csv_reader reader(options);
  std::vector<read_row> out;
  for (std::size_t at = 0; at < text.size(); at += piece) {
    reader.feed(std::string(text.substr(at, piece)));
    take_all(reader, out);
  }
  reader.finish();
  take_all(reader, out);
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

void check_rows(const std::vector<read_row>& rows, std::string_view text, csv_options options) {
  const auto lines = static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n')) + 1;
  std::uint64_t last = 0;
  for (const read_row& each : rows) {
    require(each.line > last, "rows begin on lines of their own, in order");
    require((each.fault == row_fault::none) == !each.fields.empty(), "a row has fields or a fault");
    require(each.fields.size() <= options.fields_max, "fields are bounded");
    last = each.line;
  }
  require(last <= lines, "no row begins behind the last line");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  csv_options options;
  options.row_bytes_max = 1 + data[1];
  options.fields_max = 1 + data[1] % 16U;
  const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
  const std::vector<read_row> rows = read_all(text, options, std::max<std::size_t>(text.size(), 1));
  check_rows(rows, text, options);
  require(read_all(text, options, 1 + data[0] % 64U) == rows, "pieces make no difference");
  require(read_all(text, options, 1) == rows, "single bytes make no difference");

  std::vector<read_row> kept;
  for (const read_row& each : rows) {
    if (each.fault == row_fault::none) kept.push_back(each);
  }
  options.row_bytes_max = 1024 * 1024;
  std::vector<read_row> again = read_all(write(kept), options, 4096);
  require(again.size() == kept.size(), "every row that was written is read");
  for (std::size_t i = 0; i < kept.size(); ++i) require(again[i].fields == kept[i].fields, "read(write(x)) == x");
  return 0;
}
