// tests/engine/dispatcher - what becomes of messages, whatever the provider, the journal and the host do.
#include <algorithm>
#include <array>
#include <functional>
#include <stdexcept>
#include <string>
#include <support/dispatcher_bench.hpp>
#include <vector>

namespace {

using namespace broadside;
using namespace broadside::engine_detail;
using namespace std::chrono_literals;
using testing::slow_journal;
using setup = testing::dispatcher_setup;
using bench = testing::dispatcher_bench;

}  // namespace

TEST_CASE("dispatcher: an accepted message has one event with its outcome", "[engine]") {
  bench b;
  b.submit("+1 (212) 555-0123");
  b.run();
  REQUIRE(b.clients[0]->oldest_body() == "bs-0000000000000000 +12125550123 Hi Ann\n");
  REQUIRE(b.events().empty());
  b.answer("A");
  const event e = b.only_event();
  REQUIRE(e.outcome == outcome::accepted);
  REQUIRE(e.status() == "enqueued");
  REQUIRE(e.reason == errc{});
  REQUIRE(e.attempts == 1);
  REQUIRE(e.status_code == "A");
  REQUIRE(e.recipient == "+1 (212) 555-0123");
  REQUIRE(b.clients[0]->all_idle());
}

TEST_CASE("dispatcher: a recipient that can never be sent to is rejected with the reason", "[engine]") {
  bench b;
  b.submit("12125550123");
  b.submit("+12125550123", {});
  b.submit("+12125550123", {"Ann", "Bob"});
  b.submit("+12125550123", {"\xFF"});
  const std::string long_name(300, 'x');
  b.submit("+12125550123", {long_name});
  b.run();
  const auto all = b.events();
  const std::array expected{errc::phone_no_prefix, errc::wrong_number_of_values, errc::wrong_number_of_values,
                            errc::invalid_utf8, errc::recipient_too_large};
  REQUIRE(all.size() == expected.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    REQUIRE(all[i].outcome == outcome::rejected);
    REQUIRE(all[i].reason == expected[i]);
    REQUIRE(all[i].attempts == 0);
  }
  REQUIRE(b.clients[0]->sent.empty());
}

TEST_CASE("dispatcher: a rendered text beyond the provider's limit is rejected and gives its permission back",
          "[engine]") {
  bench b({.limit = {1, 1}});
  b.submit("+12125550123", {"a name that makes the text longer than forty characters"});
  b.submit("+12125550123");
  b.run();
  REQUIRE(b.only_event().reason == errc::text_too_long);
  REQUIRE(b.clients[0]->sent.size() == 1);  // the permission went to the next one
}

TEST_CASE("dispatcher: a transient failure is sent again later, and not for ever", "[engine]") {
  bench b({.retry = {.attempts_max = 3, .delay_min = 100ms, .delay_max = 1s}});
  b.submit("+12125550123");
  b.run();
  b.answer("T");
  REQUIRE(b.clients[0]->sent.empty());
  b.env.advance(99ms);
  b.run();
  REQUIRE(b.clients[0]->sent.empty());  // jitter only adds
  b.env.advance(101ms);
  b.run();
  b.answer("T");
  b.env.advance(400ms);
  b.run();
  b.answer("T");
  const event e = b.only_event();
  REQUIRE(e.outcome == outcome::not_sent);
  REQUIRE(e.reason == errc::attempts_exhausted);
  REQUIRE(e.attempts == 3);
  REQUIRE(e.status_code == "T");
}

TEST_CASE("dispatcher: a request of which no byte left is no attempt of the message", "[engine]") {
  bench b;
  b.submit("+12125550123");
  b.run();
  b.fail_to_write();
  REQUIRE(b.events().empty());
  b.env.advance(2s);
  b.run();
  b.answer("A");
  REQUIRE(b.only_event().attempts == 1);
}

TEST_CASE("dispatcher: throttling rests the route exactly as long as told and costs no attempt", "[engine]") {
  bench b({.connections = 1, .retry = {.attempts_max = 1}});
  b.submit_many(2);
  b.run();
  const time_point told = b.env.now();
  b.answer("S", 0, 2500ms);
  REQUIRE(b.clients[0]->sent.empty());
  REQUIRE(b.run() <= told + 2500ms);
  b.env.advance(2500ms - 1ns);
  b.run();
  REQUIRE(b.clients[0]->sent.empty());
  b.env.advance(1ns);
  b.run();
  REQUIRE(b.clients[0]->sent.size() == 1);
  REQUIRE(b.clients[0]->oldest_body().starts_with("bs-0000000000000000"));  // still in order
  b.answer("A");
  b.answer("A");
  REQUIRE(b.events().size() == 2);
}

TEST_CASE("dispatcher: Retry-After: 0 is not taken as leave to hammer", "[engine]") {
  bench b({.connections = 1, .retry = {.delay_min = 100ms, .delay_max = 1s}});
  b.submit("+12125550123");
  b.run();
  b.answer("S", 0, 0ms);
  REQUIRE(b.clients[0]->sent.empty());
  b.env.advance(100ms);
  b.run();
  REQUIRE(b.clients[0]->sent.size() == 1);
}

