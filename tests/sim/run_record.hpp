// sim/run_record - what a run leaves behind for the checks: what the host did to which campaign, and when.
#pragma once

#include <broadside/environment.hpp>
#include <cstdint>
#include <vector>

namespace broadside::sim {

/// While it lasts nothing of the campaign may leave. By number of departures, since several happen at one instant.
struct standstill {
  std::size_t campaign = 0;
  std::size_t from = 0;   ///< departures before it
  std::size_t until = 0;  ///< and before its end
  bool is_final = false;  ///< cancelled, else paused
};

/// One open().
struct engine_life {
  time_point opened{};
  bool lossy_end = false;  ///< a crash, or a stop() while the disk was faulty
};

/// What a limit was from then on. By number of departures, as a standstill.
struct limit_change {
  std::size_t limit = 0;  ///< of the plan
  std::size_t from = 0;   ///< departures before it
  time_point at{};
  std::uint32_t engine = 0;  ///< the next one has what its options say
};

struct run_record {
  std::vector<limit_change> changes;
  std::vector<standstill> standstills;
  std::vector<engine_life> engines;
  bool wall_jumped = false;
};

}  // namespace broadside::sim
