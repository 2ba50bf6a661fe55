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

/// Copies sixteen bytes; false when any of them needs care.
bool copy_block(const char* from, char* to) noexcept {
  block b;
  std::memcpy(&b, from, sizeof b);
  std::memcpy(to, &b, sizeof b);
  const auto care = reinterpret_cast<halves>((b < 0x20) | (b == '"') | (b == '\\'));
  return (care[0] | care[1]) == 0;
}

/// The same for eight bytes.
bool any_needs_care(std::uint64_t bytes) noexcept {
  return has_high_bit(bytes | controls_of(bytes) | zeros_of(bytes ^ each_byte('"')) |
                      zeros_of(bytes ^ each_byte('\\')));
}

/// Copies a text of 4 to 15 bytes, from both ends; false when any of them needs care.
bool copy_short(std::string_view text, char* to) noexcept {
  const std::size_t half = text.size() >= 8 ? 8 : 4;
  std::uint64_t front = each_byte(' ');
  std::uint64_t back = each_byte(' ');
  if (half == 8) {
    std::memcpy(&front, text.data(), 8);
    std::memcpy(&back, text.data() + text.size() - 8, 8);
    std::memcpy(to, &front, 8);
    std::memcpy(to + text.size() - 8, &back, 8);
  } else {
    std::memcpy(&front, text.data(), 4);
    std::memcpy(&back, text.data() + text.size() - 4, 4);
    std::memcpy(to, &front, 4);
    std::memcpy(to + text.size() - 4, &back, 4);
  }
  return !any_needs_care(front) && !any_needs_care(back);
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
  separate();
  room(1);
  put('"');
  while (!utf8.empty()) {
    // A block is copied before it is known to be good: what should not have been copied is written over.
    room(sizeof(block));
    utf8.remove_prefix(utf8.size() < sizeof(block) ? copy_few(utf8) : copy_blocks(utf8));
    if (!utf8.empty() && needs_care(utf8.front())) utf8.remove_prefix(one_with_care(utf8));
  }
  room(1);
  put('"');
}

/// Of a text of fewer bytes than a block what comes before a byte that needs care; how many bytes.
std::size_t json_writer::copy_few(std::string_view utf8) noexcept {
  char* const at = at_;
  std::size_t n = utf8.size() >= 4 && copy_short(utf8, at) ? utf8.size() : 0;
  for (; n < utf8.size() && !needs_care(utf8[n]); ++n) at[n] = utf8[n];
  at_ = at + n;
  return n;
}

/// The same of a text of a block or more, as far as there is room, which is for one block at least. The last block
/// overlaps the one before it.
std::size_t json_writer::copy_blocks(std::string_view utf8) noexcept {
  char* const at = at_;
  const char* const from = utf8.data();
  const std::size_t most = std::min(utf8.size(), static_cast<std::size_t>(buffer_.data() + buffer_.size() - at));
  std::size_t n = 0;
  while (n + sizeof(block) <= most && copy_block(from + n, at + n)) n += sizeof(block);
  const std::size_t last = most - sizeof(block);
  if (n < most && n > last && copy_block(from + last, at + last)) n = most;
  for (; n < most && !needs_care(from[n]); ++n) at[n] = from[n];
  at_ = at + n;
  return n;
}

}  // namespace broadside::text
