// text/civil_time - a wall time as ISO 8601 in UTC, and back from any offset. Pure; any thread; no time zone of the
// process is consulted.
#pragma once

#include <broadside/environment.hpp>
#include <broadside/fixed_string.hpp>
#include <cstdint>
#include <optional>
#include <string_view>

namespace broadside::text {

enum class fraction : std::uint8_t { none, milliseconds };

/// "2026-11-22T18:00:00Z" or "2026-11-22T18:00:00.000Z". Years 1970 to 9999; earlier times are the epoch.
[[nodiscard]] fixed_string<24> utc(wall_time, fraction = fraction::none);

/// The reverse, from any offset: "2026-11-22T18:00:00Z", "2026-11-22T13:00:00.990498-05:00", "…+0000". Digits of the
/// fraction beyond what a wall time holds are dropped. Nothing for anything else: without an offset it is no moment.
/// Years 1970 to 2261.
[[nodiscard]] std::optional<wall_time> parse_date_time(std::string_view) noexcept;

}  // namespace broadside::text
