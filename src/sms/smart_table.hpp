// sms/smart_table - which characters have a plain look-alike that the GSM 7-bit alphabet holds.
//
// A constant. Any thread.
#pragma once

#include <optional>
#include <string_view>

namespace broadside::sms {

/// What smart encoding writes for the code point; it may be empty. Nothing when it is left alone. Lives for ever.
[[nodiscard]] std::optional<std::string_view> plain_look_alike(char32_t) noexcept;

}  // namespace broadside::sms
