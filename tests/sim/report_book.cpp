// sim/report_book - see report_book.hpp.
#include <fmt/format.h>
#include <algorithm>
#include <sim/report_book.hpp>

namespace broadside::sim {
namespace {

std::uint64_t number_of(position at) { return static_cast<std::uint64_t>(at); }

std::string words_of(const callback_reply& r) {
  return fmt::format("{} ({}): told {}, repeated {}, underway {}, unmatched {}", r.status,
                     r.why ? r.why.message() : "well", r.told, r.repeated, r.underway, r.unmatched);
}

/// What a callback that nobody may believe is answered: it changes nothing, and is told so.
verdict_of_check refusal_of(const callback& c, const callback_reply& said) {
  const letter& l = c.letters.front();
  const bool changes = said.told + said.repeated + said.underway > 0;
  bool fits = false;
  switch (l.wrong) {
    case junk::garbage:
      fits = said.status == 400 && said.why == errc::callback_malformed;
      break;
    case junk::wrong_secret:
      fits = said.status == 403 && said.why == errc::callback_refused;
      break;
    case junk::unknown_campaign:
    case junk::unknown_row:
      fits = said.status == 503 || (said.status == 200 && said.unmatched == 1);
      break;
    case junk::none:
      fits = true;
      break;
  }
  if (fits && !changes) return {};
  return problem{
      fmt::format("a callback that nobody may believe ({}) was answered {}", static_cast<int>(l.wrong), words_of(said)),
      l.id};
}

}  // namespace

verdict_of_check report_book::answered(const callback& c, const callback_reply& said, const visit& when) {
  if (c.is_junk()) return refusal_of(c, said);
  verdict_of_check found = counts_of(c, said, when.engine);
  write_down(c, when, said.unmatched == 0 ? said.status : 0);
  return found;
}

void report_book::died(const callback& c, const visit& when) {
  if (!c.is_junk()) write_down(c, when, 0);
}

void report_book::write_down(const callback& c, const visit& when, unsigned status) {
  for (const letter& l : c.letters) messages_[l.id].brought.push_back({l, when, status});
}

/// It was taken before, as final as this, by an engine that this one is or remembers.
bool report_book::must_be_known(const letter& l, unsigned engine) const {
  const auto found = messages_.find(l.id);
  if (found == messages_.end()) return false;
  const auto& all = found->second.brought;
  return std::any_of(all.begin(), all.end(), [&](const bringing& b) {
    const bool is_remembered = b.when.engine == engine || (b.what.is_final() && keeps_everything());
    return b.is_taken() && is_remembered && (b.what.is_final() || !l.is_final());
  });
}

/// Nothing final was ever brought of its message, nor earlier in the same callback.
bool report_book::must_be_news(const callback& c, std::size_t which) const {
  const letter& l = c.letters[which];
  if (!l.is_final() || !keeps_everything()) return false;
  for (std::size_t k = 0; k < which; ++k) {
    if (c.letters[k].id == l.id && c.letters[k].is_final()) return false;
  }
  const auto found = messages_.find(l.id);
  if (found == messages_.end()) return true;
  const auto& all = found->second.brought;
  return std::none_of(all.begin(), all.end(), [](const bringing& b) { return b.what.is_final(); });
}

verdict_of_check report_book::counts_of(const callback& c, const callback_reply& said, unsigned engine) const {
  const std::string& id = c.letters.front().id;
  if (said.status != 200 && said.status != 503)
    return problem{fmt::format("a good callback was answered {}", words_of(said)), id};
  const std::size_t n = c.letters.size();
  std::size_t known = 0;
  std::size_t news = 0;
  for (std::size_t k = 0; k < n; ++k) {
    known += must_be_known(c.letters[k], engine) ? 1U : 0U;
    news += must_be_news(c, k) ? 1U : 0U;
  }
  if (said.told > n - known)
    return problem{fmt::format("{} of {} reports were taken before, and the answer is {}", known, n, words_of(said)),
                   id};
  if (said.status == 503) return {};
  const std::size_t all = said.told + said.repeated + said.underway + said.unmatched;
  if (all != n) return problem{fmt::format("{} reports were brought, and the answer is {}", n, words_of(said)), id};
  if (said.repeated < known)
    return problem{fmt::format("{} of {} reports were taken before, and the answer is {}", known, n, words_of(said)),
                   id};
  if (said.told < news)
    return problem{fmt::format("{} of {} reports are news, and the answer is {}", news, n, words_of(said)), id};
  if (said.unmatched > 0 && keeps_everything())
    return problem{fmt::format("a report of a message that is known was answered {}", words_of(said)), id};
  return {};
}

verdict_of_check report_book::hear(const event& e, const host_book::circumstances& how, const host_book& book,
                                   std::uint64_t heard) {
  const std::string id = to_string(e.id);
  const auto found = messages_.find(id);
  if (found == messages_.end()) return problem{"the host is told of a report that no provider made", id};
  verdict_of_check wrong = fits(found->second, e, how, book);
  // Its position was given when it was brought for the first time, or later.
  const auto& brought = found->second.brought;
  const auto first = std::find_if(brought.begin(), brought.end(),
                                  [&](const bringing& b) { return b.what.is_final() && b.when.engine == how.engine; });
  if (!how.redelivered && first != brought.end()) mark({how.engine, first->when.begun, e.at});
  found->second.told.push_back({e.at, e.delivery, e.campaign, how.engine, losses_, heard, how.redelivered});
  ++heard_;
  return wrong;
}

/// It says what a report said that was brought; where nothing is forgotten, the first that was taken, or one before it
/// that may have been.
verdict_of_check report_book::fits(const reported_message& m, const event& e, const host_book::circumstances& how,
                                   const host_book& book) const {
  const std::string id = to_string(e.id);
  message_reference_text text;
  const std::string_view reference = to_text({e.id, e.campaign, e.source, e.row}, text);
  const auto says = [&](const letter& l) {
    return l.word == e.delivery && l.as_sms == e.as_sms && l.reference == reference && l.provider == e.route &&
           e.recipient == "+" + l.to;
  };
  bool is_said = false;
  for (const bringing& b : m.brought) {
    is_said = is_said || (b.what.is_final() && says(b.what));
    if (b.what.is_final() && b.is_taken() && keeps_everything()) break;
  }
  if (!is_said || e.outcome != outcome::accepted || e.reason != errc{})
    return problem{fmt::format("the host is told {} of {}, route {}, {}, and no report that counts says so",
                               name_of(e.delivery), reference, e.route, e.recipient.view()),
                   id};
  for (const report_telling& before : m.told) {
    if (auto wrong = agrees(before, e, how)) return wrong;
  }
  if (!keeps_everything()) return {};  // else ids may have been given anew
  const row_name at = named(how.campaign, e.row);
  const auto& sources = book.campaigns()[at.campaign].sources;
  const bool exists = at.source < sources.size() && at.row < sources[at.source].rows.size();
  if (exists && sources[at.source].rows[at.row].text.digits == m.brought.front().what.to) return {};
  return problem{fmt::format("a report is told of row {}, which is not for {}", static_cast<std::uint64_t>(e.row),
                             m.brought.front().what.to),
                 id};
}

/// Once by an engine; by a later one only what is told again, or, where a loss may cost that much, anew.
verdict_of_check report_book::agrees(const report_telling& before, const event& e,
                                     const host_book::circumstances& how) const {
  const std::string id = to_string(e.id);
  const auto said = [&](const char* why) {
    return problem{fmt::format("{}: {} at {}, then {}{} at {}", why, name_of(before.word), number_of(before.at),
                               how.redelivered ? "again " : "anew ", name_of(e.delivery), number_of(e.at)),
                   id};
  };
  if (before.engine == how.engine) return said("one engine told a message's delivery twice");
  if (how.redelivered && before.at == e.at && before.word == e.delivery) return {};
  const bool may_be_forgotten = !plan_.durable() || (before.losses != losses_ && !keeps_everything());
  if (may_be_forgotten) return {};
  return said("a message's delivery is told otherwise");
}

std::uint64_t report_book::told_of(campaign_id id, bool delivered) const {
  return static_cast<std::uint64_t>(std::count_if(messages_.begin(), messages_.end(), [&](const auto& each) {
    const auto& told = each.second.told;
    return !told.empty() && told.back().campaign == id && (told.back().word == delivery::delivered) == delivered;
  }));
}

}  // namespace broadside::sim
