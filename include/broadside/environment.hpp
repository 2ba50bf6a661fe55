// broadside/environment - what the engine takes from outside: time and entropy.
//
// Nothing in the library reads a clock or draws a random number by itself; tests and simulations hand in their own.
#pragma once

#include <chrono>
#include <cstdint>

namespace broadside {

/// Monotonic time: every decision (limits, retries, deadlines, ages) is made in it.
using time_point = std::chrono::steady_clock::time_point;
using duration = std::chrono::steady_clock::duration;

/// Civil time: only what is told to providers and hosts.
using wall_time = std::chrono::system_clock::time_point;

/// Called from every thread of the engine at once: implementations are thread-safe. Outlives the engine it is given to.
class environment {
 public:
  environment() = default;
  environment(const environment&) = delete;
  environment& operator=(const environment&) = delete;
  virtual ~environment() = default;

  [[nodiscard]] virtual time_point now() noexcept = 0;
  [[nodiscard]] virtual wall_time wall_now() noexcept = 0;
  /// 64 uniformly distributed bits; not for secrets.
  [[nodiscard]] virtual std::uint64_t random() noexcept = 0;

  /// The machine's clocks and entropy.
  [[nodiscard]] static environment& system() noexcept;
};

}  // namespace broadside
