// http/client_driver - the client over Asio: sockets, TLS, DNS. Does what pool and connection_fsm decide.
//
// Shard thread only. In steady state a request costs no allocation: each connection owns its buffers and the memory of
// its handlers. Handlers keep everything alive by one reference that is not atomic; they touch nothing once the client
// is gone.
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <charconv>
#include <http/client_driver.hpp>
#include <http/handler_memory.hpp>
#include <http/pool.hpp>
#include <http/request_head.hpp>
#include <http/response_parser.hpp>
#include <http/tls_driver.hpp>
#include <http/url.hpp>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace broadside::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using tls_stream = asio::ssl::stream<tcp::socket&>;

constexpr std::size_t read_bytes = 8 * 1024;

// What is written, in this order.
using pieces = std::array<asio::const_buffer, 3>;

struct connection {
  connection(asio::io_context& loop, exchange place, const http_options& options)
      : index(place), socket(loop), parser(options.response_head_max, options.response_body_max) {
    body.reserve(2048);
  }

  const exchange index;
  handler_memory memory;
  tcp::socket socket;
  std::optional<tls_stream> tls;
  response_parser parser;
  std::string body;                 // of the request, or the rest of its target; the dispatcher fills it
  std::array<char, 32> length{};    // its Content-Length and the empty line
  std::string wire;                 // with TLS: all in one piece, so that it shares records
  std::array<char, read_bytes> in;  // NOLINT: filled by the socket
  unsigned handlers = 0;            // waiting in the loop, with memory of this connection
  bool is_reading = false;
  connection_action posted;  // an end to be told from the loop
};

class core final : public boost::intrusive_ref_counter<core, boost::thread_unsafe_counter> {
 public:
  core(asio::io_context& loop, origin to, request_head head, const http_options& options,
       std::optional<asio::ssl::context> tls_context, tls_options tls, environment& env, std::uint64_t seed,
       client_listener& listener)
      : loop_(loop),
        timer_(loop),
        resolver_(loop),
        origin_(std::move(to)),
        head_(std::move(head)),
        options_(options),
        tls_context_(std::move(tls_context)),
        tls_(std::move(tls)),
        env_(env),
        listener_(&listener),
        pool_(options_, origin_.tls, seed),
        connections_(options_.connections_max) {
    swept_.reserve(options_.connections_max);
  }

  void want(std::size_t exchanges, time_point now) {
    pool_.want(exchanges);
    settle(now);
  }
  std::optional<exchange> try_acquire(time_point now) { return pool_.try_acquire(now); }
  std::string& body(exchange c) { return connections_[c]->body; }
  void send(exchange, time_point now);
  void release(exchange c, time_point now) {
    perform_inside(*connections_[c], pool_.on(c, connection_event::release, now), now);
    settle(now);
  }
  [[nodiscard]] client_status status() const { return pool_.status(); }
  void shut_down();

  // what handlers call
  void on_resolved(std::uint32_t serial, error_code, const tcp::resolver::results_type&);
  void on_timer(error_code);
  void on_connected(connection&, error_code, std::size_t);
  void on_handshaken(connection&, error_code, std::size_t);
  void on_written(connection&, error_code, std::size_t);
  void on_read(connection&, error_code, std::size_t);
  void on_posted(connection&, error_code, std::size_t);

 private:
  void settle(time_point now);
  void resolve(std::uint32_t serial, time_point now);
  void connect(exchange, std::size_t address);
  void start_handshake(connection&, time_point now);
  void write(connection&, bool check_peer, time_point now);
  [[nodiscard]] pieces pieces_of(connection&) const;
  [[nodiscard]] bool is_sendable(const connection& c) const noexcept {
    return head_.method == http_method::post || is_target_rest(c.body);
  }
  void write_plain(connection&, const pieces&, time_point now);
  void write_tls(connection&, time_point now);
  void start_read(connection&);
  void feed(connection&, std::size_t n, error_code, time_point now);
  void perform(connection&, const connection_action&, time_point now);
  void perform_inside(connection&, const connection_action&, time_point now);
  void tell_answer(connection&, time_point now);
  void drain(connection&, time_point now);
  void happened(connection& c, connection_event e, time_point now, error_code why = {}) {
    perform(c, pool_.on(c.index, e, now, why), now);
  }
  [[nodiscard]] bool end_of_handler(connection&, time_point now);
  [[nodiscard]] bool is_gone() const noexcept { return listener_ == nullptr; }
  [[nodiscard]] connection_state state(const connection& c) const noexcept { return pool_.state(c.index); }

