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

using std::chrono::milliseconds;
using namespace std::chrono_literals;

constexpr duration sweep_interval = 1s;
constexpr std::size_t intake_batch = 64;

std::int64_t nanoseconds_of(time_point t) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(t.time_since_epoch()).count();
}

/// `least` doubled `times` times, at most `most`.
milliseconds doubled(milliseconds least, unsigned times, milliseconds most) {
  milliseconds d = least;
  while (times-- > 0 && d < most) d *= 2;
  return std::min(d, most);
}

}  // namespace

dispatcher::dispatcher(shared_state& shared, std::uint64_t seed)
    : shared_(shared),
      slots_(*shared.slots),
      random_(seed),
      held_max_(std::max<std::size_t>(64, shared.options.messages_inside_max / shared.options.shards)),
      books_(shared.options.campaigns_max),
      gauges_(shared.options.routes.size()) {
  std::size_t batch_max = 1;
  for (const auto& entry : shared.routes) {
    const std::size_t batch = entry->options->provider->limits().messages_per_request_max;
    route_on_shard& r = routes_.emplace_back();
    r.shared = entry.get();
    r.lanes.resize(1 + shared.sender_limits.size());
    for (std::size_t i = 0; i < r.lanes.size(); ++i) {
      r.lanes[i].limits.push_back(&entry->limit);
      if (i > 0) r.lanes[i].limits.push_back(shared.sender_limits[i - 1].get());
    }
    r.flights.resize(entry->options->http.connections_max);
    for (flight& f : r.flights) f.messages.reserve(batch);
    r.undurable.reserve(r.flights.size());
    r.active.reserve(r.lanes.size());
    batch_max = std::max(batch_max, batch);
  }
  retries_.reserve(held_max_ + intake_batch);
  settled_.reserve(held_max_ + intake_batch);
  ended_.reserve(held_max_ + intake_batch);
  records_.reserve(std::max(held_max_ + intake_batch, batch_max));
  ranges_.reserve(batch_max);
  messages_.reserve(batch_max);
  ids_.reserve(batch_max);
  verdicts_.resize(batch_max);
  values_.reserve(256);
}

void dispatcher::use_clients(std::span<http::client* const> clients) {
  for (std::size_t i = 0; i < routes_.size(); ++i) routes_[i].client = clients[i];
}

time_point dispatcher::run(time_point now) {
  wake_ = time_point::max();
  held_by_lists_.store(busy, std::memory_order_release);  // before anything is taken: drain() must not look in between
  const std::uint32_t epoch = shared_.control_epoch.load(std::memory_order_acquire);
  if (epoch != seen_epoch_ || now >= next_sweep_) {
    seen_epoch_ = epoch;
    next_sweep_ = now + sweep_interval;
    sweep(now);
  }
  release_due(now);
  take_from_intake(now);
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    send_durable(routes_[i], now);
    pump(static_cast<std::uint16_t>(i), now);
  }
  flush();
  publish();
  if (!settled_.empty()) wake_at(now + 1ms);
  if (!retries_.empty()) wake_at(retries_.front().due);
  if (held_ > 0) wake_at(next_sweep_);
  return wake_;
}

// ---------------------------------------------------------------- from the intake to a lane

