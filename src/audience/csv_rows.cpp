// audience/csv_rows - field by field from delimiter to delimiter, 64 bytes at a time. One thread.
#include <algorithm>
#include <audience/csv_rows.hpp>
#include <bit>
#include <cstring>

namespace broadside::audience {
namespace {

constexpr std::size_t no_block = 1;  // blocks begin at multiples of their size

const char* find_line_end(const char* begin, const char* end) noexcept {
  return static_cast<const char*>(std::memchr(begin, '\n', static_cast<std::size_t>(end - begin)));
}

}  // namespace

csv_rows::csv_rows(const audience_options& how)
    : delimiter_(how.delimiter), row_bytes_max_(how.row_bytes_max), fields_max_(how.fields_max) {}

void csv_rows::begin(byte_window& window, bool finished) noexcept {
  bytes_ = window.data();
  end_ = window.end();
  finished_ = finished;
  block_ = no_block;
}

void csv_rows::keep_fields(std::size_t count) {
  keeps_all_ = false;
  fields_.resize(count);
}

bool csv_rows::next(byte_window& window, row& out) {
  if (skipping_) drop_line(window);
  while (window.begin() < end_ && may_end(window)) {
    row_begin_ = window.begin();
    limit_ = std::min(end_, row_begin_ + row_bytes_max_);
    const found what = scan();
    looked_at_ = what == found::more ? end_ - row_begin_ : 0;
    switch (what) {
      case found::more:
        return false;
      case found::fault:
        out = {.line = line_, .fault = fault_};
        drop_line(window);
        return true;
      case found::field:  // none: a blank line
        ++line_;
        window.drop_before(next_);
        break;
      case found::last_field:
        take_row(out);
        window.drop_before(next_);
        return true;
    }
  }
  return false;
}

/// Whether it is worth while to scan again.
bool csv_rows::may_end(const byte_window& window) noexcept {
  const std::size_t size = end_ - window.begin();
  if (looked_at_ == 0 || finished_ || size > row_bytes_max_) return true;
  const char* const begin = bytes_ + window.begin();
  if (find_line_end(begin + looked_at_, begin + size) != nullptr) return true;
  looked_at_ = size;
  return false;
}

/// A whole row, a blank line as a `field`, or why there is none.
csv_rows::found csv_rows::scan() {
  lines_inside_ = 0;
  escaped_.clear();
  std::size_t count = 0;
  for (std::size_t at = row_begin_;;) {
    const bool quoted = at < limit_ && bytes_[at] == '"';
    const field read = quoted ? quoted_field(at + 1) : plain_field(at);
    if (read.what == found::more || read.what == found::fault) {
      fault_ = read.fault;
      return read.what;
    }
    next_ = at = read.next;
    const bool last = read.what == found::last_field;
    if (last && read.begin == row_begin_ && read.end == read.begin) return found::field;
    if (count == fields_max_) {
      fault_ = row_fault::too_many_fields;
      return found::fault;
    }
    keep(count++, read);
    if (!last) continue;
    field_count_ = count;
    return found::last_field;
  }
}

csv_rows::field csv_rows::plain_field(std::size_t at) noexcept {
  const std::size_t end = find_end(at);
  if (end >= limit_) return stopped(state::plain, {.begin = at, .end = limit_});
  const char by = bytes_[end];
  if (by == '"') return {.what = found::fault, .fault = row_fault::bare_quote};
  if (by == delimiter_) return {.what = found::field, .begin = at, .end = end, .next = end + 1};
  const bool crlf = end > at && bytes_[end - 1] == '\r';
  return {.what = found::last_field, .begin = at, .end = crlf ? end - 1 : end, .next = end + 1};
}

/// `at` is behind the opening quote.
csv_rows::field csv_rows::quoted_field(std::size_t at) noexcept {
  field read{.begin = at};
  for (;; at = read.end + 2, read.escaped = true) {
    read.end = find_quote(at);
    if (read.end >= limit_) return stopped(state::quoted, read);
    if (read.end + 1 >= limit_) return stopped(state::quote_in_quoted, read);
    if (bytes_[read.end + 1] != '"') break;
  }
  at = read.end + 1;
  read.what = bytes_[at] == delimiter_ ? found::field : found::last_field;
  if (bytes_[at] == '\r' && ++at >= limit_) return stopped(state::quote_in_quoted, read);
  if (read.what == found::last_field && bytes_[at] != '\n') {
    return {.what = found::fault, .fault = row_fault::text_after_quote};
  }
  read.next = at + 1;
  return read;
}

/// No byte of the row is left to look at: it is too long, or there are no more yet, or this is the end.
csv_rows::field csv_rows::stopped(state in, field read) const noexcept {
  read.what = found::fault;
  if (end_ > limit_) {
    const bool open = in == state::quoted && lines_inside_ > 0;
    read.fault = open ? row_fault::unterminated_quote : row_fault::row_too_large;
  } else if (!finished_) {
    read.what = found::more;
  } else if (in == state::quoted) {
    read.fault = row_fault::unterminated_quote;
  } else {
    if (in == state::plain && read.end > read.begin && bytes_[read.end - 1] == '\r') --read.end;
    read.what = found::last_field;
    read.next = end_;
  }
  return read;
}

inline void csv_rows::keep(std::size_t place, const field& read) {
  if (place >= fields_.size()) {
    if (!keeps_all_) return;
    fields_.emplace_back();
  }
  fields_[place] = {bytes_ + read.begin, read.end - read.begin};
  if (read.escaped) escaped_.push_back(place);
}

/// The first quote, delimiter or line end at `at` or behind it; limit_ or a place behind it: none.
inline std::size_t csv_rows::find_end(std::size_t at) noexcept {
  constexpr std::size_t size = byte_masks::bytes;
  look_at(at / size * size);
  if (const auto ends = masks_.ends >> (at % size); ends != 0)
    return at + static_cast<unsigned>(std::countr_zero(ends));
  for (std::size_t block = block_ + size; block < limit_; block += size) {
    look_at(block);
    if (masks_.ends != 0) return block + static_cast<unsigned>(std::countr_zero(masks_.ends));
  }
  return limit_;
}

/// The first quote at `at` or behind it, or limit_. Counts the line ends before it.
inline std::size_t csv_rows::find_quote(std::size_t at) noexcept {
  constexpr std::size_t size = byte_masks::bytes;
  while (at < limit_) {
    look_at(at / size * size);
    const std::uint64_t quotes = masks_.quotes >> (at % size);
    const std::uint64_t line_ends = masks_.line_ends >> (at % size);
    const std::size_t rest = quotes == 0 ? size - at % size : static_cast<unsigned>(std::countr_zero(quotes));
    const std::size_t passed = std::min(rest, limit_ - at);
    if (line_ends != 0) {
      const std::uint64_t before = passed == size ? ~std::uint64_t{0} : (std::uint64_t{1} << passed) - 1;
      lines_inside_ += static_cast<unsigned>(std::popcount(line_ends & before));
    }
    at += passed;
    if (at < limit_ && bytes_[at] == '"') break;
  }
  return at;
}

inline void csv_rows::look_at(std::size_t block) noexcept {
  if (block == block_) return;
  block_ = block;
  masks_ = masks_of(bytes_ + block, delimiter_);
}

/// The physical line that the window begins with, or what there is of it.
void csv_rows::drop_line(byte_window& window) noexcept {
  const char* const line_end = find_line_end(bytes_ + window.begin(), bytes_ + end_);
  skipping_ = line_end == nullptr;
  window.drop_before(skipping_ ? end_ : static_cast<std::size_t>(line_end - bytes_) + 1);
  if (!skipping_) ++line_;
}

void csv_rows::take_row(row& out) noexcept {
  for (const std::size_t place : escaped_) {
    std::string_view& text = fields_[place];
    char* const begin = bytes_ + (text.data() - bytes_);
    char* to = begin;
    for (std::size_t i = 0; i < text.size(); ++i) {
      *to++ = text[i];
      if (text[i] == '"') ++i;
    }
    text = {begin, static_cast<std::size_t>(to - begin)};
  }
  const std::size_t kept = std::min(field_count_, fields_.size());
  out = {.line = line_, .field_count = field_count_, .fields = std::span(fields_).first(kept)};
  line_ += lines_inside_ + 1;
}

}  // namespace broadside::audience
