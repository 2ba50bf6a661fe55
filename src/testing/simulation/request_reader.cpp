// testing/simulation/request_reader - see request_reader.hpp.
#include <charconv>
#include <testing/api_exchange.hpp>
#include <testing/simulation/request_reader.hpp>

namespace broadside::testing::sim {
namespace {

constexpr std::string_view line_end = "\r\n";
constexpr std::string_view head_end = "\r\n\r\n";

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

request_reader::progress request_reader::feed(std::string_view bytes) {
  waiting_.append(bytes);
  if (!has_head_) {
    if (waiting_.find(head_end) == std::string::npos) return progress::need_more;
    if (!read_head()) return progress::broken;
    has_head_ = true;
  }
  if (waiting_.size() < body_bytes_) return progress::need_more;
  body_.assign(waiting_, 0, body_bytes_);
  body_.reserve(body_bytes_ + body_padding);
  waiting_.erase(0, body_bytes_);
  return progress::complete;
}

/// Takes the head out of what waits.
bool request_reader::read_head() {
  const std::size_t end = waiting_.find(head_end);
  const std::size_t line = waiting_.find(line_end);
  const std::string_view first = std::string_view(waiting_).substr(0, line);
  const std::size_t a = first.find(' ');
  const std::size_t b = first.rfind(' ');
  if (a == std::string_view::npos || b == a || first.substr(b + 1) != "HTTP/1.1") return false;
  method_ = first.substr(0, a);
  target_ = first.substr(a + 1, b - a - 1);
  head_ = waiting_.substr(line, end + line_end.size() - line);
  waiting_.erase(0, end + head_end.size());
  bool is_name = false;
  for (std::size_t i = 0; i < head_.size(); ++i) {
    if (head_[i] == '\n') is_name = true;
    if (head_[i] == ':') is_name = false;
    if (is_name) head_[i] = lower(head_[i]);
  }
  body_bytes_ = 0;
  const std::string_view length = field("content-length");
  if (length.empty()) return method_ == "GET";
  return std::from_chars(length.data(), length.data() + length.size(), body_bytes_).ec == std::errc{};
}

std::string_view request_reader::field(std::string_view name) const {
  const std::string key = std::string(line_end) + std::string(name) + ":";
  const std::size_t at = head_.find(key);
  if (at == std::string::npos) return {};
  std::string_view value = std::string_view(head_).substr(at + key.size());
  value = value.substr(0, value.find(line_end));
  while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
  return value;
}

void request_reader::next() {
  has_head_ = false;
  head_.clear();
  body_.clear();
  body_bytes_ = 0;
}

}  // namespace broadside::testing::sim
