// tests/sms/smart - what smart encoding replaces, and what it leaves.
#include <broadside/sms.hpp>
#include <sms/alphabet.hpp>
#include <sms/smart_table.hpp>
#include <string>
#include <string_view>
#include <support/catch.hpp>
#include <vector>

using namespace broadside;

namespace {

smart_text smart(std::string_view text) {
  auto result = smart_encode(text);
  REQUIRE(result);
  return std::move(*result);
}

}  // namespace

TEST_CASE("smart_encode: the table has 271 characters from outside the default alphabet, and writes only what is in it",
          "[sms]") {
  int count = 0;
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    const auto plain = sms::plain_look_alike(c);
    if (!plain) continue;
    ++count;
    CHECK(sms::default_code(c).count == 0);
    CHECK(sms::hold(*plain, {}).bytes == plain->size());
  }
  CHECK(count == 271);
}

TEST_CASE("smart_encode: typographic characters become plain ones", "[sms]") {
  CHECK(smart("“It’s”").text == "\"It's\"");
  CHECK(smart("10–20 — now…").text == "10-20 - now...");
  CHECK(smart("½ price").text == "1/2 price");
  CHECK(smart("‹ok›‼").text == "<ok>!!");
  CHECK(smart("ＳＡＬＥ！").text == "SALE!");
  CHECK(smart("`code`").text == "'code'");
  CHECK(smart("a\u200Bb\uFEFFc\u2060d").text == "abcd");
  CHECK(smart("a\tb").text == "a       b");
  CHECK(smart("a\u00A0b").text == "a  b");
}

TEST_CASE("smart_encode: a text that needs nothing stays, letters and emoji too", "[sms]") {
  for (const std::string_view same :
       {"", "plain text", "déjà vu ç á Ä", "Привет", "日本", "👍🏽 ❤\uFE0F", "€{}", "\r\n\f"}) {
    const smart_text result = smart(same);
    CHECK(result.text == same);
    CHECK_FALSE(result.normalised);
    CHECK(result.replaced.empty());
  }
}

TEST_CASE("smart_encode: it composes first, so that no accent becomes punctuation", "[sms]") {
  const smart_text result = smart("cafe\u0301 ne\u0302");
  CHECK(result.text == "café nê");
  CHECK(result.normalised);
  CHECK(result.replaced.empty());
  CHECK(smart("x\u0302").text == "x^");  // nothing to compose with
}

TEST_CASE("smart_encode: the places are those of the normalised text", "[sms]") {
  const smart_text result = smart("e\u0301 – “x”");
  REQUIRE(result.replaced.size() == 3);
  const std::string normalised = "é – “x”";
  CHECK(result.replaced[0].at == normalised.find("–"));
  CHECK(result.replaced[0].from == U'–');
  CHECK(result.replaced[0].to == "-");
  CHECK(result.replaced[1].at == normalised.find("“"));
  CHECK(result.replaced[2].at == normalised.find("”"));
  CHECK(result.replaced[2].to == "\"");
  CHECK(result.text == "é - \"x\"");
}

TEST_CASE("smart_encode: what the table brought together composes", "[sms]") {
  CHECK(smart("Ｅ\u0301").text == "É");
  CHECK(smart("e\u200B\u0301").text == "é");
  CHECK(smart("e\u200B\u0301").normalised);
}

TEST_CASE("smart_encode: doing it twice changes nothing more, but where a mark came free", "[sms]") {
  for (const std::string_view text :
       {"“It’s” – e\u0301…", "Ｅ\u0301\u0302", "\u0338=\u0338", "a\u200C\u0303", "\u1FEF"}) {
    const std::string once = smart(text).text;
    CHECK(smart(once).text == once);
  }
  // A dot below takes the a, and the tilde is a mark of its own, which the table holds.
  CHECK(smart("ã\u200B\u0323").text == "ạ\u0303");
  CHECK(smart("ạ\u0303").text == "ạ~");
}

TEST_CASE("smart_encode: a pasted text fits GSM-7 again", "[sms]") {
  const std::string pasted = "“Don’t miss it” – 50 % off… today";
  CHECK(measure_sms(pasted)->encoding == sms_encoding::ucs2);
  CHECK(measure_sms(smart(pasted).text)->encoding == sms_encoding::gsm7);
}

TEST_CASE("smart_encode: what is not UTF-8 is refused with its place", "[sms]") {
  const auto result = smart_encode("abc\xFF");
  REQUIRE_FALSE(result);
  CHECK(result.error().code == errc::invalid_utf8);
  CHECK(result.error().at == 3);
}
