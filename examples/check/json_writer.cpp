// check/json_writer - RFC 8259. One thread.
#include "json_writer.hpp"
#include <fmt/format.h>
#include <iterator>
#include <utility>
#include "characters.hpp"

namespace broadside::checking {

void json_writer::comma() {
  if (!out_.empty() && out_.back() != '{' && out_.back() != '[' && out_.back() != ':') out_ += ',';
}

void json_writer::open(char bracket) {
  comma();
  out_ += bracket;
}

void json_writer::quote(std::string_view value) {
  out_ += '"';
  for (std::size_t at = 0; at < value.size();) {
    const character next = first_character(value.substr(at));
    const char32_t c = next.code_point;
    if (!next.well_formed) {
      out_ += "\\ufffd";
    } else if (c == '"' || c == '\\') {
      out_ += '\\';
      out_ += static_cast<char>(c);
    } else if (c < 0x20 || c == 0x7F || c == 0x2028 || c == 0x2029) {
      fmt::format_to(std::back_inserter(out_), "\\u{:04x}", static_cast<std::uint32_t>(c));
    } else {
      out_ += value.substr(at, next.bytes);
    }
    at += next.bytes;
  }
  out_ += '"';
}

void json_writer::text(std::string_view value) { comma(), quote(value); }

void json_writer::number(std::int64_t value) {
  comma();
  out_ += fmt::to_string(value);
}

void json_writer::flag(bool value) {
  comma();
  out_ += value ? "true" : "false";
}

void json_writer::null() {
  comma();
  out_ += "null";
}

void json_writer::key(std::string_view name) {
  comma();
  quote(name);
  out_ += ':';
}

void json_writer::member_or_null(std::string_view name, std::string_view value) {
  key(name);
  value.empty() ? null() : text(value);
}

std::string json_writer::take() {
  out_ += '\n';
  return std::exchange(out_, {});
}

}  // namespace broadside::checking
