// tests/audience - reads a text with an audience_reader, in pieces, into values that tests compare.
//
// Tests only.
#pragma once

#include <algorithm>
#include <broadside/audience_reader.hpp>
#include <cstddef>
#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace broadside::test {

struct read_row {
  std::uint64_t line = 0;
  std::string fault = "none";
  std::vector<std::string> fields{};  // the number, then the values
  friend bool operator==(const read_row&, const read_row&) = default;
  friend std::ostream& operator<<(std::ostream& out, const read_row& row) {
    out << row.line << ' ' << row.fault;
    for (const std::string& field : row.fields) out << " [" << field << ']';
    return out;
  }
};
using read_rows = std::vector<read_row>;

inline read_row good(std::uint64_t line, std::vector<std::string> fields) { return {line, "none", std::move(fields)}; }
inline read_row bad(std::uint64_t line, std::string fault) { return {line, std::move(fault), {}}; }

struct whole_reading {
  read_rows rows{};
  std::vector<std::string> errors{};
  bool has_gap = false;  // in the ordinals
  friend bool operator==(const whole_reading&, const whole_reading&) = default;
};

inline void take_all(audience_reader& reader, whole_reading& out) {
  audience_batch batch;
  while (true) {
    const audience_step step = reader.next(batch);
    if (step == audience_step::unusable) out.errors = reader.errors();
    if (step != audience_step::rows && step != audience_step::bad_row) return;
    out.has_gap |= static_cast<std::uint64_t>(batch.first) != out.rows.size();
    if (step == audience_step::bad_row) out.rows.push_back(bad(batch.lines[0], std::string(name_of(batch.fault))));
    for (std::size_t i = 0; i < batch.recipients.size(); ++i) {
      const recipient& each = batch.recipients[i];
      out.rows.push_back(good(batch.lines[i], {std::string(each.to)}));
      out.rows.back().fields.insert(out.rows.back().fields.end(), each.values.begin(), each.values.end());
    }
  }
}

/// The text in pieces that end at `ends`.
inline whole_reading read_in_pieces(const audience_options& how, std::string_view text,
                                    const std::vector<std::size_t>& ends) {
  audience_reader reader(how);
  whole_reading out;
  std::size_t at = 0;
  const auto feed = [&](std::size_t end) {
    // a copy of its own: what a reader keeps of it is found by AddressSanitizer
    const std::string piece(text.substr(at, end - at));
    for (std::string_view left = piece; !left.empty() && out.errors.empty();) {
      left.remove_prefix(reader.feed(left));
      take_all(reader, out);
    }
    at = end;
  };
  for (const std::size_t end : ends) feed(end);
  feed(text.size());
  reader.finish();
  take_all(reader, out);
  return out;
}

inline whole_reading read_whole(const audience_options& how, std::string_view text) {
  return read_in_pieces(how, text, {});
}

/// CSV whose columns are a, b, c …, the number being the first. Rows have a field for each of them.
inline std::string header_of(std::size_t columns, char delimiter = ',') {
  std::string out;
  for (std::size_t i = 0; i < columns; ++i) {
    if (i > 0) out += delimiter;
    out += static_cast<char>('a' + i);
  }
  return out + '\n';
}
inline audience_options csv_options(std::size_t columns) {
  audience_options out;
  out.columns.to = "a";
  for (std::size_t i = 1; i < columns; ++i) out.columns.values.emplace_back(1, static_cast<char>('a' + i));
  return out;
}

}  // namespace broadside::test
