#include <algorithm>
#include <array>
#include <engine/dispatcher.hpp>
#include <functional>
#include <journal/memory_journal.hpp>
#include <stdexcept>
#include <string>
#include <support/catch.hpp>
#include <support/fake_client.hpp>
#include <support/fake_provider.hpp>
#include <support/manual_environment.hpp>
#include <vector>

namespace {

using namespace broadside;
using namespace broadside::engine_detail;
using namespace std::chrono_literals;
using testing::fake_client;
using testing::fake_provider;

/// A journal whose records become durable when the test says so, and that remembers them.
class slow_journal final : public journal::journal {
 public:
  using record = ::broadside::journal::record;
  position reserve(std::size_t n) noexcept override {
    const position first{last_ + 1};
    last_ += n;
    return first;
  }
  void publish(position, std::span<const record> some) noexcept override {
    records.insert(records.end(), some.begin(), some.end());
  }
  position durable() const noexcept override { return position{durable_}; }
  position cleared() const noexcept override {
    const position seen = clears_at_once ? position{last_} : durable();
    if (clears_after > 0 && last_ > 0 && --clears_after == 0) clears_at_once = true;
    return seen;
  }
  bool tell_when_cleared(unsigned, position at) noexcept override {
    asked = true;
    return at > cleared();
  }
  bool writes() const noexcept override { return true; }
  void confirm(position) noexcept override {}
  void sync() { durable_ = last_; }

  std::vector<record> records;
  bool asked = false;
  mutable bool clears_at_once = false;
  mutable int clears_after = 0;  // looks at cleared(), from the first record on; then all of it is

 private:
  std::uint64_t last_ = 0;
  std::uint64_t durable_ = 0;
};

struct setup {
  std::size_t routes = 1;
  std::size_t batch = 1;
  std::uint32_t connections = 4;
  bool deduplicates = false;
  rate_limit limit{};
  rate_limit sender_limit{};
  on_unknown policy = on_unknown::hold;
  retry_options retry{};
  std::chrono::seconds age_max = 1h;
  std::string text = "Hi {{ name }}";
  sms_fallback fallback{};
  dialling numbers = dialling::international;
  std::vector<country_set> served{};  // by route; fewer: everywhere
  journal::journal* kept = nullptr;
  bool survives = false;        // the journal does
  std::uint32_t asked_for = 0;  // messages in a question; 0: the provider cannot be asked
  reconcile_options reconcile{.asks_max = 2, .delay_min = 1000ms};
  std::vector<limit_options> limits{};
  std::vector<tenant_options> tenants{};
  failover_options failover{};
};

/// One dispatcher on virtual time: a test submits, answers, and reads what became of each message.
class bench {
 public:
  explicit bench(setup s = {}) : setup_(s), slots_(256, 256), intake_(256), events_(256), campaigns_(8), tenants_(8) {
    shared_.options.messages_inside_max = 256;
    shared_.options.campaigns_max = 8;
    shared_.options.retry = s.retry;
    shared_.options.reconcile = s.reconcile;
    for (std::size_t i = 0; i < s.routes; ++i) {
      route_options& r = shared_.options.routes.emplace_back();
      r.name = "route" + std::to_string(i);
      const auto provider = std::make_shared<fake_provider>(s.batch, s.deduplicates);
      providers.push_back(provider);
      if (i < s.served.size()) provider->rules().countries = s.served[i];
      provider->rules().fallback_text_max = 2000;
      if (s.asked_for > 0) provider->answers_questions(s.asked_for, {2, 1});
      r.provider = provider;
      r.limit = s.limit;
      r.http.connections_max = s.connections;
    }
    if (!s.sender_limit.unlimited())
      shared_.options.limits.push_back({.name = "12345", .sender = "12345", .rate = s.sender_limit});
    for (const limit_options& each : s.limits) shared_.options.limits.push_back(each);
    shared_.options.failover = s.failover;
    shared_.options.tenants = s.tenants;
    shared_.tenants = &tenants_;
    shared_.make_routes(env.now(), next_id_);
    shared_.environment_ = &env;
    shared_.slots = &slots_;
    shared_.intake = &intake_;
    shared_.events = &events_;
    shared_.journal_ = s.kept != nullptr ? s.kept : &memory_;
    shared_.campaigns = &campaigns_;
    shared_.survives = s.survives;
    dispatcher_ = std::make_unique<dispatcher>(shared_, 7);
    std::vector<http::client*> ports;
    for (std::size_t i = 0; i < s.routes; ++i)
      ports.push_back(clients.emplace_back(std::make_unique<fake_client>(s.connections)).get());
    dispatcher_->use_clients(ports);
    std::vector<http::client*> query_ports;
    for (std::size_t i = 0; i < s.routes && s.asked_for > 0; ++i)
      query_ports.push_back(query_clients.emplace_back(std::make_unique<fake_client>(1)).get());
    if (s.asked_for > 0) dispatcher_->use_query_clients(query_ports);
    launch("12345");
  }

