// check/opt_out - whether a message tells how to get no more of them. Pure; any thread; allocates.
//
// Carriers of the US and Canada want it in marketing messages; which words, is theirs: STOP and its kin (CTIA), ARRET.
#include <algorithm>
#include <array>
#include <check/inspected.hpp>
#include <check/wording.hpp>
#include <text/unicode.hpp>

namespace broadside::check_detail {
namespace {

/// One word of a text, and how it was written.
struct word {
  std::string lower{};   // ASCII in lower case; é and ê as e
  bool capitals = true;  // no lower-case letter in it
  bool hyphen = false;   // joined to the word in front of it: "non-stop"
};

bool is_separator(char32_t c) noexcept {
  const bool alphanumeric = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  if (c < 0x80) return !alphanumeric;
  return c < 0xC0 || (c >= 0x2000 && c <= 0x206F) || (c >= 0x3000 && c <= 0x303F);
}

char32_t folded(char32_t c) noexcept {
  if (c >= 'A' && c <= 'Z') return c - 'A' + 'a';
  const bool e = (c >= 0xC8 && c <= 0xCB) || (c >= 0xE8 && c <= 0xEB);
  return e ? U'e' : c;
}

/// Words of the composed text; values are nothing.
std::vector<word> words_of(std::string_view text) {
  std::string composed;
  text::append_nfkc(composed, text);
  std::vector<word> words;
  bool inside = false;
  char32_t before = ' ';
  bool hyphen = false;
  for (std::size_t at = 0; at < composed.size();) {
    const char32_t c = text::next_code_point(composed, at);
    const bool separates = is_separator(c);
    if (!separates && !inside) words.push_back({.hyphen = hyphen});
    hyphen = (c == '-' || c == 0x2010 || c == 0x2011) && !is_separator(before);
    inside = !separates;
    before = c;
    if (separates) continue;
    text::append_utf8(words.back().lower, folded(c));
    if (c >= 'a' && c <= 'z') words.back().capitals = false;
  }
  return words;
}

template <std::size_t N>
bool is_one_of(std::string_view text, const std::array<std::string_view, N>& all) {
  return std::find(all.begin(), all.end(), text) != all.end();
}

/// "STOP" as a keyword: in capitals, or after a verb that asks for it. "Stop by our shop" and "non-stop" are none.
bool is_keyword(std::span<const word> words, std::size_t i) {
  constexpr std::array<std::string_view, 4> keywords{"stop", "stopall", "arret", "arreter"};
  constexpr std::array<std::string_view, 12> verbs{"reply",    "text",    "txt",     "send",   "respond", "repondez",
                                                   "repondre", "envoyez", "envoyer", "textez", "texter",  "texto"};
  const word& w = words[i];
  if (!is_one_of(w.lower, keywords)) return false;
  if (i > 0 && words[i - 1].lower == "non") return false;
  if (w.hyphen) return false;
  if (w.capitals) return true;
  const std::size_t from = i < 3 ? 0 : i - 3;
  const auto before = words.subspan(from, i - from);
  return std::any_of(before.begin(), before.end(), [&](const word& each) { return is_one_of(each.lower, verbs); });
}

bool tells_how_to_stop(std::string_view text) {
  constexpr std::array<std::string_view, 8> by_themselves{
      "unsubscribe", "optout", "unsub", "desabonner", "desabonnez", "desinscrire", "desinscription", "desabonnement"};
  const auto words = words_of(text);
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (is_keyword(words, i) || is_one_of(words[i].lower, by_themselves)) return true;
    if (words[i].lower == "opt" && i + 1 < words.size() && words[i + 1].lower == "out") return true;
  }
  return false;
}

/// What every recipient reads of it: the text without what values and defaults add.
bool tells_how_to_stop(const inspected_text& text) {
  return text.compiled && tells_how_to_stop(text.compiled->literal_text());
}

}  // namespace

void check_opt_out(const inspected& in, findings& found) {
  // Who gets the MMS never sees the fallback: what is told there alone is not told.
  if (!in.text.compiled || tells_how_to_stop(in.text)) return;
  found.push_back({.rule = "opt_out.missing",
                   .severity = severity::advice,
                   .where = "text",
                   .measured = "no way to opt out",
                   .allowed = "STOP, or ARRET in French",
                   .whose = std::string(ours),
                   .fix = "End the text with words such as \"Reply STOP to opt out\": carriers expect them."});
}

}  // namespace broadside::check_detail
