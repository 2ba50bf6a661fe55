// text/civil_time - see civil_time.hpp.
#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <chrono>
#include <text/civil_time.hpp>

namespace broadside::text {
namespace {

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

/// Takes the shape off the front, where a 0 stands for any digit; what it took, or an empty text.
std::string_view take_shape(std::string_view& text, std::string_view shape) noexcept {
  if (text.size() < shape.size()) return {};
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == '0' ? !is_digit(text[i]) : text[i] != shape[i]) return {};
  }
  const std::string_view taken = text.substr(0, shape.size());
  text.remove_prefix(shape.size());
  return taken;
}

/// Of digits.
constexpr int number(std::string_view digits) noexcept {
  int value = 0;
  for (const char c : digits) value = value * 10 + (c - '0');
  return value;
}

/// ".990498", or nothing at all; a point without digits is no fraction.
std::optional<std::chrono::nanoseconds> take_fraction(std::string_view& text) noexcept {
  if (!text.starts_with('.')) return std::chrono::nanoseconds{0};
  text.remove_prefix(1);
  const auto end = std::find_if_not(text.begin(), text.end(), is_digit);
  const auto digits = static_cast<std::size_t>(end - text.begin());
  if (digits == 0) return std::nullopt;
  std::int64_t value = 0;
  for (std::size_t i = 0; i < 9; ++i) value = value * 10 + (i < digits ? text[i] - '0' : 0);
  text.remove_prefix(digits);
  return std::chrono::nanoseconds{value};
}

/// All of "Z", "+05:30" or "+0530".
std::optional<std::chrono::minutes> offset_of(std::string_view text) noexcept {
  if (text == "Z") return std::chrono::minutes{0};
  if (text.size() < 5 || (text.front() != '+' && text.front() != '-')) return std::nullopt;
  const int sign = text.front() == '-' ? -1 : 1;
  text.remove_prefix(1);
  std::string_view rest = text;
  const std::size_t minutes_at = text[2] == ':' ? 3 : 2;
  if (take_shape(rest, minutes_at == 3 ? "00:00" : "0000").empty() || !rest.empty()) return std::nullopt;
  const int hours = number(text.substr(0, 2));
  const int minutes = number(text.substr(minutes_at));
  if (hours > 23 || minutes > 59) return std::nullopt;
  return std::chrono::minutes{sign * (hours * 60 + minutes)};
}

}  // namespace

std::optional<wall_time> parse_date_time(std::string_view text) noexcept {
  using namespace std::chrono;
  const std::string_view t = take_shape(text, "0000-00-00T00:00:00");
  if (t.empty()) return std::nullopt;
  const year_month_day date{year{number(t.substr(0, 4))}, month{static_cast<unsigned>(number(t.substr(5, 2)))},
                            day{static_cast<unsigned>(number(t.substr(8, 2)))}};
  const int hour = number(t.substr(11, 2));
  const int minute = number(t.substr(14, 2));
  const int second = number(t.substr(17, 2));  // 60: a leap second, as the one behind it
  const auto part = take_fraction(text);
  const auto offset = part ? offset_of(text) : std::nullopt;
  if (!offset || !date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  constexpr year first{1970};
  constexpr year last{2261};  // the last whole one that nanoseconds reach
  if (date.year() < first || date.year() > last) return std::nullopt;
  const wall_time time = sys_days{date} + hours{hour} + minutes{minute} + seconds{second} + *part - *offset;
  return time < wall_time{} ? std::nullopt : std::optional(time);
}

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
