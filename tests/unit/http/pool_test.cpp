// http/pool_test - sizing, reuse, back-off, addresses and deadlines in virtual time.
#include <algorithm>
#include <http/pool.hpp>
#include <set>
#include <support/catch.hpp>
#include <vector>

using namespace broadside;
using namespace broadside::http;
using namespace std::chrono_literals;
using S = connection_state;
using E = connection_event;
using kind = pool_task::kind;

namespace {

const error_code refused = make_error_code(boost::system::errc::connection_refused);

// A pool and the driver's half of its protocol, in virtual time.
struct bench_pool {
  explicit bench_pool(http_options o = {}, std::uint64_t seed = 7) : options(o), p(options, false, seed) {}

  void resolve(std::size_t addresses = 1) {
    const auto task = p.next_task(now);
    REQUIRE(task.what == kind::resolve);
    REQUIRE(p.resolved(task.serial, addresses, now));
  }
  std::vector<pool_task> connects() {
    std::vector<pool_task> out;
    for (auto t = p.next_task(now); t.what == kind::connect; t = p.next_task(now)) out.push_back(t);
    return out;
  }
  std::vector<exchange> open(std::size_t n) {
    p.want(n);
    if (p.status().connections == 0) resolve();
    std::vector<exchange> out;
    while (out.size() < n) {
      const auto tasks = connects();
      if (tasks.empty()) break;
      for (const auto& t : tasks) {
        p.on(t.connection, E::connected, now);
        out.push_back(t.connection);
      }
    }
    return out;
  }
  void fail(exchange c, error_code why = refused) {
    REQUIRE(p.on(c, E::failed, now, why).step == connection_step::close);
    p.on(c, E::drained, now);
  }
  void wait() {  // until something may be due
    now = p.next_deadline();
    std::vector<pool::swept> late;
    p.sweep(now, late);
    CHECK(late.empty());
  }
  exchange exchange_one() {
    const auto c = p.try_acquire(now);
    REQUIRE(c.has_value());
    p.on(*c, E::send, now);
    p.on(*c, E::wrote_all, now);
    p.on(*c, E::answered, now);
    p.on(*c, E::told, now);
    return *c;
  }

  http_options options;
  pool p;
  time_point now{1h};
};

}  // namespace

TEST_CASE("pool: nothing is opened before something is wanted", "[http]") {
  bench_pool b;
  CHECK(b.p.next_task(b.now).what == kind::none);
  CHECK_FALSE(b.p.try_acquire(b.now).has_value());
  CHECK(b.p.next_deadline() == time_point::max());
}

