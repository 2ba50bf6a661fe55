// text/unicode - asks utf8proc about code points only, never about whole texts: its own loops over a text sort in
// quadratic time and allocate with malloc.
#include <utf8proc.h>
#include <algorithm>
#include <array>
#include <cstdint>
#include <text/unicode.hpp>
#include <vector>

namespace broadside::text {
namespace {

constexpr char32_t zero_width_joiner = 0x200D;

bool is_continuation(char byte) noexcept { return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U; }

bool is_ascii(char byte) noexcept { return static_cast<unsigned char>(byte) < 0x80; }

struct code_point_range {
  char32_t first = 0;
  char32_t last = 0;
};

// Code points that stand for themselves in the form, start with a starter when decomposed, and are never the second
// half of a composition: between them and what stands before, the form changes nothing. Complete for nothing but these.
constexpr std::array<code_point_range, 18> nfc_inert{{
    {0x0000, 0x02FF},    // Latin
    {0x03A3, 0x0482},    // Greek, Cyrillic
    {0x048A, 0x052F},    // Cyrillic
    {0x061B, 0x064A},    // Arabic
    {0x10D0, 0x10FF},    // Georgian
    {0x1E00, 0x1EFF},    // Latin: Vietnamese
    {0x2002, 0x2064},    // punctuation
    {0x20A0, 0x20C0},    // currencies
    {0x20E2, 0x20E4},    // keycaps
    {0x2190, 0x2328},    // arrows, mathematics
    {0x2460, 0x2ADB},    // enclosed, boxes, symbols
    {0x3041, 0x3096},    // Hiragana
    {0x30A0, 0xA48C},    // Katakana, CJK, Yi
    {0xAC00, 0xD7A3},    // Hangul syllables
    {0xFDF0, 0xFE19},    // variation selectors
    {0x1F1E6, 0x1F1FF},  // flags
    {0x1F300, 0x1F6D7},  // emoji
    {0x1F900, 0x1FA53},
}};
constexpr std::array<code_point_range, 11> nfkc_inert{{
    {0x0000, 0x009F},
    {0x00BF, 0x0131},
    {0x014A, 0x017E},
    {0x03A3, 0x03CF},
    {0x03FA, 0x0482},
    {0x048A, 0x052F},
    {0x061B, 0x064A},
    {0x3041, 0x3096},
    {0x3400, 0xA48C},
    {0xAC00, 0xD7A3},
    {0x1F300, 0x1F6D7},
}};

template <std::size_t N>
bool in(const std::array<code_point_range, N>& ranges, char32_t c) noexcept {
  return std::any_of(ranges.begin(), ranges.end(), [c](const auto& each) { return c >= each.first && c <= each.last; });
}

// Rule GB9c of UAX #29, which is younger than utf8proc's tables: consonants that a virama joins are one cluster in the
// scripts that draw them as one (Indic_Conjunct_Break of Unicode 15.1: Devanagari, Bengali, Gujarati, Oriya, Telugu,
// Malayalam).
constexpr std::array<code_point_range, 26> conjunct_consonants{{
    {0x0915, 0x0939}, {0x0958, 0x095F}, {0x0978, 0x097F}, {0x0995, 0x09A8}, {0x09AA, 0x09B0}, {0x09B2, 0x09B2},
    {0x09B6, 0x09B9}, {0x09DC, 0x09DD}, {0x09DF, 0x09DF}, {0x09F0, 0x09F1}, {0x0A95, 0x0AA8}, {0x0AAA, 0x0AB0},
    {0x0AB2, 0x0AB3}, {0x0AB5, 0x0AB9}, {0x0AF9, 0x0AF9}, {0x0B15, 0x0B28}, {0x0B2A, 0x0B30}, {0x0B32, 0x0B33},
    {0x0B35, 0x0B39}, {0x0B5C, 0x0B5D}, {0x0B5F, 0x0B5F}, {0x0B71, 0x0B71}, {0x0C15, 0x0C28}, {0x0C2A, 0x0C39},
    {0x0C58, 0x0C5A}, {0x0D15, 0x0D3A},
}};

auto combining_class(utf8proc_int32_t c) noexcept { return utf8proc_get_property(c)->combining_class; }

bool is_conjunct_consonant(char32_t c) noexcept {
  const auto found = std::lower_bound(conjunct_consonants.begin(), conjunct_consonants.end(), c,
                                      [](const code_point_range& each, char32_t value) { return each.last < value; });
  return found != conjunct_consonants.end() && c >= found->first;
}

bool is_virama(char32_t c) noexcept {
  return c == 0x094D || c == 0x09CD || c == 0x0ACD || c == 0x0B4D || c == 0x0C4D || c == 0x0D4D;
}

/// What may stand between the consonants of a conjunct.
bool is_inside_conjunct(char32_t c) noexcept {
  return c == zero_width_joiner || combining_class(static_cast<utf8proc_int32_t>(c)) != 0;
}

/// Follows a text and says whether what stands before a consonant joins it.
class conjunct_state {
 public:
  explicit conjunct_state(char32_t first) noexcept { take(first); }

