// text/json - strings copied in blocks: only the bytes that JSON or UTF-8 object to are looked at one by one.
#include <algorithm>
#include <text/json.hpp>
#include <text/utf8.hpp>
#include <values/eight_bytes.hpp>

namespace broadside::text {
namespace {

using block = signed char __attribute__((vector_size(16)));
using halves = std::uint64_t __attribute__((vector_size(16)));

/// Bytes that cannot simply be copied: below 0x20, quote, backslash (RFC 8259 §7), and all that is not ASCII, which as
/// signed is below 0x20 too.
constexpr bool needs_care(char byte) noexcept {
  return static_cast<signed char>(byte) < 0x20 || byte == '"' || byte == '\\';
}

bool any_needs_care(block b) noexcept {
  const auto care = reinterpret_cast<halves>((b < 0x20) | (b == '"') | (b == '\\'));
  return (care[0] | care[1]) != 0;
}

/// Copies sixteen bytes; false when any of them needs care.
bool copy_block(const char* from, char* to) noexcept {
  block b;
  std::memcpy(&b, from, sizeof b);
  std::memcpy(to, &b, sizeof b);
  return !any_needs_care(b);
}

/// The same for 4 to 15 bytes, from both ends.
bool copy_short(const char* from, char* to, std::size_t size) noexcept {
  halves ends{each_byte(' '), each_byte(' ')};
  const auto copy = [&](auto front, auto back) {
    std::memcpy(&front, from, sizeof front);
    std::memcpy(&back, from + size - sizeof back, sizeof back);
    std::memcpy(to, &front, sizeof front);
    std::memcpy(to + size - sizeof back, &back, sizeof back);
    if constexpr (sizeof front == 8) {
      ends = halves{front, back};
    } else {
      ends[0] = front | std::uint64_t{back} << 32U;
    }
  };
  size >= 8 ? copy(std::uint64_t{}, std::uint64_t{}) : copy(std::uint32_t{}, std::uint32_t{});
  return !any_needs_care(reinterpret_cast<block>(ends));
}

/// Copies what comes before a byte that needs care; how many bytes. What is copied beyond them, within the room that
/// the text needs, is to be written over.
std::size_t copy_plain(std::string_view text, char* to) noexcept {
  const char* const from = text.data();
  const std::size_t size = text.size();
  std::size_t n = 0;
  if (size >= sizeof(block)) {
    while (n + sizeof(block) <= size && copy_block(from + n, to + n)) n += sizeof(block);
    const std::size_t last = size - sizeof(block);  // this block overlaps the one before it
    if (n > last && (n == size || copy_block(from + last, to + last))) return size;
  } else if (size >= 4 && copy_short(from, to, size)) {
    return size;
  }
  for (; n < size && !needs_care(from[n]); ++n) to[n] = from[n];
  return n;
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

void json_writer::escape(unsigned char byte) {
  constexpr std::string_view shorts = "\"\"\\\\\bb\ff\nn\rr\tt";  // a byte and the letter that stands for it
  room(6);
  *at_++ = '\\';
  for (std::size_t i = 0; i < shorts.size(); i += 2) {
    if (static_cast<unsigned char>(shorts[i]) != byte) continue;
    *at_++ = shorts[i + 1];
    return;
  }
  constexpr std::string_view hex = "0123456789abcdef";
  copy("u00");
  *at_++ = hex[byte >> 4U];
  *at_++ = hex[byte & 0xFU];
}

/// Writes the first character, which may be any; how many bytes it had.
std::size_t json_writer::one_with_care(std::string_view utf8) {
  const auto byte = static_cast<unsigned char>(utf8.front());
  if (byte < 0x80) {
    escape(byte);
    return 1;
  }
  const utf8_sequence next = first_utf8_sequence(utf8);
  const std::string_view sequence = utf8.substr(0, next.length);
  const std::string_view instead = replacement(sequence, next.well_formed);
  room(6);
  copy(instead.empty() ? sequence : instead);
  return next.length;
}

void json_writer::string(std::string_view utf8) {
  constexpr std::size_t piece_max = 512;
  constexpr std::size_t around = 3;  // a comma and two quotes
  room(std::min(utf8.size(), piece_max) + around);
  char* at = at_;
  if (comma_) *at++ = ',';
  *at++ = '"';
  for (;;) {
    const std::size_t n = copy_plain(utf8.substr(0, piece_max), at);
    at_ = at + n;
    utf8.remove_prefix(n);
    if (utf8.empty()) break;
    if (needs_care(utf8.front())) utf8.remove_prefix(one_with_care(utf8));
    room(std::min(utf8.size(), piece_max) + around);
    at = at_;
  }
  put('"');
  comma_ = true;
}

}  // namespace broadside::text
