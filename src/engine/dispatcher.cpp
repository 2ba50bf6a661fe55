// engine/dispatcher - see dispatcher.hpp.
#include <algorithm>
#include <array>
#include <engine/dispatcher.hpp>
#include <functional>
#include <rate/limit_set.hpp>
#include <thread>
#include <utility>

namespace broadside::engine_detail {
namespace {

using namespace std::chrono_literals;

constexpr duration sweep_interval = 1s;
constexpr std::size_t intake_batch = 64;
/// How many requests of a route, on a shard, may be claimed ahead of their connections, so that a group is large enough
/// to pay for its sync while the one before it is on its way to the disk. A crash leaves their messages in doubt: there
/// are no more of them than that takes, but for one request a connection.
constexpr std::size_t ahead_max(std::size_t connections, std::size_t batch) noexcept {
  constexpr std::size_t messages = 4'096;
  constexpr std::size_t per_connection = 8;
  return std::clamp(messages / batch, connections, connections * per_connection);
}

}  // namespace

dispatcher::dispatcher(shared_state& shared, std::uint64_t seed, unsigned number)
    : shared_(shared),
      slots_(*shared.slots),
      random_(seed),
      number_(number),
      held_max_(std::max<std::size_t>(64, shared.options.messages_inside_max / shared.options.shards)),
      schedule_(shared.options.routes.size()),
      campaigns_(shared.options.campaigns_max),
      books_(shared.options.campaigns_max),
      gauges_(shared.options.routes.size()) {
  std::size_t batch_max = 1;
  for (const auto& entry : shared.routes) {
    const std::size_t batch = entry->options->provider->limits().messages_per_request_max;
    route_on_shard& r = routes_.emplace_back();
    r.shared = entry.get();
    const std::size_t connections = entry->options->http.connections_max;
    r.ahead_max = shared.survives ? ahead_max(connections, batch) : 0;
    r.ahead = shared.survives ? connections : 0;
    r.flights.resize(connections + r.ahead_max);
    for (flight& f : r.flights) f.messages.reserve(batch);
    for (std::size_t i = r.flights.size(); i-- > 0;) r.unused.push_back(static_cast<flight_index>(i));
    r.carried.resize(connections);
    r.ready.reserve(r.flights.size());
    if (entry->options->http.adaptive_concurrency) r.concurrency.emplace(entry->options->http.connections_max);
    batch_max = std::max(batch_max, batch);
  }
  retries_.reserve(held_max_ + intake_batch);
  settled_.reserve(held_max_ + intake_batch);
  ended_.reserve(held_max_ + intake_batch);
  notes_.reserve(std::max(held_max_ + intake_batch, batch_max));
  ranges_.reserve(batch_max);
  messages_.reserve(batch_max);
  ids_.reserve(batch_max);
  verdicts_.resize(batch_max);
  costs_.reserve(batch_max);
  values_.reserve(256);
}

void dispatcher::use_clients(std::span<http::client* const> clients) {
  for (std::size_t i = 0; i < routes_.size(); ++i) routes_[i].client = clients[i];
}

void dispatcher::use_query_clients(std::span<http::client* const> clients) {
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    routes_[i].query_client = clients[i];
    if (clients[i] != nullptr) routes_[i].questions.reserve(64);
  }
}

