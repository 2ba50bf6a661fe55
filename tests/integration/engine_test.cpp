#include <poll.h>
#include <algorithm>
#include <array>
#include <broadside/broadside.hpp>
#include <broadside/testing/provider_simulator.hpp>
#include <map>
#include <set>
#include <string>
#include <support/catch.hpp>
#include <thread>
#include <vector>

namespace {

using namespace broadside;
using namespace std::chrono_literals;
using testing::provider_simulator;
using testing::simulator_faults;
using testing::simulator_options;

provider_simulator start(simulator_options o = {}) {
  auto made = provider_simulator::start(std::move(o));
  REQUIRE(made.has_value());
  return std::move(*made);
}

/// Options with a Sinch and an Infobip route to the simulator.
options two_routes(const provider_simulator& server, const simulator_options& so = {}) {
  options o;
  o.preflight.mode = preflight_mode::off;  // nothing is behind the media's URLs
  o.reconcile.delay_min = 20ms;
  auto sinch =
      providers::sinch({.base_url = server.url(), .api_key = so.sinch_api_key, .service_id = so.sinch_service_id});
  auto infobip =
      providers::infobip({.base_url = server.url(), .api_key = so.infobip_api_key, .messages_per_request = 20});
  REQUIRE(sinch.has_value());
  REQUIRE(infobip.has_value());
  o.routes.push_back({.name = "sinch", .provider = *sinch});
  o.routes.push_back({.name = "infobip", .provider = *infobip});
  for (route_options& r : o.routes) {
    r.http.connections_max = 8;
    r.http.response_timeout = 5s;
    r.http.backoff_min = 5ms;
    r.http.backoff_max = 50ms;
    r.tls.ca_file = server.ca_file();
  }
  o.retry = {.attempts_max = 20, .delay_min = 5ms, .delay_max = 100ms, .suspend_min = 20ms, .suspend_max = 200ms};
  return o;
}

campaign spring() {
  campaign c;
  c.name = "Spring";
  c.attributes = {"name"};
  c.text = "Hi {{ name | default('friend') }}, 20% off today.";
  c.media = {{"https://cdn.example.com/spring.jpg", "image/jpeg"}};
  c.sender.sender = "18885551234";
  c.sender.routes = {{"sinch", 1}, {"infobip", 1}};
  return c;
}

std::string number(std::size_t i) {
  std::string digits = std::to_string(2'000'000 + i);
  return "+1212" + digits;
}

/// A host: submits `count` recipients, waits on event_fd when the engine is full, keeps every event.
struct host {
  engine& e;
  campaign_id id;
  std::vector<event> events;

