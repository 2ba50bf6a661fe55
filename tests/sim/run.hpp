// sim/run - one plan, run in a world of its own, and judged.
#pragma once

#include <broadside/testing/simulation.hpp>
#include <cstdint>
#include <functional>
#include <sim/plan.hpp>
#include <sim/problem.hpp>
#include <string_view>

namespace broadside::sim {

struct run_result {
  verdict_of_check found;
  std::uint64_t hash = 0;
  std::uint64_t virtual_us = 0;
  std::uint64_t rows = 0;     ///< events that the host was told
  std::uint64_t reports = 0;  ///< of them, of deliveries
  std::uint64_t opens = 0;    ///< engines
  testing::simulation_counts counts;
};

/// `trace`: every line of what happens; null: nobody listens.
[[nodiscard]] run_result run(const plan&, const std::function<void(std::string_view)>& trace = {});

}  // namespace broadside::sim
