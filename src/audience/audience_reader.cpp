// audience/audience_reader - the header, then batches of rows. One thread; no clock, no file.
#include <fmt/format.h>
#include <algorithm>
#include <audience/byte_window.hpp>
#include <audience/closest.hpp>
#include <audience/csv_rows.hpp>
#include <audience/json_rows.hpp>
#include <audience/row.hpp>
#include <broadside/audience_reader.hpp>
#include <cstring>
#include <utility>
#include <variant>

namespace broadside {
namespace {

using audience::byte_window;
using audience::csv_rows;
using audience::json_rows;
using audience::row;

constexpr std::size_t shown_max = 64;  // bytes of a column's name that an error repeats
constexpr std::size_t bytes_max = std::size_t{1} << 30U;
constexpr std::size_t batch_most = 65'536;

std::string_view trimmed(std::string_view name) noexcept {
  const std::size_t first = name.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return name.substr(first, name.find_last_not_of(" \t") - first + 1);
}

std::variant<csv_rows, json_rows> rows_of(const audience_options& how) {
  using rows = std::variant<csv_rows, json_rows>;
  return how.format == audience_format::csv ? rows(std::in_place_type<csv_rows>, how)
                                            : rows(std::in_place_type<json_rows>, how);
}

}  // namespace

std::optional<audience_format> audience_format_of(std::string_view file_name) noexcept {
  const auto has = [&](std::string_view end) { return file_name.ends_with(end); };
  if (has(".csv") || has(".tsv") || has(".txt")) return audience_format::csv;
  if (has(".jsonl") || has(".ndjson") || has(".json")) return audience_format::jsonl;
  return std::nullopt;
}

std::vector<violation> audience_options::validate() const {
  std::vector<violation> out;
  const auto bounded = [&](const char* field, std::size_t value, std::size_t most) {
    if (value < 1 || value > most) out.push_back({field, fmt::format("must be from 1 to {}", most)});
  };
  if (std::string_view("\"\r\n").find(delimiter) != std::string_view::npos) {
    out.push_back({"delimiter", "must be neither a quote nor a line end"});
  }
  bounded("row_bytes_max", row_bytes_max, bytes_max);
  bounded("fields_max", fields_max, bytes_max);
  bounded("block_bytes", block_bytes, bytes_max);
  bounded("batch_max", batch_max, batch_most);
  return out;
}

class audience_reader::impl {
 public:
  explicit impl(audience_options how) : impl(std::move(how), {}) {
    for (const violation& each : how_.validate()) errors_.push_back(fmt::format("{} {}", each.field, each.rule));
    if (!errors_.empty()) return;
    window_ = byte_window(how_.block_bytes, how_.row_bytes_max + how_.block_bytes);
    const std::size_t values = how_.columns.values.size();
    recipients_.resize(how_.batch_max);
    lines_.resize(how_.batch_max);
    values_.resize(how_.batch_max * values);
    for (std::size_t i = 0; i < how_.batch_max; ++i)
      recipients_[i].values = std::span(values_).subspan(i * values, values);
    for (std::size_t i = 0; header_read_ && i <= values; ++i) places_.push_back(i);
    header_size_ = places_.size();
  }

  [[nodiscard]] std::span<char> room() { return window_.room(); }
  void filled(std::size_t bytes) noexcept { window_.filled(bytes); }
  void finish() noexcept { finished_ = true; }
  [[nodiscard]] const std::vector<std::string>& errors() const noexcept { return errors_; }

  audience_step next(audience_batch& out) {
    out = {};
    if (!errors_.empty()) return audience_step::unusable;
    if (!bom_checked_ && !drop_bom()) return audience_step::more;
    return std::visit([&](auto& rows) { return read(rows, out); }, rows_);
  }

 private:
  struct nothing {};
  impl(audience_options how, nothing)
      : how_(std::move(how)), rows_(rows_of(how_)), header_read_(how_.format == audience_format::jsonl) {}

  bool drop_bom();
  template <class Rows>
  audience_step read(Rows&, audience_batch& out);
  template <class Rows>
  audience_step read_header(Rows&);
  template <class Rows>
  std::size_t read_rows(Rows&);
  audience_step give_bad(audience_batch& out);
  void take_header(const row&);
  void find_column(std::string_view name, std::span<const std::string_view> header, std::string_view what);
  [[nodiscard]] row_fault map_fields(const row&, std::size_t at) noexcept;

  audience_options how_;
  byte_window window_{0, 0};
  std::variant<csv_rows, json_rows> rows_;
  bool bom_checked_ = false;
  bool header_read_;
  bool finished_ = false;
  std::size_t header_size_ = 0;
  std::vector<std::size_t> places_;  // of to, then of each value, in a row's fields
  std::vector<std::string> errors_;