  void read() {
    std::array<event, 64> some;
    for (std::size_t n = e.poll(some); n > 0; n = e.poll(some))
      events.insert(events.end(), some.begin(), some.begin() + static_cast<std::ptrdiff_t>(n));
  }
  void wait() {
    pollfd news{e.event_fd(), POLLIN, 0};
    REQUIRE(::poll(&news, 1, 20'000) == 1);  // a lost wake-up would end here
  }
  void submit(std::size_t count) {
    const auto source = e.open_source(id, "test");
    REQUIRE(source.has_value());
    const std::array<std::string_view, 1> values{"Ann"};
    for (std::size_t i = 0; i < count;) {
      const std::string to = number(i);
      const std::array<recipient, 1> one{{{to, values}}};
      const submitted s = e.submit(*source, ordinal{i}, one);
      i += s.accepted;
      if (s.stopped_by == errc{}) continue;
      REQUIRE(s.stopped_by == errc::full);
      wait();
      read();
    }
    REQUIRE(e.finish(*source).has_value());
  }
  void drain() {
    const auto done = e.drain(60s);
    INFO((done ? std::string("drained") : done.error().message()));
    REQUIRE(done.has_value());
    read();
  }
  /// One outcome per message, and the ledger says the same as the events.
  void check(std::size_t count) const {
    REQUIRE(events.size() == count);
    std::set<message_id> ids;
    std::map<outcome, std::uint64_t> by;
    for (const event& ev : events) {
      ids.insert(ev.id);
      ++by[ev.outcome];
    }
    REQUIRE(ids.size() == count);
    const ledger l = e.counts(id);
    REQUIRE(l.balanced());
    REQUIRE(l.submitted == count);
    REQUIRE(l.inside == 0);
    REQUIRE(l.accepted == by[outcome::accepted]);
    REQUIRE(l.rejected == by[outcome::rejected]);
    REQUIRE(l.not_sent == by[outcome::not_sent]);
    REQUIRE(l.maybe_sent == by[outcome::maybe_sent]);
    REQUIRE(l.expired == by[outcome::expired]);
  }
};

}  // namespace

TEST_CASE("engine: a campaign leaves through both providers and the books agree with theirs", "[engine]") {
  const bool tls = GENERATE(false, true);
  const simulator_options so{.tls = tls, .refused_per_10000 = 200};
  provider_simulator server = start(so);
  options o = two_routes(server);
  o.shards = GENERATE(1U, 2U);
  auto opened = engine::open(std::move(o));
  REQUIRE(opened.has_value());
  const auto id = opened->launch(spring());
  REQUIRE(id.has_value());
  host h{*opened, *id, {}};
  h.submit(2000);
  h.drain();
  h.check(2000);
  REQUIRE(opened->finished(*id));
  const ledger l = opened->counts(*id);
  REQUIRE(l.accepted == server.sinch().accepted + server.infobip().accepted);
  REQUIRE(l.rejected == server.sinch().rejected + server.infobip().rejected);
  REQUIRE(l.accepted + l.rejected == 2000);
  REQUIRE(l.rejected > 0);
  REQUIRE(server.sinch().accepted + server.sinch().rejected == 1000);  // equal weights
  REQUIRE(server.sinch().malformed == 0);
  REQUIRE(server.infobip().malformed == 0);
  for (const event& ev : h.events)
    REQUIRE(server.times_accepted(to_string(ev.id)) == (ev.outcome == outcome::accepted ? 1 : 0));
}

TEST_CASE("engine: when a fifth of all requests fails, every recipient has one outcome and none gets two copies",
          "[engine]") {
  const auto policy = GENERATE(on_unknown::hold, on_unknown::resend, on_unknown::resend_if_deduplicated);
  CAPTURE(static_cast<int>(policy));
  simulator_faults f{.reset_before_read = 0.02,
                     .reset_after_read = 0.02,
                     .reset_after_accept = 0.02,
                     .error_500 = 0.02,
                     .error_503 = 0.02,
                     .error_500_after_accept = 0.02,
                     .throttle_429 = 0.002,
                     .provider_busy = 0.03,
                     .truncated = 0.02,
                     .garbage = 0.02,
                     .slow = 0.01};
  f.slow_for = 50ms;
  provider_simulator server = start({.faults = f, .seed = 42});
  options o = two_routes(server);
  o.retry.budget = 1;  // what fails a fifth of the time needs more than a fifth again
  auto opened = engine::open(std::move(o));
  REQUIRE(opened.has_value());
  campaign c = spring();
  c.on_unknown = policy;
  const auto id = opened->launch(std::move(c));
  REQUIRE(id.has_value());
  host h{*opened, *id, {}};
  constexpr std::size_t count = 3000;
  h.submit(count);
  h.drain();
  h.check(count);
  REQUIRE(server.sinch().faults + server.infobip().faults > 100);

  const auto lost = server.lost_answers();
  const std::set<std::string, std::less<>> lost_ids(lost.begin(), lost.end());
  std::uint64_t repeats = 0;
  for (const event& ev : h.events) {
    const std::string printed = to_string(ev.id);
    const auto times = server.times_accepted(printed);
    CAPTURE(printed, name_of(ev.outcome), ev.error.view());
    if (times > 1) {
      repeats += times - 1;
      REQUIRE(policy == on_unknown::resend);  // a second copy only where the policy asks for it
      REQUIRE(lost_ids.contains(printed));    // and only after an answer was lost
    }
    if (ev.outcome == outcome::accepted) REQUIRE(times >= 1);
    // Infobip was asked for each lost answer: what it took is known to be taken.
    if (ev.outcome == outcome::maybe_sent && opened->context(*id, ev.route).provider == "infobip") REQUIRE(times == 0);
    if (ev.outcome == outcome::not_sent || ev.outcome == outcome::rejected || ev.outcome == outcome::expired)
      REQUIRE(times == 0);
  }
  if (policy == on_unknown::hold) REQUIRE(server.infobip().queries > 0);
  // Infobip refuses repeats, so only Sinch can have accepted anything twice.
  REQUIRE(repeats == server.sinch().repeats);
  REQUIRE(server.infobip().repeats == 0);
  if (policy == on_unknown::resend) REQUIRE(opened->counts(*id).maybe_sent == 0);
}

TEST_CASE("engine: a server that restarts loses nothing and repeats nothing", "[engine]") {
  provider_simulator server = start({.faults = {.delay = 1ms}});
  auto opened = engine::open(two_routes(server));
  REQUIRE(opened.has_value());
  const auto id = opened->launch(spring());
  host h{*opened, *id, {}};
  h.submit(2000);
  const auto accepted = [&] { return server.sinch().accepted + server.infobip().accepted; };
  for (std::uint64_t at = 100; at <= 1000; at += 100) {
    while (accepted() < at && opened->counts(*id).inside > 0) std::this_thread::yield();
    server.drop_connections();
  }
  h.drain();
  h.check(2000);
  REQUIRE(server.sinch().connections + server.infobip().connections > 2 * 8);  // some were dropped, and made again
  REQUIRE_FALSE(server.lost_answers().empty());
  for (const event& ev : h.events) {
    const auto times = server.times_accepted(to_string(ev.id));
    REQUIRE(times <= 1);
    if (ev.outcome == outcome::accepted) REQUIRE(times == 1);
    if (ev.outcome == outcome::not_sent) REQUIRE(times == 0);
  }
}

TEST_CASE("engine: a paused campaign leaves room for another", "[engine]") {
  provider_simulator server = start();
  options o = two_routes(server);
  o.messages_inside_max = 128;
  auto opened = engine::open(std::move(o));
  REQUIRE(opened.has_value());
  const auto slow = opened->launch(spring());
  const auto source = opened->open_source(*slow, "slow");
  const std::array<std::string_view, 1> values{"Ann"};
  const std::vector<recipient> many(128, recipient{"+12125550123", values});
  REQUIRE(opened->submit(*source, ordinal{0}, many).accepted == 64);
  REQUIRE(opened->pause(*slow).has_value());
  const auto other = opened->launch(spring());
  host h{*opened, *other, {}};
  h.submit(500);
  while (!opened->finished(*other)) std::this_thread::yield();
  h.read();
  REQUIRE(opened->counts(*other).accepted == 500);
}

TEST_CASE("engine: a campaign that is finished has no event left to come", "[engine]") {
  provider_simulator server = start();
  auto opened = engine::open(two_routes(server));
  REQUIRE(opened.has_value());
  for (int round = 0; round < 200; ++round) {
    const auto id = opened->launch(spring());
    host h{*opened, *id, {}};
    const auto source = opened->open_source(*id, "test");
    const std::array<std::string_view, 1> values{"Ann"};
    const std::array<recipient, 2> two{{{"+12125550123", values}, {"nonsense", values}}};
    REQUIRE(opened->submit(*source, ordinal{0}, two).accepted == 2);
    REQUIRE(opened->finish(*source).has_value());
    while (!opened->finished(*id)) std::this_thread::yield();
    h.read();
    REQUIRE(h.events.size() == 2);
  }
}

TEST_CASE("engine: a host that does not read events stops the intake and loses none", "[engine]") {
  provider_simulator server = start();
  options o = two_routes(server);
  o.messages_inside_max = 64;
  auto opened = engine::open(std::move(o));
  REQUIRE(opened.has_value());
  campaign c = spring();
  c.inside_max = 64;
  const auto id = opened->launch(std::move(c));
  const auto source = opened->open_source(*id, "test");
  const std::array<std::string_view, 1> values{"Ann"};
  const std::vector<recipient> many(100, recipient{"+12125550123", values});
  const submitted first = opened->submit(*source, ordinal{0}, many);
  REQUIRE(first.accepted == 60);  // a sixteenth is kept for transactional messages
  REQUIRE(first.stopped_by == errc::full);
  while (opened->counts(*id).inside > 0) std::this_thread::yield();
  REQUIRE(opened->submit(*source, ordinal{60}, std::span(many).first(1)).stopped_by ==
          errc::full);  // settled, not read
  std::array<event, 10> ten;
  std::size_t read = 0;
  while (read < 10) read += opened->poll(std::span(ten).first(10 - read));
  REQUIRE(opened->submit(*source, ordinal{60}, std::span(many).first(36)).accepted == 10);
}

TEST_CASE("engine: rows below the resume point are skipped, and one thread's gaps are kept", "[engine]") {
  provider_simulator server = start();
  auto opened = engine::open(two_routes(server));
  REQUIRE(opened.has_value());
  const auto id = opened->launch(spring());
  const auto source = opened->open_source(*id, "test");
  const std::array<std::string_view, 1> values{"Ann"};
  const std::vector<recipient> ten(10, recipient{"+12125550123", values});
  REQUIRE(opened->submit(*source, ordinal{0}, ten).accepted == 10);
  REQUIRE(opened->resume_point(*source) == ordinal{10});
  REQUIRE(opened->submit(*source, ordinal{0}, ten).accepted == 10);    // all taken before
  REQUIRE(opened->submit(*source, ordinal{5}, ten).accepted == 10);    // five new
  REQUIRE(opened->submit(*source, ordinal{100}, ten).accepted == 10);  // a gap
  REQUIRE(opened->resume_point(*source) == ordinal{110});
  host h{*opened, *id, {}};
  h.drain();
  h.check(25);
}

TEST_CASE("engine: calls with ids that do not exist, and calls after the end, say so", "[engine]") {
  provider_simulator server = start();
  auto opened = engine::open(two_routes(server));
  REQUIRE(opened.has_value());
  engine& e = *opened;
  const auto id = e.launch(spring());
  const auto source = e.open_source(*id, "test");
  const std::array<std::string_view, 1> values{"Ann"};
  const std::array<recipient, 1> one{{{"+12125550123", values}}};
  REQUIRE(e.open_source(campaign_id{9}, "x").error() == errc::unknown_campaign);
  REQUIRE(e.submit(source_id{9}, ordinal{0}, one).stopped_by == errc::unknown_source);
  REQUIRE(e.finish(source_id{9}).error() == errc::unknown_source);
  REQUIRE(e.pause(campaign_id{9}).error() == errc::unknown_campaign);
  REQUIRE(e.counts(campaign_id{9}).submitted == 0);
  REQUIRE(e.pause(*id).has_value());
  REQUIRE(e.submit(*source, ordinal{0}, one).stopped_by == errc::campaign_paused);
  REQUIRE(e.resume(*id).has_value());
  REQUIRE(e.submit(*source, ordinal{0}, one).accepted == 1);
  REQUIRE(e.finish(*source).has_value());
  REQUIRE(e.submit(*source, ordinal{1}, one).stopped_by == errc::source_finished);
  REQUIRE(e.cancel(*id).has_value());
  REQUIRE(e.resume(*id).error() == errc::campaign_cancelled);
  REQUIRE(e.drain(30s).has_value());
  REQUIRE(e.submit(*source, ordinal{1}, one).stopped_by == errc::intake_closed);
  e.stop();
  e.stop();
  std::array<event, 4> events;
  REQUIRE(e.poll(events) == 1);
}

TEST_CASE("engine: a broken campaign and broken options name every violation", "[engine]") {
  REQUIRE(engine::open({}).error().code == errc::invalid_options);
  provider_simulator server = start();
  auto opened = engine::open(two_routes(server));
  REQUIRE(opened.has_value());
  const auto failed = opened->launch({});
  REQUIRE(failed.error().code == errc::invalid_campaign);
  REQUIRE(failed.error().violations.size() >= 3);
  REQUIRE(failed.error().message().find("sender.routes") != std::string::npos);
}

TEST_CASE("engine: drain says when only a paused campaign is left, and stop ends it", "[engine]") {
  provider_simulator server = start({.faults = {.delay = 20ms}});
  auto opened = engine::open(two_routes(server));
  REQUIRE(opened.has_value());
  const auto id = opened->launch(spring());
  const auto source = opened->open_source(*id, "test");
  const std::array<std::string_view, 1> values{"Ann"};
  const std::vector<recipient> many(1000, recipient{"+12125550123", values});
  REQUIRE(opened->submit(*source, ordinal{0}, many).accepted == 1000);
  REQUIRE(opened->pause(*id).has_value());
  REQUIRE(opened->drain(30s).error() == errc::campaign_paused);
  REQUIRE(opened->counts(*id).inside > 0);
  opened->stop();
  host h{*opened, *id, {}};
  h.read();
  h.check(1000);
  REQUIRE(opened->counts(*id).maybe_sent == 0);  // nothing was on its way
}

TEST_CASE("engine: stopping in the middle leaves an outcome for every message, honest about those on their way",
          "[engine]") {
  provider_simulator server = start({.faults = {.delay = 5ms, .delay_jitter = 5ms}});
  options o = two_routes(server);
  o.shards = 2;
  auto opened = engine::open(std::move(o));
  REQUIRE(opened.has_value());
  const auto id = opened->launch(spring());
  const auto source = opened->open_source(*id, "test");
  const std::array<std::string_view, 1> values{"Ann"};
  const std::vector<recipient> many(3000, recipient{"+12125550123", values});
  REQUIRE(opened->submit(*source, ordinal{0}, many).accepted == 3000);
  while (server.sinch().accepted + server.infobip().accepted < 100) std::this_thread::yield();
  opened->stop();
  host h{*opened, *id, {}};
  h.read();
  h.check(3000);
  for (const event& ev : h.events) {
    const auto times = server.times_accepted(to_string(ev.id));
    if (ev.outcome == outcome::accepted) REQUIRE(times == 1);
    if (ev.outcome == outcome::not_sent) REQUIRE(times == 0);
  }
}

TEST_CASE("engine: a wrong key rests its route, tells why, and sends nothing", "[engine]") {
  provider_simulator server = start({.sinch_api_key = "another-key"});
  auto opened = engine::open(two_routes(server));
  REQUIRE(opened.has_value());
  campaign c = spring();
  c.sender.routes = {{"sinch", 1}};
  const auto id = opened->launch(std::move(c));
  const auto source = opened->open_source(*id, "test");
  const std::array<std::string_view, 1> values{"Ann"};
  const std::vector<recipient> many(50, recipient{"+12125550123", values});
  REQUIRE(opened->submit(*source, ordinal{0}, many).accepted == 50);
  while (opened->routes()[0].last_error.empty()) std::this_thread::yield();
  REQUIRE(opened->routes()[0].last_error.find("E104") != std::string::npos);
  REQUIRE(opened->routes()[0].last_error.find("sinch-test-key") == std::string::npos);
  REQUIRE(opened->drain(300ms).error() == errc::timed_out);
  REQUIRE(server.sinch().accepted == 0);
  REQUIRE(server.sinch().requests < 50);  // it probes, it does not hammer
  opened->stop();
  host h{*opened, *id, {}};
  h.read();
  h.check(50);
}

TEST_CASE("engine: a certificate that does not verify sends nothing", "[engine]") {
  provider_simulator server = start({.tls = true});
  options o = two_routes(server);
  for (route_options& r : o.routes) r.tls.ca_file.clear();  // the system's roots do not know it
  auto opened = engine::open(std::move(o));
  REQUIRE(opened.has_value());
  const auto id = opened->launch(spring());
  const auto source = opened->open_source(*id, "test");
  const std::array<std::string_view, 1> values{"Ann"};
  const std::array<recipient, 1> one{{{"+12125550123", values}}};
  REQUIRE(opened->submit(*source, ordinal{0}, one).accepted == 1);
  const auto told = [&] {
    const auto all = opened->routes();
    return std::any_of(all.begin(), all.end(),
                       [](const route_status& r) { return r.last_error.find("certificate") != std::string::npos; });
  };
  while (!told()) std::this_thread::yield();
  REQUIRE(server.sinch().requests + server.infobip().requests == 0);
}

TEST_CASE("engine: several threads submit to sources of their own while others read", "[engine]") {
  provider_simulator server = start();
  options o = two_routes(server);
  o.shards = 2;
  o.messages_inside_max = 512;
  auto opened = engine::open(std::move(o));
  REQUIRE(opened.has_value());
  engine& e = *opened;
  const auto id = e.launch(spring());
  constexpr std::size_t each = 700;
  std::atomic<std::size_t> read{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, source = *e.open_source(*id, "thread")] {
      const std::array<std::string_view, 1> values{"Ann"};
      const std::vector<recipient> some(50, recipient{"+12125550123", values});
      for (std::size_t i = 0; i < each;) {
        const submitted s = e.submit(source, ordinal{i}, std::span(some).first(std::min(some.size(), each - i)));
        i += s.accepted;
        if (s.stopped_by != errc{}) std::this_thread::yield();
      }
    });
  }
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&] {
      std::array<event, 16> some;
      while (read < 4 * each) {
        const std::size_t n = e.poll(some);
        read += n;
        if (n == 0) std::this_thread::yield();
      }
    });
  }
  for (std::thread& t : threads) t.join();
  REQUIRE(e.drain(30s).has_value());
  REQUIRE(e.counts(*id).accepted == 4 * each);
  REQUIRE(server.sinch().accepted_ids + server.infobip().accepted_ids == 4 * each);
}

