// sim/setting - see setting.hpp.
#include <fmt/format.h>
#include <broadside/providers/infobip.hpp>
#include <broadside/providers/sinch.hpp>
#include <sim/audience.hpp>
#include <sim/setting.hpp>
#include <utility>

namespace broadside::sim {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

double share(number millionths) { return static_cast<double>(millionths) / 1e6; }

rate_limit limit_of(number rate, number burst) {
  return {static_cast<double>(rate), static_cast<std::uint32_t>(burst)};
}

limit_options limit_of(const limit_plan& from, std::string name) {
  limit_options l;
  l.name = std::move(name);
  switch (from.of()) {
    case limit_kind::sender:
      l.sender = sender_of(0);
      break;
    case limit_kind::any_sender:
      l.sender = "*";
      break;
    case limit_kind::carrier:
      l.carrier = limited_carrier;
      break;
    case limit_kind::campaign:
      l.campaign = key_of(0);
      break;
    case limit_kind::any_campaign:
      l.campaign = "*";
      break;
    case limit_kind::tenant:
      l.tenant = tenant_name(1);
      break;
    case limit_kind::any_tenant:
      l.tenant = "*";
      break;
    case limit_kind::account:
      l.account = "account";
      break;
    case limit_kind::none:
    case limit_kind::everything:
      break;
  }
  l.counts = static_cast<limit_unit>(from.counts);
  if (from.rate > 0) l.rate = limit_of(from.rate, from.burst);
  if (from.quota > 0) l.quota = {static_cast<std::uint64_t>(from.quota), zone_of(from)};
  return l;
}

http_options http_of(const plan& p, const route_plan& r) {
  http_options h;
  h.connections_max = static_cast<std::uint32_t>(r.connections);
  h.resolve_timeout = milliseconds{p.connect_timeout_ms};
  h.connect_timeout = milliseconds{p.connect_timeout_ms};
  h.write_timeout = milliseconds{p.write_timeout_ms};
  h.response_timeout = milliseconds{p.response_timeout_ms};
  h.idle_timeout = milliseconds{p.idle_timeout_ms};
  h.backoff_min = milliseconds{p.backoff_ms};
  h.backoff_max = milliseconds{p.backoff_max_ms};
  return h;
}

std::shared_ptr<const provider> make_provider(const route_plan& r, const std::string& url, std::string secret) {
  if (r.infobip != 0) {
    providers::infobip_options o;
    o.base_url = url;
    o.api_key = "infobip-test-key";
    o.messages_per_request = static_cast<std::uint32_t>(r.batch);
    o.callback_secret = std::move(secret);
    auto made = providers::infobip(std::move(o));
    return made ? *made : nullptr;
  }
  providers::sinch_options o;
  o.base_url = url;
  o.api_key = "sinch-test-key";
  o.service_id = "12345";
  o.callback_secret = std::move(secret);
  auto made = providers::sinch(std::move(o));
  return made ? *made : nullptr;
}

testing::simulator_faults provider_faults(const fault_plan& f) {
  testing::simulator_faults out;
  out.reset_before_read = share(f.reset_before_read);
  out.reset_after_read = share(f.reset_after_read);
  out.reset_after_accept = share(f.reset_after_accept);
  out.error_500 = share(f.error_500);
  out.error_503 = share(f.error_503);
  out.error_500_after_accept = share(f.error_500_after_accept);
  out.throttle_429 = share(f.throttle_429);
  out.provider_busy = share(f.provider_busy);
  out.truncated = share(f.truncated);
  out.garbage = share(f.garbage);
  out.slow = share(f.slow);
  out.retry_after_seconds = static_cast<std::uint32_t>(f.retry_after_s);
  out.slow_for = milliseconds{f.slow_for_ms};
  out.delay = milliseconds{f.delay_ms};
  out.delay_jitter = milliseconds{f.delay_ms};
  return out;
}

}  // namespace

testing::simulation_faults faults_of(const plan& p) {
  const fault_plan& f = p.fault;
  testing::simulation_faults out;
  out.latency = microseconds{f.latency_us};
  out.latency_jitter = microseconds{f.jitter_us};
  out.connect_refused = share(f.connect_refused);
  out.connect_hangs = share(f.connect_hangs);
  out.partial_write = share(f.partial_write);
  out.reset = share(f.reset);
  out.half_open = share(f.half_open);
  out.close_after = share(f.close_after);
  out.slow_bytes = share(f.slow_bytes);
  out.slow_for = milliseconds{f.slow_for_ms};
  out.provider = provider_faults(f);
  out.outage = share(f.outage);
  out.outage_for = seconds{f.outage_for_s};
  out.sync_time = microseconds{f.sync_us};
  out.sync_time_jitter = microseconds{f.sync_us};
  out.sync_slow = share(f.sync_slow);
  out.sync_slow_for = milliseconds{f.sync_slow_for_ms};
  out.disk_full = share(f.disk_full);
  out.disk_full_for = milliseconds{f.disk_full_for_ms};
  out.sync_fails = share(f.sync_fails);
  out.keeps_unsynced = share(f.keeps_unsynced);
  out.late_turn = share(f.late_turn);
  out.late_for = milliseconds{f.late_for_ms};
  out.crash = share(f.crash);
  out.wall_jump = share(f.wall_jump);
  out.wall_jump_max = seconds{f.wall_jump_s};
  return out;
}

testing::simulator_options provider_of(const plan& p, std::size_t route) {
  const route_plan& r = p.route[route];
  testing::simulator_options out;
  out.refused_per_10000 = static_cast<std::uint32_t>(p.refused_per_10000);
  // More than the burst at once is refused for ever, so a whole request fits.
  if (r.provider_rate > 0) {
    out.sinch_limit = limit_of(r.provider_rate, r.batch + 5);
    out.infobip_limit = out.sinch_limit;
  }
  out.infobip_logs_limit = {.per_second = 2, .burst = 3};
  return out;
}

