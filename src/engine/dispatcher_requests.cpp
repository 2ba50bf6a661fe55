// engine/dispatcher_requests - the part of dispatcher.hpp from a lane to the wire.
#include <algorithm>
#include <engine/dispatcher.hpp>
#include <optional>
#include <rate/limit_set.hpp>
#include <utility>

namespace broadside::engine_detail {

void dispatcher::pump(std::uint16_t route, time_point now) {
  route_on_shard& r = routes_[route];
  if (r.waiting == 0) return want_connections(r, now);
  // Round robin over the lanes that hold something, until none of them can start a request.
  for (std::size_t stuck = 0; stuck < r.active.size();) {
    // Each time: another shard's answer may say so meanwhile, and what is made ready then comes straight back.
    if (rests(*r.shared, now))
      return wake_at(time_point{std::chrono::nanoseconds{r.shared->rests_until.load(std::memory_order_relaxed)}});
    // After a fault one request asks whether the route works again; the rest of the messages wait for its answer.
    if (r.shared->faults.load(std::memory_order_relaxed) > 0 && r.in_flight > 0)
      return r.client->want(r.ready.size(), now);  // the probe may still be without a connection
    if (r.next_active >= r.active.size()) r.next_active = 0;
    const std::uint16_t at = r.active[r.next_active];
    lane& l = r.lanes[at];
    if (l.waiting.empty()) {
      l.is_active = false;
      r.active[r.next_active] = r.active.back();
      r.active.pop_back();
      continue;
    }
    stuck = start_request(route, at, now) ? 0 : stuck + 1;
    ++r.next_active;
  }
  want_connections(r, now);
}

/// Whether anything changed: a request was made ready, or messages were settled or parked on the way. The permission
/// comes last, so that a message leaves at the instant its permission is for. Before it comes the connection; only
/// while a journal takes its time to clear claims are some requests made ready ahead of the connections.
bool dispatcher::start_request(std::uint16_t route, std::uint16_t at, time_point now) {
  route_on_shard& r = routes_[route];
  lane& l = r.lanes[at];
  for (const rate::gcra* limit : l.limits) {
    if (const time_point ready = limit->ready_at(1, now); ready > now) {
      wake_at(ready);
      return false;
    }
  }
  std::optional<http::exchange> connection;
  if (r.ahead_max == 0 && !r.unused.empty()) connection = r.client->try_acquire(now);
  if (!connection && (r.unused.empty() || r.ready.size() >= r.ahead)) return false;
  const flight_index k = r.unused.back();
  flight& f = r.flights[k];
  f.lane = at;
  const std::size_t before = l.waiting.size();
  collect(r, l, f, now);
  render(l, f);
  if (f.messages.empty() || !encode(r, l, f)) {
    if (connection) r.client->release(*connection, now);
    return l.waiting.size() != before;
  }
  r.unused.pop_back();
  claim(route, f);
  if (f.claimed > shared_.journal_->cleared() || !leaves(route, k, connection, now)) r.ready.push_back(k);
  if (connection) r.client->release(*connection, now);
  return true;
}

/// More requests are made ready ahead while connections stand idle because the journal has not cleared the next claim
/// yet, and fewer with each sweep: what is claimed and has not left is what a crash leaves in doubt.
void dispatcher::adapt_ahead(route_on_shard& r) {
  if (r.ahead_max == 0) return;
  if (swept_) r.ahead = std::max<std::size_t>(r.carried.size() / 4 + 1, r.ahead - r.ahead / 8);
  const position cleared = shared_.journal_->cleared();
  if (r.ready.size() < r.ahead || cleared == r.adapted_at) return;
  const http::client_status now = r.client->status();
  if (now.in_flight >= now.connections || r.flights[r.ready.front()].claimed <= cleared) return;
  r.adapted_at = cleared;
  r.ahead = std::min(r.ahead_max, r.ahead + r.ahead / 4 + 1);
}

/// As many as there are requests to send.
void dispatcher::want_connections(route_on_shard& r, time_point now) {
  const std::size_t batch = r.shared->options->provider->limits().messages_per_request_max;
  r.client->want(r.ready.size() + (r.waiting + batch - 1) / batch, now);
}

/// Takes from the lane what may leave soon: at most one request's worth, and only what every limit promises.
void dispatcher::collect(route_on_shard& r, lane& l, flight& f, time_point now) {
  const bool probing = r.shared->faults.load(std::memory_order_relaxed) > 0;
  const std::size_t batch = probing ? 1 : r.shared->options->provider->limits().messages_per_request_max;
  f.promised = rate::promise_up_to(l.limits, static_cast<std::uint32_t>(std::min(batch, l.waiting.size())), now);
  if (f.promised == 0) wake_at(rate::promise_at(l.limits, now));
  while (f.messages.size() < f.promised && !l.waiting.empty()) {
    const slot_index i = l.waiting.pop_front(slots_);
    --r.waiting;
    if (keep(i, now)) f.messages.push_back(i);
  }
  drop_promise(l, f, f.messages.size());
}

/// Fewer messages of the flight will leave than were promised.
void dispatcher::drop_promise(lane& l, flight& f, std::size_t still_wanted) {
  const auto wanted = static_cast<std::uint32_t>(still_wanted);
  if (f.promised > wanted) rate::end_promise(l.limits, f.promised - wanted);
  f.promised = std::min(f.promised, wanted);
}

/// Renders and checks the flight's messages into text_ and messages_. Those that break a rule of the route's
/// profiles are settled and leave the flight.
void dispatcher::render(lane& l, flight& f) {
  text_.clear();
  ranges_.clear();
  messages_.clear();
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
      f.messages[kept++] = i;
    }
  }
  f.messages.resize(kept);
  drop_promise(l, f, kept);
}

