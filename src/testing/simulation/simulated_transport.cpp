// testing/simulation/simulated_transport - see simulated_transport.hpp.
#include <boost/system/errc.hpp>
#include <testing/simulation/simulated_transport.hpp>
#include <utility>

namespace broadside::testing::sim {
namespace {

namespace failed = boost::system::errc;

std::string joined(http::transport::pieces some) {
  std::string all;
  for (const std::string_view piece : some) all += piece;
  return all;
}

/// The message ids of a request, as this library prints them, each once: the reference for delivery reports repeats it.
std::vector<std::string> ids_in(std::string_view request) {
  constexpr std::string_view mark = "\"bs-";
  constexpr std::size_t length = 19;  // "bs-" and 16 digits
  std::vector<std::string> ids;
  if (!request.starts_with("POST")) return ids;
  for (std::size_t at = request.find(mark); at != std::string_view::npos; at = request.find(mark, at + length)) {
    const std::string_view id = request.substr(at + 1, length);
    if (ids.empty() || ids.back() != id) ids.emplace_back(id);
  }
  return ids;
}

}  // namespace

void simulated_transport::close_all() {
  for (const auto& w : wires_) {
    if (w && w->on) std::exchange(w->on, nullptr)->close();
  }
}

std::optional<std::size_t> simulated_transport::resolve(std::uint32_t serial) {
  world_.after(world_.up_to(concern::network, std::chrono::milliseconds{5}), who_,
               [this, serial] { core_->on_resolved(serial, {}, 2); });
  return std::nullopt;
}

void simulated_transport::connect(http::exchange e, std::size_t) {
  if (!wires_[e]) wires_[e] = std::make_unique<wire>();
  wire& w = *wires_[e];
  w.owner = this;
  w.index = e;
  w.hangs = w.reading = w.shut = w.has_begun = false;
  const auto& f = world_.faults;
  const bool refused = world_.happens(concern::network, f.connect_refused);
  const bool hangs = world_.happens(concern::network, f.connect_hangs);
  const bool gone = host_.gone_until > world_.now();
  const duration there_and_back = 2 * duration{f.latency} + world_.up_to(concern::network, f.latency_jitter);
  if (hangs || (gone && world_.dice(concern::network).below(2) == 0)) {
    w.hangs = true;
    if (hangs) ++world_.counts.hung;
    return;
  }
  if (refused) ++world_.counts.refused;
  world_.after(there_and_back, who_, [this, e, no = refused || gone] {
    wire& now = *wires_[e];
    if (now.shut) return core_->on_connected(e, failed::make_error_code(failed::operation_canceled));
    if (no) return core_->on_connected(e, failed::make_error_code(failed::connection_refused));
    open(now);
    core_->on_connected(e, {});
  });
}

void simulated_transport::open(wire& w) {
  w.on = std::make_shared<line>(world_, host_, who_, ++lines_);
  w.on->user = &w;
}

error_code simulated_transport::handshake(http::exchange e) {
  const duration two_rounds = 4 * duration{world_.faults.latency};
  world_.after(two_rounds, who_, [this, e] {
    const bool works = !wires_[e]->shut && !wires_[e]->on->broken;
    core_->on_handshaken(e, works ? error_code{} : failed::make_error_code(failed::connection_reset));
  });
  return {};
}

bool simulated_transport::peer_has_closed(http::exchange e) {
  const line& l = *wires_[e]->on;
  return l.ended || l.broken || !l.inbox.empty();
}

/// What is noted when a request's first byte leaves: the instant its permission was for.
void simulated_transport::begin_request(wire& w, const std::string& all) {
  departure left{world_.now(), host_.index, engine_, ids_in(all), world_.wall_now()};
  ++world_.counts.requests;
  world_.counts.messages += left.ids.size();
  for (const std::string& id : left.ids) world_.note("{} is sent to {} on line {}", id, host_.name, w.on->number());
  if (left.ids.empty()) world_.note("{} is asked on line {}", host_.name, w.on->number());
  world_.departures.push_back(std::move(left));
  w.on->begin_request(all.size());
}

std::size_t simulated_transport::write_now(http::exchange e, pieces some, error_code& why) {
  wire& w = *wires_[e];
  if (w.on->broken) {
    why = failed::make_error_code(failed::connection_reset);
    return 0;
  }
  const std::string all = joined(some);
  begin_request(w, all);
  std::size_t n = all.size();
  const bool partly = world_.happens(concern::network, world_.faults.partial_write);
  const std::uint64_t part = world_.dice(concern::network).below(all.size() - 1);
  if (partly) {
    ++world_.counts.partial_writes;
    n = static_cast<std::size_t>(1 + part);
    w.has_begun = true;
  }
  w.on->send(std::string_view(all).substr(0, n));
  return n;
}

bool simulated_transport::write_all(http::exchange e, pieces some) {
  wire& w = *wires_[e];
  std::string all = joined(some);
  if (!std::exchange(w.has_begun, false)) begin_request(w, all);
  const duration later = world_.up_to(concern::network, 4 * duration{world_.faults.latency});
  world_.after(later, who_, [this, e, all = std::move(all)] {
    wire& now = *wires_[e];
    if (now.shut || now.on->broken) return core_->on_written(e, failed::make_error_code(failed::broken_pipe));
    now.on->send(all);
    core_->on_written(e, {});
  });
  return false;
}

void simulated_transport::read(http::exchange e) {
  wire& w = *wires_[e];
  w.reading = true;
  if (w.on->inbox.empty() && !w.on->ended && !w.on->broken) return;
  world_.after({}, who_, [this, e] { deliver(e); });
}

void simulated_transport::deliver(http::exchange e) {
  wire& w = *wires_[e];
  if (!w.reading) return;
  if (w.shut) {
    w.reading = false;
    return core_->on_read(e, failed::make_error_code(failed::operation_canceled), {});
  }
  if (!w.on->inbox.empty()) {
    w.bytes = std::exchange(w.on->inbox, {});
    w.reading = false;
    return core_->on_read(e, {}, w.bytes);
  }
  if (!w.on->ended && !w.on->broken) return;
  w.reading = false;
  core_->on_read(e, w.on->broken ? failed::make_error_code(failed::connection_reset) : error_code{}, {});
}

void simulated_transport::shut(http::exchange e) {
  wire& w = *wires_[e];
  w.shut = true;
  if (w.on) w.on->close();
  if (std::exchange(w.hangs, false)) {
    world_.after({}, who_, [this, e] { core_->on_connected(e, failed::make_error_code(failed::operation_canceled)); });
  }
  if (w.reading) world_.after({}, who_, [this, e] { deliver(e); });
}

void simulated_transport::drained(http::exchange e) { wires_[e]->on.reset(); }

void simulated_transport::post(http::exchange e) {
  world_.after({}, who_, [this, e] { core_->on_posted(e); });
}

void simulated_transport::set_timer(time_point at, time_point) {
  world_.at(at, who_, [this, mine = ++timer_serial_] {
    if (mine == timer_serial_) core_->on_timer();
  });
}

}  // namespace broadside::testing::sim
