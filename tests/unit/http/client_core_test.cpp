// http/client_core_test - the client in virtual time over a transport that is driven by hand.
#include <algorithm>
#include <array>
#include <env/random.hpp>
#include <functional>
#include <http/client_core.hpp>
#include <string>
#include <support/catch.hpp>
#include <unit/http/allocation_count.hpp>
#include <unit/http/fake_transport.hpp>
#include <vector>

namespace {

using namespace broadside;
using namespace broadside::http;
using namespace std::chrono_literals;

const error_code reset = make_error_code(boost::system::errc::connection_reset);
const error_code refused = make_error_code(boost::system::errc::connection_refused);
const error_code aborted = make_error_code(boost::system::errc::operation_canceled);
const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

class hand_clock final : public environment {
 public:
  time_point now() noexcept override { return at; }
  wall_time wall_now() noexcept override { return wall_time{std::chrono::seconds{784111777}}; }
  std::uint64_t random() noexcept override { return 4; }
  time_point at{1h};
};

struct ended {
  exchange on = 0;
  ending how = ending::maybe_sent;
  unsigned status = 0;
  std::string body;
  error_code why;
  bool operator==(const ended&) const = default;
};

request_head head_of(http_method method) {
  http_endpoint to;
  to.method = method;
  to.target = "/send";
  return *make_request_head(to, "api.example.com");
}

struct setting {
  http_options options{.connections_max = 4};
  http_method method = http_method::post;
  bool tls = false;
};

// A client, its world, and all it said. Fails the test when it speaks out of turn or breaks a rule of the port.
struct hand_client final : client_listener {
  explicit hand_client(const setting& s = {})
      : world(s.options.connections_max, s.tls), core(world, head_of(s.method), s.tls, s.options, clock, 7, *this) {
    world.core = &core;
    world.known_addresses = 1;
  }
  ~hand_client() override {
    CHECK(world.broken_rules == 0);
    CHECK(out_of_turn == 0);
  }

  void on_ready() override {
    note_turn();
    ++ready;
    if (when_ready) when_ready();
  }
  void on_end(exchange c, const exchange_end& end) override {
    note_turn();
    ends.push_back({c, end.how, end.response.status, std::string(end.response.body), end.why});
    if (when_ended) when_ended();
  }
  void note_turn() { out_of_turn += world.is_answering && !world.is_over ? 0 : 1; }

  void want(std::size_t n) { core.want(n, clock.at); }
  // The first connection that waits to be connected.
  exchange connecting() {
    const auto& all = world.connections;
    const auto at = std::find_if(all.begin(), all.end(), [](const auto& c) { return c.connecting; });
    REQUIRE(at != all.end());
    return static_cast<exchange>(at - all.begin());
  }
  // A connection that is open and reserved; its number.
  exchange acquire() {
    if (core.status().connections == 0) {
      want(1);
      for (exchange c = 0; c < world.connections.size(); ++c) {
        if (world.connections[c].connecting) world.connected(c);
        if (world.connections[c].handshaking) world.handshaken(c);
      }
    }
    const auto c = core.try_acquire(clock.at);
    REQUIRE(c.has_value());
    return *c;
  }
  void send(exchange c, std::string_view body) {
    core.body(c).assign(body);
    core.send(c, clock.at);
  }
  exchange sent(std::string_view body) {
    const exchange c = acquire();
    send(c, body);
    return c;
  }
  void shut_down() {
    core.shut_down();
    world.is_over = true;
  }
  fake::connection& on(exchange c) { return world.connections[c]; }
  [[nodiscard]] std::string request(std::string_view body) const {
    return "POST /send HTTP/1.1\r\nHost: api.example.com\r\nConnection: keep-alive\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
  }

  hand_clock clock;
  fake::transport world;
  client_core core;
  std::vector<ended> ends;
  int ready = 0;
  int out_of_turn = 0;
  std::function<void()> when_ready;
  std::function<void()> when_ended;
};

http_options one_connection() {
  http_options o;
  o.connections_max = 1;
  return o;
}

}  // namespace

// ---- an exchange

