// sim/checks - see checks.hpp.
#include <fmt/format.h>
#include <algorithm>
#include <chrono>
#include <iterator>
#include <optional>
#include <set>
#include <sim/audience.hpp>
#include <sim/checks.hpp>
#include <sim/patience.hpp>
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

/// At a position: who, and when for the first time.
struct first_telling {
  std::string id;
  bool is_report = false;
  std::uint64_t heard = 0;
};

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

constexpr std::int64_t one = 1'000'000'000;

struct bucket {
  number per_second = 1;
  number burst = 1;
  time_point last{};
  std::int64_t level = 0;
  std::int64_t slack = 0;  // a change is rounded to whole nanoseconds

  void leak(time_point to) {
    const std::int64_t ns = std::chrono::duration_cast<nanoseconds>(to - last).count();
    level = ns > level / per_second ? 0 : level - ns * per_second;
    last = to;
  }
  void forgive(number messages) { level = std::max<std::int64_t>(0, level - messages * one); }
  void change(const ceiling_change& to) {
    leak(to.at);
    level = std::max<std::int64_t>(0, level + (to.burst - burst) * one);
    per_second = to.per_second;
    burst = to.burst;
    slack = 2 * per_second;
  }
  std::string take(const burst_of& b, const char* of) {
    level += static_cast<std::int64_t>(b.messages) * one;
    const std::int64_t most = std::max(burst, b.messages == b.largest ? static_cast<number>(b.largest) : 0) * one;
    if (level <= most + slack) return {};
    return fmt::format("{} too many at {} us, for {}", (level - most + one - 1) / one,
                       std::chrono::duration_cast<std::chrono::microseconds>(b.at.time_since_epoch()).count(), of);
  }
};

/// What a message of the campaign counts.
number units_of(const campaign_plan& c, number counts) {
  switch (static_cast<limit_unit>(counts)) {
    case limit_unit::parts:
      return std::max<number>(1, c.fallback);
    case limit_unit::media:
      return c.media;
    case limit_unit::messages:
      break;
  }
  return 1;
}

/// Which of its keys the limit has for a message; nothing: it is not for it.
std::optional<std::string> key_for(const plan& p, const limit_plan& l, const known_message& m, std::size_t provider) {
  const campaign_plan& c = p.campaign[m.at.campaign];
  const auto only = [](bool is_meant, std::string key) {
    return is_meant ? std::optional<std::string>(std::move(key)) : std::nullopt;
  };
  switch (l.of()) {
    case limit_kind::none:
      return std::nullopt;
    case limit_kind::sender:
      return only(c.sender == 0, {});
    case limit_kind::any_sender:
      return sender_of(c.sender);
    case limit_kind::carrier:
      return only(c.carriers != 0 && m.row->text.values.size() > 1 && m.row->text.values[1] != carriers.back(), {});
    case limit_kind::campaign:
      return only(m.at.campaign == 0, {});
    case limit_kind::any_campaign:
      return key_of(m.at.campaign);
    case limit_kind::tenant:
      return only(c.tenant == 1, {});
    case limit_kind::any_tenant:
      return only(c.tenant != 0, tenant_name(c.tenant));
    case limit_kind::account:
      return only(p.route[provider].account != 0, {});
    case limit_kind::everything:
      break;
  }
  return std::string();
}

/// What left of each key of a limit. Messages that nobody was told of are of no known sender, and are left out.
std::map<std::string, std::vector<burst_of>> bursts_of(const evidence& e, const limit_plan& l,
                                                       const message_table& messages) {
  std::map<std::string, std::vector<burst_of>> all;
  for (std::size_t k = 0; k < e.departures.size(); ++k) {
    const testing::departure& d = e.departures[k];
    std::map<std::string, burst_of> here;
    for (const std::string& id : d.ids) {
      const auto m = messages.find(id);
      if (m == messages.end()) continue;
      const auto units = static_cast<std::uint64_t>(units_of(e.of.campaign[m->second.at.campaign], l.counts));
      const auto key = key_for(e.of, l, m->second, d.provider);
      if (!key || units == 0) continue;
      burst_of& b = here.try_emplace(*key, burst_of{d.left, 0, d.engine, units, k}).first->second;
      b.messages += units;
    }
    for (const auto& [key, b] : here) all[key].push_back(b);
  }
  return all;
}

/// A local day, counted from 1970. Offsets as the zones have them in 2026, written out: the engine's own calendar is
/// what is looked at here.
number day_of(const limit_plan& l, wall_time at) {
  const number s = std::chrono::floor<std::chrono::seconds>(at.time_since_epoch()).count();
  constexpr number summer = 1'772'964'000;  // 2026-03-08 10:00 UTC
  constexpr number winter = 1'793'523'600;  // 2026-11-01 09:00 UTC
  number offset = 0;
  if (l.zone == 1) offset = s >= summer && s < winter ? -7 * 3600 : -8 * 3600;
  if (l.zone == 2) offset = 5 * 3600 + 1800;
  return (s + offset) / 86'400;
}

