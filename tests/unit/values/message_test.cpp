// values/message - tests: ids survive their printed form, and MIME types have one kind.
#include <broadside/environment.hpp>
#include <broadside/fixed_string.hpp>
#include <broadside/message.hpp>
#include <random>
#include <support/catch.hpp>
#include <utility>

using broadside::errc;
using broadside::message_id;

TEST_CASE("fixed_string: a cut never splits a UTF-8 sequence", "[values]") {
  broadside::fixed_string<4> text{"abc\xC3\xA9"};
  REQUIRE(text == "abc");
}

TEST_CASE("message_id: the printed form is bs- and sixteen lower-case digits", "[values]") {
  REQUIRE(to_string(message_id{0}) == "bs-0000000000000000");
  REQUIRE(to_string(message_id{0xFFF0123456789ABC}) == "bs-fff0123456789abc");
  const auto text = to_text(message_id{1});
  REQUIRE(std::string_view(text.data(), text.size()) == "bs-0000000000000001");
}

TEST_CASE("message_id: what is printed parses back to the same id", "[values]") {
  std::mt19937_64 random{7};
  for (int i = 0; i < 10'000; ++i) {
    const message_id id{random()};
    const auto back = broadside::parse_message_id(to_string(id));
    REQUIRE(back.has_value());
    REQUIRE(*back == id);
  }
}

TEST_CASE("message_id: anything that is never printed is refused", "[values]") {
  for (const std::string_view text :
       {"", "bs-", "bs-000000000000000", "bs-00000000000000000", "bs-000000000000000G", "bs-00000000000000FF",
        "BS-0000000000000000", "bs_0000000000000000", "0000000000000000000", " bs-0000000000000000",
        "bs-000000000000000 ", "bs--000000000000001", "bs-0x00000000000001"}) {
    CAPTURE(text);
    const auto id = broadside::parse_message_id(text);
    REQUIRE(id.has_error());
    REQUIRE(id.error() == errc::invalid_argument);
  }
}