TEST_CASE("client core: a whole exchange, from the name to the answer", "[http]") {
  hand_client b;
  b.world.known_addresses.reset();
  b.want(1);
  CHECK(b.world.resolving.has_value());
  CHECK(b.world.connects == 0);
  b.world.resolved({}, 2);
  const exchange opened = b.connecting();
  CHECK_FALSE(b.core.try_acquire(b.clock.at).has_value());
  b.world.connected(opened);
  CHECK(b.ready == 1);
  CHECK(b.on(opened).reading);
  CHECK(b.core.status().connections == 1);

  CHECK(b.sent("hello") == opened);
  CHECK(b.on(opened).sent == b.request("hello"));
  CHECK(b.core.status().in_flight == 1);
  b.world.got(opened, ok);
  CHECK(b.ends == std::vector<ended>{{opened, ending::answered, 200, "ok", {}}});
  CHECK(b.ready == 2);
  CHECK(b.core.status().in_flight == 0);
  CHECK(b.core.status().connections == 1);
}

TEST_CASE("client core: a request is one write and one read", "[http]") {
  hand_client b;
  const exchange first = b.sent("a");
  b.world.got(first, ok);
  const int before = b.world.calls();
  const int writes = b.world.writes_now;
  const int reads = b.world.reads;
  for (int i = 0; i < 10; ++i) b.world.got(b.sent("b"), ok);
  CHECK(b.ends.size() == 11);
  CHECK(b.world.writes_now == writes + 10);
  CHECK(b.world.reads == reads + 10);
  CHECK(b.world.calls() == before + 20);
}

TEST_CASE("client core: a request in steady state costs no allocation", "[http]") {
  setting s;
  s.method = GENERATE(http_method::post, http_method::get);
  s.tls = GENERATE(false, true);
  hand_clock clock;
  struct counter final : client_listener {
    void on_ready() override {}
    void on_end(exchange, const exchange_end& e) override { answered += e.how == ending::answered ? 1 : 0; }
    int answered = 0;
  } quiet;
  fake::transport world(1, s.tls);
  client_core core(world, head_of(s.method), s.tls, one_connection(), clock, 7, quiet);
  world.core = &core;
  world.known_addresses = 1;
  core.want(1, clock.at);
  world.connected(0);
  if (s.tls) world.handshaken(0);
  const auto exchange_n = [&](int n) {
    for (int i = 0; i < n; ++i) {
      const exchange c = core.try_acquire(clock.at).value();
      core.body(c).assign("?id=a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p");
      core.send(c, clock.at);
      if (world.connections[c].writing) world.written(c);
      world.got(c, std::string_view(ok).substr(0, 20));
      world.got(c, std::string_view(ok).substr(20));
      world.connections[c].sent.clear();
      clock.at += 1ms;
    }
  };
  exchange_n(10);
  const allocation_count count;
  exchange_n(100);
  CHECK(count.so_far() == 0);
  CHECK(quiet.answered == 110);
  CHECK(world.broken_rules == 0);
}

TEST_CASE("client core: a GET that would break out of its line is never written, and that is told from the loop",
          "[http]") {
  setting s;
  s.method = http_method::get;
  hand_client b(s);
  const exchange c = b.sent("?id=a HTTP/1.1\r\nX: y");
  CHECK(b.on(c).sent.empty());
  CHECK(b.ends.empty());
  b.world.posted(c);
  CHECK(b.ends == std::vector<ended>{{c, ending::not_sent, 0, "", errc::invalid_argument}});
  b.world.broke(c, aborted);
  CHECK(b.world.drains == 1);
}

TEST_CASE("client core: an answer gives the same end wherever it is cut", "[http]") {
  const std::string ok_line = "HTTP/1.1 200 OK\r\n";
  const std::string answer =
      GENERATE_COPY(as<std::string>{}, ok_line + "Content-Length: 5\r\n\r\nwhole",
                    ok_line + "Transfer-Encoding: chunked\r\n\r\n3\r\nwho\r\n2\r\nle\r\n0\r\n\r\n",
                    "HTTP/1.1 100 Continue\r\n\r\n" + ok_line + "Content-Length: 5\r\n\r\nwhole",
                    ok_line + "Connection: close\r\nContent-Length: 5\r\n\r\nwhole");
  const bool keeps = answer.find("close") == std::string::npos;
  for (std::size_t cut = 1; cut < answer.size(); ++cut) {
    hand_client b;
    const exchange c = b.sent("x");
    b.world.got(c, answer.substr(0, cut));
    CHECK(b.ends.empty());
    CHECK(b.on(c).reading);
    b.world.got(c, answer.substr(cut));
    CHECK(b.ends == std::vector<ended>{{c, ending::answered, 200, "whole", {}}});
    CHECK(b.on(c).is_open == keeps);
  }
  hand_client b;
  const exchange c = b.sent("x");
  for (const char byte : answer) b.world.got(c, std::string_view(&byte, 1));
  CHECK(b.ends == std::vector<ended>{{c, ending::answered, 200, "whole", {}}});
}

