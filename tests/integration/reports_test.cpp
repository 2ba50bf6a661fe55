// Delivery reports: what a provider posts to the host, through accept_callback() to the journal and the host's events.
#include <poll.h>
#include <array>
#include <atomic>
#include <broadside/broadside.hpp>
#include <broadside/testing/provider_simulator.hpp>
#include <optional>
#include <set>
#include <string>
#include <support/catch.hpp>
#include <support/temporary_folder.hpp>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace broadside;
using namespace std::chrono_literals;

constexpr std::string_view secret = "not-a-real-secret-1";

struct world {
  explicit world(testing::simulator_options how = {})
      : server(std::move(*testing::provider_simulator::start(std::move(how)))) {}

  testing::temporary_folder disk{};
  testing::provider_simulator server;

  [[nodiscard]] options settings(bool durable) const {
    options o;
    auto sinch = providers::sinch({.base_url = server.url(),
                                   .api_key = "sinch-test-key",
                                   .service_id = "12345",
                                   .callback_secret = std::string(secret)});
    o.routes.push_back({.name = "main", .provider = *sinch, .limit = {}});
    o.reports.patience = 60s;  // a slow disk is not what is tested
    if (durable) o.journal.path = disk.path() + "/journal";
    return o;
  }
  static engine open(options o) {
    auto opened = engine::open(std::move(o));
    if (!opened) FAIL(opened.error().message());
    return std::move(*opened);
  }
  static campaign_id launch(engine& e) {
    campaign c;
    c.name = "Spring sale";
    c.key = "spring";
    c.text = "Hi";
    c.sender.sender = "18885551234";
    c.sender.routes = {{"main", 1}};
    const auto id = e.launch(std::move(c));
    REQUIRE(id.has_value());
    return *id;
  }
};

std::string number(std::uint64_t row) { return "+1212555" + std::to_string(1000 + row); }

void submit_rows(engine& e, source_id source, std::uint64_t rows) {
  for (std::uint64_t row = 0; row < rows; ++row) {
    const std::string to = number(row);
    const recipient r{to, {}};
    REQUIRE(e.submit(source, ordinal{row}, {&r, 1}).accepted == 1);
  }
}

/// Events as they come, until there are so many more; fails after a minute.
std::vector<event> events_of(engine& e, std::size_t n) {
  std::vector<event> told;
  std::array<event, 64> some;
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  while (told.size() < n) {
    if (std::chrono::steady_clock::now() > deadline) FAIL("nothing more came within a minute");
    const std::size_t got = e.poll(some);
    told.insert(told.end(), some.begin(), some.begin() + static_cast<std::ptrdiff_t>(got));
    if (got > 0) continue;
    pollfd news{e.event_fd(), POLLIN, 0};
    ::poll(&news, 1, 1000);
  }
  REQUIRE(told.size() == n);
  return told;
}

void wait_until_held(const engine& e, campaign_id id) {
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  while (e.why(id).what != binding::answer) {
    if (std::chrono::steady_clock::now() > deadline) FAIL("no message is held: " + e.why(id).words);
    std::this_thread::yield();
  }
  REQUIRE(e.why(id).words == "1 messages whose answer was lost wait for their delivery report");
}

std::size_t events_now(engine& e) {
  std::array<event, 64> some;
  return e.poll(some);
}

struct postback {
  std::string reference;
  std::string code = "N102";
  std::string status = "Delivered";
  std::string target = "/sinch/" + std::string(secret);
  std::string method = "POST";
};

std::string reference_of(const event& e) {
  message_reference_text buffer;
  return std::string(to_text({e.id, e.campaign, e.source, e.row}, buffer));
}

callback_reply post(engine& e, const postback& p, std::string_view route = "main") {
  const std::string body =
      R"({"origin":"MMS_MT","code":")" + p.code + R"(","sent-as":"MMS","status":")" + p.status +
      R"(","status-details":"as told","from":"18885551234","to":"12125551000","tracking-id":"T1",)" +
      R"("client-reference":")" + p.reference + R"(","timestamp":"2026-04-24T18:34:00Z"})";
  const auto said = e.accept_callback(route, {p.method, p.target, {}, body});
  REQUIRE(said.has_value());
  return *said;
}

}  // namespace

