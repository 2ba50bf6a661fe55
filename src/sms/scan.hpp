// sms/scan - one look at a text: is it UTF-8, does the default alphabet hold it, how many units is it.
//
// Pure; any thread; no allocation.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace broadside::sms {

struct text_scan {
  std::optional<std::size_t>
      invalid_at{};         ///< start of the first sequence that is not UTF-8; the rest then says nothing
  bool gsm7 = true;         ///< the default alphabet and its extension table hold the text
  std::size_t septets = 0;  ///< when they do
  std::size_t utf16 = 0;    ///< UTF-16 units
};

/// O(length); sixteen bytes at a time where they are ASCII.
[[nodiscard]] text_scan scan(std::string_view text) noexcept;

}  // namespace broadside::sms
