// rate/concurrency - how many requests to have on their way at once, by how answers come: additive increase,
// multiplicative decrease. One owner; reads no clock, allocates nothing.
#pragma once

#include <array>
#include <broadside/environment.hpp>
#include <cstdint>

namespace broadside::rate {

/// One more for every `limit()` good answers; a tenth less, at most once in the time an answer takes, when one fails or
/// the recent ones take more than twice as long as the fastest of the last minutes. Between 1 and `most`. Answers count
/// for more only while at least half of the limit is on its way: else something else is what binds.
class concurrency {
 public:
  explicit concurrency(std::uint32_t most) noexcept;  // starts at min(most, 8)
  /// `in_flight` counts the answered request too.
  void on_answer(duration took, bool failed, std::uint32_t in_flight, time_point now) noexcept;
  [[nodiscard]] std::uint32_t limit() const noexcept { return limit_; }

 private:
  void learn(duration took, time_point now) noexcept;
  void grow(std::uint32_t in_flight) noexcept;
  void shrink(duration took, time_point now) noexcept;

  std::uint32_t most_;  // constant after construction
  std::uint32_t limit_;
  std::uint32_t good_ = 0;  // answers since it last grew
  duration recent_{};       // an eighth of each new answer: the mean of about the last eight
  time_point shrunk_at_{time_point::min()};

  // The fastest answer of this span of time and of the one before: what a provider could do hours ago says nothing.
  std::array<duration, 2> fastest_;
  time_point span_began_{time_point::min()};
};

}  // namespace broadside::rate
