// engine/lane_schedule - see lane_schedule.hpp.
#include <algorithm>
#include <array>
#include <engine/lane_schedule.hpp>
#include <functional>

namespace broadside::engine_detail {
namespace {

constexpr unsigned urgent_turns_max = 15;  // while marketing waits
// A gate that waits for the next day looks again now and then: the clock may have been set, and another shard may have
// given something back to the day's number.
constexpr std::chrono::minutes longest_sleep{1};

time_point wakes_at(const rate::limit_key& key, time_point at, time_point now) {
  return key.daily() != nullptr ? std::min<time_point>(at, now + longest_sleep) : at;
}

}  // namespace

void lane_heap::push(lane& l, std::size_t tag) {
  const bool urgent = l.priority == priority::transactional;
  auto& list = urgent ? urgent_ : others_;
  l.tags[tag] = std::max(l.tags[tag], urgent ? urgent_at_ : others_at_);
  list.push_back({l.tags[tag], arrivals_++, &l});
  std::push_heap(list.begin(), list.end(), std::greater<>{});
}

lane* lane_heap::take(std::vector<entry>& from, double& reached) {
  std::pop_heap(from.begin(), from.end(), std::greater<>{});
  const entry e = from.back();
  from.pop_back();
  reached = e.tag;
  return e.waits;
}

lane* lane_heap::pop() {
  const bool others_turn = !others_.empty() && (urgent_.empty() || urgent_turns_ >= urgent_turns_max);
  if (others_turn) {
    urgent_turns_ = 0;
    return take(others_, others_at_);
  }
  if (urgent_.empty()) return nullptr;
  urgent_turns_ = others_.empty() ? 0 : urgent_turns_ + 1;
  return take(urgent_, urgent_at_);
}

std::size_t lane_heap::messages(std::size_t enough) const noexcept {
  std::size_t n = 0;
  for (const auto* list : {&urgent_, &others_}) {
    for (auto each = list->begin(); each != list->end() && n < enough; ++each) n += each->waits->waiting.size();
  }
  return n;
}

void lane_schedule::adopt(lane& l) {
  for (rate::limit_key* key : l.spec->limits) {
    auto& there = gates_[key];
    if (!there) {
      there = std::make_unique<gate>(*key);
      all_gates_.push_back(there.get());
    }
    l.gates.push_back(there.get());
  }
  l.tags.assign(1 + l.gates.size(), 0.0);
}

void lane_schedule::has_work(lane& l, time_point now) {
  if (!l.counted) {
    l.counted = true;
    for (gate* g : l.gates) {
      if (g->wanted_by++ == 0) g->key->wanted(now);
    }
  }
  if (l.is == lane::where::lingers && l.waiting.size() >= l.batch) return wait_at_route(l);
  if (l.is != lane::where::nowhere || l.waiting.empty()) return;
  if (l.linger <= duration::zero() || l.waiting.size() >= l.batch) return wait_at_route(l);
  l.is = lane::where::lingers;
  l.lingers_until = now + l.linger;
  lingering_.push_back({l.lingers_until, &l});
  std::push_heap(lingering_.begin(), lingering_.end(), std::greater<>{});
}

void lane_schedule::end_linger(time_point now) {
  while (!lingering_.empty() && lingering_.front().until <= now) {
    std::pop_heap(lingering_.begin(), lingering_.end(), std::greater<>{});
    const lingering over = lingering_.back();
    lingering_.pop_back();
    if (over.waits->is == lane::where::lingers && over.waits->lingers_until == over.until) wait_at_route(*over.waits);
  }
}

void lane_schedule::check_work(lane& l, time_point now) {
  if (!l.counted || !l.waiting.empty() || l.claimed > 0) return;
  l.counted = false;
  l.home = 0;
  for (gate* g : l.gates) {
    if (--g->wanted_by == 0) g->key->unwanted(now);
  }
}

void lane_schedule::wait_at_route(lane& l) {
  l.is = lane::where::route;
  routes_[l.spec->route].push(l, 0);
}

void lane_schedule::wait_at_gate(lane& l, std::size_t limit) {
  l.is = lane::where::gate;
  l.gates[limit]->waiting.push(l, 1 + limit);
}

void lane_schedule::not_tried(lane& l) {
  l.is = lane::where::nowhere;
  if (!l.waiting.empty()) wait_at_route(l);
}

void lane_schedule::served(lane& l) {
  l.is = lane::where::nowhere;
  if (l.waiting.empty()) return;
  // Where others wait behind the limit that held it up, it lines up with them again.
  const bool others_wait = l.home > 0 && !l.gates[l.home - 1]->waiting.empty();
  if (!others_wait) return wait_at_route(l);
  wait_at_gate(l, l.home - 1);
  opens_at(*l.gates[l.home - 1], time_point::min());
}

void lane_schedule::denied(lane& l, std::size_t by, time_point until, time_point now) {
  l.is = lane::where::nowhere;
  l.home = 1 + by;
  if (l.waiting.empty()) return;
  wait_at_gate(l, by);
  l.gates[by]->promised_away = false;
  opens_at(*l.gates[by], wakes_at(*l.gates[by]->key, until, now));
}

void lane_schedule::denied_by_promise(lane& l, std::size_t by, time_point until, time_point now) {
  denied(l, by, until, now);
  l.gates[by]->promised_away = true;
}

void lane_schedule::promise_ended(const lane& l) {
  for (gate* g : l.gates) {
    if (g->promised_away && !g->waiting.empty()) opens_at(*g, time_point::min());
    g->promised_away = false;
  }
}

void lane_schedule::quota_returned(const lane& l) {
  for (gate* g : l.gates) {
    if (g->key->daily() != nullptr && !g->waiting.empty()) opens_at(*g, time_point::min());
  }
}

/// What was said last counts: a limit that has just denied a lane denies the others behind its gate too.
void lane_schedule::opens_at(gate& g, time_point at) {
  if (g.opens == at) return;
  g.opens = at;
  due_.push_back({at, orders_++, &g});
  std::push_heap(due_.begin(), due_.end(), std::greater<>{});
}

const lane* lane_schedule::let_through(time_point now, wall_time wall) {
  while (!due_.empty() && due_.front().at <= now) {
    std::pop_heap(due_.begin(), due_.end(), std::greater<>{});
    const due first = due_.back();
    due_.pop_back();
    gate& g = *first.opens;
    if (g.opens != first.at) continue;  // it was said otherwise since
    g.opens = time_point::max();
    const time_point ready = g.key->ready_at(1, now, wall);
    if (ready > now) {
      if (!g.waiting.empty()) opens_at(g, wakes_at(*g.key, ready, now));
      continue;
    }
    // One at a time: who is served takes of what there is, and only then is it known whether there is more.
    lane* const l = g.waiting.pop();
    if (l == nullptr) continue;
    wait_at_route(*l);
    if (!g.waiting.empty()) opens_at(g, now);
    return l;
  }
  return nullptr;
}

void lane_schedule::reopen_all() {
  for (gate* g : all_gates_) {
    if (!g->waiting.empty()) opens_at(*g, time_point::min());
  }
}

}  // namespace broadside::engine_detail
