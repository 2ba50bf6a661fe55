// engine/dispatcher_requests - the part of dispatcher.hpp from a lane to the wire.
#include <algorithm>
#include <engine/dispatcher.hpp>
#include <optional>
#include <rate/limit_set.hpp>
#include <utility>

namespace broadside::engine_detail {
namespace {

using namespace std::chrono_literals;

constexpr duration ready_max = 1s;        // what has been ready for so long and did not leave is taken back
constexpr duration unseen_promise = 5ms;  // another shard's may have ended: it is asked again so often

}  // namespace

/// Everything that can start, until neither a route nor a gate has anything more. A gate lets one lane through at a
/// time, and the lane's route tries it at once, so that the next is let through only while there is something left.
void dispatcher::pump_all(time_point now) {
  schedule_.end_linger(now);
  for (std::size_t i = 0; i < routes_.size(); ++i) pump(static_cast<std::uint16_t>(i), now);
  while (const lane* l = schedule_.let_through(now, wall(now))) pump(l->spec->route, now);
  for (std::size_t i = 0; i < routes_.size(); ++i) want_connections(static_cast<std::uint16_t>(i), now);
  wake_at(schedule_.wake());
}

/// Tries the lanes of a route, until none is left or none can start. One that nobody else waits beside is served as
/// often as it can be before it is put in line again.
void dispatcher::pump(std::uint16_t route, time_point now) {
  route_on_shard& r = routes_[route];
  // Looked at each time: another shard's answer may say so meanwhile, and what is made ready then comes straight back.
  while (schedule_.any(route) && may_start(r, now)) {
    lane& l = *schedule_.next(route);
    const double charge = charge_of(l);
    bool served = false;
    started how = started::settled_some;
    while (!l.waiting.empty()) {
      const std::size_t before = l.waiting.size();
      how = start_request(route, l, now);
      if (how != started::yes) break;
      served = true;
      schedule_.charge(l, before - std::min(before, l.waiting.size()), charge);
      if (!schedule_.is_alone(l) || !may_start(r, now)) break;
    }
    if (how != started::denied) served ? schedule_.served(l) : schedule_.not_tried(l);
    working(l, false, now);
    if (how == started::not_now) return;
  }
}

bool dispatcher::may_start(route_on_shard& r, time_point now) {
  if (rests(*r.shared, now)) {
    wake_at(time_point{std::chrono::nanoseconds{r.shared->rests_until.load(std::memory_order_relaxed)}});
    return false;
  }
  // After a fault one request asks whether the route works again; the rest of the messages wait for its answer.
  return r.shared->faults.load(std::memory_order_relaxed) == 0 || r.in_flight == 0;
}

bool dispatcher::has_concurrency(const route_on_shard& r) const noexcept {
  return !r.concurrency || r.requests < r.concurrency->limit();
}

/// The permission comes last, so that a message leaves at the instant its permission is for. Before it comes the
/// connection; only while a journal takes its time to clear claims are some requests made ready ahead of the
/// connections, and none on a route that has no connection at all: their promises would keep others from a limit that
/// they share.
dispatcher::started dispatcher::start_request(std::uint16_t route, lane& l, time_point now) {
  route_on_shard& r = routes_[route];
  std::optional<http::exchange> connection;
  bool may = !r.unused.empty();
  if (may && r.ahead_max == 0 && has_concurrency(r)) connection = r.client->try_acquire(now);
  if (!connection) may = may && r.ready.size() < r.ahead && r.client->status().connections > 0;
  // A lane that has to wait for a limit makes room for others, with or without a connection.
  if ((!may || !l.spec->quotas.empty()) && is_closed(l, now)) {
    if (connection) r.client->release(*connection, now);
    return started::denied;
  }
  if (!may) return started::not_now;
  const flight_index k = r.unused.back();
  flight& f = r.flights[k];
  f.of = &l;
  const started how = make_request(route, f, now);
  if (how != started::yes) {
    if (connection) r.client->release(*connection, now);
    return how;
  }
  r.unused.pop_back();
  claim(route, f);
  const bool cleared = f.claimed <= shared_.journal_->cleared();
  if (!cleared || leaves(route, k, connection, now) != fate::left) make_ready(r, k, now);
  if (connection) r.client->release(*connection, now);
  return started::yes;
}

/// Whether a limit has nothing to give; the lane then waits at its gate.
bool dispatcher::is_closed(lane& l, time_point now) {
  const rate::denial shut = rate::closed(l.spec->limits, now, wall(now));
  if (shut.denied()) schedule_.denied(l, shut.by, shut.until, now);
  return shut.denied();
}

/// Fills the flight with messages of its lane that every limit promises, as far as what they cost fits it. All of it is
/// undone when nothing comes of it.
dispatcher::started dispatcher::make_request(std::uint16_t route, flight& f, time_point now) {
  route_on_shard& r = routes_[route];
  lane& l = *f.of;
  const auto wanted = static_cast<std::uint32_t>(batch_of(r, l));
  const rate::promise allowed = rate::promise_up_to(l.spec->limits, wanted, l.spec->each, now);
  if (allowed.count == 0) {
    if (is_closed(l, now)) return started::denied;
    schedule_.denied_by_promise(l, allowed.none_by.by, std::max(allowed.none_by.until, now + unseen_promise), now);
    return started::denied;
  }
  for (std::size_t i = 0; i < l.spec->limits.size(); ++i)
    f.promised.of[i] = allowed.count * l.spec->each.in(l.spec->limits[i]->counts);
  collect(f, allowed.count, now);
  render(f, now);
  fit(f, now);
  started how = started::yes;
  if (f.messages.empty() || !encode(r, f, now)) how = started::settled_some;
  if (how == started::yes && !reserve(f, now)) how = started::denied;
  if (how != started::yes) drop_promise(f, now);
  return how;
}

/// How many messages of the lane may share a request.
std::size_t dispatcher::batch_of(const route_on_shard& r, const lane& l) const noexcept {
  const bool probing = r.shared->faults.load(std::memory_order_relaxed) > 0;
  if (probing || slots_[l.waiting.front()].alone) return 1;
  return std::min<std::size_t>(r.shared->options->provider->limits().messages_per_request_max, l.waiting.size());
}

/// Takes from the lane what may leave soon: what every limit promises, and of a day's number what is left.
void dispatcher::collect(flight& f, std::size_t most, time_point now) {
  lane& l = *f.of;
  for (const known_limit* q : l.spec->quotas) {
    const std::uint32_t each = l.spec->each.in(q->key.counts);
    const std::uint64_t left = each == 0 ? most : q->key.daily()->available(wall(now)) / each;
    most = std::min<std::uint64_t>(most, std::max<std::uint64_t>(1, left));
  }
  const campaign_state state = l.entry->state.load(std::memory_order_acquire);
  f.first_expires = time_point::max();
  while (f.messages.size() < most && !l.waiting.empty()) {
    const slot_index i = l.waiting.front();
    const slot& s = slots_[i];
    if (s.alone && !f.messages.empty()) break;
    if (s.next != no_slot) slots_.prefetch(s.next);
    l.waiting.pop_front(slots_);
    --routes_[l.spec->route].waiting;
    if (!keep(i, state, now)) continue;
    f.messages.push_back(i);
    f.first_expires = std::min(f.first_expires, s.expires_at);
    if (s.alone) break;
  }
}

/// Nothing is held of the limits' promises any more.
void dispatcher::drop_promise(flight& f, time_point now) {
  rate::hold(f.of->spec->limits, f.promised, {}, now);
  schedule_.promise_ended(*f.of);
}

/// Renders and checks the flight's messages into text_ and messages_. Those that break a rule of the route's
/// profiles are settled and leave the flight.
void dispatcher::render(flight& f, time_point now) {
  const compiled_campaign& c = *f.of->entry->compiled;
  text_.clear();
  ranges_.clear();
  messages_.clear();
  costs_.clear();
  for (const slot_index i : f.messages) {
    values_.resize(slots_[i].value_count);
    slots_.load(i, values_);
    ranges_.push_back(c.render(text_, values_, scratch_));
  }
  std::size_t kept = 0;
  for (std::size_t k = 0; k < f.messages.size(); ++k) {
    const slot_index i = f.messages[k];
    const event& told = slots_[i].told;
    messages_.push_back(
        message{.id = told.id, .origin = {told.id, told.campaign, told.source, told.row}, .to = *slots_[i].to});
    c.fill(messages_.back(), ranges_[k], text_, wall(now));
    if (const auto fault = fault_of(messages_.back(), ranges_[k], *f.of->rules)) {
      messages_.pop_back();
      settle(i, outcome::rejected, *fault);
    } else {
      slots_[i].parts = static_cast<std::uint8_t>(std::clamp<std::size_t>(ranges_[k].fallback_size.parts, 1, 255));
      costs_.push_back(cost_of(*f.of, i));
      f.messages[kept++] = i;
    }
  }
  f.messages.resize(kept);
}

rate::cost dispatcher::cost_of(const lane& l, slot_index i) { return {1, slots_[i].parts, l.spec->each.media}; }

/// No more in one request than every limit's burst and the day's number have room for, at what the messages really
/// cost; at least one.
void dispatcher::fit(flight& f, time_point now) {
  if (f.messages.size() <= 1) return;
  std::size_t n = rate::fit_burst(f.of->spec->limits, costs_);
  if (!f.of->spec->quotas.empty()) n = std::min(n, rate::fit_quota(f.of->spec->limits, costs_, wall(now)));
  if (n >= f.messages.size()) return;
  back_to_lane(f, n, now);
  messages_.erase(messages_.begin() + static_cast<std::ptrdiff_t>(n), messages_.end());
}

/// The flight's messages from this one on wait again, in their order.
void dispatcher::back_to_lane(flight& f, std::size_t from, time_point now) {
  for (std::size_t k = f.messages.size(); k > from; --k) wait_in_lane(f.messages[k - 1], true, now);
  f.messages.resize(from);
}

/// Fills the request's body. What does not fit goes back to the front of the lane; a message that cannot be encoded at
/// all is settled. False: nothing is left to send.
bool dispatcher::encode(route_on_shard& r, flight& f, time_point now) {
  const provider& p = *r.shared->options->provider;
  std::size_t first = 0;
  while (first < messages_.size()) {
    const auto took = p.encode(std::span<const message>(messages_).subspan(first), f.body);
    if (!took || *took == 0) {
      settle(f.messages[first++], outcome::rejected, errc::message_too_large);
      continue;
    }
    back_to_lane(f, std::min(first + *took, messages_.size()), now);
    f.messages.erase(f.messages.begin(), f.messages.begin() + static_cast<std::ptrdiff_t>(first));
    return true;
  }
  f.messages.clear();
  return false;
}

/// Counts the flight in its quotas, before it is claimed: what is recorded is never less than what left.
bool dispatcher::reserve(flight& f, time_point now) {
  f.costs = {};
  for (const slot_index i : f.messages) f.costs += cost_of(*f.of, i);
  if (f.of->spec->quotas.empty()) return true;
  const rate::denial no = rate::reserve(f.of->spec->limits, f.costs, now, wall(now), f.reserved);
  if (no.denied()) {
    back_to_lane(f, 0, now);
    schedule_.denied(*f.of, no.by, no.until, now);
    return false;
  }
  for (known_limit* q : f.of->spec->quotas) shared_.limits->counted(*q);
  return true;
}

/// Takes out of the quotas what certainly did not leave; who waits for the next day may have a use for it.
void dispatcher::uncount(const flight& f, const rate::cost& costs) {
  const lane_spec& spec = *f.of->spec;
  if (spec.quotas.empty()) return;
  rate::give_back(spec.limits, costs, f.reserved);
  for (known_limit* q : spec.quotas) shared_.limits->counted(*q);
  schedule_.quota_returned(*f.of);
}

/// Claims the messages in the journal; the request leaves once the claim is cleared.
void dispatcher::claim(std::uint16_t route, flight& f) {
  for (const slot_index i : f.messages) {
    slots_[i].told.route = route;
    ++slots_[i].told.attempts;
    note(journal::record_kind::claim, i);
  }
  f.claimed = publish_notes();
  f.sent = false;
  ++f.of->claimed;
  routes_[route].in_flight += f.messages.size();
}

bool dispatcher::is_urgent(const flight& f) noexcept { return f.of->priority == priority::transactional; }

/// Transactional requests stand before the others. Of each kind those that were claimed first stand in front.
auto dispatcher::first_other(route_on_shard& r) noexcept -> std::vector<flight_index>::iterator {
  return std::find_if(r.ready.begin(), r.ready.end(), [&](flight_index k) { return !is_urgent(r.flights[k]); });
}

/// The first of the claims that are waited for; nothing_claimed when there is none.
position dispatcher::first_uncleared(route_on_shard& r) const noexcept {
  const auto is_cleared = [&](flight_index k) { return r.flights[k].claimed <= cleared_; };
  position first = nothing_claimed;
  const auto others = first_other(r);
  for (const auto& [begin, end] : {std::pair(r.ready.begin(), others), std::pair(others, r.ready.end())}) {
    const auto at = std::partition_point(begin, end, is_cleared);
    if (at != end) first = std::min(first, r.flights[*at].claimed);
  }
  return first;
}

/// It waits, with a promise of what it costs.
void dispatcher::make_ready(route_on_shard& r, flight_index k, time_point now) {
  flight& f = r.flights[k];
  f.ready_at = now;
  rate::hold(f.of->spec->limits, f.promised, f.costs, now);
  r.ready.insert(is_urgent(f) ? first_other(r) : r.ready.end(), k);
}

/// More requests are made ready ahead while connections stand idle because the journal has not cleared the next claim
/// yet, and fewer with each sweep: what is claimed and has not left is what a crash leaves in doubt.
void dispatcher::adapt_ahead(route_on_shard& r) {
  if (r.ahead_max == 0) return;
  if (swept_) r.ahead = std::max<std::size_t>(r.carried.size() / 4 + 1, r.ahead - r.ahead / 8);
  if (r.ready.size() < r.ahead || cleared_ == r.adapted_at) return;
  const http::client_status now = r.client->status();
  if (now.in_flight >= now.connections || r.flights[r.ready.front()].claimed <= cleared_) return;
  r.adapted_at = cleared_;
  r.ahead = std::min(r.ahead_max, r.ahead + r.ahead / 4 + 1);
}

/// As many as there are requests to send; what waits for a limit needs none yet, but one to be there when it opens.
void dispatcher::want_connections(std::uint16_t route, time_point now) {
  route_on_shard& r = routes_[route];
  if (r.shared->faults.load(std::memory_order_relaxed) > 0) {
    const bool probes = !rests(*r.shared, now) && (r.waiting > 0 || !r.ready.empty());
    return r.client->want(probes ? 1 : 0, now);
  }
  if (r.waiting == 0) return r.client->want(r.ready.size(), now);
  const std::size_t batch = r.shared->options->provider->limits().messages_per_request_max;
  const std::size_t enough = batch * r.carried.size();
  const std::size_t requests = r.ready.size() + (schedule_.messages_at(route, enough) + batch - 1) / batch;
  r.client->want(std::max<std::size_t>(requests, 1), now);
}

/// Sends what is claimed, as far as the journal has cleared it, the limits give their permission, there are connections
/// for it, and it may still go. With a sweep, and when the route rests, all of it is looked at, so that nothing waits
/// for a connection that may not go any more; and what has been ready for a whole sweep is taken back, with its
/// promises: another route may have a use for them.
void dispatcher::send_cleared(std::uint16_t route, time_point now) {
  route_on_shard& r = routes_[route];
  if (r.ready.empty()) return;
  const bool all = swept_ || rests(*r.shared, now);
  std::optional<http::exchange> connection;
  comes_back_.clear();
  std::size_t kept = 0;
  bool may_leave = true;
  std::size_t at = 0;
  // There may be hundreds: no further than to where nothing can leave, for want of a connection or of a cleared claim.
  for (; at < r.ready.size() && (may_leave || all); ++at) {
    const flight_index k = r.ready[at];
    const bool cleared = r.flights[k].claimed <= cleared_;
    if (!cleared && !is_urgent(r.flights[k])) break;  // as are those behind it
    fate its = fate::stays;
    if (cleared) {
      if (!connection && may_leave && has_concurrency(r)) connection = r.client->try_acquire(now);
      may_leave = connection.has_value();
      its = may_leave || all ? leaves(route, k, connection, now) : fate::stays;
      if (its == fate::stays && swept_ && now - r.flights[k].ready_at >= ready_max) its = fate::comes_back;
    }
    if (its == fate::left) working(*r.flights[k].of, false, now);
    if (its == fate::stays) r.ready[kept++] = k;
    if (its == fate::comes_back) comes_back_.push_back(k);
  }
  r.ready.erase(r.ready.begin() + static_cast<std::ptrdiff_t>(kept), r.ready.begin() + static_cast<std::ptrdiff_t>(at));
  if (connection) r.client->release(*connection, now);
  // What is ready beyond what is wanted ahead now does not stay claimed while connections are slow to come free.
  if (swept_ && r.ahead_max > 0 && r.ready.size() > r.ahead) {
    comes_back_.insert(comes_back_.end(), r.ready.begin() + static_cast<std::ptrdiff_t>(r.ahead), r.ready.end());
    r.ready.resize(r.ahead);
  }
  // Backwards: each goes to the front of its lane.
  for (std::size_t i = comes_back_.size(); i-- > 0;) recall(route, comes_back_[i], now);
}

/// Whether it would be made otherwise now: for a smaller burst, or counted in the number of another day, or not at all
/// because the provider says that the day's number is used up.
bool dispatcher::is_out_of_date(const flight& f, time_point now) {
  if (f.messages.size() == 1 && f.of->spec->quotas.empty()) return false;  // neither can be said of it
  const auto& limits = f.of->spec->limits;
  for (std::size_t i = 0; i < limits.size(); ++i) {
    const rate::limit_key& each = *limits[i];
    const std::uint32_t units = f.costs.in(each.counts);
    if (f.messages.size() > 1 && !each.rate.unlimited() && units > each.rate.burst()) return true;
    if (each.daily() != nullptr && units > 0 && each.daily()->is_over(f.reserved.day[i], wall(now))) return true;
  }
  return false;
}

/// Whether the request leaves, with the connection, which is taken then; or must wait for its permission or a
/// connection; or may not go any more.
dispatcher::fate dispatcher::leaves(std::uint16_t route, flight_index k, std::optional<http::exchange>& connection,
                                    time_point now) {
  route_on_shard& r = routes_[route];
  flight& f = r.flights[k];
  const bool runs = f.of->entry->state.load(std::memory_order_acquire) == campaign_state::running;
  if (!runs || now >= f.first_expires || rests(*r.shared, now) || is_out_of_date(f, now)) return fate::comes_back;
  if (!connection) return fate::stays;
  if (const rate::denial no = rate::try_take(f.of->spec->limits, f.costs, now); no.denied()) {
    rate::hold(f.of->spec->limits, f.promised, f.costs, now);
    wake_at(no.until);
    return fate::stays;
  }
  drop_promise(f, now);
  depart(route, k, *std::exchange(connection, std::nullopt), now);
  return fate::left;
}

void dispatcher::depart(std::uint16_t route, flight_index k, http::exchange e, time_point now) {
  route_on_shard& r = routes_[route];
  flight& f = r.flights[k];
  const auto is_first = [&](slot_index i) { return slots_[i].told.attempts == 1; };
  const auto first_attempts = std::count_if(f.messages.begin(), f.messages.end(), is_first);
  r.shared->budget.first_attempts(static_cast<std::uint32_t>(first_attempts), now);
  f.sent = true;
  f.sent_at = now;
  --f.of->claimed;
  ++r.requests;
  r.carried[e] = k;
  r.client->body(e).swap(f.body);
  r.client->send(e, now);
}

/// Claimed and not sent: the messages wait again.
void dispatcher::recall(std::uint16_t route, flight_index k, time_point now) {
  route_on_shard& r = routes_[route];
  flight& f = r.flights[k];
  drop_promise(f, now);
  uncount(f, f.costs);
  --f.of->claimed;
  r.in_flight -= f.messages.size();
  for (std::size_t m = f.messages.size(); m-- > 0;) {
    const slot_index i = f.messages[m];
    --slots_[i].told.attempts;
    note(journal::record_kind::released, i);
    if (keep(i, now)) wait_in_lane(i, true, now);
  }
  publish_notes();
  f.messages.clear();
  working(*f.of, false, now);
  r.unused.push_back(k);
}

/// Keeps what is to be recorded of a message that stays inside.
void dispatcher::note(journal::record_kind kind, slot_index i, wall_time not_before) {
  const slot& s = slots_[i];
  notes_.push_back({kind, i, {recorded_route(s.told.route), s.told.attempts, s.failures, s.answer_lost, not_before}});
}

/// As the journal numbers routes.
std::uint16_t dispatcher::recorded_route(std::uint16_t route) const noexcept {
  return route < shared_.route_numbers.size() ? shared_.route_numbers[route] : route;
}

/// Records what was noted, together; the position of the last of it.
position dispatcher::publish_notes() {
  if (notes_.empty()) return {};
  const position first = shared_.journal_->reserve(notes_.size());
  shared_.journal_->publish(first, notes_);
  const auto last = position{static_cast<std::uint64_t>(first) + notes_.size() - 1};
  notes_.clear();
  return last;
}

}  // namespace broadside::engine_detail
