// text/json - strings copied in runs: only the bytes that JSON or UTF-8 object to are looked at one by one.
//
// Pure; any thread. Allocates only when `out` must grow.
#include <array>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <text/json.hpp>
#include <text/utf8.hpp>

namespace broadside::text {
namespace {

constexpr std::uint64_t each_byte(std::uint8_t value) noexcept { return 0x0101'0101'0101'0101U * value; }

/// Bytes that cannot simply be copied: below 0x20, quote, backslash (RFC 8259 §7), and all that is not ASCII.
constexpr bool needs_care(unsigned char byte) noexcept {
  return byte < 0x20 || byte == '"' || byte == '\\' || byte >= 0x80;
}

/// The same for eight bytes at once: false only when none of them needs care. The subtractions borrow into higher bytes
/// only after a hit, so the answer for the whole block is exact.
bool any_needs_care(std::uint64_t block) noexcept {
  const auto has_zero = [](std::uint64_t x) { return (x - each_byte(0x01)) & ~x; };
  const std::uint64_t control = (block - each_byte(0x20)) & ~block;
  return ((block | control | has_zero(block ^ each_byte('"')) | has_zero(block ^ each_byte('\\'))) & each_byte(0x80)) !=
         0;
}

/// First place at or after `at` whose byte needs care; the size when there is none.
std::size_t find_care(std::string_view text, std::size_t at) noexcept {
  for (; text.size() - at >= sizeof(std::uint64_t); at += sizeof(std::uint64_t)) {
    std::uint64_t block = 0;
    std::memcpy(&block, text.data() + at, sizeof block);
    if (any_needs_care(block)) break;
  }
  while (at < text.size() && !needs_care(static_cast<unsigned char>(text[at]))) ++at;
  return at;
}

void append_escape(std::string& out, unsigned char byte) {
  switch (byte) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  constexpr std::string_view hex = "0123456789abcdef";
  out += "\\u00";
  out += hex[byte >> 4U];
  out += hex[byte & 0xFU];
}

/// What stands in the JSON for a multi-byte sequence; empty: the sequence itself. U+2028 and U+2029 end a line in
/// JavaScript before ECMAScript 2019.
std::string_view replacement(std::string_view sequence, bool well_formed) noexcept {
  if (!well_formed) return "\xEF\xBF\xBD";
  if (sequence == "\xE2\x80\xA8") return "\\u2028";
  if (sequence == "\xE2\x80\xA9") return "\\u2029";
  return {};
}

}  // namespace

void append_json_string(std::string& out, std::string_view utf8) {
  out += '"';
  std::size_t copied = 0;  // everything before it is in `out`
  for (std::size_t at = find_care(utf8, 0); at < utf8.size(); at = find_care(utf8, at)) {
    const auto byte = static_cast<unsigned char>(utf8[at]);
    if (byte < 0x80) {
      out.append(utf8, copied, at - copied);
      append_escape(out, byte);
      copied = ++at;
      continue;
    }
    const utf8_sequence next = first_utf8_sequence(utf8.substr(at));
    const std::string_view instead = replacement(utf8.substr(at, next.length), next.well_formed);
    if (!instead.empty()) {
      out.append(utf8, copied, at - copied);
      out += instead;
      copied = at + next.length;
    }
    at += next.length;
  }
  out.append(utf8, copied);
  out += '"';
}

void append_key(std::string& out, std::string_view key) {
  if (!out.empty() && out.back() != '{' && out.back() != '[') out += ',';
  out += '"';
  out += key;
  out += "\":";
}

void append_member(std::string& out, std::string_view key, std::string_view value) {
  append_key(out, key);
  append_json_string(out, value);
}

void append_flag_member(std::string& out, std::string_view key, bool value) {
  append_key(out, key);
  out += value ? "true" : "false";
}

void append_number_member(std::string& out, std::string_view key, std::uint64_t value) {
  append_key(out, key);
  std::array<char, 20> digits{};  // 2^64 - 1 has 20
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), end);
}

}  // namespace broadside::text