TEST_CASE("client core: an answer that breaks off at any byte is maybe_sent, whichever way it breaks", "[http]") {
  for (std::size_t cut = 0; cut < ok.size(); ++cut) {
    for (const error_code ec : {error_code(), reset, make_error_code(errc::connection_closed)}) {
      hand_client b;
      const exchange c = b.sent("x");
      if (cut > 0) b.world.got(c, ok.substr(0, cut));
      b.world.broke(c, ec);
      const error_code why = ec ? ec : make_error_code(errc::connection_closed);
      CHECK(b.ends == std::vector<ended>{{c, ending::maybe_sent, 0, "", why}});
      CHECK_FALSE(b.on(c).is_held);
    }
  }
}

TEST_CASE("client core: only an end in order completes an answer that lasts until the end", "[http]") {
  hand_client b;
  const exchange c = b.sent("x");
  b.world.got(c, "HTTP/1.1 200 OK\r\n\r\nuntil");
  CHECK(b.ends.empty());
  SECTION("in order") {
    b.world.ended(c);
    CHECK(b.ends == std::vector<ended>{{c, ending::answered, 200, "until", {}}});
  }
  SECTION("broken") {
    b.world.broke(c, errc::connection_closed);
    CHECK(b.ends == std::vector<ended>{{c, ending::maybe_sent, 0, "", errc::connection_closed}});
  }
  CHECK_FALSE(b.on(c).is_held);
}

TEST_CASE("client core: bytes that nobody asked for close an idle connection", "[http]") {
  hand_client b;
  const exchange c = b.acquire();
  b.core.release(c, b.clock.at);
  b.world.got(c, ok);
  CHECK(b.core.status().connections == 0);
  CHECK(b.core.status().last_error == errc::malformed_response);
  CHECK(b.ends.empty());
}

// ---- writing

TEST_CASE("client core: what was not taken at once is written as it is, and the whole arrives", "[http]") {
  hand_client whole;
  const std::string text = whole.request("the body");
  for (std::size_t taken = 0; taken < text.size(); ++taken) {
    hand_client b;
    b.world.takes = taken;
    const exchange c = b.sent("the body");
    CHECK(b.on(c).sent == text.substr(0, taken));
    CHECK(b.on(c).rest == text.substr(taken));
    b.world.written(c);
    CHECK(b.on(c).sent == text);
    b.world.got(c, ok);
    CHECK(b.ends == std::vector<ended>{{c, ending::answered, 200, "ok", {}}});
    CHECK(b.on(c).is_open);
  }
}

TEST_CASE("client core: a part was written, then the connection was reset: maybe_sent", "[http]") {
  hand_client b;
  b.world.takes = GENERATE(0U, 1U, 60U);  // also of a write that was started and nothing is known of
  const exchange c = b.sent("hello");
  REQUIRE(b.on(c).writing);
  const bool write_is_told_first = GENERATE(true, false);
  if (write_is_told_first) {
    b.world.written(c, reset);
    CHECK(b.ends.empty());  // the peer may have answered before it closed
    b.world.broke(c, reset);
    CHECK(b.world.drains == 1);
  } else {
    b.world.broke(c, reset);
    CHECK(b.world.drains == 0);  // the views of the write are still looked at
    b.world.written(c, aborted);
    CHECK(b.world.drains == 1);
  }
  CHECK(b.ends == std::vector<ended>{{c, ending::maybe_sent, 0, "", reset}});
}

