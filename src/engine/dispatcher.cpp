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

dispatcher::dispatcher(shared_state& shared, std::uint64_t seed, unsigned number)
    : shared_(shared),
      slots_(*shared.slots),
      random_(seed),
      number_(number),
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
    r.claimed.reserve(r.flights.size());
    r.active.reserve(r.lanes.size());
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
  if (epoch != seen_epoch_ || now >= next_sweep_) {
    seen_epoch_ = epoch;
    next_sweep_ = now + sweep_interval;
    sweep(now);
  }
  release_due(now);
  take_from_intake(now);
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    send_cleared(static_cast<std::uint16_t>(i), now);
    pump(static_cast<std::uint16_t>(i), now);
    ask(static_cast<std::uint16_t>(i), now);
  }
  flush();
  await_journal(now);
  publish();
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
  // Of an engine that ended between the claim and the answer: what the campaign's policy says of a lost answer.
  if (std::exchange(s.interrupted, false)) return lost(i, errc::interrupted, {}, now);
  if (keep(i, now)) assign(i, false, now);
}

/// Whether the message may go on now: neither cancelled nor paused nor too old.
bool dispatcher::goes_on(slot_index i, time_point now) {
  return campaign_of(i).state.load(std::memory_order_acquire) == campaign_state::running && now < slots_[i].expires_at;
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
  if (s.answer_lost && s.told.route < routes_.size()) route = s.told.route;
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
}

/// Whether anything changed: a request was made ready, or messages were settled or parked on the way. The connection
/// comes first and the permission last, so that a message leaves at the instant its permission is for.
bool dispatcher::start_request(std::uint16_t route, std::uint16_t at, time_point now) {
  route_on_shard& r = routes_[route];
  lane& l = r.lanes[at];
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
  f.lane = at;
  const std::size_t before = l.waiting.size();
  collect(r, l, f, now);
  render(l, f);
  if (!f.messages.empty() && encode(r, l, f, r.client->body(*exchange))) {
    claim(route, *exchange, now);
    return true;
  }
  r.client->release(*exchange, now);
  return l.waiting.size() != before;
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
bool dispatcher::encode(route_on_shard& r, lane& l, flight& f, std::string& body) {
  const provider& p = *r.shared->options->provider;
  std::size_t first = 0;
  while (first < messages_.size()) {
    const auto took = p.encode(std::span<const message>(messages_).subspan(first), body);
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
void dispatcher::claim(std::uint16_t route, http::exchange e, time_point now) {
  route_on_shard& r = routes_[route];
  flight& f = r.flights[e];
  for (const slot_index i : f.messages) {
    slots_[i].told.route = route;
    ++slots_[i].told.attempts;
    note(journal::record_kind::claim, i);
  }
  f.claimed = publish_notes();
  f.sent = false;
  r.in_flight += f.messages.size();
  ++r.requests;
  if (f.claimed > shared_.journal_->cleared() || !leaves(route, e, now)) r.claimed.push_back(e);
}

/// Sends what is claimed, as far as the journal has cleared it, the limits give their permission, and it may still go.
void dispatcher::send_cleared(std::uint16_t route, time_point now) {
  route_on_shard& r = routes_[route];
  if (r.claimed.empty()) return;
  const position cleared = shared_.journal_->cleared();
  std::size_t kept = 0;
  for (const http::exchange e : r.claimed) {
    if (r.flights[e].claimed > cleared || !leaves(route, e, now)) r.claimed[kept++] = e;
  }
  r.claimed.resize(kept);
}

/// False when the request must wait for its permission. A request whose messages may not go any more is taken back.
bool dispatcher::leaves(std::uint16_t route, http::exchange e, time_point now) {
  route_on_shard& r = routes_[route];
  flight& f = r.flights[e];
  lane& l = r.lanes[f.lane];
  const auto may_go = [&](slot_index i) { return goes_on(i, now); };
  if (rests(*r.shared, now) || !std::all_of(f.messages.begin(), f.messages.end(), may_go)) {
    recall(route, e, now);
    return true;
  }
  const rate::set_grant granted = rate::try_take(l.limits, static_cast<std::uint32_t>(f.messages.size()), now);
  if (granted.count < f.messages.size()) {
    wake_at(granted.ready_at);
    return false;
  }
  drop_promise(l, f, 0);
  f.sent = true;
  r.client->send(e, now);
  return true;
}

/// Claimed and not sent: the messages wait again.
void dispatcher::recall(std::uint16_t route, http::exchange e, time_point now) {
  route_on_shard& r = routes_[route];
  flight& f = r.flights[e];
  drop_promise(r.lanes[f.lane], f, 0);
  r.in_flight -= f.messages.size();
  --r.requests;
  for (std::size_t k = f.messages.size(); k-- > 0;) {
    const slot_index i = f.messages[k];
    --slots_[i].told.attempts;
    note(journal::record_kind::released, i);
    if (keep(i, now)) wait_in_lane(r, i, true);
  }
  publish_notes();
  f.messages.clear();
  r.client->release(e, now);
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
        note(journal::record_kind::released, f.messages[k]);
        wait_in_lane(r, f.messages[k], true);
      }
      break;
    case http::ending::maybe_sent: {
      const std::string words = end.why.message();
      r.shared->set_last_error(words);
      for (std::size_t k = n; k-- > 0;) {
        slots_[f.messages[k]].told.status_code.clear();  // of an earlier attempt: the provider said nothing of this one
        lost(f.messages[k], errc::answer_lost, words, now);
      }
      break;
    }
  }
  f.messages.clear();
  publish_notes();
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
      note(journal::record_kind::released, i);
      return wait_in_lane(routes_[route], i, true);
    case verdict_kind::retry:
      s.told.status_code = v.status_code;
      s.told.error = v.error;
      if (!v.route_fault) return try_again_later(i, v.retry_after, now);
      rest(shared, v.retry_after, retry_rules.suspend_min, retry_rules.suspend_max, now);
      shared.suspended.store(true, std::memory_order_relaxed);
      shared.set_last_error(std::string(v.status_code) + " " + std::string(v.error));
      next_sweep_ = now;  // what waits in its lanes takes another route, where there is one
      note(journal::record_kind::released, i);
      return assign(i, true, now);
    case verdict_kind::maybe_sent:
      s.told.status_code = v.status_code;
      return lost(i, errc::answer_lost, v.error, now);
  }
}

