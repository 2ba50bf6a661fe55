// media/url - see url.hpp.
#include <algorithm>
#include <charconv>
#include <cstdint>
#include <media/url.hpp>

namespace broadside::media {
namespace {

constexpr char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
constexpr bool is_visible(char c) noexcept { return c > ' ' && c < '\x7F'; }
constexpr bool is_alphanumeric(char c) noexcept {
  return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z');
}

bool starts_with(std::string_view text, std::string_view lower_case) noexcept {
  return text.size() >= lower_case.size() && std::equal(lower_case.begin(), lower_case.end(), text.begin(),
                                                        [](char wanted, char c) { return lower(c) == wanted; });
}

bool is_port(std::string_view text) noexcept {
  std::uint16_t port = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), port);
  return !text.empty() && read.ec == std::errc{} && read.ptr == text.data() + text.size() && port != 0;
}

}  // namespace

std::optional<std::string_view> after_scheme(std::string_view url) noexcept {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (starts_with(url, scheme)) return url.substr(scheme.size());
  }
  return std::nullopt;
}

bool is_authority(std::string_view text) noexcept {
  const bool literal = text.starts_with('[');
  const auto host_end = literal ? text.find(']') + 1 : std::min(text.find(':'), text.size());
  if (literal && host_end == 0) return false;  // no bracket closes it
  std::string_view host = text.substr(0, host_end);
  const std::string_view rest = text.substr(host_end);
  if (!rest.empty() && (rest.front() != ':' || !is_port(rest.substr(1)))) return false;
  if (literal) host = host.substr(1, host.size() - 2);
  const std::string_view others = literal ? std::string_view(":.") : std::string_view("-._");
  return !host.empty() && host.size() <= 253 && std::all_of(host.begin(), host.end(), [&](char c) {
    return is_alphanumeric(c) || others.find(c) != std::string_view::npos;
  });
}

bool is_fetchable_url(std::string_view url) noexcept {
  const auto rest = after_scheme(url);
  return rest && url.size() <= url_bytes_max && std::all_of(url.begin(), url.end(), is_visible) &&
         is_authority(rest->substr(0, rest->find_first_of("/?#")));
}

bool is_https(std::string_view url) noexcept { return starts_with(url, "https://"); }

}  // namespace broadside::media
