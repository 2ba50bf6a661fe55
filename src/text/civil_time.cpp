// text/civil_time - see civil_time.hpp.
#include <fmt/format.h>
#include <algorithm>
#include <chrono>
#include <iterator>
#include <text/civil_time.hpp>

namespace broadside::text {

void append_utc(std::string& out, wall_time time, fraction shown) {
  using namespace std::chrono;
  const auto ms = std::max(floor<milliseconds>(time.time_since_epoch()), milliseconds{0});
  const auto day = floor<days>(ms);
  const year_month_day date{sys_days{day}};
  const hh_mm_ss clock{ms - day};
  fmt::format_to(std::back_inserter(out), "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                 static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                 clock.minutes().count(), clock.seconds().count());
  if (shown == fraction::milliseconds) fmt::format_to(std::back_inserter(out), ".{:03}", clock.subseconds().count());
  out.push_back('Z');
}

}  // namespace broadside::text
