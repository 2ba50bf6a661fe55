// testing/outage_schedule - what is wrong with the provider when, by simulator_options::outages.
//
// Pure, takes `now`. Not thread-safe.
#pragma once

#include <broadside/environment.hpp>
#include <broadside/testing/provider_simulator.hpp>
#include <optional>
#include <vector>

namespace broadside::testing {

class outage_schedule {
 public:
  outage_schedule(std::vector<outage> outages, bool from_first_request)
      : outages_(std::move(outages)), from_first_request_(from_first_request) {}

  void started(time_point now) noexcept {
    if (!from_first_request_) begin_ = now;
  }
  void requested(time_point now) noexcept {
    if (from_first_request_ && !begin_) begin_ = now;
  }

  /// The first of the list that holds now; null: none does.
  [[nodiscard]] const outage* at(time_point now) const noexcept;
  [[nodiscard]] bool refuses_connections(time_point now) const noexcept;
  /// When refuses_connections() may change next; time_point::max(): never, as far as is known now.
  [[nodiscard]] time_point next_change(time_point now) const noexcept;

 private:
  std::vector<outage> outages_;
  bool from_first_request_;
  std::optional<time_point> begin_;  // of the times in outages_; none: nobody has asked yet
};

}  // namespace broadside::testing
