// tests/engine/dispatcher_limits - what a shard does about limits, whose turn it is, budgets and what the provider
// says.
#include <algorithm>
#include <array>
#include <cstdlib>
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

TEST_CASE("dispatcher: limits are kept to the nanosecond and a denied lane wakes exactly when it may go on",
          "[engine]") {
  bench b({.connections = 64, .limit = {10, 1}});
  b.submit_many(3);
  const time_point start = b.env.now();
  REQUIRE(b.run() == start + 100ms);
  REQUIRE(b.clients[0]->sent.size() == 1);
  b.env.advance(100ms - 1ns);
  REQUIRE(b.run() == start + 100ms);
  REQUIRE(b.clients[0]->sent.size() == 1);
  b.env.advance(1ns);
  b.run();
  REQUIRE(b.clients[0]->sent.size() == 2);
}

TEST_CASE("dispatcher: a message takes from the route's and the sender's limit or from neither", "[engine]") {
  bench b({.connections = 64, .limit = {1000, 1000}, .sender_limit = {1, 1}});
  const auto other = b.launch("54321");
  b.env.advance(10s);  // the route's limit is full: a thousand
  b.submit_many(5);
  for (int i = 0; i < 7; ++i) b.submit("+12125550123", {"Bob"}, other);
  b.run();
  REQUIRE(b.clients[0]->sent.size() == 1 + 7);  // the limited sender holds up nobody else
  b.env.advance(1s);
  b.run();
  REQUIRE(b.clients[0]->sent.size() == 2 + 7);
}

TEST_CASE("dispatcher: ten thousand looks at messages that a limit holds back find nothing to do until it opens",
          "[engine]") {
  bench b({.connections = 64, .limit = rate_limit::per(1, 1h), .age_max = 48h});
  b.submit_many(100);
  const time_point start = b.env.now();
  b.run();
  REQUIRE(b.clients[0]->sent.size() == 1);
  b.answer("A");
  int runs = 0;
  while (b.env.now() < start + 10h) {
    const time_point next = b.run();
    REQUIRE(next > b.env.now());
    b.env.advance(next - b.env.now());
    ++runs;
    while (!b.clients[0]->sent.empty()) b.answer("A");
  }
  REQUIRE(runs <= 10 * 5);  // once an hour, and four times to see whether the clock was set
  REQUIRE(b.events().size() == 11);
}

TEST_CASE(
    "dispatcher: campaigns that wait for one sender's limit share it by weight, and a newcomer has saved nothing up",
    "[engine]") {
  bench b({.connections = 64, .limits = {{.name = "sender", .sender = "12345", .rate = {10, 1}}}});
  const auto three = b.launch("12345", [](campaign& c) { c.name = "three", c.weight = 3; });
  const auto one = b.launch("12345", [](campaign& c) { c.name = "one"; });
  for (int i = 0; i < 90; ++i) b.submit("+12125550123", {"Ann"}, three);
  for (int i = 0; i < 40; ++i) b.submit("+12125550123", {"Bob"}, one);
  std::array<int, 3> sent{};
  const auto send_one = [&] {
    const time_point next = b.run();
    while (!b.clients[0]->sent.empty()) b.answer("A");
    for (const event& e : b.events()) ++sent[static_cast<std::size_t>(e.campaign)];
    b.env.advance(std::max<duration>(next - b.env.now(), 0ns));
  };
  for (int i = 0; i < 80; ++i) send_one();
  REQUIRE(sent[three] + sent[one] >= 79);
  REQUIRE(sent[three] >= 3 * sent[one] - 3);
  REQUIRE(sent[three] <= 3 * sent[one] + 3);
  const auto before = sent;
  for (int i = 0; i < 30; ++i) b.submit("+12125550123", {"Eve"}, 0);  // of weight one, and silent until now
  for (int i = 0; i < 20; ++i) send_one();
  const int newcomer = sent[0];
  REQUIRE(newcomer >= 3);
  REQUIRE(newcomer <= 5);  // a fifth of the turns
  REQUIRE(sent[three] - before[three] >= 11);
}

