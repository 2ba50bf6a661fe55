// send/explain - count the rows, ask the library, print. One thread.
#include "explain.hpp"
#include <fmt/format.h>
#include <broadside/environment.hpp>
#include <cmath>
#include <cstdio>
#include <iterator>
#include <vector>
#include "audience_rows.hpp"
#include "carrier_tally.hpp"
#include "report.hpp"
#include "tell.hpp"

namespace broadside::send {
namespace {

constexpr std::size_t name_shown_max = 200;

std::string pace_line(const expected_pace& pace) {
  if (std::isinf(pace.per_second)) return "no limit: as fast as connections and providers are";
  return fmt::format("{:.6g} messages a second{}", pace.per_second, pace.days_bound ? ", while no day is used up" : "");
}

std::string connections_line(const pace_connections& c) {
  if (c.answers_within.count() == 0) return fmt::format("{} at most, and nothing else holds the route", c.connections);
  constexpr std::chrono::hours day{24};
  const std::string within = c.answers_within >= day ? "a day" : span_text(c.answers_within);
  const std::string exact =
      c.answers_within < std::chrono::seconds{1} ? fmt::format("{} ms", c.answers_within.count()) : within;
  return fmt::format("{} at most; they suffice while answers take less than {}", c.connections, exact);
}

/// Rows that can be read, and whose they are; nothing: what is wrong was said.
std::optional<pace_audience> count_rows(const setup& with, audience_input& input, const run_options& how) {
  audience_rows read(input, with_columns(how.rows, with.columns));
  pace_audience counted;
  carrier_tally carriers(with.campaign, with.options.limits);
  audience_batch batch;
  for (auto step = read.next(batch); step != audience_step::more; step = read.next(batch)) {
    if (step == audience_step::unusable) {
      for (const std::string& each : read.errors())
        tell(fmt::format("error: {}: {}\n", how.audience, printable(each, 300)));
      return std::nullopt;
    }
    counted.messages += batch.recipients.size();
    for (const recipient& each : batch.recipients) carriers.add(each.values);
  }
  counted.carriers = carriers.take();
  if (input.error().empty()) return counted;
  tell(fmt::format("error: {}\n", input.error()));
  return std::nullopt;
}

}  // namespace

std::string duration_line(const expected_pace& pace) {
  if (pace.days_bound) {
    return fmt::format("takes at least {}, on {} days, as the number of a day is used up: {}", span_text(pace.duration),
                       pace.days, printable(pace.binds, name_shown_max));
  }
  if (std::isinf(pace.per_second)) return {};
  return fmt::format("takes at least {} at the limits' {:.6g} messages a second", span_text(pace.duration),
                     pace.per_second);
}

std::string pace_text(const expected_pace& pace, std::string_view campaign, std::uint64_t messages) {
  std::string out =
      fmt::format("Expected of \"{}\", {} messages: nothing was sent\n", printable(campaign, 255), messages);
  const auto line = [&](std::string_view what, const std::string& value) {
    fmt::format_to(std::back_inserter(out), "  {:<10}{}\n", what, value);
  };
  line("pace", pace_line(pace));
  if (!std::isinf(pace.per_second) || pace.days_bound) line("takes", span_text(pace.duration) + " at least");
  if (pace.days_bound) line("days", fmt::format("{}, as the number of a day is used up", pace.days));
  line("binds", pace.binds.empty() ? "no limit" : printable(pace.binds, 1000));
  if (!pace.limits.empty()) out += "Limits (> binds)\n";
  for (const pace_limit& each : pace.limits) {
    fmt::format_to(std::back_inserter(out), "{} {}: {}\n", each.binds ? '>' : ' ', printable(each.name, name_shown_max),
                   printable(each.words, 500));
  }
  out += "Connections\n";
  for (const pace_connections& each : pace.connections) {
    fmt::format_to(std::back_inserter(out), "  {}: {}\n", printable(each.route, 64), connections_line(each));
  }
  for (const std::string& each : pace.warnings) fmt::format_to(std::back_inserter(out), "warning: {}\n", each);
  return out;
}

exit_code explain(const setup& with, audience_input* audience, std::uint64_t rows, const run_options& how) {
  std::optional<pace_audience> to{{.messages = rows, .carriers = std::nullopt}};
  if (audience != nullptr) to = count_rows(with, *audience, how);
  if (!to) return exit_code::audience_unreadable;
  const auto pace = expect_pace(with.campaign, with.options, *to, environment::system().wall_now());
  if (!pace) {
    tell(fmt::format("error: the campaign cannot be launched\n{}\n", pace.error().message()));
    return exit_code::wrong_usage;
  }
  print(pace_text(*pace, with.campaign.name, to->messages));
  return exit_code::done;
}

}  // namespace broadside::send