TEST_CASE("client core: an answer that comes while the request is being written counts, and the connection does not",
          "[http]") {
  hand_client b;
  b.world.takes = 10;
  const exchange c = b.sent("hello");
  if (GENERATE(true, false)) b.world.written(c, reset);
  b.world.got(c, "HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n");
  CHECK(b.ends == std::vector<ended>{{c, ending::answered, 413, "", {}}});
  CHECK_FALSE(b.on(c).is_open);
  if (b.on(c).writing) b.world.written(c, aborted);
  CHECK(b.world.drains == 1);
  CHECK(b.ends.size() == 1);
}

TEST_CASE("client core: a reset before any byte is not_sent, told from the loop and not from inside send()", "[http]") {
  setting s;
  s.options = one_connection();
  hand_client b(s);
  b.world.write_error = reset;
  const exchange c = b.sent("hello");
  CHECK(b.ends.empty());
  CHECK(b.on(c).posted);
  CHECK(b.core.status().in_flight == 0);
  b.world.write_error = {};
  SECTION("the read ends first") {
    b.world.broke(c, aborted);
    b.want(1);
    CHECK(b.world.connects == 1);  // its place is not used again before its end was told
    b.world.posted(c);
  }
  SECTION("the read ends last") {
    b.world.posted(c);
    CHECK(b.world.drains == 0);
    b.world.broke(c, aborted);
  }
  CHECK(b.ends == std::vector<ended>{{c, ending::not_sent, 0, "", reset}});
  CHECK(b.world.drains == 1);
}

TEST_CASE("client core: after a while without use it is looked whether the peer has closed", "[http]") {
  setting s;
  s.tls = GENERATE(false, true);
  hand_client b(s);
  const exchange c = b.acquire();
  b.world.peer_has_gone = true;
  SECTION("not within a moment") {
    b.send(c, "x");
    CHECK(b.world.looks == 0);
    CHECK(b.core.status().in_flight == 1);
  }
  SECTION("but later") {
    b.clock.at += 2ms;
    b.send(c, "x");
    CHECK(b.world.looks == 1);
    CHECK(b.on(c).sent.empty());
    CHECK(b.on(c).rest.empty());
    CHECK(b.ends.empty());
    b.world.posted(c);
    CHECK(b.ends == std::vector<ended>{{c, ending::not_sent, 0, "", errc::connection_closed}});
  }
}

TEST_CASE("client core: what is acquired and given back again and again is closed as what nobody uses", "[http]") {
  setting s;
  hand_client b(s);
  const exchange c = b.acquire();
  const time_point opened = b.clock.at;
  for (int i = 0; i < 3; ++i) {
    b.core.release(c, b.clock.at);
    b.clock.at += s.options.idle_timeout / 4;
    REQUIRE(b.core.try_acquire(b.clock.at) == c);
  }
  b.core.release(c, b.clock.at);
  while (b.clock.at < opened + s.options.idle_timeout && b.on(c).is_open) {
    b.clock.at = b.world.rings_at;
    b.world.ring();
  }
  CHECK(b.clock.at == opened + s.options.idle_timeout);
  CHECK_FALSE(b.on(c).is_open);
}

// ---- opening and closing

TEST_CASE("client core: a completion that comes late frees the connection only then, and is not looked at", "[http]") {
  setting s;
  s.options = one_connection();
  hand_client b(s);
  const exchange c = b.sent("x");
  b.clock.at += s.options.response_timeout;
  CHECK(b.world.rings_at <= b.clock.at);
  b.world.ring();
  CHECK(b.ends == std::vector<ended>{{c, ending::maybe_sent, 0, "", errc::deadline_exceeded}});
  CHECK(b.world.shuts == 1);
  CHECK(b.world.drains == 0);
  b.want(1);
  CHECK(b.world.connects == 1);
  b.world.got(c, ok);  // it was on its way when the connection was shut
  CHECK(b.ends.size() == 1);
  CHECK(b.world.drains == 1);
  CHECK(b.world.connects == 2);
  CHECK(b.on(c).connecting);
}

TEST_CASE("client core: a connection that does not open in time is left, and the place waits for its answer",
          "[http]") {
  setting s;
  s.options = one_connection();
  hand_client b(s);
  b.want(1);
  b.clock.at += s.options.connect_timeout;
  b.world.ring();
  CHECK(b.world.shuts == 1);
  CHECK(b.core.status().last_error == errc::deadline_exceeded);
  b.clock.at += 1min;
  b.want(1);
  CHECK(b.world.connects == 1);
  b.world.connected(0);  // too late
  CHECK(b.core.status().connections == 0);
  CHECK(b.ready == 1);  // told that it failed
  CHECK(b.world.drains == 1);
  CHECK(b.world.connects == 2);
}

