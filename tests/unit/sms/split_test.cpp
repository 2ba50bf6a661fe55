// tests/sms/split - where a text is cut, and where never.
#include <array>
#include <broadside/sms.hpp>
#include <numeric>
#include <string>
#include <string_view>
#include <support/catch.hpp>
#include <vector>

using namespace broadside;

namespace {

std::string repeated(std::string_view piece, int times) {
  std::string text;
  for (int n = 0; n < times; ++n) text += piece;
  return text;
}

/// Units of each part; the parts rejoin to the text, and counting alone says the same.
std::vector<int> sizes(std::string_view text, const sms_format& format = {}) {
  sms_parts room;
  const auto split = split_sms(text, room, format);
  REQUIRE(split);
  std::string rejoined;
  std::vector<int> found;
  for (const sms_part& part : split->parts) {
    rejoined += part.text;
    found.push_back(part.units);
  }
  CHECK(rejoined == text);
  CHECK(split->size.units == static_cast<std::uint32_t>(std::accumulate(found.begin(), found.end(), 0)));
  const auto size = measure_sms(text, format);
  REQUIRE(size);
  CHECK(size->parts == found.size());
  CHECK(size->units == split->size.units);
  return found;
}

using list = std::vector<int>;

constexpr sms_format code_points_only{.keep_clusters = false};
constexpr std::string_view family = "👨\u200D👩\u200D👧\u200D👦";  // 11 units

}  // namespace

TEST_CASE("split_sms: an empty text has no parts, one that fits has one", "[sms]") {
  CHECK(sizes("").empty());
  CHECK(sizes("hello") == list{5});
  CHECK(sizes(std::string(160, 'a')) == list{160});
}

TEST_CASE("split_sms: parts are filled greedily", "[sms]") {
  CHECK(sizes(std::string(161, 'a')) == list{153, 8});
  CHECK(sizes(repeated("é", 161)) == list{153, 8});
  CHECK(sizes(repeated("ж", 71)) == list{67, 4});
  CHECK(sizes(std::string(500, 'a'), {.reference_octets = 2}) == list{152, 152, 152, 44});
}

TEST_CASE("split_sms: an escape pair is never cut", "[sms]") {
  CHECK(sizes(std::string(152, 'a') + "€" + std::string(20, 'b')) == list{152, 22});
  CHECK(sizes(std::string(151, 'a') + "€" + std::string(20, 'b')) == list{153, 20});
  CHECK(sizes(repeated("€", 153)) == list{152, 152, 2});
  CHECK(sizes(repeated("a€", 153)) == list{153, 153, 153});
  CHECK(sizes(repeated("[", 81)) == list{152, 10});
}

TEST_CASE("split_sms: a surrogate pair is never cut", "[sms]") {
  for (const bool keep_clusters : {false, true}) {
    const sms_format format{.keep_clusters = keep_clusters};
    CHECK(sizes(repeated("😀", 36), format) == list{66, 6});
    CHECK(sizes(repeated("ж", 66) + "😀" + repeated("ж", 10), format) == list{66, 12});
    CHECK(sizes(repeated("ж", 65) + "😀" + repeated("ж", 10), format) == list{67, 10});
  }
}

TEST_CASE("split_sms: a cluster that fits a part is kept together", "[sms]") {
  const std::string before = repeated("ж", 64);
  const std::string after = repeated("ж", 10);
  for (const std::string_view cluster : {family, std::string_view("🇺🇸"), std::string_view("👍🏽")}) {
    const std::string text = before + std::string(cluster) + after;
    CHECK(sizes(text).front() == 64);
    CHECK(sizes(text, code_points_only).front() > 64);
  }
  CHECK(sizes(repeated("ж", 66) + "e\u0301" + after) == list{66, 12});
  CHECK(sizes(repeated("ж", 65) + "1\uFE0F\u20E3" + after) == list{65, 13});
  CHECK(sizes(repeated("ж", 65) + "\u0938\u094D\u0924" + after) == list{65, 13});
}

TEST_CASE("split_sms: flags are counted off in pairs from where they begin", "[sms]") {
  CHECK(sizes(repeated("🇺🇸", 32)) == list{64, 64});
  CHECK(sizes("ж" + repeated("🇺🇸", 32)) == list{65, 64});
  CHECK(sizes(repeated("🇺🇸", 32), code_points_only) == list{66, 62});
}

TEST_CASE("split_sms: a cluster that fits no part is cut between code points", "[sms]") {
  const std::string zalgo = "z" + repeated("\u0301", 80);  // 81 units
  CHECK(sizes(zalgo) == list{67, 14});
  CHECK(sizes("жжж" + zalgo) == list{67, 17});
  // What stands behind it is kept again, in the same part.
  CHECK(sizes(zalgo + repeated("ж", 50) + "👍🏽" + repeated("ж", 5)) == list{67, 64, 9});
  // A cluster of exactly one part fits.
  CHECK(sizes("ж" + ("z" + repeated("\u0301", 66)) + "жжжж") == list{1, 67, 4});
}

TEST_CASE("split_sms: CR LF counts as two characters", "[sms]") {
  CHECK(sizes(std::string(152, 'a') + "\r\n" + std::string(20, 'b')) == list{153, 21});
  CHECK(sizes(repeated("ж", 66) + "\r\n" + repeated("ж", 20)) == list{67, 21});
}

TEST_CASE("split_sms: the parts are views of the text", "[sms]") {
  const std::string text(200, 'a');
  std::array<sms_part, 2> room;
  const auto split = split_sms(text, room);
  REQUIRE(split);
  CHECK(split->parts.data() == room.data());
  CHECK(split->parts[0].text.data() == text.data());
  CHECK(split->parts[1].text.data() == text.data() + 153);
}

TEST_CASE("split_sms: room for fewer parts is a limit like max_parts", "[sms]") {
  std::array<sms_part, 2> room;
  const std::string text(400, 'a');
  const auto split = split_sms(text, room);
  REQUIRE_FALSE(split);
  CHECK(split.error().code == errc::sms_too_many_parts);
  CHECK(split.error().at == 306);
  CHECK(split_sms(text, std::span(room).first(1)).error().at == 160);
  CHECK(split_sms(text, {}).error().at == 0);
  CHECK(split_sms("a", {}).error().code == errc::sms_too_many_parts);
  CHECK(split_sms("", {})->parts.empty());
  CHECK(split_sms(std::string(161, 'a'), std::span(room).first(2), {.max_parts = 1}).error().at == 160);
}

TEST_CASE("split_sms: a hostile text of joiners and marks takes no more than linear work", "[sms]") {
  // Too long to be sent; every character belongs to one cluster. Quadratic work would take minutes.
  for (const std::string_view piece : {"\u0301", "🇺🇸", "\u200D", "\u094D", "👩\u200D"}) {
    const auto size = measure_sms("ж" + repeated(piece, 300'000));
    REQUIRE_FALSE(size);
    CHECK(size.error().code == errc::sms_too_many_parts);
  }
}
