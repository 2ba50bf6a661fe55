// http/client_driver_test - the client against real servers on loopback: reuse, faults, TLS, lifetimes, allocations.
#include <array>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <future>
#include <http/client_driver.hpp>
#include <iterator>
#include <string>
#include <support/catch.hpp>
#include <thread>
#include <unit/http/allocation_count.hpp>
#include <unit/http/loopback_server.hpp>
#include <vector>

namespace {

using namespace broadside;
using namespace broadside::http;
using namespace std::chrono_literals;
using loopback::answer;
using loopback::certificate;
using loopback::peer;
using loopback::server;

// The machine's clock, which tests can push forward.
class clock_environment final : public environment {
 public:
  time_point now() noexcept override { return std::chrono::steady_clock::now() + ahead; }
  wall_time wall_now() noexcept override { return wall_time{std::chrono::seconds{784111777}}; }
  std::uint64_t random() noexcept override { return 4; }
  duration ahead{};
};

struct ended {
  exchange on = 0;
  ending how = ending::maybe_sent;
  unsigned status = 0;
  std::string body;
  std::chrono::milliseconds retry_after{-1};
  error_code why;
};

http_endpoint send_to(const std::string& url) {
  http_endpoint to;
  to.base_url = url;
  to.target = "/send";
  to.headers = {{"Authorization", "App fake-key"}, {"Content-Type", "application/json"}};
  return to;
}

http_endpoint ask(const std::string& url) {
  http_endpoint to;
  to.method = http_method::get;
  to.base_url = url;
  to.target = "/logs";
  to.headers = {{"Authorization", "App fake-key"}};
  return to;
}

// One client on its own loop, and all it said. Fails the test when it speaks out of turn.
struct bench_client final : client_listener {
  explicit bench_client(const std::string& url, const http_options& o = {}, const tls_options& tls = {})
      : bench_client(send_to(url), o, tls) {}
  bench_client(const http_endpoint& to, const http_options& o, const tls_options& tls) {
    auto made = make_client(loop, to, o, tls, env, 5, *this);
    REQUIRE(made.has_value());
    it = std::move(*made);
  }

  void on_ready() override {
    if (inside) spoke_inside = true;
    ++ready;
    if (when_ready) when_ready();
  }
  void on_end(exchange c, const exchange_end& end) override {
    if (inside) spoke_inside = true;
    ends.push_back(
        {c, end.how, end.response.status, std::string(end.response.body), end.response.retry_after, end.why});
    if (when_ended) when_ended();
  }

  void want(std::size_t n) {
    inside = true;
    it->want(n, env.now());
    inside = false;
  }
  std::optional<exchange> try_acquire() {
    inside = true;
    const auto c = it->try_acquire(env.now());
    inside = false;
    return c;
  }
  void send(exchange c, const std::string& body) {
    inside = true;
    it->body(c).assign(body);
    it->send(c, env.now());
    inside = false;
  }

  // Bounded, so that a defect is a failure and not a test that hangs.
  template <class Condition>
  bool run_until(Condition holds) {
    const auto limit = std::chrono::steady_clock::now() + 30s;
    while (!holds()) {
      if (std::chrono::steady_clock::now() > limit) return false;
      if (loop.stopped()) loop.restart();
      loop.run_one_for(20ms);
    }
    return true;
  }
  exchange acquire() {
    std::optional<exchange> c = try_acquire();
    if (!c) {
      want(1);
      const bool got = run_until([&] { return (c = try_acquire()).has_value(); });
      REQUIRE(got);
    }
    return *c;
  }
  ended request(const std::string& body) {
    const std::size_t before = ends.size();
    send(acquire(), body);
    const bool over = run_until([&] { return ends.size() > before; });
    REQUIRE(over);
    REQUIRE(ends.size() == before + 1);
    return ends.back();
  }
  ~bench_client() override { CHECK_FALSE(spoke_inside); }

  boost::asio::io_context loop{1};
  clock_environment env;
  std::unique_ptr<client> it;
  std::vector<ended> ends;
  std::size_t ready = 0;
  bool inside = false;
  bool spoke_inside = false;
  std::function<void()> when_ready;
  std::function<void()> when_ended;
};

struct authority {
  authority() : ca("") {
    path = (std::filesystem::temp_directory_path() / ("broadside-test-ca-" + std::to_string(::getpid()) + "-" +
                                                      std::to_string(reinterpret_cast<std::uintptr_t>(this)) + ".pem"))
               .string();
    ca.write_pem(path);
  }
  authority(const authority&) = delete;
  authority& operator=(const authority&) = delete;
  ~authority() { std::filesystem::remove(path); }
  certificate ca;
  std::string path;
};

http_options quick() {
  http_options o;
  o.backoff_min = 1ms;
  o.backoff_max = 5ms;
  return o;
}

}  // namespace