TEST_CASE("dispatcher: a transactional message takes the next turn, and marketing one of sixteen", "[engine]") {
  bench b({.connections = 64, .limits = {{.name = "sender", .sender = "12345", .rate = {10, 1}}}});
  const auto urgent = b.launch("12345", [](campaign& c) { c.name = "urgent", c.priority = priority::transactional; });
  b.submit_many(60);
  std::vector<std::uint32_t> order;
  const auto send_one = [&] {
    const time_point next = b.run();
    while (!b.clients[0]->sent.empty()) b.answer("A");
    for (const event& e : b.events()) order.push_back(static_cast<std::uint32_t>(e.campaign));
    b.env.advance(std::max<duration>(next - b.env.now(), 0ns));
  };
  for (int i = 0; i < 5; ++i) send_one();
  b.submit("+12125550123", {"Ann"}, urgent);
  order.clear();
  send_one();
  REQUIRE(order == std::vector{urgent});
  for (int i = 0; i < 64; ++i) b.submit("+12125550123", {"Ann"}, urgent);
  order.clear();
  for (int i = 0; i < 52; ++i) send_one();
  REQUIRE(std::count(order.begin(), order.end(), 0U) == 3);
}

TEST_CASE("dispatcher: a thousand lanes behind one limit cost one look for each message that leaves", "[engine]") {
  std::vector<limit_options> limits{{.name = "all", .rate = {10, 1}}};
  bench b({.connections = 64, .limits = limits});
  std::vector<std::uint32_t> campaigns;
  for (int i = 0; i < 7; ++i)
    campaigns.push_back(b.launch("12345", [&](campaign& c) { c.name = "c" + std::to_string(i); }));
  for (int i = 0; i < 210; ++i) b.submit("+12125550123", {"Ann"}, campaigns[static_cast<std::size_t>(i) % 7]);
  int runs = 0;
  int sent = 0;
  while (sent < 200) {
    const time_point next = b.run();
    ++runs;
    while (!b.clients[0]->sent.empty()) b.answer("A");
    sent += static_cast<int>(b.events().size());
    REQUIRE(next > b.env.now());
    b.env.advance(next - b.env.now());
  }
  REQUIRE(runs <= 201);
}

TEST_CASE("dispatcher: a daily number holds back what is beyond it until the next local day", "[engine]") {
  bench b({.connections = 64, .age_max = 72h, .limits = {{.name = "a day", .quota = {.most = 3, .time_zone = "UTC"}}}});
  b.submit_many(8);
  b.run();
  REQUIRE(b.clients[0]->sent.size() == 3);
  while (!b.clients[0]->sent.empty()) b.answer("A");
  for (int day = 0; day < 2; ++day) {
    for (int i = 0; i < 2'000; ++i) {  // it looks again every minute
      const time_point next = b.run();
      if (!b.clients[0]->sent.empty()) break;
      b.env.advance(next - b.env.now());
    }
    REQUIRE(b.clients[0]->sent.size() == (day == 0 ? 3 : 2));
    const auto of_day = std::chrono::floor<std::chrono::days>(b.env.wall_now());
    REQUIRE(b.env.wall_now() - of_day < 1s);
    while (!b.clients[0]->sent.empty()) b.answer("A");
  }
  REQUIRE(b.events().size() == 8);
}

TEST_CASE("dispatcher: what was not taken is not counted in the day's number", "[engine]") {
  bench b({.connections = 64,
           .retry = {.attempts_max = 3, .delay_min = 10ms, .delay_max = 10ms},
           .limits = {{.name = "a day", .quota = {.most = 1, .time_zone = "UTC"}}}});
  b.submit("+12125550123");
  b.run();
  b.answer("T");
  b.env.advance(2s);
  b.run();
  b.answer("A");
  REQUIRE(b.only_event().outcome == outcome::accepted);
}

