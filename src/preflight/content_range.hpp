// preflight/content_range - "bytes 0-499/1234": which part of an object an answer carries (RFC 9110 section 14.4).
//
// Pure; any thread; no allocation.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace broadside::preflight_detail {

struct content_range {
  std::uint64_t first = 0;
  std::uint64_t last = 0;   ///< of the part; first <= last
  std::uint64_t total = 0;  ///< of the whole object; last < total
};

/// Nothing for all else: other units, an unknown total, numbers that contradict each other.
[[nodiscard]] std::optional<content_range> parse_content_range(std::string_view) noexcept;

}  // namespace broadside::preflight_detail
