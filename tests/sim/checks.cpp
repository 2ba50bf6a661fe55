// sim/checks - see checks.hpp.
#include <fmt/format.h>
#include <algorithm>
#include <chrono>
#include <set>
#include <sim/checks.hpp>
#include <sim/setting.hpp>
#include <vector>

namespace broadside::sim {
namespace {

using std::chrono::nanoseconds;

/// A message id and the row it stands for.
struct known_message {
  row_name at;
  const row_book* row = nullptr;
  const telling* last = nullptr;  // as it was told last
};

/// Ordered, so that what is found first is the same everywhere.
using message_table = std::map<std::string, known_message, std::less<>>;

template <class Visit>
void for_each_row(const host_book& book, Visit visit) {
  for (std::size_t c = 0; c < book.campaigns().size(); ++c) {
    const auto& sources = book.campaigns()[c].sources;
    for (std::size_t s = 0; s < sources.size(); ++s) {
      for (std::size_t r = 0; r < sources[s].rows.size(); ++r) visit(row_name{c, s, r}, sources[s].rows[r]);
    }
  }
}

message_table messages_of(const host_book& book) {
  message_table all;
  for_each_row(book, [&](row_name at, const row_book& row) {
    for (const telling& t : row.told) all.insert_or_assign(to_string(t.id), known_message{at, &row, &t});
  });
  return all;
}

std::string named_row(row_name at) {
  return fmt::format("row {} of source {} of campaign {}", at.row, at.source, at.campaign);
}

bool keeps_everything(const evidence& e) { return e.of.kept() == record::every_batch; }

bool ever_lost(const evidence& e) {
  return std::any_of(e.record.engines.begin(), e.record.engines.end(),
                     [](const engine_life& life) { return life.lossy_end; });
}

bool lost_its_record(const evidence& e, std::uint32_t engine) {
  return !keeps_everything(e) && engine < e.record.engines.size() && e.record.engines[engine].lossy_end;
}

/// What left of one message.
struct trips {
  std::size_t count = 0;
  std::size_t forgotten = 0;  // by engines whose record was lost
};

std::map<std::string, trips, std::less<>> trips_of(const evidence& e) {
  std::map<std::string, trips, std::less<>> all;
  for (const testing::departure& d : e.departures) {
    for (const std::string& id : d.ids) {
      trips& t = all[id];
      ++t.count;
      t.forgotten += lost_its_record(e, d.engine) ? 1U : 0U;
    }
  }
  return all;
}

verdict_of_check too_much(const std::string& what, const std::string& how) {
  return how.empty() ? verdict_of_check{} : problem{fmt::format("the limit of {} is exceeded: {}", what, how)};
}

/// A campaign that sends again ends nothing as maybe_sent before its attempts are used up, it is too old or cancelled.
bool gave_up_early(const evidence& e, const known_message& m) {
  const campaign_plan& c = e.of.campaign[m.at.campaign];
  const bool resends = c.policy == static_cast<number>(on_unknown::resend);
  const bool excused = m.row->text.provider_refuses || c.cancel_ms > 0 || e.record.wall_jumped ||
                       (!keeps_everything(e) && e.record.engines.size() > 1) ||
                       m.last->when >= m.row->taken + std::chrono::seconds{c.age_s};
  return resends && !excused && m.last->how == outcome::maybe_sent && m.last->attempts < e.of.attempts_max;
}

number infobip_questions_per_second() { return 2; }

}  // namespace

/// In units of a billionth of a message, so that everything is whole. A new engine's bucket has one message, whatever
/// its predecessor left: so one may leave that the predecessor's would not have allowed.
std::string excess(std::span<const burst_of> left, number per_second, number burst,
                   std::span<const engine_life> engines) {
  constexpr std::int64_t one = 1'000'000'000;
  const auto over = [&](std::int64_t level, const burst_of& b, const char* of) {
    if (level <= burst * one) return std::string();
    return fmt::format("{} messages too many at {} us, for {}", (level - burst * one + one - 1) / one,
                       std::chrono::duration_cast<std::chrono::microseconds>(b.at.time_since_epoch()).count(), of);
  };
  const auto leak = [&](std::int64_t level, time_point from, time_point to) {
    const std::int64_t ns = std::chrono::duration_cast<nanoseconds>(to - from).count();
    return ns > level / per_second ? 0 : level - ns * per_second;
  };
  std::int64_t whole = 0;
  std::int64_t own = 0;
  time_point last{};
  std::uint32_t engine = ~std::uint32_t{0};
  for (const burst_of& b : left) {
    const auto n = static_cast<std::int64_t>(b.messages) * one;
    whole = leak(whole, last, b.at);
    own = leak(own, last, b.at);
    last = b.at;
    if (b.engine != engine) {
      if (engine != ~std::uint32_t{0}) whole = std::max<std::int64_t>(0, whole - one);
      const time_point opened = b.engine < engines.size() ? engines[b.engine].opened : b.at;
      own = leak((burst - 1) * one, opened, b.at);
      engine = b.engine;
    }
    whole += n;
    own += n;
    if (auto said = over(own, b, "its engine"); !said.empty()) return said;
    if (auto said = over(whole, b, "all engines together"); !said.empty()) return said;
  }
  return {};
}

verdict_of_check check_route_limits(const evidence& e) {
  for (std::size_t i = 0; i < e.of.route_count(); ++i) {
    const route_plan& r = e.of.route[i];
    if (r.rate == 0) continue;
    std::vector<burst_of> left;
    for (const testing::departure& d : e.departures) {
      if (d.provider == i && !d.ids.empty()) left.push_back({d.left, d.ids.size(), d.engine});
    }
    if (auto found = too_much(fmt::format("route {}", i), excess(left, r.rate, r.burst, e.record.engines)))
      return found;
  }
  return {};
}

/// Messages that nobody was told of are of no known sender, and are left out.
verdict_of_check check_sender_limit(const evidence& e) {
  if (e.of.sender_rate == 0) return {};
  const message_table messages = messages_of(e.book);
  std::vector<burst_of> left;
  for (const testing::departure& d : e.departures) {
    const auto n = std::count_if(d.ids.begin(), d.ids.end(), [&](const std::string& id) {
      const auto found = messages.find(id);
      return found != messages.end() && e.of.campaign[found->second.at.campaign].sender == 0;
    });
    if (n > 0) left.push_back({d.left, static_cast<std::uint64_t>(n), d.engine});
  }
  return too_much("the sender", excess(left, e.of.sender_rate, e.of.sender_burst, e.record.engines));
}

verdict_of_check check_question_limits(const evidence& e) {
  for (std::size_t i = 0; i < e.of.route_count(); ++i) {
    std::vector<burst_of> asked;
    for (const testing::departure& d : e.departures) {
      if (d.provider == i && d.ids.empty()) asked.push_back({d.left, 1, d.engine});
    }
    const std::string how = excess(asked, infobip_questions_per_second(), 1, e.record.engines);
    if (auto found = too_much(fmt::format("questions to provider {}", i), how)) return found;
  }
  return {};
}

verdict_of_check check_standstills(const evidence& e) {
  const message_table messages = messages_of(e.book);
  for (const standstill& s : e.record.standstills) {
    const std::size_t end = std::min(s.until, e.departures.size());
    for (std::size_t k = s.from; k < end; ++k) {
      for (const std::string& id : e.departures[k].ids) {
        const auto found = messages.find(id);
        if (found == messages.end() || found->second.at.campaign != s.campaign) continue;
        return problem{fmt::format("a message of campaign {} leaves while it is {}", s.campaign,
                                   s.is_final ? "cancelled" : "paused"),
                       id};
      }
    }
  }
  return {};
}

verdict_of_check check_ages(const evidence& e) {
  if (e.record.wall_jumped) return {};  // an age is counted on through a restart by the wall clock
  constexpr std::chrono::milliseconds slack{10};
  const message_table messages = messages_of(e.book);
  for (const testing::departure& d : e.departures) {
    for (const std::string& id : d.ids) {
      const auto found = messages.find(id);
      if (found == messages.end()) continue;
      const std::chrono::seconds age{e.of.campaign[found->second.at.campaign].age_s};
      if (d.left <= found->second.row->taken + age + slack) continue;
      return problem{fmt::format("{} leaves although it is older than {} s", named_row(found->second.at), age.count()),
                     id};
    }
  }
  for (const auto& [id, m] : messages) {
    const std::chrono::seconds age{e.of.campaign[m.at.campaign].age_s};
    const bool may_be_older = !keeps_everything(e) && ever_lost(e);
    if (m.last->how != outcome::expired || may_be_older || m.last->when + slack >= m.row->taken + age) continue;
    return problem{fmt::format("{} expired before it was {} s old", named_row(m.at), age.count()), id};
  }
  return {};
}

verdict_of_check check_outcomes(const evidence& e) {
  verdict_of_check found;
  const auto losses = static_cast<std::size_t>(std::count_if(e.record.engines.begin(), e.record.engines.end(),
                                                             [](const engine_life& l) { return l.lossy_end; }));
  for_each_row(e.book, [&](row_name at, const row_book& row) {
    if (found) return;
    if (row.inside) found = problem{named_row(at) + " was taken and has no outcome"};
    std::set<std::string> ids;
    for (const telling& t : row.told) ids.insert(to_string(t.id));
    const std::size_t most = keeps_everything(e) || !e.of.durable() ? 1 : 1 + losses;
    if (ids.size() <= most) return;
    found = problem{fmt::format("{} was told of under {} message ids", named_row(at), ids.size()), *ids.rbegin()};
  });
  return found;
}

verdict_of_check check_departures(const evidence& e) {
  const message_table messages = messages_of(e.book);
  for (const auto& [id, left] : trips_of(e)) {
    const auto found = messages.find(id);
    if (found == messages.end()) {
      if (!keeps_everything(e) && ever_lost(e)) continue;
      return problem{"a message left of which the host was never told", id};
    }
    const telling& told = *found->second.last;
    if (left.count - left.forgotten > told.attempts)
      return problem{fmt::format("{} left {} times, and its event counts {} attempts", named_row(found->second.at),
                                 left.count, told.attempts),
                     id};
  }
  const auto trips = trips_of(e);
  for (const auto& [id, m] : messages) {
    const std::size_t left = trips.contains(id) ? trips.at(id).count : 0;
    if (e.record.engines.size() == 1 && m.last->attempts != left)
      return problem{
          fmt::format("{} left {} times, and its event counts {} attempts", named_row(m.at), left, m.last->attempts),
          id};
    if (m.last->how == outcome::maybe_sent && left == 0 && !ever_lost(e))
      return problem{named_row(m.at) + " never left, no engine crashed, and it ended as maybe_sent", id};
    if (gave_up_early(e, m))
      return problem{fmt::format("{} ended as maybe_sent after {} attempts, and its campaign sends again",
                                 named_row(m.at), m.last->attempts),
                     id};
  }
  return {};
}

verdict_of_check check_acceptances(const evidence& e) {
  const message_table messages = messages_of(e.book);
  const auto trips = trips_of(e);
  std::map<std::string, std::size_t, std::less<>> taken;
  for (const testing::acceptance& a : e.acceptances) {
    ++taken[a.id];
    const auto found = messages.find(a.id);
    if (found != messages.end() && found->second.row->text.digits != a.number)
      return problem{fmt::format("a provider took {} for {}, whose number is {}", a.number, named_row(found->second.at),
                                 found->second.row->text.digits),
                     a.id};
  }
  for (const auto& [id, m] : messages) {
    const auto times = taken.contains(id) ? taken.at(id) : 0;
    const bool forgot = trips.contains(id) && trips.at(id).forgotten > 0;
    const outcome how = m.last->how;
    if (how == outcome::accepted && times == 0)
      return problem{named_row(m.at) + " ended as accepted, and no provider took it", id};
    if (how != outcome::accepted && how != outcome::maybe_sent && times > 0 && !forgot)
      return problem{fmt::format("{} ended as {}, and a provider took it", named_row(m.at), name_of(how)), id};
    const bool resends = e.of.campaign[m.at.campaign].policy == static_cast<number>(on_unknown::resend);
    if (times > 1 && !resends && !forgot)
      return problem{fmt::format("{} was taken {} times, and its campaign never sends twice", named_row(m.at), times),
                     id};
  }
  for (const auto& [id, times] : taken) {
    if (!trips.contains(id) || trips.at(id).count < times)
      return problem{fmt::format("a provider took a message {} times that left fewer times", times), id};
  }
  return {};
}

verdict_of_check check_positions(const evidence& e) {
  if (!keeps_everything(e)) return {};
  std::map<position, std::pair<std::string, std::uint64_t>> first_heard;  // who, and when for the first time
  verdict_of_check found;
  for_each_row(e.book, [&](row_name, const row_book& row) {
    for (const telling& t : row.told) {
      const auto [at, is_new] = first_heard.try_emplace(t.at, to_string(t.id), t.heard);
      at->second.second = std::min(at->second.second, t.heard);
      if (!found && !is_new && at->second.first != to_string(t.id))
        found =
            problem{fmt::format("two events have the position {}", static_cast<std::uint64_t>(t.at)), to_string(t.id)};
    }
  });
  if (found) return found;
  for_each_row(e.book, [&](row_name at, const row_book& row) {
    for (std::size_t k = 1; k < row.told.size() && !found; ++k) {
      const telling& t = row.told[k];
      if (t.engine == 0 || e.record.engines[t.engine - 1].lossy_end) continue;
      const bool counted =
          std::any_of(e.book.confirmations().begin(), e.book.confirmations().end(), [&](const auto& c) {
            // Everything up to there had been told by then: so it was confirmed without a gap.
            return c.engine < t.engine && c.at >= t.at &&
                   std::all_of(first_heard.begin(), first_heard.upper_bound(t.at),
                               [&](const auto& other) { return other.second.second < c.heard; });
          });
      if (counted)
        found = problem{named_row(at) + " was confirmed before a clean restart and is told again after it",
                        to_string(t.id)};
    }
  });
  return found;
}

verdict_of_check check_run(const evidence& e) {
  for (const auto check : {check_outcomes, check_positions, check_acceptances, check_departures, check_standstills,
                           check_route_limits, check_sender_limit, check_question_limits, check_ages}) {
    if (auto found = check(e)) return found;
  }
  return {};
}

}  // namespace broadside::sim