  std::uint64_t ordinal_ = 0;  // of the next row
  std::optional<row> bad_;     // ended the batch before; given next
  std::vector<recipient> recipients_;
  std::vector<std::uint64_t> lines_;
  std::vector<std::string_view> values_;  // of all recipients, each has its own part
};

/// True once it is known whether there is one.
bool audience_reader::impl::drop_bom() {
  const std::string_view mark = audience::byte_order_mark;
  const std::string_view read(window_.data(), window_.end());
  if (read.size() < mark.size() && !finished_ && mark.starts_with(read)) return false;
  bom_checked_ = true;
  if (read.starts_with(mark)) window_.drop_before(mark.size());
  return true;
}

template <class Rows>
audience_step audience_reader::impl::read(Rows& rows, audience_batch& out) {
  rows.begin(window_, finished_);
  if (!header_read_) {
    if (const audience_step step = read_header(rows); step != audience_step::rows) return step;
  }
  if (!bad_) {
    const std::uint64_t first = ordinal_;
    const std::size_t count = read_rows(rows);
    out = {.first = ordinal{first},
           .recipients = std::span(recipients_).first(count),
           .lines = std::span(lines_).first(count)};
    if (count > 0) return audience_step::rows;
  }
  return bad_ ? give_bad(out) : audience_step::more;
}

template <class Rows>
audience_step audience_reader::impl::read_header(Rows& rows) {
  row header;
  if (rows.next(window_, header)) {
    take_header(header);
  } else if (finished_) {
    errors_.emplace_back("the audience is empty: its first line must name the columns");
  } else {
    return audience_step::more;
  }
  if (!errors_.empty()) return audience_step::unusable;
  if constexpr (std::is_same_v<Rows, csv_rows>) rows.keep_fields(header_size_);
  return audience_step::rows;
}

/// Fills recipients_ and lines_ until there is a bad row, the batch is full, or the window has no more; how many.
template <class Rows>
std::size_t audience_reader::impl::read_rows(Rows& rows) {
  std::size_t count = 0;
  for (row read; count < how_.batch_max && rows.next(window_, read); ++count) {
    if (read.fault == row_fault::none) read.fault = map_fields(read, count);
    if (read.fault != row_fault::none) {
      bad_ = read;
      break;
    }
    lines_[count] = read.line;
  }
  ordinal_ += count;
  return count;
}

audience_step audience_reader::impl::give_bad(audience_batch& out) {
  lines_[0] = bad_->line;
  out = {.first = ordinal{ordinal_++}, .lines = std::span(lines_).first(1), .fault = bad_->fault};
  bad_.reset();
  return audience_step::bad_row;
}

void audience_reader::impl::take_header(const row& header) {
  header_read_ = true;
  if (header.fault != row_fault::none) {
    errors_.push_back(fmt::format("the header in line {} cannot be read: {}", header.line, explain(header.fault)));
    return;
  }
  if (header.fields[0].starts_with("\xFF\xFE") || header.fields[0].starts_with("\xFE\xFF")) {
    errors_.emplace_back("the audience is UTF-16: save it as UTF-8");
    return;
  }
  std::vector<std::string_view> names;
  for (const std::string_view name : header.fields) names.push_back(trimmed(name));
  find_column(how_.columns.to, names, "the phone number");
  for (const std::string& name : how_.columns.values) find_column(name, names, "an attribute");
  if (!errors_.empty() && names.size() == 1) {
    const char delimiter = how_.delimiter;
    errors_.push_back(fmt::format("the header has one column only when it is split at '{}': is the delimiter another?",
                                  delimiter == '\t' ? std::string_view("\\t") : std::string_view(&delimiter, 1)));
  }
  header_size_ = names.size();
}

void audience_reader::impl::find_column(std::string_view name, std::span<const std::string_view> header,
                                        std::string_view what) {
  const auto found = std::find(header.begin(), header.end(), name);
  if (found == header.end()) {
    const std::string_view near = audience::closest(name, header);
    errors_.push_back(fmt::format("no column \"{}\" for {}{}", name.substr(0, shown_max), what,
                                  near.empty() ? "" : fmt::format("; did you mean \"{}\"?", near)));
    return;
  }
  if (std::find(found + 1, header.end(), name) != header.end()) {
    errors_.push_back(fmt::format("the column \"{}\" for {} is there twice", name.substr(0, shown_max), what));
  }
  places_.push_back(static_cast<std::size_t>(found - header.begin()));
}

/// Into the recipient at `at` of the batch.
row_fault audience_reader::impl::map_fields(const row& read, std::size_t at) noexcept {
  if (read.field_count != header_size_) return row_fault::wrong_number_of_fields;
  const std::string_view to = read.fields[places_[0]];
  if (trimmed(to).empty()) return row_fault::missing_to;
  recipients_[at].to = to;
  const std::size_t count = places_.size() - 1;
  for (std::size_t i = 0; i < count; ++i) values_[at * count + i] = read.fields[places_[i + 1]];
  return row_fault::none;
}

audience_reader::audience_reader(audience_options how) : impl_(std::make_unique<impl>(std::move(how))) {}
audience_reader::audience_reader(audience_reader&&) noexcept = default;
audience_reader& audience_reader::operator=(audience_reader&&) noexcept = default;
audience_reader::~audience_reader() = default;

std::span<char> audience_reader::room() { return impl_->room(); }
void audience_reader::filled(std::size_t bytes) noexcept { impl_->filled(bytes); }
void audience_reader::finish() noexcept { impl_->finish(); }
audience_step audience_reader::next(audience_batch& out) { return impl_->next(out); }
const std::vector<std::string>& audience_reader::errors() const noexcept { return impl_->errors(); }

std::size_t audience_reader::feed(std::string_view bytes) {
  const std::span<char> to = room();
  const std::size_t taken = bytes.copy(to.data(), to.size());
  filled(taken);
  return taken;
}

}  // namespace broadside
