// The simulated world itself: what it promises to whoever tests in it.
#include <array>
#include <broadside/broadside.hpp>
#include <broadside/testing/simulation.hpp>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <support/catch.hpp>
#include <utility>
#include <vector>

namespace {

using namespace broadside;
using namespace std::chrono_literals;
using testing::simulation;
using testing::simulation_faults;

options settings(const std::string& url) {
  options o;
  auto sinch = providers::sinch({.base_url = url, .api_key = "sinch-test-key", .service_id = "12345"});
  o.routes.push_back({.name = "main", .provider = *sinch, .limit = {100, 5}});
  o.routes[0].http.connections_max = 4;
  o.journal.path = "disk";
  o.shards = 2;
  return o;
}

campaign definition(on_unknown policy = on_unknown::hold) {
  campaign c;
  c.name = "Spring sale";
  c.key = "spring";
  c.attributes = {"name"};
  c.text = "Hi {{ name }}";
  c.sender.sender = "18885551234";
  c.sender.routes = {{"main", 1}};
  c.on_unknown = policy;
  return c;
}

/// A host that sends `rows` messages through crashes, with a book of what it was told.
struct host {
  host(simulation& w, std::string at, std::uint64_t n) : world(w), url(std::move(at)), rows(n) {}

  void open() {
    e.reset();
    auto opened = world.open(settings(url));
    REQUIRE(opened.has_value());
    e.emplace(std::move(*opened));
    const auto launched = e->launch(definition());
    REQUIRE(launched.has_value());
    id = *launched;
    source = *e->open_source(id, "list");
  }
  void work() {
    std::array<event, 32> some;
    for (auto next = static_cast<std::uint64_t>(e->resume_point(source)); next < rows; ++next) {
      const std::string to = "+1212555" + std::to_string(1000 + next);
      const std::string_view name = "Ann";
      const recipient r{to, {&name, 1}};
      if (e->submit(source, ordinal{next}, {&r, 1}).accepted == 0) break;
      if (next + 1 == rows) static_cast<void>(e->finish(source));
    }
    for (std::size_t n = e->poll(some); n > 0; n = e->poll(some)) {
      for (std::size_t i = 0; i < n; ++i) {
        const auto [at, is_new] = told.try_emplace(static_cast<std::uint64_t>(some[i].row), some[i].outcome);
        CHECK(at->second == some[i].outcome);
      }
      e->confirm(some[n - 1].at);
    }
  }
  bool run(std::chrono::seconds at_most) {
    open();
    const time_point until = world.clock().now() + at_most;
    while (world.clock().now() < until) {
      if (world.crashed()) open();
      work();
      if (!world.crashed() && e->finished(id) && told.size() == rows) return true;
      world.run_for(10ms);
    }
    return false;
  }

  simulation& world;
  std::string url;
  std::uint64_t rows;
  std::optional<engine> e;
  campaign_id id{};
  source_id source{};
  std::map<std::uint64_t, outcome> told;
};

}  // namespace

TEST_CASE("simulation: a world that works takes every message once, at the limit's pace, in virtual time") {
  simulation world(1);
  host h(world, world.add_provider("sinch"), 300);
  REQUIRE(h.run(60s));
  REQUIRE(world.acceptances().size() == 300);
  for (const auto& [row, how] : h.told) REQUIRE(how == outcome::accepted);
  REQUIRE(h.e->counts(h.id).accepted == 300);
  const auto& left = world.departures();
  REQUIRE(left.size() == 300);
  REQUIRE(left.back().left - left.front().left >= 2940ms);
  REQUIRE(left.back().left - left.front().left < 3200ms);
  REQUIRE(world.defects().empty());
}

