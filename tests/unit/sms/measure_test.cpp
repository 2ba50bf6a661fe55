// tests/sms/measure - which encoding a text takes, and how many units and parts it has.
#include <broadside/sms.hpp>
#include <string>
#include <string_view>
#include <support/catch.hpp>
#include <text/unicode.hpp>

using namespace broadside;

namespace {

std::string repeated(std::string_view piece, int times) {
  std::string text;
  for (int n = 0; n < times; ++n) text += piece;
  return text;
}

void check_size(std::string_view text, sms_encoding encoding, std::uint32_t units, std::uint32_t parts) {
  INFO(text);
  const auto size = measure_sms(text);
  REQUIRE(size);
  CHECK(size->encoding == encoding);
  CHECK(size->units == units);
  CHECK(size->parts == parts);
  CHECK(size->locking == national_language::none);
  CHECK(size->single == national_language::none);
}

constexpr auto gsm7 = sms_encoding::gsm7;
constexpr auto ucs2 = sms_encoding::ucs2;

}  // namespace

TEST_CASE("measure_sms: exactly 137 characters are in the default alphabet", "[sms]") {
  int basic = 0;
  int extended = 0;
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    if (c >= 0xD800 && c <= 0xDFFF) continue;
    std::string text;
    text::append_utf8(text, c);
    const auto size = measure_sms(text);
    REQUIRE(size);
    if (size->encoding == ucs2) {
      if (size->units != text::utf16_units(c)) FAIL("wrong units");
      continue;
    }
    ++(size->units == 1 ? basic : extended);
  }
  CHECK(basic == 127);
  CHECK(extended == 10);
}

TEST_CASE("measure_sms: characters that look as if they were in the alphabet and are not", "[sms]") {
  const auto outside = GENERATE(as<std::string>{}, "`", "\t", "\u00A0", std::string(1, '\0'), "\x1B", "\x7F", "ç", "á",
                                "í", "ó", "ú", "Α", "\u2126", "’", "–", "…", "\u200B", "e\u0301");
  CHECK(measure_sms(outside)->encoding == ucs2);
  CHECK(measure_sms("abc " + outside + " def")->encoding == ucs2);
}

TEST_CASE("measure_sms: the alphabet's own oddities", "[sms]") {
  check_size("Ç", gsm7, 1, 1);
  check_size("Ω", gsm7, 1, 1);  // U+03A9; the ohm sign is another
  check_size("\f", gsm7, 2, 1);
  check_size("\r\n", gsm7, 2, 1);
  check_size("€[]{}~^|\\", gsm7, 18, 1);
  check_size("é[", gsm7, 3, 1);  // as many bytes as septets, and not one for one
  check_size("", gsm7, 0, 0);
}

TEST_CASE("measure_sms: a part holds 160 or 153 septets, 70 or 67 units", "[sms]") {
  check_size(std::string(160, 'a'), gsm7, 160, 1);
  check_size(std::string(161, 'a'), gsm7, 161, 2);
  check_size(std::string(306, 'a'), gsm7, 306, 2);
  check_size(std::string(307, 'a'), gsm7, 307, 3);
  check_size(repeated("ж", 70), ucs2, 70, 1);
  check_size(repeated("ж", 71), ucs2, 71, 2);
  check_size(repeated("ж", 134), ucs2, 134, 2);
  check_size(repeated("ж", 135), ucs2, 135, 3);
  check_size(repeated("😀", 35), ucs2, 70, 1);
  check_size(repeated("😀", 36), ucs2, 72, 2);
}

TEST_CASE("measure_sms: parts are counted by cutting, not by dividing", "[sms]") {
  check_size(repeated("€", 80), gsm7, 160, 1);
  check_size(repeated("€", 153), gsm7, 306, 3);  // 152, 152, 2
  check_size(repeated("😀", 67), ucs2, 134, 3);   // 66, 66, 2
}

TEST_CASE("measure_sms: a 16-bit reference leaves less room", "[sms]") {
  const sms_format wide{.reference_octets = 2};
  CHECK(measure_sms(std::string(160, 'a'), wide)->parts == 1);
  CHECK(measure_sms(std::string(304, 'a'), wide)->parts == 2);
  CHECK(measure_sms(std::string(305, 'a'), wide)->parts == 3);
  CHECK(measure_sms(repeated("ж", 132), wide)->parts == 2);
  CHECK(measure_sms(repeated("ж", 133), wide)->parts == 3);
}

TEST_CASE("measure_sms: 255 parts is the most that a header can count", "[sms]") {
  CHECK(measure_sms(std::string(39'015, 'a'))->parts == 255);
  const auto too_long = measure_sms(std::string(39'016, 'a'));
  REQUIRE_FALSE(too_long);
  CHECK(too_long.error().code == errc::sms_too_many_parts);
  CHECK(too_long.error().at == 39'015);
  CHECK(measure_sms(repeated("ж", 17'085))->parts == 255);
  CHECK(measure_sms(repeated("ж", 17'086)).error().at == 2 * 17'085);
}

TEST_CASE("measure_sms: beyond max_parts the error says where the first byte stands that does not fit", "[sms]") {
  const auto refused = [](std::string_view text, std::uint8_t max_parts) {
    const auto size = measure_sms(text, {.max_parts = max_parts});
    REQUIRE_FALSE(size);
    CHECK(size.error().code == errc::sms_too_many_parts);
    return size.error().at;
  };
  CHECK(refused(std::string(307, 'a'), 2) == 306);
  CHECK(refused(std::string(161, 'a'), 1) == 160);  // alone there is no header
  CHECK(refused(repeated("é", 161), 1) == 320);
  CHECK(refused(std::string(159, 'a') + "€", 1) == 159);
  CHECK(refused(repeated("ж", 68) + "👨\u200D👩\u200D👧", 1) == 2 * 68);
  CHECK(measure_sms(std::string(306, 'a'), {.max_parts = 2}));
}

TEST_CASE("measure_sms: what is not UTF-8 is refused with its place", "[sms]") {
  const auto size = measure_sms(std::string(200, 'a') + "\xC3(" + std::string(60'000, 'a'));
  REQUIRE_FALSE(size);
  CHECK(size.error().code == errc::invalid_utf8);
  CHECK(size.error().at == 200);
}

TEST_CASE("measure_sms: a format outside its ranges is refused, for an empty text too", "[sms]") {
  for (const sms_format& bad :
       {sms_format{.reference_octets = 0}, sms_format{.reference_octets = 3}, sms_format{.max_parts = 0},
        sms_format{.language = static_cast<national_language>(14)}}) {
    CHECK(measure_sms("text", bad).error().code == errc::invalid_argument);
    CHECK(measure_sms("", bad).error().code == errc::invalid_argument);
  }
}

TEST_CASE("measure_sms: value() of an error throws the code", "[sms]") {
  try {
    (void)measure_sms("\xFF").value();
    FAIL("no exception");
  } catch (const boost::system::system_error& error) {
    CHECK(error.code() == errc::invalid_utf8);
  }
}

TEST_CASE("name_of: encodings have the names that providers use", "[sms]") {
  CHECK(name_of(gsm7) == "GSM-7");
  CHECK(name_of(ucs2) == "UCS-2");
}