namespace {

/// Engines whose media are on this machine.
options looking(const provider_simulator& server, preflight_mode mode) {
  options o = two_routes(server);
  o.preflight = {.mode = mode, .https_only = false, .allow_private_addresses = true};
  return o;
}

campaign with_media(const std::string& url) {
  campaign c = spring();
  c.media = {{.url = url, .mime_type = "image/png"}};
  return c;
}

}  // namespace

TEST_CASE("engine: a campaign whose media are there is launched, and each message is sent", "[engine]") {
  const provider_simulator server = start();
  auto opened = engine::open(looking(server, preflight_mode::refuse));
  REQUIRE(opened.has_value());
  const auto id = opened->launch(with_media(server.url() + "/_simulator/image.png"));
  REQUIRE(id.has_value());
  for (const finding& f : opened->findings(*id)) CHECK(f.severity != severity::error);
}

TEST_CASE("engine: a campaign whose media are not there is refused with the reason, before anything is sent",
          "[engine]") {
  const provider_simulator server = start();
  auto opened = engine::open(looking(server, preflight_mode::refuse));
  REQUIRE(opened.has_value());
  const auto id = opened->launch(with_media(server.url() + "/nothing.png"));
  REQUIRE_FALSE(id.has_value());
  REQUIRE(id.error().code == errc::invalid_campaign);
  REQUIRE(id.error().violations.size() == 1);  // one reason, though two routes would have met it
  CHECK(id.error().violations[0].field.starts_with("media[0]"));
  CHECK_THAT(id.error().violations[0].rule, Catch::Contains("404"));
}

