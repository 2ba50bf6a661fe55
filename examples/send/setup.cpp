// send/setup - providers from routes, then the library's own checks. Pure but for the variables it is handed.
#include "setup.hpp"
#include <fmt/format.h>
#include <algorithm>
#include <broadside/providers/infobip.hpp>
#include <broadside/providers/sinch.hpp>
#include <map>
#include <memory>
#include <tuple>
#include <utility>
#include "findings.hpp"

namespace broadside::send {
namespace {

constexpr std::string_view no_key = "no-key-nothing-leaves";

using made_provider = result<std::shared_ptr<const provider>, failure>;

made_provider make_provider(const route_entry& entry, std::string key) {
  if (entry.provider == provider_kind::infobip) {
    providers::infobip_options o;
    o.base_url = entry.base_url;
    o.api_key = std::move(key);
    o.messages_per_request = entry.messages_per_request;
    o.entity_id = entry.entity_id;
    o.application_id = entry.application_id;
    o.countries = entry.countries;
    return providers::infobip(std::move(o));
  }
  providers::sinch_options o;
  if (!entry.base_url.empty()) o.base_url = entry.base_url;
  o.api_key = std::move(key);
  o.service_id = entry.service_id;
  o.cache_content = entry.cache_content;
  o.countries = entry.countries;
  return providers::sinch(std::move(o));
}

/// "media[0].url" is in "media[0]" and in "media".
bool is_or_is_in(std::string_view field, std::string_view object) noexcept {
  return field.starts_with(object) &&
         (field.size() == object.size() || field[object.size()] == '.' || field[object.size()] == '[');
}

// A field has one violation, the first: what follows is mostly its consequence.
void merge(std::vector<violation>& into, std::vector<violation> from) {
  constexpr std::size_t count_max = 1'000;  // what more are there nobody reads
  for (violation& each : from) {
    if (into.size() >= count_max) return;
    const auto same = [&](const violation& known) { return is_or_is_in(each.field, known.field); };
    if (std::none_of(into.begin(), into.end(), same)) into.push_back(std::move(each));
  }
}

bool has_violation_in(const std::vector<violation>& found, std::string_view object) {
  return std::any_of(found.begin(), found.end(), [&](const violation& v) { return v.field.starts_with(object); });
}

std::string key_of(const route_entry& entry, std::string_view path, const variable_lookup& lookup, keys needed,
                   std::vector<violation>& found) {
  if (entry.api_key_env.empty()) return std::string(no_key);  // reported by the file's reader
  if (auto key = lookup(entry.api_key_env)) return *std::move(key);
  if (needed == keys::needed) {
    found.push_back({fmt::format("{}.api_key_env", path),
                     fmt::format("the environment variable {} is not set", entry.api_key_env)});
  }
  return std::string(no_key);
}

void add_route(const route_entry& entry, std::size_t index, const variable_lookup& lookup, keys needed, setup& out,
               std::vector<violation>& found) {
  const std::string path = fmt::format("routes[{}]", index);
  const bool readable = !has_violation_in(found, path + ".");
  made_provider made = make_provider(entry, key_of(entry, path, lookup, needed, found));
  route_options& route = out.options.routes.emplace_back();
  route.name = entry.name;
  route.account = entry.account;
  route.service_plan = entry.service_plan;
  route.limit = entry.limit;
  route.provider_queue = entry.provider_queue;
  route.linger = entry.linger;
  route.http = entry.http;
  route.tls = entry.tls;
  if (made.has_value()) {
    route.provider = *made;
  } else {
    std::vector<violation> in_route = made.error().violations;
    for (violation& v : in_route) {
      // the file has the key's variable, not the key
      v.field = fmt::format("{}.{}", path, v.field == "api_key" ? "api_key_env" : v.field);
    }
    if (in_route.empty() && readable) in_route.push_back({path, made.error().message()});
    merge(found, std::move(in_route));
  }
  if (!entry.tls.verify) {
    out.warnings.push_back(fmt::format(
        "{}.tls.verify is false: any certificate is accepted on route \"{}\", so anybody between can read the key",
        path, entry.name));
  }
}

// In the file a limit's rate has no object of its own, and its quota is told by its unit.
std::string field_in_file(std::string field) {
  if (!field.starts_with("limits[")) return field;
  if (const std::size_t rate = field.find(".rate."); rate != std::string::npos) field.erase(rate, 5);
  if (const std::size_t most = field.find(".quota.most"); most != std::string::npos)
    field.replace(most, 11, ".quota.per_day");
  return field;
}

// The engine speaks of a provider that is not there; the file has the field that made it so.
void check_engine(const options& from, std::vector<violation>& found) {
  std::vector<violation> theirs = from.validate();
  for (violation& v : theirs) v.field = field_in_file(std::move(v.field));
  std::erase_if(theirs, [&](const violation& v) {
    if (v.field.starts_with("limits[") && v.field.ends_with(']')) return has_violation_in(found, v.field + ".");
    return v.field.ends_with(".provider") && has_violation_in(found, v.field.substr(0, v.field.rfind('.')));
  });
  merge(found, std::move(theirs));
}

// As launch() does it: each route by its own rules, so that what one of them takes is not held against another.
void check_routes(setup& made, combined_limits& limits, const check_options& how) {
  for (const combined_limits& of_route : limits_by_route(made)) {
    for (const content_limits& profile : of_route.profiles()) limits.add(profile);
    for (finding& each : check(made.campaign, of_route, how)) {
      auto& known = made.findings;
      if (std::find(known.begin(), known.end(), each) == known.end()) known.push_back(std::move(each));
    }
  }
}

// What the file's reader said of a field comes first: the rest is its consequence.
void drop_consequences(std::vector<finding>& found, const std::vector<violation>& of_file) {
  std::erase_if(found, [&](const finding& f) {
    return f.severity == severity::error && std::any_of(of_file.begin(), of_file.end(), [&](const violation& v) {
             return is_or_is_in(f.where, v.field);
           });
  });
}

// launch() has rules that need the engine's routes: told as errors beside those of check().
void add_launch_errors(const setup& from, const std::vector<violation>& of_file, std::vector<finding>& found) {
  const auto& routes = from.options.routes;
  const bool whole = std::all_of(routes.begin(), routes.end(), [](const auto& r) { return r.provider != nullptr; });
  if (!whole || routes.empty()) return;
  const auto preview = campaign_preview::compile(from.campaign, routes, from.options.profiles);
  if (preview.has_value()) return;
  for (const violation& v : preview.error().violations) {
    const bool told = std::any_of(found.begin(), found.end(), [&](const finding& f) {
      return f.severity == severity::error && is_or_is_in(v.field, f.where);
    });
    const bool consequence = std::any_of(of_file.begin(), of_file.end(),
                                         [&](const violation& known) { return is_or_is_in(v.field, known.field); });
    if (told || consequence) continue;
    found.push_back({"campaign.launch", severity::error, v.field, {}, {}, "broadside", v.rule});
  }
}

}  // namespace

std::vector<combined_limits> limits_by_route(const setup& from) {
  std::vector<combined_limits> named;
  std::vector<combined_limits> all;
  for (const route_options& route : from.options.routes) {
    if (route.provider == nullptr) continue;
    combined_limits limits = rules_of(route, from.options.profiles);
    const auto& shares = from.campaign.sender.routes;
    const bool used =
        std::any_of(shares.begin(), shares.end(), [&](const route_share& s) { return s.route == route.name; });
    (used ? named : all).push_back(std::move(limits));
  }
  if (!named.empty()) return named;
  if (all.empty()) all.emplace_back(std::span(from.options.profiles));
  return all;
}

examined_file examine(std::string_view json, const variable_lookup& lookup, const examination& as) {
  examined_file out;
  campaign_file_reading reading = read_campaign_file(json);
  out.violations = std::move(reading.violations);
  out.is_json = !(out.violations.size() == 1 && out.violations[0].field == "the file");
  if (!out.is_json) return out;

  setup& made = out.setup;
  made.campaign = std::move(reading.file.campaign);
  made.options = std::move(reading.file.options);
  made.columns = std::move(reading.file.columns);
  for (const content_limits& profile : as.profiles) {
    const auto same = [&](const content_limits& known) { return known.name == profile.name; };
    if (std::none_of(made.options.profiles.begin(), made.options.profiles.end(), same)) {
      made.options.profiles.push_back(profile);
    }
  }
  for (std::size_t i = 0; i < reading.file.routes.size(); ++i) {
    add_route(reading.file.routes[i], i, lookup, as.wanted, made, out.violations);
  }
  check_engine(made.options, out.violations);
  check_routes(made, out.limits, as.how);
  drop_consequences(made.findings, out.violations);
  add_launch_errors(made, out.violations, made.findings);
  std::stable_sort(made.findings.begin(), made.findings.end(),
                   [](const finding& a, const finding& b) { return a.severity < b.severity; });
  if (made.campaign.fallback.enabled) {
    if (const auto forecast = forecast_fallback(made.campaign, as.how); forecast.has_value()) made.forecast = *forecast;
  }
  return out;
}

result<setup, failure> make_setup(std::string_view json, const variable_lookup& lookup, keys needed) {
  examined_file examined = examine(json, lookup, {needed, {}, {}});
  std::vector<violation> found = std::move(examined.violations);
  for (violation& error : errors_of(examined.setup.findings)) found.push_back(std::move(error));
  if (!found.empty()) return failure{make_error_code(errc::invalid_campaign), std::move(found)};
  return std::move(examined.setup);
}

namespace {

/// Every limit that an engine with these options has, by its name.
std::map<std::string, limit_options, std::less<>> limits_by_name(const options& of) {
  std::map<std::string, limit_options, std::less<>> out;
  const auto add = [&](std::string name, const rate_limit& rate) {
    limit_options& made = out[name];
    made.name = std::move(name);
    made.rate = rate;
  };
  for (const route_options& route : of.routes) {
    add("route " + route.name, route.limit);
    add("queue of " + route.name, route.provider_queue);
  }
  for (const limit_options& each : of.limits) out[each.name] = each;
  return out;
}

/// Whether they hold for the same messages, whatever they allow. A zone and a quota that is new need a restart as well.
bool same_but_for_numbers(const limit_options& a, const limit_options& b) {
  const auto fields = [](const limit_options& l) {
    return std::tie(l.account, l.service_plan, l.sender, l.sender_home, l.carrier, l.campaign, l.tenant, l.counts);
  };
  const bool has_quota = a.quota.most > 0;
  return fields(a) == fields(b) && has_quota == (b.quota.most > 0) &&
         (!has_quota || a.quota.time_zone == b.quota.time_zone);
}

}  // namespace

result<file_changes, failure> read_changes(std::string_view json, const setup& running) {
  const auto no_variables = [](const std::string&) { return std::optional<std::string>(); };
  auto made = make_setup(json, no_variables, keys::optional);
  if (!made.has_value()) return std::move(made).error();
  file_changes out;
  const auto before = limits_by_name(running.options);
  const auto after = limits_by_name(made->options);
  for (const auto& [name, now] : after) {
    const auto was = before.find(name);
    if (was == before.end()) {
      out.not_applied.push_back(fmt::format("the limit \"{}\" is new: it holds from the next start", name));
    } else if (!same_but_for_numbers(was->second, now)) {
      out.not_applied.push_back(fmt::format(
          "the limit \"{}\" holds for other messages, or has another kind of quota: from the next start", name));
    } else if (!(was->second.rate == now.rate && was->second.quota == now.quota)) {
      out.limits.push_back({name, now.rate, now.quota.most});
    }
  }
  for (const auto& [name, was] : before) {
    if (!after.contains(name))
      out.not_applied.push_back(
          fmt::format("the limit \"{}\" is gone from the file: it holds until the next start", name));
  }
  if (made->campaign.weight != running.campaign.weight) out.weight = made->campaign.weight;
  return out;
}

void note_change(setup& running, const changed_limit& taken) {
  for (route_options& route : running.options.routes) {
    if ("route " + route.name == taken.name) route.limit = taken.rate;
    if ("queue of " + route.name == taken.name) route.provider_queue = taken.rate;
  }
  for (limit_options& each : running.options.limits) {
    if (each.name != taken.name) continue;
    each.rate = taken.rate;
    each.quota.most = taken.quota;
  }
}

}  // namespace broadside::send
