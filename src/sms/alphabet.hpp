// sms/alphabet - a 7-bit alphabet in use: the default one, or with tables of a national language in place of its own.
//
// Pure; any thread; no allocation.
#pragma once

#include <broadside/sms.hpp>
#include <cstddef>
#include <optional>
#include <sms/gsm7.hpp>
#include <string_view>

namespace broadside::sms {

struct alphabet {
  national_language locking = national_language::none;  ///< instead of the default table
  national_language single = national_language::none;   ///< instead of the default extension table

  friend bool operator==(const alphabet&, const alphabet&) = default;
};

[[nodiscard]] septet_code code_of(char32_t, const alphabet&) noexcept;

/// What of a text an alphabet holds.
struct held_text {
  std::size_t bytes = 0;    ///< of the text, up to the first character that the alphabet has not
  std::size_t septets = 0;  ///< of those bytes
};
[[nodiscard]] held_text hold(std::string_view text, const alphabet&) noexcept;

}  // namespace broadside::sms