TEST_CASE("engine: what the media lack is only told when the host wants it so", "[engine]") {
  const provider_simulator server = start();
  auto opened = engine::open(looking(server, preflight_mode::warn));
  REQUIRE(opened.has_value());
  const auto id = opened->launch(with_media(server.url() + "/nothing.png"));
  REQUIRE(id.has_value());
  const auto found = opened->findings(*id);
  REQUIRE(std::any_of(found.begin(), found.end(), [](const finding& f) {
    return f.severity == severity::warning && f.where.starts_with("media[0]");
  }));
}

TEST_CASE("engine: a campaign with more media than are looked at is refused, with the count and the limit",
          "[engine]") {
  const provider_simulator server = start();
  options o = looking(server, preflight_mode::refuse);
  o.preflight.urls_max = 1;
  auto opened = engine::open(std::move(o));
  REQUIRE(opened.has_value());
  campaign c = with_media(server.url() + "/_simulator/image.png");
  c.media.push_back(c.media[0]);
  REQUIRE(opened->launch(c).has_value());  // the same one twice is one
  c.media.push_back({.url = server.url() + "/_simulator/image.png?other", .mime_type = "image/png"});
  const auto id = opened->launch(c);
  REQUIRE_FALSE(id.has_value());
  REQUIRE(id.error().code == errc::invalid_campaign);
  REQUIRE(id.error().violations.size() == 1);
  CHECK(id.error().violations[0].field == "media");
  CHECK_THAT(id.error().violations[0].rule, Catch::Contains("2 distinct URLs") && Catch::Contains("urls_max allows 1"));
}

TEST_CASE("engine: media on a private address are never fetched unless the host allows it", "[engine]") {
  const provider_simulator server = start();
  options o = looking(server, preflight_mode::refuse);
  o.preflight.allow_private_addresses = false;
  auto opened = engine::open(std::move(o));
  REQUIRE(opened.has_value());
  const auto id = opened->launch(with_media(server.url() + "/_simulator/image.png"));
  REQUIRE_FALSE(id.has_value());
  CHECK_THAT(id.error().message(), Catch::Contains("not public"));
}
