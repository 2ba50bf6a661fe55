// text/characters - ranges of characters that are not seen, and the emoji sequences in which they are at home. Pure;
// any thread; no allocation.
#include <algorithm>
#include <array>
#include <text/characters.hpp>
#include <text/emoji.hpp>
#include <text/unicode.hpp>

namespace broadside::text {
namespace {

struct code_points {
  char32_t first;
  char32_t last;
};

// Default_Ignorable_Code_Point of Unicode 15 (places reserved for more of them included), and U+FFF9 to U+FFFB.
constexpr std::array<code_points, 19> invisible{{
    {0x00AD, 0x00AD},    // soft hyphen
    {0x034F, 0x034F},    // combining grapheme joiner
    {0x061C, 0x061C},    // Arabic letter mark
    {0x115F, 0x1160},    // Hangul fillers
    {0x17B4, 0x17B5},    // Khmer inherent vowels
    {0x180B, 0x180F},    // Mongolian variation selectors and vowel separator
    {0x200B, 0x200F},    // zero-width space and joiners, direction marks
    {0x202A, 0x202E},    // bidirectional embeddings and overrides
    {0x2060, 0x206F},    // word joiner, invisible operators, isolates
    {0x3164, 0x3164},    // Hangul filler
    {0xFE00, 0xFE0F},    // variation selectors
    {0xFEFF, 0xFEFF},    // zero-width no-break space, the byte order mark
    {0xFFA0, 0xFFA0},    // half-width Hangul filler
    {0xFFF0, 0xFFF8},    // reserved
    {0xFFF9, 0xFFFB},    // interlinear annotation
    {0x1BCA0, 0x1BCA3},  // shorthand format controls
    {0x1D173, 0x1D17A},  // musical beams and slurs
    {0xE0000, 0xE00FF},  // tags, and reserved
    {0xE0100, 0xE0FFF},  // variation selectors, and reserved
}};

constexpr char32_t joiner = 0x200D;
constexpr char32_t text_style = 0xFE0E;
constexpr char32_t emoji_style = 0xFE0F;
constexpr char32_t keycap = 0x20E3;
constexpr char32_t black_flag = 0x1F3F4;
constexpr char32_t tag_first = 0xE0020;
constexpr char32_t tag_last = 0xE007E;
constexpr char32_t tag_end = 0xE007F;

/// The code point at `at`, or 0 at the end. `behind` is set to where the next one starts.
char32_t peek(std::string_view text, std::size_t at, std::size_t& behind) noexcept {
  behind = at;
  return at < text.size() ? next_code_point(text, behind) : U'\0';
}

bool is_pictograph(char32_t c) noexcept { return c >= 0x80 && (is_emoji(c) || is_extended_pictographic(c)); }

/// End of the tags that start at `at`, when they are closed as a flag's must be; else `at`.
std::size_t behind_tags(std::string_view text, std::size_t at) noexcept {
  std::size_t behind = at;
  for (std::size_t next = at; next < text.size();) {
    const char32_t c = peek(text, next, behind);
    if (c == tag_end) return behind;
    if (c < tag_first || c > tag_last) break;
    next = behind;
  }
  return at;
}

/// Behind what may follow the emoji character `c` unseen: its style, a flag's tags, a joiner with another emoji behind.
std::size_t behind_emoji(std::string_view text, char32_t c, std::size_t at) noexcept {
  std::size_t behind = at;
  const char32_t style = peek(text, at, behind);
  if (c < 0x80) {  // a digit, # or *: an emoji only as a keycap
    std::size_t ignored = 0;
    return style == emoji_style && peek(text, behind, ignored) == keycap ? behind : at;
  }
  if (style == emoji_style || style == text_style) at = behind;
  if (c == black_flag) at = behind_tags(text, at);
  if (peek(text, at, behind) == joiner) {
    std::size_t ignored = 0;
    if (is_pictograph(peek(text, behind, ignored))) return behind;
  }
  return at;
}

// Of an encoded word (RFC 2047 section 2): neither its character set nor its text has a space or a "?".
constexpr bool may_be_encoded(char c) noexcept { return c > ' ' && c <= '~' && c != '?'; }

/// Behind the characters at `at` that an encoded word may have between its question marks; `at` when there is none.
std::size_t behind_encoded(std::string_view text, std::size_t at) noexcept {
  while (at < text.size() && may_be_encoded(text[at])) ++at;
  return at;
}

}  // namespace

bool is_control(char32_t c) noexcept { return c < 0x20 || (c >= 0x7F && c <= 0x9F); }

bool is_invisible(char32_t c) noexcept {
  if (c < invisible.front().first) return false;
  const auto* range = std::lower_bound(invisible.begin(), invisible.end(), c,
                                       [](const code_points& each, char32_t wanted) { return each.last < wanted; });
  return range != invisible.end() && range->first <= c;
}

std::optional<character_at> find_invisible(std::string_view text) noexcept {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t start = at;
    const char32_t c = next_code_point(text, at);
    if (is_invisible(c)) return character_at{start, c};
    if (is_emoji(c) || is_extended_pictographic(c)) at = behind_emoji(text, c, at);
  }
  return std::nullopt;
}

bool has_encoded_word(std::string_view text) noexcept {
  // Each step ends at a question mark, so that no byte is read more than a few times.
  for (std::size_t start = text.find("=?"); start != std::string_view::npos; start = text.find("=?", start + 1)) {
    const std::size_t charset = start + 2;
    const std::size_t mark = behind_encoded(text, charset);
    if (mark == charset || text.substr(mark, 1) != "?") continue;
    const std::string_view encoding = text.substr(mark + 1, 2);
    if (encoding != "B?" && encoding != "b?" && encoding != "Q?" && encoding != "q?") continue;
    if (text.substr(behind_encoded(text, mark + 3), 2) == "?=") return true;
  }
  return false;
}

}  // namespace broadside::text
