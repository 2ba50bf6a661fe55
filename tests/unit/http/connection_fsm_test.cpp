// http/connection_fsm_test - every event in every state, and the rule of not_sent and maybe_sent.
#include <algorithm>
#include <array>
#include <http/connection_fsm.hpp>
#include <optional>
#include <random>
#include <support/catch.hpp>
#include <vector>

using namespace broadside;
using namespace broadside::http;
using namespace std::chrono_literals;
using S = connection_state;
using E = connection_event;
using P = connection_step;

namespace {

const error_code lost = make_error_code(errc::connection_closed);
const time_point start{1h};

http_options timeouts() {
  http_options o;
  o.connect_timeout = 1s;
  o.write_timeout = 2s;
  o.response_timeout = 3s;
  o.idle_timeout = 4s;
  return o;
}
const http_options times = timeouts();

// A state, as reached by events; `touched` is writing with bytes gone, `late_answer` is reading what nothing may
// follow.
struct place {
  const char* name;
  S state;
  bool tls;
  std::vector<E> path;
};

const std::vector<place> places{
    {"closed", S::closed, false, {}},
    {"connecting", S::connecting, false, {E::open}},
    {"connecting tls", S::connecting, true, {E::open}},
    {"handshaking", S::handshaking, true, {E::open, E::connected}},
    {"idle", S::idle, false, {E::open, E::connected}},
    {"idle tls", S::idle, true, {E::open, E::connected, E::handshaken}},
    {"acquired", S::acquired, false, {E::open, E::connected, E::acquire}},
    {"writing", S::writing, false, {E::open, E::connected, E::acquire, E::send}},
    {"touched", S::writing, false, {E::open, E::connected, E::acquire, E::send, E::wrote_some}},
    {"reading", S::reading, false, {E::open, E::connected, E::acquire, E::send, E::wrote_all}},
    {"broken", S::reading, false, {E::open, E::connected, E::acquire, E::send, E::wrote_some, E::write_failed}},
    {"telling", S::telling, false, {E::open, E::connected, E::acquire, E::send, E::wrote_all, E::answered}},
    {"telling last", S::telling, false, {E::open, E::connected, E::acquire, E::send, E::wrote_all, E::answered_last}},
    {"closing", S::closing, false, {E::open, E::failed}},
};

struct row {
  const char* place;
  E event;
  S to;
  P step;
  std::optional<ending> end = std::nullopt;
};

// Every pair that is not here changes nothing. `tick` is taken long after every deadline.
const std::vector<row> table{
    {"closed", E::open, S::connecting, P::connect},
    {"connecting", E::connected, S::idle, P::ready},
    {"connecting", E::failed, S::closing, P::close},
    {"connecting", E::tick, S::closing, P::close},
    {"connecting tls", E::connected, S::handshaking, P::handshake},
    {"connecting tls", E::failed, S::closing, P::close},
    {"connecting tls", E::tick, S::closing, P::close},
    {"handshaking", E::handshaken, S::idle, P::ready},
    {"handshaking", E::failed, S::closing, P::close},
    {"handshaking", E::tick, S::closing, P::close},
    {"idle", E::acquire, S::acquired, P::none},
    {"idle", E::failed, S::closing, P::close},
    {"idle", E::tick, S::closing, P::close},
    {"idle tls", E::acquire, S::acquired, P::none},
    {"idle tls", E::failed, S::closing, P::close},
    {"idle tls", E::tick, S::closing, P::close},
    {"acquired", E::release, S::idle, P::ready},
    {"acquired", E::send, S::writing, P::check_then_write},
    {"writing", E::wrote_some, S::writing, P::none},
    {"writing", E::wrote_all, S::reading, P::none},
    {"writing", E::write_failed, S::closing, P::close, ending::not_sent},
    {"writing", E::failed, S::closing, P::close, ending::not_sent},
    {"writing", E::answered, S::telling, P::tell},
    {"writing", E::answered_last, S::telling, P::tell},
    {"writing", E::tick, S::closing, P::close, ending::not_sent},
    {"touched", E::wrote_some, S::writing, P::none},
    {"touched", E::wrote_all, S::reading, P::none},
    {"touched", E::write_failed, S::reading, P::none},
    {"touched", E::failed, S::closing, P::close, ending::maybe_sent},
    {"touched", E::answered, S::telling, P::tell},
    {"touched", E::answered_last, S::telling, P::tell},
    {"touched", E::tick, S::closing, P::close, ending::maybe_sent},
    {"reading", E::answered, S::telling, P::tell},
    {"reading", E::answered_last, S::telling, P::tell},
    {"reading", E::failed, S::closing, P::close, ending::maybe_sent},
    {"reading", E::tick, S::closing, P::close, ending::maybe_sent},
    {"broken", E::answered, S::telling, P::tell},
    {"broken", E::answered_last, S::telling, P::tell},
    {"broken", E::failed, S::closing, P::close, ending::maybe_sent},
    {"broken", E::tick, S::closing, P::close, ending::maybe_sent},
    {"telling", E::told, S::idle, P::ready},
    {"telling last", E::told, S::closing, P::close},
    {"closing", E::drained, S::closed, P::none},
};

connection_fsm at(const place& p) {
  connection_fsm fsm(times, p.tls);
  for (const E e : p.path) fsm.resume(e, start, e == E::failed ? lost : error_code{});
  return fsm;
}

connection_fsm at(std::string_view name) {
  return at(*std::find_if(places.begin(), places.end(), [&](const place& p) { return p.name == name; }));
}

}  // namespace

