// http/chunked - takes the framing off a body that comes in chunks: the machine.
#include <algorithm>
#include <http/chunked.hpp>

namespace broadside::http {
namespace {

constexpr unsigned size_digits_max = 16;

int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// HTAB, SP, VCHAR, obs-text: what RFC 9110 section 5.5 lets stand in a line
bool may_stand_in_a_line(char c) noexcept {
  const auto u = static_cast<unsigned char>(c);
  return c == '\t' || (u >= 0x20 && u != 0x7F);
}

}  // namespace

void chunked_reader::reset(std::size_t data_max, std::size_t ignored_max) noexcept {
  data_room_ = data_max;
  ignored_room_ = ignored_max;
  at_ = part::first_digit;
}

chunked_reader::progress chunked_reader::next(std::string_view& in, std::string_view& piece) noexcept {
  while (!in.empty()) {
    if (at_ == part::data) {
      const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(left_, in.size()));
      piece = in.substr(0, n);
      in.remove_prefix(n);
      left_ -= n;
      if (left_ == 0) at_ = part::data_cr;
      return progress::data;
    }
    const char c = in.front();
    in.remove_prefix(1);
    const progress now = take(c);
    if (now != progress::need_more) return now;
  }
  return progress::need_more;
}

chunked_reader::progress chunked_reader::take(char c) noexcept {
  switch (at_) {
    case part::first_digit:
    case part::digits:
      return take_digit(c, at_ == part::first_digit);
    case part::extension:
      return ignore(c, part::header_lf);
    case part::header_lf:
      return c == '\n' ? after_header() : progress::malformed;
    case part::data_cr:
      return expect(c, '\r', part::data_lf);
    case part::data_lf:
      return expect(c, '\n', part::first_digit);
    case part::trailer_start:
      return c == '\r' ? expect(c, '\r', part::last_lf) : ignore(c, part::trailer_lf);
    case part::trailer:
      return ignore(c, part::trailer_lf);
    case part::trailer_lf:
      return expect(c, '\n', part::trailer_start);
    case part::last_lf:
      return c == '\n' ? progress::complete : progress::malformed;
    case part::data:
      break;  // next() takes these many at a time
  }
  return progress::malformed;
}

chunked_reader::progress chunked_reader::take_digit(char c, bool first) noexcept {
  const int value = hex_value(c);
  if (first) {
    if (value < 0) return progress::malformed;
    left_ = 0;
    digits_ = 0;
    at_ = part::digits;
  } else if (value < 0) {
    at_ = part::extension;
    const bool begins_extension = c == ';' || c == ' ' || c == '\t';
    return c == '\r' || begins_extension ? ignore(c, part::header_lf) : progress::malformed;
  }
  if (++digits_ > size_digits_max) return progress::malformed;
  left_ = left_ * 16 + static_cast<std::uint64_t>(value);  // fits: 16 digits
  return left_ > data_room_ ? progress::too_large : progress::need_more;
}

chunked_reader::progress chunked_reader::ignore(char c, part at_cr) noexcept {
  if (c == '\r') {
    at_ = at_cr;
    return progress::need_more;
  }
  if (at_ == part::trailer_start) at_ = part::trailer;
  if (!may_stand_in_a_line(c)) return progress::malformed;
  if (ignored_room_ == 0) return progress::too_large;
  --ignored_room_;
  return progress::need_more;
}

chunked_reader::progress chunked_reader::expect(char got, char wanted, part then) noexcept {
  if (got != wanted) return progress::malformed;
  at_ = then;
  return progress::need_more;
}

chunked_reader::progress chunked_reader::after_header() noexcept {
  data_room_ -= static_cast<std::size_t>(left_);
  at_ = left_ == 0 ? part::trailer_start : part::data;
  return progress::need_more;
}

}  // namespace broadside::http