  [[nodiscard]] bool joins(char32_t next) const noexcept { return linked_ && is_conjunct_consonant(next); }
  void take(char32_t c) noexcept {
    if (is_conjunct_consonant(c)) {
      open_ = true;
      linked_ = false;
    } else if (open_) {
      open_ = is_inside_conjunct(c);
      linked_ = open_ && (linked_ || is_virama(c));
    }
  }

 private:
  bool open_ = false;    // a consonant stands before, and nothing behind it that ends a conjunct
  bool linked_ = false;  // and a virama
};

/// Letters and signs that join nothing on either side, so that nobody has to be asked: Latin, Cyrillic, ideographs. (CR
/// LF, which are in here, do.)
bool stands_alone(char32_t c) noexcept {
  return c < 0x300 || (c >= 0x400 && c <= 0x482) || (c >= 0x4E00 && c <= 0x9FFF);
}

bool is_regional_indicator(char32_t c) noexcept { return c >= 0x1F1E6 && c <= 0x1F1FF; }

/// Whether a cluster ends between the two whatever stands before them. What utf8proc answers without state is that,
/// except for emoji joined by ZWJ and for conjuncts, where one needs to know what the joiner follows.
bool is_certain_boundary(char32_t before, char32_t after) noexcept {
  if (stands_alone(before) && stands_alone(after)) return before != U'\r' || after != U'\n';
  return before != zero_width_joiner && !(is_conjunct_consonant(after) && is_inside_conjunct(before)) &&
         utf8proc_grapheme_break(static_cast<utf8proc_int32_t>(before), static_cast<utf8proc_int32_t>(after));
}

/// Regional indicators directly before `at`, not before `from`; 0 when there is none at `at`. They pair up from the
/// first of a run on.
std::size_t count_flag_letters(std::string_view text, std::size_t from, std::size_t at) noexcept {
  std::size_t count = 0;
  for (std::size_t here = at;; ++count) {
    std::size_t next = here;
    if (!is_regional_indicator(next_code_point(text, next))) return count == 0 ? 0 : count - 1;
    if (here == from) return count;
    here = previous_code_point(text, here);
  }
}

/// A normalisation form that composes.
struct form {
  bool (*is_inert)(char32_t) noexcept;
  int options = 0;  // of utf8proc_decompose_char()
};

using code_points = std::vector<utf8proc_int32_t>;

void append_decomposed(code_points& out, char32_t c, int options) {
  std::array<utf8proc_int32_t, 32> parts{};  // the longest is U+FDFA in NFKD: 18
  const auto n = utf8proc_decompose_char(static_cast<utf8proc_int32_t>(c), parts.data(), std::ssize(parts),
                                         static_cast<utf8proc_option_t>(options), nullptr);
  if (n < 0 || n > std::ssize(parts)) {
    out.push_back(static_cast<utf8proc_int32_t>(c));
  } else {
    out.insert(out.end(), parts.begin(), parts.begin() + n);
  }
}

/// The canonical ordering algorithm (Unicode 15, D109): runs of non-starters by their class, equals in their order.
void order_marks(code_points& text) {
  const auto is_mark = [](utf8proc_int32_t c) { return combining_class(c) != 0; };
  const auto lower = [](utf8proc_int32_t a, utf8proc_int32_t b) { return combining_class(a) < combining_class(b); };
  for (auto run = std::find_if(text.begin(), text.end(), is_mark); run != text.end();) {
    const auto end = std::find_if_not(run, text.end(), is_mark);
    if (!std::is_sorted(run, end, lower)) std::stable_sort(run, end, lower);
    run = std::find_if(end, text.end(), is_mark);
  }
}

void append_normalised(std::string& out, std::string_view text, const form& f, code_points& room) {
  room.clear();
  for (std::size_t at = 0; at < text.size();) append_decomposed(room, next_code_point(text, at), f.options);
  order_marks(room);
  const auto n = utf8proc_normalize_utf32(room.data(), std::ssize(room),
                                          static_cast<utf8proc_option_t>(UTF8PROC_COMPOSE | UTF8PROC_STABLE));
  room.resize(n < 0 ? room.size() : static_cast<std::size_t>(n));
  for (const auto c : room) append_utf8(out, static_cast<char32_t>(c));
}

/// Behind the inert code points from `at` on; `last` becomes the start of the last of them, or stays.
std::size_t skip_inert(std::string_view text, std::size_t at, const form& f, std::size_t& last) noexcept {
  while (at < text.size()) {
    std::size_t next = at;
    if (!f.is_inert(next_code_point(text, next))) break;
    last = at;
    at = next;
  }
  return at;
}

std::size_t skip_active(std::string_view text, std::size_t at, const form& f) noexcept {
  while (at < text.size()) {
    std::size_t next = at;
    if (f.is_inert(next_code_point(text, next))) break;
    at = next;
  }
  return at;
}

/// What is inert is copied. The rest is normalised piece by piece, each with the inert code point before it, which may
/// be the base that it composes with.
bool append_form(std::string& out, std::string_view text, const form& f) {
  const std::size_t begin = out.size();
  out.reserve(begin + text.size());
  code_points room;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t base = at;
    const std::size_t active = skip_inert(text, at, f, base);
    if (active == text.size()) base = active;
    out.append(text.substr(at, base - at));
    at = skip_active(text, active, f);
    if (base < at) append_normalised(out, text.substr(base, at - base), f, room);
  }
  return std::string_view(out).substr(begin) != text;
}

bool is_nfkc_inert(char32_t c) noexcept { return in(nfkc_inert, c); }

}  // namespace