  asio::io_context& loop_;
  asio::steady_timer timer_;
  tcp::resolver resolver_;
  const origin origin_;
  const request_head head_;
  const http_options options_;
  std::optional<asio::ssl::context> tls_context_;
  const tls_options tls_;
  environment& env_;
  client_listener* listener_;  // null: the client is gone
  pool pool_;
  std::vector<std::unique_ptr<connection>> connections_;  // made when first opened, then kept
  std::vector<tcp::endpoint> addresses_;
  std::vector<pool::swept> swept_;
  time_point timer_at_ = time_point::max();
  handler_memory timer_memory_;
};

using core_ptr = boost::intrusive_ptr<core>;

// A handler of one connection. Moves only: the reference count is touched once per operation.
template <auto Member>
struct io_handler {
  using allocator_type = handler_allocator<std::byte>;
  core_ptr owner;
  connection* on;

  io_handler(core* o, connection& c) : owner(o), on(&c) { ++c.handlers; }
  io_handler(io_handler&&) noexcept = default;
  io_handler& operator=(io_handler&&) noexcept = default;
  io_handler(const io_handler&) = delete;
  io_handler& operator=(const io_handler&) = delete;
  ~io_handler() = default;

  [[nodiscard]] allocator_type get_allocator() const noexcept { return allocator_type(on->memory); }
  void operator()(error_code ec = {}, std::size_t n = 0) { (owner.get()->*Member)(*on, ec, n); }
};

struct timer_handler {
  using allocator_type = handler_allocator<std::byte>;
  core_ptr owner;
  handler_memory* memory;  // of its own, because a moved handler has no owner
  [[nodiscard]] allocator_type get_allocator() const noexcept { return allocator_type(*memory); }
  void operator()(error_code ec) { owner->on_timer(ec); }
};

void shut(connection& c) {
  error_code ignored;
  c.socket.close(ignored);
}

// ---- what the pool asks for

void core::settle(time_point now) {
  for (pool_task task = pool_.next_task(now); task.what != pool_task::kind::none; task = pool_.next_task(now)) {
    if (task.what == pool_task::kind::resolve) {
      resolve(task.serial, now);
    } else {
      connect(task.connection, task.address);
    }
  }
  // One timer for all: set again only when something is due earlier than it will ring.
  if (pool_.next_deadline() >= timer_at_) return;
  timer_at_ = pool_.next_deadline();
  timer_.expires_after(std::max(duration::zero(), timer_at_ - now));
  timer_.async_wait(timer_handler{core_ptr(this), &timer_memory_});
}

void core::on_timer(error_code ec) {
  if (is_gone() || ec == asio::error::operation_aborted) return;
  const time_point now = env_.now();
  timer_at_ = time_point::max();
  pool_.sweep(now, swept_);
  for (const pool::swept& late : swept_) {
    perform(*connections_[late.connection], late.action, now);
    if (is_gone()) return;
  }
  settle(now);
}

void core::resolve(std::uint32_t serial, time_point now) {
  error_code not_a_literal;
  const auto literal = asio::ip::make_address(origin_.host, not_a_literal);
  if (!not_a_literal) {
    addresses_.assign(1, tcp::endpoint(literal, origin_.port));
    pool_.resolved(serial, 1, now);
    return;
  }
  resolver_.async_resolve(origin_.host, std::to_string(origin_.port), tcp::resolver::numeric_service,
                          [self = core_ptr(this), serial](error_code ec, const tcp::resolver::results_type& found) {
                            self->on_resolved(serial, ec, found);
                          });
}

void core::on_resolved(std::uint32_t serial, error_code ec, const tcp::resolver::results_type& found) {
  if (is_gone()) return;
  const time_point now = env_.now();
  if (!ec && found.empty()) ec = asio::error::host_not_found;
  if (ec) {
    pool_.resolve_failed(serial, ec, now);
  } else if (pool_.resolved(serial, found.size(), now)) {
    addresses_.clear();
    for (const auto& entry : found) addresses_.push_back(entry.endpoint());
  }
  settle(now);
}

void core::connect(exchange index, std::size_t address) {
  auto& place = connections_[index];
  if (!place) place = std::make_unique<connection>(loop_, index, options_);
  place->is_reading = false;
  place->socket.async_connect(addresses_[address], io_handler<&core::on_connected>(this, *place));
}

// ---- opening

// False when the connection is being closed, or the client is gone: there is nothing to go on with.
bool core::end_of_handler(connection& c, time_point now) {
  --c.handlers;
  if (is_gone()) return false;
  if (state(c) != connection_state::closing) return true;
  drain(c, now);
  settle(now);
  return false;
}

void core::on_connected(connection& c, error_code ec, std::size_t) {
  const time_point now = env_.now();
  if (!end_of_handler(c, now)) return;
  error_code minor;
  if (!ec) {
    c.socket.set_option(tcp::no_delay(true), minor);
    c.socket.non_blocking(true, ec);
  }
  happened(c, ec ? connection_event::failed : connection_event::connected, now, ec);
  if (!is_gone()) settle(now);
}