/// The departure with which a provider got what it took: the last before it.
const testing::departure* departure_of(const evidence& e, const testing::acceptance& a) {
  for (std::size_t k = e.departures.size(); k-- > 0;) {
    const testing::departure& d = e.departures[k];
    if (d.left > a.at || d.provider != a.provider) continue;
    if (std::find(d.ids.begin(), d.ids.end(), a.id) != d.ids.end()) return &d;
  }
  return nullptr;
}

/// Of every position that was told; `found`: two events have one.
std::map<position, first_telling> first_tellings(const evidence& e, verdict_of_check& found) {
  std::map<position, first_telling> all;
  const auto note = [&](position at, const std::string& id, bool is_report, std::uint64_t heard) {
    const auto [there, is_new] = all.try_emplace(at, first_telling{id, is_report, heard});
    first_telling& first = there->second;
    first.heard = std::min(first.heard, heard);
    if (!found && !is_new && (first.id != id || first.is_report != is_report))
      found = problem{fmt::format("two events have the position {}", static_cast<std::uint64_t>(at)), id};
  };
  for_each_row(e.book, [&](row_name, const row_book& row) {
    for (const telling& t : row.told) note(t.at, to_string(t.id), false, t.heard);
  });
  for (const auto& [id, m] : e.reports.messages()) {
    for (const report_telling& t : m.told) note(t.at, id, true, t.heard);
  }
  return all;
}

}  // namespace

