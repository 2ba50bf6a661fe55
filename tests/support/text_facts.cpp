// support/text_facts - counts of one text, taken run by run of well-formed UTF-8. Pure; any thread; no allocation.
#include <algorithm>
#include <array>
#include <sms/gsm7.hpp>
#include <support/text_facts.hpp>
#include <text/characters.hpp>
#include <text/emoji.hpp>
#include <text/unicode.hpp>
#include <text/utf8.hpp>

namespace broadside::test {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD

/// How many bytes at the front of ill-formed `bytes` one U+FFFD stands for. A surrogate's three are one, not three.
std::size_t ill_formed_length(std::string_view bytes, bool& surrogate) noexcept {
  const auto byte_at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  surrogate = bytes.size() >= 3 && byte_at(0) == 0xED && byte_at(1) >= 0xA0 && byte_at(1) <= 0xBF &&
              byte_at(2) >= 0x80 && byte_at(2) <= 0xBF;
  return surrogate ? 3 : text::first_utf8_sequence(bytes).length;
}

/// Whether a reader sees two characters in a row, each as UTF-8, as one.
bool one_cluster(std::string_view left, std::string_view right) noexcept {
  std::array<char, 8> both{};
  const auto end = std::copy(right.begin(), right.end(), std::copy(left.begin(), left.end(), both.begin()));
  const std::string_view pair(both.data(), static_cast<std::size_t>(end - both.begin()));
  return text::cluster_end(pair, 0) == pair.size();
}

std::string_view first_character(std::string_view run) noexcept {
  return run.substr(0, text::first_utf8_sequence(run).length);
}

std::string_view last_character(std::string_view run) noexcept {
  return run.substr(text::previous_code_point(run, run.size()));
}

void add_characters(text_facts& facts, std::string_view run) noexcept {
  for (std::size_t at = 0; at < run.size();) {
    const char32_t c = text::next_code_point(run, at);
    ++facts.code_points;
    facts.utf16_units += text::utf16_units(c);
    facts.ascii_printable &= c >= 0x20 && c <= 0x7E;
    facts.gsm7 &= sms::default_code(c).count != 0;
    facts.control |= text::is_control(c);
    facts.emoji_property |= text::is_emoji(c);
    facts.emoji_presentation |= text::is_emoji_presentation(c);
    facts.extended_pictographic |= text::is_extended_pictographic(c);
  }
}

void add_run(text_facts& facts, std::string_view run) noexcept {
  add_characters(facts, run);
  facts.clusters += text::count_clusters(run);
  facts.shows_emoji = facts.shows_emoji || text::has_emoji(run);
  facts.invisible = facts.invisible || text::find_invisible(run).has_value();
}

/// One U+FFFD.
void add_ill_formed(text_facts& facts, bool surrogate) noexcept {
  ++facts.code_points;
  ++facts.utf16_units;
  ++facts.clusters;
  facts.ascii_printable = facts.gsm7 = facts.well_formed = false;
  facts.lone_surrogate |= surrogate;
}

}  // namespace

text_facts facts_of(std::string_view text) noexcept {
  text_facts facts;
  facts.bytes = text.size();
  bool behind_replacement = false;
  while (!text.empty()) {
    const std::string_view run = text.substr(0, text::find_invalid_utf8(text).value_or(text.size()));
    if (!run.empty()) {
      add_run(facts, run);
      // A mark behind U+FFFD belongs to it. No other rule of UAX #29 looks across.
      if (behind_replacement && one_cluster(replacement, first_character(run))) --facts.clusters;
    }
    text.remove_prefix(run.size());
    if (text.empty()) break;
    bool surrogate = false;
    text.remove_prefix(ill_formed_length(text, surrogate));
    add_ill_formed(facts, surrogate);
    if (!run.empty() && one_cluster(last_character(run), replacement)) --facts.clusters;
    behind_replacement = true;
  }
  return facts;
}

}  // namespace broadside::test
