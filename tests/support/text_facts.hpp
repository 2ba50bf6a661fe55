// support/text_facts - what test vectors state of short texts, by the functions of text/ and sms/ that the rules use.
//
// Pure; any thread; no allocation.
#pragma once

#include <cstddef>
#include <string_view>

namespace broadside::test {

/// Counts and flags of one text. What is not well-formed counts as U+FFFD; a surrogate written as three bytes as one.
struct text_facts {
  std::size_t bytes = 0;
  std::size_t code_points = 0;
  std::size_t utf16_units = 0;
  std::size_t clusters = 0;            ///< what a reader counts (UAX #29)
  bool ascii_printable = true;         ///< 0x20 to 0x7E only
  bool gsm7 = true;                    ///< the default alphabet with its extension holds it
  bool emoji_property = false;         ///< \p{Emoji}: digits, # and * too
  bool emoji_presentation = false;     ///< \p{Emoji_Presentation}
  bool extended_pictographic = false;  ///< \p{Extended_Pictographic}
  bool shows_emoji = false;            ///< text::has_emoji()
  bool control = false;                ///< a C0 or C1 control, line breaks too
  bool invisible = false;              ///< text::find_invisible()
  bool lone_surrogate = false;         ///< ill-formed: half of a UTF-16 pair
  bool well_formed = true;
};

[[nodiscard]] text_facts facts_of(std::string_view text) noexcept;

}  // namespace broadside::test
