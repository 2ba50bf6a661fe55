// send/findings - fmt over findings and forecasts. Pure, any thread.
#include "findings.hpp"
#include <fmt/format.h>
#include <iterator>
#include <string_view>
#include "report.hpp"

namespace broadside::send {
namespace {

constexpr std::size_t shown_max = 500;

// A sentence as it stands behind a colon.
std::string_view without_stop(std::string_view sentence) noexcept {
  while (sentence.ends_with('.') || sentence.ends_with(' ')) sentence.remove_suffix(1);
  return sentence;
}

std::string says(const finding& f) {
  if (f.whose.empty() || f.whose == "broadside") return "expected";  // a rule of nobody in particular
  return fmt::format("{} {}", f.whose, f.severity == severity::advice ? "advises" : "allows");
}

}  // namespace

std::string explain(const finding& f) {
  std::string out = f.measured;
  if (!f.allowed.empty()) {
    fmt::format_to(std::back_inserter(out), "{}{} {}", out.empty() ? "" : ", ", says(f), f.allowed);
  }
  if (!f.fix.empty()) fmt::format_to(std::back_inserter(out), "{}{}", out.empty() ? "" : ": ", without_stop(f.fix));
  fmt::format_to(std::back_inserter(out), "{}[{}]", out.empty() ? "" : " ", f.rule);
  return out;
}

std::string finding_line(const finding& f) {
  const std::string where = f.where.empty() ? std::string() : printable(f.where, shown_max) + ": ";
  return fmt::format("{}: {}{}", name_of(f.severity), where, printable(explain(f), shown_max));
}

std::vector<violation> errors_of(std::span<const finding> found) {
  std::vector<violation> out;
  for (const finding& each : found) {
    if (each.severity == severity::error) out.push_back({each.where, explain(each)});
  }
  return out;
}

std::string price_text(std::int64_t micros) {
  constexpr std::int64_t micros_in_one = 1'000'000;
  std::string out = fmt::format("{}.{:06}", micros / micros_in_one, micros % micros_in_one);
  while (out.ends_with('0')) out.pop_back();
  if (out.ends_with('.')) out.pop_back();
  return out;
}

std::string counted(std::uint64_t count, std::string_view one) {
  return fmt::format("{} {}{}", count, one, count == 1 ? "" : "s");
}

std::string size_text(const sms_size& size, std::int64_t price_micros) {
  const std::string_view unit = size.encoding == sms_encoding::gsm7 ? "septet" : "unit";
  std::string out =
      fmt::format("{}, {}, {}", name_of(size.encoding), counted(size.units, unit), counted(size.parts, "part"));
  if (price_micros > 0) fmt::format_to(std::back_inserter(out), ", {}", price_text(price_micros));
  return out;
}

namespace {

/// With what the guard does to it.
std::string forecast_line(const fallback_size& size) {
  std::string out = size_text(size.sms, size.price_micros);
  if (size.refused) out += "; refused: too many parts";
  if (!size.refused && size.uncut.parts > size.sms.parts) {
    fmt::format_to(std::back_inserter(out), "; cut from {}{}", size.endless ? "more than " : "",
                   counted(size.uncut.parts, "part"));
  }
  return out;
}

}  // namespace

std::string forecast_text(const fallback_forecast& f) {
  if (f.constant) return fmt::format("Fallback SMS: {}\n", forecast_line(f.least));
  std::string out = "Fallback SMS, by what the values are:\n";
  const auto add = [&](std::string_view values, const fallback_size& size) {
    fmt::format_to(std::back_inserter(out), "  {:<34}{}\n", values, forecast_line(size));
  };
  add("all empty", f.least);
  add("at their bounds, in GSM-7", f.most_gsm);
  add("at their bounds, one needs UCS-2", f.most_ucs2);
  return out;
}

}  // namespace broadside::send
