// links/host - labels, and the top-level domains that make a link of a bare name. Pure; any thread; no allocation.
#include <algorithm>
#include <array>
#include <links/character.hpp>
#include <links/host.hpp>

namespace broadside::links {
namespace {

constexpr std::size_t host_characters_max = 253;  // RFC 1035 section 2.3.4, without the root's dot
constexpr std::size_t label_characters_max = 63;

// Top-level domains that texts to customers name without a scheme, all of the listed shorteners' among them. Sorted.
constexpr std::array<std::string_view, 126> top_level_domains{
    "ae",      "ai",     "app",   "at",    "au",     "be",    "bio",    "biz",    "blog",  "br",       "ca",
    "cafe",    "care",   "cc",    "ch",    "chat",   "cl",    "click",  "clinic", "cloud", "club",     "cn",
    "co",      "com",    "de",    "deals", "dev",    "dk",    "do",     "edu",    "es",    "eu",       "events",
    "fashion", "fi",     "fit",   "fm",    "fr",     "fun",   "fyi",    "gd",     "gg",    "gift",     "gl",
    "gle",     "gov",    "gr",    "gy",    "health", "help",  "hk",     "id",     "ie",    "il",       "im",
    "in",      "info",   "ink",   "io",    "is",     "it",    "jp",     "kr",     "la",    "life",     "link",
    "live",    "ly",     "me",    "media", "mobi",   "mp",    "museum", "mx",     "name",  "net",      "news",
    "ng",      "nl",     "nu",    "nyc",   "nz",     "one",   "online", "org",    "page",  "ph",       "pizza",
    "plus",    "pro",    "pt",    "ru",    "sale",   "se",    "sg",     "shoes",  "shop",  "shopping", "site",
    "so",      "social", "space", "store", "studio", "style", "sx",     "tech",   "tips",  "to",       "today",
    "top",     "travel", "tt",    "tv",    "tw",     "uk",    "us",     "vc",     "vip",   "website",  "world",
    "ws",      "xxx",    "xyz",   "yoga",  "za",
};
static_assert(std::is_sorted(top_level_domains.begin(), top_level_domains.end()));

bool is_top_level_domain(std::string_view lower_case) noexcept {
  return std::binary_search(top_level_domains.begin(), top_level_domains.end(), lower_case);
}

constexpr bool is_inner(char32_t c) noexcept { return c == '-' || c == '_'; }

struct host_shape {
  bool valid = false;
  std::size_t labels = 0;
  std::size_t last_label = 0;  // offset
};

host_shape shape_of(std::string_view host) noexcept {
  host_shape shape{true, 1, 0};
  std::size_t characters = 0;
  std::size_t in_label = 0;
  bool inner_last = false;
  std::array<bool, 2> underscore{};  // in the label that is read, and in the one before
  for (std::size_t at = 0; at < host.size();) {
    const character next = read(host, at);
    at += next.length;
    if (next.role == role::invisible) continue;
    ++characters;
    if (next.role == role::dot) {
      shape.valid = shape.valid && in_label != 0 && !inner_last;
      ++shape.labels;
      shape.last_label = at;
      in_label = 0;
      underscore = {false, underscore[0]};
      continue;
    }
    const char32_t c = narrow(next.code_point);
    inner_last = is_inner(c);
    if (++in_label > label_characters_max || (in_label == 1 && inner_last)) shape.valid = false;
    underscore[0] = underscore[0] || c == '_';
  }
  shape.valid = shape.valid && in_label != 0 && !inner_last && !underscore[0] && !underscore[1] &&
                characters <= host_characters_max;
  return shape;
}

/// The part of a last label that is a top-level domain without a scheme to vouch for it: its ASCII front, for scripts
/// without spaces go on right behind. Full-width forms count as ASCII.
struct ascii_label {
  std::array<char, 16> letters{};
  std::size_t size = 0;  // more letters than there is room: 0
  std::size_t end = 0;   // offset behind them

  [[nodiscard]] std::string_view view() const noexcept { return {letters.data(), size}; }
};

ascii_label ascii_front(std::string_view text) noexcept {
  ascii_label label;
  for (std::size_t at = 0; at < text.size();) {
    const character next = read(text, at);
    at += next.length;
    if (next.role == role::invisible) continue;
    const char32_t c = lower(narrow(next.code_point));
    if (next.role != role::name || c >= 0x80) break;
    if (label.size == label.letters.size()) return {};
    label.letters[label.size++] = static_cast<char>(c);
    label.end = at;
  }
  return label;
}

bool begins_with_www(std::string_view host) noexcept {
  const std::string_view front = host.substr(0, 4);
  return front.size() == 4 && front[3] == '.' &&
         std::all_of(front.begin(), front.begin() + 3, [](char c) { return c == 'w' || c == 'W'; });
}

bool is_word(std::string_view label) noexcept {
  return label.size() >= 2 &&
         std::all_of(label.begin(), label.end(), [](char c) { return is_letter(static_cast<unsigned char>(c)); });
}

}  // namespace

host_extent read_host(std::string_view text, std::size_t at, in_front before) noexcept {
  host_extent extent{at, at};
  bool behind_dot = true;
  while (extent.read_to < text.size()) {
    const character next = read(text, extent.read_to);
    const bool dot = next.role == role::dot;
    const bool letter = next.role == role::name || (next.role == role::symbol && before == in_front::scheme);
    if ((dot && behind_dot) || !(dot || letter || next.role == role::invisible)) break;
    extent.read_to += next.length;
    if (letter && !is_inner(narrow(next.code_point))) extent.end = extent.read_to;
    if (dot || letter) behind_dot = dot;
  }
  return extent;
}

bool is_host(std::string_view host) noexcept { return shape_of(host).valid; }

std::size_t bare_name_length(std::string_view host) noexcept {
  const host_shape shape = shape_of(host);
  if (shape.labels < 2) return 0;
  const ascii_label last = ascii_front(host.substr(shape.last_label));
  const bool known = is_top_level_domain(last.view());
  const bool www = shape.labels > 2 && begins_with_www(host) && is_word(last.view());
  if (!known && !www) return 0;
  const std::size_t length = shape.last_label + last.end;
  return is_host(host.substr(0, length)) ? length : 0;
}

}  // namespace broadside::links
