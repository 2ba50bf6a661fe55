// http/retry_after - how long a server asks to be left alone (RFC 9110 section 10.2.3).
//
// Pure: takes `now`, reads no clock, allocates nothing. Any thread.
#pragma once

#include <broadside/environment.hpp>
#include <chrono>
#include <string_view>

namespace broadside::http {

/// No server is believed for longer than this.
inline constexpr std::chrono::hours retry_after_max{24};

/// Whether the value is a date, for which read_retry_after() needs the time.
[[nodiscard]] bool retry_after_is_date(std::string_view value) noexcept;

/// Delta-seconds or any of the three forms of HTTP-date (RFC 9110 section 5.6.7), as a span from `now`: rounded up,
/// zero for a date that has passed, at most retry_after_max. Negative: not a Retry-After value.
[[nodiscard]] std::chrono::milliseconds read_retry_after(std::string_view value, wall_time now) noexcept;

}  // namespace broadside::http
