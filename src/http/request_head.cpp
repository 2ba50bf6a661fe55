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

bool is_visible(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~' && c != '#'; });
}

// RFC 9112 section 3.2.1
bool is_origin_form(std::string_view target) noexcept { return target.starts_with('/') && is_visible(target); }

bool equal_names(std::string_view a, std::string_view b) noexcept {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

bool is_ours(std::string_view name) noexcept {
  constexpr std::array<std::string_view, 6> ours{"host",   "content-length",    "connection",
                                                 "expect", "transfer-encoding", "upgrade"};
  return std::any_of(ours.begin(), ours.end(), [&](std::string_view other) { return equal_names(name, other); });
}

// From the end of the target up to where the last fields follow.
result<std::string> begin_fields(std::string_view authority, std::span<const http_header> headers) {
  std::string head(" HTTP/1.1\r\nHost: ");
  head.append(authority).append("\r\n");
  for (const http_header& header : headers) {
    if (!is_token(header.name) || !is_field_value(header.value) || is_ours(header.name)) return errc::invalid_argument;
    head += header.name + ": " + header.value + "\r\n";
  }
  head += "Connection: keep-alive\r\n";
  return head;
}

}  // namespace

result<request_head> make_request_head(const http_endpoint& endpoint, std::string_view authority) {
  if (!is_origin_form(endpoint.target)) return errc::invalid_argument;
  auto fields = begin_fields(authority, endpoint.headers);
  if (!fields) return fields.error();
  if (endpoint.method == http_method::get) {
    return request_head{endpoint.method, "GET " + endpoint.target, *fields + "\r\n"};
  }
  return request_head{endpoint.method, "POST " + endpoint.target + *fields + "Content-Length: ", {}};
}

bool is_target_rest(std::string_view text) noexcept { return text.size() <= target_rest_bytes_max && is_visible(text); }

result<std::string> make_get_request(std::string_view target, std::string_view authority,
                                     std::span<const http_header> headers) {
  if (!is_origin_form(target)) return errc::invalid_argument;
  auto fields = begin_fields(authority, headers);
  if (!fields) return fields.error();
  return std::string("GET ").append(target) + *fields + "\r\n";
}

}  // namespace broadside::http