  std::uint32_t launch(const std::string& sender, const std::function<void(campaign&)>& change = {}) {
    campaign c;
    c.name = "test";
    c.attributes = {"name"};
    c.text = setup_.text;
    c.sender.sender = sender;
    for (const route_options& r : shared_.options.routes) c.sender.routes.push_back({r.name, 1});
    c.on_unknown = setup_.policy;
    c.age_max = setup_.age_max;
    c.fallback = setup_.fallback;
    c.dialling = setup_.numbers;
    if (change) change(c);
    auto compiled = compiled_campaign::compile(std::move(c), shared_.options.routes, shared_.options.profiles);
    REQUIRE(compiled.has_value());
    auto entry = std::make_unique<campaign_entry>();
    entry->compiled = std::move(*compiled);
    REQUIRE(shared_.join_in(*entry, env.now()).has_value());
    return campaigns_.add(std::move(entry));
  }

  /// Puts one recipient into the intake, as submit() does.
  void submit(std::string_view to, std::vector<std::string_view> values = {"Ann"}, std::uint32_t campaign = 0) {
    slot& s = slots_[next_];
    s.told = event{};
    s.told.id = message_id{next_};
    s.told.campaign = campaign_id{campaign};
    s.told.row = ordinal{next_};
    s.told.recipient = to;
    s.expires_at = env.now() + setup_.age_max;
    slots_.store(next_, to, values);
    REQUIRE(intake_.try_push(slot_index{next_}) == push_status::ok);
    ++next_;
    ++submitted_;
  }
  /// As an engine that takes up a journal does with a message that may have left by `route`.
  void submit_interrupted(std::uint16_t route) {
    slot& s = slots_[next_];
    s.answer_lost = true;
    s.interrupted = true;
    submit("+12125550123");
    s.told.route = route;
  }
  bool events_left(slot_index& i) { return events_.try_pop(i); }
  void submit_many(std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) submit("+12125550123");
  }

  time_point run() { return dispatcher_->run(env.now()); }

  /// Answers the oldest request of a route and runs.
  void answer(std::string_view letters, std::size_t route = 0, std::chrono::milliseconds retry_after = -1ms) {
    http::exchange_end end;
    end.how = http::ending::answered;
    end.response = {200, letters, retry_after};
    finish(end, route);
  }
  void lose(std::size_t route = 0) { finish({http::ending::maybe_sent, {}, errc::connection_closed}, route); }
  void fail_to_write(std::size_t route = 0) { finish({http::ending::not_sent, {}, errc::connection_closed}, route); }

  void set_state(campaign_state s) {
    campaigns_.find(0)->state = s;
    shared_.control_epoch.fetch_add(1);
    run();
  }

  /// Every event since the last call; checks that the books balance on the way.
  std::vector<event> events() {
    std::vector<event> all;
    slot_index i = 0;
    while (events_.try_pop(i)) all.push_back(slots_[i].told);
    ended_ += all.size();
    std::uint64_t taken = 0;
    std::uint64_t ended = 0;
    std::uint64_t held = 0;
    for (std::uint32_t c = 0; c < campaigns_.size(); ++c) {
      const auto books = dispatcher_->books(campaign_id{c}).read();
      taken += books.taken;
      held += books.held;
      for (const auto n : books.outcomes) ended += n;
    }
    REQUIRE(taken == ended + held);
    REQUIRE(taken == submitted_);
    REQUIRE(ended == ended_);
    REQUIRE(held == dispatcher_->held_by_lists());
    return all;
  }
  event only_event() {
    const auto all = events();
    REQUIRE(all.size() == 1);
    return all[0];
  }

  testing::manual_environment env;
  std::vector<std::shared_ptr<fake_provider>> providers;
  std::vector<std::unique_ptr<fake_client>> clients;
  std::vector<std::unique_ptr<fake_client>> query_clients;
  /// Answers the question that is under way and runs; with no letters, by a connection that broke.
  void answer_question(std::string_view letters, std::chrono::milliseconds retry_after = -1ms) {
    REQUIRE_FALSE(query_clients[0]->sent.empty());
    http::exchange_end end;
    end.how = letters.empty() ? http::ending::maybe_sent : http::ending::answered;
    end.response = {200, letters, retry_after};
    dispatcher_->on_query_end(0, query_clients[0]->take(), end, env.now());
    run();
  }
  dispatcher& machine() { return *dispatcher_; }
  shared_state& shared() { return shared_; }
  void close_intake() { intake_.close(); }
  void fill_event_queue() {
    while (events_.try_push(slot_index{no_slot}) == push_status::ok) {
    }
  }
  void empty_event_queue() {
    slot_index i = 0;
    while (events_.try_pop(i)) {
    }
  }

 private:
  void finish(const http::exchange_end& end, std::size_t route) {
    REQUIRE_FALSE(clients[route]->sent.empty());
    dispatcher_->on_end(static_cast<std::uint16_t>(route), clients[route]->take(), end, env.now());
    run();
  }

  setup setup_;
  slot_arena slots_;
  audience_queue<slot_index> intake_;
  audience_queue<slot_index> events_;
  journal::memory_journal memory_;
  growing_table<campaign_entry> campaigns_;
  growing_table<tenant_entry> tenants_;
  std::atomic<std::uint64_t> next_id_{0};
  shared_state shared_;
  std::unique_ptr<dispatcher> dispatcher_;
  slot_index next_ = 0;
  std::uint64_t submitted_ = 0;
  std::uint64_t ended_ = 0;
};

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
    for (int i = 0; i < 400; ++i) {
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
  slow_journal slow;
  bench b({.connections = 4, .kept = &slow, .survives = true});
  b.submit_many(200);
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
  REQUIRE(most == 16);  // four for each connection
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
