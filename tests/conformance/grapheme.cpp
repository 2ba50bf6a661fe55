// tests/conformance/grapheme - boundaries of grapheme clusters, from the Unicode Consortium's own table.
#include <charconv>
#include <string>
#include <text/unicode.hpp>
#include <vector>
#include "mode.hpp"

namespace broadside::conformance {
namespace {

constexpr std::string_view boundary = "\xC3\xB7";  // the division sign
constexpr std::string_view none = "\xC3\x97";      // the multiplication sign

/// A text, and the offsets of its clusters' ends.
struct expectation {
  std::string text{};
  std::vector<std::size_t> ends{};
};

/// "÷ 0020 × 0308 ÷": signs and code points in turn. False: it is something else.
bool read_line(std::string_view line, expectation& out) {
  bool sign_next = true;
  while (!line.empty()) {
    const std::size_t space = std::min(line.find_first_of(" \t"), line.size());
    const std::string_view word = line.substr(0, space);
    line.remove_prefix(std::min(space + 1, line.size()));
    if (word.empty()) continue;
    if (sign_next) {
      if (word != boundary && word != none) return false;
      if (word == boundary && !out.text.empty()) out.ends.push_back(out.text.size());
    } else {
      std::uint32_t c = 0;
      const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), c, 16);
      const bool scalar = c < 0xD800 || (c > 0xDFFF && c <= 0x10FFFF);
      if (error != std::errc{} || end != word.data() + word.size() || !scalar) return false;
      text::append_utf8(out.text, c);
    }
    sign_next = !sign_next;
  }
  return !out.ends.empty() && out.ends.back() == out.text.size();
}

std::string json_of(const std::vector<std::size_t>& ends, std::size_t count) {
  std::string out = "{\"clusters\":" + std::to_string(count) + ",\"ends\":[";
  for (const std::size_t each : ends) out += (out.ends_with('[') ? "" : ",") + std::to_string(each);
  return out + "]}";
}

}  // namespace

judgement judge_grapheme(std::string_view line) {
  line = line.substr(0, line.find('#'));
  if (line.find_first_not_of(" \t") == std::string_view::npos) return no_vector();
  expectation expected;
  if (!read_line(line, expected)) return unreadable("not signs and code points in turn");
  std::vector<std::size_t> ends;
  for (std::size_t at = 0; at < expected.text.size();) ends.push_back(at = text::cluster_end(expected.text, at));
  return compared(json_of(ends, text::count_clusters(expected.text)), json_of(expected.ends, expected.ends.size()));
}

}  // namespace broadside::conformance