TEST_CASE("client: many requests use one connection, and the request is what was asked for", "[http]") {
  std::promise<std::string> seen;
  server s([&](peer& p, int) {
    auto first = p.read_request();
    seen.set_value(first.value_or(""));
    p.write(answer("first"));
    loopback::echo(p);
  });
  bench_client b(s.url());
  const auto first = b.request("{\"a\":1}");
  CHECK(first.how == ending::answered);
  CHECK(first.body == "first");
  CHECK(seen.get_future().get() == "POST /send HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(s.port()) +
                                       "\r\nAuthorization: App fake-key\r\nContent-Type: application/json\r\n"
                                       "Connection: keep-alive\r\nContent-Length: 7\r\n\r\n{\"a\":1}");
  for (int i = 0; i < 50; ++i) {
    const std::string body = "request " + std::to_string(i);
    const auto end = b.request(body);
    CHECK(end.how == ending::answered);
    CHECK(end.status == 200);
    CHECK(end.body == body);
  }
  CHECK(s.connections() == 1);
  CHECK(b.it->status().connections == 1);
  CHECK(b.it->status().in_flight == 0);
  CHECK_FALSE(b.it->status().last_error);
}

TEST_CASE("client: a GET carries what was encoded in its target, and nothing behind its head", "[http]") {
  const authority a;
  const certificate own("IP:127.0.0.1", &a.ca);
  const bool encrypted = GENERATE(false, true);
  const std::string longest(4096, 'x');
  const std::vector<std::string> asked{"?id=a,b&limit=2", "", longest, "?id=c"};
  std::promise<std::vector<std::string>> seen;
  server s(
      [&](peer& p, int) {
        std::vector<std::string> all;
        for (std::size_t i = 0; i < asked.size(); ++i) {
          all.push_back(p.read_request().value_or("closed"));
          p.write(answer(std::to_string(i)));
        }
        all.push_back(p.read_some());  // blocks until something more comes, or the client is gone
        seen.set_value(all);
      },
      encrypted ? &own : nullptr);
  tls_options tls;
  tls.ca_file = a.path;
  {
    bench_client b(ask(s.url(encrypted ? "https" : "http")), {}, tls);
    for (std::size_t i = 0; i < asked.size(); ++i) {
      const auto end = b.request(asked[i]);
      CHECK(end.how == ending::answered);
      CHECK(end.body == std::to_string(i));
    }
  }
  CHECK(s.connections() == 1);
  const auto all = seen.get_future().get();
  REQUIRE(all.size() == asked.size() + 1);
  for (std::size_t i = 0; i < asked.size(); ++i) {
    CHECK((all[i] == "GET /logs" + asked[i] + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(s.port()) +
                         "\r\nAuthorization: App fake-key\r\nConnection: keep-alive\r\n\r\n"));
  }
  CHECK(all.back().empty());
}

TEST_CASE("client: a GET whose target would break the request line is never written", "[http]") {
  const authority a;
  const certificate own("IP:127.0.0.1", &a.ca);
  const bool encrypted = GENERATE(false, true);
  const std::string hostile =
      GENERATE(as<std::string>{}, "?id=a HTTP/1.1\r\nHost: evil.example\r\n\r\nGET /x", "?id=a b", "?id=a\n", "?id=a#b",
               "?id=\xC3\xA9", std::string("?id=\0", 5), std::string(4097, 'x'));
  CAPTURE(hostile.substr(0, 30));
  std::promise<std::string> received;
  server s(
      [&](peer& p, int number) {
        if (number == 0) return received.set_value(p.read_some());
        loopback::echo(p);
      },
      encrypted ? &own : nullptr);
  tls_options tls;
  tls.ca_file = a.path;
  bench_client b(ask(s.url(encrypted ? "https" : "http")), quick(), tls);
  const auto end = b.request(hostile);
  CHECK(end.how == ending::not_sent);
  CHECK(end.why == errc::invalid_argument);
  CHECK(b.it->status().last_error == errc::invalid_argument);
  CHECK(received.get_future().get().empty());
  CHECK(b.request("?id=a").how == ending::answered);  // over another connection
  CHECK(b.it->status().in_flight == 0);
}

TEST_CASE("client: a GET whose answer does not come is maybe_sent, as any request", "[http]") {
  server s([](peer& p, int) { p.read_request(); });
  bench_client b(ask(s.url()), quick(), {});
  const auto end = b.request("?id=a");
  CHECK(end.how == ending::maybe_sent);
  CHECK(end.why == errc::connection_closed);
}

TEST_CASE("client: a released exchange is acquired again unsent", "[http]") {
  server s(loopback::echo);
  bench_client b(s.url());
  const exchange c = b.acquire();
  CHECK_FALSE(b.try_acquire().has_value());
  b.it->release(c, b.env.now());
  CHECK(b.try_acquire() == c);
  b.send(c, "after all");
  CHECK(b.run_until([&] { return b.ends.size() == 1; }));
  CHECK(b.ends.at(0).body == "after all");
  CHECK(s.connections() == 1);
}

