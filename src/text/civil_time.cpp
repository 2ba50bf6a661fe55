// text/civil_time - see civil_time.hpp.
#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <chrono>
#include <text/civil_time.hpp>

namespace broadside::text {

fixed_string<24> utc(wall_time time, fraction shown) {
  using namespace std::chrono;
  const auto ms = std::max(floor<milliseconds>(time.time_since_epoch()), milliseconds{0});
  const auto day = floor<days>(ms);
  const year_month_day date{sys_days{day}};
  const hh_mm_ss clock{ms - day};
  std::array<char, 24> text{};
  auto end =
      fmt::format_to_n(text.data(), text.size(), "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                       clock.minutes().count(), clock.seconds().count())
          .out;
  const auto left = static_cast<std::size_t>(text.data() + text.size() - end);
  if (shown == fraction::milliseconds) {
    end = fmt::format_to_n(end, left, ".{:03}Z", clock.subseconds().count()).out;
  } else {
    end = fmt::format_to_n(end, left, "Z").out;
  }
  return std::string_view(text.data(), static_cast<std::size_t>(end - text.data()));
}

}  // namespace broadside::text
