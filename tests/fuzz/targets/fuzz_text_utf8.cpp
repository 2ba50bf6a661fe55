// fuzz/fuzz_text_utf8 - well-formedness against an obvious decoder; clusters cover a text; normal forms are normal.
//
// Pure; one thread.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <support/fuzz.hpp>
#include <text/unicode.hpp>
#include <text/utf8.hpp>
#include <vector>

using namespace broadside::text;
using broadside::fuzz::require;

namespace {

/// One code point by the bit patterns alone; then the rules: shortest form, no surrogate, nothing above U+10FFFF.
std::optional<char32_t> decode_one(std::string_view text, std::size_t& at) {
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(at);
  const std::size_t length = lead < 0x80 ? 1 : lead >> 5U == 6 ? 2 : lead >> 4U == 14 ? 3 : lead >> 3U == 30 ? 4 : 0;
  if (length == 0 || text.size() - at < length) return std::nullopt;
  char32_t c = length == 1 ? lead : lead & ((1U << (7 - length)) - 1);
  for (std::size_t i = 1; i < length; ++i) {
    if (byte(at + i) >> 6U != 2) return std::nullopt;
    c = c * 64 + (byte(at + i) & 63U);
  }
  constexpr char32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
  if (c < smallest[length] || c > 0x10FFFF || (c >= 0xD800 && c < 0xE000)) return std::nullopt;
  at += length;
  return c;
}

void check_code_points(std::string_view text) {
  std::string again;
  std::size_t count = 0;
  std::size_t by_decoder = 0;
  for (std::size_t at = 0; at < text.size(); ++count) {
    const std::size_t start = at;
    const char32_t c = next_code_point(text, at);
    require(decode_one(text, by_decoder) == c && by_decoder == at, "next_code_point() reads what the decoder reads");
    require(previous_code_point(text, at) == start,
            "previous_code_point() goes back where next_code_point() came from");
    append_utf8(again, c);
  }
  require(again == text, "append_utf8() writes what next_code_point() read");
  require(count == count_code_points(text), "count_code_points() counts them");
}

void check_clusters(std::string_view text) {
  std::vector<std::size_t> starts;
  for (std::size_t at = 0; at < text.size();) {
    starts.push_back(at);
    const std::size_t end = cluster_end(text, at);
    require(end > at && end <= text.size(), "a cluster is not empty and ends in the text");
    require(end == text.size() || (static_cast<unsigned char>(text[end]) & 0xC0U) != 0x80U,
            "it ends between code points");
    // From here, from the front, and from a boundary in between.
    for (std::size_t inside = at; inside < end;) {
      for (const std::size_t from : {at, std::size_t{0}, starts[starts.size() / 2]}) {
        require(cluster_start(text, from, inside) == at, "cluster_start() finds the start from any earlier boundary");
      }
      if (starts.size() > 64) break;  // looking from the front at every place is quadratic
      (void)next_code_point(text, inside);
    }
    at = end;
  }
  require(count_clusters(text) == starts.size(), "count_clusters() counts them");
}

void check_form(std::string_view text, bool (*append)(std::string&, std::string_view)) {
  std::string once = "kept";
  const bool changed = append(once, text);
  require(once.starts_with("kept"), "what stood in the string stays");
  once.erase(0, 4);
  require(changed == (once != text), "the answer says whether it differs");
  require(!find_invalid_utf8(once), "a normal form is well-formed");
  std::string twice;
  require(!append(twice, once) && twice == once, "a normal form is its own");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::size_t valid = 0;
  while (valid < text.size() && decode_one(text, valid)) {
  }
  const auto bad = find_invalid_utf8(text);
  require(bad.value_or(text.size()) == valid, "find_invalid_utf8() stops where the decoder stops");

  // What is left when every byte that is no part of a character is dropped.
  std::string characters;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t start = at;
    if (decode_one(text, at)) {
      characters += text.substr(start, at - start);
    } else {
      ++at;
    }
  }
  check_code_points(characters);
  check_clusters(characters);
  check_form(characters, append_nfc);
  check_form(characters, append_nfkc);
  return 0;
}
