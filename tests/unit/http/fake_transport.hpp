// http/fake_transport - a transport without a world: it notes what it is asked for, and a test gives the answers.
//
// Counts what breaks the rules of transport.hpp in `broken_rules`, so that a test that allocates nothing can use it.
#pragma once

#include <algorithm>
#include <http/client_core.hpp>
#include <http/transport.hpp>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fake {

using broadside::error_code;
using broadside::time_point;
using broadside::http::client_core;
using broadside::http::exchange;

struct connection {
  // asked for and not answered
  bool connecting = false;
  bool handshaking = false;
  bool reading = false;
  bool writing = false;
  bool posted = false;

  bool is_open = false;     // from connect() to shut()
  bool is_held = false;     // from connect() to drained()
  std::size_t address = 0;  // where it was connected to last
  std::string sent;         // all that left over it; a test may clear it
  std::string rest;         // what a write that is under way has still to write

  [[nodiscard]] bool is_busy() const { return connecting || handshaking || reading || writing || posted; }
};

class transport final : public broadside::http::transport {
 public:
  static constexpr std::size_t everything = std::numeric_limits<std::size_t>::max();

  explicit transport(std::size_t connections_max, bool over_tls) : connections(connections_max), tls(over_tls) {
    for (connection& c : connections) {
      c.sent.reserve(4096);
      c.rest.reserve(4096);
    }
  }

  client_core* core = nullptr;
  std::vector<connection> connections;
  bool tls;
  int broken_rules = 0;
  bool is_answering = false;  // the listener may be told something
  bool is_over = false;       // nothing may be asked for any more

  // what is said at once
  std::optional<std::size_t> known_addresses;
  std::size_t takes = everything;  // bytes that write_now() takes
  error_code write_error;
  bool all_leaves = false;  // what write_all() is asked for leaves at once
  error_code handshake_error;
  bool peer_has_gone = false;

  // what was asked for
  std::optional<std::uint32_t> resolving;
  time_point rings_at = time_point::max();
  int resolves = 0;
  int connects = 0;
  int looks = 0;
  int writes_now = 0;
  int writes_all = 0;
  int reads = 0;
  int shuts = 0;
  int drains = 0;
  int posts = 0;
  int timers = 0;
  [[nodiscard]] int calls() const {
    return resolves + connects + looks + writes_now + writes_all + reads + shuts + drains + posts + timers;
  }

  // ---- the answers

  void resolved(error_code ec, std::size_t addresses) {
    const std::uint32_t serial = resolving.value();
    resolving.reset();
    answer([&] { core->on_resolved(serial, ec, addresses); });
  }
  void connected(exchange c, error_code ec = {}) {
    take(connections[c].connecting);
    answer([&] { core->on_connected(c, ec); });
  }
  void handshaken(exchange c, error_code ec = {}) {
    take(connections[c].handshaking);
    answer([&] { core->on_handshaken(c, ec); });
  }
  void written(exchange c, error_code ec = {}) {
    take(connections[c].writing);
    if (!ec) connections[c].sent += connections[c].rest;
    connections[c].rest.clear();
    answer([&] { core->on_written(c, ec); });
  }
  void got(exchange c, std::string_view bytes) { read_answered(c, {}, bytes); }
  void ended(exchange c) { read_answered(c, {}, {}); }
  void broke(exchange c, error_code ec) { read_answered(c, ec, {}); }
  void posted(exchange c) {
    take(connections[c].posted);
    answer([&] { core->on_posted(c); });
  }
  void ring() {
    rings_at = time_point::max();
    answer([&] { core->on_timer(); });
  }

  // ---- the port

  std::optional<std::size_t> resolve(std::uint32_t serial) override {
    asked(resolves, true);
    if (!known_addresses) resolving = serial;
    return known_addresses;
  }
  void connect(exchange c, std::size_t address) override {
    connection& on = connections[c];
    asked(connects, !on.is_held && !on.is_busy());
    on.is_open = on.is_held = on.connecting = true;
    on.address = address;
  }
  error_code handshake(exchange c) override {
    expect(tls && connections[c].is_open && !connections[c].is_busy() && !is_over);
    connections[c].handshaking = !handshake_error.failed();
    return handshake_error;
  }
  bool peer_has_closed(exchange c) override {
    asked(looks, connections[c].is_open && connections[c].reading);
    return peer_has_gone;
  }
  std::size_t write_now(exchange c, pieces all, error_code& ec) override {
    asked(writes_now, !tls && connections[c].is_open && !connections[c].writing);
    ec = write_error;
    std::size_t n = 0;
    for (const std::string_view piece : all) {
      const std::size_t part = ec ? 0 : std::min(piece.size(), takes - n);
      connections[c].sent += piece.substr(0, part);
      n += part;
    }
    return n;
  }
  bool write_all(exchange c, pieces all) override {
    asked(writes_all, connections[c].is_open && !connections[c].writing);
    connections[c].writing = !all_leaves;
    for (const std::string_view piece : all) (all_leaves ? connections[c].sent : connections[c].rest) += piece;
    return all_leaves;
  }
  void read(exchange c) override {
    asked(reads, connections[c].is_open && !connections[c].reading);
    connections[c].reading = true;
  }
  void shut(exchange c) override {
    asked(shuts, connections[c].is_open);
    connections[c].is_open = false;
  }
  void drained(exchange c) override {
    asked(drains, !connections[c].is_open && connections[c].is_held && !connections[c].is_busy());
    connections[c].is_held = false;
  }
  void post(exchange c) override {
    asked(posts, !connections[c].posted);
    connections[c].posted = true;
  }
  void set_timer(time_point at, time_point) override {
    asked(timers, true);
    rings_at = at;
  }

 private:
  void expect(bool holds) { broken_rules += holds ? 0 : 1; }
  void asked(int& counter, bool holds) {
    ++counter;
    expect(holds && !is_over);
  }
  void take(bool& under_way) { expect(std::exchange(under_way, false)); }
  template <class Call>
  void answer(Call call) {
    const bool before = std::exchange(is_answering, true);
    call();
    is_answering = before;
  }
  void read_answered(exchange c, error_code ec, std::string_view bytes) {
    take(connections[c].reading);
    answer([&] { core->on_read(c, ec, bytes); });
  }
};

}  // namespace fake
