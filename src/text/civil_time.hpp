// text/civil_time - a wall time as ISO 8601 in UTC. Pure; any thread; no time zone of the process is consulted.
#pragma once

#include <broadside/environment.hpp>
#include <broadside/fixed_string.hpp>
#include <cstdint>

namespace broadside::text {

enum class fraction : std::uint8_t { none, milliseconds };

/// "2026-11-22T18:00:00Z" or "2026-11-22T18:00:00.000Z". Years 1970 to 9999; earlier times are the epoch.
[[nodiscard]] fixed_string<24> utc(wall_time, fraction = fraction::none);

}  // namespace broadside::text
