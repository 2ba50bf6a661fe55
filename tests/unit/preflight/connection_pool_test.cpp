// preflight/connection_pool_test - which connection carries which request, and how many there are.
#include <algorithm>
#include <map>
#include <preflight/connection_pool.hpp>
#include <random>
#include <string>
#include <support/catch.hpp>
#include <vector>

using namespace broadside;
using namespace broadside::preflight_detail;
using kind = connection_order::kind;

namespace {

const ip_address first{{93, 184, 216, 34}, false};
const ip_address second{{93, 184, 216, 35}, false};

http::origin origin(const std::string& host, bool tls = true, std::uint16_t port = 443) {
  return {.tls = tls, .host = host, .port = port, .authority = host};
}

connection_wish wish(std::size_t who, const std::string& host = "a", std::vector<ip_address> checked = {first}) {
  return {.who = who, .to = origin(host), .checked = std::move(checked), .address = 0, .fresh = false};
}

/// The connection that `who` gets for asking: the only order.
connection_id opened(connection_pool& pool, connection_wish w) {
  const std::size_t who = w.who;
  pool.ask(std::move(w));
  const auto order = pool.next();
  REQUIRE(order.what == kind::open);
  REQUIRE(order.who == who);
  REQUIRE(pool.next().what == kind::none);
  return order.connection;
}

}  // namespace

TEST_CASE("connection_pool: a connection that is given back carries the next request to the same place",
          "[preflight]") {
  connection_pool pool(8);
  CHECK(pool.next().what == kind::none);
  const auto c = opened(pool, wish(1));
  pool.release(c);
  CHECK(pool.next().what == kind::none);
  pool.ask(wish(2));
  const auto order = pool.next();
  CHECK(order.what == kind::use);
  CHECK(order.who == 2);
  CHECK(order.connection == c);
  CHECK(order.address == first);
  pool.ask(wish(3));
  CHECK(pool.next().what == kind::open);  // that one is in use
}

TEST_CASE("connection_pool: scheme, host, port and address have to be the same", "[preflight]") {
  connection_pool pool(8);
  pool.release(opened(pool, wish(1, "cdn.example.com", {first, second})));
  connection_wish other = wish(2, "cdn.example.com", {second, first});
  using change = void (*)(connection_wish&);
  const auto differ = GENERATE(values<change>({
      [](connection_wish& w) { w.to = origin("cdn2.example.com"); },  // behind the same address
      [](connection_wish& w) { w.to = origin("cdn.example.com", false, 443); },
      [](connection_wish& w) { w.to = origin("cdn.example.com", true, 8443); },
      [](connection_wish& w) { w.checked = {second}; },
      [](connection_wish& w) { w.fresh = true; },  // found the last one gone
  }));
  differ(other);
  pool.ask(other);
  const auto order = pool.next();
  CHECK(order.what == kind::open);
  CHECK(order.address == other.checked[0]);
  // and it is still there for whom it fits
  pool.ask(wish(3, "cdn.example.com", {second, first}));
  CHECK(pool.next().what == kind::use);
}

TEST_CASE("connection_pool: of one origin there are no more than allowed, and who comes next waits its turn",
          "[preflight]") {
  connection_pool pool(64);
  std::vector<connection_id> all;
  for (std::size_t who = 0; who < connection_pool::per_origin_max; ++who) all.push_back(opened(pool, wish(who)));
  pool.ask(wish(10));
  pool.ask(wish(11));
  CHECK(pool.next().what == kind::none);
  opened(pool, wish(12, "b"));  // others do not wait behind them
  SECTION("one is given back") {
    pool.release(all[2]);
    const auto order = pool.next();
    CHECK(order.what == kind::use);
    CHECK(order.connection == all[2]);
    CHECK(order.who == 10);
    CHECK(pool.next().what == kind::none);
  }
  SECTION("one is gone") {
    pool.closed(all[0]);
    const auto order = pool.next();
    CHECK(order.what == kind::open);
    CHECK(order.who == 10);
    CHECK(pool.next().what == kind::none);
  }
  SECTION("the first one does not wait any more") {
    pool.forget(10);
    pool.release(all[0]);
    CHECK(pool.next().who == 11);
  }
  SECTION("whoever wants a fresh one has a kept one closed for it") {
    pool.forget(10);
    pool.forget(11);
    pool.release(all[3]);
    auto fresh = wish(13);
    fresh.fresh = true;
    pool.ask(fresh);
    const auto close = pool.next();
    CHECK(close.what == kind::close);
    CHECK(close.connection == all[3]);
    CHECK(pool.next().what == kind::open);
    CHECK(pool.next().what == kind::none);
  }
}

