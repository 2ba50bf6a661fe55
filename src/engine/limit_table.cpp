// engine/limit_table - see limit_table.hpp.
#include <fmt/format.h>
#include <algorithm>
#include <engine/limit_table.hpp>
#include <iterator>
#include <limits>
#include <utility>

namespace broadside::engine_detail {
namespace {

constexpr std::uint64_t ids_ahead = std::uint64_t{1}
                                    << 20U;  // recorded ahead: what a crash takes of the record is less
constexpr std::int64_t for_ever = std::numeric_limits<std::int64_t>::max();  // as a day: no record of it is old

constexpr unsigned instance_shift = 52;  // as message_id has it

/// Of the account where the route says whose it is, else of the route: an account may be called as a route is.
std::string pause_name(std::string_view sender, const route_options& r) {
  return r.account.empty() ? fmt::format("{}{} on {}", pause_prefix, sender, r.name)
                           : fmt::format("{}{} in account {}", pause_prefix, sender, r.account);
}

/// A provider knows its accounts, senders and carriers, but neither our campaigns nor our tenants.
counts_for whose_is(const limit_options& o) noexcept {
  if (!o.campaign.empty() || !o.tenant.empty()) return counts_for::nobody;
  return o.sender.empty() && o.carrier.empty() ? counts_for::account : counts_for::sender;
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
  return static_cast<std::uint16_t>(carriers.of(values[*carrier_attribute]));
}

limit_table::limit_table(const options& o, time_point start, const std::atomic<std::uint64_t>& next_id)
    : options_(o), index_(o.limits), start_(start), next_id_(next_id) {
  by_option_.reserve(o.limits.size());
  for (const limit_options& l : o.limits) by_option_.emplace(l.name, nullptr);
  const auto own = [&](std::string_view prefix, const route_options& r, rate_limit rate) {
    return &make_named(fmt::format("{}{}", prefix, r.name), {}, limit_unit::messages, rate, {});
  };
  for (const route_options& r : o.routes) routes_.push_back(own(route_prefix, r, r.limit));
  for (const route_options& r : o.routes)
    queues_.push_back(r.provider_queue.unlimited() ? nullptr : own(queue_prefix, r, r.provider_queue));
  if (auto days = rate::calendar::of("America/Los_Angeles")) carriers_day_ = *days;
}

known_limit& limit_table::make_named(std::string name, std::string_view option, limit_unit counts, rate_limit rate,
                                     const daily_quota& quota) {
  std::optional<rate::calendar> days;
  if (quota.most > 0) {
    if (auto zone = rate::calendar::of(quota.time_zone)) days = *zone;  // always: options::validate() has looked
  }
  std::uint64_t most = quota.most;
  if (const auto told = changed_rates_.find(option); told != changed_rates_.end()) rate = told->second;
  if (const auto told = changed_quotas_.find(option); told != changed_quotas_.end()) most = told->second;
  rate::limit_key& key = keys_.emplace_back(name, counts, rate, std::move(days), most, start_);
  known_limit& made = limits_.emplace_back(key, option);
  if (const auto of = by_option_.find(option); of != by_option_.end())
    made.same_option = std::exchange(of->second, &made);
  if (const auto was = restored_.find(name); was != restored_.end() && key.daily() != nullptr)
    key.daily()->restore(was->second);
  by_name_.emplace(std::move(name), &made);
  return made;
}

known_limit& limit_table::make(std::string name, const limit_options& o) {
  if (const auto there = by_name_.find(name); there != by_name_.end()) return *there->second;
  known_limit& made = make_named(std::move(name), o.name, o.counts, o.rate, o.quota);
  made.whose = whose_is(o);
  return made;
}

/// What a provider's "this sender is too fast" holds up, whether the sender has limits or not.
known_limit& limit_table::pause_of(const compiled_campaign& c, const route_options& r) {
  std::string name = pause_name(c.from->text(), r);
  if (const auto there = by_name_.find(name); there != by_name_.end()) return *there->second;
  return make_named(std::move(name), {}, limit_unit::messages, {}, {});
}

void limit_table::add_lane(campaign_lanes& made, const compiled_campaign& c, std::size_t route,
                           std::span<const std::uint32_t> places) {
  const route_options& r = options_.routes[route];
  lane_spec lane;
  lane.route = static_cast<std::uint16_t>(route);
  lane.each = {1, 1, static_cast<std::uint32_t>(c.definition.media.size())};
  std::vector<known_limit*> meets{routes_[route]};
  if (queues_[route] != nullptr) meets.push_back(queues_[route]);
  for (const std::uint32_t place : places) {
    const limit_options& o = options_.limits[place];
    if (lane.each.in(o.counts) == 0) continue;  // messages without media wait for nobody's media
    known_limit& limit = make(key_name(o, c.definition, *c.from, r), o);
    if (std::find(meets.begin(), meets.end(), &limit) == meets.end()) meets.push_back(&limit);
  }
  std::stable_sort(meets.begin(), meets.end(), is_slower);
  for (known_limit* each : meets) {
    lane.limits.push_back(&each->key);
    if (each->key.daily() != nullptr) lane.quotas.push_back(each);
  }
  lane.limits.push_back(&pause_of(c, r).key);
  made.lanes.push_back(std::move(lane));
}

/// The lanes on one of the campaign's routes.
std::optional<violation> limit_table::add_lanes(campaign_lanes& made, const compiled_campaign& c, std::size_t at,
                                                const matched_limits& matched) {
  const std::uint16_t route = c.routes[at].route;
  if (const auto most = most_for_one_message(matched, options_.limits); most > matched_max) {
    return violation{fmt::format("sender.routes[{}]", at),
                     fmt::format("{} of the limits hold for a message on {}; at most {} may", most,
                                 options_.routes[route].name, matched_max)};
  }
  std::vector<std::vector<std::uint32_t>> places(made.carriers.size(), matched.all);
  for (const std::uint32_t place : matched.of_carriers)
    places[made.carriers.of(options_.limits[place].carrier)].push_back(place);
  for (const auto& each : places) add_lane(made, c, route, each);
  return std::nullopt;
}

result<campaign_lanes, failure> limit_table::lanes_of(const compiled_campaign& c, time_point now) {
  start_ = now;
  campaign_lanes made;
  std::vector<matched_limits> matched;
  for (const auto& w : c.routes) {
    matched.push_back(match_limits(c.definition, *c.from, options_.routes[w.route], index_));
    for (const std::uint32_t place : matched.back().of_carriers) made.carriers.add(options_.limits[place].carrier);
  }
  if (auto wrong = too_many_lanes(c.routes.size(), made.carriers))
    return failure{errc::invalid_campaign, {std::move(*wrong)}};
  const auto& attributes = c.definition.attributes;
  const auto at = std::find(attributes.begin(), attributes.end(), c.definition.carrier_attribute);
  if (at != attributes.end()) made.carrier_attribute = static_cast<std::size_t>(at - attributes.begin());
  std::vector<violation> found;
  for (std::size_t i = 0; i < c.routes.size(); ++i) {
    if (auto wrong = add_lanes(made, c, i, matched[i])) found.push_back(std::move(*wrong));
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
  const auto change_one = [&](known_limit& each) {
    const rate::quota* const day = each.key.daily();
    each.key.change(rate, quota > 0 ? quota : day != nullptr ? day->most() : 0, now);
  };
  if (const auto option = by_option_.find(name); option != by_option_.end()) {
    changed_rates_.insert_or_assign(option->first, rate);
    if (quota > 0) changed_quotas_.insert_or_assign(option->first, quota);
    for (known_limit* each = option->second; each != nullptr; each = each->same_option) change_one(*each);
    return {};
  }
  const auto own = by_name_.find(std::string(name));
  const bool is_routes = own != by_name_.end() && own->second->option.empty() && !name.starts_with(pause_prefix);
  if (!is_routes) return errc::unknown_limit;
  change_one(*own->second);
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
