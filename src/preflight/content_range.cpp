// preflight/content_range - reads the field. Pure; any thread; no allocation.
#include <charconv>
#include <preflight/content_range.hpp>
#include <system_error>

namespace broadside::preflight_detail {
namespace {

/// Takes a number and the character behind it from the front.
bool take(std::string_view& text, std::uint64_t& number, char behind) noexcept {
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (ec != std::errc{} || end == text.data()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (behind == '\0') return text.empty();
  if (!text.starts_with(behind)) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

std::optional<content_range> parse_content_range(std::string_view text) noexcept {
  constexpr std::string_view unit = "bytes ";
  if (!text.starts_with(unit)) return std::nullopt;
  text.remove_prefix(unit.size());
  content_range out;
  if (!take(text, out.first, '-') || !take(text, out.last, '/') || !take(text, out.total, '\0')) return std::nullopt;
  if (out.first > out.last || out.last >= out.total) return std::nullopt;
  return out;
}

}  // namespace broadside::preflight_detail
