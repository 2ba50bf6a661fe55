// check/clusters - the first thing in a template that a rule does not like, and where its author finds it.
//
// Pure; any thread. Looks at what the author wrote: literal text and defaults, each by itself.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <text/template.hpp>
#include <text/unicode.hpp>

namespace broadside::check_detail {

struct located {
  std::string_view cluster{};  ///< what a reader sees as one character; of the template
  std::size_t at = 0;          ///< byte offset in the source; of "{{" when it stands in a default
  bool in_default = false;     ///< then only messages without a value have it
  std::size_t count = 0;       ///< how many there are in all
};

/// The first cluster for which `unwanted` holds; one in the literal text goes before those of defaults.
template <class Predicate>
[[nodiscard]] std::optional<located> find_cluster(const text::compiled_template& made, Predicate unwanted) {
  std::optional<located> first;
  std::size_t count = 0;
  for (const auto& piece : made.pieces()) {
    const std::string_view text = piece.literal;
    const bool in_default = piece.attribute >= 0;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = text::cluster_end(text, at);
      const auto cluster = text.substr(at, end - at);
      if (unwanted(cluster)) {
        ++count;
        if (!first || (first->in_default && !in_default)) {
          first = located{cluster, piece.at + (in_default ? 0 : at), in_default};
        }
      }
      at = end;
    }
  }
  if (first) first->count = count;
  return first;
}

/// The first code point of a cluster for which `unwanted` holds. It may be U+0000.
template <class Predicate>
[[nodiscard]] std::optional<char32_t> find_character(std::string_view cluster, Predicate unwanted) {
  for (std::size_t at = 0; at < cluster.size();) {
    const char32_t c = text::next_code_point(cluster, at);
    if (unwanted(c)) return c;
  }
  return std::nullopt;
}

}  // namespace broadside::check_detail
