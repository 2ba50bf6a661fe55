// env/random - cheap seeded bits for jitter and choices (SplitMix64). Not for secrets. One owner, no allocation.
#pragma once

#include <cstdint>

namespace broadside {

class random_bits {
 public:
  explicit constexpr random_bits(std::uint64_t seed) noexcept : state_(seed) {}

  constexpr std::uint64_t next() noexcept {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15U);
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31U);
  }
  /// Uniform in [0, bound); 0 when bound is 0.
  constexpr std::uint64_t below(std::uint64_t bound) noexcept {
    return bound == 0 ? 0 : next() % bound;  // the bias of 2^-64 * bound is nothing to jitter
  }

 private:
  std::uint64_t state_;
};

}  // namespace broadside
