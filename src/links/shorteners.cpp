// links/shorteners - hosts that shorten anybody's links, as providers and The Campaign Registry name them.
//
// Pure; any thread. Allocates for hosts that are not ASCII.
#include <algorithm>
#include <array>
#include <links/links.hpp>
#include <string>
#include <text/characters.hpp>
#include <text/unicode.hpp>
#include <text/utf8.hpp>

namespace broadside::links {
namespace {

struct listed {
  std::string_view host;
  shortener kind = shortener::shared;
};

// Sorted by host.
constexpr std::array<listed, 45> shorteners{{
    {"9qr.de"},
    {"adf.ly"},
    {"alturl.com"},
    {"amzn.to", shortener::single_brand},
    {"app.link"},
    {"bc.vc"},
    {"bit.do"},
    {"bit.ly"},
    {"bitly.com"},
    {"bitly.ws"},
    {"bl.ink"},
    {"budurl.com"},
    {"buff.ly"},
    {"clck.ru"},
    {"clicky.me"},
    {"cutt.ly"},
    {"db.tt"},
    {"dlvr.it"},
    {"fb.me"},
    {"goo.gl"},
    {"hubs.ly"},
    {"is.gd"},
    {"j.mp"},
    {"lc.chat"},
    {"linki.la"},
    {"lnkd.in"},
    {"minm.xyz"},
    {"ow.ly"},
    {"qr.ae"},
    {"rb.gy"},
    {"rebrand.ly"},
    {"s.id"},
    {"s2r.co"},
    {"serveirc.com"},
    {"shorturl.at"},
    {"shrtco.de"},
    {"snip.ly"},
    {"soo.gd"},
    {"t.co"},
    {"t.ly"},
    {"tiny.cc"},
    {"tinyurl.com"},
    {"v.gd"},
    {"wp.me"},
    {"youtu.be", shortener::single_brand},
}};

constexpr bool by_host(const listed& a, const listed& b) noexcept { return a.host < b.host; }
static_assert(std::is_sorted(shorteners.begin(), shorteners.end(), by_host));

constexpr std::size_t host_bytes_max = 1024;  // a name of 253 octets, each written with a look-alike of four

void lower_ascii(std::string& text) noexcept {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
}

/// The host as a browser asks for it: look-alikes by what they stand for, without what is not seen, in lower case.
std::string plain(std::string_view host) {
  std::string composed;
  text::append_nfkc(composed, host);
  std::string seen;
  for (std::size_t at = 0; at < composed.size();) {
    const char32_t c = text::next_code_point(composed, at);
    if (!text::is_invisible(c)) text::append_utf8(seen, c);
  }
  lower_ascii(seen);
  return seen;
}

}  // namespace

shortener shortener_of(std::string_view host) {
  if (host.size() > host_bytes_max || text::find_invalid_utf8(host)) return shortener::none;
  const std::string wanted = plain(host);
  std::string_view rest = wanted;
  if (rest.ends_with('.')) rest.remove_suffix(1);
  for (;;) {
    const auto* found = std::lower_bound(shorteners.begin(), shorteners.end(), listed{rest}, by_host);
    if (found != shorteners.end() && found->host == rest) return found->kind;
    const std::size_t dot = rest.find('.');
    if (dot == std::string_view::npos) return shortener::none;
    rest.remove_prefix(dot + 1);
  }
}

}  // namespace broadside::links
