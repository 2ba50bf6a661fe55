// integration/limits_test - limits, a provider's signals, failover and fairness, by an engine and a simulator over real
// sockets.
//
// What the machine does to a thread (it may stop it for milliseconds) is kept out of the judgement: rates are held
// against the instants at which messages were permitted to leave, and arrivals only against those instants.
#include <poll.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <broadside/broadside.hpp>
#include <broadside/testing/provider_simulator.hpp>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <support/catch.hpp>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace broadside;
using namespace std::chrono_literals;
using testing::outage;
using testing::provider_simulator;
using testing::simulator_options;
using testing::worst_window;
using steady = std::chrono::steady_clock;

/// The machine's clock, which remembers what it last told each thread: a shard decides everything of one turn by one
/// reading, so while it encodes, this is the instant its permission is for.
class remembering_environment final : public environment {
 public:
  time_point now() noexcept override { return last_told = environment::system().now(); }
  wall_time wall_now() noexcept override { return environment::system().wall_now(); }
  std::uint64_t random() noexcept override { return environment::system().random(); }
  static thread_local time_point last_told;
};
thread_local time_point remembering_environment::last_told{};

/// A message that was permitted to leave.
struct departure {
  time_point at{};
  std::string sender;
  std::string text;
};

/// Notes when messages were permitted to leave, and whether one was while the provider had told to wait.
class noting_provider final : public provider {
 public:
  explicit noting_provider(std::shared_ptr<const provider> real) : real_(std::move(real)) {}
  std::string_view name() const noexcept override { return real_->name(); }
  const content_limits& limits() const noexcept override { return real_->limits(); }
  const http_endpoint& endpoint() const noexcept override { return real_->endpoint(); }
  bool deduplicates() const noexcept override { return real_->deduplicates(); }
  result<std::size_t> encode(std::span<const message> messages, std::string& body) const override {
    auto n = real_->encode(messages, body);
    const time_point now = remembering_environment::last_told;
    const std::scoped_lock lock(mutex_);
    if (n && now < told_until_) ++early_;
    for (std::size_t i = 0; n && i < *n; ++i) {
      departures_.push_back({now, std::string(messages[i].sender), std::string(messages[i].text)});
    }
    return n;
  }
  void classify(const http_response& answer, std::span<const message_id> ids,
                std::span<verdict> each) const noexcept override {
    real_->classify(answer, ids, each);
    const std::scoped_lock lock(mutex_);
    if (each.front().kind != verdict_kind::slow_down || each.front().retry_after < 0ms) return;
    told_until_ = std::max(told_until_, remembering_environment::last_told + each.front().retry_after);
    ++told_;
  }
  /// In the order of time.
  std::vector<departure> departures() const {
    const std::scoped_lock lock(mutex_);
    auto all = departures_;
    std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
    return all;
  }
  std::map<std::string, std::vector<time_point>> by_sender() const {
    std::map<std::string, std::vector<time_point>> all;
    for (const departure& d : departures()) all[d.sender.substr(d.sender.starts_with('+') ? 1 : 0)].push_back(d.at);
    return all;
  }
  std::uint64_t early() const { return early_; }
  std::uint64_t told() const { return told_; }

 private:
  std::shared_ptr<const provider> real_;
  mutable std::mutex mutex_;  // guards what follows
  mutable std::vector<departure> departures_;
  mutable time_point told_until_{};
  mutable std::uint64_t early_ = 0;
  mutable std::uint64_t told_ = 0;
};

provider_simulator start(simulator_options options = {}) {
  auto started = provider_simulator::start(std::move(options));
  REQUIRE(started.has_value());
  return std::move(*started);
}

std::shared_ptr<noting_provider> sinch_at(const provider_simulator& server) {
  auto made = providers::sinch({.base_url = server.url(), .api_key = "sinch-test-key", .service_id = "12345"});
  REQUIRE(made.has_value());
  return std::make_shared<noting_provider>(*made);
}