TEST_CASE("dispatcher: a limit of a carrier holds for its recipients alone", "[engine]") {
  bench b({.connections = 64, .limits = {{.name = "slow carrier", .carrier = "T-Mobile", .rate = {1, 1}}}});
  const auto with_carrier = b.launch("12345", [](campaign& c) {
    c.name = "carriers";
    c.attributes = {"name", "carrier"};
    c.carrier_attribute = "carrier";
  });
  for (int i = 0; i < 5; ++i) b.submit("+12125550123", {"Ann", "t-mobile"}, with_carrier);
  for (int i = 0; i < 5; ++i) b.submit("+12125550123", {"Ann", "other"}, with_carrier);
  b.run();
  REQUIRE(b.clients[0]->sent.size() == 6);
}

TEST_CASE("dispatcher: a provider that says a sender is too fast holds up that sender alone, as long as it says",
          "[engine]") {
  bench b({.connections = 1, .retry = {.attempts_max = 1}});
  const auto other = b.launch("54321", [](campaign& c) { c.name = "other"; });
  b.submit_many(2);
  b.run();
  b.answer("P", 0, 3s);
  b.submit("+12125550123", {"Bob"}, other);
  b.run();
  REQUIRE(b.clients[0]->oldest_body().find("Bob") != std::string::npos);
  b.answer("A");
  REQUIRE(b.clients[0]->sent.empty());
  const time_point paused_from = b.env.now();
  REQUIRE(b.run() == paused_from + 3s);
  b.env.advance(3s);
  b.run();
  b.answer("A");
  b.answer("A");
  const auto all = b.events();
  REQUIRE(all.size() == 3);
  for (const event& e : all) REQUIRE(e.outcome == outcome::accepted);  // no attempt was spent
}

TEST_CASE("dispatcher: when a whole request is refused, each of its messages is judged by itself", "[engine]") {
  bench b({.batch = 4, .connections = 4});
  b.submit_many(4);
  b.run();
  REQUIRE(b.clients[0]->sent.size() == 1);
  b.answer("WWWW");
  REQUIRE(b.clients[0]->sent.size() == 4);
  b.answer("A");
  b.answer("R");
  b.answer("A");
  b.answer("A");
  const auto all = b.events();
  REQUIRE(all.size() == 4);
  REQUIRE(std::count_if(all.begin(), all.end(), [](const event& e) { return e.outcome == outcome::rejected; }) == 1);
}

TEST_CASE("dispatcher: a route that fails again and again is out of use, its messages take another, one asks again",
          "[engine]") {
  bench b({.routes = 2,
           .connections = 2,
           .retry = {.attempts_max = 50,
                     .delay_min = 10ms,
                     .delay_max = 10ms,
                     .suspend_min = 1s,
                     .suspend_max = 8s,
                     .budget = 1,
                     .budget_min = 1000},
           .failover = {.faults_in_a_row = 5}});
  b.submit_many(40);
  b.run();
  for (int i = 0; i < 5; ++i) {
    b.answer("T", 0);
    b.env.advance(20ms);
    b.run();
  }
  REQUIRE(b.shared().routes[0]->suspended);
  while (!b.clients[0]->sent.empty()) b.answer("A", 0);
  for (int i = 0; i < 200; ++i) {
    while (!b.clients[1]->sent.empty()) b.answer("A", 1);
    b.env.advance(20ms);
    b.run();
    if (!b.clients[0]->sent.empty()) break;
  }
  b.events();
  REQUIRE(b.clients[0]->sent.size() <= 1);
}

