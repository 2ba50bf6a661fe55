// tests/text/unicode - clusters as UAX #29 draws them, and the normalisation forms as utf8proc's own whole-text calls.
#include <utf8proc.h>
#include <array>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <support/catch.hpp>
#include <text/unicode.hpp>
#include <text/utf8.hpp>
#include <vector>

using namespace broadside::text;

namespace {

std::vector<std::string> clusters(std::string_view text) {
  std::vector<std::string> found;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = cluster_end(text, at);
    found.emplace_back(text.substr(at, end - at));
    at = end;
  }
  return found;
}

using pieces = std::vector<std::string>;

std::string nfc(std::string_view text) {
  std::string out;
  (void)append_nfc(out, text);
  return out;
}

std::string nfkc(std::string_view text) {
  std::string out;
  (void)append_nfkc(out, text);
  return out;
}

/// By utf8proc's own loop over the text.
std::string by_utf8proc(std::string_view text, int form) {
  utf8proc_uint8_t* out = nullptr;
  const auto size =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()), static_cast<utf8proc_ssize_t>(text.size()),
                   &out, static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE | form));
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(out, &std::free);
  REQUIRE(size >= 0);
  return {reinterpret_cast<const char*>(out), static_cast<std::size_t>(size)};
}

bool is_scalar(char32_t c) { return c <= 0x10FFFF && (c < 0xD800 || c > 0xDFFF); }

std::string repeated(std::string_view piece, int times) {
  std::string text;
  for (int n = 0; n < times; ++n) text += piece;
  return text;
}

/// Text in which things meet: letters, marks of several classes, jamo, flags, joiners, emoji, full-width forms.
std::string random_text(std::mt19937& random) {
  static const std::vector<std::string_view> alphabet{
      "a",      "e",      "o",      "\r",     "\n",     " ",      "é",          "\u0301",     "\u0308",
      "\u0323", "\u0327", "\u0345", "\u0300", "\u1112", "\u1161", "\u11AB",     "가",         "각",
      "\u0915", "\u094D", "\u093C", "\u0937", "\u0CC6", "\u0CC2", "\u0CD5",     "\u200D",     "\uFE0F",
      "\u20E3", "\u0600", "1",      "\u2764", "Ａ",     "ﬁ",      "\U0001F1FA", "\U0001F1F8", "\U0001F44D",
      "日",     "か",     "\u3099", "\u212B", "\u2126", "\u1E0B", "\U0001F468", "\U0001F3FD", "\U0001D15F"};
  std::string text;
  for (auto n = random() % 24; n > 0; --n) text += alphabet[random() % alphabet.size()];
  return text;
}

}  // namespace

TEST_CASE("unicode: every scalar value is written and read back", "[text]") {
  std::size_t wrong = 0;
  std::string text;
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    if (!is_scalar(c)) continue;
    text.clear();
    append_utf8(text, c);
    std::size_t at = 0;
    const bool right = next_code_point(text, at) == c && at == text.size() && !find_invalid_utf8(text) &&
                       previous_code_point(text, text.size()) == 0;
    if (!right) ++wrong;
  }
  CHECK(wrong == 0);
  CHECK(utf16_units(0xFFFF) == 1);
  CHECK(utf16_units(0x10000) == 2);
}

TEST_CASE("unicode: reading a text that breaks off stays inside it", "[text]") {
  const std::string_view text = "\xF0\x9F\x8E";
  std::size_t at = 0;
  CHECK(next_code_point(text, at) == 0xFFFD);
  CHECK(at == text.size());
}