std::string number(int i) {
  const std::string digits = std::to_string(10'000 + i);
  return "+1888555" + digits.substr(1);
}

campaign from(const std::string& sender, std::vector<route_share> routes = {{"main", 1}}) {
  campaign c;
  c.name = "From " + sender;
  c.text = "Hi";
  c.sender.sender = sender;
  c.sender.routes = std::move(routes);
  return c;
}

limit_options sender_limit(const std::string& name, const std::string& sender, rate_limit rate) {
  limit_options l;
  l.name = name;
  l.sender = sender;
  l.rate = rate;
  return l;
}

/// An engine with a host that feeds its campaigns and reads its events, by turns and in the test's thread.
class host {
 public:
  explicit host(options o) {
    auto opened = engine::open(std::move(o), clock_);
    if (!opened) FAIL(opened.error().message());
    engine_ = std::make_unique<engine>(std::move(*opened));
  }

  struct fed {
    campaign_id id{};
    source_id source{};
    std::uint64_t next = 0;
    std::uint64_t most = 0;
    bool finished = false;
  };
  /// A campaign whose audience has `most` recipients, taken as there is room.
  std::size_t launch(campaign c, std::uint64_t most = UINT64_MAX) {
    auto id = engine_->launch(std::move(c));
    if (!id) FAIL(id.error().message());
    const auto source = engine_->open_source(*id, "all");
    REQUIRE(source.has_value());
    fed_.push_back({*id, *source, 0, most});
    return fed_.size() - 1;
  }
  /// One message now.
  void submit_one(std::size_t which) {
    const recipient one{"+12125550123", {}};
    fed& f = fed_[which];
    REQUIRE(engine_->submit(f.source, ordinal{f.next}, {&one, 1}).accepted == 1);
    ++f.next;
  }

  void turn(std::chrono::milliseconds wait = 10ms) {
    static const std::vector<recipient> many(64, recipient{"+12125550123", {}});
    for (fed& f : fed_) {
      if (f.finished || f.next >= f.most) continue;
      const auto wanted = std::min<std::uint64_t>(many.size(), f.most - f.next);
      f.next += engine_->submit(f.source, ordinal{f.next}, std::span(many).first(wanted)).accepted;
    }
    pollfd news{engine_->event_fd(), POLLIN, 0};
    ::poll(&news, 1, static_cast<int>(wait.count()));
    for (std::size_t n = 0; (n = engine_->poll(events_)) > 0;) {
      for (const event& e : std::span(events_).first(n)) {
        ++outcomes_[e.outcome];
        if (!rows_.insert({e.source, e.row}).second) ++told_twice_;
      }
    }
  }
  void run_for(duration span) {
    for (const auto until = steady::now() + span; steady::now() < until;) turn();
  }
  template <class Done>
  bool run_until(Done done, duration at_most = 60s) {
    for (const auto until = steady::now() + at_most; steady::now() < until;) {
      if (done()) return true;
      turn();
    }
    return done();
  }
  /// No more is submitted, and every message has its outcome.
  void finish(duration at_most = 60s) {
    for (fed& f : fed_) {
      if (!std::exchange(f.finished, true)) REQUIRE(engine_->finish(f.source));
    }
    const auto all_finished = [this] {
      return std::all_of(fed_.begin(), fed_.end(), [this](const fed& f) { return engine_->finished(f.id); });
    };
    if (!run_until(all_finished, at_most)) {
      for (const fed& f : fed_) WARN(engine_->why(f.id).words);
      FAIL("messages are left inside");
    }
    while (rows_.size() < submitted()) turn();
    CHECK(told_twice_ == 0);
    CHECK(rows_.size() == submitted());
  }

  [[nodiscard]] std::uint64_t submitted() const {
    std::uint64_t all = 0;
    for (const fed& f : fed_) all += f.next;
    return all;
  }
  [[nodiscard]] std::uint64_t ended(outcome o) const {
    const auto found = outcomes_.find(o);
    return found == outcomes_.end() ? 0 : found->second;
  }
  [[nodiscard]] limit_status limit(const std::string& name) const {
    for (const limit_status& l : engine_->limits()) {
      if (l.name == name) return l;
    }
    FAIL("no limit has the name " << name);
    return {};
  }
  [[nodiscard]] campaign_id id(std::size_t which) const { return fed_[which].id; }
  engine& operator*() { return *engine_; }
  engine* operator->() { return engine_.get(); }

 private:
  remembering_environment clock_;
  std::unique_ptr<engine> engine_;
  std::vector<fed> fed_;
  std::array<event, 512> events_;
  std::map<outcome, std::uint64_t> outcomes_;
  std::set<std::pair<source_id, ordinal>> rows_;
  std::uint64_t told_twice_ = 0;
};

/// The latest that an arrival came after its permission; fails the test when one came before.
duration lateness(const std::vector<time_point>& arrived, const std::vector<time_point>& permitted) {
  duration latest{};
  if (arrived.size() > permitted.size()) FAIL("more arrived than were permitted");
  for (std::size_t k = 0; k < arrived.size(); ++k) {
    if (arrived[k] < permitted[k]) FAIL("message " << k << " arrived before its permission");
    latest = std::max(latest, arrived[k] - permitted[k]);
  }
  return latest;
}

/// Every sender within its limit in any window of 50 ms to 10 s, and every limit used.
void senders_at_once(int senders, duration span, double used_min) {
  const rate_limit each{25, 5};
  const rate_limit slow{1, 1};
  auto server = start({.record_arrivals = 10'000'000});
  options o;
  o.shards = 2;
  o.messages_inside_max = 131'072;
  o.campaigns_max = 2'048;
  const auto noting = sinch_at(server);
  o.routes.push_back({.name = "main", .provider = noting});
  o.limits.push_back(sender_limit("each sender", "*", each));
  o.limits.push_back(sender_limit("the slow one", number(senders), slow));
  host h(std::move(o));
  for (int i = 0; i <= senders; ++i) {
    campaign c = from(number(i));
    c.inside_max = 64;
    h.launch(std::move(c));
  }
  h.run_for(span);
  const auto limits = h->limits();
  h->stop();

  auto permitted = noting->by_sender();
  std::size_t judged = 0;
  for (const auto& [sender, arrived] : server.arrivals()) {
    const bool is_slow = "+" + sender == number(senders);
    const rate_limit& limit = is_slow ? slow : each;
    const auto& instants = permitted.at(sender);
    const auto worst = worst_window(instants, limit);
    if (worst.exceeds()) {
      const auto width = std::chrono::duration<double>(worst.width).count();
      FAIL_CHECK(sender << ": " << worst.count << " in " << width << " s, " << worst.allowed << " allowed");
    }
    // What is left of the difference between permission and arrival is delay alone.
    if (worst_window(arrived, limit, lateness(arrived, instants)).exceeds()) FAIL_CHECK(sender << " came too fast");
    ++judged;
  }
  CHECK(judged == static_cast<std::size_t>(senders) + 1);
  std::size_t used = 0;
  for (const limit_status& l : limits) {
    const bool is_slows = l.name == "each sender: " + number(senders).substr(1);  // its own limit binds it
    if (l.allowed <= 0 || is_slows) continue;
    ++used;
    INFO(l.name << ": " << l.taken << " of " << l.allowed);
    if (static_cast<double>(l.taken) > l.allowed + 1e-3) FAIL_CHECK("more than was allowed");
    if (static_cast<double>(l.taken + 1) < used_min * l.allowed) FAIL_CHECK("less than could have been used");
  }
  CHECK(used == static_cast<std::size_t>(senders) + 1);
}

}  // namespace