time_point dispatcher::run(time_point now) {
  wake_ = time_point::max();
  held_by_lists_.store(busy, std::memory_order_release);  // before anything is taken: drain() must not look in between
  const std::uint32_t epoch = shared_.control_epoch.load(std::memory_order_acquire);
  const bool told = epoch != seen_epoch_;
  swept_ = told || now >= next_sweep_;
  if (swept_) {
    seen_epoch_ = epoch;
    sweep(now);
  }
  const std::uint32_t limits = shared_.limits_epoch.load(std::memory_order_acquire);
  if (told || limits != std::exchange(seen_limits_, limits)) schedule_.reopen_all();
  cleared_ = shared_.journal_->cleared();
  for (std::size_t i = 0; i < routes_.size(); ++i) note_failures(static_cast<std::uint16_t>(i), now);
  release_due(now);
  take_reports();
  end_waits(now);
  take_from_intake(now);
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    leave_suspended(static_cast<std::uint16_t>(i), now);
    send_cleared(static_cast<std::uint16_t>(i), now);
  }
  pump_all(now);
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    adapt_ahead(routes_[i]);
    ask(static_cast<std::uint16_t>(i), now);
  }
  flush();
  await_journal(now);
  publish();
  shared_.health->look(now, wall(now), [&](std::uint16_t i) { return !works(i, now); });
  if (!retries_.empty()) wake_at(retries_.front().due);
  plan_sweep(now);
  return wake_;
}

/// At most once a second: when the first message grows too old, and while something was claimed ahead.
void dispatcher::plan_sweep(time_point now) {
  if (swept_) last_sweep_ = now;
  const auto is_ahead = [](const route_on_shard& r) { return !r.ready.empty(); };
  const time_point soonest = last_sweep_ + sweep_interval;
  next_sweep_ = std::any_of(routes_.begin(), routes_.end(), is_ahead) ? soonest : std::max(soonest, first_expires_);
  if (held_ > 0) wake_at(next_sweep_);
}

wall_time dispatcher::wall(time_point now) {
  if (wall_of_ != now) wall_ = shared_.environment_->wall_now();
  wall_of_ = now;
  return wall_;
}

// ---------------------------------------------------------------- from the intake to a lane

void dispatcher::take_from_intake(time_point now) {
  std::array<slot_index, intake_batch> batch;
  while (has_room()) {
    const std::size_t wanted = std::min(batch.size(), held_max_ - (held_ - parked_.size()));
    const std::size_t n = shared_.intake->try_pop_batch(std::span(batch).first(wanted));
    for (std::size_t i = 0; i < n; ++i) slots_.prefetch(batch[i]);
    for (std::size_t i = 0; i < n; ++i) admit(batch[i], now);
    if (n < wanted) return;
  }
}

/// The gate: what can be said of a recipient before anything is rendered.
void dispatcher::admit(slot_index i, time_point now) {
  slot& s = slots_[i];
  const compiled_campaign& c = *campaign_of(i).compiled;
  books_[static_cast<std::size_t>(s.told.campaign)].take();
  ++held_;
  if (s.oversize) return settle(i, outcome::rejected, errc::recipient_too_large);
  const auto number = phone::parse(s.told.recipient, c.definition.dialling);
  if (!number) return settle(i, outcome::rejected, static_cast<errc>(number.error().value()));
  if (const auto why = refused_as_recipient(*number)) return settle(i, outcome::rejected, *why);
  s.to = *number;
  if (s.value_count != c.definition.attributes.size())
    return settle(i, outcome::rejected, errc::wrong_number_of_values);
  values_.resize(s.value_count);
  slots_.load(i, values_);
  if (!all_utf8(values_)) return settle(i, outcome::rejected, errc::invalid_utf8);
  s.carrier = campaign_of(i).lanes.carrier_of(values_);
  const time_point due = std::exchange(s.not_before, {});
  if (due > now && keep_retry(i, now)) {
    retries_.push_back({due, i});
    return std::push_heap(retries_.begin(), retries_.end(), std::greater<>{});
  }
  if (due > now) return;  // it was settled
  // Of an engine that ended between the claim and the answer: what the campaign's policy says of a lost answer.
  if (std::exchange(s.interrupted, false)) return lost(i, errc::interrupted, {}, now);
  if (keep(i, now)) assign(i, false, now);
}

campaign_state dispatcher::state_of(slot_index i) { return campaign_of(i).state.load(std::memory_order_acquire); }

