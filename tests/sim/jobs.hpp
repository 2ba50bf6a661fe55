// sim/jobs - seeds run in several processes, so that one that aborts or hangs is a failing seed and not the end.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace broadside::sim {

/// What a seed's process said of it; nothing: it died, and `how` says of what.
struct seed_report {
  std::uint64_t seed = 0;
  std::optional<std::string> text;
  std::string how;
};

/// Runs `work` for every seed from first to last in `processes` of them, and calls `report` in this one for each, in no
/// order. A seed that takes longer than `seconds_max` of real time is killed. False from `report`: no more seeds.
void run_seeds(std::uint64_t first, std::uint64_t last, unsigned processes, unsigned seconds_max,
               const std::function<std::string(std::uint64_t)>& work,
               const std::function<bool(const seed_report&)>& report);

}  // namespace broadside::sim
