// tests/text/json - what is written is what a JSON parser reads back, for all of Unicode and for bytes that are none.
#include <simdjson.h>
#include <cstdint>
#include <limits>
#include <string>
#include <support/catch.hpp>
#include <text/json.hpp>
#include <text/utf8.hpp>

using namespace broadside::text;

namespace {

std::string json_of(std::string_view text) {
  std::string out;
  json_writer(out).string(text);
  return out;
}

/// What a parser makes of the string, by way of an array, since a lone string is no document everywhere.
std::string parsed(const std::string& json_string) {
  simdjson::dom::parser parser;
  std::string_view text;
  const auto error = parser.parse('[' + json_string + ']').at(0).get(text);
  return error == simdjson::SUCCESS ? std::string(text) : std::string("parse error: ") + simdjson::error_message(error);
}

void append_utf8(std::string& out, char32_t c) {
  const auto put = [&](char32_t value) { out += static_cast<char>(static_cast<unsigned char>(value)); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xC0 | c >> 6);
    put(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    put(0xE0 | c >> 12);
    put(0x80 | (c >> 6 & 0x3F));
    put(0x80 | (c & 0x3F));
  } else {
    put(0xF0 | c >> 18);
    put(0x80 | (c >> 12 & 0x3F));
    put(0x80 | (c >> 6 & 0x3F));
    put(0x80 | (c & 0x3F));
  }
}

const std::string replaced = "\xEF\xBF\xBD";

}  // namespace

TEST_CASE("json: every code point comes back from a parser", "[text]") {
  std::string block;
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    if (c == 0xD800) c = 0xE000;
    append_utf8(block, c);
    if (c % 0x1000 != 0xFFF) continue;
    INFO("up to " << static_cast<std::uint32_t>(c));
    REQUIRE((parsed(json_of(block)) == block));
    block.clear();
  }
  CHECK(block.empty());
}

TEST_CASE("json: a code point comes back wherever it stands", "[text]") {
  for (const char32_t c :
       {U'\0', U'\x1F', U'"', U'\\', U'\x7F', U'ë', U'\u2028', U'\u2029', U'\u202A', U'\uFFFF', U'🎉'}) {
    for (std::size_t before = 0; before < 18; ++before) {
      std::string text(before, 'x');
      append_utf8(text, c);
      text += std::string(17 - before, 'y');
      INFO(static_cast<std::uint32_t>(c) << " after " << before);
      CHECK((parsed(json_of(text)) == text));
    }
  }
}

