// testing/worst_window - every window between two widths, in one pass over the arrivals for each end of the range.
//
// Pure. A window is worst where it begins and ends with an arrival, or has the narrowest width: no other has to be
// looked at.
#include <broadside/testing/provider_simulator.hpp>
#include <deque>

namespace broadside::testing {
namespace {

double seconds(duration d) noexcept { return std::chrono::duration<double>(d).count(); }

/// Notes the window of arrivals first..last, as wide as is said.
class worst_so_far {
 public:
  worst_so_far(std::span<const time_point> times, const rate_limit& limit, duration slack)
      : times_(times), limit_(limit), slack_(slack) {}

  void look(std::size_t first, std::size_t last, duration width) {
    const std::uint64_t count = last - first + 1;
    const double allowed = limit_.per_second * seconds(width + slack_) + limit_.burst;
    const bool worse = static_cast<double>(count) - allowed > static_cast<double>(found.count) - found.allowed;
    if (found.count == 0 || worse) found = {times_[first], width, count, allowed};
  }

  arrival_window found;

 private:
  std::span<const time_point> times_;
  const rate_limit& limit_;
  duration slack_;
};

}  // namespace

arrival_window worst_window(std::span<const time_point> times, const rate_limit& limit, duration slack,
                            duration narrowest, duration widest) {
  if (limit.unlimited() || times.empty()) return {};
  worst_so_far worst(times, limit, slack);
  // Where a wider window had better begin: what lies between its beginning and another's weighs more than that limit
  // allows for the time between. Best first; those that a later one beats are gone.
  std::deque<std::size_t> begins;
  const auto weight = [&](std::size_t i) {
    return limit.per_second * seconds(times[i] - times.front()) - static_cast<double>(i);
  };
  std::size_t narrow = 0;  // the first arrival in the narrowest window that ends with `last`
  std::size_t next = 0;    // the first that is too near to begin a wider one
  for (std::size_t last = 0; last < times.size(); ++last) {
    while (times[last] - times[narrow] >= narrowest) ++narrow;
    worst.look(narrow, last, narrowest);
    for (; times[last] - times[next] >= narrowest; ++next) {
      while (!begins.empty() && weight(begins.back()) <= weight(next)) begins.pop_back();
      begins.push_back(next);
    }
    while (!begins.empty() && times[last] - times[begins.front()] > widest) begins.pop_front();
    if (!begins.empty()) worst.look(begins.front(), last, times[last] - times[begins.front()]);
  }
  return worst.found;
}

}  // namespace broadside::testing
