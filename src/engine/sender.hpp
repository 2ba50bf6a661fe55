// engine/sender - when two spellings are one sender: a leading plus says nothing that the digits do not.
#pragma once

#include <string_view>

namespace broadside::engine_detail {

/// What senders are compared by: "+18885551234" and "18885551234" are one number and share its limit.
[[nodiscard]] constexpr std::string_view sender_key(std::string_view sender) noexcept {
  return sender.starts_with('+') ? sender.substr(1) : sender;
}

}  // namespace broadside::engine_detail