TEST_CASE("client core: a refused connection goes to the next address, then rests until the timer rings", "[http]") {
  hand_client b;
  b.world.known_addresses = 2;
  b.want(1);
  const std::size_t first = b.on(b.connecting()).address;
  b.world.connected(b.connecting(), refused);
  CHECK(b.on(b.connecting()).address == 1 - first);
  b.world.connected(b.connecting(), refused);
  CHECK(b.core.status().last_error == refused);
  CHECK(b.world.connects == 2);
  REQUIRE(b.world.rings_at > b.clock.at);
  REQUIRE(b.world.rings_at <= b.clock.at + 200ms);
  const int resolves = b.world.resolves;
  b.clock.at = b.world.rings_at;
  b.world.ring();
  CHECK(b.world.connects == 3);
  CHECK(b.world.resolves == resolves + 1);
  CHECK(b.world.drains == 2);
}

TEST_CASE("client core: a name that is not found rests, and an answer after its time is not used", "[http]") {
  hand_client b;
  b.world.known_addresses.reset();
  b.want(1);
  SECTION("not found") {
    b.world.resolved(refused, 0);
    CHECK(b.core.status().last_error == refused);
  }
  SECTION("too late") {
    b.clock.at += 5s;
    b.world.ring();
    CHECK(b.core.status().last_error == errc::deadline_exceeded);
    b.world.resolved({}, 1);
  }
  CHECK(b.world.connects == 0);
  CHECK_FALSE(b.world.resolving.has_value());
  b.clock.at = b.world.rings_at;
  b.world.ring();
  REQUIRE(b.world.resolving.has_value());
  b.world.resolved({}, 1);
  CHECK(b.world.connects == 1);
}

TEST_CASE("client core: failures count what could not be made or broke unused, and nothing else", "[http]") {
  hand_client b;
  b.want(1);
  SECTION("refused") {
    b.world.connected(b.connecting(), refused);
    CHECK(b.core.status().failures == 1);
    b.clock.at = b.world.rings_at;
    b.world.ring();
    b.world.connected(b.connecting(), refused);
    CHECK(b.core.status().failures == 2);
  }
  SECTION("not in time") {
    b.clock.at += 5s;
    b.world.ring();
    CHECK(b.core.status().failures == 1);
  }
  SECTION("hung up before it was used") {
    const exchange c = b.connecting();
    b.world.connected(c);
    b.world.ended(c);
    CHECK(b.core.status().failures == 1);
  }
  SECTION("hung up when the first request was to leave") {
    b.world.connected(b.connecting());
    b.clock.at += 10ms;
    b.world.peer_has_gone = true;
    const exchange c = b.sent("x");
    CHECK(b.core.status().failures == 1);
    b.world.posted(c);
    CHECK(b.ends.at(0).how == ending::not_sent);
  }
  SECTION("a lost request is told as one") {
    const exchange c = b.connecting();
    b.world.connected(c);
    b.sent("x");
    b.world.broke(c, reset);
    CHECK(b.ends.at(0).how == ending::maybe_sent);
    CHECK(b.core.status().failures == 0);
  }
  SECTION("a connection that answered may be closed by its peer") {
    const exchange c = b.connecting();
    b.world.connected(c);
    b.sent("x");
    b.world.got(c, ok);
    b.world.ended(c);
    CHECK(b.core.status().failures == 0);
  }
  SECTION("one that lay idle is closed by us") {
    b.world.connected(b.connecting());
    b.clock.at += 10min;
    b.world.ring();
    CHECK(b.core.status().connections == 0);
    CHECK(b.core.status().failures == 0);
  }
}

TEST_CASE("client core: a name that is not found is a failure each time it is asked for", "[http]") {
  hand_client b;
  b.world.known_addresses.reset();
  b.want(1);
  b.world.resolved(refused, 0);
  CHECK(b.core.status().failures == 1);
  b.clock.at = b.world.rings_at;
  b.world.ring();
  b.clock.at += 5s;  // no answer in time
  b.world.ring();
  CHECK(b.core.status().failures == 2);
}

