// preflight/bytes_rules - what only a media object's bytes tell: whether it is what it says, whole, and fit for phones.
//
// Pure; any thread; allocates.
#pragma once

#include <broadside/check.hpp>
#include <broadside/media.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace broadside::preflight_detail {

/// One object, and everything that was said of it. Views live during the call.
struct looked_at {
  const media_facts& facts;
  std::string_view declared{};      ///< MIME type in the campaign; empty: none
  std::string_view content_type{};  ///< of the server; empty: none
  std::string_view url{};           ///< empty: none
  std::string where{};              ///< "media[0]"
};

/// Whether this is a type whose inside is not read, so that `facts` are those of an unknown one.
[[nodiscard]] bool is_unread(const looked_at&) noexcept;

/// Appends what is found.
void check_bytes(const looked_at&, std::vector<finding>&);

/// The format that a URL's or a file's name promises with its extension; nothing when it promises none.
[[nodiscard]] std::optional<media_format> format_of_name(std::string_view url) noexcept;

}  // namespace broadside::preflight_detail