TEST_CASE("dispatcher: an account fault rests the route, moves its message, and probes with one request", "[engine]") {
  bench b({.routes = 2, .connections = 4, .retry = {.attempts_max = 1, .suspend_min = 1s, .suspend_max = 8s}});
  b.submit_many(2);  // one to each route
  b.run();
  b.answer("F", 0);
  REQUIRE(b.clients[0]->sent.empty());
  REQUIRE(b.clients[1]->sent.size() == 2);
  REQUIRE(b.shared().routes[0]->last_error.find("bad key") != std::string::npos);
  b.submit_many(4);
  b.run();
  REQUIRE(b.clients[0]->sent.empty());  // rests
  for (int i = 0; i < 6; ++i) b.answer("A", 1);
  b.env.advance(1s);
  b.submit_many(8);
  b.run();
  REQUIRE(b.clients[0]->sent.size() == 1);  // the probe; nothing else waits for its answer
  REQUIRE(b.clients[1]->sent.size() == 4);
  REQUIRE(b.shared().routes[0]->suspended);
  b.answer("A", 0);
  REQUIRE_FALSE(b.shared().routes[0]->suspended);
  b.submit_many(2);
  b.run();
  REQUIRE(b.clients[0]->sent.size() == 1);  // it works again
  REQUIRE(b.events().size() == 7);
}

TEST_CASE("dispatcher: what waits on a suspended route takes another that works", "[engine]") {
  bench b({.routes = 2, .connections = 1, .retry = {.suspend_min = 1h, .suspend_max = 1h}});
  b.submit_many(20);  // ten to each route, nine of them wait
  b.run();
  b.answer("F", 0);
  for (int i = 0; i < 20; ++i) b.answer("A", 1);
  REQUIRE(b.events().size() == 20);
}

TEST_CASE("dispatcher: events that the queue cannot take now are offered again", "[engine]") {
  bench b;
  b.fill_event_queue();
  b.submit("+12125550123");
  b.run();
  b.answer("A");
  const auto held = b.machine().books(campaign_id{0}).read().held;
  REQUIRE(held == 1);  // settled, and not told: still inside
  REQUIRE(b.machine().held_by_lists() == 1);
  b.empty_event_queue();
  REQUIRE(b.run() == time_point::max());
  REQUIRE(b.only_event().outcome == outcome::accepted);
}

TEST_CASE("dispatcher: a lost answer ends as maybe_sent and is never sent again by itself", "[engine]") {
  bench b;
  b.submit("+12125550123");
  b.run();
  b.lose();
  const event e = b.only_event();
  REQUIRE(e.outcome == outcome::maybe_sent);
  REQUIRE(e.reason == errc::answer_lost);
  b.env.advance(1h);
  b.run();
  REQUIRE(b.clients[0]->sent.empty());
}

TEST_CASE("dispatcher: a lost answer carries no code of an earlier one", "[engine]") {
  bench b;
  b.submit("+12125550123");
  b.run();
  b.answer("T");
  b.env.advance(10s);
  b.run();
  b.lose();
  const event e = b.only_event();
  REQUIRE(e.outcome == outcome::maybe_sent);
  REQUIRE(e.status_code.empty());
  REQUIRE_FALSE(e.error.empty());
}

TEST_CASE("dispatcher: the resend policy sends again, and what ends it later cannot say not_sent", "[engine]") {
  bench b({.policy = on_unknown::resend, .retry = {.attempts_max = 2}});
  b.submit("+12125550123");
  b.run();
  b.lose();
  b.env.advance(10s);
  b.run();
  REQUIRE(b.clients[0]->sent.size() == 1);
  SECTION("accepted is accepted") {
    b.answer("A");
    REQUIRE(b.only_event().outcome == outcome::accepted);
  }
  SECTION("a transient failure after a lost answer is maybe_sent") {
    b.answer("T");
    REQUIRE(b.only_event().outcome == outcome::maybe_sent);
  }
  SECTION("so is a rejection") {
    b.answer("R");
    REQUIRE(b.only_event().outcome == outcome::maybe_sent);
  }
  SECTION("so is a cancelled campaign") {
    b.answer("S");
    b.set_state(campaign_state::cancelled);
    REQUIRE(b.only_event().outcome == outcome::maybe_sent);
  }
}

TEST_CASE("dispatcher: resend_if_deduplicated asks only the provider that may have the message", "[engine]") {
  bench b({.routes = 2, .deduplicates = true, .policy = on_unknown::resend_if_deduplicated});
  b.submit("+12125550123");
  b.run();
  REQUIRE(b.clients[0]->sent.size() == 1);
  b.lose(0);
  b.shared().routes[0]->rests_until = (b.env.now() + 5s).time_since_epoch().count();  // the other route is free
  b.env.advance(4s);
  b.run();
  REQUIRE(b.clients[1]->sent.empty());
  b.env.advance(2s);
  b.run();
  REQUIRE(b.clients[0]->sent.size() == 1);
  b.answer("D", 0);  // refused as a repeat: the first one arrived
  REQUIRE(b.only_event().outcome == outcome::accepted);
}

TEST_CASE("dispatcher: resend_if_deduplicated holds where the provider does not deduplicate", "[engine]") {
  bench b({.deduplicates = false, .policy = on_unknown::resend_if_deduplicated});
  b.submit("+12125550123");
  b.run();
  b.lose();
  REQUIRE(b.only_event().outcome == outcome::maybe_sent);
}

