// testing/fault_dice - which request meets which fault: one draw per request from one seeded generator.
//
// Pure, not thread-safe: the same seed and the same order of requests give the same faults.
#pragma once

#include <broadside/environment.hpp>
#include <broadside/testing/provider_simulator.hpp>
#include <cstdint>
#include <env/random.hpp>

namespace broadside::testing {

/// In the order of simulator_faults.
enum class fault : std::uint8_t {
  none,
  reset_before_read,
  reset_after_read,
  reset_after_accept,
  error_500,
  error_503,
  error_500_after_accept,
  throttle_429,
  provider_busy,
  truncated,
  garbage,
  slow,
};

struct fault_draw {
  fault what = fault::none;
  duration delay{};  ///< before the answer
};

class fault_dice {
 public:
  explicit fault_dice(std::uint64_t seed) noexcept : random_(seed) {}
  [[nodiscard]] fault_draw draw(const simulator_faults& faults) noexcept;

 private:
  random_bits random_;
};

}  // namespace broadside::testing