TEST_CASE("client: several connections carry many requests, each ended once", "[http]") {
  server s(loopback::echo);
  bench_client b(s.url());
  constexpr std::size_t total = 400;
  std::size_t sent = 0;
  const auto pump = [&] {
    while (sent < total) {
      const auto c = b.it->try_acquire(b.env.now());
      if (!c) break;
      b.it->body(*c).assign(std::to_string(sent++));
      b.it->send(*c, b.env.now());
    }
    b.it->want(total - sent, b.env.now());
  };
  b.when_ready = pump;
  http_options o;
  b.it->want(8, b.env.now());
  REQUIRE(b.run_until([&] { return b.ends.size() == total; }));
  std::vector<bool> seen(total);
  for (const auto& e : b.ends) {
    REQUIRE(e.how == ending::answered);
    const auto n = static_cast<std::size_t>(std::stoul(e.body));
    CHECK_FALSE(seen.at(n));
    seen.at(n) = true;
  }
  CHECK(s.connections() >= 8);
  CHECK(static_cast<std::uint32_t>(s.connections()) <= o.connections_max);
}

TEST_CASE("client: a connection the server closed while idle is noticed and the next request goes over a new one",
          "[http]") {
  server s([](peer& p, int) {
    if (const auto r = p.read_request()) p.write(answer("bye"));
  });
  bench_client b(s.url(), quick());
  for (int i = 0; i < 5; ++i) {
    CHECK(b.request("x").how == ending::answered);
    REQUIRE(b.run_until([&] { return b.it->status().connections == 0; }));
  }
  CHECK(s.connections() == 5);
}

TEST_CASE("client: a close that the loop has not seen yet ends the request as not_sent", "[http]") {
  std::promise<void> closed;
  server s([&](peer& p, int number) {
    if (const auto r = p.read_request()) p.write(answer("once"));
    if (number > 0) return;
    p.close();
    closed.set_value();
  });
  bench_client b(s.url(), quick());
  CHECK(b.request("x").how == ending::answered);
  const exchange c = b.acquire();
  closed.get_future().wait();
  b.env.ahead += 10ms;
  b.send(c, "y");
  CHECK(b.ends.size() == 1);  // told from the loop only
  REQUIRE(b.run_until([&] { return b.ends.size() == 2; }));
  CHECK(b.ends.back().how == ending::not_sent);
  CHECK(b.ends.back().why == errc::connection_closed);
  CHECK(b.request("y").how == ending::answered);
}

