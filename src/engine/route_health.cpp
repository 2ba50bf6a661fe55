// engine/route_health - see route_health.hpp.
#include <engine/route_health.hpp>

namespace broadside::engine_detail {
namespace {

constexpr std::size_t history_max = 256;

}  // namespace

route_health::route_health(const options& o, time_point start)
    : options_(o),
      routes_(o.routes.size()),
      next_look_(std::chrono::duration_cast<std::chrono::nanoseconds>((start + o.failover.interval).time_since_epoch())
                     .count()),
      shares_(o.routes.size(), o.failover) {
  samples_.reserve(o.routes.size());
}

void route_health::answered(std::uint16_t route, duration took) noexcept {
  counts& c = routes_[route];
  c.answers.fetch_add(1, std::memory_order_relaxed);
  if (took > options_.failover.slow_after) c.slow.fetch_add(1, std::memory_order_relaxed);
  if (c.faults_in_a_row.load(std::memory_order_relaxed) != 0) c.faults_in_a_row.store(0, std::memory_order_relaxed);
}

bool route_health::failed(std::uint16_t route, std::uint64_t n) noexcept {
  counts& c = routes_[route];
  c.faults.fetch_add(n, std::memory_order_relaxed);
  const auto in_a_row = c.faults_in_a_row.fetch_add(static_cast<std::uint32_t>(n), std::memory_order_relaxed) + n;
  return in_a_row >= options_.failover.faults_in_a_row;
}

void route_health::are_alternatives(std::span<const std::uint16_t> routes) noexcept {
  for (const std::uint16_t a : routes) {
    for (const std::uint16_t b : routes) {
      if (a != b) routes_[a].alternatives[b / 64].fetch_or(std::uint64_t{1} << (b % 64U), std::memory_order_relaxed);
    }
  }
}

rate::route_sample route_health::since_last(counts& c) const noexcept {
  const rate::route_sample now{c.answers.load(std::memory_order_relaxed), c.faults.load(std::memory_order_relaxed),
                               c.slow.load(std::memory_order_relaxed)};
  const rate::route_sample since{now.answers - c.seen.answers, now.faults - c.seen.faults, now.slow - c.seen.slow};
  c.seen = now;
  return since;
}

void route_health::evaluate(wall_time wall, std::span<const rate::route_sample> samples) {
  const auto alternatives = [&](std::size_t a, std::size_t b) {
    return (routes_[a].alternatives[b / 64].load(std::memory_order_relaxed) >> (b % 64U) & 1U) != 0;
  };
  for (const rate::share_change& each : shares_.evaluate(samples, alternatives)) {
    routes_[each.route].share.store(each.to, std::memory_order_relaxed);
    if (history_.size() == history_max) history_.pop_front();
    history_.push_back({wall, options_.routes[each.route].name, each.from, each.to, each.because});
  }
}

std::vector<route_change> route_health::history() const {
  const std::scoped_lock lock(mutex_);
  return {history_.begin(), history_.end()};
}

}  // namespace broadside::engine_detail