TEST_CASE("simulation: the same seed is the same run, another seed is another") {
  const auto hash_of = [](std::uint64_t seed) {
    simulation world(seed, {.partial_write = 0.1, .reset = 0.05, .crash = 0.0005});
    host h(world, world.add_provider("sinch"), 60);
    h.run(600s);
    return world.trace_hash();
  };
  REQUIRE(hash_of(7) == hash_of(7));
  REQUIRE(hash_of(7) != hash_of(8));
}

TEST_CASE("simulation: nobody is sent to twice through crashes, resets and a disk that fails") {
  const auto seed = static_cast<std::uint64_t>(GENERATE(range(0, 20)));
  CAPTURE(seed);
  simulation world(seed, {.partial_write = 0.1,
                          .reset = 0.05,
                          .half_open = 0.01,
                          .close_after = 0.05,
                          .sync_slow = 0.02,
                          .disk_full = 0.01,
                          .sync_fails = 0.02,
                          .keeps_unsynced = 0.5,
                          .late_turn = 0.05,
                          .crash = 0.001});
  host h(world, world.add_provider("sinch"), 100);
  const bool ended = h.run(3600s);
  INFO(world.counts().crashes << " crashes, " << world.counts().resets << " resets");
  REQUIRE(ended);
  std::map<std::string, int> times;
  for (const auto& a : world.acceptances()) ++times[a.number];
  for (const auto& [number, n] : times) {
    CAPTURE(number);
    REQUIRE(n == 1);
  }
  for (const auto& [row, how] : h.told) {
    if (how == outcome::accepted) REQUIRE(times.contains("1212555" + std::to_string(1000 + row)));
    if (how != outcome::accepted && how != outcome::maybe_sent)
      REQUIRE_FALSE(times.contains("1212555" + std::to_string(1000 + row)));
  }
  REQUIRE(world.defects().empty());
}

TEST_CASE("simulation: why() names what holds a campaign up, whatever it is") {
  const auto what = GENERATE(binding::connection, binding::answer, binding::retry, binding::rate_limit, binding::route);
  CAPTURE(static_cast<int>(what));
  simulation_faults faults;
  if (what == binding::connection) faults.connect_refused = 1;
  if (what == binding::answer) faults.provider.reset_after_accept = 1;
  if (what == binding::retry) faults.provider.provider_busy = 1;
  if (what == binding::route) faults.provider.throttle_429 = 1;
  faults.provider.retry_after_seconds = 5;
  simulation world(3, faults);
  const std::string url = world.add_provider("infobip");
  options o;
  auto infobip = providers::infobip({.base_url = url, .api_key = "infobip-test-key", .messages_per_request = 1});
  o.routes.push_back({.name = "main", .provider = *infobip, .limit = {}});
  if (what == binding::rate_limit)
    o.limits.push_back({.name = "slow", .sender = "18885551234", .rate = {.per_second = 0.1}});
  auto e = world.open(o);
  REQUIRE(e.has_value());
  const auto id = e->launch(definition());
  REQUIRE(id.has_value());
  const auto source = *e->open_source(*id, "list");
  const std::string_view name = "Ann";
  const std::vector<recipient> two{{"+12125551000", {&name, 1}}, {"+12125551001", {&name, 1}}};
  REQUIRE(e->submit(source, ordinal{0}, two).accepted == 2);
  const auto why = [&] { return e->why(*id); };
  REQUIRE(world.run_until([&] { return why().what == what; }, 30s));
  const std::map<binding, std::string> words{{binding::connection, "no connection"},
                                             {binding::answer, "wait until their provider is asked"},
                                             {binding::retry, "wait to be tried again"},
                                             {binding::rate_limit, "the limit of slow"},
                                             {binding::route, "route main rests"}};
  REQUIRE(why().words.find(words.at(what)) != std::string::npos);
  if (what == binding::rate_limit || what == binding::route) REQUIRE(why().until > 0ms);
}

