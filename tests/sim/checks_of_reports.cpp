// sim/checks_of_reports - what must hold of delivery reports, and of the messages that they are about. See checks.hpp.
#include <fmt/format.h>
#include <algorithm>
#include <chrono>
#include <optional>
#include <sim/checks.hpp>
#include <string>

namespace broadside::sim {
namespace {

using std::chrono::milliseconds;

bool keeps_everything(const evidence& e) { return e.of.kept() == record::every_batch; }

/// The first position that is known to have been given after an instant, by that engine; nothing: none is known.
std::optional<position> given_after(const evidence& e, unsigned engine, time_point at) {
  std::optional<position> first;
  const auto note = [&](unsigned by, time_point since, position p) {
    if (by == engine && since >= at && (!first || p < *first)) first = p;
  };
  for (const position_mark& m : e.reports.marks()) note(m.engine, m.since, m.at);
  return first;
}

/// Whether the engine knows that the message had left when a report of it was brought: who lost its record may not, and
/// then takes the message for one that was never sent.
bool knows_of_it(const evidence& e, const std::string& id, unsigned engine, time_point brought) {
  return keeps_everything(e) || std::any_of(e.departures.begin(), e.departures.end(), [&](const testing::departure& d) {
           return d.engine == engine && d.left <= brought && std::find(d.ids.begin(), d.ids.end(), id) != d.ids.end();
         });
}

/// Between the decision and the turn in which it gets its position a report may come, and is too late.
duration decided_for(const plan& p) { return milliseconds{1 + (p.fault.late_turn > 0 ? p.fault.late_for_ms : 0)}; }

/// Whether a report was known to the engine that decided the outcome, and before it was decided: to an earlier engine
/// on the same record, or before a position that is known and smaller than the outcome's.
bool came_before(const evidence& e, const reported_message& m, const telling& outcome) {
  for (const bringing& b : m.brought) {
    if (!b.is_taken()) continue;
    if (b.when.engine < outcome.engine && b.what.is_final() && keeps_everything(e)) return true;
    if (b.when.engine != outcome.engine || !knows_of_it(e, b.what.id, b.when.engine, b.when.begun)) continue;
    const auto next = given_after(e, b.when.engine, b.when.ended + decided_for(e.of));
    if (next && *next < outcome.at) return true;
  }
  return false;
}

/// How long what was claimed before a report came may still leave: two sweeps of what waits for its turn, and what the
/// machine and the disk take beside.
milliseconds claimed_for(const plan& p) {
  const fault_plan& f = p.fault;
  number ms = 3000 + 2 * f.late_for_ms + p.sync_interval_ms;
  if (f.sync_slow + f.disk_full + f.sync_fails > 0) ms += f.sync_slow_for_ms + f.disk_full_for_ms + 5000;
  return milliseconds{ms};
}

template <class Visit>
void for_each_reported(const evidence& e, Visit visit) {
  for (const campaign_book& c : e.book.campaigns()) {
    for (const source_book& s : c.sources) {
      for (const row_book& row : s.rows) {
        for (const telling& t : row.told) {
          const auto found = e.reports.messages().find(to_string(t.id));
          if (found != e.reports.messages().end()) visit(t, found->second);
        }
      }
    }
  }
}

}  // namespace

verdict_of_check check_reports_told(const evidence& e) {
  if (!keeps_everything(e)) return {};
  for (const auto& [id, m] : e.reports.messages()) {
    const bool is_owed = std::any_of(m.brought.begin(), m.brought.end(),
                                     [](const bringing& b) { return b.what.is_final() && b.is_taken(); });
    if (is_owed && m.told.empty())
      return problem{"a report was answered with 200, and the host was never told of it", id};
  }
  return {};
}

verdict_of_check check_reported_outcomes(const evidence& e) {
  verdict_of_check found;
  for_each_reported(e, [&](const telling& t, const reported_message& m) {
    if (found || t.redelivered || t.how == outcome::accepted || !came_before(e, m, t)) return;
    found = problem{fmt::format("a message of which something was reported ended as {} after that", name_of(t.how)),
                    to_string(t.id)};
  });
  return found;
}

verdict_of_check check_reported_departures(const evidence& e) {
  const milliseconds most = claimed_for(e.of);
  for (const testing::departure& d : e.departures) {
    for (const std::string& id : d.ids) {
      const auto found = e.reports.messages().find(id);
      if (found == e.reports.messages().end()) continue;
      for (const bringing& b : found->second.brought) {
        const bool is_known = b.when.engine == d.engine || (b.what.is_final() && keeps_everything(e));
        if (!b.is_taken() || !is_known || d.left <= b.when.ended + most) continue;
        if (!knows_of_it(e, id, d.engine, b.when.begun)) continue;
        const auto ms = std::chrono::duration_cast<milliseconds>(d.left - b.when.ended).count();
        return problem{fmt::format("a message leaves {} ms after it was reported as {}", ms, name_of(b.what.word)), id};
      }
    }
  }
  return {};
}

/// Of campaigns that never send again, in a run with one engine that ends nothing early.
verdict_of_check check_held(const evidence& e) {
  if (!e.of.reported() || e.record.engines.size() != 1) return {};
  const milliseconds wait{e.of.report.wait_ms};
  for (std::size_t c = 0; c < e.book.campaigns().size(); ++c) {
    const campaign_plan& p = e.of.campaign[c];
    if (p.policy != static_cast<number>(on_unknown::hold) || p.cancel_ms > 0) continue;
    for (const source_book& s : e.book.campaigns()[c].sources) {
      for (const row_book& row : s.rows) {
        if (row.told.empty() || row.told.back().how != outcome::maybe_sent) continue;
        const telling& t = row.told.back();
        const std::string id = to_string(t.id);
        const auto left = std::find_if(e.departures.rbegin(), e.departures.rend(), [&](const testing::departure& d) {
          return std::find(d.ids.begin(), d.ids.end(), id) != d.ids.end();
        });
        if (left == e.departures.rend() || e.of.route[left->provider].reports == 0 || t.when >= left->left + wait)
          continue;
        return problem{
            fmt::format("a message was given up {} ms after it left, and is to be held for its report for {} ms",
                        std::chrono::duration_cast<milliseconds>(t.when - left->left).count(), wait.count()),
            id};
      }
    }
  }
  return {};
}

}  // namespace broadside::sim