/// Bytes left and no answer says what became of the message: only the campaign's policy may send it again.
void dispatcher::lost(slot_index i, errc reason, std::string_view words, time_point now) {
  slot& s = slots_[i];
  s.answer_lost = true;
  s.told.error = words;
  const on_unknown policy = campaign_of(i).compiled->definition.on_unknown;
  // Only the provider that may have it can tell a repeat; a route that is gone cannot be asked.
  const bool there = s.told.route < routes_.size();
  const bool again =
      there && (policy == on_unknown::resend || (policy == on_unknown::resend_if_deduplicated &&
                                                 routes_[s.told.route].shared->options->provider->deduplicates()));
  if (again) return try_again_later(i, 0ms, now);
  if (there && ask_later({.due = {}, .message = i, .reason = reason}, now)) return;
  settle(i, outcome::maybe_sent, reason);
}

// ---------------------------------------------------------------- asking what became of a message

/// False when there is nobody to ask, or it was asked often enough.
bool dispatcher::ask_later(question q, time_point now) {
  route_on_shard& r = routes_[slots_[q.message].told.route];
  const reconcile_options& rules = shared_.options.reconcile;
  if (r.query_client == nullptr || q.times >= rules.asks_max) return false;
  duration delay = rules.delay_min;
  for (std::uint16_t k = 0; k < q.times; ++k) delay *= 4;
  q.due = now + delay;
  r.questions.push_back(q);
  std::push_heap(r.questions.begin(), r.questions.end(), std::greater<>{});
  return true;
}

/// One question at a time a route and shard, of as many messages as are due and fit.
void dispatcher::ask(std::uint16_t route, time_point now) {
  route_on_shard& r = routes_[route];
  if (r.query_client == nullptr || r.questions.empty() || !r.asked.empty()) return;
  if (r.questions.front().due > now) return wake_at(r.questions.front().due);
  rate::gcra& limit = *r.shared->query_limit;
  if (const time_point ready = limit.ready_at(1, now); ready > now) return wake_at(ready);
  const auto exchange = r.query_client->try_acquire(now);
  if (!exchange) return r.query_client->want(1, now);
  if (limit.try_take(1, now).count == 0) {
    wake_at(limit.ready_at(1, now));
    return r.query_client->release(*exchange, now);
  }
  const provider& p = *r.shared->options->provider;
  ids_.clear();
  while (!r.questions.empty() && r.questions.front().due <= now && r.asked.size() < p.query()->messages_max) {
    std::pop_heap(r.questions.begin(), r.questions.end(), std::greater<>{});
    r.asked.push_back(r.questions.back());
    r.questions.pop_back();
    ids_.push_back(slots_[r.asked.back().message].told.id);
  }
  p.encode_query(ids_, r.query_client->body(*exchange));
  r.query_client->send(*exchange, now);
}

void dispatcher::on_query_end(std::uint16_t route, http::exchange, const http::exchange_end& end, time_point now) {
  route_on_shard& r = routes_[route];
  const std::vector<question> asked = std::exchange(r.asked, {});
  std::vector<verdict> each(asked.size());
  if (end.how == http::ending::answered) {
    ids_.clear();
    for (const question& q : asked) ids_.push_back(slots_[q.message].told.id);
    r.shared->options->provider->classify_query(end.response, ids_, each);
  } else {
    r.shared->set_last_error(end.why.message());
    for (verdict& v : each) v.kind = verdict_kind::retry;
  }
  for (std::size_t k = 0; k < asked.size(); ++k) answered(route, asked[k], each[k], now);
}

