// sim/engine_watch - see engine_watch.hpp.
#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <sim/engine_watch.hpp>

namespace broadside::sim {
namespace {

constexpr std::array all_outcomes{outcome::accepted, outcome::rejected, outcome::suppressed,
                                  outcome::expired,  outcome::not_sent, outcome::maybe_sent};

bool same_outcomes(ledger a, ledger b) {
  return a.delivered == b.delivered && a.undelivered == b.undelivered &&
         std::all_of(all_outcomes.begin(), all_outcomes.end(),
                     [&](outcome o) { return count_of(a, o) == count_of(b, o); });
}

}  // namespace

std::uint64_t& count_of(ledger& l, outcome o) noexcept {
  switch (o) {
    case outcome::accepted:
      return l.accepted;
    case outcome::rejected:
      return l.rejected;
    case outcome::suppressed:
      return l.suppressed;
    case outcome::expired:
      return l.expired;
    case outcome::not_sent:
      return l.not_sent;
    case outcome::maybe_sent:
      break;
  }
  return l.maybe_sent;
}

std::string words_of(const ledger& l) {
  return fmt::format(
      "submitted {}: accepted {}, rejected {}, suppressed {}, expired {}, not sent {}, maybe sent {}, "
      "inside {}; delivered {}, undelivered {}",
      l.submitted, l.accepted, l.rejected, l.suppressed, l.expired, l.not_sent, l.maybe_sent, l.inside, l.delivered,
      l.undelivered);
}

verdict_of_check engine_watch::opened(const engine& e, unsigned number, const host_book& book,
                                      const report_book& reports) {
  const recovery_report& found = e.recovered();
  const std::vector<campaign_status> now = e.campaigns();
  number_ = number;
  to_redeliver_ = found.redelivered;
  redelivered_ = told_new_ = told_new_reports_ = 0;
  last_redelivered_ = position{};
  last_confirmed_ = position{};
  position highest{};
  for (const confirmation& c : book.confirmations()) last_confirmed_ = std::max(last_confirmed_, c.at);
  for (const campaign_book& c : book.campaigns()) {
    for (const source_book& s : c.sources) {
      for (const row_book& r : s.rows) {
        for (const telling& t : r.told) highest = std::max(highest, t.at);
      }
    }
  }
  for (const auto& [id, m] : reports.messages()) {
    for (const report_telling& t : m.told) highest = std::max(highest, t.at);
  }
  if (to_redeliver_ == 0 && plan_.kept() == record::every_batch) never_again_ = highest;
  at_open_.assign(64, {});
  told_.assign(64, {});
  for (const campaign_status& c : now) at_open_[static_cast<std::size_t>(c.id)] = c.counts;
  if (found.lost > 0) return problem{fmt::format("open() has lost {} messages", found.lost)};
  if (found.quarantined > 0) return problem{fmt::format("open() could not read {} records", found.quarantined)};
  if (!found.damage.empty()) return problem{"open() found damage: " + found.damage.front()};
  return before_ ? same_as_before(now) : verdict_of_check{};
}

verdict_of_check engine_watch::same_as_before(const std::vector<campaign_status>& now) const {
  if (!plan_.durable()) return {};
  if (now.size() != before_->size())
    return problem{fmt::format("{} campaigns before the restart and {} after it", before_->size(), now.size())};
  for (std::size_t i = 0; i < now.size(); ++i) {
    const campaign_status& was = (*before_)[i];
    const bool same = same_outcomes(was.counts, now[i].counts) && was.counts.submitted == now[i].counts.submitted;
    if (!same) {
      return problem{fmt::format("campaign {} before the restart: {}; after it: {}", i, words_of(was.counts),
                                 words_of(now[i].counts))};
    }
    if (was.phase != now[i].phase || was.version != now[i].version)
      return problem{fmt::format("campaign {} is {} in version {} before the restart, and {} in version {} after it", i,
                                 name_of(was.phase), was.version, name_of(now[i].phase), now[i].version)};
  }
  return {};
}

verdict_of_check engine_watch::hear(const event& e, const host_book& book, const report_book& reports) {
  if (!is_redelivering()) {
    ledger& l = told_[static_cast<std::size_t>(e.campaign) % told_.size()];
    if (e.delivery == delivery::none) {
      ++told_new_;
      ++count_of(l, e.outcome);
    } else {
      ++told_new_reports_;
      ++(e.delivery == delivery::delivered ? l.delivered : l.undelivered);
    }
    return {};
  }
  const std::string id = to_string(e.id);
  if (e.at <= last_redelivered_) return problem{"events of earlier engines are not told in their order", id};
  if (never_again_ && e.at <= *never_again_ && redelivered_ == 0)
    return problem{"an event that an earlier restart did not tell again, since it was confirmed, is told again", id};
  if (redelivered_ == 0 && plan_.kept() == record::every_batch)
    never_again_ = position{static_cast<std::uint64_t>(e.at) - 1};
  last_redelivered_ = e.at;
  if (++redelivered_ < to_redeliver_) return {};
  return redelivery_is_complete(book, reports);
}

/// Called before the last of them is written down. What was told and never confirmed is told again by every engine.
verdict_of_check engine_watch::redelivery_is_complete(const host_book& book, const report_book& reports) const {
  if (plan_.kept() != record::every_batch) return {};
  const auto is_missed = [&](unsigned engine, position at) {
    return engine != number_ && at > last_confirmed_ && at != last_redelivered_;
  };
  for (const auto& [id, m] : reports.messages()) {
    if (!m.told.empty() && is_missed(m.told.back().engine, m.told.back().at))
      return problem{"a report that was told and not confirmed is not told again after the restart", id};
  }
  for (const campaign_book& c : book.campaigns()) {
    for (const source_book& s : c.sources) {
      for (const row_book& r : s.rows) {
        if (r.told.empty()) continue;
        const telling& last = r.told.back();
        if (!is_missed(last.engine, last.at)) continue;
        return problem{"an event that was told and not confirmed is not told again after the restart",
                       to_string(last.id)};
      }
    }
  }
  return {};
}

std::uint64_t engine_watch::settled_here(const engine& e) const {
  std::uint64_t settled = 0;
  for (const campaign_status& c : e.campaigns())
    settled += c.counts.settled() - at_open_[static_cast<std::size_t>(c.id)].settled();
  return settled;
}

std::uint64_t engine_watch::reported_here(const engine& e) const {
  std::uint64_t reported = 0;
  for (const campaign_status& c : e.campaigns()) {
    const ledger& was = at_open_[static_cast<std::size_t>(c.id)];
    reported += c.counts.delivered + c.counts.undelivered - was.delivered - was.undelivered;
  }
  return reported;
}

bool engine_watch::has_unread(const engine& e) const {
  return is_redelivering() || settled_here(e) > told_new_ || reported_here(e) > told_new_reports_;
}

verdict_of_check engine_watch::look(const engine& e) const {
  std::uint64_t inside = 0;
  for (const campaign_status& c : e.campaigns()) {
    if (!c.counts.balanced())
      return problem{fmt::format("the books of campaign {} do not balance: {}", static_cast<std::uint32_t>(c.id),
                                 words_of(c.counts))};
    inside += c.counts.inside;
  }
  const std::uint64_t settled = settled_here(e);
  if (settled < told_new_)
    return problem{fmt::format("the host was told of {} messages and the books count {} as ended", told_new_, settled)};
  const std::uint64_t reported = reported_here(e);
  if (reported < told_new_reports_)
    return problem{
        fmt::format("the host was told of {} deliveries and the books count {}", told_new_reports_, reported)};
  const std::uint64_t places = inside + settled - told_new_ + reported - told_new_reports_;
  if (places > static_cast<std::uint64_t>(plan_.inside_max))
    return problem{
        fmt::format("{} messages are inside or unread, with messages_inside_max = {}", places, plan_.inside_max)};
  return {};
}

verdict_of_check engine_watch::all_told(const engine& e) const {
  for (const campaign_status& c : e.campaigns()) {
    ledger now = c.counts;
    ledger was = at_open_[static_cast<std::size_t>(c.id)];
    ledger told = told_[static_cast<std::size_t>(c.id)];
    if (now.delivered - was.delivered != told.delivered || now.undelivered - was.undelivered != told.undelivered)
      return problem{
          fmt::format("the books of campaign {} count {} delivered and {} not since the engine was opened, "
                      "and the host was told of {} and {}",
                      static_cast<std::uint32_t>(c.id), now.delivered - was.delivered,
                      now.undelivered - was.undelivered, told.delivered, told.undelivered)};
    for (const outcome o : all_outcomes) {
      const std::uint64_t booked = count_of(now, o) - count_of(was, o);
      if (booked == count_of(told, o)) continue;
      return problem{
          fmt::format("the books of campaign {} count {} as {} since the engine was opened, and the host was "
                      "told of {}",
                      static_cast<std::uint32_t>(c.id), booked, name_of(o), count_of(told, o))};
    }
  }
  return {};
}

}  // namespace broadside::sim