options options_of(const plan& p, const std::vector<std::string>& urls) {
  options o;
  for (std::size_t i = 0; i < p.route_count(); ++i) {
    route_options r;
    r.name = route_name(i);
    r.provider = make_provider(p.route[i], urls[i], p.route[i].reports != 0 ? callback_secret(i) : std::string());
    r.limit = limit_of(p.route[i].rate, p.route[i].burst);
    r.http = http_of(p, p.route[i]);
    r.http.adaptive_concurrency = p.route[i].adaptive != 0;
    if (p.route[i].account != 0) r.account = "account";
    o.routes.push_back(std::move(r));
  }
  if (p.sender_rate > 0) {
    limit_options s;
    s.name = "sender";
    s.sender = sender_of(0);
    s.rate = limit_of(p.sender_rate, p.sender_burst);
    o.limits.push_back(std::move(s));
  }
  for (std::size_t i = 0; i < limits_max; ++i) {
    if (p.limit[i].kind != 0) o.limits.push_back(limit_of(p.limit[i], limit_name(i)));
  }
  o.tenants = {{.name = tenant_name(1), .weight = 1}, {.name = tenant_name(2), .weight = 4}};
  o.preflight.mode = preflight_mode::off;
  o.retry.budget = static_cast<double>(p.budget_percent) / 100;
  o.retry.budget_min = static_cast<double>(p.budget_min_per_1000) / 1000;
  o.failover.interval = milliseconds{p.failover_ms};
  o.failover.answers_min = static_cast<std::uint32_t>(p.answers_min);
  o.failover.faults_in_a_row = static_cast<std::uint32_t>(p.faults_in_a_row);
  o.retry.attempts_max = static_cast<std::uint16_t>(p.attempts_max);
  o.retry.delay_min = milliseconds{p.retry_delay_ms};
  o.retry.delay_max = milliseconds{p.retry_delay_max_ms};
  o.retry.suspend_min = milliseconds{p.suspend_ms};
  o.retry.suspend_max = milliseconds{p.suspend_max_ms};
  o.reconcile.asks_max = static_cast<std::uint16_t>(p.asks_max);
  o.reconcile.delay_min = milliseconds{p.ask_delay_ms};
  o.reconcile.report_wait = milliseconds{p.report.wait_ms};
  o.reports.patience = milliseconds{p.report.patience_ms};
  if (p.durable()) {
    o.journal.path = "disk";
    o.journal.durability = static_cast<durability>(p.record - 1);
    o.journal.sync_interval = milliseconds{p.sync_interval_ms};
    o.journal.bytes_max = std::uint64_t{64} << 20U;
  }
  o.shards = static_cast<std::uint32_t>(p.shards);
  o.messages_inside_max = static_cast<std::uint32_t>(p.inside_max);
  o.campaigns_max = 64;
  o.sources_max = 64;
  if (p.instance != 0) o.instance = static_cast<std::uint16_t>(p.instance);
  return o;
}

std::string key_of(std::size_t campaign) { return fmt::format("campaign-{}", campaign); }

std::string route_name(std::size_t route) { return fmt::format("route-{}", route); }

std::string callback_secret(std::size_t route) { return fmt::format("secret-of-route-{}", route); }

std::string limit_name(std::size_t limit) { return fmt::format("limit-{}", limit); }

std::string tenant_name(number tenant) { return tenant == 0 ? std::string() : fmt::format("tenant-{}", tenant); }

const char* zone_of(const limit_plan& l) {
  return l.zone == 0 ? "UTC" : l.zone == 1 ? "America/Los_Angeles" : "Asia/Kolkata";
}

std::string source_name(std::size_t source) { return fmt::format("list-{}", source); }

std::string sender_of(number which) { return which == 0 ? "18885551234" : "18775550100"; }

campaign campaign_of(const plan& p, std::size_t index, unsigned version) {
  const campaign_plan& from = p.campaign[index];
  campaign c;
  c.name = fmt::format("Campaign {}", index);
  c.key = key_of(index);
  c.attributes = {"name"};
  c.text = fmt::format("Hi {{{{ name }}}}, this is number {}", version);
  c.sender.sender = sender_of(from.sender);
  for (std::size_t i = 0; i < p.route_count(); ++i)
    c.sender.routes.push_back({route_name(i), static_cast<std::uint32_t>(from.weight[i])});
  if (from.fallback != 0) {
    c.fallback.enabled = true;
    c.fallback.text = "Hi {{ name }}";
    if (from.fallback > 1) c.fallback.text += " \u0436" + std::string(80, '.');  // not of GSM 7-bit: two parts
    c.fallback.append_link = false;
  }
  c.dialling = static_cast<dialling>(from.dialling);
  for (number i = 0; i < from.media; ++i)
    c.media.push_back({fmt::format("https://cdn.example.com/{}.jpg", i), "image/jpeg"});
  if (from.carriers != 0) {
    c.attributes.emplace_back("carrier");
    c.carrier_attribute = "carrier";
  }
  c.weight = static_cast<std::uint32_t>(from.share);
  c.tenant = tenant_name(from.tenant);
  c.priority = from.urgent != 0 ? priority::transactional : priority::marketing;
  c.age_max = seconds{from.age_s};
  c.on_unknown = static_cast<on_unknown>(from.policy);
  c.inside_max = static_cast<std::uint32_t>(from.inside_max);
  return c;
}

}  // namespace broadside::sim
