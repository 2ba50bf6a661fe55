// limits/content_fault - see content_fault.hpp.
#include <limits/content_fault.hpp>
#include <text/utf8.hpp>

namespace broadside::limits {
namespace {

/// Bytes bound code points from above: most texts are decided without counting.
bool longer(std::string_view text, const std::optional<std::uint32_t>& max) noexcept {
  return max && text.size() > *max && text::count_code_points(text) > *max;
}

}  // namespace

std::optional<errc> content_fault(const message& m, const content_limits& flattened) noexcept {
  if (m.text.empty() && m.media.empty()) return errc::message_empty;
  if (flattened.media_max && m.media.size() > *flattened.media_max) return errc::invalid_argument;
  if (flattened.media_min && m.media.size() < *flattened.media_min) return errc::invalid_argument;
  if (longer(m.subject, flattened.subject_max)) return errc::subject_too_long;
  if (longer(m.text, flattened.text_max)) return errc::text_too_long;
  if (m.fallback && m.fallback_text.empty()) return errc::message_empty;  // the SMS would be
  if (m.fallback && longer(m.fallback_text, flattened.fallback_text_max)) return errc::fallback_text_too_long;
  return std::nullopt;
}

}  // namespace broadside::limits
