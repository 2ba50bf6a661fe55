// providers/rules - grammars of base URLs, keys and identifiers.
//
// Pure; any thread. Allocates only to report violations.
#include <fmt/format.h>
#include <algorithm>
#include <cstddef>
#include <media/url.hpp>
#include <providers/rules.hpp>
#include <text/utf8.hpp>

namespace broadside::providers {
namespace {

constexpr std::size_t api_key_bytes_max = 512;

constexpr bool is_visible(char c) noexcept { return c > ' ' && c < '\x7F'; }

}  // namespace

void check_base_url(std::string_view base_url, std::vector<violation>& out) {
  const auto rest = media::after_scheme(base_url);
  if (!rest) {
    out.push_back({"base_url", "must start with https:// or http://"});
    return;
  }
  const auto authority = rest->ends_with('/') ? rest->substr(0, rest->size() - 1) : *rest;
  if (!media::is_authority(authority))
    out.push_back({"base_url", "must be scheme, host and optional port, without a path"});
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

std::string_view without_plus(std::string_view sender) noexcept {
  if (!sender.starts_with('+')) return sender;
  const std::string_view rest = sender.substr(1);
  const bool number = std::all_of(rest.begin(), rest.end(), [](char c) { return c >= '0' && c <= '9'; });
  return number ? rest : sender;
}

}  // namespace broadside::providers
