// tests/support/dispatcher_bench - one dispatcher in virtual time, with clients that a test answers by hand.
#pragma once

#include <array>
#include <broadside/audience_queue.hpp>
#include <engine/dispatcher.hpp>
#include <functional>
#include <journal/memory_journal.hpp>
#include <memory>
#include <string>
#include <support/catch.hpp>
#include <support/fake_client.hpp>
#include <support/fake_provider.hpp>
#include <support/manual_environment.hpp>
#include <vector>

namespace broadside::testing {

using namespace broadside::engine_detail;  // NOLINT: a test's shorthand
using namespace std::chrono_literals;      // NOLINT

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

struct dispatcher_setup {
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
  bool reported = false;  // delivery reports come in
  std::chrono::milliseconds linger{0};
  std::vector<limit_options> limits{};
  std::vector<tenant_options> tenants{};
  failover_options failover{};
  std::uint32_t inside = 256;  // messages, at most
};

/// One dispatcher on virtual time: a test submits, answers, and reads what became of each message.
class dispatcher_bench {
 public:
  explicit dispatcher_bench(dispatcher_setup s = {})
      : setup_(s), slots_(s.inside, 256), intake_(s.inside), events_(s.inside), campaigns_(8), tenants_(8) {
    shared_.options.messages_inside_max = s.inside;
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
      if (s.reported) provider->is_reported();
      if (s.asked_for > 0) provider->answers_questions(s.asked_for, {2, 1});
      r.provider = provider;
      r.limit = s.limit;
      r.linger = s.linger;
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
  /// And with one whose answer was lost and that was to be sent again.
  void submit_to_be_sent_again(std::uint16_t route) {
    slots_[next_].answer_lost = true;
    submit("+12125550123");
    slots_[next_ - 1].told.route = route;
  }
  /// As an engine that takes up a journal does with a message that was to be tried again then.
  void submit_deferred(time_point until) {
    slots_[next_].not_before = until;
    submit("+12125550123");
  }
  /// As accept_callback() does with a report of the n-th message. True: a shard is to be woken.
  bool report(std::uint64_t n, delivery what = delivery::delivered) {
    delivery_report said{.of = {.id = message_id{n}}, .delivery = what};
    said.provider_message_id = std::string_view("theirs");
    unsigned shard = 99;
    return shared_.deliveries->note(said, shard) && shard == 0;
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

  dispatcher_setup setup_;
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

}  // namespace broadside::testing
