// sim/tally - what many runs were made of, in sum; one line of text per run between processes.
#pragma once

#include <cstdint>
#include <sim/run.hpp>
#include <string>
#include <string_view>

namespace broadside::sim {

/// What a run's process says of it.
struct run_line {
  std::uint64_t hash = 0;
  std::uint64_t virtual_us = 0;
  std::uint64_t rows = 0;
  std::uint64_t reports = 0;
  std::uint64_t opens = 0;
  testing::simulation_counts counts;
  bool failed = false;
  std::string what;
  std::string message;
};

[[nodiscard]] std::string to_line(const run_result&);
[[nodiscard]] run_line from_line(std::string_view);

struct tally {
  std::uint64_t seeds = 0;
  std::uint64_t failed = 0;
  std::uint64_t virtual_us = 0;
  std::uint64_t rows = 0;
  std::uint64_t reports = 0;
  std::uint64_t opens = 0;
  testing::simulation_counts counts;

  void add(const run_line&);
  /// `seconds`: of real time.
  [[nodiscard]] std::string words(double seconds) const;
};

}  // namespace broadside::sim
