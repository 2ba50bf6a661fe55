// send/csv_reader - the state machine. One thread; no clock, no file.
#include "csv_reader.hpp"
#include <algorithm>

namespace broadside::send {
namespace {

constexpr std::string_view bom = "\xEF\xBB\xBF";

}  // namespace

csv_reader::csv_reader(csv_options options) : options_(options) {}

void csv_reader::feed(std::string_view bytes) {
  buffer_.erase(0, row_begin_);
  at_ -= row_begin_;
  for (field& f : fields_) f.begin -= row_begin_, f.end -= row_begin_;
  current_.begin -= std::min(current_.begin, row_begin_);  // stale between rows, set again before it is used
  current_.end -= std::min(current_.end, row_begin_);
  row_begin_ = 0;
  buffer_.append(bytes);
}

bool csv_reader::next(row& out) {
  if (!bom_checked_ && !drop_bom()) return false;
  while (at_ < buffer_.size()) {
    if (step(out)) return true;
  }
  return finished_ && end_of_input(out);
}

// True once it is known whether there is one.
bool csv_reader::drop_bom() {
  if (buffer_.size() < bom.size() && !finished_ && bom.starts_with(buffer_)) return false;
  bom_checked_ = true;
  if (std::string_view(buffer_).starts_with(bom)) start_row(bom.size());
  return true;
}

bool csv_reader::step(row& out) {
  if (state_ == state::skip_line) return skip_line();
  // The limit is a place in the row, not in what was fed: the same bytes give the same rows in whatever pieces.
  const std::size_t row_limit = row_begin_ + options_.row_bytes_max;
  if (at_ >= row_limit) {
    const bool open = state_ == state::quoted && lines_in_row_ > 0;
    return fail(open ? row_fault::unterminated_quote : row_fault::row_too_large, out);
  }
  const std::size_t limit = std::min(buffer_.size(), row_limit);
  switch (state_) {
    case state::field_start:
      current_ = {at_, at_, false};
      state_ = state::plain;
      if (buffer_[at_] == '"') {
        current_.begin = ++at_;
        state_ = state::quoted;
      }
      return false;
    case state::plain:
      return read_plain(limit, out);
    case state::quoted:
      return read_quoted(limit);
    case state::quote_in_quoted:
    case state::cr_after_quote:
      return read_after_quote(out);
    case state::skip_line:
      break;
  }
  return false;
}

bool csv_reader::read_plain(std::size_t limit, row& out) {
  const char delimiter = options_.delimiter;
  while (at_ < limit) {
    const char c = buffer_[at_];
    if (c == '"') return fail(row_fault::bare_quote, out);
    if (c == delimiter) return end_field(at_, c, out);
    if (c == '\n') {
      const bool crlf = at_ > current_.begin && buffer_[at_ - 1] == '\r';
      return end_field(crlf ? at_ - 1 : at_, c, out);
    }
    ++at_;
  }
  return false;
}

bool csv_reader::read_quoted(std::size_t limit) {
  while (at_ < limit) {
    const char c = buffer_[at_++];
    if (c == '\n') ++lines_in_row_;
    if (c == '"') {
      current_.end = at_ - 1;
      state_ = state::quote_in_quoted;
      return false;
    }
  }
  return false;
}

bool csv_reader::read_after_quote(row& out) {
  const char c = buffer_[at_];
  if (c == '\n') return end_field(current_.end, c, out);
  if (state_ == state::cr_after_quote) return fail(row_fault::text_after_quote, out);
  if (c == options_.delimiter) return end_field(current_.end, c, out);
  if (c == '"') {
    current_.escaped = true;
    state_ = state::quoted;
  } else if (c == '\r') {
    state_ = state::cr_after_quote;
  } else {
    return fail(row_fault::text_after_quote, out);
  }
  ++at_;
  return false;
}

bool csv_reader::end_field(std::size_t end, char by, row& out) {
  // `end` is not at_ for quoted fields and CRLF; a blank line is no row
  const bool blank = by == '\n' && fields_.empty() && current_.begin == row_begin_ && end == current_.begin;
  if (blank) {
    ++line_;
    start_row(at_ + 1);
    return false;
  }
  if (fields_.size() >= options_.fields_max) return fail(row_fault::too_many_fields, out);
  current_.end = end;
  fields_.push_back(current_);
  ++at_;
  state_ = state::field_start;
  return by == '\n' && end_row(out);
}

bool csv_reader::end_row(row& out) {
  decode_fields();
  out = {line_, row_fault::none, views_};
  line_ += lines_in_row_ + 1;
  start_row(at_);
  return true;
}

bool csv_reader::end_of_input(row& out) {
  if (row_begin_ >= buffer_.size() || state_ == state::skip_line) return false;
  if (state_ == state::quoted) return fail(row_fault::unterminated_quote, out);
  std::size_t end = at_;
  if (state_ == state::field_start) current_ = {at_, at_, false};  // a delimiter was the last byte
  if (state_ == state::quote_in_quoted || state_ == state::cr_after_quote) end = current_.end;
  if (state_ == state::plain && end > current_.begin && buffer_[end - 1] == '\r') --end;
  return end_field(end, '\n', out);
}

bool csv_reader::fail(row_fault fault, row& out) {
  out = {line_, fault, {}};
  const std::size_t line_end = buffer_.find('\n', row_begin_);
  if (line_end != std::string::npos) {
    ++line_;
    start_row(line_end + 1);
  } else {
    start_row(buffer_.size());
    state_ = state::skip_line;
  }
  return true;
}

bool csv_reader::skip_line() {
  const std::size_t line_end = buffer_.find('\n', at_);
  if (line_end == std::string::npos) {
    row_begin_ = at_ = buffer_.size();
  } else {
    ++line_;
    start_row(line_end + 1);
  }
  return false;
}

void csv_reader::start_row(std::size_t at) noexcept {
  row_begin_ = at_ = at;
  lines_in_row_ = 0;
  fields_.clear();
  state_ = state::field_start;
}

void csv_reader::decode_fields() {
  std::size_t bytes = 0;
  for (const field& f : fields_) bytes += f.escaped ? f.end - f.begin : 0;
  decoded_.clear();
  decoded_.reserve(bytes);  // views into it must not move
  views_.clear();
  const std::string_view all = buffer_;
  for (const field& f : fields_) {
    const std::string_view raw = all.substr(f.begin, f.end - f.begin);
    if (!f.escaped) {
      views_.push_back(raw);
      continue;
    }
    const std::size_t begin = decoded_.size();
    for (std::size_t i = 0; i < raw.size(); ++i) {
      decoded_ += raw[i];
      if (raw[i] == '"') ++i;
    }
    views_.push_back(std::string_view(decoded_).substr(begin));
  }
}

}  // namespace broadside::send
