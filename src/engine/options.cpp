// engine/options - every rule an engine's options must keep, each violation with its field.
#include <fmt/format.h>
#include <algorithm>
#include <broadside/options.hpp>
#include <broadside/sender.hpp>
#include <chrono>
#include <engine/limit_match.hpp>
#include <engine/rate_rules.hpp>
#include <iterator>
#include <journal/journal.hpp>
#include <map>
#include <rate/calendar.hpp>
#include <string>
#include <string_view>
#include <utility>

namespace broadside {
namespace {

using engine_detail::each_value;
using std::chrono::milliseconds;

constexpr std::string limit_options::*matching_fields[] = {&limit_options::account, &limit_options::service_plan,
                                                           &limit_options::sender, &limit_options::campaign,
                                                           &limit_options::tenant};

class checker {
 public:
  void add(std::string field, std::string rule) { found_.push_back({std::move(field), std::move(rule)}); }

  template <class T>
  void in_range(std::string field, T value, T low, T high) {
    if (!(value >= low && value <= high)) {  // so that what is no number is none
      add(std::move(field), fmt::format("must be {} to {}, is {}", low, high, value));
    }
  }
  void in_range(std::string field, milliseconds value, milliseconds low, milliseconds high) {
    if (value < low || value > high) {
      add(std::move(field), fmt::format("must be {} to {} ms, is {} ms", low.count(), high.count(), value.count()));
    }
  }
  void limit(const std::string& field, const rate_limit& l) {
    for (violation& v : engine_detail::violations_of(field, l)) found_.push_back(std::move(v));
  }
  void bytes(std::string field, std::string_view text, std::size_t most) {
    if (text.size() > most) add(std::move(field), fmt::format("must be at most {} bytes", most));
  }
  /// What limits are told by: at most 64 bytes, and not what stands for each.
  void value(const std::string& field, std::string_view text) {
    bytes(field, text, 64);
    if (text == each_value) add(field, "must not be \"*\": in a limit that stands for each");
  }
  std::vector<violation> take() { return std::move(found_); }

