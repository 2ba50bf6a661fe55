// http/client_core - one route's client on one shard: does with a transport what pool and connection_fsm decide.
#include <algorithm>
#include <charconv>
#include <http/client_core.hpp>
#include <utility>

namespace broadside::http {

struct client_core::connection {
  connection(exchange place, const http_options& options)
      : index(place), parser(options.response_head_max, options.response_body_max) {
    body.reserve(2048);
  }

  const exchange index;
  response_parser parser;
  std::string body;               // of the request, or the rest of its target; the dispatcher fills it
  std::array<char, 32> length{};  // its Content-Length and the empty line
  unsigned operations = 0;        // asked of the transport and not answered, with memory of this connection
  bool is_reading = false;
  connection_action posted;  // an end to be told from the loop
};

client_core::client_core(transport& world, request_head head, bool tls, const http_options& options, environment& env,
                         std::uint64_t seed, client_listener& listener)
    : world_(world),
      head_(std::move(head)),
      options_(options),
      tls_(tls),
      env_(env),
      listener_(&listener),
      pool_(options_, tls, seed),
      connections_(options_.connections_max) {
  swept_.reserve(options_.connections_max);
}

client_core::~client_core() = default;

// ---- the dispatcher's side

void client_core::want(std::size_t exchanges, time_point now) {
  pool_.want(exchanges);
  settle(now);
}

std::optional<exchange> client_core::try_acquire(time_point now) { return pool_.try_acquire(now); }

std::string& client_core::body(exchange index) { return connections_[index]->body; }

void client_core::send(exchange index, time_point now) {
  connection& c = *connections_[index];
  c.parser.reset();
  happened_inside(c, connection_event::send, now);
  settle(now);
}

void client_core::release(exchange index, time_point now) {
  happened_inside(*connections_[index], connection_event::release, now);
  settle(now);
}

client_status client_core::status() const { return pool_.status(); }

// ---- what the pool asks for

void client_core::settle(time_point now) {
  for (pool_task task = pool_.next_task(now); task.what != pool_task::kind::none; task = pool_.next_task(now)) {
    if (task.what == pool_task::kind::connect) {
      open(task);
    } else if (const auto known = world_.resolve(task.serial)) {
      pool_.resolved(task.serial, *known, now);
    }
  }
  // One timer for all: set again only when something is due earlier than it will ring.
  if (pool_.next_deadline() >= timer_at_) return;
  timer_at_ = pool_.next_deadline();
  world_.set_timer(timer_at_, now);
}

void client_core::on_timer() {
  if (is_gone()) return;
  const time_point now = env_.now();
  timer_at_ = time_point::max();
  pool_.sweep(now, swept_);
  for (const pool::swept& late : swept_) {
    perform(*connections_[late.connection], late.action, now);
    if (is_gone()) return;
  }
  settle(now);
  tell_failures();
}

void client_core::on_resolved(std::uint32_t serial, error_code ec, std::size_t addresses) {
  if (is_gone()) return;
  const time_point now = env_.now();
  if (ec) {
    pool_.resolve_failed(serial, ec, now);
  } else {
    pool_.resolved(serial, addresses, now);
  }
  settle(now);
  tell_failures();
}

void client_core::open(const pool_task& task) {
  auto& place = connections_[task.connection];
  if (!place) place = std::make_unique<connection>(task.connection, options_);
  ++place->operations;
  world_.connect(task.connection, task.address);
}

// ---- opening

// False when the connection is being closed, or the client is gone: there is nothing to go on with.
bool client_core::end_of_operation(connection& c, time_point now) {
  --c.operations;
  if (is_gone()) return false;
  if (pool_.state(c.index) != connection_state::closing) return true;
  drain(c, now);
  settle(now);
  return false;
}

void client_core::on_connected(exchange index, error_code ec) {
  connection& c = *connections_[index];
  const time_point now = env_.now();
  if (!end_of_operation(c, now)) return;
  happened(c, ec ? connection_event::failed : connection_event::connected, now, ec);
  if (!is_gone()) settle(now);
}

void client_core::start_handshake(connection& c, time_point now) {
  if (const error_code ec = world_.handshake(c.index)) return happened(c, connection_event::failed, now, ec);
  ++c.operations;
}

void client_core::on_handshaken(exchange index, error_code ec) {
  connection& c = *connections_[index];
  const time_point now = env_.now();
  if (!end_of_operation(c, now)) return;
  happened(c, ec ? connection_event::failed : connection_event::handshaken, now, ec);
  if (!is_gone()) settle(now);
}

// ---- an exchange

// What could not be written ends as a connection that failed does, so that the pool's back-off bounds how often.
void client_core::write(connection& c, bool check_peer, time_point now) {
  if (!is_sendable(c)) return happened_inside(c, connection_event::failed, now, errc::invalid_argument);
  if (check_peer && world_.peer_has_closed(c.index)) {
    return happened_inside(c, connection_event::failed, now, errc::connection_closed);
  }
  return tls_ ? write_tls(c, now) : write_plain(c, now);
}

bool client_core::is_sendable(const connection& c) const noexcept {
  return head_.method == http_method::post || is_target_rest(c.body);
}

// Views into the head and the connection: good until the exchange ends.
std::array<std::string_view, transport::pieces_max> client_core::pieces_of(connection& c) const {
  if (head_.method == http_method::get) return {head_.start, c.body, head_.end};
  char* const end = std::to_chars(c.length.data(), c.length.data() + c.length.size() - 4, c.body.size()).ptr;
  std::copy_n("\r\n\r\n", 4, end);
  const std::size_t length = static_cast<std::size_t>(end - c.length.data()) + 4;
  return {head_.start, {c.length.data(), length}, c.body};
}

// All pieces leave in one system call, at once: what could not be written is known, and so is that nothing was.
void client_core::write_plain(connection& c, time_point now) {
  auto rest = pieces_of(c);
  error_code ec;
  std::size_t gone = world_.write_now(c.index, rest, ec);
  if (ec) return happened_inside(c, connection_event::write_failed, now, ec);
  if (gone == rest[0].size() + rest[1].size() + rest[2].size()) {
    return happened_inside(c, connection_event::wrote_all, now);
  }
  for (std::string_view& piece : rest) {
    const std::size_t part = std::min(gone, piece.size());
    piece.remove_prefix(part);
    gone -= part;
  }
  happened_inside(c, connection_event::wrote_some, now);
  write_all(c, rest, now);
}

// What TLS has taken cannot be taken back: a started write counts as written.
void client_core::write_tls(connection& c, time_point now) {
  const auto all = pieces_of(c);
  happened_inside(c, connection_event::wrote_some, now);
  write_all(c, all, now);
}

void client_core::write_all(connection& c, transport::pieces all, time_point now) {
  if (world_.write_all(c.index, all)) return happened_inside(c, connection_event::wrote_all, now);
  ++c.operations;
}

void client_core::on_written(exchange index, error_code ec) {
  connection& c = *connections_[index];
  const time_point now = env_.now();
  if (!end_of_operation(c, now)) return;
  happened(c, ec ? connection_event::write_failed : connection_event::wrote_all, now, ec);
  if (!is_gone()) settle(now);
}

// One read is pending all the time a connection is open: idle, it notices a peer that closes; later it is the answer's.
void client_core::start_read(connection& c) {
  if (c.is_reading) return;
  c.is_reading = true;
  ++c.operations;
  world_.read(c.index);
}

void client_core::on_read(exchange index, error_code ec, std::string_view bytes) {
  connection& c = *connections_[index];
  const time_point now = env_.now();
  c.is_reading = false;
  if (!end_of_operation(c, now)) return;
  const connection_state s = pool_.state(index);
  if (s == connection_state::writing || s == connection_state::reading) {
    feed(c, ec, bytes, now);
  } else {
    if (!ec) ec = bytes.empty() ? errc::connection_closed : errc::malformed_response;
    happened(c, connection_event::failed, now, ec);
  }
  if (!is_gone()) settle(now);
}

void client_core::feed(connection& c, error_code ec, std::string_view bytes, time_point now) {
  using progress = response_parser::progress;
  if (ec) return happened(c, connection_event::failed, now, ec);
  const progress at = bytes.empty() ? c.parser.finish() : c.parser.feed(bytes);
  if (at == progress::failed) return happened(c, connection_event::failed, now, c.parser.error());
  if (at == progress::need_more) return start_read(c);
  happened(c, c.parser.keep_alive() ? connection_event::answered : connection_event::answered_last, now);
}

void client_core::tell_answer(connection& c, time_point now) {
  exchange_end end;
  end.how = ending::answered;
  end.at = now;
  end.response = c.parser.response(c.parser.needs_wall_time() ? env_.wall_now() : wall_time{});
  listener_->on_end(c.index, end);
  if (!is_gone()) happened(c, connection_event::told, now);
}

// ---- doing what was decided

void client_core::happened(connection& c, connection_event event, time_point now, const error_code& why) {
  perform(c, pool_.on(c.index, event, now, why), now);
  if (!is_gone()) tell_failures();
}

// Who waits for a connection does not look again by itself.
void client_core::tell_failures() {
  const std::uint64_t failures = pool_.failures();
  if (std::exchange(told_failures_, failures) != failures) listener_->on_ready();
}

void client_core::happened_inside(connection& c, connection_event event, time_point now, const error_code& why) {
  perform_inside(c, pool_.on(c.index, event, now, why), now);
}

void client_core::perform(connection& c, const connection_action& action, time_point now) {
  switch (action.step) {
    case connection_step::handshake:
      return start_handshake(c, now);
    case connection_step::ready:
      start_read(c);
      return listener_->on_ready();
    case connection_step::tell:
      return tell_answer(c, now);
    case connection_step::close: {
      ++c.operations;  // not reusable before its end was told
      world_.shut(c.index);
      if (action.end) listener_->on_end(c.index, {*action.end, {}, action.why, now});
      --c.operations;
      if (!is_gone()) drain(c, now);
      return;
    }
    case connection_step::none:
    case connection_step::connect:
    case connection_step::write:
    case connection_step::check_then_write:
      return;
  }
}

// The same inside a call of the dispatcher, who must not be called back: an end goes through the loop.
void client_core::perform_inside(connection& c, const connection_action& action, time_point now) {
  switch (action.step) {
    case connection_step::ready:
      return start_read(c);
    case connection_step::write:
    case connection_step::check_then_write:
      return write(c, action.step == connection_step::check_then_write, now);
    case connection_step::close:
      world_.shut(c.index);
      if (!action.end) return drain(c, now);
      c.posted = action;
      ++c.operations;
      return world_.post(c.index);
    default:
      return;
  }
}

void client_core::on_posted(exchange index) {
  connection& c = *connections_[index];
  const connection_action action = std::exchange(c.posted, {});
  const time_point now = env_.now();
  if (!is_gone() && action.end) listener_->on_end(index, {*action.end, {}, action.why, now});
  static_cast<void>(end_of_operation(c, now));
}

// What a connection that is being closed holds may be used again only when nothing is under way with it.
void client_core::drain(connection& c, time_point now) {
  if (c.operations != 0) return;
  world_.drained(c.index);
  pool_.on(c.index, connection_event::drained, now);
}

}  // namespace broadside::http