TEST_CASE("client core: the timer is set again only when something is due earlier, and closes what is idle too long",
          "[http]") {
  setting s;
  hand_client b(s);
  b.want(1);
  CHECK(b.world.timers == 1);
  const exchange c = b.acquire();
  b.core.release(c, b.clock.at);
  b.clock.at += 10ms;
  for (int i = 0; i < 5; ++i) b.world.got(b.sent("x"), ok);
  const time_point answered_at = b.clock.at;
  CHECK(b.world.timers == 1);
  const time_point due = b.world.rings_at;
  b.world.ring();  // early
  CHECK(b.world.rings_at == due);
  for (int rings = 0; rings < 3 && b.on(c).is_open; ++rings) {
    b.clock.at = b.world.rings_at;
    b.world.ring();
  }
  CHECK_FALSE(b.on(c).is_open);
  CHECK(b.clock.at == answered_at + s.options.idle_timeout);
  CHECK_FALSE(b.core.status().last_error);
  b.world.broke(c, aborted);
  CHECK(b.world.drains == 1);
}

TEST_CASE("client core: no more connections are opened than there may be", "[http]") {
  hand_client b;
  b.want(100);
  for (int round = 0; round < 3; ++round) {
    for (exchange c = 0; c < b.world.connections.size(); ++c) {
      if (b.on(c).connecting) b.world.connected(c);
    }
  }
  CHECK(b.world.connects == 4);
  CHECK(b.core.status().connections == 4);
  CHECK(b.ready == 4);
}

// ---- TLS

TEST_CASE("client core tls: nothing is ready before the handshake", "[http]") {
  setting s;
  s.tls = true;
  hand_client b(s);
  b.want(1);
  const exchange c = b.connecting();
  b.world.connected(c);
  CHECK(b.ready == 0);
  CHECK(b.world.reads == 0);
  b.world.handshaken(c);
  CHECK(b.ready == 1);
  CHECK(b.core.status().connections == 1);
}

TEST_CASE("client core tls: a handshake that fails, or cannot be started, opens nothing", "[http]") {
  setting s;
  s.tls = true;
  hand_client b(s);
  b.want(1);
  const exchange c = b.connecting();
  if (GENERATE(true, false)) {
    b.world.connected(c);
    b.world.handshaken(c, refused);
  } else {
    b.world.handshake_error = refused;
    b.world.connected(c);
  }
  CHECK(b.ready == 1);  // told that it failed
  CHECK(b.core.status().connections == 0);
  CHECK(b.core.status().last_error == refused);
  CHECK(b.world.shuts == 1);
  CHECK(b.world.drains == 1);
}

TEST_CASE("client core tls: a started write counts as written", "[http]") {
  setting s;
  s.tls = true;
  hand_client b(s);
  const exchange c = b.sent("hello");
  CHECK(b.world.writes_now == 0);
  CHECK(b.on(c).rest == b.request("hello"));
  SECTION("reset") {
    b.world.broke(c, reset);
    CHECK(b.ends == std::vector<ended>{{c, ending::maybe_sent, 0, "", reset}});
    b.world.written(c, aborted);
  }
  SECTION("no end of the write in time") {
    b.clock.at += 10s;
    b.world.ring();
    CHECK(b.ends == std::vector<ended>{{c, ending::maybe_sent, 0, "", errc::deadline_exceeded}});
    b.world.written(c, aborted);
    CHECK(b.world.drains == 0);
    b.world.broke(c, aborted);
  }
  SECTION("the write fails, then the read") {
    b.world.written(c, reset);
    CHECK(b.ends.empty());
    b.world.broke(c, errc::connection_closed);
    CHECK(b.ends == std::vector<ended>{{c, ending::maybe_sent, 0, "", errc::connection_closed}});
  }
  CHECK(b.world.drains == 1);
}

TEST_CASE("client core tls: what leaves at once needs no answer, and the next request follows", "[http]") {
  setting s;
  s.tls = true;
  hand_client b(s);
  b.world.all_leaves = true;
  const exchange c = b.sent("hello");
  CHECK_FALSE(b.on(c).writing);
  CHECK(b.on(c).sent == b.request("hello"));
  b.world.got(c, ok);
  CHECK(b.ends.size() == 1);
  CHECK(b.sent("again") == c);
  b.world.broke(c, reset);
  CHECK(b.ends.size() == 2);
  CHECK(b.ends.back().how == ending::maybe_sent);
  CHECK(b.world.drains == 1);
}