/// In units of a billionth of a message, so that everything is whole. A new engine's bucket has one message, whatever
/// its predecessor left: so one may leave that the predecessor's would not have allowed, and with it all of what counts
/// more than a burst. A change leaves what is available as it is, or at the new burst.
std::string excess(std::span<const burst_of> left, number per_second, number burst,
                   std::span<const engine_life> engines, const ceiling_change* change) {
  std::uint64_t largest = 1;
  for (const burst_of& b : left) largest = std::max(largest, b.largest);
  bucket whole{per_second, burst, {}, 0};
  bucket own = whole;
  bool is_changed = false;
  std::uint32_t engine = ~std::uint32_t{0};
  for (const burst_of& b : left) {
    whole.leak(b.at);
    if (b.engine != engine) {
      if (engine != ~std::uint32_t{0}) whole.forgive(std::max<number>(1, static_cast<number>(largest) - burst + 1));
      own = {per_second, burst, b.engine < engines.size() ? engines[b.engine].opened : b.at, (burst - 1) * one};
      engine = b.engine;
    }
    if (change != nullptr && !is_changed && change->engine == engine && b.number >= change->from) {
      is_changed = true;
      own.change(*change);
    }
    own.leak(b.at);
    if (auto said = own.take(b, "its engine"); !said.empty()) return said;
    if (change != nullptr) continue;
    if (auto said = whole.take(b, "all engines together"); !said.empty()) return said;
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

verdict_of_check check_other_limits(const evidence& e) {
  const message_table messages = messages_of(e.book);
  for (std::size_t i = 0; i < limits_max; ++i) {
    const limit_plan& l = e.of.limit[i];
    if (l.kind == 0 || l.rate == 0) continue;
    std::optional<ceiling_change> change;
    for (const limit_change& c : e.record.changes) {
      if (c.limit == i) change = {c.from, c.at, c.engine, l.new_rate, l.new_burst};
    }
    for (const auto& [key, left] : bursts_of(e, l, messages)) {
      const std::string how = excess(left, l.rate, l.burst, e.record.engines, change ? &*change : nullptr);
      if (auto found = too_much(fmt::format("{} {}", limit_name(i), key), how)) return found;
    }
  }
  return {};
}

/// A wall clock that is set lets days come again: then all of the run is held against all days there may have been.
verdict_of_check check_quotas(const evidence& e) {
  const message_table messages = messages_of(e.book);
  const auto forgot = std::count_if(e.record.engines.begin(), e.record.engines.end(), [&](const engine_life& each) {
    return !e.of.durable() || (!keeps_everything(e) && each.lossy_end);
  });
  const number begins = 1 + (e.of.durable() ? forgot : forgot - 1);
  for (std::size_t i = 0; i < limits_max; ++i) {
    const limit_plan& l = e.of.limit[i];
    if (l.kind == 0 || l.quota == 0) continue;
    std::map<std::pair<std::string, number>, number> used;
    number days = 1;
    if (e.record.wall_jumped) days = 3 + static_cast<number>(e.of.fault.wall_jump_s) / 43'200;
    for (const testing::acceptance& a : e.acceptances) {
      const auto m = messages.find(a.id);
      const testing::departure* const d = departure_of(e, a);
      if (m == messages.end() || d == nullptr) continue;
      const auto key = key_for(e.of, l, m->second, d->provider);
      if (!key) continue;
      const number units = units_of(e.of.campaign[m->second.at.campaign], l.counts);
      if (units == 0) continue;
      number& so_far = used[{*key, e.record.wall_jumped ? 0 : day_of(l, d->wall)}];
      so_far += units;
      if (so_far <= std::max(l.quota, units) * begins * days) continue;
      return problem{
          fmt::format("{} of {} {} were taken on one day, and its number is {}", so_far, limit_name(i), *key, l.quota),
          a.id};
    }
  }
  return {};
}

verdict_of_check check_retry_budget(const evidence& e) {
  const plan& p = e.of;
  number other = p.fault.throttle_429 + p.fault.error_503;  // these send back without an attempt
  for (std::size_t i = 0; i < p.route_count(); ++i)
    other += p.route[i].provider_rate + (p.route[i].infobip != 0 && p.route[i].batch > 1 ? 1 : 0);
  if (other > 0 || e.record.engines.size() != 1) return {};
  std::set<std::string, std::less<>> seen;
  number first = 0;
  number again = 0;
  for (const testing::departure& d : e.departures) {
    for (const std::string& id : d.ids) ++(seen.insert(id).second ? first : again);
    const number ms =
        std::chrono::duration_cast<std::chrono::milliseconds>(d.left - e.record.engines.front().opened).count();
    const number a_second = p.routes * p.budget_min_per_1000;  // thousandths
    const number most =
        10 * p.routes + first * p.budget_percent / 100 + a_second * ms / 1'000'000 + a_second / 1000 + p.routes + 1;
    if (again > most)
      return problem{
          fmt::format("{} were tried again and {} for the first time: more than the budget of {}", again, first, most),
          d.ids.back()};
  }
  return {};
}

verdict_of_check check_limits_are_used(const evidence& e) {
  if (!is_calm(e.of) || e.record.engines.size() != 1) return {};
  const bool has_quota =
      std::any_of(e.of.limit.begin(), e.of.limit.end(), [](const limit_plan& l) { return l.kind != 0 && l.quota > 0; });
  if (has_quota) return {};
  const message_table messages = messages_of(e.book);
  std::map<std::string, time_point, std::less<>> first_left;
  std::vector<std::vector<time_point>> of_campaign(e.of.campaign_count());
  for (const testing::departure& d : e.departures) {
    for (const std::string& id : d.ids) {
      const auto m = messages.find(id);
      if (m == messages.end()) continue;
      first_left.try_emplace(id, d.left);
      of_campaign[m->second.at.campaign].push_back(d.left);
    }
  }
  for (const auto& [id, m] : messages) {
    const auto there = first_left.find(id);
    if (there == first_left.end()) continue;
    const auto& others = of_campaign[m.at.campaign];
    const auto after = std::lower_bound(others.begin(), others.end(), there->second);
    const time_point since = after == others.begin() ? m.row->taken : std::max(m.row->taken, *std::prev(after));
    if (there->second - since <= turn_max(e.of, m.at.campaign)) continue;
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(there->second - since).count();
    return problem{
        fmt::format("nothing of campaign {} left for {} ms, and {} could have", m.at.campaign, ms, named_row(m.at)),
        id};
  }
  return {};
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
  verdict_of_check found;
  const std::map<position, first_telling> first_heard = first_tellings(e, found);
  if (found) return found;
  // Everything up to there had been told by then: so it was confirmed without a gap.
  const auto is_confirmed = [&](position at, unsigned before) {
    return std::any_of(e.book.confirmations().begin(), e.book.confirmations().end(), [&](const confirmation& c) {
      return c.engine < before && c.at >= at &&
             std::all_of(first_heard.begin(), first_heard.upper_bound(at),
                         [&](const auto& other) { return other.second.heard < c.heard; });
    });
  };
  const auto may_not_come = [&](unsigned engine, position at) {
    return engine != 0 && !e.record.engines[engine - 1].lossy_end && is_confirmed(at, engine);
  };
  for_each_row(e.book, [&](row_name at, const row_book& row) {
    for (std::size_t k = 1; k < row.told.size() && !found; ++k) {
      const telling& t = row.told[k];
      if (may_not_come(t.engine, t.at))
        found = problem{named_row(at) + " was confirmed before a clean restart and is told again after it",
                        to_string(t.id)};
    }
  });
  for (const auto& [id, m] : e.reports.messages()) {
    for (std::size_t k = 1; k < m.told.size() && !found; ++k) {
      if (may_not_come(m.told[k].engine, m.told[k].at))
        found = problem{"a report was confirmed before a clean restart and is told again after it", id};
    }
  }
  return found;
}

verdict_of_check check_run(const evidence& e) {
  for (const auto check : {check_outcomes, check_positions, check_acceptances, check_departures, check_standstills,
                           check_route_limits, check_sender_limit, check_other_limits, check_question_limits,
                           check_quotas, check_retry_budget, check_limits_are_used, check_ages, check_reports_told,
                           check_reported_outcomes, check_reported_departures, check_held}) {
    if (auto found = check(e)) return found;
  }
  return {};
}

}  // namespace broadside::sim
