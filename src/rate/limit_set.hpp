// rate/limit_set - takes from all of a few limits or from none: a message counts for its route and for its sender.
//
// Thread-safe as gcra is. Reads no clock, allocates nothing. Limits are taken in the order given; a take that a later
// one denies is given back to the earlier ones, so hands that grab the same limits in any order cannot block each
// other.
#pragma once

#include <array>
#include <broadside/environment.hpp>
#include <cstddef>
#include <cstdint>
#include <rate/gcra.hpp>
#include <span>

namespace broadside::rate {

inline constexpr std::size_t limits_max = 4;

/// What all limits together gave.
struct set_grant {
  std::uint32_t count = 0;  ///< messages that may leave now; less what was given back
  /// When less was given than asked: the latest of the limits' instants, as in grant. Else the time of the take.
  time_point ready_at{};
  std::size_t binding = limits_max;       ///< which limit that is; limits_max: none, all was given
  std::array<grant, limits_max> parts{};  // one per limit
};

/// All n from every limit, or nothing. At most limits_max limits: with more, nothing is ever given. No limits: all.
[[nodiscard]] set_grant try_take(std::span<gcra* const> limits, std::uint32_t n, time_point now) noexcept;

/// The same number from every limit, as many of n as all of them have.
[[nodiscard]] set_grant take_up_to(std::span<gcra* const> limits, std::uint32_t n, time_point now) noexcept;

/// Gives n of the grant's messages back to each of the limits it was taken from, as far as gcra::give_back() can.
void give_back(std::span<gcra* const> limits, set_grant& taken, std::uint32_t n) noexcept;

/// The same number promised by every limit, as many of n as all of them can; see gcra::promise().
[[nodiscard]] std::uint32_t promise_up_to(std::span<gcra* const> limits, std::uint32_t n, time_point now) noexcept;
void end_promise(std::span<gcra* const> limits, std::uint32_t n) noexcept;
/// When to ask again after there was no promise: the latest of the limits' instants.
[[nodiscard]] time_point promise_at(std::span<gcra* const> limits, time_point now) noexcept;

}  // namespace broadside::rate
