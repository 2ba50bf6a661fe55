// sim/tally - see tally.hpp.
#include <fmt/format.h>
#include <array>
#include <charconv>
#include <sim/tally.hpp>
#include <utility>
#include <vector>

namespace broadside::sim {
namespace {

struct named_count {
  std::string_view name;
  std::uint64_t* value;
};

/// In the order of simulation_counts.
std::vector<named_count> counts_of(testing::simulation_counts& c) {
  return {{"connections refused", &c.refused},
          {"connections hung", &c.hung},
          {"partial writes", &c.partial_writes},
          {"resets", &c.resets},
          {"half-open lines", &c.half_open},
          {"closed behind an answer", &c.closed_after},
          {"slow answers", &c.slow_answers},
          {"provider faults", &c.provider_faults},
          {"outages", &c.outages},
          {"slow syncs", &c.slow_syncs},
          {"full disks", &c.full_disks},
          {"failed syncs", &c.failed_syncs},
          {"unsynced bytes kept", &c.kept_unsynced},
          {"late turns", &c.late_turns},
          {"crashes", &c.crashes},
          {"wall clock jumps", &c.wall_jumps},
          {"events of the world", &c.events},
          {"requests", &c.requests},
          {"messages in them", &c.messages},
          {"commits", &c.commits}};
}

std::uint64_t take_number(std::string_view& text) {
  std::uint64_t value = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value).ptr;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (!text.empty()) text.remove_prefix(1);
  return value;
}

}  // namespace

/// Numbers, then the two texts with their length.
std::string to_line(const run_result& r) {
  std::string out = fmt::format("{} {} {} {} {} ", r.hash, r.virtual_us, r.rows, r.reports, r.opens);
  testing::simulation_counts counts = r.counts;
  for (const named_count& each : counts_of(counts)) out += fmt::format("{} ", *each.value);
  out += r.found ? "1 " : "0 ";
  if (r.found) out += fmt::format("{} {} {}", r.found->message.size(), r.found->message, r.found->what);
  return out;
}

run_line from_line(std::string_view text) {
  run_line out;
  out.hash = take_number(text);
  out.virtual_us = take_number(text);
  out.rows = take_number(text);
  out.reports = take_number(text);
  out.opens = take_number(text);
  for (const named_count& each : counts_of(out.counts)) *each.value = take_number(text);
  out.failed = take_number(text) != 0;
  if (!out.failed) return out;
  const auto length = static_cast<std::size_t>(take_number(text));
  out.message = text.substr(0, length);
  out.what = text.size() > length + 1 ? text.substr(length + 1) : std::string_view{};
  return out;
}

void tally::add(const run_line& r) {
  ++seeds;
  failed += r.failed ? 1U : 0U;
  virtual_us += r.virtual_us;
  rows += r.rows;
  reports += r.reports;
  opens += r.opens;
  testing::simulation_counts theirs = r.counts;
  const auto from = counts_of(theirs);
  const auto to = counts_of(counts);
  for (std::size_t i = 0; i < to.size(); ++i) *to[i].value += *from[i].value;
}

std::string tally::words(double seconds) const {
  std::string out = fmt::format(
      "{} seeds, {} failed; {:.1f} s, {:.1f} seeds/s; {:.1f} virtual hours; {} events told, {} of them of deliveries; "
      "{} engines opened\n",
      seeds, failed, seconds, seconds > 0 ? static_cast<double>(seeds) / seconds : 0.0,
      static_cast<double>(virtual_us) / 3.6e9, rows, reports, opens);
  testing::simulation_counts all = counts;
  for (const named_count& each : counts_of(all)) out += fmt::format("  {:>12} {}\n", *each.value, each.name);
  return out;
}

}  // namespace broadside::sim
