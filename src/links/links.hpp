// links/links - where links are in a text, and whose hosts they name.
//
// Pure; any thread. find_links() allocates in `out` only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace broadside::links {

/// Where phones see a link end that goes on.
enum class link_break : std::uint8_t {
  none,
  inside,  ///< an invisible character stands in the link
  behind,  ///< one stands right behind it, or a line break does where the link announces more ("=", "&", "-")
};

struct found_link {
  std::size_t at = 0;       ///< byte offset in the text
  std::string_view text{};  ///< as it stands there, without the punctuation that ends a sentence
  std::string_view host{};  ///< of `text`, without port and user; may have upper case, full-width forms, a last dot
  bool has_scheme = false;  ///< "http://" or "https://" in front; else phones may still make it a link
  link_break broken = link_break::none;  ///< not none: phones open something else
};

/// Appends the links of a (well-formed) text, in order: with a scheme; "www."; and bare names with a well-known
/// top-level domain, those of all shorteners included, with or without a path. Nothing inside "{{ … }}" is looked at.
/// O(length); bytes that are not UTF-8 end a link.
void find_links(std::string_view text, std::vector<found_link>& out);

enum class shortener : std::uint8_t {
  none,
  single_brand,  ///< youtu.be, amzn.to: shorten one brand's own links; carriers tolerate them
  shared,        ///< anybody's links: US carriers refuse messages with them (The Campaign Registry, code 6013)
};

/// What a host is: equal to a listed one or below it ("x.bit.ly"), never merely containing it ("notbit.ly",
/// "bit.ly.example.com"). Case, full-width forms (NFKC) and a last dot make no difference.
[[nodiscard]] shortener shortener_of(std::string_view host);

}  // namespace broadside::links