TEST_CASE("dispatcher: a repeat that was never lost is rejected", "[engine]") {
  bench b({.deduplicates = true});
  b.submit("+12125550123");
  b.run();
  b.answer("D");
  REQUIRE(b.only_event().outcome == outcome::rejected);
}

TEST_CASE("dispatcher: age is looked at wherever a message can wait", "[engine]") {
  bench b({.connections = 1, .age_max = 10s});
  SECTION("in a lane without a connection") {
    b.submit_many(2);
    b.run();
    b.env.advance(10s);
    b.run();
    REQUIRE(b.only_event().outcome == outcome::expired);
  }
  SECTION("waiting for a retry") {
    b.submit("+12125550123");
    b.run();
    b.answer("T", 0, 3600s);
    b.env.advance(10s);
    b.run();
    REQUIRE(b.only_event().outcome == outcome::expired);
  }
  SECTION("in a paused campaign") {
    b.set_state(campaign_state::paused);
    b.submit("+12125550123");
    b.run();
    b.env.advance(10s);
    b.run();
    REQUIRE(b.only_event().reason == errc::age_exceeded);
  }
  SECTION("on a route that rests") {
    b.submit("+12125550123");
    b.run();
    b.answer("S", 0, 3600s);
    b.env.advance(10s);
    REQUIRE(b.run() > b.env.now());
    REQUIRE(b.only_event().outcome == outcome::expired);
  }
}

TEST_CASE("dispatcher: run() asks to be called again when the first of what it holds expires, and not before",
          "[engine]") {
  bench b({.connections = 1, .age_max = 1h});
  const time_point start = b.env.now();
  b.submit_many(2);
  REQUIRE(b.run() == start + 1h);
  b.answer("A");
  REQUIRE(b.run() == start + 1h);
  b.answer("A");
  REQUIRE(b.run() == time_point::max());  // nothing held, nothing to wake for
}

TEST_CASE("dispatcher: a paused campaign starts nothing, keeps what is on its way, and goes on where it was",
          "[engine]") {
  bench b({.connections = 1});
  b.submit_many(3);
  b.run();
  b.set_state(campaign_state::paused);
  b.answer("A");
  REQUIRE(b.clients[0]->sent.empty());
  REQUIRE(b.machine().parked() == 2);
  REQUIRE(b.events().size() == 1);
  b.set_state(campaign_state::running);
  b.answer("A");
  b.answer("A");
  REQUIRE(b.events().size() == 2);
}

TEST_CASE("dispatcher: a cancelled campaign ends what waits and waits for what is on its way", "[engine]") {
  bench b({.connections = 1});
  b.submit_many(3);
  b.run();
  b.set_state(campaign_state::cancelled);
  auto ended = b.events();
  REQUIRE(ended.size() == 2);
  REQUIRE(ended[0].outcome == outcome::not_sent);
  REQUIRE(ended[0].reason == errc::cancelled);
  b.answer("A");
  REQUIRE(b.only_event().outcome == outcome::accepted);
}

TEST_CASE("dispatcher: a batch carries many messages and every recipient has its own verdict", "[engine]") {
  bench b({.batch = 4, .connections = 1});
  b.submit_many(6);
  b.run();
  REQUIRE(std::count(b.clients[0]->oldest_body().begin(), b.clients[0]->oldest_body().end(), '\n') == 4);
  b.answer("ARTA");
  const auto first = b.events();
  REQUIRE(first.size() == 3);
  REQUIRE(std::count_if(first.begin(), first.end(), [](const event& e) { return e.outcome == outcome::rejected; }) ==
          1);
  b.answer("AA");
  REQUIRE(b.events().size() == 2);
}

TEST_CASE("dispatcher: an answer that is too short leaves the rest of the batch unknown", "[engine]") {
  bench b({.batch = 3});
  b.submit_many(3);
  b.run();
  b.answer("A");
  const auto all = b.events();
  REQUIRE(all.size() == 3);
  REQUIRE(std::count_if(all.begin(), all.end(), [](const event& e) { return e.outcome == outcome::maybe_sent; }) == 2);
}

TEST_CASE("dispatcher: what a request cannot carry stays first in line, what no request can carry is rejected",
          "[engine]") {
  bench b({.batch = 4, .connections = 1, .text = "{{ name }}"});
  for (const auto* name : {"a", "b", "!last c", "!unsendable", "d"}) b.submit("+12125550123", {name});
  b.run();
  REQUIRE(b.clients[0]->oldest_body().find(" b\n") != std::string::npos);
  REQUIRE(b.clients[0]->oldest_body().find("!last") == std::string::npos);
  b.answer("AA");
  REQUIRE(b.clients[0]->oldest_body().find("!last c\n") != std::string::npos);
  REQUIRE(b.clients[0]->oldest_body().find(" d\n") == std::string::npos);
  b.answer("A");
  b.answer("A");
  const auto all = b.events();
  REQUIRE(all.size() == 5);
  REQUIRE(std::count_if(all.begin(), all.end(), [](const event& e) { return e.reason == errc::message_too_large; }) ==
          1);
}

