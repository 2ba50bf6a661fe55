// The simulated world itself: what it promises to whoever tests in it.
#include <array>
#include <broadside/broadside.hpp>
#include <broadside/testing/simulation.hpp>
#include <map>
#include <optional>
#include <string>
#include <support/catch.hpp>
#include <utility>
#include <vector>

namespace {

using namespace broadside;
using namespace std::chrono_literals;
using testing::simulation;
using testing::simulation_faults;

options settings(simulation& world, const std::string& url) {
  static_cast<void>(world);
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
    auto opened = world.open(settings(world, url));
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
  if (what == binding::rate_limit) o.senders.push_back({.sender = "18885551234", .limit = {.per_second = 0.1}});
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
                                             {binding::rate_limit, "the limit of sender 18885551234"},
                                             {binding::route, "route main rests"}};
  REQUIRE(why().words.find(words.at(what)) != std::string::npos);
  if (what == binding::rate_limit || what == binding::route) REQUIRE(why().until > 0ms);
}

TEST_CASE("simulation: what a new version says to go on from is durable, also of rows that the last one took") {
  simulation world(5);
  options o = settings(world, world.add_provider("sinch"));
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