 private:
  std::vector<violation> found_;
};

void check_http(checker& c, const std::string& at, const http_options& h) {
  constexpr milliseconds tick{1};
  constexpr milliseconds hour{3'600'000};
  c.in_range<std::uint32_t>(at + ".connections_max", h.connections_max, 1, 4096);
  c.in_range(at + ".resolve_timeout", h.resolve_timeout, tick, hour);
  c.in_range(at + ".connect_timeout", h.connect_timeout, tick, hour);
  c.in_range(at + ".write_timeout", h.write_timeout, tick, hour);
  c.in_range(at + ".response_timeout", h.response_timeout, tick, hour);
  c.in_range(at + ".idle_timeout", h.idle_timeout, tick, hour);
  c.in_range(at + ".dns_ttl", h.dns_ttl, tick, milliseconds{86'400'000});
  c.in_range(at + ".backoff_min", h.backoff_min, tick, hour);
  c.in_range(at + ".backoff_max", h.backoff_max, h.backoff_min, hour);
  c.in_range<std::size_t>(at + ".response_head_max", h.response_head_max, 1024, 1024 * 1024);
  c.in_range<std::size_t>(at + ".response_body_max", h.response_body_max, 1024, 16 * 1024 * 1024);
}

void check_routes(checker& c, const std::vector<route_options>& routes) {
  c.in_range<std::size_t>("routes", routes.size(), 1, 256);
  for (std::size_t i = 0; i < routes.size(); ++i) {
    const route_options& r = routes[i];
    const std::string at = fmt::format("routes[{}]", i);
    if (r.name.empty() || r.name.size() > 64) c.add(at + ".name", "must be 1 to 64 bytes");
    const auto same = [&](const route_options& other) { return other.name == r.name; };
    if (std::find_if(routes.begin(), routes.begin() + static_cast<std::ptrdiff_t>(i), same) !=
        routes.begin() + static_cast<std::ptrdiff_t>(i)) {
      c.add(at + ".name", fmt::format("\"{}\" is taken by another route", r.name));
    }
    if (!r.provider) c.add(at + ".provider", "is required");
    if (r.provider) {
      c.in_range<std::uint32_t>(at + ".provider.limits.messages_per_request_max",
                                r.provider->limits().messages_per_request_max, 1, 10'000);
    }
    c.value(at + ".account", r.account);
    c.value(at + ".service_plan", r.service_plan);
    c.limit(at + ".limit", r.limit);
    c.limit(at + ".provider_queue", r.provider_queue);
    c.in_range(at + ".linger", r.linger, milliseconds{0}, milliseconds{1'000});
    check_http(c, at + ".http", r.http);
  }
}

// Whose pace a limit is, in the places that a message has a value for.
void check_matching(checker& c, const std::string& at, const limit_options& l) {
  c.bytes(at + ".account", l.account, 64);
  c.bytes(at + ".service_plan", l.service_plan, 64);
  c.bytes(at + ".carrier", l.carrier, 64);
  c.bytes(at + ".campaign", l.campaign, 255);
  c.bytes(at + ".tenant", l.tenant, 64);
  if (l.carrier == each_value) c.add(at + ".carrier", "must name one: \"*\" is no carrier");
  const bool names_sender = !l.sender.empty() && l.sender != each_value;
  if (!names_sender && l.sender_home.known()) c.add(at + ".sender_home", "goes with a sender only");
  if (!names_sender) return;
  if (const auto parsed = sender::parse(l.sender, l.sender_home); !parsed)
    c.add(at + ".sender", fmt::format("\"{}\": {}", l.sender, parsed.error().message()));
}

/// The system's time zones that were asked for: each is looked for once, however many limits name it.
class zones {
 public:
  bool knows(std::string_view name) {
    const auto [at, is_new] = known_.try_emplace(name, false);
    if (is_new) at->second = rate::calendar::of(name).has_value();
    return at->second;
  }

 private:
  std::map<std::string_view, bool> known_;
};

void check_ceiling(checker& c, const std::string& at, const limit_options& l, zones& known) {
  c.limit(at + ".rate", l.rate);
  if (l.rate.per_second == 0 && l.quota.most == 0) c.add(at, "must have a rate or a quota");
  constexpr std::uint64_t quota_max = 100'000'000'000;
  c.in_range<std::uint64_t>(at + ".quota.most", l.quota.most, 0, quota_max);
  if (l.quota.most > 0 && !known.knows(l.quota.time_zone)) {
    c.add(at + ".quota.time_zone", fmt::format("\"{}\" is no time zone that this system knows", l.quota.time_zone));
  }
  if (l.counts > limit_unit::media) c.add(at + ".counts", "must be messages, parts or media");
}

bool is_of_each(const limit_options& l) noexcept {
  return std::any_of(std::begin(matching_fields), std::end(matching_fields),
                     [&](auto field) { return l.*field == each_value; });
}

/// The names that limits with "*" will have begin with theirs, so no other may begin so.
void check_derived_name(checker& c, std::size_t i, std::string_view name,
                        const std::vector<std::string_view>& of_each) {
  for (auto end = name.find(": "); end != std::string_view::npos; end = name.find(": ", end + 1)) {
    const std::string_view front = name.substr(0, end);
    if (!std::binary_search(of_each.begin(), of_each.end(), front)) continue;
    c.add(fmt::format("limits[{}].name", i), fmt::format("\"{}\" is how the limits of \"{}\" begin", name, front));
  }
}

void check_limit_names(checker& c, const std::vector<limit_options>& limits) {
  std::vector<std::pair<std::string_view, std::size_t>> names;
  std::vector<std::string_view> of_each;
  for (std::size_t i = 0; i < limits.size(); ++i) {
    const std::string_view name = limits[i].name;
    const auto rule = [&](std::string text) { c.add(fmt::format("limits[{}].name", i), std::move(text)); };
    if (name.empty() || name.size() > 64) rule("must be 1 to 64 bytes");
    for (const std::string_view own : engine_detail::own_prefixes) {
      if (name.starts_with(own)) rule(fmt::format("must not begin with \"{}\", as names of the engine's own do", own));
    }
    names.emplace_back(name, i);
    if (is_of_each(limits[i])) of_each.push_back(name);
  }
  std::sort(names.begin(), names.end());
  for (std::size_t k = 1; k < names.size(); ++k) {
    if (names[k].first != names[k - 1].first) continue;
    c.add(fmt::format("limits[{}].name", names[k].second),
          fmt::format("\"{}\" is taken by another limit", names[k].first));
  }
  std::sort(of_each.begin(), of_each.end());
  for (const auto& [name, i] : names) {
    if (name.size() <= 64) check_derived_name(c, i, name, of_each);
  }
}

void check_limits(checker& c, const std::vector<limit_options>& limits) {
  constexpr std::size_t limits_max = 200'000;
  c.in_range<std::size_t>("limits", limits.size(), 0, limits_max);
  if (limits.size() > limits_max) return;
  zones known;
  for (std::size_t i = 0; i < limits.size(); ++i) {
    const std::string at = fmt::format("limits[{}]", i);
    check_matching(c, at, limits[i]);
    check_ceiling(c, at, limits[i], known);
  }
  check_limit_names(c, limits);
}

void check_tenants(checker& c, const std::vector<tenant_options>& tenants) {
  constexpr std::size_t tenants_max = 65'535;
  c.in_range<std::size_t>("tenants", tenants.size(), 0, tenants_max);
  if (tenants.size() > tenants_max) return;
  std::vector<std::pair<std::string_view, std::size_t>> names;
  for (std::size_t i = 0; i < tenants.size(); ++i) {
    const std::string at = fmt::format("tenants[{}]", i);
    const std::string& name = tenants[i].name;
    if (name.empty()) c.add(at + ".name", "is required");
    c.value(at + ".name", name);
    c.in_range<std::uint32_t>(at + ".weight", tenants[i].weight, 1, 1000);
    names.emplace_back(name, i);
  }
  std::sort(names.begin(), names.end());
  for (std::size_t k = 1; k < names.size(); ++k) {
    if (names[k].first != names[k - 1].first) continue;
    c.add(fmt::format("tenants[{}].name", names[k].second),
          fmt::format("\"{}\" is taken by another tenant", names[k].first));
  }
}

void check_retry(checker& c, const retry_options& r) {
  constexpr milliseconds tick{1};
  constexpr milliseconds day{86'400'000};
  c.in_range<std::uint16_t>("retry.attempts_max", r.attempts_max, 1, 100);
  c.in_range("retry.delay_min", r.delay_min, tick, day);
  c.in_range("retry.delay_max", r.delay_max, r.delay_min, day);
  c.in_range("retry.suspend_min", r.suspend_min, tick, day);
  c.in_range("retry.suspend_max", r.suspend_max, r.suspend_min, day);
  c.in_range("retry.budget", r.budget, 0.01, 1.0);
  c.in_range("retry.budget_min", r.budget_min, 0.01, 1'000'000.0);
}

void check_failover(checker& c, const failover_options& f) {
  constexpr milliseconds hour{3'600'000};
  c.in_range("failover.interval", f.interval, milliseconds{100}, hour);
  c.in_range("failover.faults_max", f.faults_max, 0.01, 1.0);
  c.in_range("failover.slow_after", f.slow_after, milliseconds{1}, hour);
  c.in_range<std::uint32_t>("failover.answers_min", f.answers_min, 1, 1'000'000);
  c.in_range<std::uint32_t>("failover.faults_in_a_row", f.faults_in_a_row, 1, 100'000);
}

void check_profiles(checker& c, const std::vector<content_limits>& profiles) {
  c.in_range<std::size_t>("profiles", profiles.size(), 0, 32);
  for (std::size_t i = 0; i < profiles.size(); ++i) {
    if (profiles[i].name.empty()) c.add(fmt::format("profiles[{}].name", i), "is required");
    for (std::size_t k = 0; k < i; ++k) {
      if (profiles[k].name == profiles[i].name)
        c.add(fmt::format("profiles[{}].name", i), "is taken by another profile");
    }
  }
}

void check_journal(checker& c, const journal_options& j) {
  if (j.path.size() > 4000 || j.path.find('\0') != std::string::npos)
    c.add("journal.path", "must be a path of a folder");
  c.in_range("journal.sync_interval", j.sync_interval, milliseconds{1}, milliseconds{60'000});
  c.in_range<std::uint64_t>("journal.bytes_max", j.bytes_max, std::uint64_t{16} << 20U, std::uint64_t{16} << 40U);
  constexpr std::chrono::hours years{24 * 3653};
  if (j.keep_outcomes < std::chrono::hours{0} || j.keep_outcomes > years) {
    c.add("journal.keep_outcomes", fmt::format("must be 0 to {} h, is {} h", years.count(), j.keep_outcomes.count()));
  }
}

}  // namespace

combined_limits rules_of(const route_options& route, std::span<const content_limits> profiles) {
  const content_limits& own = route.provider->limits();
  const auto documented = builtin_profile(own.name);
  combined_limits rules(own);
  for (const content_limits& each : profiles) {
    if (!documented || !(each == *documented)) rules.add(each);
  }
  return rules;
}

std::vector<violation> options::validate() const {
  checker c;
  check_routes(c, routes);
  check_limits(c, limits);
  check_tenants(c, tenants);
  check_profiles(c, profiles);
  check_journal(c, journal);
  for (violation& v : preflight.validate()) c.add("preflight." + v.field, std::move(v.rule));
  check_retry(c, retry);
  check_failover(c, failover);
  c.in_range<std::uint16_t>("reconcile.asks_max", reconcile.asks_max, 0, 10);
  c.in_range("reconcile.delay_min", reconcile.delay_min, milliseconds{1}, milliseconds{3'600'000});
  c.in_range("reconcile.report_wait", reconcile.report_wait, milliseconds{0}, milliseconds{3 * 86'400'000});
  c.in_range<std::uint64_t>("reports.remembered_max", reports.remembered_max, 16'384, 1'000'000'000);
  c.in_range("reports.patience", reports.patience, milliseconds{10}, milliseconds{60'000});
  c.in_range<std::uint32_t>("shards", shards, 1, ::broadside::journal::shards_max);
  c.in_range<std::uint32_t>("messages_inside_max", messages_inside_max, 64, 16'777'216);
  c.in_range<std::uint32_t>("recipient_bytes_max", recipient_bytes_max, 64, 65'536);
  c.in_range<std::uint32_t>("campaigns_max", campaigns_max, 1, 65'536);
  c.in_range<std::uint32_t>("sources_max", sources_max, 1, 65'536);
  if (instance > 4095 && instance != 0xFFFF) {
    c.add("instance", fmt::format("must be 0 to 4095, or 65535 to be drawn, is {}", instance));
  }
  return c.take();
}

}  // namespace broadside
