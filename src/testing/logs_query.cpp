// testing/logs_query - a query string: names, values, percent signs.
#include <charconv>
#include <optional>
#include <testing/logs_query.hpp>
#include <utility>

namespace broadside::testing {
namespace {

constexpr std::size_t ids_bytes_max = 2048;
constexpr std::size_t rows_max = 1000;

/// What stands before the first `mark`; `rest` becomes what stands behind it.
std::string_view take_until(std::string_view& rest, char mark) {
  const std::size_t at = rest.find(mark);
  const std::string_view taken = rest.substr(0, at);
  rest = at == std::string_view::npos ? std::string_view{} : rest.substr(at + 1);
  return taken;
}

/// RFC 3986 §2.1. Nothing: a percent sign without two hexadecimal digits.
std::optional<std::string> decoded(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    char c = text.front();
    text.remove_prefix(1);
    if (c == '%') {
      unsigned char byte = 0;
      if (text.size() < 2) return std::nullopt;
      const auto read = std::from_chars(text.data(), text.data() + 2, byte, 16);
      if (read.ec != std::errc{} || read.ptr != text.data() + 2) return std::nullopt;
      c = static_cast<char>(byte);
      text.remove_prefix(2);
    }
    out += c;
  }
  return out;
}

std::string_view read_ids(std::string_view text, logs_query& out) {
  if (text.size() > ids_bytes_max) return "size must be between 1 and 2048";
  if (!out.message_ids.empty()) return "must be given once";
  if (text.empty() || text.ends_with(',')) return "must not be empty";
  while (!text.empty()) {
    const std::string_view id = take_until(text, ',');
    if (id.empty()) return "must not be empty";
    out.message_ids.emplace_back(id);
  }
  return {};
}

std::string_view read_limit(std::string_view text, logs_query& out) {
  const auto read = std::from_chars(text.data(), text.data() + text.size(), out.limit);
  const bool whole = read.ec == std::errc{} && read.ptr == text.data() + text.size();
  return whole && out.limit >= 1 && out.limit <= rows_max ? "" : "must be between 1 and 1000";
}

}  // namespace

logs_complaint read_logs_query(std::string_view target, logs_query& out) {
  out.message_ids.clear();
  out.limit = logs_query{}.limit;
  take_until(target, '?');
  while (!target.empty()) {
    std::string_view value = take_until(target, '&');
    const std::string_view name = take_until(value, '=');
    const auto text = decoded(value);
    if (!text) return {"query", "malformed percent encoding"};
    if (name == "messageId") {
      if (const auto rule = read_ids(*text, out); !rule.empty()) return {"messageId", rule};
    } else if (name == "limit") {
      if (const auto rule = read_limit(*text, out); !rule.empty()) return {"limit", rule};
    } else {
      return {"query", "only messageId and limit are simulated"};
    }
  }
  if (out.message_ids.empty()) return {"messageId", "must not be empty"};
  return {};
}

}  // namespace broadside::testing