TEST_CASE("dispatcher: no byte leaves before its claim is cleared, and no event is told before its outcome is",
          "[engine]") {
  slow_journal slow;
  bench b({.kept = &slow});
  b.submit_many(2);
  b.run();
  REQUIRE(b.clients[0]->sent.empty());
  REQUIRE(slow.asked);
  slow.sync();
  b.run();
  REQUIRE(b.clients[0]->sent.size() == 2);
  b.answer("A");
  b.answer("A");
  REQUIRE(b.events().empty());
  slow.sync();
  b.run();
  REQUIRE(b.events().size() == 2);
}

TEST_CASE("dispatcher: claims that are cleared together leave one by one, as the limit has it", "[engine]") {
  slow_journal slow;
  bench b({.connections = 8, .limit = {10, 4}, .kept = &slow});
  b.env.advance(1h);  // the bucket is full: four may be made ready
  b.submit_many(6);
  b.run();
  REQUIRE(slow.records.size() == 4);
  REQUIRE(b.clients[0]->sent.empty());
  slow.sync();
  b.run();
  REQUIRE(b.clients[0]->sent.size() == 4);  // a burst, with the permission of this instant
  b.env.advance(100ms);
  b.run();
  slow.sync();
  b.env.advance(99ms);
  b.run();
  REQUIRE(b.clients[0]->sent.size() == 5);  // the sixth has no permission yet, however long its claim took
  b.env.advance(1ms);
  b.run();
  slow.sync();
  b.run();
  REQUIRE(b.clients[0]->sent.size() == 6);
}

TEST_CASE("dispatcher: a claim that took long gives no permission of the past", "[engine]") {
  slow_journal slow;
  bench b({.connections = 8, .limit = {10, 1}, .kept = &slow});
  b.submit_many(3);
  for (int i = 0; i < 20; ++i) {  // two seconds in which nothing can be made durable
    b.run();
    b.env.advance(100ms);
  }
  slow.sync();
  b.run();
  REQUIRE(b.clients[0]->sent.size() == 1);
  slow.sync();
  b.run();
  REQUIRE(b.clients[0]->sent.size() == 1);
}

TEST_CASE("dispatcher: what is claimed when its campaign is paused, cancelled or too old does not leave", "[engine]") {
  slow_journal slow;
  bench b({.age_max = 60s, .kept = &slow});
  b.submit("+12125550123");
  b.run();
  const auto how = GENERATE(0, 1, 2);
  if (how == 0) b.set_state(campaign_state::paused);
  if (how == 1) b.set_state(campaign_state::cancelled);
  if (how == 2) b.env.advance(61s);
  slow.sync();
  b.run();
  REQUIRE(b.clients[0]->sent.empty());
  REQUIRE(b.clients[0]->all_idle());
  REQUIRE(slow.records[1].kind == journal::record_kind::released);
  REQUIRE(slow.records[1].so_far.attempts == 0);
  slow.sync();
  b.run();
  if (how == 0) {
    REQUIRE(b.events().empty());
    b.set_state(campaign_state::running);
    slow.sync();
    b.run();
    REQUIRE(b.clients[0]->sent.size() == 1);
  } else {
    REQUIRE(b.only_event().outcome == (how == 1 ? outcome::not_sent : outcome::expired));
  }
}

TEST_CASE("dispatcher: a route that another shard makes rest while a request is made ready is left alone", "[engine]") {
  slow_journal slow;
  bench b({.kept = &slow});
  const auto until = b.env.now() + 30s;
  int encoded = 0;
  b.providers[0]->on_encode = [&] {
    if (++encoded > 3) throw std::runtime_error("made ready again and again");
    slow.clears_at_once = true;
    b.shared().routes[0]->rests_until = std::chrono::nanoseconds(until.time_since_epoch()).count();
  };
  b.submit("+12125550123");
  REQUIRE(b.run() <= until);
  REQUIRE(encoded == 1);
  REQUIRE(b.clients[0]->sent.empty());
  REQUIRE(b.clients[0]->all_idle());
  b.env.advance(30s);
  b.run();
  REQUIRE(b.clients[0]->sent.size() == 1);
}

TEST_CASE("dispatcher: what is cleared while a run goes on is not forgotten", "[engine]") {
  const bool survives = GENERATE(false, true);
  const int looks = GENERATE(1, 2);  // at the third it is asked to tell, and would
  slow_journal slow;
  bench b({.kept = &slow, .survives = survives});
  b.submit("+12125550123");
  slow.clears_after = looks;  // at any time since the claim
  for (int runs = 0; runs < 3 && b.clients[0]->sent.empty(); ++runs) {
    const time_point next = b.run();
    REQUIRE((!b.clients[0]->sent.empty() || next == b.env.now()));
  }
  REQUIRE(b.clients[0]->sent.size() == 1);
}

TEST_CASE("dispatcher: requests that are taken back keep the order of their messages", "[engine]") {
  slow_journal slow;
  bench b({.connections = 2, .kept = &slow, .survives = true});
  for (const char* name : {"Ann", "Bob", "Cid", "Dan", "Eve"}) b.submit("+12125550123", {name});
  b.run();  // all are claimed ahead
  b.shared().routes[0]->rests_until = (b.env.now() + 1s).time_since_epoch().count();
  slow.sync();
  b.run();  // and come back
  REQUIRE(b.clients[0]->sent.empty());
  b.env.advance(1s);
  slow.clears_at_once = true;
  b.run();
  std::string order;
  for (int i = 0; i < 5; ++i) {
    b.run();
    REQUIRE_FALSE(b.clients[0]->sent.empty());
    order += b.clients[0]->oldest_body().substr(b.clients[0]->oldest_body().find("Hi ") + 3, 1);
    b.answer("A");
  }
  REQUIRE(order == "ABCDE");
}

