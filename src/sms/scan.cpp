// sms/scan - as long as the default alphabet may hold the text, characters are looked up; then only well-formedness and
// the count of UTF-16 units are left. ASCII goes by the block in both.
#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <sms/blocks.hpp>
#include <sms/gsm7.hpp>
#include <sms/scan.hpp>
#include <text/unicode.hpp>

namespace broadside::sms {
namespace {

/// The block at `at`, blanks behind the end of the text.
ascii_block block_at(std::string_view text, std::size_t at) noexcept {
  const std::size_t rest = text.size() - at;
  if (rest >= block_bytes) return look_at_ascii(text.data() + at);
  std::array<char, block_bytes> padded{};
  padded.fill(' ');
  std::copy_n(text.data() + at, rest, padded.begin());
  return look_at_ascii(padded.data());
}

/// The front of a text that the default alphabet holds.
struct gsm7_front {
  std::size_t end = 0;  ///< here, or in the block of ASCII that starts here, is something that it does not hold
  std::size_t septets = 0;
  std::size_t characters = 0;
};

gsm7_front scan_gsm7(std::string_view text) noexcept {
  gsm7_front front;
  while (front.end < text.size()) {
    const std::size_t at = front.end;
    const ascii_block block = block_at(text, at);
    if (!block.gsm7) return front;
    // Every byte is taken for a septet at first; what characters of several bytes are less is taken off.
    std::size_t end = std::min(at + block_bytes, text.size());
    std::size_t septets = block.extended;
    std::size_t tails = 0;
    for (unsigned others = block.others; others != 0;) {
      const std::size_t start = at + static_cast<std::size_t>(std::countr_zero(others));
      const std::size_t length = character_length(text.data() + start, text.size() - start);
      if (length == 0) return front;
      std::size_t next = start;
      const septet_code code = default_code(text::next_code_point(text, next));
      if (code.count == 0) return front;
      septets += code.count - 1U;
      tails += length - 1;
      end = std::max(end, next);
      others &= next - at < block_bytes ? ~0U << (next - at) : 0U;
    }
    front.characters += end - at - tails;
    front.septets += end - at - tails + septets;
    front.end = end;
  }
  return front;
}

/// The end of what is well-formed from `at` on.
std::size_t skip_utf8(std::string_view text, std::size_t at) noexcept {
  for (;;) {
    for (std::size_t n = 1; n != 0 && text.size() - at >= block_bytes; at += n) {
      n = whole_characters(text.data() + at);
    }
    for (std::size_t n = 0; n < block_bytes; ++n) {
      const std::size_t length = character_length(text.data() + at, text.size() - at);
      if (length == 0) return at;
      at += length;
    }
  }
}

std::size_t utf16_units_of(std::string_view text) noexcept {
  std::size_t units = 0;
  for (; text.size() >= block_bytes; text.remove_prefix(block_bytes)) units += count_utf16(text.data());
  std::array<char, block_bytes> padded{};
  padded.fill('\x80');  // nothing starts there
  std::copy(text.begin(), text.end(), padded.begin());
  return units + count_utf16(padded.data());
}

}  // namespace

text_scan scan(std::string_view text) noexcept {
  const gsm7_front front = scan_gsm7(text);
  if (front.end == text.size()) return {std::nullopt, true, front.septets, front.characters};
  const std::size_t end = skip_utf8(text, front.end);
  if (end < text.size()) return {.invalid_at = end};
  return {std::nullopt, false, 0, utf16_units_of(text)};
}

}  // namespace broadside::sms
