// tests/audience/byte_masks - the fast answer is the slow one, for every byte in every place.
#include <array>
#include <audience/byte_masks.hpp>
#include <random>
#include <string>
#include <support/catch.hpp>

using namespace broadside::audience;

TEST_CASE("byte_masks: every byte is found where it stands, and nothing else is", "[audience]") {
  for (const char delimiter : {',', ';', '\t', '\0', '\xFF'}) {
    int wrong = 0;
    for (unsigned byte = 0; byte < 256; ++byte) {
      for (std::size_t place = 0; place < byte_masks::bytes; ++place) {
        std::string block(byte_masks::bytes, 'x');
        block[place] = static_cast<char>(byte);
        const std::uint64_t bit = std::uint64_t{1} << place;
        byte_masks expected;
        if (block[place] == '"') expected.quotes = bit;
        if (block[place] == '\n') expected.line_ends = bit;
        if (block[place] == delimiter || expected.quotes != 0 || expected.line_ends != 0) expected.ends = bit;
        if (masks_of(block.data(), delimiter) != expected || masks_of_portable(block.data(), delimiter) != expected) {
          ++wrong;
        }
      }
    }
    CHECK(wrong == 0);
  }
}

TEST_CASE("byte_masks: the fast answer is the slow one for random blocks", "[audience]") {
  constexpr std::array<char, 6> alphabet{'"', ',', '\n', '\r', 'a', '\xA2'};
  std::mt19937 random(7);
  int wrong = 0;
  for (int n = 0; n < 10'000; ++n) {
    std::string block(byte_masks::bytes, ' ');
    for (char& c : block) c = alphabet[random() % alphabet.size()];
    if (masks_of(block.data(), ',') != masks_of_portable(block.data(), ',')) ++wrong;
  }
  CHECK(wrong == 0);
}