void core::start_handshake(connection& c, time_point now) {
  const std::string& name = tls_.server_name.empty() ? origin_.host : tls_.server_name;
  c.tls.emplace(c.socket, *tls_context_);
  const error_code ec = prepare_handshake(c.tls->native_handle(), name, tls_);
  if (ec) return happened(c, connection_event::failed, now, ec);
  c.tls->async_handshake(asio::ssl::stream_base::client, io_handler<&core::on_handshaken>(this, c));
}

void core::on_handshaken(connection& c, error_code ec, std::size_t) {
  const time_point now = env_.now();
  if (!end_of_handler(c, now)) return;
  if (ec) ec = why_handshake_failed(c.tls->native_handle(), ec, tls_);
  happened(c, ec ? connection_event::failed : connection_event::handshaken, now, ec);
  if (!is_gone()) settle(now);
}

// ---- an exchange

void core::send(exchange index, time_point now) {
  connection& c = *connections_[index];
  const connection_action action = pool_.on(index, connection_event::send, now);
  c.parser.reset();
  perform_inside(c, action, now);
  settle(now);
}

bool peer_has_closed(connection& c) {
  char byte = 0;
  error_code ec;
  c.socket.receive(asio::buffer(&byte, 1), tcp::socket::message_peek, ec);
  if (c.tls && !ec) return false;         // records of TLS's own, session tickets for one: the pending read takes them
  return ec != asio::error::would_block;  // bytes nobody asked for are no better than a close
}

void core::write(connection& c, bool check_peer, time_point now) {
  if (!is_sendable(c)) {  // ends as what could not be written does, so that the pool's back-off bounds how often
    const auto action = pool_.on(c.index, connection_event::failed, now, errc::invalid_argument);
    return perform_inside(c, action, now);
  }
  if (check_peer && peer_has_closed(c)) {
    const auto action = pool_.on(c.index, connection_event::failed, now, errc::connection_closed);
    return perform_inside(c, action, now);
  }
  const pieces all = pieces_of(c);
  if (!c.tls) return write_plain(c, all, now);
  c.wire.clear();
  for (const asio::const_buffer& piece : all) c.wire.append(static_cast<const char*>(piece.data()), piece.size());
  write_tls(c, now);
}

// Views into the head and the connection: good until the exchange ends.
pieces core::pieces_of(connection& c) const {
  if (head_.method == http_method::get) {
    return {asio::buffer(head_.start), asio::buffer(c.body), asio::buffer(head_.end)};
  }
  char* const end = std::to_chars(c.length.data(), c.length.data() + c.length.size() - 4, c.body.size()).ptr;
  std::copy_n("\r\n\r\n", 4, end);
  const std::size_t length = static_cast<std::size_t>(end - c.length.data()) + 4;
  return {asio::buffer(head_.start), asio::buffer(c.length.data(), length), asio::buffer(c.body)};
}

// All pieces leave in one system call, at once: what could not be written is known, and so is that nothing was.
void core::write_plain(connection& c, const pieces& all, time_point now) {
  pieces rest = all;
  const std::size_t size = asio::buffer_size(rest);
  error_code ec;
  std::size_t n = c.socket.write_some(rest, ec);
  if (ec == asio::error::would_block) ec = {};
  if (ec) return perform_inside(c, pool_.on(c.index, connection_event::write_failed, now, ec), now);
  if (n == size) return perform_inside(c, pool_.on(c.index, connection_event::wrote_all, now), now);
  pool_.on(c.index, connection_event::wrote_some, now);
  for (asio::const_buffer& piece : rest) {
    const std::size_t gone = std::min(n, piece.size());
    piece += gone;
    n -= gone;
  }
  asio::async_write(c.socket, rest, io_handler<&core::on_written>(this, c));
}

// What OpenSSL has taken cannot be taken back: a started write counts as written.
void core::write_tls(connection& c, time_point now) {
  pool_.on(c.index, connection_event::wrote_some, now);
  asio::async_write(*c.tls, asio::buffer(c.wire), io_handler<&core::on_written>(this, c));
}

void core::on_written(connection& c, error_code ec, std::size_t) {
  const time_point now = env_.now();
  if (!end_of_handler(c, now)) return;
  happened(c, ec ? connection_event::write_failed : connection_event::wrote_all, now, ec);
  if (!is_gone()) settle(now);
}

// One read is pending all the time a connection is open: idle, it notices a peer that closes; later it is the answer's.
void core::start_read(connection& c) {
  if (c.is_reading) return;
  c.is_reading = true;
  if (c.tls) {
    c.tls->async_read_some(asio::buffer(c.in), io_handler<&core::on_read>(this, c));
  } else {
    c.socket.async_read_some(asio::buffer(c.in), io_handler<&core::on_read>(this, c));
  }
}