TEST_CASE("dispatcher: no more is tried again than the retry budget allows", "[engine]") {
  bench b({.connections = 64,
           .retry = {.attempts_max = 100, .delay_min = 10ms, .delay_max = 10ms, .budget = 0.2, .budget_min = 1},
           .failover = {.faults_in_a_row = 100'000}});
  b.submit_many(100);
  int requests = 0;
  const time_point start = b.env.now();
  while (b.env.now() < start + 10s) {
    b.run();
    while (!b.clients[0]->sent.empty()) {
      ++requests;
      b.answer("T");
    }
    b.env.advance(10ms);
  }
  REQUIRE(requests >= 100 + 20 + 9);
  REQUIRE(requests <= 100 + 20 + 10 + 12);
}

TEST_CASE("dispatcher: a route without connections does not keep others from a sender's limit", "[engine]") {
  slow_journal slow;
  slow.clears_at_once = true;
  bench b({.routes = 2,
           .connections = 4,
           .retry = {.attempts_max = 100},
           .kept = &slow,
           .survives = true,
           .limits = {{.name = "sender", .sender = "12345", .rate = {10, 1}}}});
  b.clients[0]->close_all();
  b.submit_many(200);
  int sent = 0;
  const time_point start = b.env.now();
  while (b.env.now() < start + 10s) {
    const time_point next = b.run();
    while (!b.clients[1]->sent.empty()) {
      b.answer("A", 1);
      ++sent;
    }
    b.env.advance(std::clamp<duration>(next - b.env.now(), 1ms, 1s));
  }
  REQUIRE(sent >= 95);
}

TEST_CASE("dispatcher: a clock set back over midnight does not burn the day that was reached", "[engine]") {
  bench b(
      {.connections = 64, .age_max = 72h, .limits = {{.name = "a day", .quota = {.most = 11, .time_zone = "UTC"}}}});
  const auto of_day = b.env.wall_now() - std::chrono::floor<std::chrono::days>(b.env.wall_now());
  b.env.advance(std::chrono::days{1} - of_day + 1s);  // just behind midnight
  b.submit("+12125550123");
  b.run();
  b.answer("A");
  b.env.set_wall(b.env.wall_now() - 20min);
  b.submit_many(10);
  b.run();
  REQUIRE(b.clients[0]->sent.size() == 10);
  for (int i = 0; i < 5; ++i) b.answer("T");
  b.env.advance(1h);
  b.run();
  REQUIRE(b.clients[0]->sent.size() == 10);  // what was not taken was given back to that day
}

TEST_CASE("dispatcher: what comes back to a day's number is used by who waits for the next day", "[engine]") {
  bench b({.connections = 64,
           .retry = {.delay_min = 10ms, .delay_max = 10ms},
           .age_max = 72h,
           .limits = {{.name = "a day", .quota = {.most = 10, .time_zone = "UTC"}}},
           .failover = {.faults_in_a_row = 100}});
  b.submit_many(30);
  b.run();
  REQUIRE(b.clients[0]->sent.size() == 10);
  for (int i = 0; i < 4; ++i) b.answer("T");
  REQUIRE(b.clients[0]->sent.size() == 10);  // four others at once
  SECTION("also when another shard gave it back: a minute later") {
    rate::limit_key* day = nullptr;
    b.shared().limits->for_each([&](const rate::limit_key& each) {
      if (each.daily() != nullptr) day = const_cast<rate::limit_key*>(&each);
    });
    REQUIRE(day != nullptr);
    day->daily()->give_back(3, b.env.wall_now());
    const time_point next = b.run();
    REQUIRE(next <= b.env.now() + 1min);
    b.env.advance(1min);
    b.run();
    REQUIRE(b.clients[0]->sent.size() == 13);
  }
}

TEST_CASE("dispatcher: a day that the provider calls used up is that of the sender or of the account, as it says",
          "[engine]") {
  const bool of_sender = GENERATE(true, false);
  bench b({.connections = 64,
           .age_max = 72h,
           .limits = {{.name = "account", .quota = {.most = 1'000, .time_zone = "UTC"}},
                      {.name = "brand", .sender = "12345", .quota = {.most = 100, .time_zone = "UTC"}},
                      {.name = "ours", .campaign = "test", .quota = {.most = 500, .time_zone = "UTC"}}}});
  const auto campaign = b.launch("54321");
  b.submit("+12125550123");
  b.run();
  b.answer(of_sender ? "M" : "N");
  b.submit("+12125550123", {"Ann"}, campaign);
  b.submit("+12125550123");
  b.run();
  REQUIRE(b.clients[0]->sent.size() == (of_sender ? 1 : 0));
  std::vector<std::string> over;
  b.shared().limits->for_each([&](const rate::limit_key& each) {
    if (each.daily() != nullptr && each.daily()->available(b.env.wall_now()) == 0) over.push_back(each.name());
  });
  REQUIRE(over == std::vector<std::string>{of_sender ? "brand" : "account"});
}

TEST_CASE("dispatcher: requests that are ready do not leave once the provider says that the day is used up",
          "[engine]") {
  slow_journal slow;
  bench b({.connections = 1,
           .age_max = 72h,
           .kept = &slow,
           .survives = true,
           .limits = {{.name = "a day", .quota = {.most = 100, .time_zone = "UTC"}}}});
  b.submit_many(4);
  b.run();
  slow.sync();
  b.run();
  REQUIRE(b.clients[0]->sent.size() == 1);
  b.answer("N");
  slow.sync();
  b.run();
  REQUIRE(b.clients[0]->sent.empty());
}

TEST_CASE("dispatcher: a dear message is not passed by cheap ones for ever", "[engine]") {
  bench b({.connections = 64,
           .text = "Hi",
           .fallback = {.enabled = true, .text = "{{ name }}"},
           .limits = {{.name = "parts", .rate = {10, 3}, .counts = limit_unit::parts}}});
  const std::string long_text = "\u0436" + std::string(139, 'x');  // three parts
  b.env.advance(1s);
  for (int i = 0; i < 5; ++i) b.submit("+12125550123", {"short"});
  b.submit("+12125550124", {long_text});
  for (int i = 0; i < 40; ++i) b.submit("+12125550123", {"short"});
  std::size_t before = 0;
  bool left = false;
  for (int i = 0; i < 400 && !left; ++i) {
    const time_point next = b.run();
    while (!b.clients[0]->sent.empty()) {
      left = left || b.clients[0]->oldest_body().find("+12125550124") != std::string::npos;
      before += left ? 0 : 1;
      b.answer("A");
    }
    b.env.advance(std::clamp<duration>(next - b.env.now(), 1ms, 1s));
  }
  CAPTURE(b.events().size(), before);
  REQUIRE(left);
  REQUIRE(before <= 8);
}

TEST_CASE("dispatcher: a pause shortens nothing that was told to wait, nor the retry budget", "[engine]") {
  bench b({.connections = 64, .retry = {.delay_min = 10ms, .delay_max = 10ms}});
  b.submit("+12125550123");
  b.run();
  b.answer("T", 0, 30s);
  b.env.advance(1s);
  b.set_state(campaign_state::paused);
  REQUIRE(b.machine().parked() == 1);
  b.env.advance(1s);
  b.set_state(campaign_state::running);
  REQUIRE(b.clients[0]->sent.empty());
  REQUIRE(b.machine().parked() == 0);
  b.env.advance(27s);
  b.run();
  REQUIRE(b.clients[0]->sent.empty());
  b.env.advance(2s);
  b.run();
  REQUIRE(b.clients[0]->sent.size() == 1);
}

TEST_CASE("dispatcher: what failed on a route that stays dead goes by another as fast as that one's budget allows",
          "[engine]") {
  bench b({.routes = 2,
           .batch = 20,
           .connections = 8,
           .retry = {.attempts_max = 9,
                     .delay_min = 10ms,
                     .delay_max = 10ms,
                     .suspend_min = 1h,
                     .suspend_max = 1h,
                     .budget = 1.0,
                     .budget_min = 1},
           .failover = {.faults_in_a_row = 4}});
  b.submit_many(200);
  b.run();
  std::size_t by_other = 0;
  for (int i = 0; i < 100; ++i) {
    while (!b.clients[0]->sent.empty()) b.answer("TTTTTTTTTTTTTTTTTTTT");
    while (!b.clients[1]->sent.empty()) {
      b.answer("AAAAAAAAAAAAAAAAAAAA", 1);
      ++by_other;
    }
    b.env.advance(50ms);
    b.run();
  }
  REQUIRE(by_other > 0);
  REQUIRE(b.events().size() >= 180);
}

TEST_CASE("dispatcher: connections are opened for what may leave, not for what waits for a limit", "[engine]") {
  bench b({.connections = 64, .limits = {{.name = "slow", .rate = {1, 1}}}});
  b.submit_many(100);
  b.run();
  b.run();
  REQUIRE(b.clients[0]->wanted == 1);
}

TEST_CASE("dispatcher: a lane that is alone is served like one of many", "[engine]") {
  bench b({.connections = 3, .limits = {{.name = "rate", .rate = {100, 5}}}});
  b.env.advance(1s);
  b.submit_many(20);
  b.run();
  REQUIRE(b.clients[0]->sent.size() == 3);
  const auto second = b.launch("54321");
  for (int i = 0; i < 20; ++i) b.submit("+12125550123", {"Bob"}, second);
  std::array<int, 2> sent{};
  for (int i = 0; i < 400; ++i) {
    const time_point next = b.run();
    while (!b.clients[0]->sent.empty()) {
      ++sent[b.clients[0]->oldest_body().find("Bob") != std::string::npos ? 1 : 0];
      b.answer("A");
      if (sent[0] + sent[1] == 23) REQUIRE(std::abs(sent[0] - 3 - sent[1]) <= 4);
    }
    b.env.advance(std::clamp<duration>(next - b.env.now(), 1ms, 1s));
  }
  REQUIRE(sent == std::array<int, 2>{20, 20});
}

TEST_CASE("dispatcher: a lone message waits for others to share its request, but not longer than it may", "[engine]") {
  bench b({.batch = 3, .linger = 2ms});
  b.submit("+12125550123");
  const time_point next = b.run();
  REQUIRE(b.clients[0]->sent.empty());
  REQUIRE(next == b.env.now() + 2ms);
  b.env.advance(2ms - 1ns);
  b.submit("+12125550123");
  b.run();
  REQUIRE(b.clients[0]->sent.empty());
  b.env.advance(1ns);
  b.run();
  REQUIRE(b.clients[0]->sent.size() == 1);
  REQUIRE(std::count(b.clients[0]->oldest_body().begin(), b.clients[0]->oldest_body().end(), '\n') == 2);
  b.answer("AA");
  b.submit_many(3);
  b.run();
  REQUIRE(b.clients[0]->sent.size() == 1);  // full: at once
  b.answer("AAA");
  b.submit_many(4);
  b.run();
  REQUIRE(b.clients[0]->sent.size() == 2);  // what is left behind has waited for its turn already
  const auto urgent = b.launch("54321", [](campaign& c) { c.priority = priority::transactional; });
  b.submit("+12125550123", {"Ann"}, urgent);
  b.run();
  REQUIRE(b.clients[0]->sent.size() == 3);
}

TEST_CASE("dispatcher: a message that fails by its own fault puts no route out of use", "[engine]") {
  const bool own = GENERATE(true, false);
  bench b({.connections = 4,
           .retry = {.attempts_max = 2, .delay_min = 10ms, .delay_max = 10ms},
           .failover = {.faults_in_a_row = 3}});
  b.submit_many(4);
  b.run();
  for (int i = 0; i < 4; ++i) b.answer(own ? "O" : "T");
  b.submit("+12125550123");
  b.run();
  REQUIRE(b.clients[0]->sent.size() == (own ? 1 : 0));
}
