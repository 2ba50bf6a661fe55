// tests/sms/user_data - the octets of a part, read back by a reader that shares no code with the writer.
#include <array>
#include <broadside/sms.hpp>
#include <cstdio>
#include <map>
#include <sms/alphabet.hpp>
#include <string>
#include <string_view>
#include <support/catch.hpp>
#include <text/unicode.hpp>
#include <vector>

using namespace broadside;

namespace {

std::string repeated(std::string_view piece, int times) {
  std::string text;
  for (int n = 0; n < times; ++n) text += piece;
  return text;
}

std::string hex(const sms_user_data& data, std::size_t from = 0) {
  std::string out;
  for (std::size_t i = from; i < data.size; ++i) {
    std::array<char, 3> digits{};
    (void)std::snprintf(digits.data(), digits.size(), "%02X", static_cast<unsigned>(data.octets.at(i)));
    out += digits.data();
  }
  return out;
}

sms_user_data encoded(const sms_split& split, std::size_t index, std::uint16_t reference,
                      const sms_format& format = {}) {
  const auto data = encode_sms_part(split, index, reference, format);
  REQUIRE(data);
  CHECK(data->size <= 140);
  return *data;
}

sms_user_data encoded(std::string_view text, const sms_format& format = {}) {
  sms_parts room;
  const auto split = split_sms(text, room, format);
  REQUIRE(split);
  REQUIRE(split->parts.size() == 1);
  return encoded(*split, 0, 0, format);
}

/// The septets behind the header: a long number of bits, lowest first, from the next multiple of seven on.
std::vector<unsigned> septets(const sms_user_data& data) {
  std::vector<bool> bits;
  for (std::size_t i = 0; i < data.size; ++i) {
    for (unsigned bit = 0; bit < 8; ++bit) bits.push_back((data.octets.at(i) >> bit & 1) != 0);
  }
  std::size_t at = data.header_size * std::size_t{8};
  while (at % 7 != 0) ++at;
  std::vector<unsigned> found;
  for (; at + 7 <= std::size_t{data.length} * 7; at += 7) {
    unsigned septet = 0;
    for (unsigned bit = 0; bit < 7; ++bit) septet |= static_cast<unsigned>(bits.at(at + bit)) << bit;
    found.push_back(septet);
  }
  return found;
}

/// The text of septets, by asking for every character what it would be.
std::string text_of(const std::vector<unsigned>& codes, const sms::alphabet& tables = {}) {
  std::map<unsigned, char32_t> characters;
  for (char32_t c = 0; c < 0x10000; ++c) {
    const sms::septet_code code = sms::code_of(c, tables);
    if (code.count != 0) characters[code.count * 0x100U + code.value] = c;
  }
  std::string text;
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const bool escaped = codes[i] == 0x1B;
    if (escaped) ++i;
    text::append_utf8(text, characters.at((escaped ? 0x200U : 0x100U) + codes.at(i)));
  }
  return text;
}

std::string utf16_text(const sms_user_data& data) {
  std::string text;
  const auto unit = [&data](std::size_t i) { return char32_t{data.octets.at(i)} << 8U | data.octets.at(i + 1); };
  for (std::size_t i = data.header_size; i < data.size; i += 2) {
    char32_t c = unit(i);
    if (c >= 0xD800 && c < 0xDC00) {
      i += 2;
      c = 0x10000 + ((c - 0xD800) << 10U) + (unit(i) - 0xDC00);
    }
    text::append_utf8(text, c);
  }
  return text;
}

}  // namespace

TEST_CASE("encode_sms_part: septets are packed from the low bit up", "[sms]") {
  // Worked out by hand from TS 23.038 §6.1.2.1.
  const auto check = [](std::string_view text, std::string_view octets, int length) {
    const sms_user_data data = encoded(text);
    CHECK(hex(data) == octets);
    CHECK(data.length == length);
    CHECK(data.header_size == 0);
  };
  check("hellohello", "E8329BFD4697D9EC37", 10);
  check("1234567", "31D98C56B3DD00", 7);  // seven spare bits in the last octet
  check("12345678", "31D98C56B3DD70", 8);
  check("@", "00", 1);
  check("€", "9B32", 2);
  check("[]", "1BDEC607", 4);
}

TEST_CASE("encode_sms_part: a text for several parts has a header before fill bits", "[sms]") {
  const std::string text(161, 'a');
  sms_parts room;
  const auto split = split_sms(text, room);
  REQUIRE(split);
  const sms_user_data first = encoded(*split, 0, 0x1234);
  CHECK(first.header_size == 6);
  CHECK(first.length == 160);
  CHECK(first.size == 140);
  CHECK(hex(first).substr(0, 12) == "050003340201");
  CHECK(first.octets[6] == 0xC2);  // one fill bit, then seven of the first letter
  const sms_user_data last = encoded(*split, 1, 0x1234);
  CHECK(hex(last).substr(0, 12) == "050003340202");
  CHECK(last.length == 7 + 8);
  CHECK(last.size == 14);
}

TEST_CASE("encode_sms_part: a 16-bit reference is an element of its own", "[sms]") {
  const sms_format wide{.reference_octets = 2};
  const std::string text(161, 'a');
  sms_parts room;
  const auto split = split_sms(text, room, wide);
  REQUIRE(split);
  const sms_user_data data = encoded(*split, 1, 0x1234, wide);
  CHECK(data.header_size == 7);
  CHECK(hex(data).substr(0, 16) == "06080412340202E1");  // seven octets are eight septets: no fill bits
  CHECK(text_of(septets(data)) == std::string(9, 'a'));
}