TEST_CASE("limits: many senders at once are each within their limit in every window, and use it", "[limits]") {
  senders_at_once(50, 3s, 0.98);
}

// By hand, on a machine with nothing else to do: 25,000 messages a second.
TEST_CASE("limits: a thousand senders at 25/s and one at 1/s, for 30 seconds", "[.][limits][slow]") {
  senders_at_once(1000, 30s, 0.99);
}

TEST_CASE("limits: a changed limit counts at once, and nothing is lost or repeated", "[limits]") {
  auto server = start();
  options o;
  o.shards = GENERATE(1U, 2U);
  const auto noting = sinch_at(server);
  o.routes.push_back({.name = "main", .provider = noting});
  o.limits.push_back(sender_limit("brand", number(0), {50, 1}));
  host h(std::move(o));
  h.launch(from(number(0)));
  struct phase {
    rate_limit limit;
    time_point begin;
    time_point end;
  };
  std::vector<phase> phases{{{50, 1}, steady::now(), {}}};
  h.run_for(1s);
  for (const rate_limit next : {rate_limit{300, 20}, rate_limit{20, 2}, rate_limit{100, 1}}) {
    phases.back().end = steady::now();
    REQUIRE(h->change_limit("brand", next));
    phases.push_back({next, steady::now(), {}});
    h.run_for(1s);
  }
  phases.back().end = steady::now();
  CHECK(h->change_limit("nobody", {1, 1}).error().code == errc::unknown_limit);
  CHECK(h->change_limit("brand", {-1, 1}).error().code == errc::invalid_options);
  // The rest, fast; not without a limit: a shard that is held up with the time it has read would send it in the last
  // phase.
  REQUIRE(h->change_limit("brand", {5'000, 1}));
  h.finish();

  const auto departures = noting->departures();
  for (const phase& p : phases) {
    std::vector<time_point> times;
    for (const departure& d : departures) {
      if (d.at >= p.begin && d.at < p.end) times.push_back(d.at);
    }
    CAPTURE(p.limit.per_second, times.size());
    CHECK_FALSE(worst_window(times, p.limit).exceeds());
    // With a burst of one, what a wake-up is late is lost: how much that is the machine says.
    CHECK(static_cast<double>(times.size()) >= (p.limit.burst == 1 ? 0.7 : 0.9) * p.limit.per_second);
  }
  CHECK(server.sinch().accepted == h.submitted());
  CHECK(server.sinch().repeats == 0);
  CHECK(h.ended(outcome::accepted) == h.submitted());
}

TEST_CASE("limits: what waits for a limit leaves when the limit is lifted", "[limits]") {
  auto server = start();
  options o;
  o.routes.push_back({.name = "main", .provider = sinch_at(server)});
  o.limits.push_back(sender_limit("brand", number(0), {0.01, 1}));
  host h(std::move(o));
  const std::size_t it = h.launch(from(number(0)), 100);
  REQUIRE(h.run_until([&] { return h.ended(outcome::accepted) == 1; }));
  REQUIRE(h.run_until([&] { return h->why(h.id(it)).what == binding::rate_limit; }));
  REQUIRE(h->change_limit("brand", {}));
  REQUIRE(h.run_until([&] { return h.ended(outcome::accepted) == 100; }));  // by the limit it would take hours
  h.finish();
  CHECK(server.sinch().accepted == 100);
}

TEST_CASE("limits: a Retry-After is obeyed to the instant, nothing is lost, and no attempt is spent", "[limits]") {
  outage throttling{.what = outage::kind::throttles, .from = 500ms, .until = 3s, .retry_after_seconds = 1};
  throttling.retry_after_as_date = GENERATE(false, true);
  CAPTURE(throttling.retry_after_as_date);
  auto server = start({.outages = {throttling}, .outages_from_first_request = true, .told_grace = 200ms});
  options o;
  o.retry.attempts_max = 1;
  const auto noting = sinch_at(server);
  o.routes.push_back({.name = "main", .provider = noting, .limit = {200, 10}});
  host h(std::move(o));
  h.launch(from(number(0)), 600);
  const bool rested = h.run_until([&] {
    const explanation why = h->why(h.id(0));
    return why.what == binding::route && why.until > 0ms && why.until <= 2s;
  });
  CHECK(rested);
  h.finish();
  CHECK(server.sinch().accepted == 600);
  CHECK(server.sinch().repeats == 0);
  CHECK(h.ended(outcome::accepted) == 600);
  CHECK(noting->told() >= 2);
  CHECK(noting->early() == 0);
  CHECK(server.sinch().early == 0);
  CHECK(server.sinch().throttled < 100);  // those that were on their way, and one a second
}

namespace {

options two_routes(const std::shared_ptr<const provider>& a, const std::shared_ptr<const provider>& b) {
  options o;
  o.routes.push_back({.name = "a", .provider = a, .limit = {300, 10}});
  o.routes.push_back({.name = "b", .provider = b, .limit = {300, 10}});
  for (route_options& r : o.routes) {
    r.http.connections_max = 16;
    r.http.backoff_min = 20ms;
    r.http.backoff_max = 200ms;
  }
  o.messages_inside_max = 1'024;  // so that what is left at the end is soon sent
  o.failover.interval = 200ms;
  o.failover.answers_min = 5;
  o.failover.faults_in_a_row = 5;
  o.retry.delay_min = 100ms;
  o.retry.delay_max = 500ms;
  o.retry.attempts_max = 100;
  o.retry.suspend_min = 100ms;
  o.retry.suspend_max = 400ms;
  return o;
}

campaign over_both() { return from(number(0), {{"a", 1}, {"b", 1}}); }

}  // namespace

TEST_CASE("limits: weight leaves a provider that dies and comes back with it, and the rest is not doubled",
          "[limits]") {
  const auto how = GENERATE(outage::kind::refuses_connections, outage::kind::error_503);
  CAPTURE(static_cast<int>(how));
  auto dying = start({.outages = {{.what = how, .from = 2s, .until = 4s}}, .outages_from_first_request = true});
  auto well = start();
  options o = two_routes(sinch_at(dying), sinch_at(well));
  const double budget = o.retry.budget;
  const double least = o.retry.budget_min;
  const auto begin = steady::now();
  host h(std::move(o));
  h.launch(over_both());
  bool was_out = false;
  std::uint64_t least_share = 8;
  h.run_until([&] {
    const auto a = h->routes().at(0);
    was_out |= a.suspended;
    least_share = std::min<std::uint64_t>(least_share, a.share);
    return steady::now() - begin > 4s;
  });
  CHECK(was_out);
  CHECK(least_share < 8);
  CHECK(h.run_until([&] { return h->route_history().back().to == 8; }, 15s));  // it drifts back
  CHECK(h->routes().at(0).share == 8);
  h.finish();
  const double seconds = std::chrono::duration<double>(steady::now() - begin).count();

  unsigned last = 8;
  CHECK(h->route_history().size() >= 4);
  for (const route_change& change : h->route_history()) {
    CAPTURE(change.route, change.from, change.to, change.because);
    CHECK(change.route == "a");
    CHECK(change.from == last);
    CHECK((change.to + 1 == change.from || change.from + 1 == change.to));  // step by step
    CHECK_FALSE(change.because.empty());
    last = change.to;
  }
  CHECK(last == 8);
  const auto a = dying.sinch();
  const auto b = well.sinch();
  CHECK(a.repeats + b.repeats == 0);
  CHECK(a.accepted + b.accepted >= h.ended(outcome::accepted));
  CHECK(h.ended(outcome::accepted) + h.ended(outcome::maybe_sent) == h.submitted());
  // Requests that were on their way when it hung up, one a connection.
  CHECK(h.ended(outcome::maybe_sent) <= (how == outage::kind::refuses_connections ? 16U : 0U));
  const auto requests = static_cast<double>(a.requests + b.requests);
  const auto messages = static_cast<double>(h.submitted());
  CAPTURE(requests, messages, seconds);
  CHECK(requests <= messages * (1 + budget) + least * seconds + 200);
}

// By hand, on a machine with nothing else to do: two and a half minutes at up to 500 messages a second.
TEST_CASE("limits: of two routes one is dead for twenty seconds of a minute, with the options as they are",
          "[.][limits][slow]") {
  const auto how = GENERATE(outage::kind::error_503, outage::kind::refuses_connections);
  CAPTURE(static_cast<int>(how));
  auto dying = start({.outages = {{.what = how, .from = 20s, .until = 40s}}, .outages_from_first_request = true});
  auto well = start();
  options o;
  o.routes.push_back({.name = "a", .provider = sinch_at(dying), .limit = {250, 10}});
  o.routes.push_back({.name = "b", .provider = sinch_at(well), .limit = {250, 10}});
  o.messages_inside_max = 2'048;  // so that what is left at the end is soon sent
  const retry_options retries = o.retry;
  const auto begin = steady::now();
  host h(std::move(o));
  h.launch(over_both());
  const auto after = [&](duration span) { return [&, span] { return steady::now() - begin >= span; }; };
  h.run_until(after(20s));
  const auto before = dying.sinch();
  unsigned times_out = 0;
  unsigned least_share = 8;
  bool is_out = false;
  h.run_until([&] {
    const route_status a = h->routes().at(0);
    if (a.suspended && !is_out) ++times_out;
    is_out = a.suspended;
    least_share = std::min(least_share, a.share);
    return after(40s)();
  });
  const auto out = dying.sinch();
  const std::uint64_t to_the_dead = (out.requests - out.accepted) - (before.requests - before.accepted);
  h.run_until(after(60s));
  const std::uint64_t of_the_minute = h.ended(outcome::accepted);
  CHECK(h.run_until([&] { return h->routes().at(0).share == 8; }, 40s));  // it drifts back
  const double back_after = std::chrono::duration<double>(steady::now() - begin).count();
  CHECK(h->counts(h.id(0)).balanced());
  h.finish();

  const auto a = dying.sinch();
  const auto b = well.sinch();
  const std::uint64_t extra = a.requests + b.requests - h.submitted();
  const auto changes = h->route_history().size();
  CAPTURE(times_out, least_share, to_the_dead, extra, of_the_minute, back_after, changes, h.submitted(),
          h.ended(outcome::maybe_sent), a.requests, a.accepted, b.requests, b.accepted);
  CHECK(times_out >= 1);
  CHECK(least_share <= 5);
  // What was on its way when it died, what the breaker needs to open, and then no more than retries may be: a share of
  // what went there first in the last ten to twenty seconds, and some a second.
  const double may_be_tried = retries.budget * 250 * 20 + 10 + retries.budget_min * 20;
  CHECK(static_cast<double>(extra) <= may_be_tried + 64);
  CHECK(static_cast<double>(to_the_dead) <= may_be_tried + 64);
  CHECK(a.repeats + b.repeats == 0);
  CHECK(h->counts(h.id(0)).balanced());
  CHECK(h.ended(outcome::accepted) + h.ended(outcome::maybe_sent) == h.submitted());
  CHECK(h.ended(outcome::maybe_sent) <= (how == outage::kind::refuses_connections ? 64U : 0U));
  CHECK(of_the_minute >= 20'000);  // b alone gives 15,000, both would 30,000
}

TEST_CASE("limits: bad numbers never move weight", "[limits]") {
  auto refusing = start({.outages = {{.what = outage::kind::refuses_numbers, .until = 1h}}});
  auto well = start();
  host h(two_routes(sinch_at(refusing), sinch_at(well)));
  h.launch(over_both());
  h.run_for(2s);
  h.finish();
  CHECK(h->route_history().empty());
  CHECK(h->routes().at(0).share == 8);
  CHECK_FALSE(h->routes().at(0).suspended);
  const auto rejected = static_cast<double>(h.ended(outcome::rejected));
  CHECK(h.ended(outcome::rejected) == refusing.sinch().rejected);
  CHECK(h.ended(outcome::rejected) + h.ended(outcome::accepted) == h.submitted());
  CHECK(rejected > 0.4 * static_cast<double>(h.submitted()));
}

TEST_CASE("limits: when all providers are dead nobody gains weight, everything waits and says why", "[limits]") {
  const outage dead{.what = outage::kind::refuses_connections, .from = 1s, .until = 4s};
  auto one = start({.outages = {dead}});
  auto other = start({.outages = {dead}});
  const auto begin = steady::now();
  host h(two_routes(sinch_at(one), sinch_at(other)));
  h.launch(over_both());
  std::size_t without_reason = 0;
  std::uint64_t looks = 0;
  std::uint64_t accepted = 0;
  h.run_until([&] {
    if (steady::now() - begin < 2500ms) return false;
    if (looks++ == 0) accepted = one.sinch().accepted + other.sinch().accepted;
    const explanation why = h->why(h.id(0));
    if (why.words.empty() || (why.what != binding::route && why.what != binding::connection)) ++without_reason;
    return steady::now() - begin > 3800ms;
  });
  CHECK(looks > 10);
  CHECK(without_reason == 0);
  CHECK(one.sinch().accepted + other.sinch().accepted == accepted);
  h.run_for(3s);
  h.finish();
  unsigned turns = 0;
  for (const route_change& change : h->route_history()) turns += change.to < change.from ? 1 : 0;
  CAPTURE(h->route_history().size());
  CHECK(turns <= 2);  // at the edges, where one is seen to be dead before the other
  CHECK(one.sinch().repeats + other.sinch().repeats == 0);
  CHECK(h.ended(outcome::accepted) + h.ended(outcome::maybe_sent) == h.submitted());
  CHECK(h.ended(outcome::maybe_sent) <= 32);  // requests that were on their way when they hung up
}

TEST_CASE("limits: two campaigns of weight 3 and 1 share a sender 3 to 1", "[limits]") {
  auto server = start();
  options o;
  o.shards = GENERATE(1U, 2U);
  o.routes.push_back({.name = "main", .provider = sinch_at(server)});
  o.limits.push_back(sender_limit("brand", number(0), {400, 1}));
  host h(std::move(o));
  campaign heavy = from(number(0));
  heavy.name = "Heavy";
  heavy.weight = 3;
  const auto a = h.launch(std::move(heavy));
  const auto b = h.launch(from(number(0)));
  h.run_for(300ms);
  const auto done = [&](std::size_t which) { return static_cast<double>(h->counts(h.id(which)).accepted); };
  const double before_a = done(a);
  const double before_b = done(b);
  h.run_for(4s);
  const double of_a = done(a) - before_a;
  const double of_b = done(b) - before_b;
  CAPTURE(of_a, of_b);
  CHECK(of_a + of_b > 1000);
  CHECK(of_a / (of_a + of_b) == Approx(0.75).margin(0.02));
  CHECK_FALSE(h->change_weight(h.id(b), 0));
  REQUIRE(h->change_weight(h.id(b), 3));  // and now alike
  h.run_for(300ms);
  const double then_a = done(a);
  const double then_b = done(b);
  h.run_for(3s);
  CHECK((done(a) - then_a) / (done(a) - then_a + done(b) - then_b) == Approx(0.5).margin(0.03));
}

TEST_CASE("limits: a transactional message leaves in its limit's next slot, however much marketing waits", "[limits]") {
  auto server = start();
  options o;
  const auto noting = sinch_at(server);
  o.routes.push_back({.name = "main", .provider = noting});
  o.limits.push_back(sender_limit("brand", number(0), {20, 1}));
  host h(std::move(o));
  h.launch(from(number(0)));
  campaign urgent = from(number(0));
  urgent.name = "Codes";
  urgent.text = "Your code";
  urgent.priority = priority::transactional;
  const auto codes = h.launch(std::move(urgent), 0);
  h.run_for(500ms);
  std::vector<time_point> submitted;
  for (int i = 0; i < 20; ++i) {
    h.run_for(std::chrono::milliseconds(100 + 7 * i));
    submitted.push_back(steady::now());
    h.submit_one(codes);
  }
  h.run_for(500ms);
  h->stop();
  std::size_t sent = 0;
  const auto departures = noting->departures();
  for (std::size_t i = 0; i < departures.size(); ++i) {
    if (departures[i].text != "Your code") continue;
    REQUIRE(sent < submitted.size());
    const auto overtaken = std::count_if(departures.begin(), departures.begin() + static_cast<std::ptrdiff_t>(i),
                                         [&](const departure& d) { return d.at > submitted[sent]; });
    CAPTURE(sent);
    CHECK(overtaken <= 1);  // the one that was made ready just then
    ++sent;
  }
  CHECK(sent == submitted.size());
}

namespace {

/// The threads of this process. A sanitizer may have one of its own, from the first thread on.
std::set<std::string> threads() {
  std::thread([] {}).join();
  std::set<std::string> all;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) all.insert(task.path().filename());
  return all;
}

/// Of all threads but these: how often they gave the processor away, which is how often they were woken.
std::uint64_t sleeps_of_others(const std::set<std::string>& these) {
  std::uint64_t all = 0;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    if (these.contains(task.path().filename())) continue;
    std::ifstream status(task.path() / "status");
    constexpr std::string_view name = "voluntary_ctxt_switches:";
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with(name)) all += std::stoull(line.substr(name.size()));
    }
  }
  return all;
}

std::chrono::nanoseconds processor_time() {
  timespec t{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec);
}

/// Of threads that were not there before: the fewest wake-ups of a few spans of two seconds; and the least time of the
/// processor.
void check_quiet(const std::set<std::string>& before) {
  std::uint64_t woken = UINT64_MAX;
  auto used = std::chrono::nanoseconds::max();
  for (int i = 0; i < 3 && (woken > 0 || used > 2ms); ++i) {
    const auto woken_before = sleeps_of_others(before);
    const auto used_before = processor_time();
    ::poll(nullptr, 0, 2000);
    used = std::min(used, processor_time() - used_before);
    woken = std::min(woken, sleeps_of_others(before) - woken_before);
  }
  CHECK(woken == 0);
  CHECK(used <= 2ms);
}

}  // namespace

