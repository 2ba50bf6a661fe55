// engine/options - every rule an engine's options must keep, each violation with its field.
#include <fmt/format.h>
#include <algorithm>
#include <broadside/options.hpp>
#include <broadside/sender.hpp>
#include <chrono>
#include <journal/journal.hpp>
#include <string>
#include <string_view>

namespace broadside {
namespace {

using std::chrono::milliseconds;

class checker {
 public:
  void add(std::string field, std::string rule) { found_.push_back({std::move(field), std::move(rule)}); }

  template <class T>
  void in_range(std::string field, T value, T low, T high) {
    if (value < low || value > high) add(std::move(field), fmt::format("must be {} to {}, is {}", low, high, value));
  }
  void in_range(std::string field, milliseconds value, milliseconds low, milliseconds high) {
    if (value < low || value > high) {
      add(std::move(field), fmt::format("must be {} to {} ms, is {} ms", low.count(), high.count(), value.count()));
    }
  }
  void limit(const std::string& field, const rate_limit& l) {
    if (!(l.per_second == 0 || (l.per_second >= 0.000001 && l.per_second <= 5'000'000))) {
      add(field + ".per_second", fmt::format("must be 0 (no limit) or 0.000001 to 5000000, is {}", l.per_second));
    }
    in_range<std::uint32_t>(field + ".burst", l.burst, 1, 1'000'000);
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
    c.limit(at + ".limit", r.limit);
    check_http(c, at + ".http", r.http);
  }
}

void check_senders(checker& c, const std::vector<sender_limit>& senders) {
  c.in_range<std::size_t>("senders", senders.size(), 0, 65'535);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < senders.size(); ++i) {
    const std::string at = fmt::format("senders[{}]", i);
    c.limit(at + ".limit", senders[i].limit);
    if (const auto parsed = sender::parse(senders[i].sender, senders[i].home)) {
      std::string& name = names.emplace_back(parsed->text());  // however it is spelt
      if (parsed->kind() == sender_kind::short_code && senders[i].home.known())
        name.append(" of ").append(senders[i].home.code());
    } else {
      c.add(at + ".sender", fmt::format("\"{}\": {}", senders[i].sender, parsed.error().message()));
    }
  }
  std::sort(names.begin(), names.end());
  for (auto twice = std::adjacent_find(names.begin(), names.end()); twice != names.end();
       twice = std::adjacent_find(std::upper_bound(twice, names.end(), *twice), names.end())) {
    c.add("senders", fmt::format("\"{}\" is listed twice", *twice));
  }
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
  check_senders(c, senders);
  check_profiles(c, profiles);
  check_journal(c, journal);
  for (violation& v : preflight.validate()) c.add("preflight." + v.field, std::move(v.rule));
  c.in_range<std::uint16_t>("retry.attempts_max", retry.attempts_max, 1, 100);
  constexpr milliseconds tick{1};
  constexpr milliseconds day{86'400'000};
  c.in_range("retry.delay_min", retry.delay_min, tick, day);
  c.in_range("retry.delay_max", retry.delay_max, retry.delay_min, day);
  c.in_range("retry.suspend_min", retry.suspend_min, tick, day);
  c.in_range("retry.suspend_max", retry.suspend_max, retry.suspend_min, day);
  c.in_range<std::uint16_t>("reconcile.asks_max", reconcile.asks_max, 0, 10);
  c.in_range("reconcile.delay_min", reconcile.delay_min, tick, milliseconds{3'600'000});
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
