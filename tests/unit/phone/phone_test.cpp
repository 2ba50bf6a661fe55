// tests/phone - what customer records hold, what is refused and why, and what a dialling context adds.
#include <broadside/phone.hpp>
#include <env/random.hpp>
#include <string>
#include <string_view>
#include <support/catch.hpp>
#include <tuple>

using broadside::dialling;
using broadside::errc;
using broadside::phone;

namespace {

errc refusal(std::string_view text, dialling from = dialling::international) {
  const auto parsed = phone::parse(text, from);
  return parsed ? errc{} : static_cast<errc>(parsed.error().value());
}

}  // namespace

TEST_CASE("phone: a plain number with any byte in any place is what it is behind a scheme", "[phone]") {
  for (const std::string number : {"+12125550123", "+6834000", "+447400123456", "+870776123456789"}) {
    for (std::size_t at = 0; at < number.size(); ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string text = number;
        text[at] = static_cast<char>(byte);
        CAPTURE(text, at, byte);
        const auto plain = phone::parse(text);
        const auto other = phone::parse("tel:" + text);
        REQUIRE(plain.has_value() == other.has_value());
        if (plain) REQUIRE(*plain == *other);
        if (!plain) REQUIRE(plain.error() == other.error());
      }
    }
  }
}

TEST_CASE("phone: numbers are read the way records write them", "[phone]") {
  const auto& [text, digits] = GENERATE(table<std::string_view, std::string_view>({
      {"+12125550123", "12125550123"},
      {"+1 (212) 555-0123", "12125550123"},
      {"(+1) 212.555.0123", "12125550123"},
      {"+1/212/555/0123", "12125550123"},
      {" +1\xC2\xA0"
       "212 555 0123 ",
       "12125550123"},
      {"001 212 555 0123", "12125550123"},
      {"0-0-1 212 555 0123", "12125550123"},
      {"tel:+1-212-555-0123", "12125550123"},
      {"TEL:+12125550123", "12125550123"},
      {" tel: +12125550123", "12125550123"},
      {"+44 (0)7400 123456", "447400123456"},
      {"0044 (0) 20 7946 0958", "442079460958"},
      {"+49 (0)30 123456", "4930123456"},
      {"+39 (0)6 1234567", "39061234567"},
      {"+39 06 1234567", "39061234567"},
      {"+683 4000", "6834000"},
      {"+247 40123", "24740123"},
      {"+870 776 123456 789", "870776123456789"},
      {"+44 20(0)79460958", "4420079460958"},
      {"+1 310 1234", "13101234"},
      {"+1 310 234 5678", "13102345678"},
      {"+1 201 911 0123", "12019110123"},
      {"+1 822 234 5678", "18222345678"},
      {"+1\xE2\x80\x91"
       "212\xE2\x80\x91"
       "555\xE2\x80\x91"
       "0123",
       "12125550123"},
      {"\xEF\xBC\x8B\xEF\xBC\x91\xEF\xBC\x88"
       "212\xEF\xBC\x89"
       "555\xEF\xBC\x8D"
       "0123",
       "12125550123"},
      {"+1\xEF\xBC\x8F"
       "212\xEF\xBC\x8E"
       "555\xE3\x80\x80"
       "012\xEF\xBC\x93",
       "12125550123"},
      {"\xEF\xBC\x90\xEF\xBC\x90 1 212 555 0123", "12125550123"},
      {"+44 \xEF\xBC\x88\xEF\xBC\x90\xEF\xBC\x89"
       "7400 123456",
       "447400123456"},
      {" ( tel:0-0 1 212 555 0123", "12125550123"},
  }));
  CAPTURE(text);
  const auto parsed = phone::parse(text);
  REQUIRE(parsed.has_value());
  phone::digits_buffer buffer;
  REQUIRE(parsed->digits(buffer) == digits);
  REQUIRE(parsed->to_string() == "+" + std::string{digits});
  const auto again = phone::parse(parsed->to_string());
  REQUIRE(again.has_value());
  REQUIRE(*again == *parsed);
}

