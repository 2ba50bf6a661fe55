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
  for (const limit_plan& l : p.limit) {
    if (l.kind != 0 && l.rate > 0) longest = std::max(longest, 30'000 / std::min(l.rate, l.new_rate));
  }
  return std::max(longest, 2 * 1'000'000 / p.budget_min_per_1000);
}

number questions_ms(const plan& p) {
  number whole = 0;
  number delay = p.ask_delay_ms;
  for (number i = 0; i < p.asks_max; ++i, delay *= 4) whole += delay + 2 * p.response_timeout_ms + 3000;
  return whole;
}

/// A message is held for its report, and what is reported comes when it comes.
number reports_ms(const plan& p) {
  const report_plan& r = p.report;
  return p.reported() ? r.wait_ms + 2 * r.delay_ms + r.later_ms + 2 * (r.again_ms + r.patience_ms) : 0;
}

number rests_ms(const plan& p) {
  return 2 * p.suspend_max_ms + 3 * p.retry_delay_max_ms + 1000 * p.fault.retry_after_s + 2 * p.backoff_max_ms;
}

/// What was drawn before it was healed and still goes on.
number aftermath_ms(const plan& p) {
  const fault_plan& f = p.fault;
  return 1000 * f.outage_for_s + f.disk_full_for_ms + f.sync_slow_for_ms + f.late_for_ms + f.slow_for_ms;
}

/// What waits for the next day ends when it is too old.
number day_ms(const plan& p) {
  number age_ms = 0;
  for (const limit_plan& l : p.limit) {
    for (std::size_t i = 0; i < p.campaign_count() && l.kind != 0 && l.quota > 0; ++i)
      age_ms = std::max(age_ms, 1000 * p.campaign[i].age_s + 1000);
  }
  return age_ms;
}

number stall_ms(const plan& p) {
  const number exchange = p.connect_timeout_ms * 3 + p.write_timeout_ms + p.response_timeout_ms;
  const number host = p.host.submit_every_ms + p.host.poll_every_ms + 2 * p.sync_interval_ms;
  return 10'000 + 2 * exchange + questions_ms(p) + reports_ms(p) + rests_ms(p) + aftermath_ms(p) + limit_ms(p) +
         day_ms(p) + host;
}

}  // namespace

duration stall_max(const plan& p) { return milliseconds{stall_ms(p)}; }

/// Marketing has one of sixteen turns, and of those its share; a turn takes what the slowest limit needs for it.
duration starved_after(const plan& p, std::size_t campaign) {
  number shares = 0;
  for (std::size_t i = 0; i < p.campaign_count(); ++i) {
    const campaign_plan& c = p.campaign[i];
    shares += 4 * std::max(c.share, c.new_share);
  }
  const number least = std::min(p.campaign[campaign].share, p.campaign[campaign].new_share);
  return milliseconds{stall_ms(p) + 16 * limit_ms(p) * (shares / least + 1)};
}

/// Of its turn, of a dead route that is found out, and of the connections that are made then; where no route is left,
/// of the time they are dead.
duration turn_max(const plan& p, std::size_t campaign) {
  number each = 0;  // milliseconds that a message takes of the slowest limit
  const auto note = [&](number rate, number units) { each = std::max(each, rate > 0 ? 1000 * units / rate + 1 : 0); };
  number batch = 1;
  bool dies = false;
  bool all_die = true;
  number dead = 0;
  for (std::size_t i = 0; i < p.route_count(); ++i) {
    note(p.route[i].rate, 1);
    batch = std::max(batch, p.route[i].batch);
    dies = dies || p.route[i].dies_ms > 0;
    all_die = all_die && p.route[i].dies_ms > 0;
    dead += p.route[i].dead_for_ms;
  }
  if (all_die) dead += 2 * p.suspend_max_ms;
  note(p.sender_rate, 1);
  for (const limit_plan& l : p.limit) note(l.kind != 0 && l.rate > 0 ? std::min(l.rate, l.new_rate) : 0, 3);
  number shares = 0;
  bool urgent = false;
  for (std::size_t i = 0; i < p.campaign_count(); ++i) {
    shares += (p.campaign[i].tenant != 0 ? 4 : 1) * std::max(p.campaign[i].share, p.campaign[i].new_share);
    urgent = urgent || p.campaign[i].urgent != 0;
  }
  const number least = std::min(p.campaign[campaign].share, p.campaign[campaign].new_share);
  const number turns = p.campaigns > 1 ? (urgent ? 16 : 1) * (shares / least + 1) : 1;
  const number found = (p.faults_in_a_row + 3) * (p.connect_timeout_ms + p.backoff_max_ms) + 2 * p.response_timeout_ms;
  return milliseconds{2000 + each * batch * p.shards * turns + (dies ? found : 0) + (all_die ? dead : 0)};
}

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
