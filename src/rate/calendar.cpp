// rate/calendar - local midnights by Abseil's reading of the system's time zone database.
#include <absl/time/civil_time.h>
#include <absl/time/time.h>
#include <algorithm>
#include <rate/calendar.hpp>
#include <string>
#include <utility>

namespace broadside::rate {
namespace {

constexpr std::size_t name_max = 64;

constexpr bool is_letter_or_digit(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// Whether it has the form of a name in the database. Abseil also takes paths, offsets and words of its own, and
/// "right/" counts leap seconds, which the clock does not.
bool is_zone_name(std::string_view name) noexcept {
  if (name.empty() || name.size() > name_max) return false;
  if (name == "localtime" || name.starts_with("right/")) return false;
  bool begins = true;  // a word between slashes
  for (const char c : name) {
    const bool fits = is_letter_or_digit(c) || (!begins && (c == '_' || c == '+' || c == '-' || c == '/'));
    if (!fits) return false;
    begins = c == '/';
  }
  return !begins;
}

wall_time first_instant(const absl::TimeZone& zone, absl::CivilDay day) {
  const absl::TimeZone::TimeInfo midnight = zone.At(absl::CivilSecond(day));
  return absl::ToChronoTime(midnight.kind == absl::TimeZone::TimeInfo::SKIPPED ? midnight.trans : midnight.pre);
}

}  // namespace

struct calendar::zone {
  absl::TimeZone of;
};

calendar::calendar(std::shared_ptr<const zone> z) noexcept : zone_(std::move(z)) {}

result<calendar> calendar::of(std::string_view iana_name) {
  auto known = std::make_shared<zone>();
  if (!is_zone_name(iana_name) || !absl::LoadTimeZone({iana_name.data(), iana_name.size()}, &known->of)) {
    return errc::invalid_argument;
  }
  return calendar(std::move(known));
}

wall_time calendar::day_begin(wall_time at) const noexcept {
  const absl::CivilDay day(zone_->of.At(absl::FromChrono(at)).cs);
  const wall_time next = first_instant(zone_->of, day + 1);
  return next <= at ? next : first_instant(zone_->of, day);  // set back over midnight: the day has begun before
}

wall_time calendar::next_day(wall_time at) const noexcept {
  absl::CivilDay day(zone_->of.At(absl::FromChrono(at)).cs);
  wall_time next = first_instant(zone_->of, ++day);
  if (next <= at) next = first_instant(zone_->of, ++day);  // set back over midnight, or a day without any instant
  return next;
}

}  // namespace broadside::rate
