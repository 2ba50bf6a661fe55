// values/message - tests: ids and references survive their printed form.
#include <broadside/environment.hpp>
#include <broadside/fixed_string.hpp>
#include <broadside/message.hpp>
#include <random>
#include <string>
#include <support/catch.hpp>
#include <utility>
#include <vector>

using broadside::campaign_id;
using broadside::errc;
using broadside::message_id;
using broadside::message_reference;
using broadside::ordinal;
using broadside::source_id;

namespace {

std::string printed(const message_reference& reference) {
  broadside::message_reference_text buffer{};
  return std::string(to_text(reference, buffer));
}

message_reference reference_of(std::uint64_t id, std::uint32_t campaign, std::uint32_t source, std::uint64_t row) {
  return {message_id{id}, campaign_id{campaign}, source_id{source}, ordinal{row}};
}

}  // namespace

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

TEST_CASE("message_reference: the printed form is that of the id, then campaign, source and row", "[values]") {
  CHECK(printed({}) == "bs-0000000000000000.0.0.0");
  CHECK(printed(reference_of(0xA1, 0, 2, 1024)) == "bs-00000000000000a1.0.2.1024");
  const std::string longest = printed(reference_of(~0ULL, ~0U, ~0U, ~0ULL));
  CHECK(longest == "bs-ffffffffffffffff.4294967295.4294967295.18446744073709551615");
  CHECK(longest.size() == broadside::message_reference_text{}.size());
  broadside::message_reference_text buffer{};
  CHECK(to_text(message_reference{}, buffer).data() == buffer.data());
}

TEST_CASE("message_reference: what is printed parses back to the same reference", "[values]") {
  std::mt19937_64 random{7};
  // Numbers of every length.
  const auto some = [&] { return random() >> random() % 64; };
  for (int i = 0; i < 10'000; ++i) {
    const auto reference =
        reference_of(some(), static_cast<std::uint32_t>(some()), static_cast<std::uint32_t>(some()), some());
    const auto back = broadside::parse_message_reference(printed(reference));
    REQUIRE(back.has_value());
    REQUIRE(*back == reference);
  }
  CHECK(broadside::parse_message_reference(printed(reference_of(~0ULL, ~0U, ~0U, ~0ULL))).value() ==
        reference_of(~0ULL, ~0U, ~0U, ~0ULL));
}

TEST_CASE("message_reference: anything that is never printed is refused", "[values]") {
  const std::string id = "bs-00000000000000a1";
  const std::vector<std::string> never{"",
                                       "bs-",
                                       id,
                                       id + ".",
                                       id + ".1",
                                       id + ".1.2",
                                       id + ".1.2.",
                                       id + ".1.2.3.",
                                       id + ".1.2.3.4",
                                       id + ".1..3",
                                       id + "..2.3",
                                       id + ".01.2.3",
                                       id + ".1.00.3",
                                       id + ".1.2.03",
                                       id + ".-1.2.3",
                                       id + ".+1.2.3",
                                       id + ". 1.2.3",
                                       id + ".1.2.3 ",
                                       " " + id + ".1.2.3",
                                       id + ".1.2.3\n",
                                       id + "1.2.3",
                                       id + ",1.2.3",
                                       id + ".4294967296.2.3",
                                       id + ".1.4294967296.3",
                                       id + ".1.2.18446744073709551616",
                                       id + ".1.2.99999999999999999999999999",
                                       id + ".a.2.3",
                                       id + ".1.2.0x3",
                                       "bs-00000000000000A1.1.2.3",
                                       "bs-0000000000000a1.1.2.3",
                                       id + ".1.2.3" + '\0'};
  for (const std::string& text : never) {
    CAPTURE(text);
    const auto reference = broadside::parse_message_reference(text);
    REQUIRE(reference.has_error());
    REQUIRE(reference.error() == errc::invalid_argument);
  }
}
