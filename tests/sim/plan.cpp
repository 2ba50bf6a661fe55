// sim/plan - see plan.hpp.
#include <fmt/format.h>
#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <sim/plan.hpp>

namespace broadside::sim {
namespace {

constexpr number million = 1'000'000;
constexpr number hour_ms = 3'600'000;

/// Draws of one concern, one after the other.
class dice {
 public:
  dice(std::uint64_t seed, std::string_view concern, number index = 0) : bits_(stream(seed, concern, index)) {}

  number between(number low, number high) {
    return low + static_cast<number>(bits_.below(static_cast<std::uint64_t>(high - low + 1)));
  }
  bool one_in(number n) { return between(1, n) == 1; }
  number of(std::initializer_list<number> values) {
    return *(values.begin() + between(0, static_cast<number>(values.size()) - 1));
  }

 private:
  random_bits bits_;
};

void draw_engine(plan& p) {
  dice d(p.seed, "engine");
  p.shards = d.of({1, 1, 2, 2, 3});
  p.routes = d.of({1, 1, 2, 2, 3});
  p.campaigns = d.of({1, 1, 2, 3});
  p.inside_max = d.of({64, 64, 100, 256, 2048});
  p.record = d.of({1, 1, 1, 1, 1, 1, 1, 2, 3, 0});
  p.sync_interval_ms = d.of({10, 100, 1000, 3000});
  p.instance = d.of({0, 7});
  p.refused_per_10000 = d.of({0, 0, 500, 2000});

  dice r(p.seed, "retry");
  p.attempts_max = r.of({1, 2, 3, 5, 8});
  p.retry_delay_ms = r.of({10, 100, 500});
  p.retry_delay_max_ms = p.retry_delay_ms * r.of({1, 4, 16});
  p.suspend_ms = r.of({50, 200, 1000});
  p.suspend_max_ms = p.suspend_ms * r.of({1, 4, 16});
  p.asks_max = r.of({0, 1, 2, 3});
  p.ask_delay_ms = r.of({50, 500, 1000});

  dice t(p.seed, "timeouts");
  p.connect_timeout_ms = t.of({200, 1000, 3000});
  p.write_timeout_ms = t.of({200, 1000, 3000});
  p.response_timeout_ms = t.of({300, 1000, 5000});
  p.idle_timeout_ms = t.of({100, 1000, 30'000});
  p.backoff_ms = t.of({10, 50, 200});
  p.backoff_max_ms = p.backoff_ms * t.of({1, 8, 32});

  dice s(p.seed, "senders");
  if (s.one_in(3)) p.sender_rate = s.of({5, 20, 100, 500});
  p.sender_burst = s.of({1, 1, 3, 10});
}

void draw_routes(plan& p) {
  for (std::size_t i = 0; i < routes_max; ++i) {
    dice d(p.seed, "route", static_cast<number>(i));
    route_plan& r = p.route[i];
    r.infobip = d.of({0, 1});
    r.batch = r.infobip != 0 ? d.of({1, 2, 3, 5, 10}) : 1;
    r.connections = d.of({1, 1, 2, 4, 8});
    r.rate = d.of({0, 5, 20, 50, 100, 200, 500, 2000});
    r.burst = d.of({1, 1, 2, 5, 20});
    r.provider_rate = d.one_in(6) ? d.of({20, 50, 200}) : 0;
  }
}

void draw_campaigns(plan& p) {
  for (std::size_t i = 0; i < campaigns_max; ++i) {
    const auto index = static_cast<number>(i);
    campaign_plan& c = p.campaign[i];
    dice d(p.seed, "campaign", index);
    c.policy = d.of({0, 0, 1, 2});
    for (number& weight : c.weight) weight = d.of({1, 1, 2, 7});
    c.age_s = d.of({1, 2, 5, 30, 300, 7200});
    c.fallback = d.of({0, 0, 1});
    c.dialling = d.of({0, 2});
    c.sender = d.of({0, 0, 1});
    dice a(p.seed, "audience", index);
    c.sources = a.of({1, 1, 2});
    c.rows = a.one_in(4) ? a.between(60, 300) : a.between(5, 80);
    c.bad_per_1000 = a.of({0, 0, 50, 300});
    c.inside_max = a.of({0, 0, 0, 8, 30});
    dice h(p.seed, "campaign host", index);
    c.starts_ms = h.of({0, 0, 50, 1000});
    const bool pauses = h.one_in(4);
    c.pause_ms = pauses ? h.between(1, 5000) : 0;
    c.paused_for_ms = h.of({1, 50, 500, 3000});
    const bool cancels = h.one_in(8);
    c.cancel_ms = cancels ? h.between(1, 4000) : 0;
    const bool edits = h.one_in(10);
    c.edit_ms = edits ? h.between(1, 3000) : 0;
  }
}

void draw_host(plan& p) {
  host_plan& h = p.host;
  dice d(p.seed, "host");
  h.batch = d.of({1, 2, 3, 8, 16, 64, 100});
  h.from_resume = d.of({0, 0, 1});
  h.submit_every_ms = d.of({1, 5, 20, 100, 300});
  h.poll_batch = d.of({1, 7, 64, 200});
  h.poll_every_ms = d.of({1, 5, 20, 200, 1000});
  h.confirm_every = d.of({1, 1, 1, 3, 10, 0});
  dice l(p.seed, "host life");
  const bool deaf = l.one_in(6);
  h.deaf_ms = deaf ? l.between(1, 3000) : 0;
  h.deaf_for_ms = l.of({100, 1000, 8000});
  const bool restarts = l.one_in(4);
  h.restart_ms = restarts ? l.between(1, 4000) : 0;
  const bool again = restarts && l.one_in(2);
  h.restart2_ms = again ? h.restart_ms + l.of({1, 50, 500, 2000}) : 0;
  const bool dies = l.one_in(4);
  h.dies_at_poll = dies ? l.between(1, 30) : 0;
  h.back_after_ms = l.of({5, 100, 1000});
}

/// How many kinds of fault a run has: most have few, so that what one of them does is not hidden by the others.
number kinds_per_1000(std::uint64_t seed) {
  dice d(seed, "kinds of fault");
  return d.of({0, 40, 40, 100, 100, 100, 200, 400});
}

void draw_fault(plan& p, std::string_view name, number& value, number least, number doublings, number kinds) {
  dice d(p.seed, name);
  const bool on = d.between(1, 1000) <= kinds;
  const number strength = least << d.between(0, doublings);
  value = on ? std::min(strength, million) : 0;
}

// ---------------------------------------------------------------- what most plans have not

/// Midnights and the hours in which clocks are put forward or back, in seconds since 1970.
constexpr std::array<number, 10> moments{
    1'771'545'600,  // 2026-02-20, in UTC
    1'771'525'800,  // in Kolkata
    1'771'574'400,  // in Los Angeles
    1'772'956'800,  // 2026-03-08 in Los Angeles, a day of 23 hours
    1'772'964'000,  // its missing hour
    1'773'039'600,  // its end
    1'793'516'400,  // 2026-11-01 in Los Angeles, a day of 25 hours
    1'793'523'600,  // its hour that comes twice
    1'793'606'400,  // its end
    1'793'577'600,  // 2026-11-02, in UTC
};

void draw_quota(plan& p, limit_plan& l, dice& d) {
  l.quota = d.of({1, 5, 20, 60});
  l.zone = d.of({0, 1, 1, 1, 2});
  if (d.one_in(2)) l.rate = 0;
  p.wall_start_s = moments[static_cast<std::size_t>(d.between(0, moments.size() - 1))] - d.of({1, 2, 5, 20});
}

void draw_limits(plan& p) {
  dice count(p.seed, "limits");
  const number n = count.of({0, 0, 0, 0, 0, 0, 0, 1, 2, 4});
  for (std::size_t i = 0; i < static_cast<std::size_t>(n); ++i) {
    dice d(p.seed, "limit", static_cast<number>(i));
    limit_plan& l = p.limit[i];
    l.kind = d.between(1, static_cast<number>(limit_kind::last));
    l.counts = d.of({0, 0, 1, 2});
    l.rate = d.of({5, 20, 100, 500});
    l.burst = d.of({1, 1, 3, 10});
    if (d.one_in(4)) draw_quota(p, l, d);
    const bool changes = l.rate > 0 && d.one_in(3);
    l.change_ms = changes ? d.between(1, 4000) : 0;
    l.new_rate = d.of({5, 50, 500});
    l.new_burst = d.of({1, 5, 20});
    for (std::size_t r = 0; r < 2 && l.of() == limit_kind::account; ++r) p.route[r].account = 1;
  }
  for (std::size_t i = 0; i < campaigns_max && n > 0; ++i) {
    campaign_plan& c = p.campaign[i];
    dice d(p.seed, "campaign of limits", static_cast<number>(i));
    c.tenant = d.of({0, 1, 2});
    c.carriers = d.of({0, 1});
    c.media = d.of({0, 1, 2});
    if (c.fallback != 0) c.fallback = d.of({1, 2});
    if (p.wall_start_s != 0) c.age_s = std::min<number>(c.age_s, 30);  // what waits for the next day ends soon
  }
}

void draw_fairness(plan& p) {
  dice d(p.seed, "fairness");
  const bool on = d.one_in(5);
  for (campaign_plan& c : p.campaign) {
    const number share = d.of({1, 1, 3, 10});
    const number tenant = d.of({0, 0, 1, 2});
    const bool urgent = d.one_in(4);
    const bool changes = d.one_in(4);
    const number at = d.between(1, 3000);
    const number later = d.of({1, 5, 100});
    if (!on) continue;
    c.share = share;
    c.tenant = tenant;
    c.urgent = urgent ? 1 : 0;
    c.reweigh_ms = changes ? at : 0;
    c.new_share = later;
  }
}

/// A provider that dies for a while, one that fails very often, or everything is well.
void draw_days(plan& p) {
  dice d(p.seed, "a day");
  const number what = d.between(1, 24);
  for (route_plan& r : p.route) r.adaptive = d.of({0, 0, 0, 1});
  if (what == 1 || what == 2) {
    p.route[0].dies_ms = d.between(100, 3000);
    p.route[0].dead_for_ms = d.of({3000, 20'000, 60'000});
    p.faults_in_a_row = d.of({3, 20});
    p.failover_ms = d.of({200, 5000});
    p.answers_min = d.of({2, 20});
  }
  if (what == 3) {
    p.fault.provider_busy = d.of({200'000, 500'000, 900'000});
    p.budget_percent = d.of({1, 5, 20});
    p.budget_min_per_1000 = d.of({500, 1000, 5000});
    p.faults_in_a_row = d.of({20, 1000});
    p.retry_delay_max_ms = p.retry_delay_ms;
    p.attempts_max = 8;
  }
  if (what != 2 && what != 4 && what != 5) return;
  fault_plan calm;
  calm.latency_us = 300;
  p.fault = calm;
  p.host = {.batch = 64, .submit_every_ms = 5, .poll_batch = 200, .poll_every_ms = 10};
  p.inside_max = 2048;
  p.connect_timeout_ms = 200;
  p.backoff_max_ms = p.backoff_ms;
  p.faults_in_a_row = 3;
  for (route_plan& r : p.route) r.provider_rate = 0;
  for (campaign_plan& c : p.campaign) c.pause_ms = c.cancel_ms = c.edit_ms = c.inside_max = 0;
}

void draw_faults(plan& p) {
  fault_plan& f = p.fault;
  dice d(p.seed, "how faults are");
  p.faults_for_ms = d.of({500, 2000, 5000, 10'000, 20'000});
  f.latency_us = d.of({10, 300, 300, 20'000});
  f.jitter_us = d.of({0, 700, 700, 30'000});
  f.slow_for_ms = d.of({50, 1000, 8000});
  f.retry_after_s = d.of({0, 1, 3});
  f.delay_ms = d.of({0, 0, 0, 20, 200});
  f.outage_for_s = d.of({1, 5});
  f.sync_us = d.of({50, 500, 5000});
  f.sync_slow_for_ms = d.of({50, 1000, 3000});
  f.disk_full_for_ms = d.of({50, 1000, 5000});
  f.late_for_ms = d.of({1, 20, 200});
  f.wall_jump_s = d.of({1, 60, 7200});
  const number kinds = kinds_per_1000(p.seed);
  const auto draw = [&](std::string_view name, number& value, number least, number doublings) {
    draw_fault(p, name, value, least, doublings, kinds);
  };
  draw("connect_refused", f.connect_refused, 10'000, 5);
  draw("connect_hangs", f.connect_hangs, 10'000, 4);
  draw("partial_write", f.partial_write, 50'000, 3);
  draw("reset", f.reset, 5'000, 5);
  draw("half_open", f.half_open, 5'000, 4);
  draw("close_after", f.close_after, 10'000, 5);
  draw("slow_bytes", f.slow_bytes, 10'000, 4);
  draw("reset_before_read", f.reset_before_read, 5'000, 3);
  draw("reset_after_read", f.reset_after_read, 5'000, 3);
  draw("reset_after_accept", f.reset_after_accept, 5'000, 4);
  draw("error_500", f.error_500, 5'000, 3);
  draw("error_503", f.error_503, 5'000, 4);
  draw("error_500_after_accept", f.error_500_after_accept, 5'000, 3);
  draw("throttle_429", f.throttle_429, 5'000, 3);
  draw("provider_busy", f.provider_busy, 5'000, 4);
  draw("truncated", f.truncated, 5'000, 3);
  draw("garbage", f.garbage, 5'000, 3);
  draw("slow", f.slow, 5'000, 4);
  draw("outage", f.outage, 10'000, 3);
  draw("sync_slow", f.sync_slow, 10'000, 4);
  draw("disk_full", f.disk_full, 5'000, 3);
  draw("sync_fails", f.sync_fails, 10'000, 4);
  draw("late_turn", f.late_turn, 10'000, 4);
  // More often than the others: what they do is what this is for.
  draw_fault(p, "crash", f.crash, 50, 6, kinds * 4);
  draw("wall_jump", f.wall_jump, 10'000, 4);
  dice k(p.seed, "keeps_unsynced");
  f.keeps_unsynced = k.of({0, 0, 500'000, million});
}

/// In half of the plans; what is drawn here is drawn nowhere else, so that the rest of a seed is as it ever was.
void draw_reports(plan& p) {
  dice on(p.seed, "reports");
  const bool any = on.one_in(2);
  for (std::size_t i = 0; i < routes_max; ++i) {
    const number wanted = on.of({1, 1, 0});
    p.route[i].reports = any ? (i == 0 && p.routes == 1 ? 1 : wanted) : 0;
  }
  report_plan& r = p.report;
  dice d(p.seed, "what is reported");
  r.delay_ms = d.of({1, 10, 100, 1000, 2500});
  r.later_ms = d.of({1, 50, 1000, 5000});
  r.never_per_1000 = d.of({0, 0, 100, 500});
  r.failed_per_1000 = d.of({0, 100, 500});
  r.underway_per_1000 = d.of({0, 200, 1000});
  r.alone_per_1000 = d.of({0, 0, 300});
  r.repeats = d.of({0, 0, 1, 3});
  r.batch = d.of({1, 1, 4, 20});
  r.junk_per_1000 = d.of({0, 0, 50, 300});
  r.again_ms = d.of({50, 300, 1000});
  dice w(p.seed, "how long reports are waited for");
  r.wait_ms = w.of({100, 1000, 5000, 20'000});
  r.patience_ms = w.of({10, 200, 2000});
}

constexpr number ever = number{1} << 40U;

void add_engine(std::vector<field>& out, plan& p) {
  out.push_back({"shards", &p.shards, 1, 8});
  out.push_back({"routes", &p.routes, 1, routes_max});
  out.push_back({"campaigns", &p.campaigns, 1, campaigns_max});
  out.push_back({"inside_max", &p.inside_max, 64, 1'000'000});
  out.push_back({"record", &p.record, 0, 3});
  out.push_back({"sync_interval_ms", &p.sync_interval_ms, 1, 60'000});
  out.push_back({"instance", &p.instance, 0, 4095});
  out.push_back({"attempts_max", &p.attempts_max, 1, 100});
  out.push_back({"retry_delay_ms", &p.retry_delay_ms, 1, hour_ms});
  out.push_back({"retry_delay_max_ms", &p.retry_delay_max_ms, 1, hour_ms});
  out.push_back({"suspend_ms", &p.suspend_ms, 1, hour_ms});
  out.push_back({"suspend_max_ms", &p.suspend_max_ms, 1, hour_ms});
  out.push_back({"asks_max", &p.asks_max, 0, 10});
  out.push_back({"ask_delay_ms", &p.ask_delay_ms, 1, hour_ms});
  out.push_back({"connect_timeout_ms", &p.connect_timeout_ms, 1, hour_ms});
  out.push_back({"write_timeout_ms", &p.write_timeout_ms, 1, hour_ms});
  out.push_back({"response_timeout_ms", &p.response_timeout_ms, 1, hour_ms});
  out.push_back({"idle_timeout_ms", &p.idle_timeout_ms, 1, hour_ms});
  out.push_back({"backoff_ms", &p.backoff_ms, 1, hour_ms});
  out.push_back({"backoff_max_ms", &p.backoff_max_ms, 1, hour_ms});
  out.push_back({"sender_rate", &p.sender_rate, 0, million});
  out.push_back({"sender_burst", &p.sender_burst, 1, million});
  out.push_back({"refused_per_10000", &p.refused_per_10000, 0, 10'000});
  out.push_back({"faults_for_ms", &p.faults_for_ms, 0, hour_ms});
  out.push_back({"budget_percent", &p.budget_percent, 1, 100});
  out.push_back({"budget_min_per_1000", &p.budget_min_per_1000, 10, million});
  out.push_back({"failover_ms", &p.failover_ms, 100, hour_ms});
  out.push_back({"answers_min", &p.answers_min, 1, million});
  out.push_back({"faults_in_a_row", &p.faults_in_a_row, 1, 100'000});
  out.push_back({"wall_start_s", &p.wall_start_s, 0, ever});
}

void add_limit(std::vector<field>& out, limit_plan& l, const std::string& at) {
  out.push_back({at + "kind", &l.kind, 0, static_cast<number>(limit_kind::last)});
  out.push_back({at + "counts", &l.counts, 0, 2});
  out.push_back({at + "rate", &l.rate, 0, million});
  out.push_back({at + "burst", &l.burst, 1, million});
  out.push_back({at + "quota", &l.quota, 0, million});
  out.push_back({at + "zone", &l.zone, 0, 2});
  out.push_back({at + "change_ms", &l.change_ms, 0, hour_ms});
  out.push_back({at + "new_rate", &l.new_rate, 1, million});
  out.push_back({at + "new_burst", &l.new_burst, 1, million});
}

void add_route(std::vector<field>& out, route_plan& r, const std::string& at) {
  out.push_back({at + "infobip", &r.infobip, 0, 1});
  out.push_back({at + "batch", &r.batch, 1, 1000});
  out.push_back({at + "connections", &r.connections, 1, 4096});
  out.push_back({at + "rate", &r.rate, 0, million});
  out.push_back({at + "burst", &r.burst, 1, million});
  out.push_back({at + "provider_rate", &r.provider_rate, 0, million});
  out.push_back({at + "account", &r.account, 0, 1});
  out.push_back({at + "adaptive", &r.adaptive, 0, 1});
  out.push_back({at + "dies_ms", &r.dies_ms, 0, hour_ms});
  out.push_back({at + "dead_for_ms", &r.dead_for_ms, 1, hour_ms});
  out.push_back({at + "reports", &r.reports, 0, 1});
}

void add_campaign(std::vector<field>& out, campaign_plan& c, const std::string& at) {
  out.push_back({at + "policy", &c.policy, 0, 2});
  for (std::size_t i = 0; i < routes_max; ++i) out.push_back({fmt::format("{}weight{}", at, i), &c.weight[i], 1, 1000});
  out.push_back({at + "age_s", &c.age_s, 1, 604'800});
  out.push_back({at + "fallback", &c.fallback, 0, 2});
  out.push_back({at + "dialling", &c.dialling, 0, 2});
  out.push_back({at + "sender", &c.sender, 0, 1});
  out.push_back({at + "sources", &c.sources, 1, sources_max});
  out.push_back({at + "rows", &c.rows, 0, rows_max});
  out.push_back({at + "bad_per_1000", &c.bad_per_1000, 0, 1000});
  out.push_back({at + "inside_max", &c.inside_max, 0, million});
  out.push_back({at + "starts_ms", &c.starts_ms, 0, hour_ms});
  out.push_back({at + "pause_ms", &c.pause_ms, 0, hour_ms});
  out.push_back({at + "paused_for_ms", &c.paused_for_ms, 0, hour_ms});
  out.push_back({at + "cancel_ms", &c.cancel_ms, 0, hour_ms});
  out.push_back({at + "edit_ms", &c.edit_ms, 0, hour_ms});
  out.push_back({at + "share", &c.share, 1, 1000});
  out.push_back({at + "tenant", &c.tenant, 0, 2});
  out.push_back({at + "urgent", &c.urgent, 0, 1});
  out.push_back({at + "carriers", &c.carriers, 0, 1});
  out.push_back({at + "media", &c.media, 0, 3});
  out.push_back({at + "reweigh_ms", &c.reweigh_ms, 0, hour_ms});
  out.push_back({at + "new_share", &c.new_share, 1, 1000});
}

void add_host(std::vector<field>& out, host_plan& h) {
  out.push_back({"host.batch", &h.batch, 1, 10'000});
  out.push_back({"host.from_resume", &h.from_resume, 0, 1});
  out.push_back({"host.submit_every_ms", &h.submit_every_ms, 1, hour_ms});
  out.push_back({"host.poll_batch", &h.poll_batch, 1, 10'000});
  out.push_back({"host.poll_every_ms", &h.poll_every_ms, 1, hour_ms});
  out.push_back({"host.confirm_every", &h.confirm_every, 0, million});
  out.push_back({"host.deaf_ms", &h.deaf_ms, 0, hour_ms});
  out.push_back({"host.deaf_for_ms", &h.deaf_for_ms, 0, hour_ms});
  out.push_back({"host.restart_ms", &h.restart_ms, 0, hour_ms});
  out.push_back({"host.restart2_ms", &h.restart2_ms, 0, hour_ms});
  out.push_back({"host.dies_at_poll", &h.dies_at_poll, 0, million});
  out.push_back({"host.back_after_ms", &h.back_after_ms, 1, hour_ms});
}

void add_faults(std::vector<field>& out, fault_plan& f) {
  const auto share = [&](const char* name, number& value) { out.push_back({name, &value, 0, million}); };
  const auto span = [&](const char* name, number& value) { out.push_back({name, &value, 0, hour_ms}); };
  span("fault.latency_us", f.latency_us);
  span("fault.jitter_us", f.jitter_us);
  share("fault.connect_refused", f.connect_refused);
  share("fault.connect_hangs", f.connect_hangs);
  share("fault.partial_write", f.partial_write);
  share("fault.reset", f.reset);
  share("fault.half_open", f.half_open);
  share("fault.close_after", f.close_after);
  share("fault.slow_bytes", f.slow_bytes);
  span("fault.slow_for_ms", f.slow_for_ms);
  share("fault.reset_before_read", f.reset_before_read);
  share("fault.reset_after_read", f.reset_after_read);
  share("fault.reset_after_accept", f.reset_after_accept);
  share("fault.error_500", f.error_500);
  share("fault.error_503", f.error_503);
  share("fault.error_500_after_accept", f.error_500_after_accept);
  share("fault.throttle_429", f.throttle_429);
  share("fault.provider_busy", f.provider_busy);
  share("fault.truncated", f.truncated);
  share("fault.garbage", f.garbage);
  share("fault.slow", f.slow);
  span("fault.retry_after_s", f.retry_after_s);
  span("fault.delay_ms", f.delay_ms);
  share("fault.outage", f.outage);
  span("fault.outage_for_s", f.outage_for_s);
  span("fault.sync_us", f.sync_us);
  share("fault.sync_slow", f.sync_slow);
  span("fault.sync_slow_for_ms", f.sync_slow_for_ms);
  share("fault.disk_full", f.disk_full);
  span("fault.disk_full_for_ms", f.disk_full_for_ms);
  share("fault.sync_fails", f.sync_fails);
  share("fault.keeps_unsynced", f.keeps_unsynced);
  share("fault.late_turn", f.late_turn);
  span("fault.late_for_ms", f.late_for_ms);
  share("fault.crash", f.crash);
  share("fault.wall_jump", f.wall_jump);
  out.push_back({"fault.wall_jump_s", &f.wall_jump_s, 0, ever});
}

void add_reports(std::vector<field>& out, report_plan& r) {
  out.push_back({"report.delay_ms", &r.delay_ms, 1, hour_ms});
  out.push_back({"report.later_ms", &r.later_ms, 1, hour_ms});
  out.push_back({"report.never_per_1000", &r.never_per_1000, 0, 1000});
  out.push_back({"report.failed_per_1000", &r.failed_per_1000, 0, 1000});
  out.push_back({"report.underway_per_1000", &r.underway_per_1000, 0, 1000});
  out.push_back({"report.alone_per_1000", &r.alone_per_1000, 0, 1000});
  out.push_back({"report.repeats", &r.repeats, 0, 100});
  out.push_back({"report.batch", &r.batch, 1, 1000});
  out.push_back({"report.junk_per_1000", &r.junk_per_1000, 0, 1000});
  out.push_back({"report.again_ms", &r.again_ms, 1, hour_ms});
  out.push_back({"report.wait_ms", &r.wait_ms, 0, hour_ms});
  out.push_back({"report.patience_ms", &r.patience_ms, 10, 60'000});
}

}  // namespace

random_bits stream(std::uint64_t seed, std::string_view concern, number index) noexcept {
  std::uint64_t hash = 0xCBF29CE484222325U;  // FNV-1a
  for (const char c : concern) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
  hash = (hash ^ static_cast<std::uint64_t>(index)) * 0x100000001B3U;
  random_bits mixed(seed ^ hash);
  return random_bits(mixed.next());
}

plan plan_of(std::uint64_t seed) {
  plan p;
  p.seed = seed;
  draw_engine(p);
  draw_routes(p);
  draw_campaigns(p);
  draw_host(p);
  draw_faults(p);
  draw_limits(p);
  draw_fairness(p);
  draw_days(p);
  draw_reports(p);
  return p;
}

bool plan::reported() const noexcept {
  return std::any_of(route.begin(), route.begin() + routes, [](const route_plan& r) { return r.reports != 0; });
}

std::vector<field> fields_of(plan& p) {
  std::vector<field> all;
  add_engine(all, p);
  for (std::size_t i = 0; i < routes_max; ++i) add_route(all, p.route[i], fmt::format("r{}.", i));
  for (std::size_t i = 0; i < campaigns_max; ++i) add_campaign(all, p.campaign[i], fmt::format("c{}.", i));
  for (std::size_t i = 0; i < limits_max; ++i) add_limit(all, p.limit[i], fmt::format("l{}.", i));
  add_host(all, p.host);
  add_faults(all, p.fault);
  add_reports(all, p.report);
  return all;
}

bool in_use(const plan& p, std::string_view name) {
  const auto index = [&](char kind) {
    return name.size() > 2 && name[0] == kind && name[2] == '.' ? number{name[1] - '0'} : number{-1};
  };
  const number limit = index('l');
  const bool is_no_limit = limit >= 0 && p.limit[static_cast<std::size_t>(limit)].kind == 0;
  const bool is_of_reports = name.starts_with("report.");
  return index('r') < p.routes && index('c') < p.campaigns && (!is_no_limit || name.ends_with(".kind")) &&
         (!is_of_reports || p.reported());
}

bool is_calm(const plan& p) {
  plan of = p;
  number trouble = p.host.deaf_ms + p.host.restart_ms + p.host.dies_at_poll + p.refused_per_10000;
  for (const field& f : fields_of(of)) {
    const bool is_span = f.name.ends_with("_ms") || f.name.ends_with("_us") || f.name.ends_with("_s");
    if (f.name.starts_with("fault.") && !is_span) trouble += *f.value;
  }
  number rows = 0;
  for (std::size_t i = 0; i < p.campaign_count(); ++i) {
    const campaign_plan& c = p.campaign[i];
    trouble += c.pause_ms + c.cancel_ms + c.edit_ms + c.inside_max;
    rows += c.sources * c.rows;
  }
  for (const route_plan& r : p.route) trouble += r.provider_rate;
  const bool is_quick = p.host.submit_every_ms <= 20 && p.host.poll_every_ms <= 50 && p.host.poll_batch >= 16;
  return trouble == 0 && is_quick && p.fault.delay_ms == 0 && 2 * rows < p.inside_max;
}

std::string set_field(plan& p, std::string_view assignment) {
  const auto sign = assignment.find('=');
  if (sign == std::string_view::npos) return fmt::format("\"{}\" is not name=value", assignment);
  const std::string_view name = assignment.substr(0, sign);
  const std::string_view text = assignment.substr(sign + 1);
  for (const field& f : fields_of(p)) {
    if (f.name != name) continue;
    number value = 0;
    const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (wrong != std::errc{} || end != text.data() + text.size() || value < f.low || value > f.high)
      return fmt::format("{} is a whole number from {} to {}, not \"{}\"", name, f.low, f.high, text);
    *f.value = value;
    return {};
  }
  return fmt::format("no plan has a field \"{}\"; --show prints those there are", name);
}

std::string to_string(plan p) {
  std::string out = fmt::format("seed={}", p.seed);
  for (const field& f : fields_of(p)) {
    if (in_use(p, f.name)) out += fmt::format(" {}={}", f.name, *f.value);
  }
  return out;
}

}  // namespace broadside::sim
