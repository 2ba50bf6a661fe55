// providers/rules - grammars of URLs, keys, senders and media types, and the limits of a rendered message.
//
// Pure; any thread. Allocates only to report violations.
#include <fmt/format.h>
#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <providers/rules.hpp>
#include <text/utf8.hpp>

namespace broadside::providers {
namespace {

constexpr std::size_t url_bytes_max = 2048;
constexpr std::size_t api_key_bytes_max = 512;

constexpr char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
constexpr bool is_letter(char c) noexcept { return lower(c) >= 'a' && lower(c) <= 'z'; }
constexpr bool is_visible(char c) noexcept { return c > ' ' && c < '\x7F'; }

/// What follows "http://" or "https://"; nothing when neither is there.
std::optional<std::string_view> after_scheme(std::string_view url) noexcept {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (equal_ignoring_case(url.substr(0, scheme.size()), scheme)) return url.substr(scheme.size());
  }
  return std::nullopt;
}

bool is_port(std::string_view text) noexcept {
  std::uint16_t port = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), port);
  return !text.empty() && read.ec == std::errc{} && read.ptr == text.data() + text.size() && port != 0;
}

/// host or host:port (RFC 3986 §3.2), no user: a registered name, an IPv4 address, or an IPv6 address in brackets.
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
    return is_digit(c) || is_letter(c) || others.find(c) != std::string_view::npos;
  });
}

std::optional<std::string> url_violation(std::string_view url) {
  if (url.size() > url_bytes_max) return fmt::format("has {} bytes, at most {}", url.size(), url_bytes_max);
  const auto rest = after_scheme(url);
  const bool whole = rest && std::all_of(url.begin(), url.end(), is_visible) &&
                     is_authority(rest->substr(0, rest->find_first_of("/?#")));
  if (!whole) return "must be an absolute http or https URL, percent-encoded, without a user";
  return std::nullopt;
}

std::string_view bare_type(std::string_view mime_type) noexcept {
  auto bare = mime_type.substr(0, mime_type.find(';'));
  while (!bare.empty() && (bare.back() == ' ' || bare.back() == '\t')) bare.remove_suffix(1);
  return bare;
}

bool is_name(std::string_view sender) noexcept {
  const auto allowed = [](char c) {
    return is_digit(c) || is_letter(c) || c == ' ' || c == '.' || c == '-' || c == '_';
  };
  return sender.size() >= 3 && sender.size() <= 11 && sender.front() != ' ' && sender.back() != ' ' &&
         std::all_of(sender.begin(), sender.end(), allowed) && std::any_of(sender.begin(), sender.end(), is_letter);
}

}  // namespace

bool equal_ignoring_case(std::string_view a, std::string_view lower_case) noexcept {
  return std::equal(a.begin(), a.end(), lower_case.begin(), lower_case.end(),
                    [](char x, char y) { return lower(x) == y; });
}

void check_base_url(std::string_view base_url, std::vector<violation>& out) {
  const auto rest = after_scheme(base_url);
  if (!rest) {
    out.push_back({"base_url", "must start with https:// or http://"});
    return;
  }
  const auto authority = rest->ends_with('/') ? rest->substr(0, rest->size() - 1) : *rest;
  if (!is_authority(authority)) out.push_back({"base_url", "must be scheme, host and optional port, without a path"});
}

void check_api_key(std::string_view api_key, std::vector<violation>& out) {
  if (api_key.empty()) {
    out.push_back({"api_key", "is required"});
  } else if (api_key.size() > api_key_bytes_max || !std::all_of(api_key.begin(), api_key.end(), is_visible)) {
    out.push_back({"api_key", fmt::format("must be 1 to {} visible ASCII characters", api_key_bytes_max)});
  }
}

void check_identifier(std::string_view field, std::string_view text, std::size_t min, std::size_t max,
                      std::vector<violation>& out) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == '\x7F'; };
  if (text.size() < min || text.size() > max) {
    out.push_back({std::string(field), fmt::format("must have {} to {} bytes, has {}", min, max, text.size())});
  } else if (text::find_invalid_utf8(text) || std::any_of(text.begin(), text.end(), is_control)) {
    out.push_back({std::string(field), "must be UTF-8 without control characters"});
  }
}

std::optional<std::string> sender_violation(std::string_view sender, bool names) {
  const std::string_view digits = without_plus(sender);
  if (!digits.empty() && std::all_of(digits.begin(), digits.end(), is_digit)) {
    const bool short_code = digits == sender && digits.size() >= 4 && digits.size() <= 6 && digits.front() != '0';
    if (short_code || (digits.size() <= 15 && phone::parse(fmt::format("+{}", digits)))) return std::nullopt;
    return "must be a short code of 4 to 6 digits, or a number with its country code";
  }
  if (names && is_name(sender)) return std::nullopt;
  if (names) return "must be a short code, a number with its country code, or a name of 3 to 11 ASCII characters";
  return "must be the digits of a short code, toll-free or 10DLC number: names are not taken";
}

void check_media(std::span<const media_link> media, const content_limits& limits,
                 std::span<const std::string_view> mime_types, std::vector<violation>& out) {
  if (media.size() > limits.media_max) {
    out.push_back({"media", fmt::format("{} objects, at most {} are taken", media.size(), limits.media_max)});
  }
  for (std::size_t i = 0; i < media.size(); ++i) {
    if (auto rule = url_violation(media[i].url)) out.push_back({fmt::format("media[{}].url", i), std::move(*rule)});
    const auto type = bare_type(media[i].mime_type);
    const auto same = [&](std::string_view taken) { return equal_ignoring_case(type, taken); };
    if (std::none_of(mime_types.begin(), mime_types.end(), same)) {
      out.push_back(
          {fmt::format("media[{}].mime_type", i), fmt::format("must be one of {}", fmt::join(mime_types, " "))});
    }
  }
}

std::string_view without_plus(std::string_view sender) noexcept {
  const std::string_view rest = sender.substr(sender.starts_with('+') ? 1 : 0);
  return std::all_of(rest.begin(), rest.end(), is_digit) ? rest : sender;
}

std::optional<errc> content_fault(const message& m, const content_limits& limits) noexcept {
  // Bytes bound code points from above: most texts are decided without counting.
  const auto longer = [](std::string_view text, std::size_t max) {
    return text.size() > max && text::count_code_points(text) > max;
  };
  if (m.text.empty() && m.media.empty()) return errc::message_empty;
  if (m.media.size() > limits.media_max) return errc::invalid_argument;
  if (longer(m.subject, limits.subject_max)) return errc::subject_too_long;
  if (longer(m.text, limits.text_max)) return errc::text_too_long;
  if (m.fallback && m.fallback_text.empty()) return errc::message_empty;  // the SMS would be
  if (m.fallback && longer(m.fallback_text, limits.fallback_text_max)) return errc::fallback_text_too_long;
  return std::nullopt;
}

}  // namespace broadside::providers