TEST_CASE("reports: a delivery report is told once, with its row, and counted", "[reports]") {
  const bool durable = GENERATE(false, true);
  world w;
  engine e = world::open(w.settings(durable));
  const auto id = world::launch(e);
  const auto source = e.open_source(id, "list");
  submit_rows(e, *source, 3);
  const auto outcomes = events_of(e, 3);

  const callback_reply first = post(e, {reference_of(outcomes[0])});
  REQUIRE(first.status == 200);
  REQUIRE(first.told == 1);
  const event told = events_of(e, 1)[0];
  REQUIRE(told.delivery == delivery::delivered);
  REQUIRE(told.status() == "delivered");
  REQUIRE(told.id == outcomes[0].id);
  REQUIRE(told.row == outcomes[0].row);
  REQUIRE(told.campaign == id);
  REQUIRE(told.route == 0);
  REQUIRE(told.recipient == "+12125551000");
  REQUIRE(told.provider_message_id == "T1");
  REQUIRE(told.status_code == "N102");
  REQUIRE(told.at > outcomes[2].at);
  REQUIRE(told.time == wall_time(std::chrono::seconds(1'777'055'640)));

  // Again, out of order, and another word for the same message: nothing changes.
  for (const postback& again :
       {postback{reference_of(outcomes[0])}, postback{reference_of(outcomes[0]), "N101", "Sent"},
        postback{reference_of(outcomes[0]), "N103", "Expired"}}) {
    const callback_reply said = post(e, again);
    REQUIRE(said.status == 200);
    REQUIRE(said.repeated == 1);
    REQUIRE(said.told == 0);
  }
  REQUIRE(post(e, {reference_of(outcomes[1]), "N101", "Sent"}).underway == 1);
  REQUIRE(post(e, {reference_of(outcomes[1]), "E101", "Failed"}).told == 1);
  REQUIRE(events_of(e, 1)[0].status() == "failed");
  REQUIRE(events_now(e) == 0);

  REQUIRE(e.drain(60s));
  const ledger l = e.counts(id);
  REQUIRE(l.delivered == 1);
  REQUIRE(l.undelivered == 1);
  REQUIRE(l.accepted == 3);
  REQUIRE(l.balanced());
}

TEST_CASE("reports: who has not the secret, or asks for what is not there, changes nothing", "[reports]") {
  world w;
  engine e = world::open(w.settings(false));
  const auto id = world::launch(e);
  const auto source = e.open_source(id, "list");
  submit_rows(e, *source, 1);
  const auto outcome = events_of(e, 1)[0];
  const std::string mine = reference_of(outcome);

  REQUIRE(post(e, {.reference = mine, .target = "/sinch/not-a-real-secret-2"}).status == 403);
  REQUIRE(post(e, {.reference = mine, .target = "/sinch/"}).status == 403);
  REQUIRE(post(e, {.reference = mine, .method = "GET"}).status == 403);
  REQUIRE(e.accept_callback("main", {"POST", "/sinch/" + std::string(secret), {}, "{\"origin\":"})->status == 400);
  REQUIRE_FALSE(e.accept_callback("other", {}).has_value());

  // Shaped like ours, and nothing that this engine can have given.
  message_reference_text text;
  message_reference other{outcome.id, outcome.campaign, outcome.source, outcome.row};
  switch (GENERATE(0, 1, 2, 3)) {
    case 0:
      other.campaign = campaign_id{5};
      break;
    case 1:
      other.source = source_id{5};
      break;
    case 2:
      other.row = ordinal{1'000};  // beyond what was taken
      break;
    default:
      other.id = message_id{static_cast<std::uint64_t>(outcome.id) + 1};  // not given yet
  }
  const callback_reply said = post(e, {std::string(to_text(other, text))});
  REQUIRE(said.status == 200);
  REQUIRE(said.unmatched == 1);
  REQUIRE(e.counts(id).delivered == 0);
  REQUIRE(events_now(e) == 0);
  // The refused ones left no trace.
  REQUIRE(post(e, {mine}).told == 1);
}

TEST_CASE("reports: a route without a secret takes no callbacks", "[reports]") {
  world w;
  options o = w.settings(false);
  o.routes[0].provider =
      *providers::sinch({.base_url = w.server.url(), .api_key = "sinch-test-key", .service_id = "12345"});
  engine e = world::open(std::move(o));
  const callback_reply said = *e.accept_callback("main", {"POST", "/sinch/", {}, "{}"});
  REQUIRE(said.status == 404);
  REQUIRE(said.why == errc::callbacks_off);
}

TEST_CASE("reports: a report that was answered with 200 outlives the engine, and is known after it", "[reports]") {
  world w;
  std::string reference;
  position outcome_at{};
  {
    engine e = world::open(w.settings(true));
    const auto id = world::launch(e);
    const auto source = e.open_source(id, "list");
    submit_rows(e, *source, 2);
    const auto outcomes = events_of(e, 2);
    outcome_at = outcomes[1].at;
    reference = reference_of(outcomes[0]);
    REQUIRE(post(e, {reference}).status == 200);
    e.confirm(outcome_at);
    // Not polled: the engine ends without anybody having been told.
  }
  engine e = world::open(w.settings(true));
  const auto id = world::launch(e);
  REQUIRE(e.counts(id).delivered == 1);
  REQUIRE(e.recovered().redelivered == 1);
  const event told = events_of(e, 1)[0];
  REQUIRE(told.delivery == delivery::delivered);
  REQUIRE(reference_of(told) == reference);
  REQUIRE(told.route == 0);
  REQUIRE(post(e, {reference}).repeated == 1);
  e.confirm(told.at);
  { const engine gone = std::move(e); }
  e = world::open(w.settings(true));
  REQUIRE(e.recovered().redelivered == 0);
  REQUIRE(post(e, {reference}).repeated == 1);
  REQUIRE(e.counts(world::launch(e)).delivered == 1);
}

TEST_CASE("reports: a message whose answer was lost ends as accepted when its report comes", "[reports]") {
  const bool restarts = GENERATE(false, true);
  testing::simulator_options how;
  how.faults.reset_after_accept = 1.0;
  world w(std::move(how));
  std::optional<engine> e = world::open(w.settings(true));
  const auto id = world::launch(*e);
  const auto source = e->open_source(id, "list");
  submit_rows(*e, *source, 1);
  wait_until_held(*e, id);
  if (restarts) {
    e.reset();
    e = world::open(w.settings(true));
    REQUIRE(e->recovered().interrupted == 1);
    wait_until_held(*e, id);
  }
  REQUIRE(e->counts(id).inside == 1);
  REQUIRE(w.server.lost_answers().size() == 1);
  const auto message = parse_message_id(w.server.lost_answers()[0]);
  message_reference_text text;
  const callback_reply said =
      post(*e, {std::string(to_text({*message, id, *source, ordinal{0}}, text)), "N101", "Sent"});
  REQUIRE(said.underway == 1);
  const event told = events_of(*e, 1)[0];
  REQUIRE(told.delivery == delivery::none);
  REQUIRE(told.outcome == outcome::accepted);
  REQUIRE(told.provider_message_id == "T1");
  REQUIRE(e->drain(60s));
  REQUIRE(e->counts(id).balanced());
  REQUIRE(w.server.sinch().accepted == 1);
}

TEST_CASE("reports: many threads bring the same reports, and each is told once", "[reports]") {
  const bool durable = GENERATE(false, true);
  world w;
  engine e = world::open(w.settings(durable));
  const auto id = world::launch(e);
  const auto source = e.open_source(id, "list");
  constexpr std::uint64_t rows = 200;
  submit_rows(e, *source, rows);
  const auto outcomes = events_of(e, rows);
  std::atomic<std::size_t> news{0};
  std::atomic<std::size_t> refused{0};
  std::vector<std::thread> hosts;
  for (int t = 0; t < 3; ++t) {
    hosts.emplace_back([&] {
      for (const event& each : outcomes) {
        const std::string body =
            R"({"origin":"MMS_MT","code":"N102","client-reference":")" + reference_of(each) + "\"}";
        const auto said = e.accept_callback("main", {"POST", "/x/" + std::string(secret), {}, body});
        news += said->told;
        refused += said->status == 200 ? 0 : 1;
      }
    });
  }
  std::set<std::uint64_t> told;
  position last{};
  for (const event& each : events_of(e, rows)) {
    REQUIRE(each.at > last);  // in the order of their positions
    last = each.at;
    told.insert(static_cast<std::uint64_t>(each.row));
    e.confirm(each.at);
  }
  for (std::thread& t : hosts) t.join();
  REQUIRE(told.size() == rows);
  REQUIRE(news == rows);
  REQUIRE(refused == 0);
  REQUIRE(e.counts(id).delivered == rows);
  REQUIRE(events_now(e) == 0);
}

TEST_CASE("reports: while every place is taken the provider is asked to call again", "[reports]") {
  world w;
  options o = w.settings(false);
  o.messages_inside_max = 64;
  engine e = world::open(std::move(o));
  const auto id = world::launch(e);
  const auto source = e.open_source(id, "list");
  constexpr std::uint64_t rows = 80;
  std::vector<event> outcomes;
  for (std::uint64_t until = 20; until <= rows; until += 20) {
    submit_rows(e, *source, until);  // what was taken is skipped
    for (const event& each : events_of(e, 20)) outcomes.push_back(each);
  }
  // Reports that nobody polls take what is left.
  callback_reply said;
  std::size_t n = 0;
  for (; n < rows && said.status == 200; ++n) said = post(e, {reference_of(outcomes[n])});
  REQUIRE(said.status == 503);
  REQUIRE(said.why == errc::full);
  REQUIRE(n == 65);
  static_cast<void>(events_of(e, 64));
  REQUIRE(post(e, {reference_of(outcomes[64])}).told == 1);
}

TEST_CASE("reports: an engine without a journal takes no reports of an earlier one's messages", "[reports]") {
  world w;
  std::string earlier;
  for (int run = 0; run < 2; ++run) {
    engine e = world::open(w.settings(false));
    const auto id = world::launch(e);
    const auto source = e.open_source(id, "list");
    submit_rows(e, *source, 1);
    const auto outcome = events_of(e, 1)[0];
    if (run == 0) {
      earlier = reference_of(outcome);
      continue;
    }
    REQUIRE(post(e, {earlier}).unmatched == 1);  // the same campaign, source and row, by their numbers
    message_reference later{message_id{static_cast<std::uint64_t>(outcome.id) + 1}, id, *source, ordinal{0}};
    message_reference_text text;
    REQUIRE(post(e, {std::string(to_text(later, text))}).unmatched == 1);
    REQUIRE(e.counts(id).delivered == 0);
  }
}

TEST_CASE("reports: a host that sleeps is woken for each report", "[reports]") {
  const bool durable = GENERATE(false, true);
  world w;
  engine e = world::open(w.settings(durable));
  const auto id = world::launch(e);
  const auto source = e.open_source(id, "list");
  constexpr std::uint64_t rows = 300;
  submit_rows(e, *source, rows);
  const auto outcomes = events_of(e, rows);
  REQUIRE(e.drain(60s));
  std::thread provider([&] {
    for (const event& each : outcomes) {
      const std::string body = R"({"origin":"MMS_MT","code":"N102","client-reference":")" + reference_of(each) + "\"}";
      static_cast<void>(e.accept_callback("main", {"POST", "/x/" + std::string(secret), {}, body}));
    }
  });
  std::size_t told = 0;
  bool slept_too_long = false;
  for (std::array<event, 1> some; told < rows && !slept_too_long;) {
    pollfd news{e.event_fd(), POLLIN, 0};
    slept_too_long = ::poll(&news, 1, 30'000) == 0;  // nothing else will ever wake this host
    while (e.poll(some) > 0) ++told;
  }
  provider.join();
  REQUIRE_FALSE(slept_too_long);
  REQUIRE(told == rows);
}

TEST_CASE("reports: after stop() the provider is asked to call again", "[reports]") {
  world w;
  engine e = world::open(w.settings(true));
  const auto id = world::launch(e);
  const auto source = e.open_source(id, "list");
  submit_rows(e, *source, 1);
  const auto outcome = events_of(e, 1)[0];
  e.stop();
  const callback_reply said = post(e, {reference_of(outcome)});
  REQUIRE(said.status == 503);
  REQUIRE(said.why == errc::stopped);
}
