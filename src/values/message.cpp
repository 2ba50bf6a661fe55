// values/message - the printed forms of message ids and references.
//
// Pure functions: any thread, no state. Only to_string() allocates.
#include <algorithm>
#include <array>
#include <broadside/message.hpp>
#include <charconv>
#include <cstddef>
#include <optional>
#include <tuple>
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

constexpr std::size_t id_bytes = std::tuple_size_v<message_id_text>;

/// Takes "." and a number as it is printed off the front; nothing when something else stands there. One number has one
/// text: no leading zeros.
template <class Number>
std::optional<Number> take_number(std::string_view& text) noexcept {
  if (!text.starts_with('.')) return std::nullopt;
  text.remove_prefix(1);
  Number value{};
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  const auto digits = static_cast<std::size_t>(read.ptr - text.data());
  if (read.ec != std::errc{} || (digits > 1 && text.front() == '0')) return std::nullopt;
  text.remove_prefix(digits);
  return value;
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

std::string_view to_text(const message_reference& reference, message_reference_text& buffer) noexcept {
  const message_id_text id = to_text(reference.id);
  char* out = std::copy(id.begin(), id.end(), buffer.data());
  char* const end = buffer.data() + buffer.size();
  for (const std::uint64_t number :
       {std::uint64_t{static_cast<std::uint32_t>(reference.campaign)},
        std::uint64_t{static_cast<std::uint32_t>(reference.source)}, static_cast<std::uint64_t>(reference.row)}) {
    *out++ = '.';
    out = std::to_chars(out, end, number).ptr;
  }
  return {buffer.data(), static_cast<std::size_t>(out - buffer.data())};
}

result<message_reference> parse_message_reference(std::string_view text) noexcept {
  const auto id = parse_message_id(text.substr(0, id_bytes));
  if (!id) return errc::invalid_argument;
  text.remove_prefix(id_bytes);
  const auto campaign = take_number<std::uint32_t>(text);
  const auto source = take_number<std::uint32_t>(text);
  const auto row = take_number<std::uint64_t>(text);
  if (!campaign || !source || !row || !text.empty()) return errc::invalid_argument;
  return message_reference{*id, campaign_id{*campaign}, source_id{*source}, ordinal{*row}};
}

}  // namespace broadside