TEST_CASE("client: a connection lost after the request was read is maybe_sent, and never written again", "[http]") {
  std::atomic<int> requests = 0;
  const bool reset = GENERATE(true, false);
  const std::string part = GENERATE(as<std::string>{}, "", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart");
  server s([&](peer& p, int number) {
    if (!p.read_request()) return;
    ++requests;
    if (number > 0) {
      p.write(answer("ok"));
      return p.wait_for_close();
    }
    p.write(part);
    if (reset) p.reset();
  });
  bench_client b(s.url(), quick());
  const auto end = b.request("x");
  CHECK(end.how == ending::maybe_sent);
  CHECK(end.why);
  CHECK(b.it->status().last_error == end.why);
  CHECK(b.request("y").how == ending::answered);
  CHECK(requests == 2);
  CHECK_FALSE(b.it->status().last_error);
}

TEST_CASE("client: an answer that does not come in time is maybe_sent", "[http]") {
  server s([](peer& p, int) {
    p.read_request();
    p.write("HTTP/1.1 200 OK\r\n");
    p.wait_for_close();
  });
  http_options o = quick();
  o.response_timeout = 30ms;
  bench_client b(s.url(), o);
  const auto end = b.request("x");
  CHECK(end.how == ending::maybe_sent);
  CHECK(end.why == errc::deadline_exceeded);
}

TEST_CASE("client: a peer that does not read is left after the write's deadline", "[http]") {
  std::promise<void> over;
  auto wait = over.get_future().share();
  server s([&](peer&, int) { wait.wait(); });
  http_options o = quick();
  o.write_timeout = 30ms;
  bench_client b(s.url(), o);
  const auto end = b.request(std::string(32U << 20U, 'x'));
  CHECK(end.how == ending::maybe_sent);
  CHECK(end.why == errc::deadline_exceeded);
  over.set_value();
}

TEST_CASE("client: answers of every shape", "[http]") {
  struct row {
    std::string text, body;
    ending how;
    errc why;
  };
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  const auto r = GENERATE_COPY(values<row>({
      {ok + "Transfer-Encoding: chunked\r\n\r\n4\r\nWiki\r\n5\r\npedia\r\n0\r\n\r\n",
       "Wikipedia",
       ending::answered,
       {}},
      {"HTTP/1.1 100 Continue\r\n\r\n" + answer("late"), "late", ending::answered, {}},
      {ok + "\r\nuntil the end", "until the end", ending::answered, {}},
      {answer("last", "Connection: close\r\n"), "last", ending::answered, {}},
      {answer("more") + "surplus", "more", ending::answered, {}},
      {answer(std::string(2000, 'x')), "", ending::maybe_sent, errc::response_too_large},
      {ok + "X: " + std::string(2000, 'x'), "", ending::maybe_sent, errc::response_too_large},
      {"SSH-2.0-server\r\n", "", ending::maybe_sent, errc::malformed_response},
      {ok + "Content-Length: 9\r\n\r\nhalf", "", ending::maybe_sent, errc::connection_closed},
  }));
  const bool byte_by_byte = GENERATE(false, true);
  CAPTURE(r.text, byte_by_byte);
  server s([&](peer& p, int number) {
    if (!p.read_request()) return;
    if (number > 0) return p.write(answer("next"));
    for (const char c : byte_by_byte ? r.text : "") p.write(std::string(1, c));
    if (!byte_by_byte) p.write(r.text);
  });
  http_options o = quick();
  o.response_head_max = 1024;
  o.response_body_max = 1024;
  bench_client b(s.url(), o);
  const auto end = b.request("x");
  CHECK(end.how == r.how);
  CHECK(end.body == r.body);
  if (r.how == ending::maybe_sent) CHECK(end.why == r.why);
  // Whatever it was, the next request is answered over a connection that carries nothing of it.
  const auto next = b.request("y");
  CHECK((next.body == "next" || next.how == ending::not_sent || next.how == ending::maybe_sent));
  if (next.how != ending::answered) CHECK(b.request("z").body == "next");
}

TEST_CASE("client: Retry-After is read in both forms", "[http]") {
  server s([](peer& p, int) {
    p.read_request();
    p.write(answer("", "Retry-After: 3\r\n", 429));
    p.read_request();
    p.write(answer("", "Retry-After: Sun, 06 Nov 1994 08:49:42 GMT\r\n", 503));
    p.wait_for_close();
  });
  bench_client b(s.url());
  const auto first = b.request("x");
  CHECK(first.status == 429);
  CHECK(first.retry_after == 3s);
  const auto second = b.request("x");
  CHECK(second.status == 503);
  CHECK(second.retry_after == 5s);
}

TEST_CASE("client: a large request arrives whole", "[http]") {
  server s(loopback::echo);
  http_options o;
  o.response_body_max = 8U << 20U;
  bench_client b(s.url(), o);
  std::string body(5U << 20U, '\0');
  for (std::size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>('a' + i % 23);
  for (int i = 0; i < 2; ++i) {
    const auto end = b.request(body);
    CHECK(end.how == ending::answered);
    CHECK((end.body == body));
  }
  CHECK(s.connections() == 1);
}

TEST_CASE("client: an answer that comes before the request is out counts, and the connection does not", "[http]") {
  std::promise<void> over;
  auto wait = over.get_future().share();
  server s([&](peer& p, int) {
    p.write(answer("too much", "", 413));
    wait.wait();
  });
  bench_client b(s.url(), quick());
  const exchange c = b.acquire();
  b.send(c, std::string(32U << 20U, 'x'));
  REQUIRE(b.run_until([&] { return b.ends.size() == 1; }));
  // Either the early bytes were seen before the request was sent, or they are its answer.
  const auto& end = b.ends.at(0);
  CHECK((end.how == ending::not_sent || (end.how == ending::answered && end.status == 413)));
  CHECK(b.run_until([&] { return b.it->status().connections == 0; }));
  over.set_value();
}

TEST_CASE("client: refused connections back off and recover", "[http]") {
  server s(loopback::echo, nullptr, false);
  bench_client b(s.url(), quick());
  b.want(3);
  REQUIRE(b.run_until([&] { return b.it->status().last_error.failed(); }));
  CHECK(b.it->status().last_error == boost::system::errc::connection_refused);
  CHECK(b.it->status().connections == 0);
  CHECK_FALSE(b.try_acquire().has_value());
  s.listen();
  const auto end = b.request("x");
  CHECK(end.how == ending::answered);
  CHECK_FALSE(b.it->status().last_error);
}

TEST_CASE("client: names are resolved", "[http]") {
  server s(loopback::echo);
  bench_client b(s.url("http", "localhost"), quick());
  CHECK(b.request("x").body == "x");
}

TEST_CASE("client: idle connections are closed", "[http]") {
  server s(loopback::echo);
  http_options o;
  o.idle_timeout = 5ms;
  bench_client b(s.url(), o);
  CHECK(b.request("x").body == "x");
  CHECK(b.run_until([&] { return b.it->status().connections == 0; }));
}

TEST_CASE("client: it may be destroyed at any moment", "[http]") {
  const bool loop_runs_on = GENERATE(true, false);
  for (int handlers = 0; handlers < 40; ++handlers) {
    server s(loopback::echo);
    bench_client b(s.url(), quick());
    b.when_ready = [&] {
      while (const auto c = b.it->try_acquire(b.env.now())) {
        b.it->body(*c).assign("x");
        b.it->send(*c, b.env.now());
      }
      b.it->want(2, b.env.now());
    };
    b.want(2);
    for (int i = 0; i < handlers; ++i) b.loop.run_one_for(20ms);
    const auto said = b.ends.size() + b.ready;
    b.it.reset();
    if (loop_runs_on) {
      b.loop.restart();
      b.loop.run();
    }
    CHECK(b.ends.size() + b.ready == said);
  }
}

TEST_CASE("client: it may be destroyed by its listener", "[http]") {
  server s([](peer& p, int) {
    p.read_request();
    p.write(answer("x"));
    p.wait_for_close();
  });
  bench_client b(s.url());
  bool gone = false;
  const auto destroy = [&] {
    b.it.reset();
    gone = true;
  };
  if (GENERATE(true, false)) {
    b.when_ready = destroy;
    b.want(3);
  } else {
    b.when_ended = destroy;
    b.send(b.acquire(), "x");
  }
  CHECK(b.run_until([&] { return gone; }));
  b.loop.restart();
  b.loop.run();
}

TEST_CASE("client: destroyed by the first of many answers that came together, it tells of no other", "[http]") {
  constexpr int total = 8;
  std::atomic<int> arrived = 0;
  std::promise<void> all_arrived;
  auto wait = all_arrived.get_future().share();
  std::atomic<int> answered = 0;
  server s([&](peer& p, int) {
    if (!p.read_request()) return;
    if (++arrived == total) all_arrived.set_value();
    wait.wait();
    p.write(answer("x"));
    ++answered;
    p.wait_for_close();
  });
  bench_client b(s.url());
  b.when_ready = [&] {
    while (const auto c = b.it->try_acquire(b.env.now())) b.it->send(*c, b.env.now());
  };
  b.when_ended = [&] { b.it.reset(); };
  b.want(total);
  REQUIRE(b.run_until([&] { return arrived == total; }));
  while (answered < total) std::this_thread::yield();
  REQUIRE(b.run_until([&] { return !b.it; }));
  b.loop.restart();
  b.loop.run();
  CHECK(b.ends.size() == 1);
}

TEST_CASE("client: answers that came together shut each other's connections", "[http]") {
  // Every second answer is malformed; what is shut and opened again meanwhile gets answers of its own alone.
  std::atomic<int> requests = 0;
  server s([&](peer& p, int) {
    while (const auto request = p.read_request()) {
      const std::string body = request->substr(request->find("\r\n\r\n") + 4);
      p.write(++requests % 2 == 0 ? "nothing like HTTP\r\n\r\n" : answer(body));
    }
  });
  bench_client b(s.url(), quick());
  constexpr std::size_t total = 300;
  std::vector<std::string> sent;
  std::vector<std::string> on(64);
  std::size_t told = 0;
  const auto pump = [&] {
    while (sent.size() < total) {
      const auto c = b.it->try_acquire(b.env.now());
      if (!c) break;
      sent.push_back(std::to_string(sent.size()));
      on.at(*c) = sent.back();
      b.it->body(*c).assign(sent.back());
      b.it->send(*c, b.env.now());
    }
    b.it->want(total - sent.size(), b.env.now());
  };
  b.when_ready = pump;
  b.when_ended = [&] {
    const ended& e = b.ends.back();
    if (e.how == ending::answered) {
      CHECK(e.body == on.at(e.on));
    } else {
      CHECK(e.why == errc::malformed_response);
    }
    ++told;
    pump();
  };
  b.it->want(8, b.env.now());
  REQUIRE(b.run_until([&] { return told == total; }));
  CHECK(b.it->status().in_flight == 0);
}

TEST_CASE("client: more connections than one turn of the loop takes are all answered", "[http]") {
  constexpr std::uint32_t many = 150;
  server s(loopback::echo);
  http_options o;
  o.connections_max = many;
  bench_client b(s.url(), o);
  b.want(many);
  REQUIRE(b.run_until([&] { return b.it->status().connections == many; }));
  for (std::size_t round = 1; round <= 3; ++round) {
    while (const auto c = b.try_acquire()) b.send(*c, std::to_string(*c));
    REQUIRE(b.run_until([&] { return b.ends.size() == round * many; }));
  }
  for (const auto& e : b.ends) {
    CHECK(e.how == ending::answered);
    CHECK(e.body == std::to_string(e.on));
  }
  CHECK(s.connections() == many);
}

TEST_CASE("client: large answers of several connections at once do not mix", "[http]") {
  const authority a;
  const certificate own("IP:127.0.0.1", &a.ca);
  const bool encrypted = GENERATE(false, true);
  server s(loopback::echo, encrypted ? &own : nullptr);
  tls_options tls;
  tls.ca_file = a.path;
  http_options o;
  o.response_body_max = 8U << 20U;
  bench_client b(s.url(encrypted ? "https" : "http"), o, tls);
  constexpr std::size_t total = 6;
  const auto body_of = [](std::size_t n) {
    std::string out((1U << 20U) + n * 1000, '\0');
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<char>('a' + (i + n) % 23);
    return out;
  };
  b.want(total);
  REQUIRE(b.run_until([&] { return b.it->status().connections == total; }));
  std::vector<std::size_t> on(64);
  for (std::size_t n = 0; n < total; ++n) {
    const auto c = b.try_acquire();
    REQUIRE(c.has_value());
    on.at(*c) = n;
    b.send(*c, body_of(n));
  }
  REQUIRE(b.run_until([&] { return b.ends.size() == total; }));
  for (const auto& e : b.ends) {
    CHECK(e.how == ending::answered);
    CHECK((e.body == body_of(on.at(e.on))));
  }
}

TEST_CASE("client: a connection that breaks while idle is noticed", "[http]") {
  std::promise<void> go;
  auto wait = go.get_future().share();
  server s([&](peer& p, int number) {
    if (p.read_request()) p.write(answer("x"));
    if (number > 0) return p.wait_for_close();
    wait.wait();
    p.reset();
  });
  bench_client b(s.url(), quick());
  CHECK(b.request("x").how == ending::answered);
  go.set_value();
  REQUIRE(b.run_until([&] { return b.it->status().connections == 0; }));
  CHECK(b.request("x").how == ending::answered);
}

TEST_CASE("client: it leaves no descriptor open, however it ends", "[http]") {
  const auto open_now = [] {
    const std::filesystem::directory_iterator all("/proc/self/fd");
    return std::distance(begin(all), end(all));
  };
  const authority a;
  const certificate own("IP:127.0.0.1", &a.ca);
  const bool encrypted = GENERATE(false, true);
  const bool listens = GENERATE(true, false);
  const bool loop_runs_on = GENERATE(true, false);
  tls_options tls;
  tls.ca_file = a.path;
  const auto before = open_now();
  for (int handlers = 0; handlers < 10; ++handlers) {
    server s(loopback::echo, encrypted ? &own : nullptr, listens);
    bench_client b(s.url(encrypted ? "https" : "http"), quick(), tls);
    b.when_ready = [&] {
      while (const auto c = b.it->try_acquire(b.env.now())) b.it->send(*c, b.env.now());
    };
    b.want(2);
    for (int i = 0; i < handlers; ++i) b.loop.run_one_for(1ms);
    b.it.reset();
    if (loop_runs_on) {
      b.loop.restart();
      b.loop.run();
    }
  }
  CHECK(open_now() == before);
}

TEST_CASE("client: a request in steady state costs no allocation", "[http]") {
  const authority a;
  const certificate own("IP:127.0.0.1", &a.ca);
  const bool over_tls = GENERATE(false, true);
  server s(loopback::echo, over_tls ? &own : nullptr);
  const std::string url = s.url(over_tls ? "https" : "http");
  tls_options tls;
  tls.ca_file = a.path;
  bench_client b(url, {}, tls);
  const std::string body(600, 'b');
  std::size_t answered = 0;
  struct counter final : client_listener {
    explicit counter(std::size_t& n) : answered(n) {}
    void on_ready() override {}
    void on_end(exchange, const exchange_end& e) override { answered += e.how == ending::answered ? 1 : 0; }
    std::size_t& answered;
  } quiet(answered);
  auto c = make_client(b.loop, GENERATE(true, false) ? send_to(url) : ask(url), {}, tls, b.env, 1, quiet);
  REQUIRE(c.has_value());
  const auto exchange_n = [&](std::size_t n) {
    const std::size_t goal = answered + n;
    while (answered < goal) {
      while (const auto at = (*c)->try_acquire(b.env.now())) {
        (*c)->body(*at).assign(body);
        (*c)->send(*at, b.env.now());
      }
      if (b.loop.stopped()) b.loop.restart();
      b.loop.run_one();
    }
  };
  (*c)->want(4, b.env.now());
  REQUIRE(b.run_until([&] { return (*c)->status().connections == 4; }));
  // Among them answers in two pieces on each connection; over TLS they are rarer, since a record comes as a whole.
  exchange_n(over_tls ? 20'000 : 1'000);
  CAPTURE(over_tls);
  const allocation_count count;
  exchange_n(1000);
  CHECK(count.so_far() == 0);
}

// ---- TLS

namespace {

error_code why_refused(bench_client& b) {
  b.want(1);
  REQUIRE(b.run_until([&] { return b.it->status().last_error.failed(); }));
  CHECK(b.it->status().connections == 0);
  CHECK_FALSE(b.try_acquire().has_value());
  return b.it->status().last_error;
}

}  // namespace

TEST_CASE("client tls: a certificate of a known authority for the right name is accepted", "[http]") {
  const authority a;
  const certificate own("DNS:localhost,DNS:other.example.com,IP:127.0.0.1", &a.ca);
  server s(loopback::echo, &own);
  tls_options tls;
  tls.ca_file = a.path;
  const std::string host = GENERATE(as<std::string>{}, "localhost", "127.0.0.1");
  tls.server_name = GENERATE(as<std::string>{}, "", "other.example.com");
  bench_client b(s.url("https", host), quick(), tls);
  for (int i = 0; i < 20; ++i) {
    const std::string body(static_cast<std::size_t>(i) * 2000, 'x');
    const auto end = b.request(body);
    CHECK(end.how == ending::answered);
    CHECK((end.body == body));
  }
  CHECK(s.connections() == 1);
}

TEST_CASE("client tls: a session ticket that waits to be read is no close", "[http]") {
  const authority a;
  const certificate own("DNS:localhost,IP:127.0.0.1", &a.ca);
  std::promise<void> accepted;  // the server has sent its tickets by then (TLS 1.3, RFC 8446 section 4.6.1)
  server s(
      [&](peer& p, int) {
        accepted.set_value();
        loopback::echo(p, 0);
      },
      &own);
  tls_options tls;
  tls.ca_file = a.path;
  bench_client b(s.url("https"), quick(), tls);
  const exchange c = b.acquire();
  accepted.get_future().wait();
  b.env.ahead += 10ms;  // long enough idle for the peer to be looked at before the write
  b.send(c, "hello");
  REQUIRE(b.run_until([&] { return b.ends.size() == 1; }));
  CHECK(b.ends[0].how == ending::answered);
}

TEST_CASE("client tls: a connection resumes the session of the one before", "[http]") {
  const authority a;
  const certificate own("IP:127.0.0.1", &a.ca);
  server s(
      [](peer& p, int) {
        if (p.read_request()) p.write(answer(p.is_resumed() ? "again" : "new", "Connection: close\r\n"));
        p.wait_for_close();
      },
      &own, true, GENERATE(TLS1_2_VERSION, TLS1_3_VERSION));
  tls_options tls;
  tls.ca_file = a.path;
  bench_client b(s.url("https"), quick(), tls);
  CHECK(b.request("x").body == "new");
  for (int i = 0; i < 5; ++i) CHECK(b.request("x").body == "again");
  bench_client other(s.url("https"), quick(), tls);
  CHECK(other.request("x").body == "new");  // sessions are a client's own
}

TEST_CASE("client tls: an end in order ends an answer without a length, and whatever follows it is another's",
          "[http]") {
  const authority a;
  const certificate own("IP:127.0.0.1", &a.ca);
  server s(
      [](peer& p, int) {
        if (!p.read_request()) return;
        p.write("HTTP/1.1 200 OK\r\n\r\nuntil the end");
        p.end_tls();
      },
      &own);
  tls_options tls;
  tls.ca_file = a.path;
  bench_client b(s.url("https"), quick(), tls);
  for (int i = 0; i < 3; ++i) CHECK(b.request("x").body == "until the end");
  CHECK(s.connections() == 3);
}

TEST_CASE("client tls: a large request and its answer arrive whole", "[http]") {
  const authority a;
  const certificate own("IP:127.0.0.1", &a.ca);
  server s(loopback::echo, &own);
  tls_options tls;
  tls.ca_file = a.path;
  http_options o;
  o.response_body_max = 8U << 20U;
  bench_client b(s.url("https"), o, tls);
  std::string body(5U << 20U, '\0');
  for (std::size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>('a' + i % 23);
  for (int i = 0; i < 2; ++i) {
    const auto end = b.request(body);
    CHECK(end.how == ending::answered);
    CHECK((end.body == body));
  }
  CHECK(s.connections() == 1);
}

TEST_CASE("client tls: a peer that does not read is left after the write's deadline, and the next is answered",
          "[http]") {
  const authority a;
  const certificate own("IP:127.0.0.1", &a.ca);
  std::promise<void> over;
  auto wait = over.get_future().share();
  server s([&](peer& p, int number) { number == 0 ? wait.wait() : loopback::echo(p); }, &own);
  tls_options tls;
  tls.ca_file = a.path;
  http_options o = quick();
  o.write_timeout = 100ms;
  bench_client b(s.url("https"), o, tls);
  const auto end = b.request(std::string(16U << 20U, 'x'));
  CHECK(end.how == ending::maybe_sent);
  CHECK(end.why == errc::deadline_exceeded);
  CHECK(b.request("next").body == "next");
  over.set_value();
}

TEST_CASE("client tls: a wrong name is refused", "[http]") {
  const authority a;
  const certificate own("DNS:elsewhere.example.com", &a.ca);
  server s(loopback::echo, &own);
  tls_options tls;
  tls.ca_file = a.path;
  bench_client b(s.url("https", "localhost"), quick(), tls);
  const error_code why = why_refused(b);
  CHECK(why.message().find("certificate verify failed") != std::string::npos);
}

TEST_CASE("client tls: an unknown authority is refused, also when no file is named", "[http]") {
  const authority a;
  const authority stranger;
  const certificate own("DNS:localhost,IP:127.0.0.1", &stranger.ca);
  server s(loopback::echo, &own);
  tls_options tls;
  tls.ca_file = GENERATE(true, false) ? a.path : "";
  bench_client b(s.url("https"), quick(), tls);
  const error_code why = why_refused(b);
  CHECK(why.message().find("certificate verify failed") != std::string::npos);
}

TEST_CASE("client tls: verify = false accepts any certificate", "[http]") {
  const authority a;
  const certificate own("DNS:elsewhere.example.com", &a.ca);
  server s(loopback::echo, &own);
  tls_options tls;
  tls.verify = false;
  bench_client b(s.url("https"), quick(), tls);
  CHECK(b.request("x").body == "x");
}

TEST_CASE("client tls: a lost connection is maybe_sent, a cut body is no answer", "[http]") {
  const authority a;
  const certificate own("IP:127.0.0.1", &a.ca);
  const std::string part = GENERATE(as<std::string>{}, "", "HTTP/1.1 200 OK\r\n\r\nuntil the");
  server s(
      [&](peer& p, int) {
        p.read_request();
        p.write(part);
      },  // closed without close_notify: anybody on the way could have done it
      &own);
  tls_options tls;
  tls.ca_file = a.path;
  bench_client b(s.url("https"), quick(), tls);
  const auto end = b.request("x");
  CHECK(end.how == ending::maybe_sent);
  CHECK(end.why == errc::connection_closed);
}

TEST_CASE("client tls: a peer that does not shake hands is left after the deadline", "[http]") {
  server s([](peer& p, int) { p.wait_for_close(); });
  http_options o = quick();
  o.connect_timeout = 20ms;
  bench_client b(s.url("https"), o, {});
  CHECK(why_refused(b) == errc::deadline_exceeded);
}

TEST_CASE("client tls: a peer that hangs up instead of shaking hands is connection_closed", "[http]") {
  server s([](peer& p, int) {
    p.read_some();
    p.end();
    p.wait_for_close();
  });
  bench_client b(s.url("https"), quick(), {});
  CHECK(why_refused(b) == errc::connection_closed);
}

TEST_CASE("client tls: it may be destroyed at any moment", "[http]") {
  const authority a;
  const certificate own("IP:127.0.0.1", &a.ca);
  tls_options tls;
  tls.ca_file = a.path;
  for (int handlers = 0; handlers < 12; ++handlers) {
    server s(loopback::echo, &own);
    bench_client b(s.url("https"), quick(), tls);
    b.when_ready = [&] {
      if (const auto c = b.it->try_acquire(b.env.now())) b.it->send(*c, b.env.now());
    };
    b.want(1);
    for (int i = 0; i < handlers; ++i) b.loop.run_one_for(20ms);
    b.it.reset();
    if (handlers % 2 == 0) {
      b.loop.restart();
      b.loop.run();
    }
  }
}

TEST_CASE("client: what cannot work is refused at once", "[http]") {
  boost::asio::io_context loop;
  clock_environment env;
  struct : client_listener {
    void on_ready() override {}
    void on_end(exchange, const exchange_end&) override {}
  } deaf;
  http_endpoint to;
  to.base_url = "https://example.com";
  to.target = "/";
  tls_options tls;
  SECTION("url") {
    to.base_url = "example.com";
    const auto made = make_client(loop, to, {}, tls, env, 1, deaf);
    REQUIRE_FALSE(made.has_value());
    CHECK(made.error() == errc::invalid_url);
  }
  SECTION("header") {
    to.headers = {{"X", "a\r\nY: b"}};
    const auto made = make_client(loop, to, {}, tls, env, 1, deaf);
    REQUIRE_FALSE(made.has_value());
    CHECK(made.error() == errc::invalid_argument);
  }
  SECTION("ca file that is missing") {
    tls.ca_file = "/nowhere/ca.pem";
    CHECK_FALSE(make_client(loop, to, {}, tls, env, 1, deaf).has_value());
  }
  SECTION("ca file that is none") {
    tls.ca_file = "/dev/null";
    CHECK_FALSE(make_client(loop, to, {}, tls, env, 1, deaf).has_value());
  }
}