TEST_CASE("unicode: clusters hold what a reader sees as one character", "[text]") {
  CHECK(clusters("abc") == pieces{"a", "b", "c"});
  CHECK(clusters("a\r\nb") == pieces{"a", "\r\n", "b"});
  CHECK(clusters("\n\r") == pieces{"\n", "\r"});
  CHECK(clusters("e\u0301e") == pieces{"e\u0301", "e"});
  CHECK(clusters("\n\u0301") == pieces{"\n", "\u0301"});
  CHECK(clusters("🇺🇸🇨🇦🇲") == pieces{"🇺🇸", "🇨🇦", "🇲"});
  CHECK(clusters("👨\u200D👩\u200D👧\u200D👦👍🏽") == pieces{"👨\u200D👩\u200D👧\u200D👦", "👍🏽"});
  CHECK(clusters("a\u200D👩") == pieces{"a\u200D", "👩"});
  CHECK(clusters("1\uFE0F\u20E31") == pieces{"1\uFE0F\u20E3", "1"});
  CHECK(clusters("\u1112\u1161\u11AB\u1112") == pieces{"\u1112\u1161\u11AB", "\u1112"});
  CHECK(clusters("각\u11A8가") == pieces{"각\u11A8", "가"});
  CHECK(clusters("\u0600\u0661a") == pieces{"\u0600\u0661", "a"});
}

TEST_CASE("unicode: consonants that a virama joins are one cluster in the scripts that draw them so", "[text]") {
  CHECK(clusters("\u0915\u094D\u0937") == pieces{"\u0915\u094D\u0937"});
  CHECK(clusters("\u0928\u092E\u0938\u094D\u0924\u0947") == pieces{"\u0928", "\u092E", "\u0938\u094D\u0924\u0947"});
  CHECK(clusters("\u0915\u093C\u200D\u094D\u0937") == pieces{"\u0915\u093C\u200D\u094D\u0937"});
  CHECK(clusters("\u0995\u09CD\u09B7\u09CD\u09AE") == pieces{"\u0995\u09CD\u09B7\u09CD\u09AE"});
  CHECK(clusters("\u0915\u094D\u200C\u0937") == pieces{"\u0915\u094D\u200C", "\u0937"});  // kept apart by ZWNJ
  CHECK(clusters("\u0915\u093C\u0937") == pieces{"\u0915\u093C", "\u0937"});              // no virama
  CHECK(clusters("a\u094D\u0937") == pieces{"a\u094D", "\u0937"});                        // no consonant before it
  CHECK(clusters("\u0915\u094Da") == pieces{"\u0915\u094D", "a"});
  CHECK(clusters("\u0B95\u0BCD\u0BB7") == pieces{"\u0B95\u0BCD", "\u0BB7"});  // Tamil shows the virama
}

TEST_CASE("unicode: a cluster has no upper limit", "[text]") {
  const std::string zalgo = "z" + repeated("\u0301\u0323", 5000);
  CHECK(cluster_end(zalgo + "y", 0) == zalgo.size());
  CHECK(count_clusters(zalgo + zalgo) == 2);
  CHECK(count_clusters("") == 0);
}

TEST_CASE("unicode: the start of a cluster is found from any of its code points", "[text]") {
  std::mt19937 random{7};
  for (int round = 0; round < 3000; ++round) {
    const std::string text = random_text(random);
    std::size_t from = 0;  // every earlier boundary must give the same answer
    for (std::size_t start = 0; start < text.size();) {
      const std::size_t end = cluster_end(text, start);
      for (std::size_t at = start; at < end;) {
        REQUIRE(cluster_start(text, from, at) == start);
        REQUIRE(cluster_start(text, start, at) == start);
        (void)next_code_point(text, at);
      }
      if (random() % 3 == 0) from = start;
      start = end;
    }
  }
}

TEST_CASE("unicode: NFC composes, and says whether it changed something", "[text]") {
  std::string out = "kept:";
  CHECK(append_nfc(out, "e\u0301"));
  CHECK(out == "kept:é");
  for (const std::string_view same : {"", "plain", "é", "日本語", "Привет", "각", "👨\u200D👩", "\u0915\u094D\u0937"}) {
    std::string copy;
    CHECK_FALSE(append_nfc(copy, same));
    CHECK(copy == same);
  }
  CHECK(nfc("a\u0323\u0302") == "ậ");
  CHECK(nfc("a\u0302\u0323") == "ậ");            // marks in the other order
  CHECK(nfc("\u1112\u1161\u11AB") == "한");      // conjoining jamo
  CHECK(nfc("가\u11A8") == "각");                // a syllable and a final
  CHECK(nfc("\u212B") == "Å");                   // a singleton
  CHECK(nfc("\u0958") == "\u0915\u093C");        // excluded from composition
  CHECK(nfc("\u0CC6\u0CC2\u0CD5") == "\u0CCB");  // a vowel sign of three
  CHECK(nfc("Ａ½ﬁ") == "Ａ½ﬁ");                  // compatibility is not canonical
}