char32_t next_code_point(std::string_view text, std::size_t& at) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<char32_t>(static_cast<unsigned char>(text[at + i])); };
  const char32_t lead = byte(0);
  if (lead < 0x80) return ++at, lead;
  const std::size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (text.size() - at < length) return at = text.size(), U'\uFFFD';  // not well-formed: at least not past the end
  char32_t c = lead & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) c = c << 6U | (byte(i) & 0x3FU);
  at += length;
  return c;
}

std::size_t previous_code_point(std::string_view text, std::size_t at) noexcept {
  --at;
  while (at > 0 && is_continuation(text[at])) --at;
  return at;
}

void append_utf8(std::string& out, char32_t c) {
  const auto push = [&out](char32_t byte) { out.push_back(static_cast<char>(static_cast<unsigned char>(byte))); };
  const auto push_tail = [&](unsigned shift) { push(0x80U | (c >> shift & 0x3FU)); };
  if (c < 0x80) return push(c);
  if (c < 0x800) {
    push(0xC0U | c >> 6U);
  } else if (c < 0x10000) {
    push(0xE0U | c >> 12U);
    push_tail(6);
  } else {
    push(0xF0U | c >> 18U);
    push_tail(12);
    push_tail(6);
  }
  push_tail(0);
}

std::size_t cluster_end(std::string_view text, std::size_t at) noexcept {
  char32_t before = next_code_point(text, at);
  // Two ASCII characters are two clusters, unless they are CR LF.
  if (before < 0x80 && before != U'\r' && at < text.size() && is_ascii(text[at])) return at;
  utf8proc_int32_t state = 0;
  conjunct_state conjunct(before);
  while (at < text.size()) {
    std::size_t next = at;
    const char32_t after = next_code_point(text, next);
    const bool breaks = utf8proc_grapheme_break_stateful(static_cast<utf8proc_int32_t>(before),
                                                         static_cast<utf8proc_int32_t>(after), &state);
    if (breaks && !conjunct.joins(after)) break;
    conjunct.take(after);
    before = after;
    at = next;
  }
  return at;
}

std::size_t cluster_start(std::string_view text, std::size_t from, std::size_t at) noexcept {
  if (const std::size_t before = count_flag_letters(text, from, at); before > 1) {
    return before % 2 == 0 ? at : previous_code_point(text, at);
  }
  std::size_t start = at;
  std::size_t next = at;
  for (char32_t after = next_code_point(text, next); start > from;) {
    const std::size_t previous = previous_code_point(text, start);
    next = previous;
    const char32_t before = next_code_point(text, next);
    if (is_certain_boundary(before, after)) break;
    start = previous;
    after = before;
  }
  for (;;) {
    const std::size_t end = cluster_end(text, start);
    if (end > at) return start;
    start = end;
  }
}

std::size_t count_clusters(std::string_view text) noexcept {
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size(); at = cluster_end(text, at)) ++count;
  return count;
}

bool is_nfc_inert(char32_t c) noexcept { return in(nfc_inert, c); }

bool append_nfc(std::string& out, std::string_view text) {
  return append_form(out, text, {is_nfc_inert, UTF8PROC_DECOMPOSE});
}

bool append_nfkc(std::string& out, std::string_view text) {
  return append_form(out, text, {is_nfkc_inert, UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT});
}

}  // namespace broadside::text
