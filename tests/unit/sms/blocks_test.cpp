// tests/sms/blocks - the block at once and byte by byte say the same, and both what the alphabet's tables say.
#include <array>
#include <random>
#include <sms/blocks.hpp>
#include <sms/gsm7.hpp>
#include <sms/scan.hpp>
#include <string>
#include <support/catch.hpp>
#include <text/unicode.hpp>

using namespace broadside;
using namespace broadside::sms;

namespace {

void check_block(const std::array<char, block_bytes>& bytes) {
  const ascii_block at_once = look_at_ascii(bytes.data());
  const ascii_block one_by_one = look_at_ascii_portable(bytes.data());
  REQUIRE(at_once.others == one_by_one.others);
  REQUIRE(at_once.gsm7 == one_by_one.gsm7);
  REQUIRE(at_once.extended == one_by_one.extended);
  REQUIRE(count_utf16(bytes.data()) == count_utf16_portable(bytes.data()));
}

}  // namespace

TEST_CASE("blocks: every byte at every place counts as the alphabet says", "[sms]") {
  for (std::size_t place = 0; place < block_bytes; ++place) {
    for (unsigned byte = 0; byte < 0x100; ++byte) {
      std::array<char, block_bytes> bytes{};
      bytes.fill('a');
      bytes.at(place) = static_cast<char>(byte);
      check_block(bytes);
      const ascii_block found = look_at_ascii(bytes.data());
      REQUIRE(found.others == (byte < 0x80 ? 0U : 1U << place));
      if (byte >= 0x80) continue;
      const septet_code code = default_code(byte);
      REQUIRE(found.gsm7 == (code.count != 0));
      if (code.count != 0) REQUIRE(found.extended == code.count - 1U);
    }
  }
}

TEST_CASE("blocks: at once and byte by byte agree on any bytes", "[sms]") {
  std::mt19937 random{3};
  for (int round = 0; round < 20'000; ++round) {
    std::array<char, block_bytes> bytes{};
    const auto range = round % 2 == 0 ? 0x80U : 0x100U;
    for (char& byte : bytes) byte = static_cast<char>(random() % range);
    check_block(bytes);
  }
}

TEST_CASE("blocks: whole characters are found at once as one by one", "[sms]") {
  // Pieces of characters in any order, so that all that can be wrong is, and often nothing is.
  static constexpr std::array<unsigned char, 24> bytes_that_matter{0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0,
                                                                   0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC,
                                                                   0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5};
  static constexpr std::array<std::string_view, 14> characters{"a",          "é",  "ж",          "\u0800",    "\u0FFF",
                                                               "ஆ",          "日", "\uD7FF",     "\uE000",    "\uFFFF",
                                                               "\U00010000", "😀",  "\U000FFFFF", "\U0010FFFF"};
  std::mt19937 random{5};
  int whole = 0;
  for (int round = 0; round < 200'000; ++round) {
    std::string text;
    while (text.size() < block_bytes) text += characters.at(random() % characters.size());
    for (auto wrong = random() % 3; wrong > 0; --wrong) {
      text.at(random() % block_bytes) = static_cast<char>(bytes_that_matter.at(random() % bytes_that_matter.size()));
    }
    const std::size_t one_by_one = whole_characters_portable(text.data());
    const std::size_t at_once = whole_characters(text.data());
    if (at_once == 0) continue;  // it may always give up
    ++whole;
    REQUIRE(at_once == one_by_one);
  }
  CHECK(whole > 50'000);
  CHECK(whole_characters("abcdefghijklmnop") == 16);
  CHECK(whole_characters("日本語日本a") == 16);
  CHECK(whole_characters("ab日本語日本語") == 14);
  CHECK(whole_characters("😀😀😀😀") == 16);
}

TEST_CASE("scan: a text counts the same wherever its blocks begin", "[sms]") {
  // What a block treats alike is put at every distance from the front, with tails of every length.
  for (const std::string_view piece : {"x", "[", "\f", "`", "é", "€", "日", "😀", "\x1B"}) {
    std::size_t at = 0;
    const char32_t c = text::next_code_point(piece, at);
    const septet_code code = default_code(c);
    for (std::size_t before = 0; before < 40; ++before) {
      for (std::size_t after = 0; after < 20; ++after) {
        const std::string text = std::string(before, 'a') + std::string(piece) + std::string(after, 'b');
        const text_scan found = scan(text);
        REQUIRE_FALSE(found.invalid_at);
        REQUIRE(found.gsm7 == (code.count != 0));
        if (found.gsm7) REQUIRE(found.septets == before + after + code.count);
        REQUIRE(found.utf16 == before + after + text::utf16_units(c));
      }
    }
  }
}

TEST_CASE("scan: what is not UTF-8 is found where it begins", "[sms]") {
  const auto bad = GENERATE(as<std::string>{}, "\x80", "\xBF", "\xC0\xAF", "\xC1\xBF", "\xC3", "\xC3(", "\xE0\x9F\xBF",
                            "\xE2\x82", "\xED\xA0\x80", "\xED\xBF\xBF", "\xF0\x8F\xBF\xBF", "\xF0\x9F\x8E",
                            "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFE", "\xFF");
  for (const std::string_view piece : {"a", "ä", "日", "🎉"}) {
    std::string text;
    for (int n = 0; n < 40; ++n, text += piece) {
      REQUIRE(scan(text + bad).invalid_at == text.size());
      REQUIRE(scan(text + bad + text).invalid_at == text.size());
      REQUIRE_FALSE(scan(text).invalid_at);
    }
  }
}