/// False when the message is not to go on now: it was settled or parked.
bool dispatcher::keep(slot_index i, campaign_state state, time_point now) {
  if (state == campaign_state::cancelled) {
    settle(i, outcome::not_sent, errc::cancelled);
  } else if (slots_[i].answer_lost && shared_.deliveries->is_known(slots_[i].told.id)) {
    arrived(i, {});  // reported while it waited to be sent again
  } else if (now >= slots_[i].expires_at) {
    settle(i, outcome::expired, errc::age_exceeded);
  } else {
    expires(i);
    if (state != campaign_state::paused) return true;
    parked_.push_back(slots_, i);
  }
  return false;
}

void dispatcher::assign(slot_index i, bool to_front, time_point now) {
  slot& s = slots_[i];
  const campaign_entry& entry = campaign_of(i);
  const compiled_campaign& c = *entry.compiled;
  std::optional<std::size_t> chosen;
  // After a lost answer only the provider that may have the message can tell a repeat; elsewhere it is a second copy.
  const auto had_it = [&](const auto& w) { return w.route == s.told.route; };
  if (s.answer_lost) {
    const auto there = std::find_if(c.routes.begin(), c.routes.end(), had_it);
    if (there != c.routes.end()) chosen = static_cast<std::size_t>(there - c.routes.begin());
  }
  const auto share = [&](std::uint16_t route) { return shared_.health->share(route); };
  const std::size_t first = chosen ? 0 : c.choose_route(s.told.id, share);
  for (std::size_t k = 0; k < c.routes.size() && !s.answer_lost; ++k) {
    const std::size_t candidate = (first + k) % c.routes.size();
    if (!c.reaches(candidate, *s.to)) continue;
    const bool usable = works(c.routes[candidate].route, now);
    if (usable || !chosen) chosen = candidate;
    if (usable) break;
  }
  if (!chosen) return settle(i, outcome::rejected, errc::country_not_served);
  s.told.route = c.routes[*chosen].route;
  s.lane = entry.lanes.lane_of(*chosen, s.carrier);
  wait_in_lane(i, to_front, now);
}

/// The campaign's lanes, made when its first message is here.
dispatcher::campaign_on_shard& dispatcher::on_shard(campaign_id id) {
  auto& there = campaigns_[static_cast<std::size_t>(id)];
  if (there) return *there;
  there = std::make_unique<campaign_on_shard>();
  const campaign_entry& c = *shared_.campaigns->find(static_cast<std::uint32_t>(id));
  there->lanes.resize(c.lanes.lanes.size());
  for (std::size_t i = 0; i < there->lanes.size(); ++i) {
    lane& l = there->lanes[i];
    l.campaign = id;
    l.entry = &c;
    l.spec = &c.lanes.lanes[i];
    l.rules = &c.compiled->limits_on(l.spec->route);
    l.priority = c.compiled->definition.priority;
    const route_options& route = *routes_[l.spec->route].shared->options;
    l.batch = route.provider->limits().messages_per_request_max;
    if (l.batch > 1 && l.priority != priority::transactional) l.linger = route.linger;
    schedule_.adopt(l);
  }
  if (c.tenant && *c.tenant >= tenants_.size()) tenants_.resize(*c.tenant + 1);
  return *there;
}

lane& dispatcher::lane_of(slot_index i) { return on_shard(slots_[i].told.campaign).lanes[slots_[i].lane]; }

void dispatcher::wait_in_lane(slot_index i, bool to_front, time_point now) {
  lane& l = lane_of(i);
  if (to_front) {
    l.waiting.push_front(slots_, i);
  } else {
    l.waiting.push_back(slots_, i);
  }
  ++routes_[l.spec->route].waiting;
  expires(i);
  working(l, true, now);
}

/// Keeps account of which lanes have work: of what their limits could have given meanwhile, and of how many share a
/// tenant's part.
void dispatcher::working(lane& l, bool may_begin, time_point now) {
  const bool did = l.counted;
  if (may_begin) schedule_.has_work(l, now);
  if (!may_begin) schedule_.check_work(l, now);
  if (l.counted == did) return;
  campaign_on_shard& here = on_shard(l.campaign);
  const campaign_entry& c = *l.entry;
  if (l.counted && here.working++ == 0) {
    here.counted_as = c.weight.load(std::memory_order_relaxed);
    if (c.tenant) tenants_[*c.tenant] += here.counted_as;
  } else if (!l.counted && --here.working == 0 && c.tenant) {
    tenants_[*c.tenant] -= here.counted_as;
  }
}

