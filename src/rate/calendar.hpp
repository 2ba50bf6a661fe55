// rate/calendar - the local days of a time zone, daylight saving included.
//
// Pure: the zone is read once, from the system's time zone database; then any thread, no allocation.
#pragma once

#include <broadside/environment.hpp>
#include <broadside/result.hpp>
#include <memory>
#include <string_view>

namespace broadside::rate {

class calendar {
 public:
  /// At most 64 bytes: words of letters, digits, "_", "+" and "-" between slashes. Errors: invalid_argument when the
  /// system does not know the zone.
  [[nodiscard]] static result<calendar> of(std::string_view iana_name);

  /// The first instant of the local day that `at` is in. Where midnight does not exist that day (a clock set forward
  /// at midnight), the first instant that does; where it exists twice, the first, and the time before the second
  /// belongs to the new day already: days follow one another.
  [[nodiscard]] wall_time day_begin(wall_time at) const noexcept;
  /// The first instant of the day after it, later than `at`. Days have 23 to 25 hours, and by decree others: nothing is
  /// assumed.
  [[nodiscard]] wall_time next_day(wall_time at) const noexcept;

 private:
  struct zone;
  explicit calendar(std::shared_ptr<const zone>) noexcept;
  std::shared_ptr<const zone> zone_;  // calendars are copied, and live in a header that does not know the library
};

}  // namespace broadside::rate
