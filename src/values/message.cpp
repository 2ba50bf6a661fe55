// values/message - the printed form of message ids.
//
// Pure functions: any thread, no state. Only to_string() allocates.
#include <algorithm>
#include <array>
#include <broadside/message.hpp>
#include <cstddef>
#include <values/eight_bytes.hpp>

namespace broadside {
namespace {

constexpr std::string_view prefix = "bs-";

/// The eight digits of a number, the first in the highest byte.
constexpr std::uint64_t hex_digits(std::uint32_t number) noexcept {
  std::uint64_t x = number;  // its half bytes, moved apart until each has a byte
  x = (x << 16U | x) & 0x0000'FFFF'0000'FFFFU;
  x = (x << 8U | x) & 0x00FF'00FF'00FF'00FFU;
  x = (x << 4U | x) & each_byte(0x0F);
  const std::uint64_t letters = (x + each_byte(6)) >> 4U & each_byte(1);
  return x + each_byte('0') + letters * ('a' - '0' - 10);
}

/// Lower case only: one id has one text. 16: no digit.
constexpr unsigned value_of(char digit) noexcept {
  if (digit >= '0' && digit <= '9') return static_cast<unsigned>(digit - '0');
  return digit >= 'a' && digit <= 'f' ? static_cast<unsigned>(digit - 'a') + 10 : 16;
}

}  // namespace

message_id_text to_text(message_id id) noexcept {
  message_id_text text{};
  auto* out = std::copy(prefix.begin(), prefix.end(), text.data());
  const auto number = static_cast<std::uint64_t>(id);
  store_eight_bytes(out, hex_digits(static_cast<std::uint32_t>(number >> 32U)));
  store_eight_bytes(out + 8, hex_digits(static_cast<std::uint32_t>(number)));
  return text;
}

std::string to_string(message_id id) {
  const auto text = to_text(id);
  return {text.data(), text.size()};
}

result<message_id> parse_message_id(std::string_view text) noexcept {
  if (text.size() != message_id_text{}.size() || !text.starts_with(prefix)) return errc::invalid_argument;
  std::uint64_t value = 0;
  for (const char c : text.substr(prefix.size())) {
    const unsigned digit = value_of(c);
    if (digit == 16) return errc::invalid_argument;
    value = value << 4U | digit;
  }
  return message_id{value};
}

}  // namespace broadside