TEST_CASE("dispatcher: while a journal takes its time, requests are made ready ahead of the connections", "[engine]") {
  slow_journal slow;
  bench b({.connections = 2, .kept = &slow, .survives = true});
  b.submit_many(7);
  b.run();
  REQUIRE(slow.records.size() == 2);  // as many as there are connections
  slow.sync();
  b.run();
  REQUIRE(b.clients[0]->sent.size() == 2);
  REQUIRE(slow.records.size() == 4);  // and the next ones while those are on their way
  slow.sync();
  b.run();
  REQUIRE(b.clients[0]->sent.size() == 2);
  b.answer("A");
  REQUIRE(b.clients[0]->sent.size() == 2);  // the next one left at once: the disk was not waited for
  REQUIRE(b.events().empty());
  slow.sync();
  b.run();
  REQUIRE(b.events().size() == 1);
}

TEST_CASE("dispatcher: the longer a journal takes, the more requests are made ready ahead, within bounds", "[engine]") {
  // For each connection eight requests of one message; of 2,000 messages one, since 4,096 in doubt are enough.
  const std::size_t batch = GENERATE(std::size_t{1}, std::size_t{2'000});
  slow_journal slow;
  bench b({.batch = batch, .connections = 4, .kept = &slow, .survives = true, .inside = 32'768});
  b.submit_many(batch == 1 ? 200 : 30'000);
  std::size_t most = 0;
  for (int i = 0; i < 12; ++i) {
    b.run();
    slow.sync();
    b.run();
    while (!b.clients[0]->sent.empty()) b.answer("A");  // every connection waits for the journal now
    const auto claims = std::count_if(slow.records.begin(), slow.records.end(),
                                      [](const auto& each) { return each.kind == journal::record_kind::claim; });
    const auto ended = std::count_if(slow.records.begin(), slow.records.end(),
                                     [](const auto& each) { return each.kind == journal::record_kind::outcome; });
    most = std::max(most, static_cast<std::size_t>(claims - ended));
  }
  REQUIRE(most == (batch == 1 ? 32 : 4 * batch));
  static_cast<void>(b.events());
}

TEST_CASE("dispatcher: what is not wanted ahead any more goes back in its order", "[engine]") {
  slow_journal slow;
  bench b({.connections = 4, .kept = &slow, .survives = true});
  b.submit_many(200);
  for (int i = 0; i < 6; ++i) {  // every connection waits for the journal: more and more is claimed ahead
    b.run();
    slow.sync();
    b.run();
    while (!b.clients[0]->sent.empty()) b.answer("A");
  }
  slow.records.clear();
  for (int i = 0; i < 8; ++i) {  // the disk hangs: with each sweep less
    b.env.advance(1100ms);
    b.run();
  }
  std::vector<journal::message_ref> released;
  for (const auto& each : slow.records) {
    if (each.kind == journal::record_kind::released) released.push_back(each.message);
  }
  REQUIRE(released.size() > 1);
  slow.records.clear();
  for (int i = 0; i < 20; ++i) {
    slow.sync();
    b.run();
    while (!b.clients[0]->sent.empty()) b.answer("A");
  }
  std::vector<journal::message_ref> again;
  for (const auto& each : slow.records) {
    const bool was = std::find(released.begin(), released.end(), each.message) != released.end();
    if (was && each.kind == journal::record_kind::claim) again.push_back(each.message);
  }
  REQUIRE(again.size() >= released.size());
  again.resize(released.size());
  REQUIRE(std::is_sorted(again.begin(), again.end()));
  static_cast<void>(b.events());
}

TEST_CASE("dispatcher: what is claimed ahead of the connections goes back when its campaign is paused or too old",
          "[engine]") {
  const bool paused = GENERATE(true, false);
  slow_journal slow;
  bench b({.connections = 1, .age_max = 10s, .kept = &slow, .survives = true});
  b.submit_many(1);
  b.run();
  slow.sync();
  b.run();
  b.submit_many(1);
  b.run();
  slow.sync();  // claimed, and the only connection is busy
  if (paused) {
    b.set_state(campaign_state::paused);
    REQUIRE(b.machine().parked() == 1);
  } else {
    b.env.advance(10s);
    b.run();
  }
  REQUIRE(slow.records[2].kind == journal::record_kind::released);
  REQUIRE(slow.records[2].message == 1);
  slow.sync();
  b.answer("A");
  slow.sync();
  b.run();
  const auto all = b.events();
  REQUIRE(all.size() == (paused ? 1U : 2U));
  REQUIRE(b.clients[0]->sent.empty());
}

TEST_CASE("dispatcher: a request that is made ready to probe a route gets its connection", "[engine]") {
  slow_journal slow;
  bench b({.connections = 1, .kept = &slow, .survives = true});
  b.submit_many(3);
  b.run();
  slow.sync();
  b.run();
  b.answer("S", 0, 1000ms);  // the route rests
  slow.sync();
  b.clients[0]->close_all();
  b.env.advance(1s);
  b.run();  // one request is claimed to probe it
  slow.sync();
  b.clients[0]->wanted = 0;
  b.run();
  REQUIRE(b.clients[0]->sent.empty());
  REQUIRE(b.clients[0]->wanted == 1);
}

TEST_CASE("dispatcher: the journal is told when an attempt certainly did not arrive, and when it may have",
          "[engine]") {
  slow_journal slow;
  bench b({.policy = on_unknown::resend, .kept = &slow});
  b.submit("+12125550123");
  const auto send = [&] {
    b.env.advance(10min);
    b.run();
    slow.sync();
    b.run();
    REQUIRE(b.clients[0]->sent.size() == 1);
    REQUIRE(slow.records.back().kind == journal::record_kind::claim);
  };
  send();
  REQUIRE(slow.records.back().so_far.attempts == 1);
  b.answer("T");
  REQUIRE(slow.records.back().kind == journal::record_kind::released);
  REQUIRE(slow.records.back().so_far.failures == 1);
  REQUIRE_FALSE(slow.records.back().so_far.answer_lost);
  send();
  b.fail_to_write();
  REQUIRE(slow.records[slow.records.size() - 2].kind == journal::record_kind::released);
  REQUIRE(slow.records[slow.records.size() - 2].so_far.attempts == 1);
  slow.sync();
  b.run();
  b.lose();
  REQUIRE(slow.records.back().kind == journal::record_kind::released);
  REQUIRE(slow.records.back().so_far.answer_lost);
  send();
  b.answer("A");
  REQUIRE(slow.records.back().kind == journal::record_kind::outcome);
}

TEST_CASE("dispatcher: a message that was on its way when an engine ended follows its campaign's policy", "[engine]") {
  const auto policy = GENERATE(on_unknown::hold, on_unknown::resend, on_unknown::resend_if_deduplicated);
  const bool deduplicates = GENERATE(false, true);
  bench b({.deduplicates = deduplicates, .policy = policy});
  b.submit_interrupted(0);
  b.run();
  if (policy == on_unknown::hold || (policy == on_unknown::resend_if_deduplicated && !deduplicates)) {
    const event e = b.only_event();
    REQUIRE(e.outcome == outcome::maybe_sent);
    REQUIRE(e.reason == errc::interrupted);
    REQUIRE(b.clients[0]->sent.empty());
    return;
  }
  b.env.advance(10min);
  b.run();
  REQUIRE(b.clients[0]->sent.size() == 1);
  b.answer(deduplicates ? "D" : "R");  // refused as a repeat: it had arrived; refused for good: it may have
  const event e = b.only_event();
  REQUIRE(e.outcome == (deduplicates ? outcome::accepted : outcome::maybe_sent));
}

TEST_CASE("dispatcher: a message that may have left by a route that is gone is not sent again", "[engine]") {
  bench b({.policy = on_unknown::resend});
  b.submit_interrupted(0xFFFF);
  b.run();
  REQUIRE(b.only_event().outcome == outcome::maybe_sent);
  REQUIRE(b.clients[0]->sent.empty());
}

TEST_CASE("dispatcher: a message whose answer was lost is asked for, and what the provider knows is its outcome",
          "[engine]") {
  bench b({.asked_for = 10});
  b.submit_many(3);
  b.run();
  for (int i = 0; i < 3; ++i) b.lose();
  REQUIRE(b.events().empty());
  b.env.advance(999ms);
  b.run();
  REQUIRE(b.query_clients[0]->sent.empty());
  b.env.advance(1ms);
  b.run();
  REQUIRE(b.query_clients[0]->oldest_body() == "?bs-0000000000000000,bs-0000000000000001,bs-0000000000000002");
  b.answer_question("ARU");
  const auto known = b.events();
  REQUIRE(known.size() == 2);
  REQUIRE(known[0].outcome == outcome::accepted);
  REQUIRE(known[0].status_code == "A");
  REQUIRE(known[1].outcome == outcome::rejected);
  REQUIRE(known[1].reason == errc::refused_by_provider);
  b.env.advance(4s);
  b.run();
  REQUIRE(b.query_clients[0]->oldest_body() == "?bs-0000000000000002");
  b.answer_question("U");
  const event unknown = b.only_event();
  REQUIRE(unknown.outcome == outcome::maybe_sent);
  REQUIRE(unknown.reason == errc::answer_lost);
  REQUIRE(b.clients[0]->sent.empty());
}

TEST_CASE("dispatcher: a provider that rejected one of several attempts does not say what became of the lost one",
          "[engine]") {
  bench b({.retry = {.delay_min = 1ms, .delay_max = 1ms}, .asked_for = 10});
  b.submit("+12125550123");
  b.run();
  b.answer("T");
  b.env.advance(10ms);
  b.run();
  b.lose();
  for (int asked = 0; asked < 2; ++asked) {
    REQUIRE(b.events().empty());
    b.env.advance(10s);
    b.run();
    b.answer_question("R");
  }
  REQUIRE(b.only_event().outcome == outcome::maybe_sent);
}

TEST_CASE("dispatcher: a question that fails is asked again, and in the end the message may have been sent",
          "[engine]") {
  bench b({.asked_for = 10});
  b.submit("+12125550123");
  b.run();
  b.lose();
  b.env.advance(1s);
  b.run();
  b.answer_question("");
  REQUIRE(b.events().empty());
  b.env.advance(4s);
  b.run();
  b.answer_question("T");
  REQUIRE(b.only_event().outcome == outcome::maybe_sent);
}

TEST_CASE("dispatcher: questions keep to their size and their limit, and wait as long as they are told", "[engine]") {
  bench b({.connections = 8, .asked_for = 2, .reconcile = {.asks_max = 3, .delay_min = 1000ms}});
  b.submit_many(5);
  b.run();
  for (int i = 0; i < 5; ++i) b.lose();
  b.env.advance(1s);
  b.run();
  b.answer_question("AA");
  REQUIRE(b.query_clients[0]->sent.empty());  // two a second
  b.env.advance(500ms);
  b.run();
  b.answer_question("SS", 60s);
  REQUIRE(b.events().size() == 2);
  b.env.advance(59s);
  b.run();
  REQUIRE(b.query_clients[0]->sent.empty());
  b.env.advance(1s);
  b.run();
  b.answer_question("AA");
  b.env.advance(500ms);
  b.run();
  b.answer_question("A");
  REQUIRE(b.events().size() == 3);
}

TEST_CASE("dispatcher: while questions are too much, nobody is asked, neither by who comes later nor after a last try",
          "[engine]") {
  const auto asks_max = GENERATE(std::uint16_t{1}, std::uint16_t{3});
  bench b({.connections = 8, .asked_for = 2, .reconcile = {.asks_max = asks_max, .delay_min = 1000ms}});
  b.submit_many(2);
  b.run();
  b.lose();
  b.env.advance(1s);
  b.run();
  b.answer_question("S", 60s);
  b.lose();
  const auto wake = b.run();
  REQUIRE(wake <= b.env.now() + 60s);
  b.env.advance(59s);
  b.run();
  REQUIRE(b.query_clients[0]->sent.empty());
  b.env.advance(1s);
  b.run();
  REQUIRE_FALSE(b.query_clients[0]->sent.empty());
}

TEST_CASE("dispatcher: a message that an earlier engine may have sent is asked for too", "[engine]") {
  bench b({.asked_for = 10});
  b.submit_interrupted(0);
  b.run();
  b.env.advance(1s);
  b.run();
  b.answer_question("A");
  REQUIRE(b.only_event().outcome == outcome::accepted);
}

TEST_CASE("dispatcher: abandoning ends what is asked for as maybe_sent", "[engine]") {
  bench b({.asked_for = 1});
  b.submit_many(2);
  b.run();
  b.lose();
  b.lose();
  b.env.advance(1s);
  b.run();  // one is asked for, the other waits
  b.close_intake();
  b.machine().abandon();
  static_cast<void>(b.machine().tells_the_rest());
  const auto all = b.events();
  REQUIRE(all.size() == 2);
  REQUIRE(all[0].outcome == outcome::maybe_sent);
  REQUIRE(all[1].outcome == outcome::maybe_sent);
}

TEST_CASE("dispatcher: abandoning ends what left as maybe_sent and everything else as not_sent", "[engine]") {
  const bool left = GENERATE(true, false);
  bench b({.connections = 2});
  b.submit_many(4);
  if (left) b.run();
  b.submit_many(1);  // still in the intake
  b.close_intake();
  b.machine().abandon();
  static_cast<void>(b.machine().tells_the_rest());
  const auto all = b.events();
  REQUIRE(all.size() == 5);
  const auto lost =
      std::count_if(all.begin(), all.end(), [](const event& e) { return e.outcome == outcome::maybe_sent; });
  REQUIRE(lost == (left ? 2 : 0));
  REQUIRE(std::count_if(all.begin(), all.end(), [](const event& e) { return e.outcome == outcome::not_sent; }) ==
          5 - lost);
}

TEST_CASE("dispatcher: with a journal that survives, abandoning ends nothing and releases what did not leave",
          "[engine]") {
  slow_journal slow;
  bench b({.connections = 2, .kept = &slow});
  b.shared().survives = true;
  b.submit_many(1);
  b.run();
  slow.sync();
  b.run();  // the first one left
  b.submit_many(2);
  b.run();  // the second one is claimed, the third waits for a connection
  b.close_intake();
  b.machine().abandon();
  static_cast<void>(b.machine().tells_the_rest());
  REQUIRE(slow.records.size() == 3);
  REQUIRE(slow.records[2].kind == journal::record_kind::released);
  REQUIRE(slow.records[2].message == 1);
  REQUIRE(slow.records[1].so_far.attempts == 1);  // the claim
  REQUIRE(slow.records[2].so_far.attempts == 0);  // it did not leave
  slot_index unused = 0;
  REQUIRE_FALSE(b.events_left(unused));
}

TEST_CASE("dispatcher: positions of events only grow", "[engine]") {
  bench b;
  b.submit_many(4);
  b.run();
  for (int i = 0; i < 4; ++i) b.answer("A");
  const auto all = b.events();
  REQUIRE(std::is_sorted(all.begin(), all.end(), [](const event& x, const event& y) { return x.at < y.at; }));
}

TEST_CASE("dispatcher: books balance and nothing is lost under any mix of answers", "[engine]") {
  const auto seed = GENERATE(range(0, 40));
  CAPTURE(seed);
  random_bits random(static_cast<std::uint64_t>(seed));
  bench b(
      {.routes = 2,
       .batch = 1 + random.below(3),
       .connections = static_cast<std::uint32_t>(1 + random.below(4)),
       .deduplicates = random.below(2) == 0,
       .limit = {static_cast<double>(1 + random.below(1000)), static_cast<std::uint32_t>(1 + random.below(10))},
       .policy = static_cast<on_unknown>(random.below(3)),
       .retry = {.attempts_max = 3, .delay_min = 10ms, .delay_max = 100ms, .suspend_min = 10ms, .suspend_max = 50ms},
       .age_max = 60s});
  std::size_t submitted = 0;
  std::size_t ended = 0;
  for (int step = 0; step < 4000 && ended < 200; ++step) {
    if (submitted < 200 && random.below(3) == 0) {
      b.submit(random.below(10) == 0 ? "nonsense" : "+12125550123");
      ++submitted;
    }
    const std::size_t route = random.below(2);
    if (!b.clients[route]->sent.empty()) {
      const std::string letters{"AARTSFDU"[random.below(8)], "AARTSFDU"[random.below(8)], 'A'};
      switch (random.below(6)) {
        case 0:
          b.lose(route);
          break;
        case 1:
          b.fail_to_write(route);
          break;
        default:
          b.answer(letters, route, random.below(4) == 0 ? 20ms : -1ms);
          break;
      }
    }
    b.env.advance(std::chrono::milliseconds(random.below(20)));
    const time_point wake = b.run();
    REQUIRE(wake > b.env.now() - 1ns);
    ended += b.events().size();  // checks the books
  }
  b.env.advance(60s);
  while (!b.clients[0]->sent.empty()) b.lose(0);
  while (!b.clients[1]->sent.empty()) b.lose(1);
  b.env.advance(120s);
  b.run();
  ended += b.events().size();
  REQUIRE(ended == submitted);
}

TEST_CASE("dispatcher: numbers at which nobody receives messages are rejected with their reason", "[engine]") {
  bench b;
  const auto& [number, why] = GENERATE(table<std::string_view, errc>({{"+18005550123", errc::phone_toll_free},
                                                                      {"+19005550123", errc::phone_premium},
                                                                      {"+15005550123", errc::phone_personal},
                                                                      {"+13101234", errc::phone_universal_access}}));
  CAPTURE(number);
  b.submit(number);
  b.run();
  const event e = b.only_event();
  REQUIRE(e.outcome == outcome::rejected);
  REQUIRE(e.reason == why);
  REQUIRE(b.clients[0]->sent.empty());
}

TEST_CASE("dispatcher: a number without its country is read as the campaign says", "[engine]") {
  bench b({.numbers = dialling::north_america});
  b.submit("(212) 555-0123");
  b.run();
  b.answer("A");
  REQUIRE(b.only_event().outcome == outcome::accepted);
}

TEST_CASE("dispatcher: a message takes a route that serves its country", "[engine]") {
  bench b({.routes = 2, .served = {{"US", "CA"}, {"AU"}}});
  for (int i = 0; i < 4; ++i) b.submit("+12125550123");
  b.run();
  REQUIRE(b.clients[0]->sent.size() == 4);  // by weight alone, two of them would be on the other route
  REQUIRE(b.clients[1]->sent.empty());
  for (int i = 0; i < 4; ++i) b.answer("A");
  REQUIRE(b.events().size() == 4);
}

TEST_CASE("dispatcher: a country that no route serves, or that the sender does not reach, is rejected", "[engine]") {
  bench b({.routes = 2, .served = {{"US", "CA"}, {"US", "GB"}}});
  b.submit("+18095550123");   // +1, and neither the US nor Canada
  b.submit("+447400123456");  // a US short code does not reach it
  b.run();
  const auto all = b.events();
  REQUIRE(all.size() == 2);
  for (const event& e : all) {
    REQUIRE(e.outcome == outcome::rejected);
    REQUIRE(e.reason == errc::country_not_served);
  }
}

TEST_CASE("dispatcher: an area code that no table knows is sent", "[engine]") {
  bench b({.served = {{"US"}}});
  b.submit("+14595550123");
  b.run();
  b.answer("A");
  REQUIRE(b.only_event().outcome == outcome::accepted);
}

TEST_CASE("dispatcher: a fallback with more parts than allowed is rejected, or cut when the campaign says so",
          "[engine]") {
  const std::string name(200, 'x');
  sms_fallback how{.enabled = true, .text = "{{ name }}", .max_parts = 1};
  {
    bench b({.text = "Hi", .fallback = how});
    b.submit("+12125550123", {name});
    b.run();
    REQUIRE(b.only_event().reason == errc::sms_too_many_parts);
  }
  how.over = over_limit::truncate;
  bench b({.text = "Hi", .fallback = how});
  b.submit("+12125550123", {name});
  b.run();
  b.answer("A");
  REQUIRE(b.only_event().outcome == outcome::accepted);
}
