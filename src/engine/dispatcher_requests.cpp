// engine/dispatcher_requests - the part of dispatcher.hpp from a lane to the wire.
#include <algorithm>
#include <engine/dispatcher.hpp>
#include <optional>
#include <rate/limit_set.hpp>
#include <utility>

namespace broadside::engine_detail {

/// Everything that can start, until neither a route nor a gate has anything more. A gate lets one lane through at a
/// time, and the lane's route tries it at once, so that the next is let through only while there is something left.
void dispatcher::pump_all(time_point now) {
  for (std::size_t i = 0; i < routes_.size(); ++i) pump(static_cast<std::uint16_t>(i), now);
  while (schedule_.let_through(now, wall(now)) > 0) {
    for (std::size_t i = 0; i < routes_.size(); ++i) {
      if (schedule_.any(static_cast<std::uint16_t>(i))) pump(static_cast<std::uint16_t>(i), now);
    }
  }
  for (route_on_shard& r : routes_) want_connections(r, now);
  wake_at(schedule_.wake());
}

/// Tries the lanes of a route, until none is left or none can start.
void dispatcher::pump(std::uint16_t route, time_point now) {
  route_on_shard& r = routes_[route];
  // Looked at each time: another shard's answer may say so meanwhile, and what is made ready then comes straight back.
  while (schedule_.any(route) && may_start(r, now)) {
    lane& l = *schedule_.next(route);
    const std::size_t before = l.waiting.size();
    const started how = l.waiting.empty() ? started::settled_some : start_request(route, l, now);
    if (how == started::yes) schedule_.served(l, before - std::min(before, l.waiting.size()), charge_of(l));
    if (how == started::not_now || how == started::settled_some) schedule_.not_tried(l);
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
  if (const rate::denial shut = rate::closed(l.spec->limits, now, wall(now)); shut.denied()) {
    schedule_.denied(l, shut.by, shut.until);
    return started::denied;
  }
  std::optional<http::exchange> connection;
  if (r.unused.empty()) return started::not_now;
  if (r.ahead_max == 0 && has_concurrency(r)) connection = r.client->try_acquire(now);
  if (!connection && (r.ready.size() >= r.ahead || r.client->status().connections == 0)) return started::not_now;
  const flight_index k = r.unused.back();
  flight& f = r.flights[k];
  f.of = &l;
  const auto give_up = [&](started how) {
    if (connection) r.client->release(*connection, now);
    return how;
  };
  const rate::promise allowed =
      rate::promise_up_to(l.spec->limits, static_cast<std::uint32_t>(batch_of(r, l)), l.spec->each, now);
  f.promised = allowed.count;
  if (allowed.count == 0) {
    schedule_.denied(l, allowed.none_by.by, allowed.none_by.until);
    return give_up(started::denied);
  }
  collect(l, f, now);
  render(f);
  fit(f, now);
  if (f.messages.empty() || !encode(r, f, now)) return give_up(started::settled_some);
  if (!reserve(f, now)) return give_up(started::denied);
  r.unused.pop_back();
  claim(route, f, now);
  if (f.claimed > shared_.journal_->cleared() || leaves(route, k, connection, now) != fate::left) make_ready(r, k);
  return give_up(started::yes);
}

/// How many messages of the lane may share a request.
std::size_t dispatcher::batch_of(const route_on_shard& r, const lane& l) const noexcept {
  const bool probing = r.shared->faults.load(std::memory_order_relaxed) > 0;
  if (probing || slots_[l.waiting.front()].alone) return 1;
  return std::min<std::size_t>(r.shared->options->provider->limits().messages_per_request_max, l.waiting.size());
}

/// Takes from the lane what may leave soon: what every limit promises, and of a day's number what is left.
void dispatcher::collect(lane& l, flight& f, time_point now) {
  std::uint64_t most = f.promised;
  for (const known_limit* q : l.spec->quotas) {
    const std::uint32_t each = l.spec->each.in(q->key.counts);
    if (each > 0) most = std::min(most, std::max<std::uint64_t>(1, q->key.daily()->available(wall(now)) / each));
  }
  while (f.messages.size() < most && !l.waiting.empty()) {
    const slot_index i = l.waiting.front();
    if (slots_[i].alone && !f.messages.empty()) break;
    l.waiting.pop_front(slots_);
    --routes_[l.spec->route].waiting;
    if (keep(i, now)) f.messages.push_back(i);
    if (slots_[i].alone) break;
  }
  drop_promise(f, f.messages.size());
}

/// Fewer messages of the flight will leave than were promised.
void dispatcher::drop_promise(flight& f, std::size_t still_wanted) {
  const auto wanted = static_cast<std::uint32_t>(still_wanted);
  if (f.promised > wanted) rate::end_promise(f.of->spec->limits, f.promised - wanted, f.of->spec->each);
  f.promised = std::min(f.promised, wanted);
}

/// Renders and checks the flight's messages into text_ and messages_. Those that break a rule of the route's
/// profiles are settled and leave the flight.
void dispatcher::render(flight& f) {
  text_.clear();
  ranges_.clear();
  messages_.clear();
  costs_.clear();
  for (const slot_index i : f.messages) {
    values_.resize(slots_[i].value_count);
    slots_.load(i, values_);
    ranges_.push_back(campaign_of(i).compiled->render(text_, values_, scratch_));
  }
  const wall_time wall = shared_.environment_->wall_now();
  std::size_t kept = 0;
  for (std::size_t k = 0; k < f.messages.size(); ++k) {
    const slot_index i = f.messages[k];
    messages_.push_back(message{.id = slots_[i].told.id, .to = *slots_[i].to});
    const compiled_campaign& c = *campaign_of(i).compiled;
    c.fill(messages_.back(), ranges_[k], text_, wall);
    if (const auto fault = fault_of(messages_.back(), ranges_[k], c.limits_on(slots_[i].told.route))) {
      messages_.pop_back();
      settle(i, outcome::rejected, *fault);
    } else {
      slots_[i].parts = static_cast<std::uint8_t>(std::clamp<std::size_t>(ranges_[k].fallback_size.parts, 1, 255));
      costs_.push_back(cost_of(i));
      f.messages[kept++] = i;
    }
  }
  f.messages.resize(kept);
  drop_promise(f, kept);
}

rate::cost dispatcher::cost_of(slot_index i) {
  const std::size_t media = campaign_of(i).compiled->definition.media.size();
  return {1, slots_[i].parts, static_cast<std::uint32_t>(media)};
}

/// No more in one request than every limit's burst and the day's number have room for, at what the messages really
/// cost; at least one.
void dispatcher::fit(flight& f, time_point now) {
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
  drop_promise(f, from);
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
    drop_promise(f, f.messages.size());
    return true;
  }
  f.messages.clear();
  drop_promise(f, 0);
  return false;
}

/// Counts the flight in its quotas, before it is claimed: what is recorded is never less than what left.
bool dispatcher::reserve(flight& f, time_point now) {
  f.costs = {};
  for (const slot_index i : f.messages) f.costs += cost_of(i);
  if (f.of->spec->quotas.empty()) return true;
  f.reserved = wall(now);
  const rate::denial no = rate::reserve(f.of->spec->limits, f.costs, now, f.reserved);
  if (no.denied()) {
    lane& l = *f.of;
    back_to_lane(f, 0, now);
    schedule_.denied(l, no.by, no.until);
    return false;
  }
  for (known_limit* q : f.of->spec->quotas) shared_.limits->counted(*q);
  return true;
}

/// Takes out of the quotas what certainly did not leave.
void dispatcher::uncount(const lane& l, const rate::cost& costs, wall_time reserved) {
  if (l.spec->quotas.empty()) return;
  rate::give_back(l.spec->limits, costs, reserved);
  for (known_limit* q : l.spec->quotas) shared_.limits->counted(*q);
}

/// Claims the messages in the journal; the request leaves once the claim is cleared.
void dispatcher::claim(std::uint16_t route, flight& f, time_point now) {
  std::uint32_t first_attempts = 0;
  for (const slot_index i : f.messages) {
    slots_[i].told.route = route;
    first_attempts += slots_[i].told.attempts == 0 ? 1 : 0;
    ++slots_[i].told.attempts;
    note(journal::record_kind::claim, i);
  }
  routes_[route].shared->budget.first_attempts(first_attempts, now);
  f.claimed = publish_notes();
  f.sent = false;
  f.was_swept = false;
  ++f.of->claimed;
  routes_[route].in_flight += f.messages.size();
}

/// Transactional requests stand before the others.
void dispatcher::make_ready(route_on_shard& r, flight_index k) {
  const bool urgent = r.flights[k].of->priority == priority::transactional;
  const auto is_other = [&](flight_index each) { return r.flights[each].of->priority != priority::transactional; };
  r.ready.insert(urgent ? std::find_if(r.ready.begin(), r.ready.end(), is_other) : r.ready.end(), k);
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

/// As many as there are requests to send; what waits for a limit needs none yet.
void dispatcher::want_connections(route_on_shard& r, time_point now) {
  if (r.shared->faults.load(std::memory_order_relaxed) > 0) {
    const bool probes = !rests(*r.shared, now) && (r.waiting > 0 || !r.ready.empty());
    return r.client->want(probes ? 1 : 0, now);
  }
  const std::size_t batch = r.shared->options->provider->limits().messages_per_request_max;
  r.client->want(r.ready.size() + (r.waiting + batch - 1) / batch, now);
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
  for (std::size_t at = 0; at < r.ready.size(); ++at) {
    const flight_index k = r.ready[at];
    fate its = fate::stays;
    if (r.flights[k].claimed <= cleared_ && (may_leave || all)) {
      if (!connection && may_leave && has_concurrency(r)) connection = r.client->try_acquire(now);
      may_leave = connection.has_value();
      its = may_leave || all ? leaves(route, k, connection, now) : fate::stays;
      if (its == fate::stays && swept_ && std::exchange(r.flights[k].was_swept, true)) its = fate::comes_back;
    }
    if (its == fate::stays) r.ready[kept++] = k;
    if (its == fate::comes_back) comes_back_.push_back(k);
  }
  r.ready.resize(kept);
  if (connection) r.client->release(*connection, now);
  // What is ready beyond what is wanted ahead now does not stay claimed while connections are slow to come free.
  for (; swept_ && r.ahead_max > 0 && r.ready.size() > r.ahead; r.ready.pop_back())
    comes_back_.push_back(r.ready.back());
  // Backwards: each goes to the front of its lane.
  for (std::size_t i = comes_back_.size(); i-- > 0;) recall(route, comes_back_[i], now);
}

/// Whether it would be made otherwise now: for a smaller burst, or counted in the number of a later day.
bool dispatcher::is_out_of_date(const flight& f, time_point now) {
  const auto above_burst = [&](const rate::limit_key* each) {
    return !each->rate.unlimited() && f.costs.in(each->counts) > each->rate.burst();
  };
  const auto of_another_day = [&](const known_limit* each) {
    return each->key.daily()->usage(wall(now)).day_begin > f.reserved;
  };
  const lane_spec& spec = *f.of->spec;
  return (f.messages.size() > 1 && std::any_of(spec.limits.begin(), spec.limits.end(), above_burst)) ||
         std::any_of(spec.quotas.begin(), spec.quotas.end(), of_another_day);
}

/// Whether the request leaves, with the connection, which is taken then; or must wait for its permission or a
/// connection; or may not go any more.
dispatcher::fate dispatcher::leaves(std::uint16_t route, flight_index k, std::optional<http::exchange>& connection,
                                    time_point now) {
  route_on_shard& r = routes_[route];
  flight& f = r.flights[k];
  const auto may_go = [&](slot_index i) { return goes_on(i, now); };
  if (rests(*r.shared, now) || !std::all_of(f.messages.begin(), f.messages.end(), may_go)) return fate::comes_back;
  if (is_out_of_date(f, now)) return fate::comes_back;
  if (!connection) return fate::stays;
  if (const rate::denial no = rate::try_take(f.of->spec->limits, f.costs, now); no.denied()) {
    wake_at(no.until);
    return fate::stays;
  }
  drop_promise(f, 0);
  f.sent = true;
  f.sent_at = now;
  --f.of->claimed;
  ++r.requests;
  const http::exchange e = *std::exchange(connection, std::nullopt);
  r.carried[e] = k;
  r.client->body(e).swap(f.body);
  r.client->send(e, now);
  working(*f.of, false, now);
  return fate::left;
}

/// Claimed and not sent: the messages wait again.
void dispatcher::recall(std::uint16_t route, flight_index k, time_point now) {
  route_on_shard& r = routes_[route];
  flight& f = r.flights[k];
  drop_promise(f, 0);
  uncount(*f.of, f.costs, f.reserved);
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
void dispatcher::note(journal::record_kind kind, slot_index i) {
  const slot& s = slots_[i];
  notes_.push_back({kind, i, {recorded_route(s.told.route), s.told.attempts, s.failures, s.answer_lost}});
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
