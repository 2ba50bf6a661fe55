// fuzz/fuzz_links - links lie inside the text, in order and apart; what is found is found again when it stands alone.
//
// Pure; one thread.
#include <cstddef>
#include <cstdint>
#include <links/links.hpp>
#include <string>
#include <string_view>
#include <support/fuzz.hpp>
#include <vector>

using broadside::fuzz::require;
using broadside::links::find_links;
using broadside::links::found_link;
using broadside::links::link_break;
using broadside::links::shortener;
using broadside::links::shortener_of;

namespace {

bool lies_in(std::string_view inner, std::string_view outer) {
  return inner.data() >= outer.data() && inner.data() + inner.size() <= outer.data() + outer.size();
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool begins_with_scheme(std::string_view text) {
  std::string front(text.substr(0, 8));
  for (char& c : front) c = lower(c);
  return front.starts_with("http://") || front.starts_with("https://");
}

void check_link(std::string_view text, const found_link& link) {
  require(lies_in(link.text, text) && link.text.data() == text.data() + link.at, "a link stands where it says");
  require(!link.host.empty() && lies_in(link.host, link.text), "a host lies in its link");
  require(link.has_scheme == begins_with_scheme(link.text), "has_scheme says what is in front");
  require(link.has_scheme || link.host.data() == link.text.data(), "a bare name begins with its host");
  require(link.text.find_first_of(" \t\r\n<>\"") == std::string_view::npos, "no link spans white space or quotes");
  require(link.text.find("{{") == std::string_view::npos, "no link reaches into a template");

  // What is behind it may say whether a link is broken or an address, what is in it may not.
  std::vector<found_link> alone;
  find_links(link.text, alone);
  require(alone.size() == 1 && alone[0].text == link.text && alone[0].host == link.host,
          "a link alone is the same link");
  require(alone[0].broken == link_break::none || link.broken == alone[0].broken,
          "what breaks a link alone breaks it in a text");

  const shortener kind = shortener_of(link.host);
  require(shortener_of("www." + std::string(link.host)) == kind || link.host.size() > 1000, "a name below one is one");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::vector<found_link> links;
  find_links(text, links);
  require(links.size() <= size / 4, "the shortest link is as long as a.co");
  std::size_t behind = 0;
  for (const found_link& each : links) {
    require(each.at >= behind, "in order, and none overlaps another");
    behind = each.at + each.text.size();
    check_link(text, each);
  }
  (void)shortener_of(text);
  return 0;
}