// ---- being gone

TEST_CASE("client core: after shut_down() nothing is told and nothing is asked for, whatever is answered", "[http]") {
  setting s;
  s.options.connections_max = 1;
  s.tls = GENERATE(false, true);
  const int stage = GENERATE(range(0, 8));
  CAPTURE(s.tls, stage);
  hand_client b(s);
  if (stage == 0) b.world.known_addresses.reset();
  b.want(1);
  if (stage > 1) b.world.connected(0);
  if (stage > 2 && s.tls) b.world.handshaken(0);
  if (stage > 3 && b.core.status().connections == 1) {
    const exchange c = b.acquire();
    if (stage == 5) b.world.takes = 5;
    if (stage == 6) b.world.write_error = reset;
    b.send(c, "hello");
  }
  if (stage == 7) {
    b.clock.at += 2min;
    b.world.ring();
  }
  const int calls = b.world.calls();
  const auto told = b.ends.size() + static_cast<std::size_t>(b.ready);
  b.shut_down();
  if (b.world.resolving) b.world.resolved({}, 1);
  if (b.on(0).connecting) b.world.connected(0);
  if (b.on(0).handshaking) b.world.handshaken(0);
  if (b.on(0).posted) b.world.posted(0);
  if (b.on(0).writing) b.world.written(0);
  if (b.on(0).reading) b.world.got(0, ok);
  b.world.ring();
  CHECK(b.world.calls() == calls);
  CHECK(b.ends.size() + static_cast<std::size_t>(b.ready) == told);
}

TEST_CASE("client core: a listener may end it, and nothing follows", "[http]") {
  setting s;
  s.options.connections_max = 2;
  hand_client b(s);
  const auto end_it = [&] { b.shut_down(); };
  SECTION("when it is ready") {
    b.when_ready = end_it;
    b.want(1);
    b.world.connected(b.connecting());
    CHECK(b.ready == 1);
  }
  SECTION("when it is answered") {
    const exchange c = b.sent("x");
    b.when_ended = end_it;
    b.world.got(c, GENERATE(as<std::string>{}, ok, ok + "surplus"));
    CHECK(b.ends.size() == 1);
    CHECK(b.ready == 1);
  }
  SECTION("when a request is lost") {
    const exchange c = b.sent("x");
    b.when_ended = end_it;
    b.world.broke(c, reset);
    CHECK(b.ends.size() == 1);
  }
  SECTION("when a request was not sent") {
    b.world.write_error = reset;
    const exchange c = b.sent("x");
    b.when_ended = end_it;
    b.world.posted(c);
    b.world.broke(c, aborted);
    CHECK(b.ends.size() == 1);
  }
  SECTION("when the first of several is late") {
    b.want(2);
    for (const exchange c : {0U, 1U}) b.world.connected(c);
    for (int i = 0; i < 2; ++i) b.send(b.acquire(), "x");
    b.when_ended = end_it;
    b.clock.at += 2min;
    b.world.ring();
    CHECK(b.ends.size() == 1);
  }
}

TEST_CASE("client core: a listener may send from inside its calls, over the connection that has just answered",
          "[http]") {
  setting s;
  s.options = one_connection();
  hand_client b(s);
  b.when_ready = [&] {
    if (const auto c = b.core.try_acquire(b.clock.at)) b.send(*c, std::to_string(b.ends.size()));
  };
  b.want(1);
  b.world.connected(0);
  for (int i = 0; i < 5; ++i) {
    CHECK(b.on(0).sent == b.request(std::to_string(i)));
    b.on(0).sent.clear();
    b.world.got(0, ok);
  }
  CHECK(b.ends.size() == 5);
  CHECK(b.world.connects == 1);
}

// ---- everything in any order

namespace {

// A peer that answers every whole request with its body, over a network that loses, cuts and delays.
class any_order {
 public:
  any_order(std::uint64_t seed, bool tls) : b_({{.connections_max = 3}, http_method::post, tls}), random_(seed) {
    b_.world.known_addresses.reset();
    b_.when_ended = [this] { note_end(); };
  }

