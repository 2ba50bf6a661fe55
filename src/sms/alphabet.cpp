// sms/alphabet - a locking shift table wins over a single shift table: one septet rather than two.
#include <algorithm>
#include <sms/alphabet.hpp>
#include <sms/national_tables.hpp>
#include <text/unicode.hpp>

namespace broadside::sms {
namespace {

/// As a code of `count` septets.
septet_code find(shift_table table, char32_t c, std::uint8_t count) noexcept {
  if (c > 0xFFFF) return {};
  const auto key = static_cast<std::uint32_t>(c) << 8U;
  const auto found = std::lower_bound(table.begin(), table.end(), key);
  if (found == table.end() || *found >> 8U != c) return {};
  return {count, static_cast<std::uint8_t>(*found & 0xFFU)};
}

}  // namespace

septet_code code_of(char32_t c, const alphabet& a) noexcept {
  const septet_code plain = default_code(c);
  if (a.locking != national_language::none) {
    if (const septet_code code = find(locking_table(a.locking), c, 1); code.count != 0) return code;
  } else if (plain.count == 1) {
    return plain;
  }
  if (a.single != national_language::none) return find(single_shift_table(a.single), c, 2);
  return plain.count == 2 ? plain : septet_code{};
}

held_text hold(std::string_view text, const alphabet& a) noexcept {
  held_text held;
  while (held.bytes < text.size()) {
    std::size_t next = held.bytes;
    const septet_code code = code_of(text::next_code_point(text, next), a);
    if (code.count == 0) break;
    held.septets += code.count;
    held.bytes = next;
  }
  return held;
}

}  // namespace broadside::sms
