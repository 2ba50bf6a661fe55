// fuzz/text_json - any bytes become a JSON string that a parser reads back as the bytes, ill-formed ones replaced.
//
// One thread.
#include <simdjson.h>
#include <cstddef>
#include <cstdint>
#include <string>
#include <support/fuzz.hpp>
#include <text/json.hpp>
#include <text/utf8.hpp>

using namespace broadside;

namespace {

/// The slow version: one sequence at a time.
std::string well_formed(std::string_view bytes) {
  std::string out;
  while (!bytes.empty()) {
    const auto next = text::first_utf8_sequence(bytes);
    fuzz::require(next.length >= 1 && next.length <= bytes.size(), "a sequence is within the text");
    out += next.well_formed ? bytes.substr(0, next.length) : std::string_view("\xEF\xBF\xBD");
    bytes.remove_prefix(next.length);
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  const std::string expected = well_formed(bytes);
  std::string json;
  {
    text::json_writer writer(json);
    writer.begin_object();
    writer.member("text", bytes);
    writer.end_object();
  }
  static simdjson::dom::parser parser;
  std::string_view read;
  fuzz::require(parser.parse(json).at_key("text").get(read) == simdjson::SUCCESS, "a parser reads it");
  fuzz::require(read == expected, "and reads what was written");

  const auto invalid = text::find_invalid_utf8(bytes);
  fuzz::require(invalid.has_value() == (expected != bytes), "only ill-formed bytes are replaced");
  fuzz::require(!invalid || expected.substr(0, *invalid) == bytes.substr(0, *invalid), "and none before the first");
  fuzz::require(!text::find_invalid_utf8(expected) && !text::find_invalid_utf8(json), "what is written is UTF-8");
  fuzz::require(text::count_code_points(expected) <= bytes.size(), "every code point has a byte of its own");
  return 0;
}