TEST_CASE("phone: everything else is refused with its reason", "[phone]") {
  const auto& [text, why] = GENERATE(table<std::string_view, errc>({
      {"", errc::phone_empty},
      {"  -()", errc::phone_empty},
      {"tel:", errc::phone_empty},
      {"+", errc::phone_too_short},
      {"00", errc::phone_too_short},
      {"2125550123", errc::phone_no_prefix},
      {"1 212 555 0123", errc::phone_no_prefix},
      {"0212 555 0123", errc::phone_no_prefix},
      {"011 44 7400 123456", errc::phone_no_prefix},
      {"911", errc::phone_no_prefix},
      {"0", errc::phone_no_prefix},
      {"++12125550123", errc::phone_bad_character},
      {"00+12125550123", errc::phone_bad_character},
      {"+1 212 555 0123 x5", errc::phone_bad_character},
      {"+1 212 555 0123;ext=5", errc::phone_bad_character},
      {"+1 212 555 O123", errc::phone_bad_character},
      {"1-800-FLOWERS", errc::phone_bad_character},
      {"+1 212\t555 0123", errc::phone_bad_character},
      {"+1 212 555 0123\n", errc::phone_bad_character},
      {"+12125550123;+12125550124", errc::phone_bad_character},
      {"+1 212\xC2"
       "555 0123",
       errc::phone_bad_character},
      {"+1 212\xC2\xA1"
       "555 0123",
       errc::phone_bad_character},
      {"+1\xE2\x80\x90"
       "2125550123",
       errc::phone_bad_character},
      {"+1\xE2\x80", errc::phone_bad_character},
      {"+\xEF\xBC"
       "12125550123",
       errc::phone_bad_character},
      {"+\xEF\xBC\x80"
       "12125550123",
       errc::phone_bad_character},
      {"+\xEF\xBC\xA1"
       "2125550123",
       errc::phone_bad_character},
      {"+\xEF\xBD\x91"
       "2125550123",
       errc::phone_bad_character},
      {"+1212555012\xD9\xA3", errc::phone_bad_character},
      {"\xF0\x9F\x93\x9E +12125550123", errc::phone_bad_character},
      {"\xFF+12125550123", errc::phone_bad_character},
      {std::string_view{"+1212555\0"
                        "0123",
                        13},
       errc::phone_bad_character},
      {"+12125550123 +12125550124", errc::phone_bad_character},
      {"tel:tel:+12125550123", errc::phone_bad_character},
      {"+0 212 555 0123", errc::phone_bad_country},
      {"+001 212 555 0123", errc::phone_bad_country},
      {"000 1 212 555 0123", errc::phone_bad_country},
      {"+999 123456789", errc::phone_bad_country},
      {"+210 1234567", errc::phone_bad_country},
      {"+259 1234567", errc::phone_bad_country},
      {"+684 1234567", errc::phone_bad_country},
      {"+683 400", errc::phone_too_short},
      {"+44 123", errc::phone_too_short},
      {"+1 911", errc::phone_too_short},
      {"+44 12345678901234", errc::phone_too_long},
      {"+44 123456789012345678901234567890", errc::phone_too_long},
      {"+1 212 555 012", errc::phone_bad_nanp},
      {"+1 212 555 01234", errc::phone_bad_nanp},
      {"+1 112 555 0123", errc::phone_bad_nanp},
      {"+1 012 555 0123", errc::phone_bad_nanp},
      {"+1 (0)212 555 0123", errc::phone_bad_nanp},
      {"+1 292 555 0123", errc::phone_bad_nanp},
      {"+1 212 155 0123", errc::phone_bad_nanp},
      {"+1 212 055 0123", errc::phone_bad_nanp},
      {"+1 311 1234", errc::phone_bad_nanp},
      {"+1 310 123", errc::phone_bad_nanp},
      {"+1 310 12345", errc::phone_bad_nanp},
  }));
  CAPTURE(text);
  REQUIRE(name_of(refusal(text)) == name_of(why));
}

TEST_CASE("phone: sixty-four bytes are read and not one more", "[phone]") {
  const std::string number = "+12125550123";
  REQUIRE(phone::parse(number + std::string(64 - number.size(), ' ')).has_value());
  REQUIRE(refusal(number + std::string(65 - number.size(), ' ')) == errc::phone_too_long);
  REQUIRE(refusal(std::string(1'000'000, '1')) == errc::phone_too_long);
}

TEST_CASE("phone: every string of two bytes behind a number is read or refused", "[phone]") {
  int accepted = 0;
  for (int a = 0; a < 256; ++a) {
    for (int b = 0; b < 256; ++b) {
      const std::string text = std::string{"+1212555012"} + static_cast<char>(a) + static_cast<char>(b);
      if (phone::parse(text)) ++accepted;
    }
  }
  // One digit and one of six separators, in either order. NBSP takes two bytes and leaves no room for the digit.
  REQUIRE(accepted == 2 * 10 * 6);
}

TEST_CASE("phone: the masked form shows the country and the last four digits", "[phone]") {
  REQUIRE(phone::parse("+12125550123")->masked() == "+1******0123");
  REQUIRE(phone::parse("+447400123456")->masked() == "+44******3456");
  REQUIRE(phone::parse("+24740123")->masked() == "+247***23");
  REQUIRE(phone::parse("+6834000")->masked() == "+683***0");
}

