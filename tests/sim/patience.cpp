// sim/patience - see patience.hpp.
#include <algorithm>
#include <chrono>
#include <sim/patience.hpp>

namespace broadside::sim {
namespace {

using std::chrono::milliseconds;

/// Of the slowest limit that a message may have to wait for, with a whole request of them.
number limit_ms(const plan& p) {
  number longest = 0;
  for (std::size_t i = 0; i < p.route_count(); ++i) {
    const route_plan& r = p.route[i];
    if (r.rate > 0) longest = std::max(longest, 1000 * r.batch / r.rate);
    if (r.provider_rate > 0) longest = std::max(longest, 1000 * r.batch / r.provider_rate);
  }
  if (p.sender_rate > 0) longest = std::max(longest, 10'000 / p.sender_rate);
  return longest;
}

number questions_ms(const plan& p) {
  number whole = 0;
  number delay = p.ask_delay_ms;
  for (number i = 0; i < p.asks_max; ++i, delay *= 4) whole += delay + 2 * p.response_timeout_ms + 3000;
  return whole;
}

number rests_ms(const plan& p) {
  return 2 * p.suspend_max_ms + 3 * p.retry_delay_max_ms + 1000 * p.fault.retry_after_s + 2 * p.backoff_max_ms;
}

/// What was drawn before it was healed and still goes on.
number aftermath_ms(const plan& p) {
  const fault_plan& f = p.fault;
  return 1000 * f.outage_for_s + f.disk_full_for_ms + f.sync_slow_for_ms + f.late_for_ms + f.slow_for_ms;
}

number stall_ms(const plan& p) {
  const number exchange = p.connect_timeout_ms * 3 + p.write_timeout_ms + p.response_timeout_ms;
  const number host = p.host.submit_every_ms + p.host.poll_every_ms + 2 * p.sync_interval_ms;
  return 10'000 + 2 * exchange + questions_ms(p) + rests_ms(p) + aftermath_ms(p) + limit_ms(p) + host;
}

}  // namespace

duration stall_max(const plan& p) { return milliseconds{stall_ms(p)}; }

duration end_max(const plan& p) {
  number rows = 0;
  number age_ms = 0;
  for (std::size_t i = 0; i < p.campaign_count(); ++i) {
    rows += p.campaign[i].sources * p.campaign[i].rows;
    age_ms = std::max(age_ms, 1000 * p.campaign[i].age_s);
  }
  const number jumps = p.fault.wall_jump > 0 ? 1000 * p.fault.wall_jump_s : 0;
  const number each = rests_ms(p) + limit_ms(p) + p.host.submit_every_ms + p.host.poll_every_ms;
  return milliseconds{4 * stall_ms(p) + age_ms + jumps + rows * each};
}

}  // namespace broadside::sim
