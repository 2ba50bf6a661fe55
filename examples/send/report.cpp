// send/report - fmt over plain numbers. Pure, any thread.
#include "report.hpp"
#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <iterator>

namespace broadside::send {
namespace {

constexpr std::size_t error_shown_max = 160;

void add_count(std::string& out, std::string_view name, std::uint64_t count) {
  if (count > 0) fmt::format_to(std::back_inserter(out), ", {} {}", count, name);
}

std::uint64_t sum(const reason_counts& counts) noexcept {
  std::uint64_t out = 0;
  for (const auto& each : counts) out += each.second;
  return out;
}

void add_row(std::string& out, std::string_view name, std::uint64_t count, std::string_view note = {}) {
  fmt::format_to(std::back_inserter(out), "  {:<12}{:>12}{}{}\n", name, count, note.empty() ? "" : "   ", note);
}

void add_reasons(std::string& out, std::string_view title, const reason_counts& reasons) {
  if (reasons.empty()) return;
  fmt::format_to(std::back_inserter(out), "{}\n", title);
  for (const auto& [reason, count] : reasons) {
    fmt::format_to(std::back_inserter(out), "  {:<48}{:>12}\n", reason, count);
  }
}

std::string_view cause_text(const run_end& end) noexcept {
  switch (end.cause) {
    case stop_cause::none:
      return {};
    case stop_cause::interrupted:
      return end.all_read ? "interrupted before every message had ended; the audience was read to its end"
                          : "interrupted: the audience was not read to its end";
    case stop_cause::audience_failed:
      return "the audience could not be read to its end";
    case stop_cause::audience_grew:
      return "the audience has rows behind the end that an earlier run finished it with: they are not taken";
    case stop_cause::output_failed:
      return "an output file could not be written";
    case stop_cause::gave_up:
      return "given up: no route could be used";
    case stop_cause::drain_timed_out:
      return "the time to drain was over";
  }
  return {};
}

}  // namespace

std::string printable(std::string_view text, std::size_t bytes_max) {
  std::string out;
  for (std::size_t i = 0; i < text.size() && out.size() < bytes_max;) {
    const auto c = static_cast<unsigned char>(text[i]);
    const std::size_t length = c < 0x80                ? 1
                               : c >= 0xC2 && c < 0xE0 ? 2
                               : c >= 0xE0 && c < 0xF0 ? 3
                               : c >= 0xF0 && c < 0xF5 ? 4
                                                       : 0;
    bool whole = length > 0 && i + length <= text.size();
    for (std::size_t k = 1; whole && k < length; ++k)
      whole = (static_cast<unsigned char>(text[i + k]) & 0xC0U) == 0x80U;
    const bool c1_control = length == 2 && c == 0xC2 && whole && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if (!whole || c < 0x20 || c == 0x7F || c1_control) {
      out += c == '\n' ? "\\n" : "?";
      i += whole ? length : 1;
      continue;
    }
    out += text.substr(i, length);
    i += length;
  }
  if (text.size() > bytes_max) out += "…";
  return out;
}

std::string span_text(std::chrono::milliseconds span) {
  const auto ms = std::max<std::int64_t>(0, span.count());
  if (ms < 60'000) return fmt::format("{:.1f} s", static_cast<double>(ms) / 1000);
  const auto s = ms / 1000;
  if (s < 3600) return fmt::format("{}:{:02}", s / 60, s % 60);
  return fmt::format("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
}

std::optional<std::chrono::seconds> time_left(const progress_facts& p) noexcept {
  if (p.per_second <= 0) return std::nullopt;
  double rows = static_cast<double>(p.rows);
  if (!p.all_read) {
    if (p.bytes_total == 0 || p.bytes == 0) return std::nullopt;
    rows *= std::max(1.0, static_cast<double>(p.bytes_total) / static_cast<double>(p.bytes));
  }
  const double open = rows - static_cast<double>(p.counts.settled() + p.rows_bad);
  const double seconds = std::ceil(std::max(0.0, open) / p.per_second);
  constexpr double shown_max = 1e9;
  return std::chrono::seconds(static_cast<std::int64_t>(std::min(seconds, shown_max)));
}

std::string progress_line(const progress_facts& p) {
  const ledger& c = p.counts;
  std::string out = fmt::format("{}: {} sent", p.phase, c.accepted);
  if (!p.all_read && p.bytes_total > 0) {
    const double share = 100 * static_cast<double>(p.bytes) / static_cast<double>(p.bytes_total);
    fmt::format_to(std::back_inserter(out), " ({:.0f}% read)", std::min(share, 100.0));
  }
  fmt::format_to(std::back_inserter(out), ", {:.0f}/s, {} inside, {} in flight", p.per_second, c.inside, p.in_flight);
  add_count(out, "rejected", c.rejected);
  add_count(out, "suppressed", c.suppressed);
  add_count(out, "expired", c.expired);
  add_count(out, "not sent", c.not_sent);
  add_count(out, "maybe sent", c.maybe_sent);
  add_count(out, "bad rows", p.rows_bad);
  if (const auto left = time_left(p)) fmt::format_to(std::back_inserter(out), ", {} left", span_text(*left));
  if (!p.holds_up.empty()) fmt::format_to(std::back_inserter(out), "; {}", printable(p.holds_up, error_shown_max));
  return out;
}

std::string route_line(const route_status& route) {
  if (route.rests_for.count() <= 0) return {};
  return fmt::format("route \"{}\" rests for {}{}: {}", printable(route.name, 64), span_text(route.rests_for),
                     route.suspended ? " (its account cannot send)" : "",
                     route.last_error.empty() ? "no reason given" : printable(route.last_error, error_shown_max));
}

std::string limit_lines(std::vector<limit_status> limits) {
  constexpr std::size_t shown_max = 8;
  const auto used_up = [](const limit_status& l) { return l.quota > 0 && l.quota_used >= l.quota; };
  // What was taken just before anybody waited counts as well: no more than all is said.
  const auto used = [](const limit_status& l) {
    return l.allowed > 0 ? std::min(100.0, 100 * static_cast<double>(l.taken) / l.allowed) : 0;
  };
  std::erase_if(limits, [&](const limit_status& l) { return l.allowed <= 0 && !used_up(l); });
  std::stable_sort(limits.begin(), limits.end(),
                   [&](const limit_status& a, const limit_status& b) { return used(a) > used(b); });
  std::string out;
  for (std::size_t i = 0; i < std::min(limits.size(), shown_max); ++i) {
    const limit_status& l = limits[i];
    fmt::format_to(std::back_inserter(out), "  limit {}: {} taken", printable(l.name, 200), l.taken);
    if (l.allowed > 0) fmt::format_to(std::back_inserter(out), ", {:.1f} % of what it allows", used(l));
    if (l.quota > 0) fmt::format_to(std::back_inserter(out), ", {} of the day's {}", l.quota_used, l.quota);
    out += '\n';
  }
  if (limits.size() > shown_max) {
    fmt::format_to(std::back_inserter(out), "  and {} more limits that messages waited for\n",
                   limits.size() - shown_max);
  }
  return out;
}

std::string books_table(const books_facts& b) {
  const ledger& c = b.end.counts;
  const std::uint64_t bad = sum(b.bad_rows);
  std::string out = fmt::format("Books of \"{}\" {}\n", printable(b.campaign, 255),
                                b.finished_before ? "as an earlier run finished them" : "after " + span_text(b.took));
  if (const auto cause = cause_text(b.end); !cause.empty()) {
    fmt::format_to(std::back_inserter(out), "  ({})\n", cause);
  }
  if (!b.finished_before) {
    add_row(out, "rows read", b.rows);
    add_row(out, "bad rows", bad, bad > 0 ? "could not be read; not submitted" : "");
  }
  add_row(out, "submitted", c.submitted);
  add_row(out, "accepted", c.accepted, "a provider took it");
  add_row(out, "rejected", c.rejected, c.rejected > 0 ? "sending it again would fail again" : "");
  add_row(out, "suppressed", c.suppressed);
  add_row(out, "expired", c.expired);
  add_row(out, "not_sent", c.not_sent, c.not_sent > 0 ? "did not leave" : "");
  add_row(out, "maybe_sent", c.maybe_sent, c.maybe_sent > 0 ? "the answer was lost; not sent again" : "");
  add_row(out, "inside", c.inside, c.inside > 0 ? "the same command goes on with them" : "");
  add_row(out, "events", b.end.seen.submitted);
  const bool all_ended = c.inside == 0;
  out += books_agree(b.end) ? all_ended
                                  ? "  The books balance: every submitted message has one outcome and one event.\n"
                                  : "  The books balance: every message has one outcome or is inside.\n"
                            : "  THE BOOKS DO NOT BALANCE: the counts above are not to be trusted. This is a defect.\n";
  add_reasons(out, b.resumed ? "Not accepted, in this run:" : "Not accepted:", b.reasons);
  add_reasons(out, "Bad rows:", b.bad_rows);
  if (const std::string lines = limit_lines(b.limits); !lines.empty()) out += "Waited for, in this run:\n" + lines;
  if (b.rejected_elsewhere > 0) {
    fmt::format_to(std::back_inserter(out),
                   "{} rejected messages are of other audiences or campaigns: their rows are in the events and in "
                   "--export\n",
                   b.rejected_elsewhere);
  }
  const bool rows_to_mend = bad > 0 || c.rejected > 0;
  if (rows_to_mend && !b.rejects_path.empty()) {
    fmt::format_to(std::back_inserter(out), "Rows to mend are in {}\n", b.rejects_path);
  }
  if (!b.events_path.empty()) fmt::format_to(std::back_inserter(out), "Events are in {}\n", b.events_path);
  return out;
}

}  // namespace broadside::send
