// engine/limit_table - see limit_table.hpp.
#include <fmt/format.h>
#include <algorithm>
#include <engine/limit_table.hpp>
#include <iterator>
#include <limits>
#include <utility>

namespace broadside::engine_detail {
namespace {

constexpr std::string_view ids_prefix = "message ids of ";
constexpr std::uint64_t ids_ahead = std::uint64_t{1}
                                    << 20U;  // recorded ahead: what a crash takes of the record is less
constexpr std::int64_t for_ever = std::numeric_limits<std::int64_t>::max();  // as a day: no record of it is old

constexpr unsigned instance_shift = 52;  // as message_id has it

std::string pause_name(std::string_view sender, std::string_view account) {
  return fmt::format("sender {} on {}", sender, account);
}

/// The slowest first: what is denied most is asked first. A limit without a rate stands behind those with one.
bool is_slower(const known_limit* a, const known_limit* b) {
  const rate_limit x = a->key.limit();
  const rate_limit y = b->key.limit();
  if (x.unlimited() != y.unlimited()) return y.unlimited();
  if (x.per_second != y.per_second) return x.per_second < y.per_second;
  return a->key.name() < b->key.name();
}

}  // namespace

std::uint16_t campaign_lanes::carrier_of(std::span<const std::string_view> values) const noexcept {
  if (!carrier_attribute || *carrier_attribute >= values.size()) return 0;
  for (std::size_t i = 1; i < carriers.size(); ++i) {
    if (same_carrier(carriers[i], values[*carrier_attribute])) return static_cast<std::uint16_t>(i);
  }
  return 0;
}

limit_table::limit_table(const options& o, time_point start, const std::atomic<std::uint64_t>& next_id)
    : options_(o), index_(o.limits), start_(start), next_id_(next_id) {
  for (const route_options& r : o.routes)
    routes_.push_back(&make_named("route " + r.name, {}, limit_unit::messages, r.limit, {}));
  for (const route_options& r : o.routes) {
    const bool has_one = !r.provider_queue.unlimited();
    queues_.push_back(has_one ? &make_named("queue of " + r.name, {}, limit_unit::messages, r.provider_queue, {})
                              : nullptr);
  }
  if (auto days = rate::calendar::of("America/Los_Angeles")) carriers_day_ = *days;
}

known_limit& limit_table::make_named(std::string name, std::string option, limit_unit counts, rate_limit rate,
                                     const daily_quota& quota) {
  std::optional<rate::calendar> days;
  if (quota.most > 0) {
    if (auto zone = rate::calendar::of(quota.time_zone)) days = *zone;  // always: options::validate() has looked
  }
  std::uint64_t most = quota.most;
  if (const auto told = changed_rates_.find(option); told != changed_rates_.end()) rate = told->second;
  if (const auto told = changed_quotas_.find(option); told != changed_quotas_.end()) most = told->second;
  rate::limit_key& key = keys_.emplace_back(name, counts, rate, std::move(days), most, start_);
  known_limit& made = limits_.emplace_back(key, std::move(option));
  if (const auto was = restored_.find(name); was != restored_.end() && key.daily() != nullptr)
    key.daily()->restore(was->second);
  by_name_.emplace(std::move(name), &made);
  return made;
}

known_limit& limit_table::make(std::string name, const limit_options& o) {
  if (const auto there = by_name_.find(name); there != by_name_.end()) return *there->second;
  return make_named(std::move(name), o.name, o.counts, o.rate, o.quota);
}

/// What a provider's "this sender is too fast" holds up, whether the sender has limits or not.
known_limit& limit_table::pause_of(const compiled_campaign& c, const route_options& r) {
  std::string name = pause_name(c.from->text(), r.account.empty() ? r.name : r.account);
  if (const auto there = by_name_.find(name); there != by_name_.end()) return *there->second;
  return make_named(std::move(name), {}, limit_unit::messages, {}, {});
}

void limit_table::add_lane(campaign_lanes& made, const compiled_campaign& c, std::size_t route,
                           std::span<const std::uint32_t> places) {
  const route_options& r = options_.routes[route];
  lane_spec lane;
  lane.route = static_cast<std::uint16_t>(route);
  std::vector<known_limit*> meets{routes_[route]};
  if (queues_[route] != nullptr) meets.push_back(queues_[route]);
  for (const std::uint32_t place : places) {
    const limit_options& o = options_.limits[place];
    known_limit& limit = make(key_name(o, c.definition, *c.from, r), o);
    if (std::find(meets.begin(), meets.end(), &limit) == meets.end()) meets.push_back(&limit);
  }
  std::stable_sort(meets.begin(), meets.end(), is_slower);
  for (known_limit* each : meets) {
    lane.limits.push_back(&each->key);
    if (each->key.daily() != nullptr) lane.quotas.push_back(each);
  }
  lane.limits.push_back(&pause_of(c, r).key);
  lane.each = {1, 1, static_cast<std::uint32_t>(c.definition.media.size())};
  made.lanes.push_back(std::move(lane));
}

result<campaign_lanes, failure> limit_table::lanes_of(const compiled_campaign& c, time_point now) {
  start_ = now;
  campaign_lanes made;
  made.carriers.emplace_back();
  std::vector<matched_limits> matched;
  std::vector<violation> found;
  for (const auto& w : c.routes) {
    matched.push_back(match_limits(c.definition, *c.from, options_.routes[w.route], index_));
    for (const std::uint32_t place : matched.back().of_carriers) {
      const std::string& carrier = options_.limits[place].carrier;
      const auto same = [&](const std::string& known) { return same_carrier(known, carrier); };
      if (std::none_of(made.carriers.begin() + 1, made.carriers.end(), same)) made.carriers.push_back(carrier);
    }
  }
  const auto& attributes = c.definition.attributes;
  const auto at = std::find(attributes.begin(), attributes.end(), c.definition.carrier_attribute);
  if (at != attributes.end()) made.carrier_attribute = static_cast<std::size_t>(at - attributes.begin());
  for (std::size_t i = 0; i < c.routes.size(); ++i) {
    for (const std::string& carrier : made.carriers) {
      std::vector<std::uint32_t> places = matched[i].all;
      std::copy_if(matched[i].of_carriers.begin(), matched[i].of_carriers.end(), std::back_inserter(places),
                   [&](std::uint32_t p) { return same_carrier(options_.limits[p].carrier, carrier); });
      if (places.size() > matched_max) {
        const std::string& route = options_.routes[c.routes[i].route].name;
        found.push_back({fmt::format("sender.routes[{}]", i),
                         fmt::format("{} of the limits hold for a message on {}; at most {} may", places.size(), route,
                                     matched_max)});
        break;
      }
      add_lane(made, c, c.routes[i].route, places);
    }
  }
  if (!found.empty()) return failure{errc::invalid_campaign, std::move(found)};
  return made;
}

void limit_table::restore(std::span<const journal::usage> was) {
  for (const journal::usage& each : was) {
    if (each.name.starts_with(ids_prefix)) {
      ids_given_[each.used >> instance_shift] = each.used;
    } else {
      restored_[each.name] = {wall_time{std::chrono::seconds{each.day_begin_s}}, each.used};
    }
  }
}

std::uint64_t limit_table::unused_id(std::uint64_t next) const noexcept {
  const auto given = ids_given_.find(next >> instance_shift);
  return given == ids_given_.end() ? next : std::max(next, given->second);
}

result<void> limit_table::change(std::string_view name, rate_limit rate, std::uint64_t quota, time_point now) {
  const auto named = [&](const limit_options& o) { return o.name == name; };
  const auto& all = options_.limits;
  bool found = std::any_of(all.begin(), all.end(), named);
  if (found) {
    changed_rates_.insert_or_assign(std::string(name), rate);
    if (quota > 0) changed_quotas_.insert_or_assign(std::string(name), quota);
  }
  for (const known_limit& each : limits_) {
    const bool is_routes = each.option.empty() && each.key.name() == name && !name.starts_with("sender ");
    if (!is_routes && (each.option.empty() || each.option != name)) continue;
    const rate::quota* const day = each.key.daily();
    each.key.change(rate, quota > 0 ? quota : day != nullptr ? day->most() : 0, now);
    found = true;
  }
  if (!found) return errc::unknown_limit;
  return {};
}

wall_time limit_table::carriers_next_day(wall_time now) const noexcept {
  return carriers_day_ ? carriers_day_->next_day(now) : now + std::chrono::hours{24};
}

void limit_table::counted(known_limit& limit) noexcept {
  if (limit.listed.exchange(true, std::memory_order_acq_rel)) return;
  limit.next_listed = listed_.load(std::memory_order_relaxed);
  while (!listed_.compare_exchange_weak(limit.next_listed, &limit, std::memory_order_release)) {
  }
}

void limit_table::changed(std::vector<journal::usage>& out) {
  known_limit* each = listed_.exchange(nullptr, std::memory_order_acquire);
  while (each != nullptr) {
    known_limit* const next = each->next_listed;
    each->listed.exchange(false, std::memory_order_acq_rel);  // before it is read: what is counted after lists it again
    const rate::quota_usage used = each->key.daily()->recorded();
    const auto begin = std::chrono::duration_cast<std::chrono::seconds>(used.day_begin.time_since_epoch()).count();
    out.push_back({each->key.name(), begin, used.used});
    each = next;
  }
  const std::uint64_t ids = next_id_.load(std::memory_order_acquire);
  if (ids + ids_ahead <= ids_recorded_) return;
  ids_recorded_ = ids + 2 * ids_ahead;
  out.push_back({fmt::format("{}{}", ids_prefix, ids >> instance_shift), for_ever, ids_recorded_});
}

}  // namespace broadside::engine_detail