TEST_CASE("limits: an engine with nothing to do sleeps, also after it has worked", "[limits][idle]") {
  const auto before = threads();
  auto server = start();
  options o;
  o.shards = 2;
  o.routes.push_back({.name = "main", .provider = sinch_at(server), .limit = {1000, 10}});
  host h(std::move(o));
  h.launch(from(number(0)), 200);
  h.finish();
  h.run_for(200ms);
  check_quiet(before);
}

TEST_CASE("limits: ten thousand messages that wait for a time or a word cost no wake-ups", "[limits][idle]") {
  const auto before = threads();
  auto failing = start({.outages = {{.what = outage::kind::error_503, .until = 1h}}});
  auto throttling = start({.outages = {{.what = outage::kind::throttles, .until = 1h, .retry_after_seconds = 3'600}}});
  auto well = start();
  options o;
  o.routes.push_back({.name = "failing", .provider = sinch_at(failing)});
  o.routes.push_back({.name = "throttling", .provider = sinch_at(throttling)});
  o.routes.push_back({.name = "well", .provider = sinch_at(well)});
  o.failover.faults_in_a_row = 100'000;  // each message shall fail by itself
  o.retry.delay_min = 600s;
  o.retry.delay_max = 1200s;
  limit_options day = sender_limit("of the day", number(2), {});
  day.quota = {.most = 10, .time_zone = "America/Los_Angeles"};
  o.limits.push_back(std::move(day));
  o.limits.push_back(sender_limit("slow", number(3), rate_limit::per(1, 3600s)));
  o.limits.push_back(sender_limit("slow too", number(4), rate_limit::per(1, 3600s)));
  host h(std::move(o));
  h.launch(from(number(0), {{"failing", 1}}), 2'000);
  h.launch(from(number(1), {{"throttling", 1}}), 2'000);
  h.launch(from(number(2), {{"well", 1}}), 2'010);
  const auto paused = h.launch(from(number(3), {{"well", 1}}), 2'001);
  h.launch(from(number(4), {{"well", 1}}), 2'001);
  const auto held = [&] {
    std::uint64_t all = 0;
    for (std::size_t i = 0; i < 5; ++i) all += h->counts(h.id(i)).inside;
    return all;
  };
  // The server counts a request before its answer is read: the last one must have come back, too.
  const auto all_failed = [&] { return failing.sinch().requests >= 2'000 && h->why(h.id(0)).what == binding::retry; };
  REQUIRE(h.run_until([&] { return all_failed() && held() == 10'000; }));
  REQUIRE(h->pause(h.id(paused)));
  for (const auto& [which, what] : {std::pair{0U, binding::retry},
                                    {1U, binding::route},
                                    {2U, binding::quota},
                                    {3U, binding::paused},
                                    {4U, binding::rate_limit}}) {
    CAPTURE(which, h->why(h.id(which)).words);
    CHECK(h->why(h.id(which)).what == what);
  }
  h.run_for(500ms);
  check_quiet(before);
  CHECK(held() == 10'000);
}