/// What one message of the lane counts, in the units in which those that wait for the same share what there is: less
/// for a greater weight. The campaigns of a tenant divide its weight as theirs are to each other.
double dispatcher::charge_of(const lane& l) {
  const campaign_entry& c = *l.entry;
  const double weight = c.weight.load(std::memory_order_relaxed);
  if (!c.tenant) return 1 / weight;
  return std::max(tenants_[*c.tenant], weight) / (shared_.tenants->find(*c.tenant)->weight * weight);
}

// ---------------------------------------------------------------- beside the messages' way

/// Age and campaign state, looked at in every place a message can wait.
void dispatcher::sweep(time_point now) {
  first_expires_ = time_point::max();
  for (std::size_t n = parked_.size(); n > 0; --n) {
    const slot_index i = parked_.pop_front(slots_);
    if (keep(i, now)) assign(i, false, now);
  }
  for (const auto& c : campaigns_) {
    if (!c || c->working == 0) continue;
    for (lane& l : c->lanes) sweep_lane(l, false, now);
  }
  const auto is_cancelled = [this](const question& q) { return state_of(q.message) == campaign_state::cancelled; };
  const auto waits = std::partition(awaited_.begin(), awaited_.end(), std::not_fn(is_cancelled));
  for (auto q = waits; q != awaited_.end(); ++q) {
    shared_.deliveries->release(q->id);
    settle(q->message, outcome::maybe_sent, q->reason);
  }
  awaited_.erase(waits, awaited_.end());
  std::make_heap(awaited_.begin(), awaited_.end(), std::greater<>{});
  retries_paused_ = 0;
  for (route_on_shard& r : routes_) {
    for (std::size_t n = r.overdue.size(); n > 0; --n) {
      const slot_index i = r.overdue.pop_front(slots_);
      if (keep_retry(i, now)) r.overdue.push_back(slots_, i);
    }
    for (const flight_index k : r.ready) {
      for (const slot_index i : r.flights[k].messages) expires(i);
    }
  }
  const auto gone =
      std::remove_if(retries_.begin(), retries_.end(), [&](const retry& w) { return !keep_retry(w.message, now); });
  if (gone != retries_.end()) {
    retries_.erase(gone, retries_.end());
    std::make_heap(retries_.begin(), retries_.end(), std::greater<>{});
  }
}

/// As keep(), for what waits to be tried again. Of a paused campaign it goes on waiting where it is: what it was told
/// to wait for, and the retry budget, are not over when the campaign goes on.
bool dispatcher::keep_retry(slot_index i, time_point now) {
  const campaign_state state = state_of(i);
  const bool is_paused = state == campaign_state::paused && now < slots_[i].expires_at;
  if (!is_paused) return keep(i, state, now);
  ++retries_paused_;
  expires(i);
  return true;
}

/// With `leave`, messages go to another route that works, where their campaign has one.
void dispatcher::sweep_lane(lane& l, bool leave, time_point now) {
  for (std::size_t n = l.waiting.size(); n > 0; --n) {
    const slot_index i = l.waiting.pop_front(slots_);
    --routes_[l.spec->route].waiting;
    if (!keep(i, now)) continue;
    if (leave) {
      assign(i, false, now);
    } else {
      wait_in_lane(i, false, now);
    }
  }
  working(l, false, now);
}

/// Whether the provider's account, or one failure after another, has put the route out of use for now.
bool dispatcher::is_out(std::uint16_t route, time_point now) const noexcept {
  const route_entry& r = *routes_[route].shared;
  return r.suspended.load(std::memory_order_relaxed) && rests(r, now);
}