TEST_CASE("phone: only country code 1 is North American", "[phone]") {
  REQUIRE(phone::parse("+12125550123")->is_nanp());
  REQUIRE(phone::parse("+18765550123")->is_nanp());
  REQUIRE_FALSE(phone::parse("+447400123456")->is_nanp());
  REQUIRE_FALSE(phone::parse("+79123456789")->is_nanp());
  REQUIRE_FALSE(phone::parse("+6834000")->is_nanp());
  REQUIRE(sizeof(phone) == 8);
}

TEST_CASE("phone: digits without a prefix are read only where the country is known to be in them", "[phone]") {
  const auto& [text, international, bare, north_america] =
      GENERATE(table<std::string_view, std::string_view, std::string_view, std::string_view>({
          {"2125550123", "phone_no_prefix", "+2125550123", "+12125550123"},
          {"(212) 555-0123", "phone_no_prefix", "+2125550123", "+12125550123"},
          {"12125550123", "phone_no_prefix", "+12125550123", "+12125550123"},
          {"1 (212) 555-0123", "phone_no_prefix", "+12125550123", "+12125550123"},
          {"tel:212-555-0123", "phone_no_prefix", "+2125550123", "+12125550123"},
          {"447400123456", "phone_no_prefix", "+447400123456", "phone_bad_nanp"},
          {"44 (0)7400 123456", "phone_no_prefix", "+447400123456", "phone_bad_nanp"},
          {"011 44 7400 123456", "phone_no_prefix", "phone_no_prefix", "+447400123456"},
          {"011 44 (0)7400 123456", "phone_no_prefix", "phone_no_prefix", "+447400123456"},
          {"011 1 212 555 0123", "phone_no_prefix", "phone_no_prefix", "+12125550123"},
          {"00 44 7400 123456", "+447400123456", "+447400123456", "+447400123456"},
          {"+44 7400 123456", "+447400123456", "+447400123456", "+447400123456"},
          {"+1 310 1234", "+13101234", "+13101234", "+13101234"},
          {"1 310 1234", "phone_no_prefix", "+13101234", "phone_bad_nanp"},
          {"310 1234", "phone_no_prefix", "+3101234", "phone_bad_nanp"},
          {"555 0123", "phone_no_prefix", "+5550123", "phone_bad_nanp"},
          {"911", "phone_no_prefix", "phone_too_short", "phone_too_short"},
          {"0", "phone_no_prefix", "phone_no_prefix", "phone_too_short"},
          {"0212 555 0123", "phone_no_prefix", "phone_no_prefix", "phone_bad_nanp"},
          {"(0)212 555 0123", "phone_no_prefix", "phone_no_prefix", "phone_bad_nanp"},
          {"112 555 0123", "phone_no_prefix", "phone_bad_nanp", "phone_bad_nanp"},
          {"292 555 0123", "phone_no_prefix", "phone_bad_country", "phone_bad_nanp"},
          {"2 212 555 0123", "phone_no_prefix", "+22125550123", "phone_bad_nanp"},
          {"011", "phone_no_prefix", "phone_no_prefix", "phone_too_short"},
          {"011 999 123 4567", "phone_no_prefix", "phone_no_prefix", "phone_bad_country"},
          {"999 123 4567", "phone_no_prefix", "phone_bad_country", "phone_bad_nanp"},
          {"1234567890123456", "phone_no_prefix", "phone_too_long", "phone_too_long"},
          {"12345678901234567890123", "phone_no_prefix", "phone_too_long", "phone_too_long"},
          {"", "phone_empty", "phone_empty", "phone_empty"},
          {" ()", "phone_empty", "phone_empty", "phone_empty"},
          {"FLOWERS", "phone_bad_character", "phone_bad_character", "phone_bad_character"},
      }));
  const auto read = [text = text](dialling from) {
    const auto parsed = phone::parse(text, from);
    return parsed ? parsed->to_string() : std::string{name_of(refusal(text, from))};
  };
  CAPTURE(text);
  CHECK(read(dialling::international) == international);
  CHECK(read(dialling::bare_digits) == bare);
  CHECK(read(dialling::north_america) == north_america);
}

TEST_CASE("phone: digits right behind a plus are read as with separators between them", "[phone]") {
  broadside::random_bits random(20261123);
  for (int i = 0; i < 20'000; ++i) {
    std::string digits(1 + random.below(18), '0');
    for (char& c : digits) c = static_cast<char>('0' + random.below(10));
    if (random.below(2) == 0) digits[0] = '1';
    for (const auto from : {dialling::international, dialling::north_america, dialling::bare_digits}) {
      const auto plain = phone::parse("+" + digits, from);
      const auto spaced = phone::parse("+" + digits + " ", from);
      CAPTURE(digits);
      REQUIRE(plain.has_value() == spaced.has_value());
      if (plain.has_value()) REQUIRE(plain->to_string() == spaced->to_string());
      if (!plain.has_value()) REQUIRE(plain.error() == spaced.error());
      if (plain.has_value()) REQUIRE(plain->to_string() == "+" + digits);
    }
  }
}