TEST_CASE("connection_pool: when there are many in all, the one that was kept longest makes room", "[preflight]") {
  connection_pool pool(3);
  const auto a = opened(pool, wish(1, "a"));
  const auto b = opened(pool, wish(2, "b"));
  const auto c = opened(pool, wish(3, "c"));
  pool.release(b);
  pool.release(a);
  pool.ask(wish(4, "d"));
  const auto close = pool.next();
  CHECK(close.what == kind::close);
  CHECK(close.connection == b);
  CHECK(pool.next().what == kind::open);
  pool.ask(wish(5, "a"));
  const auto use = pool.next();
  CHECK(use.what == kind::use);
  CHECK(use.connection == a);
  pool.release(c);
}

TEST_CASE("connection_pool: the kept one that was used last is used first", "[preflight]") {
  connection_pool pool(8);
  const auto a = opened(pool, wish(1));
  const auto b = opened(pool, wish(2));
  pool.release(b);
  pool.release(a);
  pool.ask(wish(3));
  CHECK(pool.next().connection == a);
}

TEST_CASE("connection_pool: a kept connection that is gone is not used", "[preflight]") {
  connection_pool pool(8);
  const auto a = opened(pool, wish(1));
  pool.release(a);
  pool.closed(a);
  pool.release(a);  // too late
  pool.ask(wish(2));
  CHECK(pool.next().what == kind::open);
}

TEST_CASE("connection_pool: whatever happens, limits hold, a connection has one user, and nobody waits for ever",
          "[preflight]") {
  struct held {
    std::string host;
    ip_address address;
    std::optional<std::size_t> user;
  };
  constexpr std::size_t users = 12;
  std::mt19937 random(GENERATE(range(1U, 21U)));
  const auto draw = [&random](std::size_t n) { return static_cast<std::size_t>(random()) % n; };
  connection_pool pool(users);
  std::map<connection_id, held> open;
  std::map<std::size_t, connection_wish> waiting;
  const auto holds = [&](std::size_t who) {
    return std::any_of(open.begin(), open.end(), [who](const auto& c) { return c.second.user == who; });
  };
  const auto carry_out = [&] {
    for (auto o = pool.next(); o.what != kind::none; o = pool.next()) {
      if (o.what == kind::close) {
        REQUIRE_FALSE(open.at(o.connection).user.has_value());
        open.erase(o.connection);
        continue;
      }
      const connection_wish& w = waiting.at(o.who);
      const std::string& host = w.to.host;
      if (o.what == kind::open) {
        REQUIRE(open.emplace(o.connection, held{host, o.address, o.who}).second);
      } else {
        held& c = open.at(o.connection);
        REQUIRE_FALSE(c.user.has_value());
        REQUIRE_FALSE(w.fresh);
        REQUIRE(c.host == host);
        REQUIRE(c.address == o.address);
        c.user = o.who;
      }
      REQUIRE(std::find(w.checked.begin(), w.checked.end(), o.address) != w.checked.end());
      waiting.erase(o.who);
    }
    REQUIRE(open.size() <= users);
    for (const auto* host : {"a", "b", "c"}) {
      const auto n = std::count_if(open.begin(), open.end(), [host](const auto& c) { return c.second.host == host; });
      REQUIRE(static_cast<std::size_t>(n) <= connection_pool::per_origin_max);
    }
  };
  const auto end_one = [&] {
    if (open.empty()) return;
    const auto it = std::next(open.begin(), static_cast<std::ptrdiff_t>(draw(open.size())));
    if (it->second.user && draw(2) == 0) {
      it->second.user.reset();
      pool.release(it->first);
    } else {
      pool.closed(it->first);
      open.erase(it);
    }
  };
  for (int step = 0; step < 500; ++step) {
    const std::size_t who = draw(users);
    if (draw(3) == 0) {
      end_one();
    } else if (!holds(who) && !waiting.contains(who)) {
      connection_wish w = wish(who, std::string(1, static_cast<char>('a' + draw(3))), {first, second});
      w.address = draw(2);
      if (draw(3) == 0) w.checked.pop_back(), w.address = 0;
      w.fresh = draw(4) == 0;
      waiting.emplace(who, w);
      pool.ask(w);
    } else if (waiting.contains(who) && draw(8) == 0) {
      waiting.erase(who);
      pool.forget(who);
    }
    carry_out();
  }
  while (!waiting.empty()) {
    REQUIRE_FALSE(open.empty());
    end_one();
    carry_out();
  }
}
