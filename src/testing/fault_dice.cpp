// testing/fault_dice - one 64-bit draw decides the fault; a second mix of the same draw decides the jitter.
#include <array>
#include <testing/fault_dice.hpp>
#include <utility>

namespace broadside::testing {
namespace {

/// Uniform in [0, 1): the top 53 bits, which a double holds exactly.
double unit(std::uint64_t bits) noexcept { return static_cast<double>(bits >> 11U) * 0x1.0p-53; }

fault pick(const simulator_faults& f, double at) noexcept {
  const std::array<std::pair<double, fault>, 11> shares{{{f.reset_before_read, fault::reset_before_read},
                                                         {f.reset_after_read, fault::reset_after_read},
                                                         {f.reset_after_accept, fault::reset_after_accept},
                                                         {f.error_500, fault::error_500},
                                                         {f.error_503, fault::error_503},
                                                         {f.error_500_after_accept, fault::error_500_after_accept},
                                                         {f.throttle_429, fault::throttle_429},
                                                         {f.provider_busy, fault::provider_busy},
                                                         {f.truncated, fault::truncated},
                                                         {f.garbage, fault::garbage},
                                                         {f.slow, fault::slow}}};
  for (const auto& [share, what] : shares) {
    if (at < share) return what;
    at -= share;
  }
  return fault::none;
}

}  // namespace

fault_draw fault_dice::draw(const simulator_faults& faults) noexcept {
  const std::uint64_t bits = random_.next();
  const std::chrono::duration<double, std::milli> jitter(static_cast<double>(faults.delay_jitter.count()) *
                                                         unit(random_bits(bits).next()));
  return {pick(faults, unit(bits)), faults.delay + std::chrono::duration_cast<duration>(jitter)};
}

}  // namespace broadside::testing
