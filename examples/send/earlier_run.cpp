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

std::vector<known_audience> audiences_of(const std::vector<campaign_status>& campaigns,
                                         const std::vector<source_status>& sources, std::string_view key,
                                         const std::vector<audience_note>& notes) {
  std::vector<known_audience> out;
  for (const source_status& each : sources) {
    const auto c = static_cast<std::size_t>(each.campaign);
    const std::uint32_t run = c < campaigns.size() ? run_of(campaigns[c].key, key) : 0;
    if (run == 0) continue;
    auto known =
        std::find_if(out.begin(), out.end(), [&](const auto& k) { return k.run == run && k.source == each.name; });
    if (known == out.end()) known = out.insert(out.end(), {run, identity_of(each.name), each.name, 0, false});
    known->taken = std::max(known->taken, static_cast<std::uint64_t>(each.next));
    // A later definition ended those before it wherever they were: only the last one says whether all was taken.
    const bool is_of_last = std::none_of(campaigns.begin() + static_cast<std::ptrdiff_t>(c) + 1, campaigns.end(),
                                         [&](const campaign_status& later) { return later.key == campaigns[c].key; });
    known->finished = is_of_last && each.finished;
  }
  for (const audience_note& note : notes) {
    const std::uint32_t run = run_of(note.key, key);
    const auto known =
        std::find_if(out.begin(), out.end(), [&](const auto& k) { return k.run == run && k.source == note.source; });
    if (known == out.end() || known->is == note.is) continue;
    known_audience noted = *known;
    noted.is = note.is;
    out.push_back(std::move(noted));
  }
  return out;
}

namespace {

/// What the campaigns say of `run`.
void take_run(const std::vector<campaign_status>& campaigns, std::string_view key, std::uint32_t run,
              earlier_run& out) {
  out.run = run;
  out.key = key_of_run(key, run);
  out.exists = false;
  out.version = 0;
  campaign_phase phase{};
  for (const campaign_status& each : campaigns) {
    if (each.key != out.key) continue;
    out.exists = true;
    out.version = each.version;
    phase = each.phase;
  }
  out.counts = counts_of(campaigns, out.key);
  out.is_finished = out.exists && phase == campaign_phase::finished && out.counts.inside == 0 && out.redelivered == 0;
}

/// As wanted_run has it. The next run begins only when the last is finished.
void choose_run(const std::vector<campaign_status>& campaigns, std::string_view key, wanted_run wanted,
                earlier_run& out) {
  const std::uint32_t last = last_run_of(campaigns, key);
  take_run(campaigns, key, std::max<std::uint32_t>(last, 1), out);
  if (wanted.number > last + 1) {
    out.refusal =
        fmt::format("--run {}: the campaign \"{}\" {}", wanted.number, key,
                    last == 0 ? "was not sent yet" : fmt::format("was begun {} times: the next is {}", last, last + 1));
  } else if (last > 0 && wanted.number == last + 1 && !out.is_finished) {
    out.refusal = fmt::format("--run {}: run {} of the campaign \"{}\" is not finished", wanted.number, last, key);
  } else if (wanted.number > 0 && wanted.number != out.run) {
    take_run(campaigns, key, wanted.number, out);
  } else if (wanted.again && out.is_finished) {
    take_run(campaigns, key, last + 1, out);
  }
}

}  // namespace

result<earlier_run, failure> look_back(const std::string& journal, std::string_view key, wanted_run wanted,
                                       const std::vector<audience_note>& notes) {
  earlier_run out;
  choose_run({}, key, wanted, out);
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
  out.campaigns = view->campaigns();
  out.sources = view->sources();
  out.redelivered = view->read().redelivered;
  out.refusal.clear();
  choose_run(out.campaigns, key, wanted, out);
  out.audiences = audiences_of(out.campaigns, view->sources(), key, notes);
  view->messages_inside([&](const journal_view::inside& m) {
    const auto c = static_cast<std::size_t>(m.campaign);
    const bool ours = c < out.campaigns.size() && out.campaigns[c].key == out.key;
    out.inside.insert(static_cast<std::uint64_t>(m.id));
    if (ours) out.inside_rows.insert(static_cast<std::uint64_t>(m.row));
    out.claimed += ours && m.claimed;
    out.of_others += !ours;
    return true;
  });
  return out;
}

bool is_as_before(const earlier_run& before, const std::vector<campaign_status>& found, const recovery_report& report) {
  std::uint64_t inside = 0;
  for (const campaign_status& each : before.campaigns) inside += each.counts.inside;
  // What is inside may end while this is asked; what it and all that ended before it come to stays the same.
  const auto is_same = [](const campaign_status& a, const campaign_status& b) {
    return a.key == b.key && a.counts.settled() + a.counts.inside == b.counts.submitted;
  };
  return inside == report.requeued + report.interrupted && before.redelivered == report.redelivered &&
         std::equal(before.campaigns.begin(), before.campaigns.end(), found.begin(), found.end(), is_same);
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
