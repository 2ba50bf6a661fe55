// rate/route_shares - how much of its weight each route has, by how its provider answers. Pure; one owner at a time.
#pragma once

#include <broadside/environment.hpp>
#include <broadside/options.hpp>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace broadside::rate {

inline constexpr unsigned whole_share = 8;  // eighths
inline constexpr unsigned least_share = 1;  // what is left to a bad route: so that it is seen when it works again

/// What a route's provider did in an interval.
struct route_sample {
  std::uint64_t answers = 0;  // that judged a message: accepted, rejected, slow_down
  std::uint64_t faults = 0;   // transient refusals, lost answers, connections that could not be made, account faults
  std::uint64_t slow = 0;     // of the answers, those that came later than failover_options::slow_after
  bool is_open = false;       // the breaker is: nothing is sent, so nothing is learnt
};

struct share_change {
  std::size_t route = 0;
  unsigned from = 0;
  unsigned to = 0;
  std::string because;  // "27 of 80 answers were faults", "it is out of use", "it works again": no names in it
};

/// A route that is bad gives up an eighth an interval as long as some route that it shares a campaign with is good; a
/// route that is good, or of which too little is known and whose last known sample was not bad, gets one back. Bad: the
/// breaker is open, or more than faults_max of answers + faults are faults or slow, of at least answers_min; with a
/// faults_max of 1 never. A bad route of which too little is heard stays where it is for twelve intervals, then gets an
/// eighth back, so that it is tried again.
class route_shares {
 public:
  route_shares(std::size_t routes, const failover_options&);

  /// `alternatives(a, b)`: whether messages of a may take b. Once an interval; `samples` are of that interval alone.
  /// The changes are dead at the next call.
  template <class Alternatives>
  std::span<const share_change> evaluate(std::span<const route_sample> samples, Alternatives alternatives) {
    judge(samples);
    for (std::size_t route = 0; route < routes_.size(); ++route) {
      bool others_work = false;
      for (std::size_t other = 0; other < routes_.size() && routes_[route].is_bad && !others_work; ++other) {
        others_work = other != route && !routes_[other].is_bad && alternatives(route, other);
      }
      step(route, others_work);
    }
    return changes_;
  }
  [[nodiscard]] unsigned share(std::size_t route) const noexcept { return routes_[route].share; }

 private:
  struct state {
    unsigned share = whole_share;
    unsigned unheard = 0;   // intervals in a row in which a bad route was not heard of
    bool is_bad = false;    // by the last interval that said something
    bool is_heard = false;  // this interval did
    route_sample sample{};  // of this interval
  };

  void judge(std::span<const route_sample> samples);
  void step(std::size_t route, bool others_work);
  void change(std::size_t route, unsigned to, std::string because);

  double faults_max_;
  std::uint32_t answers_min_;
  std::vector<state> routes_;
  std::vector<share_change> changes_;  // of the last evaluation
};

}  // namespace broadside::rate
