// tests/sms/prepare - shortening a text to its limit, and bringing it into shape in place.
#include <broadside/sms.hpp>
#include <string>
#include <string_view>
#include <support/catch.hpp>
#include <unit/sms/allocations.hpp>

using namespace broadside;
using broadside::test::allocations;

namespace {

std::string repeated(std::string_view piece, int times) {
  std::string text;
  for (int n = 0; n < times; ++n) text += piece;
  return text;
}

/// The text shortened to fit; requires that it was cut.
std::string truncated(std::string text, const sms_format& format) {
  const auto cut = truncate_sms(text, format);
  REQUIRE(cut);
  CHECK(*cut);
  CHECK(measure_sms(text, format));
  return text;
}

}  // namespace

TEST_CASE("truncate_sms: a text that fits stays as it is", "[sms]") {
  std::string text(160, 'a');
  const auto cut = truncate_sms(text, {.max_parts = 1});
  REQUIRE(cut);
  CHECK_FALSE(*cut);
  CHECK(text == std::string(160, 'a'));
}

TEST_CASE("truncate_sms: the text is as long as the ellipsis leaves room for", "[sms]") {
  CHECK(truncated(std::string(161, 'a'), {.max_parts = 1}) == std::string(157, 'a') + "...");
  CHECK(truncated(std::string(307, 'a'), {.max_parts = 2}) == std::string(303, 'a') + "...");
  CHECK(truncated(repeated("ж", 71), {.max_parts = 1}) == repeated("ж", 69) + "…");
  CHECK(truncated(repeated("ж", 500), {.max_parts = 3}) == repeated("ж", 200) + "…");
  CHECK(truncated(std::string(400, 'a'), {.reference_octets = 2, .max_parts = 2}) == std::string(301, 'a') + "...");
}

TEST_CASE("truncate_sms: it is cut at a cluster, whatever the format keeps", "[sms]") {
  const sms_format one{.keep_clusters = false, .max_parts = 1};
  CHECK(truncated(repeated("ж", 68) + "🇺🇸🇺🇸", one) == repeated("ж", 68) + "…");
  CHECK(truncated(repeated("ж", 68) + "e\u0301жж", one) == repeated("ж", 68) + "…");
  CHECK(truncated(repeated("ж", 67) + "e\u0301жж", one) == repeated("ж", 67) + "e\u0301…");
  CHECK(truncated(std::string(156, 'a') + "€€€", one) == std::string(156, 'a') + "...");
}

TEST_CASE("truncate_sms: white space before the cut is dropped", "[sms]") {
  CHECK(truncated(std::string(150, 'a') + std::string(20, ' '), {.max_parts = 1}) == std::string(150, 'a') + "...");
  CHECK(truncated(repeated("ж", 60) + "\u00A0\u3000\r\n" + repeated("ж", 5) + "     x", {.max_parts = 1}) ==
        repeated("ж", 60) + "\u00A0\u3000\r\n" + repeated("ж", 5) + "…");
  CHECK(truncated(std::string(500, ' '), {.max_parts = 1}) == "...");
}

TEST_CASE("truncate_sms: what is left may fit an alphabet that the whole text did not", "[sms]") {
  // The emoji at the end would have cost the text more than half.
  CHECK(truncated(std::string(120, 'a') + "😀", {.max_parts = 1}) == std::string(120, 'a') + "...");
  CHECK(truncated(std::string(200, 'a') + "😀", {.max_parts = 1}) == std::string(157, 'a') + "...");
  CHECK(truncated("😀" + std::string(120, 'a'), {.max_parts = 1}) == "😀" + std::string(67, 'a') + "…");
  // The accent belongs to the letter before it, which cannot stay without it.
  CHECK(truncated(std::string(100, 'a') + "e\u0301", {.max_parts = 1}) == std::string(100, 'a') + "...");
}

TEST_CASE("truncate_sms: a language's tables are used where they leave more", "[sms]") {
  const sms_format turkish{.language = national_language::turkish, .max_parts = 1};
  CHECK(truncated(repeated("ş", 200), turkish) == repeated("ş", 152) + "...");
  CHECK(truncated(repeated("ş", 100) + "😀" + repeated("ş", 100), turkish) == repeated("ş", 100) + "...");
  // More of it would fit the locking table, but what the default alphabet holds goes out in it.
  CHECK(truncated(repeated("€", 200), turkish) == repeated("€", 78) + "...");
}

TEST_CASE("truncate_sms: a text of one cluster that fits no part is cut inside", "[sms]") {
  const std::string zalgo = "ж" + repeated("\u0301", 200);
  CHECK(truncated(zalgo, {.max_parts = 1}) == "ж" + repeated("\u0301", 68) + "…");
  CHECK(truncated(zalgo, {.max_parts = 2}) == "ж" + repeated("\u0301", 132) + "…");
}

TEST_CASE("truncate_sms: a cluster that fits no part is left out where there is something before it", "[sms]") {
  const std::string zalgo = "z" + repeated("\u0301", 200);
  CHECK(truncated(repeated("ж", 30) + zalgo, {.max_parts = 2}) == repeated("ж", 30) + "…");
}