/// Fills the request's body. What does not fit goes back to the front of the lane; a message that cannot be encoded at
/// all is settled. False: nothing is left to send.
bool dispatcher::encode(route_on_shard& r, lane& l, flight& f) {
  const provider& p = *r.shared->options->provider;
  std::size_t first = 0;
  while (first < messages_.size()) {
    const auto took = p.encode(std::span<const message>(messages_).subspan(first), f.body);
    if (!took || *took == 0) {
      settle(f.messages[first++], outcome::rejected, errc::message_too_large);
      continue;
    }
    const std::size_t end = std::min(first + *took, messages_.size());
    for (std::size_t k = f.messages.size(); k > end; --k) wait_in_lane(r, f.messages[k - 1], true);
    f.messages.resize(end);
    f.messages.erase(f.messages.begin(), f.messages.begin() + static_cast<std::ptrdiff_t>(first));
    drop_promise(l, f, f.messages.size());
    return true;
  }
  f.messages.clear();
  drop_promise(l, f, 0);
  return false;
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
  routes_[route].in_flight += f.messages.size();
}

/// Sends what is claimed, as far as the journal has cleared it, the limits give their permission, there are connections
/// for it, and it may still go. Once a sweep, and when the route rests, all of it is looked at, so that nothing waits
/// for a connection that may not go any more.
void dispatcher::send_cleared(std::uint16_t route, time_point now) {
  route_on_shard& r = routes_[route];
  if (r.ready.empty()) return;
  const bool all = swept_ || rests(*r.shared, now);
  const position cleared = shared_.journal_->cleared();
  std::optional<http::exchange> connection;
  std::size_t kept = 0;
  std::size_t at = 0;
  for (; at < r.ready.size() && r.flights[r.ready[at]].claimed <= cleared; ++at) {
    if (!connection) connection = r.client->try_acquire(now);
    if (!connection && !all) break;
    if (!leaves(route, r.ready[at], connection, now)) r.ready[kept++] = r.ready[at];
  }
  if (connection) r.client->release(*connection, now);
  // What is ready beyond what is wanted ahead now does not stay claimed while connections are slow to come free.
  for (; swept_ && r.ahead_max > 0 && kept > r.ahead; --kept) recall(route, r.ready[kept - 1], now);
  r.ready.erase(r.ready.begin() + static_cast<std::ptrdiff_t>(kept), r.ready.begin() + static_cast<std::ptrdiff_t>(at));
}

/// False when the request must wait for its permission or a connection; one that was used is taken from `connection`.
/// A request whose messages may not go any more is taken back.
bool dispatcher::leaves(std::uint16_t route, flight_index k, std::optional<http::exchange>& connection,
                        time_point now) {
  route_on_shard& r = routes_[route];
  flight& f = r.flights[k];
  lane& l = r.lanes[f.lane];
  const auto may_go = [&](slot_index i) { return goes_on(i, now); };
  if (rests(*r.shared, now) || !std::all_of(f.messages.begin(), f.messages.end(), may_go)) {
    recall(route, k, now);
    return true;
  }
  if (!connection) return false;
  const rate::set_grant granted = rate::try_take(l.limits, static_cast<std::uint32_t>(f.messages.size()), now);
  if (granted.count < f.messages.size()) {
    wake_at(granted.ready_at);
    return false;
  }
  drop_promise(l, f, 0);
  f.sent = true;
  const http::exchange e = *std::exchange(connection, std::nullopt);
  r.carried[e] = k;
  r.client->body(e).swap(f.body);
  r.client->send(e, now);
  return true;
}

/// Claimed and not sent: the messages wait again.
void dispatcher::recall(std::uint16_t route, flight_index k, time_point now) {
  route_on_shard& r = routes_[route];
  flight& f = r.flights[k];
  drop_promise(r.lanes[f.lane], f, 0);
  r.in_flight -= f.messages.size();
  for (std::size_t m = f.messages.size(); m-- > 0;) {
    const slot_index i = f.messages[m];
    --slots_[i].told.attempts;
    note(journal::record_kind::released, i);
    if (keep(i, now)) wait_in_lane(r, i, true);
  }
  publish_notes();
  f.messages.clear();
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