void core::on_read(connection& c, error_code ec, std::size_t n) {
  const time_point now = env_.now();
  c.is_reading = false;
  if (!end_of_handler(c, now)) return;
  const connection_state s = state(c);
  if (s == connection_state::writing || s == connection_state::reading) {
    feed(c, n, ec, now);
  } else {
    happened(c, connection_event::failed, now, ec ? closed_by_peer(ec) : make_error_code(errc::malformed_response));
  }
  if (!is_gone()) settle(now);
}

void core::feed(connection& c, std::size_t n, error_code ec, time_point now) {
  using progress = response_parser::progress;
  progress at = c.parser.feed({c.in.data(), n});
  if (at == progress::need_more && ec == asio::error::eof) at = c.parser.finish();
  if (at == progress::failed) return happened(c, connection_event::failed, now, c.parser.error());
  if (at == progress::complete) {
    const bool keep = !ec && c.parser.keep_alive();
    return happened(c, keep ? connection_event::answered : connection_event::answered_last, now);
  }
  if (ec) return happened(c, connection_event::failed, now, closed_by_peer(ec));
  start_read(c);
}

void core::tell_answer(connection& c, time_point now) {
  exchange_end end;
  end.how = ending::answered;
  end.response = c.parser.response(c.parser.needs_wall_time() ? env_.wall_now() : wall_time{});
  listener_->on_end(c.index, end);
  if (!is_gone()) happened(c, connection_event::told, now);
}

// ---- doing what was decided

void core::perform(connection& c, const connection_action& action, time_point now) {
  switch (action.step) {
    case connection_step::handshake:
      return start_handshake(c, now);
    case connection_step::ready:
      start_read(c);
      return listener_->on_ready();
    case connection_step::tell:
      return tell_answer(c, now);
    case connection_step::close: {
      ++c.handlers;  // not reusable before its end was told
      shut(c);
      if (action.end) listener_->on_end(c.index, {*action.end, {}, action.why});
      --c.handlers;
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
void core::perform_inside(connection& c, const connection_action& action, time_point now) {
  switch (action.step) {
    case connection_step::ready:
      return start_read(c);
    case connection_step::write:
    case connection_step::check_then_write:
      return write(c, action.step == connection_step::check_then_write, now);
    case connection_step::close:
      shut(c);
      if (!action.end) return drain(c, now);
      c.posted = action;
      return asio::post(loop_, io_handler<&core::on_posted>(this, c));
    default:
      return;
  }
}

void core::on_posted(connection& c, error_code, std::size_t) {
  if (!is_gone() && c.posted.end) listener_->on_end(c.index, {*c.posted.end, {}, c.posted.why});
  c.posted = {};
  const time_point now = env_.now();
  static_cast<void>(end_of_handler(c, now));
}

void core::drain(connection& c, time_point now) {
  if (c.handlers != 0) return;
  c.tls.reset();
  pool_.on(c.index, connection_event::drained, now);
}

void core::shut_down() {
  listener_ = nullptr;
  error_code ignored;
  timer_.cancel(ignored);
  resolver_.cancel();
  for (const auto& c : connections_) {
    if (c) shut(*c);
  }
}

class asio_client final : public client {
 public:
  explicit asio_client(core_ptr c) : core_(std::move(c)) {}
  asio_client(const asio_client&) = delete;
  asio_client& operator=(const asio_client&) = delete;
  ~asio_client() override { core_->shut_down(); }

  void want(std::size_t exchanges, time_point now) override { core_->want(exchanges, now); }
  std::optional<exchange> try_acquire(time_point now) override { return core_->try_acquire(now); }
  std::string& body(exchange c) override { return core_->body(c); }
  void send(exchange c, time_point now) override { core_->send(c, now); }
  void release(exchange c, time_point now) override { core_->release(c, now); }
  [[nodiscard]] client_status status() const override { return core_->status(); }

 private:
  core_ptr core_;
};

}  // namespace

result<std::unique_ptr<client>> make_client(asio::io_context& loop, const http_endpoint& endpoint,
                                            const http_options& options, const tls_options& tls, environment& env,
                                            std::uint64_t seed, client_listener& listener) {
  auto to = parse_origin(endpoint.base_url);
  if (!to) return to.error();
  auto head = make_request_head(endpoint, to->authority);
  if (!head) return head.error();
  std::optional<asio::ssl::context> context;
  if (to->tls) {
    auto made = make_tls_context(tls);
    if (!made) return made.error();
    context.emplace(made->release());
  }
  core_ptr c(new core(loop, std::move(*to), std::move(*head), options, std::move(context), tls, env, seed, listener));
  return std::unique_ptr<client>(std::make_unique<asio_client>(std::move(c)));
}

}  // namespace broadside::http
