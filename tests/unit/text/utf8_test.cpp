// tests/text/utf8 - every code point is well-formed, and every class of ill-formed bytes is found where it starts.
#include <array>
#include <string>
#include <support/catch.hpp>
#include <text/utf8.hpp>
#include <utility>
#include <vector>

using namespace broadside::text;

namespace {

/// The encoding of any 21-bit value by the formula alone, surrogates and what lies beyond Unicode included.
std::string encode(char32_t c) {
  const auto byte = [](char32_t value) { return static_cast<char>(static_cast<unsigned char>(value)); };
  const auto tail = [&](unsigned shift) { return byte(0x80 | (c >> shift & 0x3F)); };
  if (c < 0x80) return {byte(c)};
  if (c < 0x800) return {byte(0xC0 | c >> 6), tail(0)};
  if (c < 0x10000) return {byte(0xE0 | c >> 12), tail(6), tail(0)};
  return {byte(0xF0 | c >> 18), tail(12), tail(6), tail(0)};
}

bool is_scalar(char32_t c) { return c <= 0x10FFFF && (c < 0xD800 || c > 0xDFFF); }

}  // namespace

TEST_CASE("utf8: exactly the Unicode scalar values are well-formed", "[text]") {
  std::size_t wrong = 0;
  for (char32_t c = 0; c < 0x200000; ++c) {
    const std::string bytes = encode(c);
    const utf8_sequence first = first_utf8_sequence(bytes);
    const bool right = find_invalid_utf8(bytes).has_value() != is_scalar(c) && first.well_formed == is_scalar(c) &&
                       (!is_scalar(c) || (first.length == bytes.size() && count_code_points(bytes) == 1));
    if (!right) ++wrong;
  }
  CHECK(wrong == 0);
}

TEST_CASE("utf8: the offset is where the first ill-formed sequence starts", "[text]") {
  const auto bad = GENERATE(as<std::string>{}, "\x80", "\xBF", "\xC0\xAF", "\xC1\xBF", "\xC3", "\xC3(", "\xE0\x9F\x80",
                            "\xE2\x82", "\xED\xA0\x80", "\xED\xBF\xBF", "\xF0\x8F\xBF\xBF", "\xF0\x9F\x8E",
                            "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFE", "\xFF");
  for (const std::string_view piece : {"a", "ä", "日", "🎉"}) {
    std::string text;
    for (int n = 0; n < 20; ++n, text += piece) {
      INFO(n << " times " << piece);
      CHECK(find_invalid_utf8(text + bad) == text.size());
      CHECK(find_invalid_utf8(text + bad + text) == text.size());
      CHECK_FALSE(find_invalid_utf8(text).has_value());
    }
  }
}

TEST_CASE("utf8: a maximal subpart is as long as table 3-7 allows", "[text]") {
  // Unicode 15, §3.9, tables 3-8 to 3-11: bytes, and how they fall apart.
  const std::vector<std::pair<std::string, std::vector<int>>> rows{
      {"\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41", {1, 1, 1, 1, 1, 1, 1, 1, 1}},
      {"\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41", {1, 1, 1, 1, 1, 1, 1, 1, 1}},
      {"\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42", {1, 1, 1, 1, 1, 1, 1, 1, 1}},
      {"\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41", {2, 1, 3, 2, 1}},
  };
  for (const auto& [bytes, lengths] : rows) {
    std::vector<int> found;
    for (std::string_view rest = bytes; !rest.empty(); rest.remove_prefix(static_cast<std::size_t>(found.back()))) {
      found.push_back(first_utf8_sequence(rest).length);
    }
    CHECK(found == lengths);
  }
}

TEST_CASE("utf8: code points are counted, not bytes or graphemes", "[text]") {
  CHECK(count_code_points("") == 0);
  CHECK(count_code_points("Zoë") == 3);
  CHECK(count_code_points("日本語") == 3);
  CHECK(count_code_points("\U0001F469\u200D\U0001F467") == 3);
  CHECK(count_code_points(std::string(1000, 'x')) == 1000);
}
