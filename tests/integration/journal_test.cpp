// An engine that ends and another that goes on, on a real disk and real sockets.
#include <poll.h>
#include <stdlib.h>
#include <array>
#include <atomic>
#include <broadside/broadside.hpp>
#include <broadside/testing/provider_simulator.hpp>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <support/catch.hpp>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace broadside;
using namespace std::chrono_literals;

/// A folder that is gone with the test.
class folder {
 public:
  folder() {
    std::string name = (std::filesystem::temp_directory_path() / "broadside-journal-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~folder() { std::filesystem::remove_all(path_); }
  [[nodiscard]] std::string at(const char* name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

struct world {
  folder disk;
  testing::provider_simulator server = std::move(*testing::provider_simulator::start());

  options settings() const {
    options o;
    auto sinch = providers::sinch({.base_url = server.url(), .api_key = "sinch-test-key", .service_id = "12345"});
    o.routes.push_back({.name = "main", .provider = *sinch, .limit = {}});
    o.journal.path = disk.at("journal");
    return o;
  }
  static campaign definition(std::string text = "Hi {{ name }}") {
    campaign c;
    c.name = "Spring sale";
    c.key = "spring";
    c.attributes = {"name"};
    c.text = std::move(text);
    c.sender.sender = "18885551234";
    c.sender.routes = {{"main", 1}};
    return c;
  }
  engine open(options o) const {
    auto opened = engine::open(std::move(o));
    if (!opened) FAIL(opened.error().message());
    return std::move(*opened);
  }
  engine open() const { return open(settings()); }
};

std::vector<std::string> numbers(std::size_t n) {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < n; ++i) all.push_back("+1212555" + std::to_string(1000 + i % 9000));
  return all;
}

/// Submits rows from the resume point on until `until`, polling meanwhile.
void submit_rows(engine& e, source_id source, std::uint64_t until, std::vector<event>& told) {
  const auto to = numbers(until);
  const std::string_view name = "Ann";
  std::array<event, 64> events;
  for (auto next = static_cast<std::uint64_t>(e.resume_point(source)); next < until;) {
    const recipient r{to[next], {&name, 1}};
    const submitted said = e.submit(source, ordinal{next}, {&r, 1});
    next += said.accepted;
    if (said.accepted == 0 && said.stopped_by != errc::full) FAIL(message_of(said.stopped_by));
    for (std::size_t n = e.poll(events); n > 0; n = e.poll(events))
      told.insert(told.end(), events.begin(), events.begin() + static_cast<std::ptrdiff_t>(n));
  }
}

/// Polls until `done()`; fails after a minute.
template <class Done>
void poll_until(engine& e, std::vector<event>& told, Done done) {
  std::array<event, 64> events;
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  while (!done()) {
    if (std::chrono::steady_clock::now() > deadline) FAIL("nothing more came within a minute");
    pollfd news{e.event_fd(), POLLIN, 0};
    ::poll(&news, 1, 20);
    for (std::size_t n = e.poll(events); n > 0; n = e.poll(events))
      told.insert(told.end(), events.begin(), events.begin() + static_cast<std::ptrdiff_t>(n));
  }
}

/// The machine's, except that a test may step in when a thread reads the clock.
class watched_environment final : public environment {
 public:
  std::function<void()> on_now{};  // set while no engine runs on this
  time_point now() noexcept override {
    if (on_now) on_now();
    return environment::system().now();
  }
  wall_time wall_now() noexcept override { return environment::system().wall_now(); }
  std::uint64_t random() noexcept override { return environment::system().random(); }
};

std::set<std::uint64_t> rows_of(const std::vector<event>& told) {
  std::set<std::uint64_t> rows;
  for (const event& e : told) rows.insert(static_cast<std::uint64_t>(e.row));
  return rows;
}

}  // namespace

TEST_CASE("journal: an engine that is stopped in the middle goes on where it stopped, and sends nobody twice",
          "[journal]") {
  world w;
  constexpr std::uint64_t rows = 3000;
  std::vector<event> told;
  {
    options o = w.settings();
    o.routes[0].limit = {2000, 20};
    engine first = w.open(std::move(o));
    const auto id = first.launch(w.definition());
    REQUIRE(id.has_value());
    const auto source = first.open_source(*id, "list");
    submit_rows(first, *source, 2000, told);
    first.stop();
    REQUIRE(first.counts(*id).balanced());
    std::array<event, 64> events;
    for (std::size_t n = first.poll(events); n > 0; n = first.poll(events))
      told.insert(told.end(), events.begin(), events.begin() + static_cast<std::ptrdiff_t>(n));
    if (!told.empty()) first.confirm(told.back().at);
  }
  engine second = w.open();
  const auto id = second.launch(w.definition());
  REQUIRE(id.has_value());
  REQUIRE(*id == campaign_id{0});
  REQUIRE(second.campaigns().size() == 1);
  const auto source = second.open_source(*id, "list");
  REQUIRE(second.resume_point(*source) == ordinal{2000});
  submit_rows(second, *source, rows, told);
  REQUIRE(second.finish(*source).has_value());
  poll_until(second, told, [&] { return second.finished(*id); });
  std::array<event, 64> events;
  for (std::size_t n = second.poll(events); n > 0; n = second.poll(events))
    told.insert(told.end(), events.begin(), events.begin() + static_cast<std::ptrdiff_t>(n));

  REQUIRE(rows_of(told).size() == rows);
  const ledger l = second.counts(*id);
  INFO("accepted " << l.accepted << ", maybe sent " << l.maybe_sent);
  REQUIRE(l.balanced());
  REQUIRE(l.submitted == rows);
  REQUIRE(l.inside == 0);
  REQUIRE(l.accepted + l.maybe_sent == rows);
  REQUIRE(w.server.sinch().repeats == 0);
  REQUIRE(w.server.sinch().accepted_ids >= l.accepted);
  REQUIRE(second.campaigns()[0].phase == campaign_phase::finished);
}

TEST_CASE("journal: events that were not confirmed are told again, those that were are not", "[journal]") {
  world w;
  std::vector<event> told;
  {
    engine first = w.open();
    const auto id = first.launch(w.definition());
    const auto source = first.open_source(*id, "list");
    submit_rows(first, *source, 200, told);
    REQUIRE(first.finish(*source).has_value());
    poll_until(first, told, [&] { return told.size() == 200; });
    first.confirm(told[119].at);
  }
  engine second = w.open();
  REQUIRE(second.recovered().redelivered == 80);
  std::vector<event> again;
  poll_until(second, again, [&] { return again.size() >= 80; });
  REQUIRE(again.size() == 80);
  for (std::size_t i = 0; i < again.size(); ++i) {
    const event& was = told[120 + i];
    REQUIRE(again[i].at == was.at);
    REQUIRE(again[i].id == was.id);
    REQUIRE(again[i].outcome == was.outcome);
    REQUIRE(again[i].recipient == was.recipient);
    REQUIRE(again[i].route == 0);
    REQUIRE(again[i].provider_message_id == was.provider_message_id);
  }
  REQUIRE(second.counts(campaign_id{0}).accepted == 200);
  REQUIRE(w.server.sinch().accepted == 200);
}

TEST_CASE("journal: a second engine on the same folder is refused, and told who holds it", "[journal]") {
  world w;
  const engine first = w.open();
  const auto second = engine::open(w.settings());
  REQUIRE(second.has_error());
  REQUIRE(second.error().code == errc::journal_in_use);
  REQUIRE(second.error().message().find(std::to_string(::getpid())) != std::string::npos);
}

TEST_CASE("journal: a paused campaign is paused after a restart, a cancelled one stays cancelled", "[journal]") {
  world w;
  std::vector<event> told;
  {
    engine first = w.open();
    const auto id = first.launch(w.definition());
    const auto source = first.open_source(*id, "list");
    REQUIRE(first.pause(*id).has_value());
    REQUIRE(first.resume(*id).has_value());
    submit_rows(first, *source, 10, told);
    poll_until(first, told, [&] { return told.size() == 10; });
    first.confirm(told.back().at);
    REQUIRE(first.pause(*id).has_value());
  }
  {
    engine second = w.open();
    REQUIRE(second.campaigns()[0].phase == campaign_phase::paused);
    REQUIRE(second.why(campaign_id{0}).what == binding::paused);
    REQUIRE(second.resume(campaign_id{0}).has_value());
    REQUIRE(second.cancel(campaign_id{0}).has_value());
  }
  engine third = w.open();
  REQUIRE(third.campaigns()[0].phase == campaign_phase::cancelled);
  const auto again = third.launch(w.definition());
  REQUIRE(again.has_error());
  REQUIRE(again.error().code == errc::campaign_cancelled);
}

TEST_CASE("journal: a changed definition is a new version that goes on with the audience", "[journal]") {
  world w;
  std::vector<event> told;
  {
    engine first = w.open();
    const auto id = first.launch(w.definition());
    const auto source = first.open_source(*id, "list");
    submit_rows(first, *source, 30, told);
    poll_until(first, told, [&] { return told.size() == 30; });
    first.confirm(told.back().at);
  }
  {
    engine second = w.open();
    const auto id = second.launch(w.definition("Hello {{ name }}"));
    REQUIRE(*id == campaign_id{1});
    REQUIRE(second.campaigns()[1].version == 2);
    REQUIRE(second.campaigns()[0].phase == campaign_phase::finished);
    const auto source = second.open_source(*id, "list");
    REQUIRE(second.resume_point(*source) == ordinal{30});
    submit_rows(second, *source, 50, told);
    poll_until(second, told, [&] { return told.size() == 50; });
    second.confirm(told.back().at);
  }
  engine third = w.open();
  REQUIRE(*third.launch(w.definition("Hello {{ name }}")) == campaign_id{1});
  const auto source = third.open_source(campaign_id{1}, "list");
  REQUIRE(third.resume_point(*source) == ordinal{50});
  REQUIRE(w.server.sinch().accepted_ids == 50);
}

TEST_CASE("journal: while rows are being taken a new version waits, and goes on exactly behind them", "[journal]") {
  world w;
  watched_environment env;
  std::atomic<std::thread::id> submitter{};
  std::function<void()> step_in;
  env.on_now = [&] {
    if (submitter.load() == std::this_thread::get_id() && step_in) std::exchange(step_in, {})();
  };
  auto opened = engine::open(w.settings(), env);
  REQUIRE(opened.has_value());
  engine& e = *opened;
  const auto old = e.launch(w.definition());
  const auto source = e.open_source(*old, "list");
  const std::string_view name = "Ann";
  const std::vector<recipient> rows(2'000, recipient{"nobody", {&name, 1}});  // end at once, and leave no request

  result<campaign_id, failure> fresh = campaign_id{};
  result<source_id> goes_on = source_id{};
  ordinal start{};
  std::thread launcher;
  step_in = [&] {  // in the middle of submit()
    launcher = std::thread([&] {
      fresh = e.launch(w.definition("Hello {{ name }}"));
      goes_on = e.open_source(*fresh, "list");
      const std::uint64_t taken = e.counts(*old).submitted;
      // What was taken a moment ago is not durable yet: until it is, the point is before it.
      while (e.resume_point(*goes_on) < ordinal{taken}) std::this_thread::yield();
      start = e.resume_point(*goes_on);
    });
    while (!e.finished(*old)) std::this_thread::yield();  // its source takes no more
  };
  submitter = std::this_thread::get_id();
  const submitted said = e.submit(*source, ordinal{0}, rows);
  launcher.join();
  REQUIRE(fresh.has_value());
  REQUIRE(goes_on.has_value());
  REQUIRE(said.accepted > 0);
  REQUIRE(said.accepted < rows.size());
  REQUIRE(said.stopped_by == errc::source_finished);
  REQUIRE(e.counts(*old).submitted == said.accepted);
  REQUIRE(start == ordinal{said.accepted});
}

TEST_CASE("journal: a version that was followed by another opens no source, also after a restart", "[journal]") {
  world w;
  {
    engine first = w.open();
    const auto old = first.launch(w.definition());
    REQUIRE(first.open_source(*old, "list").has_value());
    const auto fresh = first.launch(w.definition("Hello {{ name }}"));
    REQUIRE(first.open_source(*old, "list").error() == errc::source_finished);
    REQUIRE(first.open_source(*old, "another").error() == errc::source_finished);
    REQUIRE(first.open_source(*fresh, "another").has_value());
  }
  engine second = w.open();
  REQUIRE(second.open_source(campaign_id{0}, "list").error() == errc::source_finished);
  REQUIRE(second.open_source(campaign_id{1}, "list").has_value());
}

TEST_CASE("journal: a campaign that was cancelled while another thread paused it is cancelled after a restart",
          "[journal]") {
  world w;
  constexpr std::uint32_t campaigns = 50;
  {
    options o = w.settings();
    o.campaigns_max = campaigns;
    engine first = w.open(std::move(o));
    for (std::uint32_t i = 0; i < campaigns; ++i) {
      campaign c = w.definition();
      c.key = "key " + std::to_string(i);
      REQUIRE(first.launch(std::move(c)).has_value());
    }
    std::atomic<std::uint32_t> turn{0};
    const auto pause_and_resume = [&] {
      for (std::uint32_t i = 0; i < campaigns; ++i) {
        while (turn.load() < i) std::this_thread::yield();
        while (first.pause(campaign_id{i}) && first.resume(campaign_id{i})) {
        }
      }
    };
    std::array<std::thread, 2> others{std::thread(pause_and_resume), std::thread(pause_and_resume)};
    std::uint32_t cancelled = 0;
    for (std::uint32_t i = 0; i < campaigns; ++i) {
      turn = i;
      std::this_thread::yield();
      cancelled += first.cancel(campaign_id{i}).has_value() ? 1 : 0;
    }
    for (std::thread& each : others) each.join();
    REQUIRE(cancelled == campaigns);
  }
  options o = w.settings();
  o.campaigns_max = campaigns;
  engine second = w.open(std::move(o));
  for (const campaign_status& c : second.campaigns()) REQUIRE(c.phase == campaign_phase::cancelled);
}

TEST_CASE("journal: when cancel() returns, a crash does not undo it", "[journal]") {
  world w;
  const auto how = GENERATE(durability::every_batch, durability::periodic, durability::none);
  options o = w.settings();
  o.journal.durability = how;
  o.journal.sync_interval = 1min;
  engine e = w.open(std::move(o));
  const auto id = e.launch(w.definition());
  REQUIRE(e.cancel(*id).has_value());
  // What a process that is killed now leaves behind.
  std::filesystem::create_directory(w.disk.at("left"));
  std::filesystem::copy_file(w.disk.at("journal/data.mdb"), w.disk.at("left/data.mdb"));
  const auto left = journal_view::open(w.disk.at("left"));
  REQUIRE(left.has_value());
  REQUIRE(left->campaigns().at(0).phase == campaign_phase::cancelled);
}

TEST_CASE("journal: what is confirmed after stop() is confirmed", "[journal]") {
  world w;
  std::vector<event> told;
  {
    engine first = w.open();
    const auto id = first.launch(w.definition());
    const auto source = first.open_source(*id, "list");
    submit_rows(first, *source, 20, told);
    REQUIRE(first.finish(*source).has_value());
    poll_until(first, told, [&] { return told.size() == 20 && first.finished(*id); });
    first.stop();
    first.confirm(told.back().at);
  }
  engine second = w.open();
  REQUIRE(second.recovered().redelivered == 0);
}

TEST_CASE("journal: confirming more than was told confirms what was told", "[journal]") {
  world w;
  std::vector<event> told;
  constexpr position everything{~std::uint64_t{0}};
  {
    engine first = w.open();
    const auto id = first.launch(w.definition());
    const auto source = first.open_source(*id, "list");
    submit_rows(first, *source, 20, told);
    REQUIRE(first.finish(*source).has_value());
    poll_until(first, told, [&] { return told.size() == 20 && first.finished(*id); });
  }
  {
    engine second = w.open();
    REQUIRE(second.recovered().redelivered == 20);
    second.confirm(everything);
    std::array<event, 8> some;
    REQUIRE(second.poll(some) == 8);
    second.confirm(everything);
  }
  engine third = w.open();
  REQUIRE(third.recovered().redelivered == 12);
}

TEST_CASE("journal: what an engine has too little room for is refused with the option that is too small", "[journal]") {
  world w;
  std::vector<event> told;
  {
    options o = w.settings();
    o.routes[0].limit = {1, 1};
    engine first = w.open(std::move(o));
    const auto id = first.launch(w.definition());
    submit_rows(first, *first.open_source(*id, "list"), 100, told);
  }
  options o = w.settings();
  o.messages_inside_max = 64;
  const auto small = engine::open(std::move(o));
  REQUIRE(small.has_error());
  REQUIRE(small.error().message().find("messages_inside_max") != std::string::npos);
}

TEST_CASE("journal: a campaign whose route is gone is refused while messages of it are inside", "[journal]") {
  world w;
  std::vector<event> told;
  {
    options o = w.settings();
    o.routes[0].limit = {1, 1};
    engine first = w.open(std::move(o));
    const auto id = first.launch(w.definition());
    submit_rows(first, *first.open_source(*id, "list"), 20, told);
  }
  options o = w.settings();
  o.routes[0].name = "other";
  const auto opened = engine::open(std::move(o));
  REQUIRE(opened.has_error());
  REQUIRE(opened.error().message().find("main") != std::string::npos);
}

TEST_CASE("journal: a full journal stops intake and sending, says so, and both go on when there is room", "[journal]") {
  world w;
  options o = w.settings();
  o.journal.bytes_max = std::uint64_t{16} << 20U;
  engine e = w.open(std::move(o));
  const auto id = e.launch(w.definition());
  campaign another = w.definition();
  another.key = "another";
  const auto other = e.launch(std::move(another));
  const auto source = e.open_source(*id, "list");
  const auto to = numbers(9000);
  const std::string name(400, 'x');
  const std::string_view value = name;
  std::array<event, 64> events;
  position last{};
  std::uint64_t next = 0;
  std::uint64_t ended = 0;
  const auto take_events = [&] {
    for (std::size_t n = e.poll(events); n > 0; n = e.poll(events)) {
      ended += n;
      last = events[n - 1].at;
    }
  };
  // Nothing is confirmed, so everything is kept.
  errc stopped{};
  const auto deadline = std::chrono::steady_clock::now() + 120s;
  while (stopped != errc::journal_faulty && std::chrono::steady_clock::now() < deadline) {
    const recipient r{to[next % to.size()], {&value, 1}};
    const submitted said = e.submit(*source, ordinal{next}, {&r, 1});
    next += said.accepted;
    stopped = said.stopped_by;
    take_events();
  }
  REQUIRE(stopped == errc::journal_faulty);
  REQUIRE_FALSE(e.journal().writes);
  REQUIRE(e.journal().fault == errc::journal_full);
  REQUIRE(e.journal().bytes_used > std::uint64_t{12} << 20U);
  REQUIRE(e.journal().bytes_used <= std::uint64_t{16} << 20U);
  REQUIRE(e.why(*id).what == binding::journal);
  REQUIRE(e.counts(*id).balanced());
  REQUIRE(e.cancel(*other).error() == errc::journal_full);
  REQUIRE(e.campaigns()[1].phase == campaign_phase::cancelled);
  e.confirm(last);
  const auto room = std::chrono::steady_clock::now() + 60s;
  while (!e.journal().writes && std::chrono::steady_clock::now() < room) {
    pollfd news{e.event_fd(), POLLIN, 0};
    ::poll(&news, 1, 20);
    take_events();
    e.confirm(last);
  }
  REQUIRE(e.journal().writes);
  REQUIRE(e.cancel(*other).has_value());
  REQUIRE(e.finish(*source).has_value());
  while (!e.finished(*id) && std::chrono::steady_clock::now() < room) {
    pollfd news{e.event_fd(), POLLIN, 0};
    ::poll(&news, 1, 20);
    take_events();
    e.confirm(last);
  }
  take_events();
  REQUIRE(e.finished(*id));
  REQUIRE(ended == next);
  REQUIRE(w.server.sinch().repeats == 0);
}

TEST_CASE("journal: a view of a finished engine's journal tells its campaigns and outcomes", "[journal]") {
  world w;
  std::vector<event> told;
  {
    options o = w.settings();
    o.journal.keep_outcomes = std::chrono::hours{24};
    engine first = w.open(std::move(o));
    const auto id = first.launch(w.definition());
    const auto source = first.open_source(*id, "list");
    submit_rows(first, *source, 50, told);
    REQUIRE(first.finish(*source).has_value());
    poll_until(first, told, [&] { return told.size() == 50; });
    first.confirm(told.back().at);
  }
  const auto view = journal_view::open(w.disk.at("journal"));
  if (!view) FAIL(view.error().message());
  REQUIRE(view->campaigns().size() == 1);
  REQUIRE(view->campaigns()[0].name == "Spring sale");
  REQUIRE(view->campaigns()[0].phase == campaign_phase::finished);
  REQUIRE(view->campaigns()[0].counts.accepted == 50);
  REQUIRE(view->sources().size() == 1);
  REQUIRE(view->sources()[0].campaign == campaign_id{0});
  REQUIRE(view->sources()[0].name == "list");
  REQUIRE(view->sources()[0].next == ordinal{50});
  REQUIRE(view->sources()[0].finished);
  std::set<std::uint64_t> rows;
  REQUIRE_FALSE(view->outcomes([&](const event& e) { return rows.insert(static_cast<std::uint64_t>(e.row)).second; }));
  REQUIRE(rows.size() == 50);
  REQUIRE(view->context(campaign_id{0}, 0).route == "main");
}

TEST_CASE("journal: an engine's threads are known by their names", "[journal]") {
  world w;
  engine e = w.open();
  const auto id = e.launch(w.definition());
  const auto source = e.open_source(*id, "list");
  std::vector<event> told;
  submit_rows(e, *source, 1, told);
  poll_until(e, told, [&] { return told.size() == 1; });  // both threads have done something
  std::set<std::string> names;
  for (const auto& each : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string name;
    std::getline(std::ifstream(each.path() / "comm"), name);
    names.insert(name);
  }
  REQUIRE(names.contains("broadside-s0"));
  REQUIRE(names.contains("broadside-log"));
}