  void step(bool may_fail) {
    may_fail_ = may_fail;
    if (b_.world.resolving && one_in(2)) b_.world.resolved(fault(), 2);
    const auto c = static_cast<exchange>(random_.below(carried_.size()));
    if (b_.on(c).is_busy()) answer(c);
    b_.clock.at += std::chrono::milliseconds(random_.below(may_fail ? 400 : 20));
    if (b_.world.rings_at <= b_.clock.at) b_.world.ring();
  }
  void start() {
    b_.want(random_.below(5));
    const auto c = b_.core.try_acquire(b_.clock.at);
    if (!c) return;
    carried& on = carried_[*c];
    if (on.under_way) b_.out_of_turn += 1;
    if (one_in(8)) return b_.core.release(*c, b_.clock.at);
    b_.world.takes = one_in(3) ? random_.below(150) : fake::transport::everything;
    b_.world.write_error = one_in(20) ? reset : error_code();
    b_.world.peer_has_gone = one_in(20);
    b_.on(*c).sent.clear();
    on = {std::to_string(++requests_), true, false, false, {}};
    b_.send(*c, on.body);
    on.may_have_left = !b_.on(*c).sent.empty() || b_.on(*c).writing;
  }
  void check_over() {
    CHECK(b_.ends.size() == requests_);
    CHECK(b_.core.status().in_flight == 0);
    CHECK(wrong_ == 0);
    for (const auto how : {ending::answered, ending::not_sent, ending::maybe_sent}) {
      CHECK(std::any_of(b_.ends.begin(), b_.ends.end(), [&](const ended& e) { return e.how == how; }));
    }
  }
  [[nodiscard]] bool is_quiet() const { return b_.ends.size() == requests_; }

 private:
  struct carried {
    std::string body;
    bool under_way = false;
    bool may_have_left = false;  // a byte of it
    bool answer_is_ready = false;
    std::string inbox;  // of the answer, what was not read yet
  };

  bool one_in(std::uint64_t n) { return random_.below(n) == 0; }
  error_code fault() { return may_fail_ && one_in(6) ? reset : error_code(); }

  void answer(exchange c) {
    auto& on = b_.on(c);
    const error_code ec = on.is_open ? fault() : aborted;
    if (on.connecting) return b_.world.connected(c, ec);
    if (on.handshaking) return b_.world.handshaken(c, ec);
    if (on.posted && one_in(2)) return b_.world.posted(c);
    if (on.writing && one_in(2)) return b_.world.written(c, ec);
    if (on.reading) read(c, ec);
  }
  void read(exchange c, error_code ec) {
    carried& at = carried_[c];
    if (ec) return b_.world.broke(c, ec);
    if (at.under_way && !at.answer_is_ready && b_.on(c).sent == b_.request(at.body)) {
      at.answer_is_ready = true;
      at.inbox = "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(at.body.size()) + "\r\n\r\n" + at.body;
    }
    if (at.inbox.empty()) {
      if (may_fail_ && one_in(30)) b_.world.ended(c);
      return;
    }
    const std::string next = at.inbox.substr(0, 1 + random_.below(at.inbox.size()));
    at.inbox.erase(0, next.size());
    b_.world.got(c, next);
  }
  void note_end() {
    const ended& e = b_.ends.back();
    carried& at = carried_[e.on];
    const bool is_whole = e.body == at.body && at.inbox.empty();
    const bool is_lost = e.why.failed() && (e.how == ending::maybe_sent) == at.may_have_left;
    wrong_ += at.under_way && (e.how == ending::answered ? is_whole : is_lost) ? 0 : 1;
    at = {};
  }

  hand_client b_;
  random_bits random_;
  std::array<carried, 3> carried_;
  std::size_t requests_ = 0;
  int wrong_ = 0;
  bool may_fail_ = true;
};

}  // namespace

TEST_CASE("client core: in whatever order answers come, each request ends once and as what became of it", "[http]") {
  const bool tls = GENERATE(false, true);
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    CAPTURE(tls, seed);
    any_order run(seed, tls);
    for (int i = 0; i < 4000; ++i) {
      if (i % 3 == 0) run.start();
      run.step(true);
    }
    for (int i = 0; i < 4000 && !run.is_quiet(); ++i) run.step(false);
    run.check_over();
  }
}
