// http/retry_after - how long a server asks to be left alone: the readers of its two forms.
#include <algorithm>
#include <array>
#include <cstdint>
#include <http/retry_after.hpp>
#include <optional>

namespace broadside::http {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds not_given{-1};

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

std::string_view trimmed(std::string_view text) noexcept {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

milliseconds read_delta(std::string_view digits) noexcept {
  constexpr auto cap = std::chrono::duration_cast<std::chrono::seconds>(retry_after_max).count();
  std::int64_t seconds = 0;
  for (const char c : digits) seconds = std::min<std::int64_t>(seconds * 10 + (c - '0'), cap);
  return std::chrono::seconds{seconds};
}

// Walks over the fixed columns of a date; the first column that does not match spoils the whole.
class columns {
 public:
  explicit columns(std::string_view text) noexcept : left_(text) {}

  void literal(std::string_view text) noexcept {
    good_ = good_ && left_.starts_with(text);
    if (good_) left_.remove_prefix(text.size());
  }
  int number(std::size_t digits) noexcept {
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i) value = value * 10 + digit();
    return value;
  }
  int day_with_blank() noexcept {  // asctime writes " 6" where the others write "06"
    if (!left_.starts_with(' ')) return number(2);
    left_.remove_prefix(1);
    return number(1);
  }
  int name_of(std::string_view three_letter_names) noexcept {
    if (left_.size() < 3) return fail();
    const std::size_t at = three_letter_names.find(left_.substr(0, 3));
    if (at == std::string_view::npos || at % 3 != 0) return fail();
    left_.remove_prefix(3);
    return static_cast<int>(at / 3);
  }
  [[nodiscard]] bool done() const noexcept { return good_ && left_.empty(); }

 private:
  int digit() noexcept {
    if (left_.empty() || !is_digit(left_.front())) return fail();
    const int value = left_.front() - '0';
    left_.remove_prefix(1);
    return value;
  }
  int fail() noexcept {
    good_ = false;
    return 0;
  }
  std::string_view left_;
  bool good_ = true;
};

struct civil {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
};

constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
constexpr std::string_view weekdays = "SunMonTueWedThuFriSat";

void read_clock(columns& in, civil& out) noexcept {
  out.hour = in.number(2);
  in.literal(":");
  out.minute = in.number(2);
  in.literal(":");
  out.second = in.number(2);
}

// "Sun, 06 Nov 1994 08:49:37 GMT"
bool read_imf_fixdate(std::string_view text, civil& out) noexcept {
  columns in(text);
  in.name_of(weekdays);
  in.literal(", ");
  out.day = in.number(2);
  in.literal(" ");
  out.month = in.name_of(months) + 1;
  in.literal(" ");
  out.year = in.number(4);
  in.literal(" ");
  read_clock(in, out);
  in.literal(" GMT");
  return in.done();
}

// "Sunday, 06-Nov-94 08:49:37 GMT"; a two-digit year more than 50 years ahead is in the past century
bool read_rfc850_date(std::string_view text, wall_time now, civil& out) noexcept {
  const std::size_t comma = text.find(", ");
  if (comma == std::string_view::npos) return false;
  constexpr std::array<std::string_view, 7> names{"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                  "Thursday", "Friday", "Saturday"};
  if (std::find(names.begin(), names.end(), text.substr(0, comma)) == names.end()) return false;
  columns in(text.substr(comma + 2));
  out.day = in.number(2);
  in.literal("-");
  out.month = in.name_of(months) + 1;
  in.literal("-");
  const int year = in.number(2);
  in.literal(" ");
  read_clock(in, out);
  in.literal(" GMT");
  const std::chrono::year_month_day today{std::chrono::floor<std::chrono::days>(now)};
  const int this_year = static_cast<int>(today.year());
  out.year = this_year - this_year % 100 + year;
  if (out.year > this_year + 50) out.year -= 100;
  if (out.year + 100 <= this_year + 50) out.year += 100;
  return in.done();
}

// "Sun Nov  6 08:49:37 1994"
bool read_asctime_date(std::string_view text, civil& out) noexcept {
  columns in(text);
  in.name_of(weekdays);
  in.literal(" ");
  out.month = in.name_of(months) + 1;
  in.literal(" ");
  out.day = in.day_with_blank();
  in.literal(" ");
  read_clock(in, out);
  in.literal(" ");
  out.year = in.number(4);
  return in.done();
}

std::optional<std::chrono::sys_seconds> to_time(const civil& at) noexcept {
  const std::chrono::year_month_day date{std::chrono::year{at.year},
                                         std::chrono::month{static_cast<unsigned>(at.month)},
                                         std::chrono::day{static_cast<unsigned>(at.day)}};
  if (!date.ok() || at.hour > 23 || at.minute > 59 || at.second > 60) return std::nullopt;  // 60: a leap second
  return std::chrono::sys_days{date} + std::chrono::hours{at.hour} + std::chrono::minutes{at.minute} +
         std::chrono::seconds{at.second};
}

milliseconds read_date(std::string_view text, wall_time now) noexcept {
  civil fields;
  if (!read_imf_fixdate(text, fields) && !read_asctime_date(text, fields) && !read_rfc850_date(text, now, fields))
    return not_given;
  const auto at = to_time(fields);
  if (!at) return not_given;
  // In whole seconds first: milliseconds or finer of a far year would overflow.
  const auto now_seconds = std::chrono::floor<std::chrono::seconds>(now);
  const auto span = std::clamp<std::chrono::seconds>(*at - now_seconds, std::chrono::seconds{0}, retry_after_max);
  const auto into_second = std::chrono::floor<milliseconds>(now - now_seconds);
  return std::max(milliseconds{0}, milliseconds{span} - (span < retry_after_max ? into_second : milliseconds{0}));
}

}  // namespace

bool retry_after_is_date(std::string_view value) noexcept {
  const std::string_view text = trimmed(value);
  return !text.empty() && !is_digit(text.front());
}

milliseconds read_retry_after(std::string_view value, wall_time now) noexcept {
  const std::string_view text = trimmed(value);
  if (text.empty()) return not_given;
  if (std::all_of(text.begin(), text.end(), is_digit)) return read_delta(text);
  return read_date(text, now);
}

}  // namespace broadside::http