TEST_CASE("encode_sms_part: UCS-2 is UTF-16 with the high octet first", "[sms]") {
  CHECK(hex(encoded("ж😀")) == "0436D83DDE00");
  CHECK(encoded("ж😀").length == 6);
  const std::string text = repeated("ж", 71);
  sms_parts room;
  const auto split = split_sms(text, room);
  REQUIRE(split);
  const sms_user_data first = encoded(*split, 0, 7);
  CHECK(first.size == 140);
  CHECK(first.length == 140);
  CHECK(hex(first).substr(0, 16) == "0500030702010436");
  CHECK(encoded(*split, 1, 7).length == 6 + 8);
}

TEST_CASE("encode_sms_part: language elements stand before the concatenation, single shift first", "[sms]") {
  const auto header = [](std::string_view text, national_language language) {
    sms_parts room;
    const sms_format format{.language = language};
    const auto split = split_sms(text, room, format);
    REQUIRE(split);
    const sms_user_data data = encoded(*split, 0, 1, format);
    return hex(data).substr(0, data.header_size * std::size_t{2});
  };
  CHECK(header("şşş", national_language::turkish) == "03250101");
  CHECK(header("á", national_language::spanish) == "03240102");
  CHECK(header(repeated("ş", 200), national_language::turkish) == "082501010003010201");
  CHECK(header("नमस्ते AB", national_language::hindi) == "06240106250106");
}

TEST_CASE("encode_sms_part: what is encoded is read back, part by part", "[sms]") {
  struct row {
    std::string text;
    sms_format format{};
  };
  const std::vector<row> rows{
      {"@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿", {}},
      {repeated("abc€[def]\f", 60), {}},
      {repeated("abc€[def]\f", 60), {.reference_octets = 2}},
      {repeated("日本😀", 60), {}},
      {repeated("日本😀", 60), {.reference_octets = 2, .keep_clusters = false}},
      {repeated("İstanbul'da ığdır {€} ", 20), {.language = national_language::turkish}},
      {repeated("áéíóú ñ ¿qué? ", 20), {.language = national_language::spanish}},
      {repeated("नमस्ते AB ", 40), {.language = national_language::hindi, .reference_octets = 2}},
  };
  for (const auto& [text, format] : rows) {
    INFO(text);
    sms_parts room;
    const auto split = split_sms(text, room, format);
    REQUIRE(split);
    std::string read;
    for (std::size_t i = 0; i < split->parts.size(); ++i) {
      const sms_user_data data = encoded(*split, i, 99, format);
      const bool gsm7 = split->size.encoding == sms_encoding::gsm7;
      read += gsm7 ? text_of(septets(data), {split->size.locking, split->size.single}) : utf16_text(data);
      if (split->parts.size() > 1) {
        CHECK(data.octets.at(data.header_size - 2U) == split->parts.size());
        CHECK(data.octets.at(data.header_size - 1U) == i + 1);
      }
      if (data.header_size > 0) CHECK(data.octets[0] == data.header_size - 1);
    }
    CHECK(read == text);
  }
}

TEST_CASE("encode_sms_part: an index, a format or a split that does not belong is refused", "[sms]") {
  const std::string text(161, 'a');
  sms_parts room;
  const auto split = split_sms(text, room);
  REQUIRE(split);
  const auto refused = [](const sms_split& of, std::size_t index, const sms_format& format = {}) {
    const auto data = encode_sms_part(of, index, 1, format);
    return !data && data.error() == errc::invalid_argument;
  };
  CHECK(refused(*split, 2));
  CHECK(refused(*split, 1, {.reference_octets = 2}));
  CHECK(refused(*split, 0, {.reference_octets = 5}));
  CHECK(refused(*split, 0, {.max_parts = 1}));
  CHECK(refused(sms_split{}, 0));

  const auto turkish = split_sms("ş", room, {.language = national_language::turkish});
  REQUIRE(turkish);
  CHECK(refused(*turkish, 0));
  CHECK(refused(*turkish, 0, {.language = national_language::spanish}));
}

TEST_CASE("encode_sms_part: a split made up by hand cannot write past the octets", "[sms]") {
  const auto refused = [](std::string_view text, std::uint16_t units, sms_encoding encoding) {
    std::array<sms_part, 1> parts{{{text, units}}};
    const sms_split made_up{{encoding, national_language::none, national_language::none, units, 1}, parts};
    const auto data = encode_sms_part(made_up, 0, 1);
    return !data && data.error() == errc::invalid_argument;
  };
  const std::string long_text(10'000, 'a');
  CHECK(refused(long_text, 10'000, sms_encoding::gsm7));
  CHECK(refused(long_text, 10, sms_encoding::gsm7));
  CHECK(refused(long_text, 10'000, sms_encoding::ucs2));
  CHECK(refused(long_text, 10, sms_encoding::ucs2));
  CHECK(refused("abc", 4, sms_encoding::gsm7));
  CHECK(refused("ж", 1, sms_encoding::gsm7));
  CHECK(refused("\xFF", 1, sms_encoding::ucs2));
  CHECK(refused("\xF0\x9F", 2, sms_encoding::ucs2));
}
