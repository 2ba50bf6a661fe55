// limits/content_fault - see content_fault.hpp.
#include <limits/content_fault.hpp>
#include <text/characters.hpp>
#include <text/emoji.hpp>
#include <text/unicode.hpp>
#include <text/utf8.hpp>
#include <values/eight_bytes.hpp>

namespace broadside::limits {
namespace {

/// Bytes bound code points from above: most texts are decided without counting.
bool longer(std::string_view text, const std::optional<std::uint32_t>& max) noexcept {
  return max && text.size() > *max && text::count_code_points(text) > *max;
}

/// Printable ASCII and no "=", as nearly every subject.
bool is_simple(std::string_view text) noexcept {
  return !any_eight_bytes(text, [](std::uint64_t bytes) {
    const std::uint64_t others = zeros_of(bytes ^ each_byte(0x7F)) | zeros_of(bytes ^ each_byte('='));
    return has_high_bit(bytes | controls_of(bytes) | others);
  });
}

bool is_printable_ascii(std::string_view text) noexcept {
  return !any_eight_bytes(text, [](std::uint64_t bytes) {
    return has_high_bit(bytes | controls_of(bytes) | zeros_of(bytes ^ each_byte(0x7F)));
  });
}

bool has_control(std::string_view text) noexcept {
  for (std::size_t at = 0; at < text.size();) {
    if (text::is_control(text::next_code_point(text, at))) return true;
  }
  return false;
}

/// Whether a subject is what check() wants of one: values may have brought anything. ASCII decides most at once.
bool has_bad_character(std::string_view subject, subject_characters allowed) noexcept {
  if (is_simple(subject)) return false;
  if (!is_printable_ascii(subject)) {
    if (allowed == subject_characters::ascii || has_control(subject) || text::find_invisible(subject)) return true;
    if (allowed == subject_characters::no_emoji && text::has_emoji(subject)) return true;
  }
  return text::has_encoded_word(subject);
}

}  // namespace

std::optional<errc> content_fault(const message& m, const content_limits& flattened) noexcept {
  if (m.text.empty() && m.media.empty()) return errc::message_empty;
  if (flattened.media_max && m.media.size() > *flattened.media_max) return errc::invalid_argument;
  if (flattened.media_min && m.media.size() < *flattened.media_min) return errc::invalid_argument;
  if (longer(m.subject, flattened.subject_max)) return errc::subject_too_long;
  if (has_bad_character(m.subject, flattened.subject_characters)) return errc::subject_bad_character;
  if (longer(m.text, flattened.text_max)) return errc::text_too_long;
  if (m.fallback && m.fallback_text.empty()) return errc::message_empty;  // the SMS would be
  if (m.fallback && longer(m.fallback_text, flattened.fallback_text_max)) return errc::fallback_text_too_long;
  return std::nullopt;
}

}  // namespace broadside::limits