TEST_CASE("truncate_sms: what is no text or no format is refused, and the text stays", "[sms]") {
  std::string bad = "abc\xFF";
  CHECK(truncate_sms(bad, {.max_parts = 1}).error().code == errc::invalid_utf8);
  CHECK(bad == "abc\xFF");
  std::string text = "abc";
  CHECK(truncate_sms(text, {.max_parts = 0}).error().code == errc::invalid_argument);
}

TEST_CASE("prepare_sms: a text that is right is left alone, without an allocation", "[sms]") {
  sms_preparation how;
  how.smart_encoding = true;
  how.over = over_limit::truncate;
  for (const std::string& text : {std::string(300, 'a'), repeated("ж", 200), repeated("日本", 100), repeated("👍😀", 60),
                                  std::string("short “quoted”"), repeated("’😀ж", 50), repeated("é€", 200)}) {
    std::string copy = text;
    const std::size_t before = allocations();
    const auto done = prepare_sms(copy, how);
    const std::size_t after = allocations();
    INFO(text);
    REQUIRE(done);
    CHECK(after == before);
    CHECK(copy == text);
    CHECK_FALSE(done->smart);
    CHECK_FALSE(done->truncated);
    const auto size = measure_sms(text);
    CHECK(done->size.parts == size->parts);
    CHECK(done->size.units == size->units);
  }
}

TEST_CASE("prepare_sms: smart encoding is applied when it makes fewer parts", "[sms]") {
  sms_preparation how;
  how.smart_encoding = true;
  const std::string pasted = "“" + std::string(100, 'a') + "”";  // two parts of UCS-2, one of GSM-7
  std::string text = pasted;
  const auto done = prepare_sms(text, how);
  REQUIRE(done);
  CHECK(done->smart);
  CHECK(done->size.parts == 1);
  CHECK(done->size.encoding == sms_encoding::gsm7);
  CHECK(text == "\"" + std::string(100, 'a') + "\"");

  how.smart_encoding = false;
  text = pasted;
  CHECK(prepare_sms(text, how)->size.parts == 2);
  CHECK(text == pasted);
}

TEST_CASE("prepare_sms: smart encoding that makes nothing better is not applied", "[sms]") {
  sms_preparation how;
  how.smart_encoding = true;
  for (const std::string& text : {"“" + std::string(20, 'a') + "”", "“😀" + std::string(100, 'a') + "”",
                                  repeated("e\u0301", 40) + repeated("ж", 10)}) {
    std::string copy = text;
    const auto done = prepare_sms(copy, how);
    REQUIRE(done);
    CHECK(done->smart == (copy != text));
    CHECK(done->size.parts == measure_sms(text)->parts - (done->smart ? 1 : 0));
  }
}

TEST_CASE("prepare_sms: composing letters alone can save a part", "[sms]") {
  sms_preparation how;
  how.smart_encoding = true;
  std::string text = repeated("e\u0301", 100);  // 200 units; composed, 100 septets
  const auto done = prepare_sms(text, how);
  REQUIRE(done);
  CHECK(done->smart);
  CHECK(text == repeated("é", 100));
  CHECK(done->size.parts == 1);
}

TEST_CASE("prepare_sms: smart encoding may bring a text into its language's tables", "[sms]") {
  sms_preparation how;
  how.smart_encoding = true;
  how.format.language = national_language::turkish;
  std::string text = "“" + repeated("ş", 100) + "”";
  const auto done = prepare_sms(text, how);
  REQUIRE(done);
  CHECK(done->smart);
  CHECK(done->size.locking == national_language::turkish);
  CHECK(done->size.parts == 1);
}

TEST_CASE("prepare_sms: over the limit a text is refused and stays as it was", "[sms]") {
  sms_preparation how;
  how.smart_encoding = true;
  how.format.max_parts = 1;
  const std::string text = "“" + std::string(200, 'a') + "”";
  std::string copy = text;
  const auto done = prepare_sms(copy, how);
  REQUIRE_FALSE(done);
  CHECK(done.error().code == errc::sms_too_many_parts);
  CHECK(done.error().at == measure_sms(text, how.format).error().at);
  CHECK(copy == text);
}

TEST_CASE("prepare_sms: over the limit a text is cut after smart encoding", "[sms]") {
  sms_preparation how;
  how.smart_encoding = true;
  how.over = over_limit::truncate;
  how.format.max_parts = 1;
  std::string text = "“" + std::string(200, 'a') + "”";
  const auto done = prepare_sms(text, how);
  REQUIRE(done);
  CHECK(done->smart);
  CHECK(done->truncated);
  CHECK(text == "\"" + std::string(156, 'a') + "...");
  CHECK(done->size.parts == 1);
  CHECK(done->size.units == 160);

  text = std::string(161, 'a');
  const auto cut = prepare_sms(text, how);
  REQUIRE(cut);
  CHECK_FALSE(cut->smart);
  CHECK(cut->truncated);
}

TEST_CASE("prepare_sms: a text of nothing but invisible characters is not made empty", "[sms]") {
  sms_preparation how;
  how.smart_encoding = true;
  std::string text = repeated("\u200B", 100);
  const auto done = prepare_sms(text, how);
  REQUIRE(done);
  CHECK(text == repeated("\u200B", 100));
}

TEST_CASE("prepare_sms: what is not UTF-8 is refused", "[sms]") {
  std::string text = "abc\xFF";
  CHECK(prepare_sms(text, {}).error().code == errc::invalid_utf8);
  CHECK(prepare_sms(text, {}).error().at == 3);
}