TEST_CASE("simulation: what a new version says to go on from is durable, also of rows that the last one took") {
  simulation world(5);
  options o = settings(world.add_provider("sinch"));
  o.journal.durability = durability::periodic;
  o.journal.sync_interval = 60s;
  auto e = world.open(o);
  REQUIRE(e.has_value());
  campaign first = definition();
  const auto source = *e->open_source(*e->launch(first), "list");
  const std::string_view name = "Ann";
  const recipient r{"+12125551000", {&name, 1}};
  REQUIRE(e->submit(source, ordinal{0}, {&r, 1}).accepted == 1);
  first.text = "Hello {{ name }}";
  const auto again = *e->open_source(*e->launch(first), "list");
  REQUIRE(e->resume_point(again) == ordinal{0});  // a crash would lose the row
  REQUIRE(e->submit(again, ordinal{0}, {&r, 1}).accepted == 1);
  world.run_for(61s);
  REQUIRE(e->resume_point(again) == ordinal{1});
  REQUIRE(world.acceptances().size() == 1);  // it was taken once all the same
}

TEST_CASE("simulation: a provider that the world does not have is an error, with a journal and without one") {
  const bool durable = GENERATE(true, false);
  simulation world(6);
  options o = settings("http://nobody.sim");
  if (!durable) o.journal.path.clear();
  const auto opened = world.open(o);
  REQUIRE_FALSE(opened.has_value());
  REQUIRE(opened.error().code == errc::invalid_url);
  world.run_for(1s);
  REQUIRE(world.defects().empty());
  auto e = world.open(settings(world.add_provider("sinch")));
  REQUIRE(e.has_value());
}

TEST_CASE("simulation: what the host does later is done in its time, also beside a disk that is slow") {
  simulation world(7, {.sync_time = 20ms});
  host h(world, world.add_provider("sinch"), 50);
  h.open();
  h.work();
  std::vector<duration> late;
  const time_point start = world.clock().now();
  for (int i = 1; i <= 40; ++i) {
    const time_point due = start + 10ms * i;
    world.at(due, [&late, &world, due] { late.push_back(world.clock().now() - due); });
  }
  world.run_for(10s);
  REQUIRE(late.size() == 40);
  for (const duration each : late) REQUIRE(each <= 60ms);
}

TEST_CASE("simulation: the host does nothing while it waits for the engine's end") {
  simulation world(8, {.sync_time = 50ms});
  host h(world, world.add_provider("sinch"), 50);
  h.open();
  h.work();
  world.run_for(20ms);
  bool ended = false;
  bool early = false;
  bool done = false;
  for (int i = 1; i <= 20; ++i) {
    world.at(world.clock().now() + 5ms * i, [&] {
      early = early || !ended;
      done = true;
    });
  }
  h.e.reset();
  ended = true;
  world.run_for(1s);
  REQUIRE(done);
  REQUIRE_FALSE(early);
}

TEST_CASE("simulation: a crash ends every engine, whatever was opened or refused after it") {
  simulation world(9);
  const std::string url = world.add_provider("sinch");
  host first(world, url, 100);
  first.open();
  options other = settings(url);
  other.journal.path = "another disk";
  auto second = world.open(other);
  REQUIRE(second.has_value());
  const auto refused = world.open(settings(url));
  REQUIRE_FALSE(refused.has_value());
  REQUIRE(refused.error().code == errc::journal_in_use);
  first.work();
  world.run_for(50ms);
  world.crash();
  REQUIRE(world.crashed());
  world.run_for(100ms);  // what was on its way
  const std::size_t left = world.departures().size();
  REQUIRE(left > 0);
  world.run_for(5s);
  REQUIRE(world.departures().size() == left);
  second = failure{errc::journal_faulty, {}};
  REQUIRE(world.open(other).has_value());
  first.open();  // the disk is free again, and what was inside goes on
  first.work();
  world.run_for(5s);
  REQUIRE(world.departures().size() > left);
}

