// sim/host_book - see host_book.hpp.
#include <fmt/format.h>
#include <algorithm>
#include <sim/host_book.hpp>

namespace broadside::sim {
namespace {

std::string words_of(outcome how, errc reason) {
  std::string out(name_of(how));
  if (reason != errc{}) out += fmt::format(" ({})", name_of(reason));
  return out;
}

std::uint64_t number_of(position at) { return static_cast<std::uint64_t>(at); }

}  // namespace

host_book::host_book(const plan& p) : plan_(p) {
  for (std::size_t c = 0; c < p.campaign_count(); ++c) {
    campaign_book& campaign = campaigns_.emplace_back();
    for (std::size_t s = 0; s < static_cast<std::size_t>(p.campaign[c].sources); ++s) {
      source_book& source = campaign.sources.emplace_back();
      for (std::size_t r = 0; r < static_cast<std::size_t>(p.campaign[c].rows); ++r)
        source.rows.emplace_back().text = text_of(p, {c, s, r});
    }
  }
}

void host_book::taken(row_name first, std::size_t count, time_point now) {
  for (std::size_t k = 0; k < count; ++k) {
    row_book& row = campaigns_[first.campaign].sources[first.source].rows[first.row + k];
    owed_ += row.inside ? 0U : 1U;
    row.inside = true;
    row.taken = now;
  }
}

void host_book::forgotten(std::size_t campaign, std::size_t source, std::size_t first) {
  auto& rows = campaigns_[campaign].sources[source].rows;
  for (std::size_t r = first; r < rows.size(); ++r) {
    owed_ -= rows[r].inside ? 1U : 0U;
    rows[r].inside = false;
  }
}

verdict_of_check host_book::hear(const event& e, const circumstances& how) {
  const std::string id = to_string(e.id);
  const row_name at = named(how.campaign, e.row);
  if (at.campaign >= campaigns_.size() || at.source >= campaigns_[at.campaign].sources.size() ||
      at.row >= campaigns_[at.campaign].sources[at.source].rows.size())
    return problem{
        fmt::format("the host is told of row {}, which it never submitted", static_cast<std::uint64_t>(e.row)), id};
  row_book& row = campaigns_[at.campaign].sources[at.source].rows[at.row];
  if (auto wrong = fits(row, e, how)) return wrong;
  owed_ -= row.inside ? 1U : 0U;
  row.inside = false;
  row.told.push_back({e.id, e.at, e.outcome, e.reason, e.attempts, std::string(e.status_code), how.engine, losses_,
                      heard_++, how.now, how.redelivered});
  return {};
}

verdict_of_check host_book::fits(const row_book& row, const event& e, const circumstances& how) const {
  const std::string id = to_string(e.id);
  if (row.told.empty() && !row.inside)
    return problem{fmt::format("the host is told {} of a row that was not taken", words_of(e.outcome, e.reason)), id};
  if (e.recipient != std::string_view(row.text.to).substr(0, 40))
    return problem{fmt::format("the event names \"{}\" and the row was for \"{}\"", e.recipient.view(), row.text.to),
                   id};
  for (const telling& before : row.told) {
    if (auto wrong = agrees(before, e, how)) return wrong;
  }
  return gate(row.text, e);
}

/// The same event again, or, where a loss is allowed to cost that much, another.
verdict_of_check host_book::agrees(const telling& before, const event& e, const circumstances& how) const {
  const std::string id = to_string(e.id);
  const bool same = before.id == e.id && before.at == e.at && before.how == e.outcome && before.reason == e.reason &&
                    before.attempts == e.attempts && before.status_code == e.status_code.view();
  if (before.engine == how.engine)
    return problem{fmt::format("one engine told the row's outcome twice: {} at {}, then {} at {}",
                               words_of(before.how, before.reason), number_of(before.at), words_of(e.outcome, e.reason),
                               number_of(e.at)),
                   id};
  if (how.redelivered && same) return {};
  const bool may_differ = before.losses != losses_ && plan_.kept() != record::every_batch && plan_.durable();
  if (may_differ) return {};
  return problem{
      fmt::format("told {} by {} at {} with {} attempts, then {}{} by {} at {} with {} attempts",
                  words_of(before.how, before.reason), to_string(before.id), number_of(before.at), before.attempts,
                  how.redelivered ? "" : "anew ", words_of(e.outcome, e.reason), id, number_of(e.at), e.attempts),
      id};
}

/// What can never be sent is rejected for that very reason; what can be is never rejected but by the provider.
verdict_of_check host_book::gate(const row_text& text, const event& e) const {
  const std::string id = to_string(e.id);
  const bool stopped = e.outcome == outcome::not_sent && e.reason == errc::stopped && !plan_.durable();
  if (text.refused) {
    if (stopped || (e.outcome == outcome::rejected && e.reason == *text.refused)) return {};
    return problem{fmt::format("a row that can never be sent ({}) ended as {}", name_of(*text.refused),
                               words_of(e.outcome, e.reason)),
                   id};
  }
  if (text.not_served) {
    if (e.outcome != outcome::accepted && e.outcome != outcome::maybe_sent) return {};
    return problem{"a row in a country that no route serves ended as " + words_of(e.outcome, e.reason), id};
  }
  if (e.outcome == outcome::accepted && text.provider_refuses)
    return problem{"a row whose number the providers refuse ended as accepted", id};
  if (e.outcome == outcome::maybe_sent && e.status_code == "23")
    return problem{"the provider said that it has the message, and it ended as maybe_sent", id};
  if (e.outcome != outcome::rejected) return {};
  if (e.reason != errc::refused_by_provider)
    return problem{fmt::format("a good row was rejected: {}", name_of(e.reason)), id};
  // As a repeat, of what an engine sent before it lost its record.
  const bool repeat = e.status_code == "23" && losses_ > 0 && plan_.kept() != record::every_batch;
  if (text.provider_refuses || repeat) return {};
  return problem{
      fmt::format("no provider refuses this number, and it was rejected: {} {}", e.status_code.view(), e.error.view()),
      id};
}

}  // namespace broadside::sim
