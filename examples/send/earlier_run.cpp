// send/earlier_run - a journal_view's campaigns and messages, summed by key. One thread.
#include "earlier_run.hpp"
#include <fmt/format.h>
#include <algorithm>
#include <charconv>
#include <filesystem>
#include <iterator>
#include <system_error>

namespace broadside::send {
namespace {

/// Which run of `key` this is; 0: of another key.
std::uint32_t run_of(std::string_view launched, std::string_view key) noexcept {
  if (launched == key) return 1;
  if (!launched.starts_with(key)) return 0;
  std::string_view rest = launched.substr(key.size());
  if (!rest.starts_with(" (") || !rest.ends_with(")")) return 0;
  rest = rest.substr(2, rest.size() - 3);
  std::uint32_t run = 0;
  const auto [end, failed] = std::from_chars(rest.data(), rest.data() + rest.size(), run);
  return failed == std::errc{} && end == rest.data() + rest.size() && run > 1 ? run : 0;
}

bool is_missing(const std::string& journal) {
  std::error_code unused;
  return !std::filesystem::exists(journal, unused) || std::filesystem::is_empty(journal, unused);
}

}  // namespace

std::string key_of_run(std::string_view key, std::uint32_t run) {
  return run <= 1 ? std::string(key) : fmt::format("{} ({})", key, run);
}

std::uint32_t last_run_of(const std::vector<campaign_status>& campaigns, std::string_view key) {
  std::uint32_t last = 0;
  for (const campaign_status& each : campaigns) last = std::max(last, run_of(each.key, key));
  return last;
}

ledger sum_of(ledger to, const ledger& more) noexcept {
  to.submitted += more.submitted;
  to.accepted += more.accepted;
  to.rejected += more.rejected;
  to.suppressed += more.suppressed;
  to.expired += more.expired;
  to.not_sent += more.not_sent;
  to.maybe_sent += more.maybe_sent;
  to.inside += more.inside;
  return to;
}

ledger counts_of(const std::vector<campaign_status>& campaigns, std::string_view key) {
  ledger out;
  for (const campaign_status& each : campaigns) {
    if (each.key == key) out = sum_of(out, each.counts);
  }
  return out;
}

result<earlier_run, failure> look_back(const std::string& journal, std::string_view key, again how) {
  earlier_run out;
  out.key = key;
  if (is_missing(journal)) return out;
  auto view = journal_view::open(journal);
  if (!view) {
    // a run that ended before its first commit left a folder with nothing to read in it: an engine takes that
    if (view.error().code == boost::system::errc::no_such_file_or_directory) return out;
    if (view.error().code == errc::journal_damaged) {
      out.unreadable = view.error().message();
      return out;
    }
    return view.error();
  }
  const auto& campaigns = view->campaigns();
  const std::uint32_t run = last_run_of(campaigns, key);
  out.key = key_of_run(key, run);
  out.redelivered = view->read().redelivered;
  campaign_phase phase{};
  for (const campaign_status& each : campaigns) {
    if (each.key != out.key) continue;
    out.exists = true;
    out.version = each.version;
    phase = each.phase;
  }
  out.counts = counts_of(campaigns, out.key);
  view->messages_inside([&](const journal_view::inside& m) {
    const auto c = static_cast<std::size_t>(m.campaign);
    const bool ours = c < campaigns.size() && campaigns[c].key == out.key;
    out.inside.insert(static_cast<std::uint64_t>(m.id));
    if (ours) out.inside_rows.insert(static_cast<std::uint64_t>(m.row));
    out.claimed += ours && m.claimed;
    out.of_others += !ours;
    return true;
  });
  out.is_finished = out.exists && phase == campaign_phase::finished && out.counts.inside == 0 && out.redelivered == 0;
  if (out.is_finished && how == again::yes) {
    out.key = key_of_run(key, run + 1);
    out.exists = out.is_finished = false;
    out.version = 0;
    out.counts = {};
  }
  return out;
}

std::string counts_text(const earlier_run& before) {
  const ledger& c = before.counts;
  std::string out = fmt::format("{} taken, {} accepted", c.submitted, c.accepted);
  const auto add_some = [&](std::uint64_t n, std::string_view what) {
    if (n > 0) fmt::format_to(std::back_inserter(out), ", {} {}", n, what);
  };
  add_some(c.rejected, "rejected");
  add_some(c.suppressed, "suppressed");
  add_some(c.expired, "expired");
  add_some(c.not_sent, "not sent");
  add_some(c.maybe_sent, "may have been sent");
  fmt::format_to(std::back_inserter(out), ", {} inside", c.inside);
  if (before.claimed > 0) fmt::format_to(std::back_inserter(out), " ({} of them on their way)", before.claimed);
  if (before.redelivered > 0) fmt::format_to(std::back_inserter(out), "; {} events told again", before.redelivered);
  return out;
}

}  // namespace broadside::send