TEST_CASE("connection_fsm: every event in every state does what the table says and nothing else", "[http]") {
  std::size_t met = 0;
  for (const place& p : places) {
    REQUIRE(at(p).state() == p.state);
    for (std::size_t i = 0; i < connection_event_count; ++i) {
      const E e = static_cast<E>(i);
      connection_fsm fsm = at(p);
      const time_point before = fsm.deadline();
      const auto action = fsm.resume(e, start + 24h, lost);
      const auto expected =
          std::find_if(table.begin(), table.end(), [&](const row& r) { return r.place == p.name && r.event == e; });
      CAPTURE(p.name, i);
      if (expected == table.end()) {
        CHECK(fsm.state() == p.state);
        CHECK(fsm.deadline() == before);
        CHECK(action.step == P::none);
        CHECK_FALSE(action.end.has_value());
        continue;
      }
      ++met;
      CHECK(fsm.state() == expected->to);
      CHECK(action.step == expected->step);
      CHECK(action.end == expected->end);
      if (action.end) CHECK(action.why);
    }
  }
  CHECK(met == table.size());
}

TEST_CASE("connection_fsm: each phase has its own deadline, and a tick before it changes nothing", "[http]") {
  struct limit {
    const char* place;
    duration after;
  };
  const auto l = GENERATE(values<limit>({{"connecting", 1s},
                                         {"handshaking", 1s},
                                         {"idle", 4s},
                                         {"writing", 2s},
                                         {"touched", 2s},
                                         {"reading", 3s},
                                         {"broken", 2s}}));
  CAPTURE(l.place);
  connection_fsm fsm = at(l.place);
  const S before = fsm.state();
  CHECK(fsm.deadline() == start + l.after);
  CHECK(fsm.resume(E::tick, start + l.after - 1ns).step == P::none);
  CHECK(fsm.state() == before);
  const auto late = fsm.resume(E::tick, start + l.after);
  CHECK(late.step == P::close);
  CHECK((before == S::idle ? !late.why : late.why == errc::deadline_exceeded));
}

TEST_CASE("connection_fsm: states without a deadline have none", "[http]") {
  const std::string name = GENERATE(as<std::string>{}, "closed", "acquired", "telling", "closing");
  CHECK(at(name).deadline() == time_point::max());
}

TEST_CASE("connection_fsm: a peer is looked at again only after a pause", "[http]") {
  connection_fsm fsm = at("acquired");
  CHECK(fsm.resume(E::send, start + connection_fsm::trusted_for - 1ns).step == P::write);
  fsm = at("acquired");
  CHECK(fsm.resume(E::send, start + connection_fsm::trusted_for).step == P::check_then_write);
  fsm = at("acquired");
  CHECK(fsm.resume(E::send, start - 1s).step == P::write);
}

TEST_CASE("connection_fsm: after an answer that came before the request was out nothing is reused", "[http]") {
  for (const char* name : {"writing", "touched", "broken"}) {
    CAPTURE(name);
    connection_fsm fsm = at(name);
    CHECK(fsm.resume(E::answered, start).step == P::tell);
    CHECK(fsm.resume(E::told, start).step == P::close);
  }
}

TEST_CASE("connection_fsm: a connection that is given back has been idle since it was, however often it is acquired",
          "[http]") {
  connection_fsm fsm = at("acquired");
  for (const duration later : {1s, 2s, 3s}) {
    CHECK(fsm.resume(E::release, start + later).step == P::ready);
    CHECK(fsm.deadline() == start + times.idle_timeout);
    fsm.resume(E::acquire, start + later);
  }
  CHECK(fsm.resume(E::send, start + 3s).step == P::check_then_write);
  fsm = at("acquired");
  fsm.resume(E::release, start + 5s);  // its time is over
  CHECK(fsm.resume(E::tick, start + 5s).step == P::close);
}

TEST_CASE("connection_fsm: whatever happens, a request ends once and never as not_sent after a byte", "[http]") {
  std::mt19937_64 random(GENERATE(1U, 2U, 3U, 4U));
  connection_fsm fsm(times, GENERATE(false, true));
  time_point now = start;
  bool under_way = false;
  bool touched = false;
  bool answered = false;
  std::size_t ended = 0;
  std::size_t sent = 0;
  for (int i = 0; i < 20'000; ++i) {
    const S before = fsm.state();
    // Every other event is one that leads on, or most of the time would be spent closed.
    constexpr std::array onward{E::open,      E::connected, E::handshaken, E::acquire, E::send,
                                E::wrote_all, E::answered,  E::told,       E::drained};
    const E e = random() % 2 == 0 ? onward[static_cast<std::size_t>(before)]
                                  : static_cast<E>(random() % connection_event_count);
    now += std::chrono::milliseconds(random() % 100);
    const auto action = fsm.resume(e, now, lost);
    if (before == S::acquired && e == E::send) ++sent, under_way = true, touched = false;
    if (before == S::writing && (e == E::wrote_some || e == E::wrote_all)) touched = true;
    if (action.step == P::tell) {
      answered = e == E::answered || e == E::answered_last;
      if (!under_way || !answered) FAIL("an answer nobody asked for");
      under_way = false, ++ended;
    }
    if (!action.end) continue;
    if (!under_way) FAIL("ended twice");
    under_way = false, ++ended;
    if (*action.end != (touched ? ending::maybe_sent : ending::not_sent)) FAIL("ended wrongly at step " << i);
    if (action.step != P::close) FAIL("ended and not closed");
  }
  CHECK(ended + (under_way ? 1U : 0U) == sent);
  CHECK(sent > 500);
}
