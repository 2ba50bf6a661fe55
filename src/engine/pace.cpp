// engine/pace - see pace.hpp. Limits are collected with the share of the campaign that meets them; then the days are
// walked from one local midnight to the next.
#include <fmt/format.h>
#include <algorithm>
#include <broadside/check.hpp>
#include <broadside/pace.hpp>
#include <broadside/sender.hpp>
#include <cmath>
#include <engine/carrier_numbers.hpp>
#include <engine/limit_match.hpp>
#include <map>
#include <rate/calendar.hpp>
#include <string_view>
#include <utility>

namespace broadside {
namespace {

using seconds = std::chrono::duration<double>;

constexpr double endless = std::numeric_limits<double>::infinity();
// A clock that is wrong by centuries is no reason to leave what the type can say.
constexpr wall_time earliest{};
constexpr wall_time latest{std::chrono::hours{24 * 365 * 250}};
constexpr seconds longest{1000.0 * 365.25 * 86'400};
constexpr auto walked_max = std::chrono::hours{24 * 400};  // the days after it are taken to be like those before

/// A limit, and the part of the campaign that meets it.
struct ceiling {
  std::string name;
  rate_limit rate;
  daily_quota quota;
  limit_unit counts = limit_unit::messages;
  std::string_view carrier;
  std::uint32_t weight = 0;  // of the routes on which it holds
  std::vector<std::string_view> routes;
};

struct used_route {
  const route_options* options = nullptr;
  std::uint32_t weight = 0;
};

std::vector<used_route> routes_of(const campaign& c, const options& with, std::vector<violation>& wrong) {
  std::vector<used_route> out;
  const auto& shares = c.sender.routes;
  if (shares.empty()) wrong.push_back({"sender.routes", "must name at least one route"});
  for (std::size_t i = 0; i < shares.size(); ++i) {
    const auto found = std::find_if(with.routes.begin(), with.routes.end(),
                                    [&](const route_options& r) { return r.name == shares[i].route; });
    if (found == with.routes.end()) {
      wrong.push_back(
          {fmt::format("sender.routes[{}].route", i), fmt::format("no route is named \"{}\"", shares[i].route)});
    } else if (shares[i].weight < 1 || shares[i].weight > 1000) {
      wrong.push_back(
          {fmt::format("sender.routes[{}].weight", i), fmt::format("must be 1 to 1000, is {}", shares[i].weight)});
    } else {
      out.push_back({&*found, shares[i].weight});
    }
  }
  return out;
}

// ---- which limits there are

class ceilings {
 public:
  void meet(ceiling met, const used_route& on) {
    const auto [known, is_new] = places_.try_emplace(met.name, all_.size());
    if (is_new) all_.push_back(std::move(met));
    ceiling& at = all_[known->second];
    at.weight += on.weight;
    at.routes.push_back(on.options->name);
  }
  [[nodiscard]] std::vector<ceiling> take() { return std::move(all_); }

 private:
  std::vector<ceiling> all_;
  std::map<std::string, std::size_t> places_;
};

std::vector<ceiling> met_by(const campaign& c, const sender& from, const std::vector<used_route>& routes,
                            std::span<const limit_options> limits, std::vector<violation>& wrong) {
  ceilings out;
  const auto of_route = [](std::string name, const rate_limit& rate) {
    ceiling made;
    made.name = std::move(name);
    made.rate = rate;
    return made;
  };
  for (const used_route& r : routes) {
    if (!r.options->limit.unlimited()) out.meet(of_route("route " + r.options->name, r.options->limit), r);
    const rate_limit& queue = r.options->provider_queue;
    if (!queue.unlimited()) out.meet(of_route("queue of " + r.options->name, queue), r);
  }
  const engine_detail::limit_index index(limits);
  engine_detail::carrier_numbers carriers;
  std::vector<std::pair<std::uint32_t, const used_route*>> met;
  for (const used_route& r : routes) {
    const auto matched = engine_detail::match_limits(c, from, *r.options, index);
    if (const auto most = engine_detail::most_for_one_message(matched, limits); most > engine_detail::matched_max) {
      wrong.push_back({fmt::format("sender.routes[{}]", &r - routes.data()),
                       fmt::format("{} of the limits hold for a message on {}; at most {} may", most, r.options->name,
                                   engine_detail::matched_max)});
      continue;
    }
    for (const std::uint32_t place : matched.all) met.emplace_back(place, &r);
    for (const std::uint32_t place : matched.of_carriers) {
      carriers.add(limits[place].carrier);
      met.emplace_back(place, &r);
    }
  }
  if (auto lanes = engine_detail::too_many_lanes(routes.size(), carriers)) wrong.push_back(std::move(*lanes));
  std::stable_sort(met.begin(), met.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& [place, r] : met) {
    const limit_options& l = limits[place];
    if (l.counts == limit_unit::media && c.media.empty()) continue;
    out.meet({engine_detail::key_name(l, c, from, *r->options), l.rate, l.quota, l.counts, l.carrier, 0, {}}, *r);
  }
  return out.take();
}

/// What part of an audience each carrier with a limit has.
class carrier_parts {
 public:
  carrier_parts(const pace_audience& to, const std::vector<ceiling>& met) : known_(to.carriers.has_value()) {
    for (const ceiling& each : met) {
      if (!each.carrier.empty()) numbers_.add(each.carrier);
    }
    of_.resize(numbers_.size());
    if (!known_ || to.messages == 0) return;
    for (const carrier_count& each : *to.carriers)
      of_[numbers_.of(each.carrier)] += static_cast<double>(each.messages) / static_cast<double>(to.messages);
  }
  /// All of it for a limit that names no carrier. Nothing: not known.
  [[nodiscard]] std::optional<double> part_of(std::string_view carrier) const {
    if (carrier.empty()) return 1.0;
    if (!known_) return std::nullopt;
    return std::min(1.0, of_[numbers_.of(carrier)]);
  }

 private:
  bool known_;
  engine_detail::carrier_numbers numbers_;
  std::vector<double> of_;
};

/// What one message of the campaign costs, at least.
struct costs {
  std::uint64_t parts = 1;
  std::uint64_t media = 0;

  [[nodiscard]] std::uint64_t in(limit_unit u) const noexcept {
    return u == limit_unit::messages ? 1 : u == limit_unit::parts ? parts : media;
  }
};

costs costs_of(const campaign& c) {
  costs out;
  out.media = c.media.size();
  if (!c.fallback.enabled) return out;
  if (const auto forecast = forecast_fallback(c)) out.parts = std::max<std::uint64_t>(1, forecast->least.sms.parts);
  return out;
}

// ---- for people

std::string rate_text(double per_second) {
  if (per_second >= 1) return fmt::format("{:.6g} a second", per_second);
  if (per_second * 60 >= 1) return fmt::format("{:.6g} a minute", per_second * 60);
  if (per_second * 3600 >= 1) return fmt::format("{:.6g} an hour", per_second * 3600);
  return fmt::format("{:.6g} a day", per_second * 86'400);
}

std::string hours_text(seconds span) {
  if (span < seconds{60}) return fmt::format("{:.3g} s", span.count());
  if (span < seconds{3600}) return fmt::format("{:.3g} min", span.count() / 60);
  return fmt::format("{:.3g} h", span.count() / 3600);
}

std::string words_of(const ceiling& l, std::uint64_t cost, const pace_limit& told) {
  const std::string_view unit = l.counts == limit_unit::messages ? "messages"
                                : l.counts == limit_unit::parts  ? "SMS parts"
                                                                 : "media";
  std::string words;
  if (!l.rate.unlimited()) words = fmt::format("{} {}", unit, rate_text(l.rate.per_second));
  if (l.quota.most > 0) {
    words += fmt::format("{}{} {} a day from midnight in {}", words.empty() ? "" : ", ", l.quota.most, unit,
                         l.quota.time_zone);
  }
  if (l.counts == limit_unit::parts) words += fmt::format("; a message has at least {}", cost);
  if (l.counts == limit_unit::media) words += fmt::format("; a message has {}", cost);
  if (!told.carrier.empty()) words += fmt::format("; for recipients of carrier \"{}\" only", told.carrier);
  if (!told.reckoned) return words + ", of whom nobody knows how many there are";
  if (told.share <= 0) return words + ", of whom there are none";
  if (told.share < 1) {
    words += fmt::format("; holds for {:.3g} % of the messages", told.share * 100);
    if (!l.rate.unlimited()) words += fmt::format(", so {} in all", rate_text(told.per_second / told.share));
  }
  return words;
}

pace_limit told(const ceiling& l, std::uint64_t cost, std::uint32_t weights, const carrier_parts& carriers) {
  pace_limit out;
  out.name = l.name;
  out.route = l.routes.size() == 1 ? l.routes.front() : std::string_view{};
  out.carrier = l.carrier;
  const auto part = carriers.part_of(l.carrier);
  out.reckoned = part.has_value();
  out.share = static_cast<double>(l.weight) / weights * part.value_or(1);
  if (!l.rate.unlimited()) out.per_second = l.rate.per_second / static_cast<double>(cost);
  if (l.quota.most > 0) out.per_day = std::max<std::uint64_t>(1, l.quota.most / cost);  // one that is dearer leaves too
  out.words = words_of(l, cost, out);
  return out;
}

// ---- the days

struct day_count {
  rate::calendar days;
  std::size_t limit = 0;  // its place
  double each = 0;        // messages of the whole campaign that a day lets through
  double left = 0;
  wall_time next{};
};

/// What becomes of a campaign that goes at one speed where quotas do not stop it.
class day_walk {
 public:
  day_walk(std::vector<day_count> quotas, double speed, double messages, wall_time start)
      : quotas_(std::move(quotas)), speed_(speed), left_(messages), start_(start), at_(start) {
    for (day_count& q : quotas_) begin_day(q);
  }

  void run() {
    send(std::min(left_, 1.0));  // a limit has one message available when it is new
    if (quotas_.empty()) return finish_alone();
    while (left_ > 0 && at_ - start_ < walked_max) step();
    took_ = at_ - start_;
    if (left_ > 0) took_ += took_ * (left_ / sent_);
    if (left_ > 0) days += static_cast<std::uint64_t>(std::min(1e12, static_cast<double>(days) * (left_ / sent_)));
  }

  [[nodiscard]] seconds took() const noexcept { return std::min(took_, longest); }

  std::uint64_t days = 1;
  seconds longest_stop{};
  std::vector<std::size_t> stopped_by;  // places of limits; ascending

 private:
  void finish_alone() {
    if (left_ > 0) took_ = seconds{left_ / speed_};
    left_ = 0;
  }

  void step() {
    constexpr double nothing = 1e-6;  // of a message, left over from sums
    double next = left_;
    for (const day_count& q : quotas_) next = std::min(next, q.left < nothing ? 0 : q.left);
    const wall_time midnight = std::min_element(quotas_.begin(), quotas_.end(), [](const auto& a, const auto& b) {
                                 return a.next < b.next;
                               })->next;
    const seconds there = midnight - at_;
    if (next > 0 && next / speed_ <= there.count()) {
      go(seconds{next / speed_});
      return send(next);
    }
    if (next > 0) {
      send(std::min(next, there.count() * speed_));
    } else {
      stop(there, nothing);
    }
    at_ = midnight;
    for (day_count& q : quotas_) {
      if (q.next <= at_) begin_day(q);
    }
  }

  void stop(seconds span, double nothing) {
    bool new_day = false;
    for (const day_count& q : quotas_) {
      if (q.left >= nothing) continue;
      new_day = new_day || q.next - at_ <= span;
      const auto place = std::lower_bound(stopped_by.begin(), stopped_by.end(), q.limit);
      if (place == stopped_by.end() || *place != q.limit) stopped_by.insert(place, q.limit);
    }
    stop_ = is_stopped_ ? stop_ + span : span;
    is_stopped_ = true;
    longest_stop = std::max(longest_stop, stop_);
    if (new_day) ++days;
  }

  void go(seconds span) { at_ += std::chrono::duration_cast<wall_time::duration>(span); }

  void send(double messages) {
    is_stopped_ = false;
    left_ -= messages;
    sent_ += messages;
    for (day_count& q : quotas_) q.left -= messages;
  }

  void begin_day(day_count& q) const {
    q.left = q.each;
    q.next = std::max(q.days.next_day(at_), at_ + std::chrono::seconds{1});  // so that it ends, whatever the zone does
  }

  std::vector<day_count> quotas_;
  double speed_;
  double left_;
  double sent_ = 0;
  wall_time start_;
  wall_time at_;
  seconds took_{};
  seconds stop_{};
  bool is_stopped_ = false;
};

std::vector<day_count> day_counts(const std::vector<ceiling>& met, const std::vector<pace_limit>& told) {
  std::vector<day_count> out;
  for (std::size_t i = 0; i < met.size(); ++i) {
    if (told[i].per_day == 0 || !told[i].reckoned || told[i].share <= 0) continue;
    const double each = static_cast<double>(told[i].per_day) / told[i].share;
    if (auto days = rate::calendar::of(met[i].quota.time_zone)) out.push_back({std::move(*days), i, each, each, {}});
  }
  return out;
}

// ---- what follows

void mark_binding(expected_pace& out, const std::vector<std::size_t>& stopped_by) {
  out.days_bound = !stopped_by.empty();
  for (const std::size_t place : stopped_by) out.limits[place].binds = true;
  constexpr double nearly = 1 + 1e-9;
  for (pace_limit& each : out.limits) {
    const bool slowest = each.reckoned && each.per_second / each.share <= out.per_second * nearly;
    if (!out.days_bound && slowest && out.per_second < endless) each.binds = true;
    if (each.binds) out.binds += (out.binds.empty() ? "" : ", ") + each.name;
  }
}

void add_connections(expected_pace& out, const std::vector<used_route>& routes, std::uint32_t weights,
                     std::uint32_t shards) {
  constexpr double day_ms = 86'400'000;
  for (const used_route& r : routes) {
    pace_connections& made = out.connections.emplace_back();
    made.route = r.options->name;
    made.connections = r.options->http.connections_max * shards;
    made.per_second = out.per_second * r.weight / weights;
    const double requests = made.per_second / r.options->provider->limits().messages_per_request_max;
    if (requests < endless) {
      const double most = std::min(day_ms, made.connections / requests * 1000);
      made.answers_within = std::max(std::chrono::milliseconds{1}, std::chrono::milliseconds{std::llround(most)});
    }
  }
}

// Age counts from submit(), and a host that submits all it can fills what the campaign may hold.
void warn_of_age(expected_pace& out, const campaign& c, const options& with, double messages, seconds longest_stop) {
  const double inside = c.inside_max > 0 ? c.inside_max : with.messages_inside_max / 2;
  const seconds age(c.age_max);
  const seconds queue{std::min(messages, inside) / out.per_second};
  if (queue > age) {
    out.warnings.push_back(fmt::format(
        "a message waits up to {} inside, and age_max ends it as expired after {}: let inside_max be at most {:.0f}",
        hours_text(queue), hours_text(age), std::max(1.0, std::floor(age.count() * out.per_second))));
  } else if (queue + longest_stop > age) {
    out.warnings.push_back(fmt::format(
        "until a used-up quota begins anew, messages inside wait up to {}, and age_max ends them as expired after {}",
        hours_text(queue + longest_stop), hours_text(age)));
  }
}

}  // namespace

result<expected_pace, failure> expect_pace(const campaign& c, const options& with, std::uint64_t messages,
                                           wall_time start) {
  return expect_pace(c, with, pace_audience{.messages = messages, .carriers = std::nullopt}, start);
}

result<expected_pace, failure> expect_pace(const campaign& c, const options& with, const pace_audience& to,
                                           wall_time start) {
  if (auto wrong = with.validate(); !wrong.empty()) return failure{errc::invalid_options, std::move(wrong)};
  std::vector<violation> wrong;
  const std::vector<used_route> routes = routes_of(c, with, wrong);
  const auto from = sender::parse(c.sender.sender, c.sender.home);
  if (!from) wrong.push_back({"sender.sender", from.error().message()});
  std::vector<ceiling> met;
  if (wrong.empty()) met = met_by(c, *from, routes, with.limits, wrong);
  if (!wrong.empty()) return failure{errc::invalid_campaign, std::move(wrong)};

  std::uint32_t weights = 0;
  for (const used_route& r : routes) weights += r.weight;
  const costs cost = costs_of(c);
  const carrier_parts carriers(to, met);
  const auto messages = static_cast<double>(to.messages);
  expected_pace out;
  for (const ceiling& each : met) {
    const pace_limit& added = out.limits.emplace_back(told(each, cost.in(each.counts), weights, carriers));
    if (added.reckoned) out.per_second = std::min(out.per_second, added.per_second / added.share);
  }
  const wall_time from_when = std::clamp(start, earliest, latest);
  day_walk walk(day_counts(met, out.limits), out.per_second, messages, from_when);
  walk.run();
  out.duration = std::chrono::ceil<std::chrono::milliseconds>(walk.took());
  out.days = walk.days;
  mark_binding(out, walk.stopped_by);
  add_connections(out, routes, weights, with.shards);
  warn_of_age(out, c, with, messages, walk.longest_stop);
  return out;
}

}  // namespace broadside
