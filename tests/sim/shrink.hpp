// sim/shrink - a smaller plan that still fails: fewer rows, campaigns, shards and routes, faults and habits off.
#pragma once

#include <functional>
#include <sim/plan.hpp>
#include <string>
#include <vector>

namespace broadside::sim {

struct shrunk {
  plan smallest;
  std::vector<std::string> overrides;  ///< "name=value", by which it differs from the seed's plan
  unsigned tries = 0;
};

/// `fails` says whether a plan fails in the same way. It is asked at most `tries_max` times.
[[nodiscard]] shrunk shrink(const plan& failing, const std::function<bool(const plan&)>& fails, unsigned tries_max);

/// "name=value" of everything by which the plan differs from the one that its seed draws.
[[nodiscard]] std::vector<std::string> overrides_of(plan);

}  // namespace broadside::sim
