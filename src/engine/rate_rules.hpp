// engine/rate_rules - what a rate must be, in options and when it is changed.
#pragma once

#include <fmt/format.h>
#include <broadside/rate_limit.hpp>
#include <broadside/result.hpp>
#include <string>
#include <vector>

namespace broadside::engine_detail {

/// Every violation, under `field`.
[[nodiscard]] inline std::vector<violation> violations_of(const std::string& field, const rate_limit& l) {
  std::vector<violation> found;
  if (!(l.per_second == 0 || (l.per_second >= 0.000001 && l.per_second <= 5'000'000))) {
    found.push_back(
        {field + ".per_second", fmt::format("must be 0 (no limit) or 0.000001 to 5000000, is {}", l.per_second)});
  }
  if (l.burst < 1 || l.burst > 1'000'000)
    found.push_back({field + ".burst", fmt::format("must be 1 to 1000000, is {}", l.burst)});
  return found;
}

}  // namespace broadside::engine_detail
