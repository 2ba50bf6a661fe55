// text/emoji - what Unicode's emoji data says of a code point, and whether a text shows an emoji. Pure; any thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace broadside::text {

/// Properties of UTS #51 (Unicode 15).
[[nodiscard]] bool is_emoji(char32_t) noexcept;  ///< digits, # and * too
[[nodiscard]] bool is_emoji_presentation(char32_t) noexcept;
[[nodiscard]] bool is_extended_pictographic(char32_t) noexcept;

/// Whether phones show an emoji somewhere in the (well-formed) text: a code point with emoji presentation, an emoji
/// with U+FE0F, a keycap, a pair of regional indicators, a tag or ZWJ sequence. Digits, (c) and TM as such are none.
[[nodiscard]] bool has_emoji(std::string_view text) noexcept;

}  // namespace broadside::text
