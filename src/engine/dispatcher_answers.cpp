// engine/dispatcher_answers - the part of dispatcher.hpp from an answer, or the lack of one, to the outcome.
#include <algorithm>
#include <engine/dispatcher.hpp>
#include <functional>
#include <utility>

namespace broadside::engine_detail {
namespace {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

constexpr std::uint16_t failures_before_alone = 3;

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

void dispatcher::on_end(std::uint16_t route, http::exchange e, const http::exchange_end& end, time_point now) {
  route_on_shard& r = routes_[route];
  flight& f = r.flights[r.carried[e]];
  for (const slot_index i : f.messages) slots_.prefetch(i);  // the answer is read first
  const std::size_t n = f.messages.size();
  r.in_flight -= n;
  --r.requests;
  const std::span<verdict> each(verdicts_.data(), n);
  if (end.how == http::ending::answered) {
    ids_.clear();
    for (const slot_index i : f.messages) ids_.push_back(slots_[i].told.id);
    std::fill(each.begin(), each.end(), verdict{});
    r.shared->options->provider->classify(end.response, ids_, each);
  }
  judge_request(route, f, end, each, now);
  // Backwards, so that messages which go back to the front of their lane keep their order.
  switch (end.how) {
    case http::ending::answered:
      for (std::size_t k = n; k-- > 0;) {
        if (each[k].of_request && each[k].kind == verdict_kind::rejected && n > 1) {
          try_alone(f, f.messages[k], each[k], now);
        } else {
          apply(f, f.messages[k], each[k], now);
        }
      }
      break;
    case http::ending::not_sent:  // as if nothing had happened, but for the permission; age bounds how often
      uncount(f, f.costs);
      for (std::size_t k = n; k-- > 0;) {
        --slots_[f.messages[k]].told.attempts;
        note(journal::record_kind::released, f.messages[k]);
        wait_in_lane(f.messages[k], true, now);
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
  r.unused.push_back(r.carried[e]);
  publish_notes();
}

/// What a request says of its route: that the provider judged its messages, or that it failed. A refused message is not
/// the route's fault, nor is one whose media cannot be fetched.
void dispatcher::judge_request(std::uint16_t route, const flight& f, const http::exchange_end& end,
                               std::span<const verdict> each, time_point now) {
  route_on_shard& r = routes_[route];
  if (end.how == http::ending::not_sent) return;  // the client counts it among its failures
  const auto is_fault = [](const verdict& v) {
    return (v.kind == verdict_kind::retry && !v.of_message) || v.kind == verdict_kind::maybe_sent;
  };
  const bool bad = end.how == http::ending::maybe_sent || std::all_of(each.begin(), each.end(), is_fault);
  if (r.concurrency) r.concurrency->on_answer(now - f.sent_at, bad, static_cast<std::uint32_t>(r.requests + 1), now);
  if (!bad) return shared_.health->answered(route, now - f.sent_at);
  failed(route, 1, now);
}

/// So many faults in a row and nothing is sent for a while; then one request asks whether it works again.
void dispatcher::failed(std::uint16_t route, std::uint64_t times, time_point now) {
  route_entry& shared = *routes_[route].shared;
  const bool probed = shared.faults.load(std::memory_order_relaxed) > 0;
  if (!shared_.health->failed(route, times) && !probed) return;
  const retry_options& rules = shared_.options.retry;
  shared.suspended.store(true, std::memory_order_relaxed);
  rest(shared, 0ms, rules.suspend_min, rules.suspend_max, now);
}

/// Connections that could not be made count as faults, unless something on the route is answered meanwhile.
void dispatcher::note_failures(std::uint16_t route, time_point now) {
  route_on_shard& r = routes_[route];
  const std::uint64_t failures = r.client->status().failures;
  const std::uint64_t since = failures - std::exchange(r.failures, failures);
  if (since > 0) failed(route, since, now);
}

void dispatcher::apply(const flight& f, slot_index i, const verdict& v, time_point now) {
  route_entry& shared = *routes_[f.of->spec->route].shared;
  slot& s = slots_[i];
  const retry_options& retry_rules = shared_.options.retry;
  switch (v.kind) {
    case verdict_kind::accepted:
      shared.works();
      return settle(i, outcome::accepted, {}, &v);
    case verdict_kind::rejected:
      shared.works();
      // Refused as a repeat of a message whose answer was lost: the lost one had arrived. So had one that was reported,
      // and that an engine sent whose record was lost.
      if (v.duplicate && (s.answer_lost || shared_.deliveries->is_known(s.told.id)))
        return settle(i, outcome::accepted, {}, &v);
      return settle(i, outcome::rejected, errc::refused_by_provider, &v);
    case verdict_kind::slow_down:
      return slow_down(f, i, v, now);
    case verdict_kind::retry:
      s.told.status_code = v.status_code;
      s.told.error = v.error;
      uncount(f, cost_of(*f.of, i));
      if (!v.route_fault) return try_again_later(i, v.retry_after, now);
      rest(shared, v.retry_after, retry_rules.suspend_min, retry_rules.suspend_max, now);
      shared.suspended.store(true, std::memory_order_relaxed);
      shared.set_last_error(std::string(v.status_code) + " " + std::string(v.error));
      note(journal::record_kind::released, i);
      return assign(i, true, now);
    case verdict_kind::maybe_sent:
      s.told.status_code = v.status_code;
      return lost(i, errc::answer_lost, v.error, now);
  }
}

/// Only what the provider spoke of waits: the account, the sender, or the day's number. No attempt is spent.
void dispatcher::slow_down(const flight& f, slot_index i, const verdict& v, time_point now) {
  const lane_spec& spec = *f.of->spec;
  route_entry& shared = *routes_[spec.route].shared;
  const retry_options& rules = shared_.options.retry;
  slot& s = slots_[i];
  const std::string_view words = v.error.empty() ? v.status_code.view() : v.error.view();
  uncount(f, cost_of(*f.of, i));
  if (v.until_next_day) {
    day_used_up(f, v, now);
  } else if (v.pace == paced::sender) {
    spec.limits.back()->pause(now + std::max(v.retry_after, rules.delay_min));
  } else {
    for (route_entry* each : shared.same_account) rest(*each, v.retry_after, rules.delay_min, rules.delay_max, now);
  }
  shared.set_last_error(words);
  s.told.status_code = v.status_code;
  s.told.error = v.error;
  note(journal::record_kind::released, i);
  wait_in_lane(i, true, now);
}

/// Of the day's numbers those that the provider can mean: of the sender or its carrier, or of the account. Where there
/// is none, whom it spoke of waits until carriers count anew.
void dispatcher::day_used_up(const flight& f, const verdict& v, time_point now) {
  const lane_spec& spec = *f.of->spec;
  const auto meant = v.pace == paced::sender ? counts_for::sender : counts_for::account;
  bool any = false;
  for (known_limit* q : spec.quotas) {
    if (q->whose != meant) continue;
    q->key.daily()->exhaust(wall(now));
    shared_.limits->counted(*q);
    any = true;
  }
  if (any) return;
  const auto left = std::chrono::ceil<milliseconds>(shared_.limits->carriers_next_day(wall(now)) - wall(now));
  if (v.pace == paced::sender) return spec.limits.back()->pause(now + left);
  for (route_entry* each : routes_[spec.route].shared->same_account) rest(*each, left, left, left, now);
}

/// The whole request was refused, and any of its messages may be why: each goes by itself, and is judged by what is
/// said of it then.
void dispatcher::try_alone(const flight& f, slot_index i, const verdict& v, time_point now) {
  slot& s = slots_[i];
  s.told.status_code = v.status_code;
  s.told.error = v.error;
  s.alone = true;
  uncount(f, cost_of(*f.of, i));
  note(journal::record_kind::released, i);
  wait_in_lane(i, true, now);
}

/// Bytes left and no answer says what became of the message: only the campaign's policy may send it again.
void dispatcher::lost(slot_index i, errc reason, std::string_view words, time_point now) {
  slot& s = slots_[i];
  s.answer_lost = true;
  s.told.error = words;
  const on_unknown policy = campaign_of(i).compiled->definition.on_unknown;
  // Only the provider that may have it can tell a repeat; a route that is gone cannot be asked.
  const bool there = s.told.route < routes_.size();
  const bool is_reported = there && routes_[s.told.route].shared->options->provider->reports();
  if (is_reported && shared_.deliveries->is_known(s.told.id)) return arrived(i, {});
  const bool again =
      there && (policy == on_unknown::resend || (policy == on_unknown::resend_if_deduplicated &&
                                                 routes_[s.told.route].shared->options->provider->deduplicates()));
  if (again) return try_again_later(i, 0ms, now);
  question q{.due = {}, .message = i, .id = s.told.id, .held_until = now, .reason = reason};
  if (is_reported) {
    if (!shared_.deliveries->hold(q.id, number_)) return arrived(i, {});
    q.held_until = now + shared_.options.reconcile.report_wait;
  }
  if (!there || !ask_later(q, now)) await_report(q, now);
}

// ---------------------------------------------------------------- waiting for what is reported of a message

/// Whatever became of it, the provider had it.
void dispatcher::arrived(slot_index i, const delivery_report& report) {
  verdict said;
  said.provider_message_id = report.provider_message_id;
  said.status_code = report.status_code;
  slots_[i].answer_lost = false;
  settle(i, outcome::accepted, {}, &said);
}

/// Nobody can be asked for the message, or not any more: only its report can tell, if it comes in time.
void dispatcher::await_report(const question& q, time_point now) {
  if (q.held_until <= now || state_of(q.message) == campaign_state::cancelled) {
    shared_.deliveries->release(q.id);
    return settle(q.message, outcome::maybe_sent, q.reason);
  }
  awaited_.push_back(q);
  awaited_.back().due = q.held_until;
  std::push_heap(awaited_.begin(), awaited_.end(), std::greater<>{});
  wake_at(q.held_until);  // a message of an earlier engine comes here when this turn has looked at the others
}

void dispatcher::end_waits(time_point now) {
  while (!awaited_.empty() && awaited_.front().due <= now) {
    std::pop_heap(awaited_.begin(), awaited_.end(), std::greater<>{});
    const question q = awaited_.back();
    awaited_.pop_back();
    await_report(q, now);
  }
  if (!awaited_.empty()) wake_at(awaited_.front().due);
}

void dispatcher::take_reports() {
  if (!shared_.deliveries->has_news(number_)) return;
  shared_.deliveries->take(number_, reports_);
  for (const delivery_report& each : reports_) {
    // It may have been settled while the report was on its way here.
    if (const slot_index i = withdraw(each.of.id); i != no_slot) arrived(i, each);
  }
}

/// Takes a message whose answer was lost out of where it waits; no_slot: it is in none of these places.
slot_index dispatcher::withdraw(message_id id) {
  const auto is_it = [&](const question& q) { return q.id == id && q.message != no_slot; };
  const auto out_of = [&](std::vector<question>& heap) {
    const auto found = std::find_if(heap.begin(), heap.end(), is_it);
    if (found == heap.end()) return no_slot;
    const slot_index i = found->message;
    heap.erase(found);
    std::make_heap(heap.begin(), heap.end(), std::greater<>{});
    return i;
  };
  slot_index i = out_of(awaited_);
  for (auto r = routes_.begin(); r != routes_.end() && i == no_slot; ++r) {
    i = out_of(r->questions);
    const auto asked = std::find_if(r->asked.begin(), r->asked.end(), is_it);
    if (asked != r->asked.end()) i = std::exchange(asked->message, no_slot);  // its answer is still to come
  }
  return i;
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
  if (const time_point due = std::max(r.questions.front().due, r.asks_from); due > now) return wake_at(due);
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
    ids_.push_back(r.asked.back().id);
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
    for (const question& q : asked) ids_.push_back(q.id);
    r.shared->options->provider->classify_query(end.response, ids_, each);
  } else {
    r.shared->set_last_error(end.why.message());
    for (verdict& v : each) v.kind = verdict_kind::retry;
  }
  for (const verdict& v : each) {
    if (v.kind == verdict_kind::slow_down) r.asks_from = std::max<time_point>(r.asks_from, now + v.retry_after);
  }
  for (std::size_t k = 0; k < asked.size(); ++k) {
    if (asked[k].message != no_slot) answered(asked[k], each[k], now);
  }
}

/// What the provider knows of a message is its outcome; what it does not know, or cannot say, is asked again.
void dispatcher::answered(const question& q, const verdict& v, time_point now) {
  slot& s = slots_[q.message];
  const bool accepted = v.kind == verdict_kind::accepted;
  // "Rejected" may be what the provider said of an earlier attempt, while the one that was lost went out.
  const bool rejected = v.kind == verdict_kind::rejected && s.told.attempts <= 1;
  if (accepted || (rejected && !shared_.deliveries->is_known(q.id))) {
    s.answer_lost = false;
    shared_.deliveries->release(q.id);
    return settle(q.message, accepted ? outcome::accepted : outcome::rejected,
                  accepted ? errc{} : errc::refused_by_provider, &v);
  }
  question again = q;
  again.times = static_cast<std::uint16_t>(q.times + 1);
  if (!ask_later(again, now)) await_report(again, now);
}

void dispatcher::try_again_later(slot_index i, milliseconds at_least, time_point now) {
  const retry_options& rules = shared_.options.retry;
  slot& s = slots_[i];
  if (++s.failures >= rules.attempts_max) return settle(i, outcome::not_sent, errc::attempts_exhausted);
  if (state_of(i) == campaign_state::paused) ++retries_paused_;
  const duration delay = doubled(rules.delay_min, s.failures - 1U, rules.delay_max);
  const duration jitter{static_cast<duration::rep>(random_.below(static_cast<std::uint64_t>(delay.count())))};
  const duration wait = std::max<duration>(delay, at_least) + jitter;
  note(journal::record_kind::released, i, wall(now) + std::chrono::ceil<wall_time::duration>(wait));
  expires(i);
  // What fails again and again may be what spoils the requests of others.
  s.alone = s.alone || s.failures >= failures_before_alone;
  retries_.push_back({now + wait, i});
  std::push_heap(retries_.begin(), retries_.end(), std::greater<>{});
}

void dispatcher::settle(slot_index i, outcome o, errc reason, const verdict* said) {
  slot& s = slots_[i];
  if (s.answer_lost && o != outcome::accepted) {
    // Whatever ended it, an earlier attempt may have arrived, or has, when it was reported.
    const bool arrived = shared_.deliveries->is_known(s.told.id);
    if (o != outcome::maybe_sent) reason = errc::answer_lost;
    o = arrived ? outcome::accepted : outcome::maybe_sent;
    if (arrived) reason = errc{};
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

// ---------------------------------------------------------------- routes that rest, messages that wait for a retry

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

/// Whether messages are better given to the route than to another: it does not rest, and after a fault one message at a
/// time asks whether it works again.
bool dispatcher::works(std::uint16_t route, time_point now) const noexcept {
  const route_on_shard& r = routes_[route];
  if (rests(*r.shared, now)) return false;
  return r.shared->faults.load(std::memory_order_relaxed) == 0 || r.waiting + r.in_flight == 0;
}

/// By which route a message is tried again, as far as can be told now. Only what may have arrived has to wait for a
/// route that is out of use.
std::uint16_t dispatcher::retries_by(slot_index i, time_point now) {
  const slot& s = slots_[i];
  if (s.answer_lost || !is_out(s.told.route, now)) return s.told.route;
  const compiled_campaign& c = *campaign_of(i).compiled;
  for (std::size_t k = 0; k < c.routes.size(); ++k) {
    if (works(c.routes[k].route, now) && c.reaches(k, *s.to)) return c.routes[k].route;
  }
  return s.told.route;
}

/// What is due is tried again as the retry budget of its route allows. What is due of a paused campaign is parked: it
/// has waited as long as it should.
void dispatcher::release_due(time_point now) {
  while (!retries_.empty() && retries_.front().due <= now) {
    std::pop_heap(retries_.begin(), retries_.end(), std::greater<>{});
    const slot_index i = retries_.back().message;
    retries_.pop_back();
    if (slots_[i].told.route < routes_.size()) {
      routes_[retries_by(i, now)].overdue.push_back(slots_, i);
    } else if (keep(i, now)) {
      assign(i, true, now);
    }
  }
  for (route_on_shard& r : routes_) {
    while (!r.overdue.empty() && r.shared->budget.try_take(1, now)) {
      const slot_index i = r.overdue.pop_front(slots_);
      if (state_of(i) == campaign_state::paused) retries_paused_ -= std::min<std::size_t>(retries_paused_, 1);
      if (keep(i, now)) assign(i, true, now);
    }
    if (!r.overdue.empty()) wake_at(r.shared->budget.ready_at(now));
  }
}

}  // namespace broadside::engine_detail