TEST_CASE("pool: as many as wanted, never more than the most", "[http]") {
  http_options o;
  o.connections_max = 20;
  bench_pool b(o);
  SECTION("wanted") { CHECK(b.open(13).size() == 13); }
  SECTION("most") { CHECK(b.open(100'000).size() == 20); }
  CHECK(b.connects().empty());
}

TEST_CASE("pool: connections on the way count, and the number being opened grows with success", "[http]") {
  http_options o;
  o.connections_max = 1000;
  bench_pool b(o);
  b.p.want(1000);
  b.resolve();
  auto first = b.connects();
  CHECK(first.size() == pool::opening_start);
  CHECK(b.connects().empty());
  b.p.on(first.front().connection, E::connected, b.now);
  CHECK(b.connects().size() == 2);  // one place is free, and the limit grew by one
  for (int round = 0; round < 20; ++round) {
    for (exchange c = 0; c < 1000; ++c) {
      if (b.p.state(c) == S::connecting) b.p.on(c, E::connected, b.now);
    }
    CHECK(b.connects().size() <= pool::opening_max);
  }
  CHECK(b.p.status().connections == 1000);
}

TEST_CASE("pool: what is wanted is beyond what is under way", "[http]") {
  bench_pool b;
  b.open(3);
  for (int i = 0; i < 3; ++i) b.p.on(*b.p.try_acquire(b.now), E::send, b.now);
  CHECK(b.connects().empty());  // acquiring used the wish up
  b.p.want(2);
  CHECK(b.connects().size() == 2);
  CHECK(b.p.status().in_flight == 3);
}

TEST_CASE("pool: the connection used last is used next", "[http]") {
  bench_pool b;
  b.open(5);
  const exchange hot = b.exchange_one();
  for (int i = 0; i < 10; ++i) CHECK(b.exchange_one() == hot);
  std::set<exchange> all;
  while (const auto c = b.p.try_acquire(b.now)) all.insert(*c);
  CHECK(all.size() == 5);
}

TEST_CASE("pool: a closed idle connection is not handed out, wherever it stands in the list", "[http]") {
  bench_pool b;
  const auto opened = b.open(3);
  const std::size_t gone = GENERATE(0U, 1U, 2U);
  b.now += 1min;  // long alive: not a failure to open
  b.fail(opened[gone], errc::connection_closed);
  CHECK(b.p.status().connections == 2);
  CHECK_FALSE(b.p.status().last_error);
  while (const auto c = b.p.try_acquire(b.now)) CHECK(*c != opened[gone]);
  CHECK(b.p.status().connections == 2);
  b.p.want(1);
  b.now += b.options.dns_ttl;
  b.resolve();
  CHECK(b.connects().size() == 1);  // at once: no back-off
}

TEST_CASE("pool: idle connections are closed after their time, used ones live", "[http]") {
  bench_pool b;
  b.open(2);
  b.p.want(0);
  std::vector<pool::swept> late;
  for (int i = 0; i < 10; ++i) {
    b.now += 5s;
    b.exchange_one();
    b.p.sweep(b.now, late);
    for (const auto& l : late) {
      CHECK(l.action.step == connection_step::close);
      b.p.on(l.connection, E::drained, b.now);
    }
  }
  CHECK(b.p.status().connections == 1);
}

TEST_CASE("pool: late exchanges are found by one sweep and the next deadline is never late", "[http]") {
  http_options o;
  o.response_timeout = 3s;
  o.idle_timeout = 10min;
  bench_pool b(o);
  b.open(4);
  std::vector<pool::swept> late;
  for (int i = 0; i < 3; ++i) {
    const exchange c = *b.p.try_acquire(b.now);
    b.p.on(c, E::send, b.now);
    b.p.on(c, E::wrote_all, b.now);
    CHECK(b.p.next_deadline() <= b.now + 3s);
    b.now += 1s;
  }
  CHECK(b.p.next_deadline() <= time_point{1h} + 3s);
  b.p.sweep(b.now - 1ns, late);
  CHECK(late.empty());
  b.now += 1s;  // the first is 4 s old, the second 3 s, the third 2 s
  b.p.sweep(b.now, late);
  REQUIRE(late.size() == 2);
  for (const auto& l : late) {
    CHECK(l.action.end == ending::maybe_sent);
    CHECK(l.action.why == errc::deadline_exceeded);
  }
  CHECK(b.p.next_deadline() == b.now + 1s);
  CHECK(b.p.status().in_flight == 1);
}

TEST_CASE("pool: failures to connect back off, doubling to the most, and jitter only adds", "[http]") {
  http_options o;
  o.backoff_min = 100ms;
  o.backoff_max = 1s;
  bench_pool b(o, GENERATE(1U, 2U, 3U));
  b.p.want(64);
  b.resolve();
  auto tasks = b.connects();
  CHECK(tasks.size() == pool::opening_start);
  for (const auto& t : tasks) b.fail(t.connection);  // together: one failure
  CHECK(b.p.status().last_error == refused);
  duration least = 100ms;
  bool any_jitter = false;
  for (int round = 0; round < 8; ++round) {
    CAPTURE(round);
    CHECK(b.p.next_task(b.now + least - 1ns).what == kind::none);
    const time_point until = b.p.next_deadline();
    CHECK(until >= b.now + least);
    CHECK(until <= b.now + 2 * least);
    any_jitter = any_jitter || until != b.now + least;
    b.now = until;
    std::vector<pool::swept> late;
    b.p.sweep(b.now, late);
    CHECK(late.empty());
    b.resolve();  // the name may lead elsewhere by now
    tasks = b.connects();
    REQUIRE(tasks.size() == 1);  // one tries for all
    b.fail(tasks[0].connection);
    least = std::min<duration>(2 * least, 1s);
  }
  CHECK(any_jitter);
}

TEST_CASE("pool: an answer ends the back-off's growth", "[http]") {
  bench_pool b;
  b.p.want(1);
  for (int i = 0; i < 6; ++i) {
    b.resolve();
    b.fail(b.connects().at(0).connection);
    b.now += 2 * b.options.backoff_max;
  }
  b.resolve();
  b.p.on(b.connects().at(0).connection, E::connected, b.now);
  b.exchange_one();
  CHECK_FALSE(b.p.status().last_error);
  b.p.want(2);
  b.fail(b.connects().at(0).connection);
  CHECK(b.p.next_task(b.now + 2 * b.options.backoff_min + 1ms).what == kind::resolve);
}

TEST_CASE("pool: peers that hang up at once are not called again at once", "[http]") {
  bench_pool b;
  const exchange c = b.open(1).at(0);
  b.p.want(1);
  if (GENERATE(false, true)) {  // with a request in hand, or idle
    b.p.try_acquire(b.now);
    b.p.want(1);
    b.p.on(c, E::send, b.now);
    b.p.on(c, E::wrote_all, b.now);
  }
  b.fail(c, errc::connection_closed);
  CHECK(b.p.status().last_error == errc::connection_closed);
  CHECK(b.p.next_task(b.now + b.options.backoff_min - 1ns).what == kind::none);
}

TEST_CASE("pool: connections rotate over the addresses", "[http]") {
  bench_pool b;
  b.p.want(6);
  b.resolve(3);
  std::multiset<std::size_t> used;
  for (const auto& t : b.connects()) used.insert(t.address);
  CHECK(used == std::multiset<std::size_t>{0, 0, 1, 1, 2, 2});
}

TEST_CASE("pool: the next address is tried at once, and all must fail before the route rests", "[http]") {
  bench_pool b;
  b.p.want(1);
  b.resolve(3);
  std::set<std::size_t> tried;
  for (int i = 0; i < 3; ++i) {
    const auto tasks = b.connects();
    REQUIRE(tasks.size() == 1);
    tried.insert(tasks[0].address);
    b.fail(tasks[0].connection);
  }
  CHECK(tried.size() == 3);
  CHECK(b.p.next_task(b.now).what == kind::none);
  CHECK(b.p.next_deadline() >= b.now + b.options.backoff_min);
}

TEST_CASE("pool: an address that failed is left alone until names are resolved again", "[http]") {
  bench_pool b;
  b.p.want(1);
  b.resolve(2);
  const auto bad = b.connects().at(0);
  b.fail(bad.connection);
  for (std::size_t i = 0; i < 5; ++i) {
    b.p.want(i + 1);
    const auto t = b.connects().at(0);
    CHECK(t.address != bad.address);
    b.p.on(t.connection, E::connected, b.now);
  }
}

TEST_CASE("pool: addresses are resolved again after their time, and only when needed", "[http]") {
  bench_pool b;
  b.open(1);
  b.p.want(2);
  CHECK(b.connects().size() == 1);
  b.now += b.options.dns_ttl - 1ns;
  b.p.want(3);
  CHECK(b.connects().size() == 1);
  b.now += 1ns;
  CHECK(b.p.next_task(b.now).what == kind::none);
  b.p.want(4);
  CHECK(b.p.next_task(b.now).what == kind::resolve);
  CHECK(b.p.next_task(b.now).what == kind::none);  // asked once
}

TEST_CASE("pool: a resolution that fails or takes too long backs off, and a late answer is ignored", "[http]") {
  bench_pool b;
  b.p.want(1);
  const auto task = b.p.next_task(b.now);
  REQUIRE(task.what == kind::resolve);
  std::vector<pool::swept> late;
  SECTION("failed") {
    b.p.resolve_failed(task.serial, refused, b.now);
    CHECK(b.p.status().last_error == refused);
  }
  SECTION("late") {
    CHECK(b.p.next_deadline() == b.now + b.options.resolve_timeout);
    b.now += b.options.resolve_timeout;
    b.p.sweep(b.now, late);
    CHECK(b.p.status().last_error == errc::deadline_exceeded);
  }
  CHECK_FALSE(b.p.resolved(task.serial, 1, b.now));
  CHECK(b.p.next_task(b.now).what == kind::none);
  b.now += 2 * b.options.backoff_min;
  const auto again = b.p.next_task(b.now);
  CHECK(again.what == kind::resolve);
  CHECK_FALSE(b.p.resolved(task.serial, 1, b.now));
  CHECK(b.p.resolved(again.serial, 1, b.now));
  CHECK(b.connects().size() == 1);
}

TEST_CASE("pool: a name without addresses is never connected to", "[http]") {
  bench_pool b;
  b.p.want(1);
  for (int i = 0; i < 5; ++i) {
    auto task = b.p.next_task(b.now);
    for (int wakes = 0; task.what == kind::none; ++wakes) {
      REQUIRE(wakes < 3);
      b.wait();
      task = b.p.next_task(b.now);
    }
    REQUIRE(task.what == kind::resolve);
    b.p.resolve_failed(task.serial, refused, b.now);
  }
}

TEST_CASE("pool: time running backwards opens nothing early and loses nothing", "[http]") {
  bench_pool b;
  b.open(2);
  b.now -= 30min;
  b.exchange_one();
  std::vector<pool::swept> late;
  b.p.sweep(b.now, late);
  CHECK(late.empty());
  CHECK(b.p.status().connections == 2);
}