TEST_CASE("unicode: NFKC takes look-alikes for what they stand for", "[text]") {
  CHECK(nfkc("ＡＢ１２") == "AB12");
  CHECK(nfkc("ﬁ½") == "fi1\u20442");
  CHECK(nfkc("bit．ly") == "bit.ly");
  CHECK(nfkc("\uFF76\uFF9E") == "ガ");
  CHECK(nfkc("plain Привет 日本") == "plain Привет 日本");
  CHECK(nfkc("\uFDFA").size() == 33);  // the longest there is
}

TEST_CASE("unicode: every code point alone and behind a base has the form that utf8proc gives it", "[text]") {
  std::size_t wrong = 0;
  std::string text;
  for (char32_t c = 1; c <= 0x10FFFF; ++c) {
    if (!is_scalar(c) || (c >= 0x20000 && c < 0xE0000) || c >= 0xE1000) continue;  // ideographs, private use
    text = "o";
    append_utf8(text, c);
    text += "\u1112\u1161";
    append_utf8(text, c);
    text += "\u0301";
    if (nfc(text) != by_utf8proc(text, 0)) ++wrong;
    if (nfkc(text) != by_utf8proc(text, UTF8PROC_COMPAT)) ++wrong;
  }
  CHECK(wrong == 0);
}

TEST_CASE("unicode: what is inert in NFC stays as it is and joins nothing before it", "[text]") {
  std::size_t wrong = 0;
  std::string text;
  for (char32_t c = 1; c <= 0x10FFFF; ++c) {
    if (!is_scalar(c)) continue;
    text.clear();
    append_utf8(text, c);
    const bool stays = by_utf8proc(text, 0) == text;
    if (is_nfc_inert(c) && (!stays || utf8proc_get_property(static_cast<utf8proc_int32_t>(c))->combining_class != 0))
      ++wrong;
    // The last of a composed character's parts is what joined the others.
    std::array<utf8proc_int32_t, 32> parts{};
    const auto n =
        utf8proc_decompose_char(static_cast<utf8proc_int32_t>(c), parts.data(), 32, UTF8PROC_DECOMPOSE, nullptr);
    REQUIRE((n > 0 && n <= 32));
    if (stays && n > 1 && is_nfc_inert(static_cast<char32_t>(parts.at(static_cast<std::size_t>(n - 1))))) ++wrong;
  }
  CHECK(wrong == 0);
  for (const char32_t joins : {U'\u0301', U'\u1161', U'\u11A8', U'\u09BE', U'\u3099'}) CHECK_FALSE(is_nfc_inert(joins));
  for (const char32_t inert : {U'\0', U'a', U'é', U'日', U'각', U'\u200D', U'\uFE0F', U'😀'}) CHECK(is_nfc_inert(inert));
}

TEST_CASE("unicode: texts of everything that meets have the form that utf8proc gives them, and keep it", "[text]") {
  std::mt19937 random{11};
  for (int round = 0; round < 4000; ++round) {
    const std::string text = random_text(random);
    const std::string composed = nfc(text);
    REQUIRE(composed == by_utf8proc(text, 0));
    REQUIRE(nfc(composed) == composed);
    REQUIRE(nfkc(text) == by_utf8proc(text, UTF8PROC_COMPAT));
  }
}

TEST_CASE("unicode: a long run of marks in the wrong order is put right without quadratic work", "[text]") {
  // 200,000 marks: a bubble sort would run for minutes.
  const std::string text = "e" + repeated("\u0301\u0323", 100'000);
  const std::string composed = nfc(text);
  // The dots below come first, one of them is composed with e: ẹ. Then they stand before the acutes.
  CHECK(composed == "ẹ" + repeated("\u0323", 99'999) + repeated("\u0301", 100'000));
}
