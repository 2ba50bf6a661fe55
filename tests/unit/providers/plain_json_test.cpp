// providers/plain_json_test - what is read as plain JSON, a full parser finds too; everything else is left alone.
#include <simdjson.h>
#include <providers/plain_json.hpp>
#include <random>
#include <string>
#include <support/catch.hpp>
#include <utility>
#include <vector>
#include "golden.hpp"

using namespace broadside;
using providers::plain_json;

namespace {

using members = std::vector<std::pair<std::string, std::string>>;

/// The members of a plain object of strings and numbers, read from memory that ends where the text does, so that a
/// sanitizer sees a byte too many.
std::optional<members> read(std::string_view text) {
  const std::vector<char> exact(text.begin(), text.end());
  plain_json json({exact.data(), exact.size()});
  members out;
  const bool read = json.object([&](std::string_view name) {
    std::string_view value;
    if (json.string(value)) return out.emplace_back(name, value), true;
    return json.digits(value) && (out.emplace_back(name, value), true);
  });
  if (!read || !json.at_end()) return std::nullopt;
  return out;
}

/// The same by a full parser.
std::optional<members> parse(const std::string& text) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (parser.parse(text).get(object) != simdjson::SUCCESS) return std::nullopt;
  members out;
  for (const auto& [name, value] : object) {
    std::string_view string;
    std::int64_t number = 0;
    if (value.get(string) == simdjson::SUCCESS) {
      out.emplace_back(name, string);
    } else if (value.get(number) == simdjson::SUCCESS) {
      out.emplace_back(name, std::to_string(number));
    } else {
      return std::nullopt;
    }
  }
  return out;
}

const std::string usual = R"({"status":"success", "to" : "12125550123",
  "tracking-id":"TU1TXzU5Nzg3OQ==","n":0,"count":999999999999999999,"":"",
  "status-details":"MMS request accepted and queued for processing and delivery."})";

}  // namespace

TEST_CASE("plain_json: the usual object is read, however it is spaced", "[providers]") {
  REQUIRE(read(usual).has_value());
  CHECK(read(usual) == parse(usual));
  CHECK(read("  \r\n\t" + usual + " \n") == parse(usual));
  CHECK(read("{                }") == members{});
  for (std::size_t size = 0; size < 70; ++size) {  // strings that end anywhere in a block, and near the end
    const std::string text = R"({"a":"b","long":")" + std::string(size, 'x') + "\"}";
    CAPTURE(text);
    REQUIRE(read(text) == members{{"a", "b"}, {"long", std::string(size, 'x')}});
  }
}

TEST_CASE("plain_json: arrays and objects in them are read by who asks for them", "[providers]") {
  std::vector<std::string> found;
  plain_json json(R"({"list":[ ],"more":[{"id":7},{"id":8, "name":"x"}]})");
  const auto element = [&] {
    return json.object([&](std::string_view name) {
      std::string_view id;
      return name == "id" ? json.digits(id) && (found.emplace_back(id), true) : json.pass();
    });
  };
  CHECK(json.object([&](std::string_view) { return json.array(element); }));
  CHECK(json.at_end());
  CHECK(found == std::vector<std::string>{"7", "8"});
}

TEST_CASE("plain_json: a part of a text is none, and nothing may stand behind it", "[providers]") {
  for (std::size_t size = 0; size < usual.size(); ++size) {
    CAPTURE(size);
    REQUIRE_FALSE(read(std::string_view(usual).substr(0, size)));
  }
  for (const std::string more : {"x", "{}", ",", "}", "\"", "0"}) CHECK_FALSE(read(usual + more));
  CHECK_FALSE(read(usual + '\0'));
  CHECK_FALSE(read({}));
}

TEST_CASE("plain_json: what is not plain is left to a full parser", "[providers]") {
  const auto with = [](const std::string& value) { return R"({"some":"member","value":)" + value + "}"; };
  CHECK(read(with("18")));
  for (const std::string value :
       {"-1",  "1.5", "1e3", "01",        "00",          "1000000000000000000", "true",     "null",
        "[]",  "{}",  "",    "\"a\\nb\"", "\"\\u0061\"", "\"\xC3\xA9\"",        "\"\xFF\"", "\"a\tb\"",
        "'a'", "\"a", "1 2", "+1",        "0x1"}) {
    CAPTURE(value);
    CHECK_FALSE(read(with(value)));
  }
  for (const std::string text :
       {R"({"a":"b",})", R"({"a" "b"            })", R"({a:"b"             })", R"({,"a":"b"          })",
        R"(["a","b","c","d"])", R"({"a":"b":"c"       })", R"({"a":"b" "c":"d"})", R"("a string of words")"}) {
    CAPTURE(text);
    CHECK_FALSE(read(text));
  }
  CHECK_FALSE(read("\xEF\xBB\xBF" + usual));
}

TEST_CASE("plain_json: whatever is read, a full parser reads the same", "[providers]") {
  std::mt19937 random(7);
  const auto below = [&](std::size_t n) { return random() % n; };
  constexpr std::string_view bytes = "{}[]\":, \n\\01-.eat\x1f\x7f\x80\xC3";
  std::size_t both = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string text = usual;
    for (std::size_t changes = below(3) + 1; changes > 0; --changes) {
      const std::size_t at = below(text.size());
      const char byte = bytes[below(bytes.size())];
      switch (below(3)) {
        case 0:
          text[at] = byte;
          break;
        case 1:
          text.insert(at, 1, byte);
          break;
        default:
          text.erase(at, 1 + below(4));
      }
    }
    const auto plain = read(text);
    if (!plain) continue;
    ++both;
    CAPTURE(text);
    REQUIRE(plain == parse(text));
  }
  CHECK(both > 1000);
}