/// What the provider knows of a message is its outcome; what it does not know, or cannot say, is asked again.
void dispatcher::answered(std::uint16_t route, const question& q, const verdict& v, time_point now) {
  slot& s = slots_[q.message];
  if (v.kind == verdict_kind::accepted || v.kind == verdict_kind::rejected) {
    const bool accepted = v.kind == verdict_kind::accepted;
    s.answer_lost = false;
    return settle(q.message, accepted ? outcome::accepted : outcome::rejected,
                  accepted ? errc{} : errc::refused_by_provider, &v);
  }
  question again = q;
  again.times = static_cast<std::uint16_t>(q.times + 1);
  if (!ask_later(again, now)) return settle(q.message, outcome::maybe_sent, q.reason);
  if (v.kind != verdict_kind::slow_down || v.retry_after.count() <= 0) return;
  // The question itself was too much: nobody is asked for as long as told.
  route_on_shard& r = routes_[route];
  for (question& other : r.questions) other.due = std::max(other.due, now + v.retry_after);
  std::make_heap(r.questions.begin(), r.questions.end(), std::greater<>{});
}

void dispatcher::try_again_later(slot_index i, milliseconds at_least, time_point now) {
  const retry_options& rules = shared_.options.retry;
  slot& s = slots_[i];
  if (++s.failures >= rules.attempts_max) return settle(i, outcome::not_sent, errc::attempts_exhausted);
  note(journal::record_kind::released, i);
  const duration delay = doubled(rules.delay_min, s.failures - 1U, rules.delay_max);
  const duration jitter{static_cast<duration::rep>(random_.below(static_cast<std::uint64_t>(delay.count())))};
  retries_.push_back({now + std::max<duration>(delay, at_least) + jitter, i});
  std::push_heap(retries_.begin(), retries_.end(), std::greater<>{});
}

void dispatcher::settle(slot_index i, outcome o, errc reason, const verdict* said) {
  slot& s = slots_[i];
  if (s.answer_lost && o != outcome::accepted && o != outcome::maybe_sent) {
    // whatever ended it, an earlier attempt may have arrived
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

/// Hands settled messages to the host once their outcome is cleared, as one batch for the journal and one for the event
/// queue: what the host was told is never told otherwise after a restart. They leave the books' "held" last: who sees
/// that nothing is inside finds every event.
void dispatcher::flush() {
  publish_notes();
  record_settled();
  const position cleared = shared_.journal_->cleared();
  std::size_t end = told_;
  while (end < recorded_ && ended_[end].at <= cleared) ++end;
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
  const position first = shared_.journal_->reserve(settled_.size() - recorded_);
  auto at = static_cast<std::uint64_t>(first);
  for (; recorded_ < settled_.size(); ++recorded_, ++at) {
    const slot_index i = settled_[recorded_];
    event& e = slots_[i].told;
    e.at = position{at};
    e.time = wall;
    ended_.push_back({e.campaign, e.outcome, e.at});
    notes_.push_back({journal::record_kind::outcome, i, {.route = recorded_route(e.route)}});
  }
  shared_.journal_->publish(first, notes_);
  notes_.clear();
}

/// Asks to be woken when the journal clears the first of what waits for it.
void dispatcher::await_journal(time_point now) {
  const position cleared = shared_.journal_->cleared();
  position first{~std::uint64_t{0}};
  bool stuck = false;  // cleared, and the event queue did not take it
  if (told_ < recorded_) {
    stuck = ended_[told_].at <= cleared;
    if (!stuck) first = ended_[told_].at;
  }
  for (const route_on_shard& r : routes_) {
    for (const http::exchange e : r.claimed) {
      if (r.flights[e].claimed > cleared) first = std::min(first, r.flights[e].claimed);
    }
  }
  if (stuck) wake_at(now + 1ms);
  if (first != position{~std::uint64_t{0}} && !shared_.journal_->tell_when_cleared(number_, first)) wake_at(now);
}

void dispatcher::publish() {
  std::uint64_t held = parked_.size() + retries_.size() + settled_.size() - told_;
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
    held += r.waiting + r.in_flight + r.questions.size() + r.asked.size();
  }
  parked_count_.store(parked_.size(), std::memory_order_release);
  held_by_lists_.store(held, std::memory_order_release);
}

void dispatcher::abandon() {
  held_by_lists_.store(busy, std::memory_order_release);
  if (shared_.survives) {
    // The claims of what is on its way stand, so that the next engine knows that it may have arrived.
    for (std::uint16_t i = 0; i < routes_.size(); ++i) {
      for (const http::exchange e : routes_[i].claimed) {
        for (const slot_index m : routes_[i].flights[e].messages) note(journal::record_kind::released, m);
      }
    }
  } else {
    abandon_all();
  }
  // A journal that cannot write keeps outcomes back for ever: then the next engine settles these messages.
  for (flush(); recorded_ > told_ && shared_.journal_->writes(); flush()) std::this_thread::yield();
  publish();
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
  for (route_on_shard& r : routes_) {
    for (lane& l : r.lanes) {
      while (!l.waiting.empty()) settle(l.waiting.pop_front(slots_), outcome::not_sent, errc::stopped);
    }
    r.waiting = 0;
    for (const auto* list : {&r.questions, &r.asked}) {
      for (const question& q : *list) settle(q.message, outcome::maybe_sent, q.reason);
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
    r.requests = 0;
    r.claimed.clear();
  }
}

}  // namespace broadside::engine_detail