/// What waits for a route that is out of use takes others, once each time.
void dispatcher::leave_suspended(std::uint16_t route, time_point now) {
  route_on_shard& r = routes_[route];
  const bool out = is_out(route, now);
  const bool leaves_now = out && !std::exchange(r.was_left, out);
  if (!out) r.was_left = false;
  if (!leaves_now) return;
  for (std::size_t n = r.overdue.size(); n > 0; --n) {
    const slot_index i = r.overdue.pop_front(slots_);
    routes_[retries_by(i, now)].overdue.push_back(slots_, i);
  }
  if (r.waiting == 0) return;
  for (const auto& c : campaigns_) {
    if (!c || c->working == 0) continue;
    for (lane& l : c->lanes) {
      if (l.spec->route == route) sweep_lane(l, true, now);
    }
  }
}

/// Hands settled messages to the host once their outcome is cleared, as one batch for the journal and one for the event
/// queue: what the host was told is never told otherwise after a restart. They leave the books' "held" last: who sees
/// that nothing is inside finds every event.
void dispatcher::flush() {
  publish_notes();
  record_settled();
  seen_cleared_ = shared_.journal_->cleared();
  std::size_t end = told_;
  while (end < recorded_ && ended_[end].at <= seen_cleared_) ++end;
  // The queue has a cell for every slot, but a host thread that was stopped in the middle of poll() may still keep
  // some: what is not taken now is offered again.
  const auto ready = std::span(settled_).subspan(told_, end - told_);
  const std::size_t taken = ready.empty() ? 0 : shared_.events->try_push_batch(ready).taken;
  for (std::size_t k = told_; k < told_ + taken; ++k)
    books_[static_cast<std::size_t>(ended_[k].campaign)].settle(ended_[k].how);
  told_ += taken;
  if (told_ < settled_.size() && told_ < settled_.capacity() / 2) return;  // moving the rest costs less, seldom
  settled_.erase(settled_.begin(), settled_.begin() + static_cast<std::ptrdiff_t>(told_));
  ended_.erase(ended_.begin(), ended_.begin() + static_cast<std::ptrdiff_t>(told_));
  recorded_ -= told_;
  told_ = 0;
}

/// Gives what is settled its time and its place in the journal.
void dispatcher::record_settled() {
  if (recorded_ == settled_.size()) return;
  const wall_time wall = shared_.environment_->wall_now();
  shared_.told.recording(number_);
  const std::size_t n = settled_.size() - recorded_;
  const position first = shared_.journal_->reserve(n);
  auto at = static_cast<std::uint64_t>(first);
  shared_.told.recorded(number_, position{at + n - 1});
  for (; recorded_ < settled_.size(); ++recorded_, ++at) {
    const slot_index i = settled_[recorded_];
    event& e = slots_[i].told;
    slots_[i].shard = static_cast<std::uint8_t>(number_);
    e.at = position{at};
    e.time = wall;
    ended_.push_back({e.campaign, e.outcome, e.at});
    notes_.push_back({journal::record_kind::outcome, i, {.route = recorded_route(e.route)}});
  }
  shared_.journal_->publish(first, notes_);
  notes_.clear();
}

/// Asks to be woken when the journal clears the first of what was not cleared when it was looked at: claims as the run
/// began, outcomes in flush(). What became cleared since is answered by "no": then the next run is at once.
void dispatcher::await_journal(time_point now) {
  position first = nothing_claimed;
  if (told_ < recorded_) first = ended_[told_].at;
  const bool stuck = first <= seen_cleared_;  // the event queue did not take it
  if (stuck) wake_at(now + 1ms);
  if (stuck) first = nothing_claimed;
  for (route_on_shard& r : routes_) first = std::min(first, first_uncleared(r));
  if (first != nothing_claimed && !shared_.journal_->tell_when_cleared(number_, first)) wake_at(now);
}

