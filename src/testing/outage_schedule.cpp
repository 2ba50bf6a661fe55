// testing/outage_schedule - see outage_schedule.hpp.
#include <algorithm>
#include <testing/outage_schedule.hpp>

namespace broadside::testing {

const outage* outage_schedule::at(time_point now) const noexcept {
  if (!begin_) return nullptr;
  const duration since = now - *begin_;
  const auto holds = [=](const outage& each) { return since >= each.from && since < each.until; };
  const auto found = std::find_if(outages_.begin(), outages_.end(), holds);
  return found == outages_.end() ? nullptr : &*found;
}

bool outage_schedule::refuses_connections(time_point now) const noexcept {
  const outage* const holds = at(now);
  return holds != nullptr && holds->what == outage::kind::refuses_connections;
}

time_point outage_schedule::next_change(time_point now) const noexcept {
  time_point next = time_point::max();
  if (!begin_) return next;
  for (const outage& each : outages_) {
    for (const time_point edge : {*begin_ + each.from, *begin_ + each.until}) {
      if (edge > now) next = std::min(next, edge);
    }
  }
  return next;
}

}  // namespace broadside::testing
