// rate/route_shares - who is bad, and a step of one eighth.
#include <algorithm>
#include <cstddef>
#include <rate/route_shares.hpp>
#include <string>
#include <utility>

namespace broadside::rate {
namespace {

constexpr unsigned patience = 12;  // intervals

std::uint64_t heard(const route_sample& s) noexcept { return s.answers + s.faults; }

std::string what_was_bad(const route_sample& s) {
  if (s.is_open) return "it is out of use";
  const char* const how = s.slow == 0     ? " answers were faults"
                          : s.faults == 0 ? " answers were late"
                                          : " answers were faults or late";
  return std::to_string(s.faults + s.slow) + " of " + std::to_string(heard(s)) + how;
}

}  // namespace

route_shares::route_shares(std::size_t routes, const failover_options& o)
    : faults_max_(o.faults_max), answers_min_(std::max(o.answers_min, 1U)), routes_(routes) {}

void route_shares::judge(std::span<const route_sample> samples) {
  changes_.clear();
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    state& r = routes_[i];
    r.sample = i < samples.size() ? samples[i] : route_sample{};
    const auto all = heard(r.sample);
    r.is_heard = r.sample.is_open || all >= answers_min_;
    if (!r.is_heard) continue;
    const auto bad = static_cast<double>(r.sample.faults + r.sample.slow);
    r.is_bad = faults_max_ < 1 && (r.sample.is_open || bad > faults_max_ * static_cast<double>(all));
  }
}

void route_shares::step(std::size_t route, bool others_work) {
  state& r = routes_[route];
  if (r.is_heard || !r.is_bad) r.unheard = 0;
  if (!r.is_bad) {
    change(route, r.share + 1, r.is_heard ? "it works again" : "nothing bad was heard of it");
  } else if (r.is_heard) {
    if (others_work) change(route, r.share - 1, what_was_bad(r.sample));
  } else if (++r.unheard == patience) {
    r.unheard = 0;
    change(route, r.share + 1, "too little was heard of it to tell: it is tried again");
  }
}

void route_shares::change(std::size_t route, unsigned to, std::string because) {
  to = std::clamp(to, least_share, whole_share);
  if (to == routes_[route].share) return;
  changes_.push_back({.route = route, .from = routes_[route].share, .to = to, .because = std::move(because)});
  routes_[route].share = to;
}

}  // namespace broadside::rate
