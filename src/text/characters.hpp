// text/characters - characters that a reader does not see, or is misled by. Pure; any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace broadside::text {

/// C0, DEL and C1 controls; line feed too.
[[nodiscard]] bool is_control(char32_t) noexcept;

/// Shown as nothing: zero-width space and joiners outside emoji, word joiner, BOM, soft hyphen, bidirectional controls,
/// variation selectors outside emoji, Hangul and Mongolian fillers, tags outside flags.
[[nodiscard]] bool is_invisible(char32_t) noexcept;

/// A place in a text and what stands there.
struct character_at {
  std::size_t at = 0;  ///< byte offset
  char32_t character = 0;
};

/// The first character of the (well-formed) text that is_invisible() and is not part of an emoji sequence.
[[nodiscard]] std::optional<character_at> find_invisible(std::string_view text) noexcept;

/// Whether the text contains what mail software reads as an encoded word: "=?charset?B?…?=" (RFC 2047).
[[nodiscard]] bool has_encoded_word(std::string_view text) noexcept;

}  // namespace broadside::text