TEST_CASE("json: every byte after every other is escaped or copied", "[text]") {
  // Eight ASCII bytes at a time is an arithmetic trick: all pairs of neighbours, in both halves of a block.
  std::size_t wrong = 0;
  for (int a = 0; a < 128; ++a) {
    for (int b = 0; b < 128; ++b) {
      std::string text = "abcdefgh";
      text[2] = text[6] = static_cast<char>(a);
      text[3] = text[7] = static_cast<char>(b);
      std::string expected = "\"";
      for (const char c : text) {
        std::string one = json_of({&c, 1});
        expected.append(one, 1, one.size() - 2);
      }
      if (json_of(text) != expected + '"') ++wrong;
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("json: escapes are the short ones, and line separators do not stay raw", "[text]") {
  CHECK(json_of("a\"b\\c/d") == R"("a\"b\\c/d")");
  CHECK(json_of("\b\f\n\r\t") == R"("\b\f\n\r\t")");
  CHECK(json_of(std::string_view("\0\x1f\x7f", 3)) == "\"\\u0000\\u001f\x7f\"");
  CHECK(json_of("\u2027\u2028\u2029\u202A") == "\"\u2027\\u2028\\u2029\u202A\"");
  CHECK(json_of("") == "\"\"");
}

TEST_CASE("json: ill-formed bytes become one U+FFFD for each maximal subpart", "[text]") {
  const auto times = [](int n) {
    std::string text;
    while (n-- > 0) text += replaced;
    return text;
  };
  // Unicode 15, §3.9, tables 3-8 to 3-11.
  CHECK(parsed(json_of("\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41")) == times(8) + "A");
  CHECK(parsed(json_of("\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41")) == times(8) + "A");
  CHECK(parsed(json_of("\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42")) == times(5) + "A" + times(2) + "B");
  CHECK(parsed(json_of("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41")) == times(4) + "A");
  // Cut at the end, and next to what needs an escape.
  CHECK(parsed(json_of("ok \xF0\x9F\x8E")) == "ok " + times(1));
  CHECK(parsed(json_of("\xE2\x82\"")) == times(1) + "\"");
  CHECK(parsed(json_of("é\xFF\xC3")) == "é" + times(2));
}

TEST_CASE("json: any bytes give well-formed UTF-8 and a well-formed string", "[text]") {
  std::uint64_t state = 42;
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    for (int n = round % 40; n > 0; --n) {
      state = state * 6364136223846793005U + 1442695040888963407U;
      text += static_cast<char>(static_cast<unsigned char>(state >> 56));
    }
    const std::string out = json_of(text);
    REQUIRE_FALSE(find_invalid_utf8(out).has_value());
    REQUIRE_FALSE(parsed(out).starts_with("parse error"));
    if (!find_invalid_utf8(text)) REQUIRE((parsed(out) == text));
  }
}

TEST_CASE("json: members are separated by commas, and the first has none", "[text]") {
  std::string out = "before ";
  {
    json_writer json(out);
    json.begin_object();
    json.member("a", "x{");
    json.flag_member("b", true);
    json.key("c");
    json.begin_array();
    json.begin_object();
    json.number_member("d", std::numeric_limits<std::uint64_t>::max());
    json.number_member("e", 0);
    json.end_object();
    json.string("g");
    json.number(7);
    json.raw("null");
    json.end_array();
    json.flag_member("f", false);
    json.end_object();
  }
  CHECK(out == R"(before {"a":"x{","b":true,"c":[{"d":18446744073709551615,"e":0},"g",7,null],"f":false})");
}

TEST_CASE("json: what is written does not depend on where the writer's own buffer ends", "[text]") {
  const std::string text = "a\"\u00e9\u2028" + std::string(40, 'x') + "\n";
  const std::string escaped = "\"a\\\"\u00e9\\u2028" + std::string(40, 'x') + "\\n\"";
  for (std::size_t before = 0; before < 1100; ++before) {
    std::string out;
    {
      json_writer json(out);
      json.begin_array();
      json.raw(std::string(before, '1'));
      json.string(text);
      json.raw(std::string(5'000, '2'));
      json.key("k");
      json.number(12);
      json.end_array();
    }
    std::string expected = "[" + std::string(before, '1') + "," + escaped;
    expected += "," + std::string(5'000, '2') + ",\"k\":12]";
    INFO(before);
    REQUIRE((out == expected));
  }
}

TEST_CASE("json: what needs no escapes is written as any other, across the writer's own buffer too", "[text]") {
  std::string out;
  std::string expected;
  {
    json_writer plain(out);
    json_writer other(expected);
    plain.open("[{");
    plain.raw(R"("a":[)");
    plain.close("]}");
    other.raw(R"([{"a":[]})");
    for (std::size_t size = 1; size < 100; ++size) {
      const std::string text(size, '7');
      plain.plain(text);
      other.string(text);
      plain.begin_object();
      plain.plain_member("id", text);
      plain.end_object();
      other.raw("{\"id\":\"" + text + "\"}");
    }
    plain.end_array();
    other.end_array();
  }
  CHECK(out == expected);
}

TEST_CASE("json: a writer forgets what came after a place", "[text]") {
  std::string out;
  {
    json_writer json(out);
    json.begin_array();
    json.number(1);
    const std::size_t here = json.size();
    json.string(std::string(3'000, 'x'));
    json.cut(here);
    json.number(2);
    json.end_array();
  }
  CHECK(out == "[1,2]");
}
