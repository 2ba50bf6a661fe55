// sms/shorten - the longest front of a text that fits with an ellipsis behind it.
#include <algorithm>
#include <broadside/sms.hpp>
#include <sms/coding.hpp>
#include <sms/cutter.hpp>
#include <text/unicode.hpp>

namespace broadside {
namespace {

using sms::coding;
using sms::place;

struct ellipsis {
  std::string_view text;
  std::size_t units;
};

/// Every alphabet has full stops; U+2026 is in none.
ellipsis ellipsis_of(const coding& how) noexcept {
  return how.encoding == sms_encoding::gsm7 ? ellipsis{"...", 3} : ellipsis{"…", 1};
}

bool is_white_space(char32_t c) noexcept {
  return (c >= 0x09 && c <= 0x0D) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

std::string_view without_white_space_behind(std::string_view text) noexcept {
  while (!text.empty()) {
    const std::size_t last = text::previous_code_point(text, text.size());
    std::size_t at = last;
    if (!is_white_space(text::next_code_point(text, at))) break;
    text.remove_suffix(text.size() - last);
  }
  return text;
}

/// Whole clusters from the front that the alphabet holds.
std::string_view front_held_by(std::string_view text, const coding& how) noexcept {
  if (how.encoding == sms_encoding::ucs2) return text;
  const std::size_t held = sms::hold(text, how.tables).bytes;
  return held == text.size() ? text : text.substr(0, text::cluster_start(text, 0, held));
}

/// What of `text`, all of which `how` holds, fits with an ellipsis.
std::string_view front_that_fits(std::string_view text, const coding& how, const sms_format& format) noexcept {
  const std::size_t capacity = how.capacity(format.max_parts == 1 ? place::alone : place::joined, format);
  sms::part_cutter cutter(text, how, capacity, sms::clusters::kept);
  for (int part = 1; part < format.max_parts && !cutter.done(); ++part) (void)cutter.next();
  // What is cut off makes room in the last part; a text that ended before has room in it for the ellipsis anyway.
  if (!cutter.done()) (void)cutter.next(capacity - ellipsis_of(how).units);
  std::size_t end = cutter.at();
  if (end < text.size()) {
    // Half a cluster that fits no part might fit one, and be kept whole where the parts are counted again.
    const std::size_t start = text::cluster_start(text, 0, end);
    if (start > 0) end = start;
  }
  return without_white_space_behind(text.substr(0, end));
}

struct shortened {
  std::string_view front{};
  ellipsis end{};
};

/// The longest by any coding. Measuring the result chooses that coding again, or a better one: what is left may fit an
/// alphabet that the whole text did not.
shortened shorten(std::string_view text, const sms_format& format) noexcept {
  const coding plain{};
  const std::string_view held = front_held_by(text, plain);
  shortened best{front_that_fits(held, plain, format), ellipsis_of(plain)};
  const auto offer = [&](const coding& how, std::size_t longer_than) {
    const std::string_view front = front_that_fits(front_held_by(text, how), how, format);
    if (front.size() > std::max(best.front.size(), longer_than)) best = {front, ellipsis_of(how)};
  };
  const sms::national_alphabets national = sms::alphabets_of(format.language);
  for (std::size_t i = 0; i < national.count; ++i) {
    // What the default alphabet holds goes out in it, even where the language's tables would need fewer septets.
    offer({sms_encoding::gsm7, national.tables[i], false}, held.size());
  }
  offer({sms_encoding::ucs2, {}, false}, 0);
  return best;
}

}  // namespace

result<bool, text_error> truncate_sms(std::string& text, const sms_format& format) {
  const auto size = measure_sms(text, format);
  if (size) return false;
  if (size.error().code != errc::sms_too_many_parts) return size.error();
  const shortened cut = shorten(text, format);
  text.resize(cut.front.size());
  text += cut.end.text;
  return true;
}

}  // namespace broadside
