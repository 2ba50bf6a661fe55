// send/rows - reads a text with a reader, in pieces, into values that tests compare.
//
// Tests only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <ostream>
#include <row.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace broadside::send {

struct read_row {
  std::uint64_t line = 0;
  std::string fault = "none";
  std::vector<std::string> fields{};
  friend bool operator==(const read_row&, const read_row&) = default;
  friend std::ostream& operator<<(std::ostream& out, const read_row& row) {
    out << row.line << ' ' << row.fault;
    for (const std::string& field : row.fields) out << " [" << field << ']';
    return out;
  }
};
using read_rows = std::vector<read_row>;

template <class Reader>
void take_all(Reader& reader, read_rows& out) {
  row read;
  while (reader.next(read)) {
    out.push_back({read.line, std::string(name_of(read.fault)), {read.fields.begin(), read.fields.end()}});
  }
}

/// The text in pieces that end at `ends`.
template <class Reader>
read_rows read_in_pieces(Reader reader, std::string_view text, const std::vector<std::size_t>& ends) {
  read_rows out;
  std::size_t at = 0;
  for (const std::size_t end : ends) {
    // a copy of its own: what a reader keeps of it is found by AddressSanitizer
    const std::string piece(text.substr(at, end - at));
    reader.feed(piece);
    take_all(reader, out);
    at = end;
  }
  reader.feed(std::string(text.substr(at)));
  take_all(reader, out);
  reader.finish();
  take_all(reader, out);
  return out;
}

template <class Reader>
read_rows read_whole(const Reader& reader, std::string_view text) {
  return read_in_pieces(reader, text, {});
}

}  // namespace broadside::send
