// tests/support/manual_environment - time that moves when a test says so.
#pragma once

#include <broadside/environment.hpp>

namespace broadside::testing {

class manual_environment final : public environment {
 public:
  time_point now() noexcept override { return now_; }
  wall_time wall_now() noexcept override { return wall_; }
  std::uint64_t random() noexcept override { return random_ += 0x9E3779B97F4A7C15U; }

  void advance(duration d) {
    now_ += d;
    wall_ += std::chrono::duration_cast<wall_time::duration>(d);
  }
  /// Somebody sets the clock.
  void set_wall(wall_time t) noexcept { wall_ = t; }

 private:
  time_point now_{std::chrono::hours{1000}};
  wall_time wall_{std::chrono::hours{24 * 365 * 55}};
  std::uint64_t random_ = 1;
};

}  // namespace broadside::testing
