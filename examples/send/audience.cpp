// send/audience - the header, then records. One thread; no clock, no file.
#include "audience.hpp"
#include <fmt/format.h>
#include <algorithm>
#include <utility>
#include "closest.hpp"

namespace broadside::send {
namespace {

constexpr std::size_t shown_max = 64;  // bytes of a column's name that an error repeats

std::variant<csv_reader, jsonl_reader> make_reader(audience_format format, const audience_columns& columns,
                                                   csv_options csv) {
  if (format == audience_format::csv) return csv_reader(csv);
  std::vector<std::string> keys{columns.to};
  keys.insert(keys.end(), columns.values.begin(), columns.values.end());
  return jsonl_reader(std::move(keys), {csv.row_bytes_max});
}

std::string_view trimmed(std::string_view name) noexcept {
  const std::size_t first = name.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return name.substr(first, name.find_last_not_of(" \t") - first + 1);
}

}  // namespace

std::optional<audience_format> format_of(std::string_view file_name) noexcept {
  const auto has = [&](std::string_view end) { return file_name.ends_with(end); };
  if (has(".csv") || has(".tsv") || has(".txt")) return audience_format::csv;
  if (has(".jsonl") || has(".ndjson") || has(".json")) return audience_format::jsonl;
  return std::nullopt;
}

audience_reader::audience_reader(audience_format format, const audience_columns& columns, csv_options csv)
    : columns_(columns),
      delimiter_(csv.delimiter),
      reader_(make_reader(format, columns, csv)),
      header_read_(format == audience_format::jsonl),
      values_(columns.values.size()) {
  for (std::size_t i = 0; header_read_ && i <= values_.size(); ++i) places_.push_back(i);
  header_size_ = places_.size();
}

void audience_reader::feed(std::string_view bytes) {
  std::visit([&](auto& reader) { reader.feed(bytes); }, reader_);
}

void audience_reader::finish() {
  finished_ = true;
  std::visit([](auto& reader) { reader.finish(); }, reader_);
}

bool audience_reader::next_row(row& out) {
  return std::visit([&](auto& reader) { return reader.next(out); }, reader_);
}

audience_step audience_reader::next(audience_record& out) {
  if (!errors_.empty()) return audience_step::unusable;
  row read;
  if (!next_row(read)) {
    if (!finished_ || header_read_) return audience_step::more;
    errors_.emplace_back("the audience is empty: its first line must name the columns");
    return audience_step::unusable;
  }
  if (!header_read_) {
    if (!read_header(read)) return audience_step::unusable;
    return next(out);  // once: the header is read
  }
  out = {number_++, read.line, read.fault, {}, {}};
  if (read.fault == row_fault::none) map_fields(read.fields, out);
  return audience_step::record;
}

bool audience_reader::read_header(const row& header) {
  header_read_ = true;
  if (header.fault != row_fault::none) {
    errors_.push_back(fmt::format("the header in line {} cannot be read: {}", header.line, explain(header.fault)));
    return false;
  }
  if (header.fields[0].starts_with("\xFF\xFE") || header.fields[0].starts_with("\xFE\xFF")) {
    errors_.emplace_back("the audience is UTF-16: save it as UTF-8");
    return false;
  }
  std::vector<std::string_view> names;
  for (const std::string_view name : header.fields) names.push_back(trimmed(name));
  find_column(columns_.to, names, "the phone number");
  for (const std::string& name : columns_.values) find_column(name, names, "an attribute");
  if (!errors_.empty() && names.size() == 1) {
    errors_.push_back(fmt::format("the header has one column only when it is split at '{}': is the delimiter another?",
                                  delimiter_ == '\t' ? std::string_view("\\t") : std::string_view(&delimiter_, 1)));
  }
  header_size_ = header.fields.size();
  return errors_.empty();
}

void audience_reader::find_column(std::string_view name, std::span<const std::string_view> header,
                                  std::string_view what) {
  const auto found = std::find(header.begin(), header.end(), name);
  if (found == header.end()) {
    const std::string_view near = closest(name, header);
    errors_.push_back(fmt::format("no column \"{}\" for {}{}", name.substr(0, shown_max), what,
                                  near.empty() ? "" : fmt::format("; did you mean \"{}\"?", near)));
    return;
  }
  if (std::find(found + 1, header.end(), name) != header.end()) {
    errors_.push_back(fmt::format("the column \"{}\" for {} is there twice", name.substr(0, shown_max), what));
  }
  places_.push_back(static_cast<std::size_t>(found - header.begin()));
}

void audience_reader::map_fields(std::span<const std::string_view> fields, audience_record& out) {
  if (fields.size() != header_size_) {
    out.fault = row_fault::wrong_number_of_fields;
    return;
  }
  out.to = fields[places_[0]];
  if (trimmed(out.to).empty()) {
    out.fault = row_fault::missing_to;
    return;
  }
  for (std::size_t i = 0; i < values_.size(); ++i) values_[i] = fields[places_[i + 1]];
  out.values = values_;
}

}  // namespace broadside::send
