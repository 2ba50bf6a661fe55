// media/url - see url.hpp.
#include <arpa/inet.h>
#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <media/url.hpp>
#include <text/ascii.hpp>

namespace broadside::media {
namespace {

using text::lower;
using text::starts_with_ignoring_case;

constexpr bool is_alphanumeric(char c) noexcept {
  return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z');
}

bool is_port(std::string_view text) noexcept {
  std::uint16_t port = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), port);
  return !text.empty() && read.ec == std::errc{} && read.ptr == text.data() + text.size() && port != 0;
}

constexpr bool is_hexadecimal(char c) noexcept {
  return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'f');
}

/// Path, query and fragment (RFC 3986, section 3.3 to 3.5): what is not one of these characters is percent-encoded.
bool is_tail(std::string_view text) noexcept {
  constexpr std::string_view others = "-._~!$&'()*+,;=:@/?";
  bool in_fragment = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (is_alphanumeric(c) || others.find(c) != std::string_view::npos) continue;
    if (c == '#' && !in_fragment) {
      in_fragment = true;
    } else if (c == '%' && text.size() - at > 2 && is_hexadecimal(text[at + 1]) && is_hexadecimal(text[at + 2])) {
      at += 2;
    } else {
      return false;
    }
  }
  return true;
}

/// What stands between the brackets.
bool is_ipv6(std::string_view text) noexcept {
  std::array<char, INET6_ADDRSTRLEN> terminated{};
  if (text.size() >= terminated.size()) return false;
  std::copy(text.begin(), text.end(), terminated.begin());
  in6_addr address{};
  return ::inet_pton(AF_INET6, terminated.data(), &address) == 1;
}

}  // namespace

std::optional<std::string_view> after_scheme(std::string_view url) noexcept {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (starts_with_ignoring_case(url, scheme)) return url.substr(scheme.size());
  }
  return std::nullopt;
}

bool is_authority(std::string_view text) noexcept {
  const bool literal = text.starts_with('[');
  const auto host_end = literal ? text.find(']') + 1 : std::min(text.find(':'), text.size());
  if (literal && host_end == 0) return false;  // no bracket closes it
  const std::string_view host = text.substr(0, host_end);
  const std::string_view rest = text.substr(host_end);
  if (!rest.empty() && (rest.front() != ':' || !is_port(rest.substr(1)))) return false;
  if (literal) return is_ipv6(host.substr(1, host.size() - 2));
  return !host.empty() && host.size() <= 253 && std::all_of(host.begin(), host.end(), [](char c) {
    return is_alphanumeric(c) || c == '-' || c == '.' || c == '_';
  });
}

bool is_fetchable_url(std::string_view url) noexcept {
  const auto rest = after_scheme(url);
  if (!rest || url.size() > url_bytes_max) return false;
  const std::size_t tail_at = std::min(rest->find_first_of("/?#"), rest->size());
  return is_authority(rest->substr(0, tail_at)) && is_tail(rest->substr(tail_at));
}

bool is_https(std::string_view url) noexcept { return starts_with_ignoring_case(url, "https://"); }

}  // namespace broadside::media
