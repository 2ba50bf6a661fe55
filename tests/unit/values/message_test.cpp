// values/message - tests: ids survive their printed form, and MIME types have one kind.
#include <broadside/environment.hpp>
#include <broadside/fixed_string.hpp>
#include <broadside/message.hpp>
#include <random>
#include <support/catch.hpp>
#include <utility>

using broadside::errc;
using broadside::media_kind;
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

TEST_CASE("media_kind: known MIME types have a kind, whatever their case and parameters", "[values]") {
  const auto& [type, kind] = GENERATE(table<std::string_view, media_kind>({
      {"image/jpeg", media_kind::image},
      {"IMAGE/PNG", media_kind::image},
      {"image/svg+xml", media_kind::image},
      {"audio/amr", media_kind::audio},
      {"video/3gpp; codecs=\"avc1\"", media_kind::video},
      {"video/mp4 ;x=y", media_kind::video},
      {"text/vcard;charset=utf-8", media_kind::contact},
      {"text/x-vCard", media_kind::contact},
      {"text/directory", media_kind::contact},
      {"text/calendar", media_kind::calendar},
      {"application/pdf", media_kind::pdf},
  }));
  CAPTURE(type);
  const auto found = broadside::media_kind_of(type);
  REQUIRE(found.has_value());
  REQUIRE(*found == kind);
}

TEST_CASE("media_kind: everything else is an invalid argument", "[values]") {
  for (const std::string_view type :
       {"", "/", "image", "image/", "image/;x", "/jpeg", "image/a/b", "image/jp eg", "text/plain",
        "application/octet-stream", " image/png", "imag/png", "text/vcards", ";image/png"}) {
    CAPTURE(type);
    REQUIRE(broadside::media_kind_of(type).has_error());
  }
}
