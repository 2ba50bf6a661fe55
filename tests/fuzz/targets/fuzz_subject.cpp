// fuzz/fuzz_subject - facts of any bytes agree with a plain recomputation over code points.
//
// Pure; one thread.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <support/fuzz.hpp>
#include <support/text_facts.hpp>
#include <text/characters.hpp>
#include <text/emoji.hpp>
#include <text/unicode.hpp>
#include <text/utf8.hpp>

using broadside::fuzz::require;
using broadside::test::facts_of;
using broadside::test::text_facts;
namespace text = broadside::text;

namespace {

bool is_surrogate(std::string_view bytes) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  return bytes.size() >= 3 && byte(0) == 0xED && byte(1) / 0x20 == 5 && byte(2) / 0x40 == 2;
}

/// The text with U+FFFD in place of what is no character.
std::string mend(std::string_view bytes, bool& surrogate) {
  std::string mended;
  while (!bytes.empty()) {
    const text::utf8_sequence first = text::first_utf8_sequence(bytes);
    const bool half_pair = !first.well_formed && is_surrogate(bytes);
    const std::size_t length = half_pair ? 3 : first.length;
    surrogate = surrogate || half_pair;
    mended += first.well_formed ? bytes.substr(0, length) : std::string_view("\xEF\xBF\xBD");
    bytes.remove_prefix(length);
  }
  return mended;
}

void check_characters(const text_facts& facts, std::string_view mended) {
  std::size_t code_points = 0;
  std::size_t utf16_units = 0;
  bool printable = true;
  bool control = false;
  bool seen_all = true;
  bool emoji = false;
  bool presentation = false;
  for (std::size_t at = 0; at < mended.size();) {
    const char32_t c = text::next_code_point(mended, at);
    ++code_points;
    utf16_units += c > 0xFFFF ? 2 : 1;
    printable = printable && c >= ' ' && c <= '~';
    control = control || c < ' ' || (c >= 0x7F && c < 0xA0);
    seen_all = seen_all && !text::is_invisible(c);
    emoji = emoji || text::is_emoji(c);
    presentation = presentation || text::is_emoji_presentation(c);
  }
  require(facts.code_points == code_points && facts.utf16_units == utf16_units, "code points and units");
  require(facts.ascii_printable == printable && facts.control == control, "printable and control");
  require(facts.emoji_property == emoji && facts.emoji_presentation == presentation, "emoji properties");
  require(!facts.shows_emoji || emoji, "no emoji from nothing");
  require(!presentation || facts.shows_emoji, "an emoji by itself is shown");
  require(!facts.invisible || !seen_all, "only invisible characters are invisible");
  require(!facts.invisible || !facts.ascii_printable, "ASCII hides nothing");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const text_facts facts = facts_of(bytes);
  bool surrogate = false;
  const std::string mended = mend(bytes, surrogate);
  require(facts.bytes == size, "bytes");
  require(facts.well_formed == (mended == bytes && !text::find_invalid_utf8(bytes)), "well-formed");
  require(facts.lone_surrogate == surrogate, "surrogates");
  require(facts.clusters == text::count_clusters(mended), "clusters are those of the mended text");
  check_characters(facts, mended);

  if (const auto found = text::find_invisible(mended)) {
    require(text::is_invisible(found->character), "what is found is invisible");
    require(!text::find_invisible(std::string_view(mended).substr(0, found->at)), "it is the first");
  }
  if (text::has_encoded_word(mended)) require(mended.find("=?") < mended.rfind("?="), "an encoded word has two ends");
  return 0;
}
