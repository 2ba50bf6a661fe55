// values/message - the printed form of message ids.
//
// Pure functions: any thread, no state. Only to_string() allocates.
#include <algorithm>
#include <array>
#include <broadside/message.hpp>
#include <cstddef>

namespace broadside {
namespace {

constexpr std::string_view prefix = "bs-";
constexpr std::string_view hex = "0123456789abcdef";

}  // namespace

message_id_text to_text(message_id id) noexcept {
  message_id_text text{};
  auto* out = std::copy(prefix.begin(), prefix.end(), text.data());
  for (int shift = 60; shift >= 0; shift -= 4) *out++ = hex[(static_cast<std::uint64_t>(id) >> shift) & 0xFU];
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
    const auto digit = hex.find(c);  // lower case only: one id has one text
    if (digit == std::string_view::npos) return errc::invalid_argument;
    value = value << 4U | digit;
  }
  return message_id{value};
}

}  // namespace broadside
