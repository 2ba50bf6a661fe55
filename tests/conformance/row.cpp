// tests/conformance/row - simdjson, and the detour for halves of surrogate pairs. One thread.
#include "row.hpp"
#include <array>
#include <text/json.hpp>
#include <text/unicode.hpp>

namespace broadside::conformance {
namespace {

// The last 2,048 characters of plane 16 stand for the 2,048 surrogates. No vector uses them as themselves.
constexpr char32_t stand_in_first = 0x10F800;
constexpr char32_t surrogate_first = 0xD800;

constexpr std::size_t escape_size = 6;  // \uXXXX

/// The UTF-16 unit that an escape at `at` names; nothing when there is no escape.
std::optional<char32_t> unit_at(std::string_view line, std::size_t at) {
  if (line.substr(at, 2) != "\\u" || line.size() - at < escape_size) return std::nullopt;
  char32_t unit = 0;
  for (const char c : line.substr(at + 2, 4)) {
    const std::size_t digit =
        std::string_view("0123456789abcdef").find(static_cast<char>(c >= 'A' && c <= 'F' ? c + 32 : c));
    if (digit == std::string_view::npos) return std::nullopt;
    unit = unit * 16 + static_cast<char32_t>(digit);
  }
  return unit;
}

bool is_high(std::optional<char32_t> unit) { return unit && *unit >= 0xD800 && *unit <= 0xDBFF; }
bool is_low(std::optional<char32_t> unit) { return unit && *unit >= 0xDC00 && *unit <= 0xDFFF; }

/// The line with a stand-in for each escape that is half a pair.
std::string repair(std::string_view line) {
  std::string repaired;
  for (std::size_t at = 0; at < line.size();) {
    const auto unit = unit_at(line, at);
    std::size_t size = unit ? escape_size : line[at] == '\\' ? 2 : 1;
    if (is_high(unit) && is_low(unit_at(line, at + escape_size))) {
      size = 2 * escape_size;
    } else if (is_high(unit) || is_low(unit)) {
      text::append_utf8(repaired, stand_in_first + (*unit - surrogate_first));
      at += size;
      continue;
    }
    repaired += line.substr(at, size);
    at += size;
  }
  return repaired;
}

void append_surrogate(std::string& out, char32_t surrogate) {
  for (const char32_t byte :
       {0xE0U | surrogate >> 12U, 0x80U | (surrogate >> 6U & 0x3FU), 0x80U | (surrogate & 0x3FU)}) {
    out += static_cast<char>(static_cast<unsigned char>(byte));
  }
}

}  // namespace

bool row::read(std::string_view line) {
  const auto parse = [this](std::string_view json) {
    simdjson::dom::element whole;
    const auto error = parser_.parse(json.data(), json.size()).get(whole);
    return error == simdjson::SUCCESS ? whole.get(object_) : error;
  };
  repaired_ = false;
  auto error = parse(line);
  if (error == simdjson::STRING_ERROR) {
    repaired_ = true;
    error = parse(repair(line));
  }
  return error == simdjson::SUCCESS;
}

std::string row::restored(std::string_view text) const {
  if (!repaired_) return std::string(text);
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t start = at;
    const char32_t c = text::next_code_point(text, at);
    if (c >= stand_in_first) {
      append_surrogate(out, surrogate_first + (c - stand_in_first));
    } else {
      out += text.substr(start, at - start);
    }
  }
  return out;
}

std::optional<std::string> row::string_at(std::string_view pointer) const {
  std::string_view text;
  if (object_.at_pointer(pointer).get(text) != simdjson::SUCCESS) return std::nullopt;
  return restored(text);
}

std::optional<std::uint64_t> row::number_at(std::string_view pointer) const {
  std::uint64_t number = 0;
  if (object_.at_pointer(pointer).get(number) != simdjson::SUCCESS) return std::nullopt;
  return number;
}

std::optional<double> row::real_at(std::string_view pointer) const {
  double real = 0;
  if (object_.at_pointer(pointer).get(real) != simdjson::SUCCESS) return std::nullopt;
  return real;
}

std::optional<bool> row::flag_at(std::string_view pointer) const {
  bool flag = false;
  if (object_.at_pointer(pointer).get(flag) != simdjson::SUCCESS) return std::nullopt;
  return flag;
}

std::optional<std::vector<std::string>> row::strings_at(std::string_view pointer) const {
  simdjson::dom::array array;
  if (object_.at_pointer(pointer).get(array) != simdjson::SUCCESS) return std::nullopt;
  std::vector<std::string> all;
  for (const auto element : array) {
    std::string_view text;
    if (element.get(text) != simdjson::SUCCESS) return std::nullopt;
    all.push_back(restored(text));
  }
  return all;
}

std::optional<std::vector<std::uint64_t>> row::numbers_at(std::string_view pointer) const {
  simdjson::dom::array array;
  if (object_.at_pointer(pointer).get(array) != simdjson::SUCCESS) return std::nullopt;
  std::vector<std::uint64_t> all;
  for (const auto element : array) {
    std::uint64_t number = 0;
    if (element.get(number) != simdjson::SUCCESS) return std::nullopt;
    all.push_back(number);
  }
  return all;
}

bool row::has(std::string_view pointer) const { return object_.at_pointer(pointer).error() == simdjson::SUCCESS; }

std::string row::json_at(std::string_view pointer) const {
  simdjson::dom::element element;
  if (object_.at_pointer(pointer).get(element) != simdjson::SUCCESS) return "null";
  return simdjson::minify(element);
}

}  // namespace broadside::conformance
