// http/request_head - the fixed part of a request, checked so that no value can become a second header.
#include <algorithm>
#include <array>
#include <http/request_head.hpp>

namespace broadside::http {
namespace {

// RFC 9110 section 5.6.2
bool is_token(std::string_view text) noexcept {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           marks.find(c) != std::string_view::npos;
  });
}

// RFC 9110 section 5.5, without obs-text
bool is_field_value(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) { return c == '\t' || (c >= ' ' && c <= '~'); });
}

// RFC 9112 section 3.2.1
bool is_origin_form(std::string_view target) noexcept {
  return target.starts_with('/') &&
         std::all_of(target.begin(), target.end(), [](char c) { return c > ' ' && c <= '~' && c != '#'; });
}

bool equal_names(std::string_view a, std::string_view b) noexcept {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

bool is_ours(std::string_view name) noexcept {
  constexpr std::array<std::string_view, 6> ours{"host",   "content-length",    "connection",
                                                 "expect", "transfer-encoding", "upgrade"};
  return std::any_of(ours.begin(), ours.end(), [&](std::string_view other) { return equal_names(name, other); });
}

// Request line and fields, up to where the last ones follow.
result<std::string> begin_head(std::string_view method, std::string_view target, std::string_view authority,
                               std::span<const http_header> headers) {
  if (!is_origin_form(target)) return errc::invalid_argument;
  std::string head(method);
  head.append(" ").append(target).append(" HTTP/1.1\r\nHost: ").append(authority).append("\r\n");
  for (const http_header& header : headers) {
    if (!is_token(header.name) || !is_field_value(header.value) || is_ours(header.name)) return errc::invalid_argument;
    head += header.name + ": " + header.value + "\r\n";
  }
  head += "Connection: keep-alive\r\n";
  return head;
}

}  // namespace

result<std::string> make_request_head(const http_endpoint& endpoint, std::string_view authority) {
  auto head = begin_head("POST", endpoint.target, authority, endpoint.headers);
  if (head) *head += "Content-Length: ";
  return head;
}

result<std::string> make_get_request(std::string_view target, std::string_view authority,
                                     std::span<const http_header> headers) {
  auto head = begin_head("GET", target, authority, headers);
  if (head) *head += "\r\n";
  return head;
}

}  // namespace broadside::http