void dispatcher::publish() {
  std::uint64_t held = parked_.size() + retries_.size() + settled_.size() - told_ + awaited_.size();
  std::uint64_t retrying = retries_.size();
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    route_on_shard& r = routes_[i];
    const http::client_status status = r.client->status();
    gauges_[i].connections.store(status.connections, std::memory_order_relaxed);
    gauges_[i].in_flight.store(r.in_flight, std::memory_order_relaxed);
    gauges_[i].waiting.store(r.waiting, std::memory_order_relaxed);
    const auto reported = std::count_if(r.asked.begin(), r.asked.end(), [](auto& q) { return q.message == no_slot; });
    const std::size_t asked_for = r.questions.size() + r.asked.size() - static_cast<std::size_t>(reported);
    gauges_[i].asked_for.store(asked_for, std::memory_order_relaxed);
    if (status.last_error != r.reported) {
      r.reported = status.last_error;
      if (r.reported) r.shared->set_last_error(r.reported.message());
    }
    held += r.waiting + r.in_flight + asked_for + r.overdue.size();
    retrying += r.overdue.size();
  }
  parked_count_.store(parked_.size() + retries_paused_, std::memory_order_release);
  retrying_count_.store(retrying, std::memory_order_relaxed);
  awaited_count_.store(awaited_.size(), std::memory_order_relaxed);
  held_by_lists_.store(held, std::memory_order_release);
}

void dispatcher::abandon() {
  held_by_lists_.store(busy, std::memory_order_release);
  if (shared_.survives) {
    // The claims of what is on its way stand, so that the next engine knows that it may have arrived.
    for (std::uint16_t i = 0; i < routes_.size(); ++i) {
      for (const flight_index k : routes_[i].ready) {
        const flight& f = routes_[i].flights[k];
        uncount(f, f.costs);
        for (const slot_index m : f.messages) {
          --slots_[m].told.attempts;  // as recall() does
          note(journal::record_kind::released, m);
        }
      }
    }
  } else {
    abandon_all();
  }
}

bool dispatcher::tells_the_rest() {
  flush();
  publish();
  return recorded_ == told_ || !shared_.journal_->writes();
}

void dispatcher::abandon_all() {
  slot_index i = no_slot;
  while (!shared_.intake->drained()) {
    if (!shared_.intake->try_pop(i)) {
      std::this_thread::yield();  // a host thread is between its claim and its publication
      continue;
    }
    books_[static_cast<std::size_t>(slots_[i].told.campaign)].take();
    ++held_;
    settle(i, outcome::not_sent, errc::stopped);
    if (settled_.size() >= held_max_) flush();
  }
  while (!parked_.empty()) settle(parked_.pop_front(slots_), outcome::not_sent, errc::stopped);
  for (const retry& w : retries_) settle(w.message, outcome::not_sent, errc::stopped);
  retries_.clear();
  for (const question& q : awaited_) settle(q.message, outcome::maybe_sent, q.reason);
  awaited_.clear();
  for (const auto& c : campaigns_) {
    if (!c) continue;
    for (lane& l : c->lanes) {
      while (!l.waiting.empty()) settle(l.waiting.pop_front(slots_), outcome::not_sent, errc::stopped);
    }
  }
  for (route_on_shard& r : routes_) {
    r.waiting = 0;
    while (!r.overdue.empty()) settle(r.overdue.pop_front(slots_), outcome::not_sent, errc::stopped);
    for (const auto* list : {&r.questions, &r.asked}) {
      for (const question& q : *list) {
        if (q.message != no_slot) settle(q.message, outcome::maybe_sent, q.reason);
      }
    }
    r.questions.clear();
    r.asked.clear();
    for (flight& f : r.flights) {
      for (const slot_index m : f.messages) {
        slots_[m].answer_lost = slots_[m].answer_lost || f.sent;
        settle(m, outcome::not_sent, errc::stopped);
      }
      f.messages.clear();
    }
    r.in_flight = 0;
    r.ready.clear();
  }
}

}  // namespace broadside::engine_detail
