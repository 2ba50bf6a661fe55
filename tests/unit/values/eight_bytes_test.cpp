// tests/values/eight_bytes - what is looked at eight bytes at a time is what is looked at one by one.
#include <algorithm>
#include <string>
#include <support/catch.hpp>
#include <values/eight_bytes.hpp>

using namespace broadside;

TEST_CASE("eight_bytes: any byte of a text of any length is found, wherever it stands", "[values]") {
  for (std::size_t size = 0; size <= 40; ++size) {
    std::string text(size, 'a');
    REQUIRE_FALSE(any_eight_bytes(text, has_high_bit));
    for (char& c : text) {
      c = '\x80';
      REQUIRE(any_eight_bytes(text, has_high_bit));
      c = 'a';
    }
  }
}

TEST_CASE("eight_bytes: controls and a byte that is looked for are told from all others", "[values]") {
  const auto is_control = [](std::uint64_t bytes) { return has_high_bit(controls_of(bytes)); };
  const auto is_quote = [](std::uint64_t bytes) { return has_high_bit(zeros_of(bytes ^ each_byte('"'))); };
  for (int byte = 0; byte < 256; ++byte) {
    for (const std::size_t size : {1U, 3U, 4U, 7U, 8U, 15U, 16U, 23U}) {
      for (std::size_t at = 0; at < size; ++at) {
        std::string text(size, '~');
        text[at] = static_cast<char>(byte);
        CAPTURE(byte, size, at);
        REQUIRE(any_eight_bytes(text, is_control) == (byte < 0x20));
        REQUIRE(any_eight_bytes(text, is_quote) == (byte == '"'));
        REQUIRE(any_eight_bytes(text, has_high_bit) == (byte >= 0x80));
      }
    }
  }
}

TEST_CASE("eight_bytes: a hit is a hit whatever stands beside it", "[values]") {
  const auto is_control = [](std::uint64_t bytes) { return has_high_bit(controls_of(bytes)); };
  for (int a = 0; a < 256; ++a) {
    for (int b = 0; b < 256; ++b) {
      const std::string text{'x', static_cast<char>(a), static_cast<char>(b), 'x', 'x', 'x', 'x', 'x'};
      REQUIRE(any_eight_bytes(text, is_control) == (a < 0x20 || b < 0x20));
    }
  }
}