void dispatcher::take_from_intake(time_point now) {
  std::array<slot_index, intake_batch> batch;
  while (has_room()) {
    const std::size_t wanted = std::min(batch.size(), held_max_ - (held_ - parked_.size()));
    const std::size_t n = shared_.intake->try_pop_batch(std::span(batch).first(wanted));
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
  if (keep(i, now)) assign(i, false, now);
}

/// False when the message is not to go on now: it was settled or parked.
bool dispatcher::keep(slot_index i, time_point now) {
  const auto state = campaign_of(i).state.load(std::memory_order_acquire);
  if (state == campaign_state::cancelled) {
    settle(i, outcome::not_sent, errc::cancelled);
  } else if (now >= slots_[i].expires_at) {
    settle(i, outcome::expired, errc::age_exceeded);
  } else if (state == campaign_state::paused) {
    parked_.push_back(slots_, i);
  } else {
    return true;
  }
  return false;
}

void dispatcher::assign(slot_index i, bool to_front, time_point now) {
  slot& s = slots_[i];
  const compiled_campaign& c = *campaign_of(i).compiled;
  std::optional<std::uint16_t> route;
  // After a lost answer only the provider that may have the message can tell a repeat; elsewhere it is a second copy.
  if (s.answer_lost) route = s.told.route;
  const std::size_t first = c.choose_route(s.told.id);
  for (std::size_t k = 0; k < c.routes.size() && !s.answer_lost; ++k) {
    const std::size_t candidate = (first + k) % c.routes.size();
    if (!c.reaches(candidate, *s.to)) continue;
    const std::uint16_t index = c.routes[candidate].route;
    const bool works = !rests(*routes_[index].shared, now);
    if (works || !route) route = index;
    if (works) break;
  }
  if (!route) return settle(i, outcome::rejected, errc::country_not_served);
  s.told.route = *route;
  s.sender_lane = c.sender_lane;
  wait_in_lane(routes_[*route], i, to_front);
}

void dispatcher::wait_in_lane(route_on_shard& r, slot_index i, bool to_front) {
  const std::uint16_t at = slots_[i].sender_lane;
  lane& l = r.lanes[at];
  if (to_front) {
    l.waiting.push_front(slots_, i);
  } else {
    l.waiting.push_back(slots_, i);
  }
  ++r.waiting;
  if (std::exchange(l.is_active, true)) return;
  r.active.push_back(at);
}

// ---------------------------------------------------------------- from a lane to the wire

void dispatcher::pump(std::uint16_t route, time_point now) {
  route_on_shard& r = routes_[route];
  if (r.waiting == 0) return r.client->want(0, now);
  if (rests(*r.shared, now))
    return wake_at(time_point{std::chrono::nanoseconds{r.shared->rests_until.load(std::memory_order_relaxed)}});
  // Round robin over the lanes that hold something, until none of them can start a request.
  for (std::size_t stuck = 0; stuck < r.active.size();) {
    // After a fault one request asks whether the route works again; the rest of the messages wait for its answer.
    if (r.shared->faults.load(std::memory_order_relaxed) > 0 && r.requests > 0) return;
    if (r.next_active >= r.active.size()) r.next_active = 0;
    lane& l = r.lanes[r.active[r.next_active]];
    if (l.waiting.empty()) {
      l.is_active = false;
      r.active[r.next_active] = r.active.back();
      r.active.pop_back();
      continue;
    }
    stuck = start_request(route, l, now) ? 0 : stuck + 1;
    ++r.next_active;
  }
}

/// Whether anything changed: a request left, or messages were settled or parked on the way. The connection comes first
/// and the limit last, so that a message leaves at the instant its permission is for.
bool dispatcher::start_request(std::uint16_t route, lane& l, time_point now) {
  route_on_shard& r = routes_[route];
  for (const rate::gcra* limit : l.limits) {
    if (const time_point ready = limit->ready_at(1, now); ready > now) {
      wake_at(ready);
      return false;
    }
  }
  const auto exchange = r.client->try_acquire(now);
  if (!exchange) {
    const std::size_t batch = r.shared->options->provider->limits().messages_per_request_max;
    r.client->want((r.waiting + batch - 1) / batch, now);
    return false;
  }
  flight& f = r.flights[*exchange];
  const std::size_t before = l.waiting.size();
  collect(r, l, f, now);
  render(l, f);
  if (!f.messages.empty() && encode(r, l, f, r.client->body(*exchange))) {
    send(r, *exchange, now);
    return true;
  }
  r.client->release(*exchange, now);
  return l.waiting.size() != before;
}

/// Takes from the lane what may leave now: at most one request's worth, and only what every limit grants.
void dispatcher::collect(route_on_shard& r, lane& l, flight& f, time_point now) {
  const bool probing = r.shared->faults.load(std::memory_order_relaxed) > 0;
  const std::size_t batch = probing ? 1 : r.shared->options->provider->limits().messages_per_request_max;
  f.granted = rate::take_up_to(l.limits, static_cast<std::uint32_t>(std::min(batch, l.waiting.size())), now);
  if (f.granted.count == 0) wake_at(f.granted.ready_at);
  while (f.messages.size() < f.granted.count && !l.waiting.empty()) {
    const slot_index i = l.waiting.pop_front(slots_);
    --r.waiting;
    if (keep(i, now)) f.messages.push_back(i);
  }
  rate::give_back(l.limits, f.granted, f.granted.count - static_cast<std::uint32_t>(f.messages.size()));
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
  rate::give_back(l.limits, f.granted, static_cast<std::uint32_t>(f.messages.size() - kept));
  f.messages.resize(kept);
}

/// Fills the request's body. What does not fit goes back to the front of the lane; a message that cannot be encoded at
/// all is settled. False: nothing is left to send.
bool dispatcher::encode(route_on_shard& r, lane& l, flight& f, std::string& body) {
  const provider& p = *r.shared->options->provider;
  std::size_t first = 0;
  while (first < messages_.size()) {
    const auto took = p.encode(std::span<const message>(messages_).subspan(first), body);
    if (!took || *took == 0) {
      settle(f.messages[first], outcome::rejected, errc::message_too_large);
      rate::give_back(l.limits, f.granted, 1);
      ++first;
      continue;
    }
    const std::size_t end = std::min(first + *took, messages_.size());
    for (std::size_t k = f.messages.size(); k > end; --k) wait_in_lane(r, f.messages[k - 1], true);
    rate::give_back(l.limits, f.granted, static_cast<std::uint32_t>(f.messages.size() - end));
    f.messages.resize(end);
    f.messages.erase(f.messages.begin(), f.messages.begin() + static_cast<std::ptrdiff_t>(first));
    return true;
  }
  f.messages.clear();
  return false;
}

/// Claims the messages in the journal; the request leaves once the claim is durable.
void dispatcher::send(route_on_shard& r, http::exchange e, time_point now) {
  flight& f = r.flights[e];
  records_.clear();
  for (const slot_index i : f.messages) {
    const slot& s = slots_[i];
    records_.push_back({journal::record_kind::claim, {}, s.told.id, s.told.source, s.told.row});
  }
  f.claimed = shared_.journal_->append(records_);
  f.sent = false;
  r.in_flight += f.messages.size();
  ++r.requests;
  r.undurable.push_back(e);
  send_durable(r, now);
}

void dispatcher::send_durable(route_on_shard& r, time_point now) {
  if (r.undurable.empty()) return;
  const position durable = shared_.journal_->durable();
  std::size_t kept = 0;
  for (const http::exchange e : r.undurable) {
    flight& f = r.flights[e];
    if (f.claimed > durable) {
      r.undurable[kept++] = e;
      continue;
    }
    f.sent = true;
    for (const slot_index i : f.messages) ++slots_[i].told.attempts;
    r.client->send(e, now);
  }
  r.undurable.resize(kept);
}

// ---------------------------------------------------------------- from the answer to the outcome

void dispatcher::on_end(std::uint16_t route, http::exchange e, const http::exchange_end& end, time_point now) {
  route_on_shard& r = routes_[route];
  flight& f = r.flights[e];
  const std::size_t n = f.messages.size();
  r.in_flight -= n;
  --r.requests;
  // Backwards, so that messages which go back to the front of their lane keep their order.
  switch (end.how) {
    case http::ending::answered: {
      ids_.clear();
      for (const slot_index i : f.messages) ids_.push_back(slots_[i].told.id);
      const std::span<verdict> each(verdicts_.data(), n);
      std::fill(each.begin(), each.end(), verdict{});
      r.shared->options->provider->classify(end.response, ids_, each);
      for (std::size_t k = n; k-- > 0;) apply(route, f.messages[k], each[k], now);
      break;
    }
    case http::ending::not_sent:  // as if nothing had happened, but for the permission; age bounds how often
      for (std::size_t k = n; k-- > 0;) {
        --slots_[f.messages[k]].told.attempts;
        wait_in_lane(r, f.messages[k], true);
      }
      break;
    case http::ending::maybe_sent: {
      const std::string words = end.why.message();
      r.shared->set_last_error(words);
      for (std::size_t k = n; k-- > 0;) {
        slots_[f.messages[k]].told.status_code.clear();  // of an earlier attempt: the provider said nothing of this one
        lost(route, f.messages[k], words, now);
      }
      break;
    }
  }
  f.messages.clear();
}

void dispatcher::apply(std::uint16_t route, slot_index i, const verdict& v, time_point now) {
  route_entry& shared = *routes_[route].shared;
  slot& s = slots_[i];
  const retry_options& retry_rules = shared_.options.retry;
  switch (v.kind) {
    case verdict_kind::accepted:
      shared.works();
      return settle(i, outcome::accepted, {}, &v);
    case verdict_kind::rejected:
      shared.works();
      // Refused as a repeat of a message whose answer was lost: the lost one had arrived.
      if (v.duplicate && s.answer_lost) return settle(i, outcome::accepted, {}, &v);
      return settle(i, outcome::rejected, errc::refused_by_provider, &v);
    case verdict_kind::slow_down:
      rest(shared, v.retry_after, retry_rules.delay_min, retry_rules.delay_max, now);
      shared.set_last_error(v.error.empty() ? v.status_code.view() : v.error.view());
      s.told.status_code = v.status_code;
      s.told.error = v.error;
      return wait_in_lane(routes_[route], i, true);
    case verdict_kind::retry:
      s.told.status_code = v.status_code;
      s.told.error = v.error;
      if (!v.route_fault) return try_again_later(i, v.retry_after, now);
      rest(shared, v.retry_after, retry_rules.suspend_min, retry_rules.suspend_max, now);
      shared.suspended.store(true, std::memory_order_relaxed);
      shared.set_last_error(std::string(v.status_code) + " " + std::string(v.error));
      next_sweep_ = now;  // what waits in its lanes takes another route, where there is one
      return assign(i, true, now);
    case verdict_kind::maybe_sent:
      s.told.status_code = v.status_code;
      return lost(route, i, v.error, now);
  }
}

/// Bytes left and no answer says what became of the message: only the campaign's policy may send it again.
void dispatcher::lost(std::uint16_t route, slot_index i, std::string_view words, time_point now) {
  slot& s = slots_[i];
  s.answer_lost = true;
  s.told.error = words;
  const on_unknown policy = campaign_of(i).compiled->definition.on_unknown;
  const bool again = policy == on_unknown::resend || (policy == on_unknown::resend_if_deduplicated &&
                                                      routes_[route].shared->options->provider->deduplicates());
  if (again) return try_again_later(i, 0ms, now);
  settle(i, outcome::maybe_sent, errc::answer_lost);
}

void dispatcher::try_again_later(slot_index i, milliseconds at_least, time_point now) {
  const retry_options& rules = shared_.options.retry;
  slot& s = slots_[i];
  if (++s.failures >= rules.attempts_max) return settle(i, outcome::not_sent, errc::attempts_exhausted);
  const duration delay = doubled(rules.delay_min, s.failures - 1U, rules.delay_max);
  const duration jitter{static_cast<duration::rep>(random_.below(static_cast<std::uint64_t>(delay.count())))};
  retries_.push_back({now + std::max<duration>(delay, at_least) + jitter, i});
  std::push_heap(retries_.begin(), retries_.end(), std::greater<>{});
}

void dispatcher::settle(slot_index i, outcome o, errc reason, const verdict* said) {
  slot& s = slots_[i];
  if (s.answer_lost && o != outcome::accepted) {  // whatever ended it, an earlier attempt may have arrived
    o = outcome::maybe_sent;
    reason = errc::answer_lost;
  }
  s.told.outcome = o;
  s.told.reason = reason;
  if (said != nullptr) {
    s.told.provider_message_id = said->provider_message_id;
    s.told.status_code = said->status_code;
    s.told.error = said->error;
  }
  settled_.push_back(i);
  --held_;
}

// ---------------------------------------------------------------- beside the messages' way

bool dispatcher::rests(const route_entry& r, time_point now) const noexcept {
  return r.rests_until.load(std::memory_order_relaxed) > nanoseconds_of(now);
}

/// The route starts nothing for as long as it was told, or for a time that doubles with every rest in a row.
void dispatcher::rest(route_entry& r, milliseconds told, milliseconds least, milliseconds most, time_point now) {
  if (told <= 0ms && rests(r, now)) return;  // other answers of the same moment: one fault, not many
  const std::uint32_t before = rests(r, now) ? 0 : r.faults.fetch_add(1, std::memory_order_relaxed);
  // "Retry-After: 0" is no time to rest for: taken at its word, it would be asked again as fast as it answers.
  const milliseconds span = told > 0ms ? told : doubled(least, std::min(before, 20U), most);
  const std::int64_t until = nanoseconds_of(now + span);
  std::int64_t seen = r.rests_until.load(std::memory_order_relaxed);
  while (seen < until && !r.rests_until.compare_exchange_weak(seen, until, std::memory_order_relaxed)) {
  }
}

void dispatcher::release_due(time_point now) {
  while (!retries_.empty() && retries_.front().due <= now) {
    std::pop_heap(retries_.begin(), retries_.end(), std::greater<>{});
    const slot_index i = retries_.back().message;
    retries_.pop_back();
    if (keep(i, now)) assign(i, true, now);
  }
}

/// Age and campaign state, looked at in every place a message can wait.
void dispatcher::sweep(time_point now) {
  for (std::size_t n = parked_.size(); n > 0; --n) {
    const slot_index i = parked_.pop_front(slots_);
    if (keep(i, now)) assign(i, false, now);
  }
  for (route_on_shard& r : routes_) {
    const bool leave = r.shared->suspended.load(std::memory_order_relaxed) && rests(*r.shared, now);
    for (std::size_t k = 0; k < r.active.size(); ++k) sweep_lane(r, r.lanes[r.active[k]], leave, now);
  }
  const auto gone =
      std::remove_if(retries_.begin(), retries_.end(), [&](const retry& w) { return !keep(w.message, now); });
  if (gone != retries_.end()) {
    retries_.erase(gone, retries_.end());
    std::make_heap(retries_.begin(), retries_.end(), std::greater<>{});
  }
}

/// With `leave`, messages go to another route that works, where their campaign has one.
void dispatcher::sweep_lane(route_on_shard& r, lane& l, bool leave, time_point now) {
  for (std::size_t n = l.waiting.size(); n > 0; --n) {
    const slot_index i = l.waiting.pop_front(slots_);
    --r.waiting;
    if (!keep(i, now)) continue;
    if (leave) {
      assign(i, false, now);
    } else {
      wait_in_lane(r, i, false);
    }
  }
}

/// Hands settled messages to the host, as one batch for the journal and one for the event queue. They leave the books'
/// "held" last: who sees that nothing is inside finds every event.
void dispatcher::flush() {
  if (settled_.empty()) return;
  const wall_time wall = shared_.environment_->wall_now();
  records_.clear();
  for (std::size_t k = recorded_; k < settled_.size(); ++k) {
    const event& e = slots_[settled_[k]].told;
    records_.push_back({journal::record_kind::outcome, e.outcome, e.id, e.source, e.row});
  }
  auto at = static_cast<std::uint64_t>(shared_.journal_->append(records_)) - records_.size();
  for (; recorded_ < settled_.size(); ++recorded_) {
    event& e = slots_[settled_[recorded_]].told;
    e.at = position{++at};
    e.time = wall;
    ended_.push_back({e.campaign, e.outcome});
  }
  // The queue has a cell for every slot, but a host thread that was stopped in the middle of poll() may still keep
  // some: what is not taken now is offered again.
  const std::size_t told = shared_.events->try_push_batch(std::span(settled_)).taken;
  for (std::size_t k = 0; k < told; ++k) books_[static_cast<std::size_t>(ended_[k].campaign)].settle(ended_[k].how);
  const auto rest = static_cast<std::ptrdiff_t>(told);
  settled_.erase(settled_.begin(), settled_.begin() + rest);
  ended_.erase(ended_.begin(), ended_.begin() + rest);
  recorded_ -= told;
}

void dispatcher::publish() {
  std::uint64_t held = parked_.size() + retries_.size() + settled_.size();
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    route_on_shard& r = routes_[i];
    const http::client_status status = r.client->status();
    gauges_[i].connections.store(status.connections, std::memory_order_relaxed);
    gauges_[i].in_flight.store(r.in_flight, std::memory_order_relaxed);
    gauges_[i].waiting.store(r.waiting, std::memory_order_relaxed);
    if (status.last_error != r.reported) {
      r.reported = status.last_error;
      if (r.reported) r.shared->set_last_error(r.reported.message());
    }
    held += r.waiting + r.in_flight;
  }
  parked_count_.store(parked_.size(), std::memory_order_release);
  held_by_lists_.store(held, std::memory_order_release);
}

void dispatcher::abandon() {
  slot_index i = no_slot;
  held_by_lists_.store(busy, std::memory_order_release);
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
  for (route_on_shard& r : routes_) {
    for (lane& l : r.lanes) {
      while (!l.waiting.empty()) settle(l.waiting.pop_front(slots_), outcome::not_sent, errc::stopped);
    }
    r.waiting = 0;
    for (flight& f : r.flights) {
      for (const slot_index m : f.messages) {
        slots_[m].answer_lost = slots_[m].answer_lost || f.sent;
        settle(m, outcome::not_sent, errc::stopped);
      }
      f.messages.clear();
    }
    r.in_flight = 0;
    r.requests = 0;
    r.undurable.clear();
  }
  for (flush(); !settled_.empty(); flush()) std::this_thread::yield();
  publish();
}

}  // namespace broadside::engine_detail
