// engine/engine_status - what an engine tells of itself: books, campaigns, routes, the journal, and what holds it up.
#include <fmt/format.h>
#include <algorithm>
#include <engine/engine_impl.hpp>
#include <optional>
#include <utility>

namespace broadside {

using namespace engine_detail;
using std::chrono::milliseconds;

ledger engine::impl::counts(campaign_id id) const noexcept {
  ledger l;
  const campaign_entry* c = find(id);
  if (c == nullptr) return l;
  l = c->before;
  std::uint64_t taken = 0;
  for (const auto& s : shards_) {
    const shard_books::snapshot books = s->dispatch().books(id).read();
    const auto of = [&](outcome o) { return books.outcomes[static_cast<std::size_t>(o)]; };
    l.accepted += of(outcome::accepted);
    l.rejected += of(outcome::rejected);
    l.suppressed += of(outcome::suppressed);
    l.expired += of(outcome::expired);
    l.not_sent += of(outcome::not_sent);
    l.maybe_sent += of(outcome::maybe_sent);
    l.inside += books.held;
    taken += books.taken;
  }
  l.delivered += c->delivered.load(std::memory_order_relaxed);
  l.undelivered += c->undelivered.load(std::memory_order_relaxed);
  // Read last: a message is counted here before any shard can take it, so this is never behind.
  const std::uint64_t submitted = c->submitted.load(std::memory_order_acquire);
  l.submitted += submitted;
  l.inside += submitted - taken;  // what is still in the intake
  return l;
}

bool engine::impl::finished(campaign_id id) const noexcept {
  const campaign_entry* c = find(id);
  if (c == nullptr || c->sources_known.load(std::memory_order_acquire) == 0) return false;
  return c->sources_open.load(std::memory_order_acquire) == 0 && counts(id).inside == 0;
}

std::vector<campaign_status> engine::impl::campaigns() const {
  std::vector<campaign_status> all;
  for (std::uint32_t i = 0; i < campaigns_.size(); ++i) {
    const campaign_entry& c = *campaigns_.find(i);
    campaign_status& said = all.emplace_back();
    said.id = campaign_id{i};
    said.key = c.compiled->definition.key;
    said.name = c.compiled->definition.name;
    said.version = c.version;
    said.counts = counts(said.id);
    switch (c.state.load(std::memory_order_acquire)) {
      case campaign_state::paused:
        said.phase = campaign_phase::paused;
        break;
      case campaign_state::cancelled:
        said.phase = campaign_phase::cancelled;
        break;
      case campaign_state::running:
        said.phase = finished(said.id) ? campaign_phase::finished : campaign_phase::running;
        break;
    }
  }
  return all;
}

event_context engine::impl::context(campaign_id id, std::uint16_t route) const noexcept {
  event_context said;
  if (const campaign_entry* c = find(id)) {
    const campaign& d = c->compiled->definition;
    said = {d.name, d.action_id, d.action_name, d.campaign_policy, d.consent_category, d.sender.sender, {}, {}};
  }
  if (route < shared_.routes.size()) {
    said.provider = shared_.routes[route]->options->provider->name();
    said.route = shared_.routes[route]->options->name;
  }
  return said;
}

std::vector<route_status> engine::impl::routes() const {
  std::vector<route_status> all;
  const time_point now = shared_.environment_->now();
  for (std::size_t i = 0; i < shared_.routes.size(); ++i) {
    route_entry& r = *shared_.routes[i];
    route_status& said = all.emplace_back();
    said.name = r.options->name;
    for (const auto& s : shards_) {
      const route_gauges& g = s->dispatch().gauges(static_cast<std::uint16_t>(i));
      said.connections += g.connections.load(std::memory_order_relaxed);
      said.in_flight += g.in_flight.load(std::memory_order_relaxed);
      said.waiting += g.waiting.load(std::memory_order_relaxed);
    }
    const time_point until{std::chrono::nanoseconds{r.rests_until.load(std::memory_order_relaxed)}};
    if (until > now) said.rests_for = std::chrono::ceil<milliseconds>(until - now);
    said.share = shared_.health->share(static_cast<std::uint16_t>(i));
    said.suspended = r.suspended.load(std::memory_order_relaxed);
    const std::scoped_lock lock(r.last_error_mutex);
    said.last_error = r.last_error;
  }
  return all;
}

explanation engine::impl::why(campaign_id id) const {
  const campaign_entry* c = find(id);
  if (c == nullptr) return {binding::nothing, "no campaign has this id", {}};
  if (!journal_->writes())
    return {binding::journal, fmt::format("the journal cannot be written: {}", journal().fault.message()), {}};
  switch (c->state.load(std::memory_order_acquire)) {
    case campaign_state::paused:
      return {binding::paused, "the campaign is paused", {}};
    case campaign_state::cancelled:
      return {binding::nothing, "the campaign is cancelled", {}};
    case campaign_state::running:
      break;
  }
  if (counts(id).inside == 0) {
    return {binding::audience, finished(id) ? "every message has its outcome" : "nothing is inside: submit() more", {}};
  }
  explanation said = held_up(*c);
  return said.what == binding::nothing ? still_waits(*c) : said;
}

/// What holds up the lane that comes free first; nothing when one is free. Lanes of carriers count as the others: what
/// waits in them is not known here.
explanation engine::impl::held_up(const campaign_entry& c) const {
  explanation said;
  std::optional<time_point> free_at;
  const time_point now = shared_.environment_->now();
  const wall_time wall = shared_.environment_->wall_now();
  for (const lane_spec& lane : c.lanes.lanes) {
    route_entry& r = *shared_.routes[lane.route];
    const time_point rests{std::chrono::nanoseconds{r.rests_until.load(std::memory_order_relaxed)}};
    const rate::denial shut = rate::closed(lane.limits, now, wall);
    const time_point limited = shut.denied() ? shut.until : now;
    const time_point at = std::max({now, rests, limited});
    if (free_at && *free_at <= at) continue;
    free_at = at;
    said = {};
    if (rests > now && rests >= limited) {
      const std::scoped_lock lock(r.last_error_mutex);
      said.what = binding::route;
      said.words = fmt::format("route {} {}{}{}", r.options->name,
                               r.suspended.load(std::memory_order_relaxed) ? "is out of use" : "rests",
                               r.last_error.empty() ? "" : ": ", r.last_error);
    } else if (limited > now) {
      said = limited_by(*lane.limits[shut.by], now, wall);
    }
    said.until = std::chrono::ceil<milliseconds>(at - now);
  }
  return said;
}

explanation engine::impl::limited_by(const rate::limit_key& limit, time_point now, wall_time wall) {
  if (limit.quota_binds(1, now, wall))
    return {binding::quota, fmt::format("the day's number of {} is used up", limit.name()), {}};
  if (limit.paused_until() > now)
    return {binding::rate_limit, fmt::format("the provider told {} to slow down", limit.name()), {}};
  return {binding::rate_limit, fmt::format("the limit of {}", limit.name()), {}};
}

std::vector<limit_status> engine::impl::limits() const {
  std::vector<limit_status> all;
  const std::scoped_lock lock(control_);
  const time_point now = shared_.environment_->now();
  const wall_time wall = shared_.environment_->wall_now();
  shared_.limits->for_each([&](const rate::limit_key& each) {
    limit_status& said = all.emplace_back();
    said.name = each.name();
    said.rate = each.limit();
    said.taken = each.taken();
    said.allowed = each.allowed(now);
    if (each.daily() != nullptr) {
      said.quota = each.daily()->most();
      said.quota_used = each.daily()->usage(wall).used;
    }
    said.opens_in = std::chrono::ceil<milliseconds>(each.ready_at(1, now, wall) - now);
  });
  return all;
}

/// Why messages are inside although a route is free.
explanation engine::impl::still_waits(const campaign_entry& c) const {
  std::uint64_t in_flight = 0;
  std::uint64_t waiting = 0;
  std::uint64_t asked_for = 0;
  std::uint64_t retrying = 0;
  std::uint64_t connections = 0;
  std::string error;
  for (const auto& w : c.compiled->routes) {
    route_entry& r = *shared_.routes[w.route];
    for (const auto& s : shards_) {
      const route_gauges& g = s->dispatch().gauges(w.route);
      in_flight += g.in_flight.load(std::memory_order_relaxed);
      waiting += g.waiting.load(std::memory_order_relaxed);
      asked_for += g.asked_for.load(std::memory_order_relaxed);
      connections += g.connections.load(std::memory_order_relaxed);
    }
    const std::scoped_lock lock(r.last_error_mutex);
    if (error.empty()) error = r.last_error;
  }
  std::uint64_t awaited = 0;
  for (const auto& s : shards_) {
    retrying += s->dispatch().retrying();
    awaited += s->dispatch().awaited();
  }
  if (connections == 0 && in_flight + waiting > 0)
    return {binding::connection, fmt::format("no connection{}{}", error.empty() ? "" : ": ", error), {}};
  if (in_flight + waiting == 0 && asked_for > 0) {
    return {binding::answer,
            fmt::format("{} messages whose answer was lost wait until their provider is asked for them", asked_for),
            {}};
  }
  if (in_flight + waiting == 0 && awaited > 0) {
    return {
        binding::answer, fmt::format("{} messages whose answer was lost wait for their delivery report", awaited), {}};
  }
  if (in_flight + waiting == 0 && retrying > 0)
    return {binding::retry, fmt::format("{} messages wait to be tried again", retrying), {}};
  return {binding::nothing, "requests are on their way", {}};
}

journal_status engine::impl::journal() const noexcept {
  journal_status said;
  if (!durable_) return said;
  const ::broadside::journal::log_status s = durable_->log().status();
  said.is_durable = true;
  said.writes = s.writes;
  said.fault = s.fault;
  said.log_bytes = s.log_bytes;
  said.bytes_used = s.bytes_used;
  said.commits = s.commits;
  said.records = s.records;
  return said;
}

}  // namespace broadside