TEST_CASE("simulation: a disk that was given up is not the dead process' any more") {
  simulation world(10, {.keeps_unsynced = 0});
  const std::string url = world.add_provider("sinch");
  {
    host h(world, url, 20);
    REQUIRE(h.run(60s));
  }
  options elsewhere = settings(url);
  elsewhere.journal.path = "another disk";
  auto living = world.open(elsewhere);
  REQUIRE(living.has_value());
  std::vector<std::string> trace;
  world.trace_to([&](std::string_view line) { trace.emplace_back(line); });
  world.crash();
  for (const std::string& line : trace) REQUIRE(line.find("disk disk ") == std::string::npos);
}

TEST_CASE("simulation: a provider says how much it was asked, and is gone when it is told to be") {
  simulation world(11);
  host h(world, world.add_provider("sinch"), 100);
  h.open();
  h.work();
  world.run_for(200ms);
  const std::uint64_t before = world.provider(0).accepted;
  REQUIRE(before > 0);
  REQUIRE(before == world.acceptances().size());
  world.begin_outage(0, 5s);
  world.run_for(100ms);
  const std::uint64_t gone = world.provider(0).accepted;
  world.run_for(4s);
  REQUIRE(world.provider(0).accepted == gone);
  world.run_for(60s);
  REQUIRE(world.provider(0).accepted > gone);
}

TEST_CASE("simulation: what a provider will name in its reports is kept with what it took") {
  const bool by_infobip = GENERATE(false, true);
  const std::string secret = GENERATE("", "a-secret-of-the-path");
  simulation world(13);
  const std::string url = world.add_provider("provider");
  options o = settings(url);
  if (by_infobip) {
    o.routes[0].provider =
        *providers::infobip({.base_url = url, .api_key = "infobip-test-key", .callback_secret = secret});
  } else {
    o.routes[0].provider = *providers::sinch(
        {.base_url = url, .api_key = "sinch-test-key", .service_id = "12345", .callback_secret = secret});
  }
  auto e = world.open(std::move(o));
  REQUIRE(e.has_value());
  const auto id = e->launch(definition());
  const source_id source = *e->open_source(*id, "list");
  const std::string_view name = "Ann";
  for (std::uint64_t row = 0; row < 5; ++row) {
    const std::string to = "+1212555100" + std::to_string(row);
    const recipient r{to, {&name, 1}};
    REQUIRE(e->submit(source, ordinal{row}, {&r, 1}).accepted == 1);
  }
  world.run_for(2s);
  REQUIRE(world.acceptances().size() == 5);
  for (const auto& a : world.acceptances()) {
    REQUIRE(parse_message_id(a.id).has_value());  // the id alone, whatever is behind it
    if (secret.empty()) {
      REQUIRE(a.reference == (by_infobip ? "" : a.id));
      continue;
    }
    const auto whose = parse_message_reference(a.reference);
    REQUIRE(whose.has_value());
    REQUIRE(to_string(whose->id) == a.id);
    REQUIRE(whose->campaign == *id);
    REQUIRE(whose->source == source);
    REQUIRE(a.number == "1212555100" + std::to_string(static_cast<std::uint64_t>(whose->row)));
  }
  for (const auto& d : world.departures()) {  // which names each message once
    const std::set<std::string> once(d.ids.begin(), d.ids.end());
    REQUIRE(once.size() == d.ids.size());
  }
  REQUIRE(world.defects().empty());
}

TEST_CASE("simulation: the wall clock is what it is set to, and departures say it") {
  simulation world(12);
  const wall_time midnight{std::chrono::seconds{1'772'956'800}};  // 2026-03-08 00:00 in Los Angeles
  world.set_wall_clock(midnight - 1s);
  REQUIRE(world.clock().wall_now() == midnight - 1s);
  host h(world, world.add_provider("sinch"), 150);
  REQUIRE(h.run(60s));
  REQUIRE(world.departures().front().wall < midnight);
  REQUIRE(world.departures().back().wall > midnight);
}
