// http/client_driver - the client over the machine: sockets, TLS, DNS. What to do is decided in client_core.
//
// Shard thread only. Names, timers and the loop are Asio's; the sockets have a ready_set of their own, which the loop
// watches as one descriptor, so that a turn of the loop takes all that can go on, and nothing is read before there is
// something. In steady state a request costs no allocation, one send and one receive, with TLS too: each connection
// owns its buffers and the memory of its handlers. Handlers keep everything alive by one reference that is not atomic.
#include <algorithm>
#include <array>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <http/client_core.hpp>
#include <http/client_driver.hpp>
#include <http/endpoint.hpp>
#include <http/handler_memory.hpp>
#include <http/ready_set.hpp>
#include <http/request_head.hpp>
#include <http/tcp_socket.hpp>
#include <http/tls_driver.hpp>
#include <http/tls_session.hpp>
#include <http/transport.hpp>
#include <http/url.hpp>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace broadside::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using descriptor = asio::posix::basic_stream_descriptor<asio::io_context::executor_type>;

constexpr std::size_t read_bytes = 32 * 1024;  // an answer for a few hundred messages comes in one piece

static_assert(transport::pieces_max == tcp_socket::pieces_max);

class asio_transport final : public transport,
                             public boost::intrusive_ref_counter<asio_transport, boost::thread_unsafe_counter> {
 public:
  asio_transport(asio::io_context& loop, ready_set sockets, origin to, request_head head, const http_options& options,
                 tls_context secure, tls_options tls, environment& env, std::uint64_t seed, client_listener& listener)
      : loop_(loop),
        sockets_(std::move(sockets)),
        watched_(loop),
        timer_(loop),
        resolver_(loop),
        origin_(std::move(to)),
        tls_context_(std::move(secure)),
        tls_(std::move(tls)),
        endpoints_(options.connections_max),
        buffer_(read_bytes),
        core_(*this, std::move(head), origin_.tls, options, env, seed, listener) {
    if (tls_context_) resumption_.emplace(*tls_context_);
  }
  asio_transport(const asio_transport&) = delete;
  asio_transport& operator=(const asio_transport&) = delete;
  ~asio_transport() override { stop_watching(); }

  /// Once, first.
  [[nodiscard]] error_code join_loop();
  [[nodiscard]] client_core& core() noexcept { return core_; }
  [[nodiscard]] const client_core& core() const noexcept { return core_; }
  /// Nothing is told from here on; the handlers that wait end in their own time.
  void shut_down();

  std::optional<std::size_t> resolve(std::uint32_t serial) override;
  void connect(exchange, std::size_t address) override;
  [[nodiscard]] error_code handshake(exchange) override;
  [[nodiscard]] bool peer_has_closed(exchange) override;
  std::size_t write_now(exchange, pieces, error_code&) override;
  [[nodiscard]] bool write_all(exchange, pieces) override;
  void read(exchange) override;
  void shut(exchange) override;
  void drained(exchange) override;
  void post(exchange) override;
  void set_timer(time_point at, time_point now) override;

  // what handlers call
  void on_resolved(std::uint32_t serial, error_code, const tcp::resolver::results_type&);
  void on_timer(error_code);
  void on_sockets(error_code);
  void on_due(endpoint&);
  void on_posted(endpoint&);

 private:
  void watch();
  void stop_watching();
  void look_later(endpoint&);
  void on_ready(endpoint&, const ready_set::ready&);
  void tell_closed(endpoint&);
  bool has_left(endpoint&, endpoint::sending);
  void tell_sent(endpoint&);
  void receive(endpoint&);
  void received_sealed(endpoint&, error_code, std::string_view);
  void tell_read(endpoint&, error_code, std::string_view);
  void shake(endpoint&);
  void shaken(endpoint&, error_code);
  void open_sealed(endpoint&);

  asio::io_context& loop_;
  ready_set sockets_;
  descriptor watched_;  // lent by the former
  bool is_watching_ = false;
  asio::steady_timer timer_;
  tcp::resolver resolver_;
  const origin origin_;
  const tls_context tls_context_;  // null: without TLS
  const tls_options tls_;
  std::optional<tls_resumption> resumption_;          // of this origin alone
  std::vector<std::unique_ptr<endpoint>> endpoints_;  // made when first connected, then kept
  std::vector<tcp::endpoint> addresses_;
  std::uint32_t resolving_ = 0;  // the serial asked for last
  std::vector<char> buffer_;     // scratch: what the core is told: received, or opened by a connection's TLS session
  handler_memory memory_;        // of the handlers that no connection has
  client_core core_;
};

using transport_ptr = boost::intrusive_ptr<asio_transport>;

// A handler of one connection. Moves only: the reference count is touched once per operation.
template <auto Member>
struct endpoint_handler {
  using allocator_type = handler_allocator<std::byte>;
  transport_ptr owner;
  endpoint* on;

  endpoint_handler(asio_transport* o, endpoint& e) : owner(o), on(&e) {}
  endpoint_handler(endpoint_handler&&) noexcept = default;
  endpoint_handler& operator=(endpoint_handler&&) noexcept = default;
  endpoint_handler(const endpoint_handler&) = delete;
  endpoint_handler& operator=(const endpoint_handler&) = delete;
  ~endpoint_handler() = default;

  [[nodiscard]] allocator_type get_allocator() const noexcept { return allocator_type(on->memory); }
  void operator()() { (owner.get()->*Member)(*on); }
};

template <auto Member>
struct transport_handler {
  using allocator_type = handler_allocator<std::byte>;
  transport_ptr owner;
  handler_memory* memory;  // of its own, because a moved handler has no owner
  [[nodiscard]] allocator_type get_allocator() const noexcept { return allocator_type(*memory); }
  void operator()(error_code ec) { (owner.get()->*Member)(ec); }
};

// ---- the loop

error_code asio_transport::join_loop() {
  error_code ec;
  watched_.assign(sockets_.get(), ec);
  return ec;
}

void asio_transport::watch() {
  if (std::exchange(is_watching_, true)) return;
  watched_.async_wait(descriptor::wait_read,
                      transport_handler<&asio_transport::on_sockets>{transport_ptr(this), &memory_});
}

void asio_transport::stop_watching() {
  if (watched_.is_open()) watched_.release();
}

// An answer may shut any connection, open it anew, or end the client: then what was taken of the others is nobody's.
void asio_transport::on_sockets(error_code ec) {
  is_watching_ = false;
  if (ec || !watched_.is_open()) return;
  std::array<ready_set::ready, ready_set::taken_max> all;  // NOLINT: filled below
  const std::size_t n = sockets_.take(all);
  for (const ready_set::ready& one : std::span(all).first(n)) {
    endpoint& e = *endpoints_[endpoint::index_of(one.tag)];
    if (one.tag == e.tag()) on_ready(e, one);
  }
  if (watched_.is_open()) watch();
}

void asio_transport::on_ready(endpoint& e, const ready_set::ready& what) {
  e.remember(what);
  if (e.is_connecting) {
    e.is_connecting = false;
    return core_.on_connected(e.index, e.socket.connected());
  }
  const std::uint32_t life = e.life;
  const bool may_send = what.can_write || what.is_ending;
  if (e.is_sending && may_send && e.send_rest() != endpoint::sending::waiting) tell_sent(e);
  if (e.life == life) receive(e);
}

void asio_transport::look_later(endpoint& e) {
  if (std::exchange(e.is_due, true)) return;
  asio::post(loop_, endpoint_handler<&asio_transport::on_due>(this, e));
}

void asio_transport::on_due(endpoint& e) {
  e.is_due = false;
  if (!e.socket.is_open()) return tell_closed(e);
  const std::uint32_t life = e.life;
  if (e.written) tell_sent(e);
  if (e.life == life) receive(e);
}

void asio_transport::post(exchange index) {
  asio::post(loop_, endpoint_handler<&asio_transport::on_posted>(this, *endpoints_[index]));
}

void asio_transport::on_posted(endpoint& e) { core_.on_posted(e.index); }

void asio_transport::set_timer(time_point at, time_point now) {
  timer_.expires_after(std::max(duration::zero(), at - now));
  timer_.async_wait(transport_handler<&asio_transport::on_timer>{transport_ptr(this), &memory_});
}

void asio_transport::on_timer(error_code ec) {
  if (ec != asio::error::operation_aborted) core_.on_timer();
}

void asio_transport::shut_down() {
  core_.shut_down();
  error_code ignored;
  timer_.cancel(ignored);
  resolver_.cancel();
  for (const auto& e : endpoints_) {
    if (e) e->close();
  }
  stop_watching();
}

// ---- opening and closing

std::optional<std::size_t> asio_transport::resolve(std::uint32_t serial) {
  resolving_ = serial;
  error_code not_a_literal;
  const auto literal = asio::ip::make_address(origin_.host, not_a_literal);
  if (!not_a_literal) {
    addresses_.assign(1, tcp::endpoint(literal, origin_.port));
    return 1;
  }
  resolver_.async_resolve(
      origin_.host, std::to_string(origin_.port), tcp::resolver::numeric_service,
      [self = transport_ptr(this), serial](error_code ec, const tcp::resolver::results_type& found) {
        self->on_resolved(serial, ec, found);
      });
  return std::nullopt;
}

void asio_transport::on_resolved(std::uint32_t serial, error_code ec, const tcp::resolver::results_type& found) {
  if (serial != resolving_) return;
  if (!ec && found.empty()) ec = asio::error::host_not_found;
  if (!ec) {
    addresses_.clear();
    for (const auto& entry : found) addresses_.push_back(entry.endpoint());
  }
  core_.on_resolved(serial, ec, found.size());
}

void asio_transport::connect(exchange index, std::size_t address) {
  auto& place = endpoints_[index];
  if (!place) place = std::make_unique<endpoint>(index);
  place->is_connecting = true;
  const tcp::endpoint& to = addresses_[address];
  place->why_closed = place->connect(sockets_, to.data(), to.size());
  place->why_closed ? look_later(*place) : watch();
}

void asio_transport::shut(exchange index) {
  endpoint& e = *endpoints_[index];
  e.close();
  e.why_closed = asio::error::operation_aborted;
  if (e.is_connecting || e.is_shaking || e.is_writing || e.is_reading) look_later(e);
}

// With the last answer the core may connect anew, and waits for that alone then.
void asio_transport::tell_closed(endpoint& e) {
  const error_code why = e.why_closed;
  if (std::exchange(e.is_connecting, false)) return core_.on_connected(e.index, why);
  if (std::exchange(e.is_shaking, false)) return core_.on_handshaken(e.index, why);
  if (std::exchange(e.is_writing, false)) core_.on_written(e.index, why);
  if (std::exchange(e.is_reading, false)) core_.on_read(e.index, why, {});
}

void asio_transport::drained(exchange index) { endpoints_[index]->tls.reset(); }

// ---- the handshake

error_code asio_transport::handshake(exchange index) {
  endpoint& e = *endpoints_[index];
  const std::string& name = tls_.server_name.empty() ? origin_.host : tls_.server_name;
  e.in.resize(read_bytes);
  e.sealed.clear();
  e.sealed.reserve(tls_session::output_bytes);
  e.tls.emplace(*tls_context_, *resumption_);
  if (const error_code ec = e.tls->start(name, tls_)) return ec;
  e.is_shaking = true;
  if (has_left(e, e.send_sealed()) && e.can_read) look_later(e);
  return {};
}

// Once around: what was received, then what is to be sent, then more of what is received.
void asio_transport::shake(endpoint& e) {
  const tls_session::step step = e.tls->shake();
  if (step == tls_session::step::failed) {
    e.send_sealed_that_goes();  // the alert that tells the peer why
    return shaken(e, e.tls->error());
  }
  if (!has_left(e, e.send_sealed())) return;
  if (step == tls_session::step::done) return shaken(e, {});
  if (e.can_read) look_later(e);
}

void asio_transport::shaken(endpoint& e, error_code ec) {
  e.is_shaking = false;
  core_.on_handshaken(e.index, ec ? why_handshake_failed(e.tls->native(), ec, tls_) : ec);
}

// ---- sending

bool asio_transport::peer_has_closed(exchange index) {
  endpoint& e = *endpoints_[index];
  const tcp_socket::transfer seen = e.socket.peek();
  if (e.tls && seen.bytes > 0) return false;  // session tickets, for one: the pending read takes them
  return !seen.must_wait();
}

std::size_t asio_transport::write_now(exchange index, pieces all, error_code& ec) {
  const tcp_socket::transfer gone = endpoints_[index]->socket.send(all);
  ec = gone.must_wait() ? error_code() : gone.why();
  return gone.bytes;
}

bool asio_transport::write_all(exchange index, pieces all) {
  endpoint& e = *endpoints_[index];
  e.is_writing = true;
  if (!has_left(e, e.write(all))) return false;
  if (e.tls) {
    e.is_writing = false;
    return true;
  }
  e.written = error_code();
  look_later(e);
  return false;
}

// Otherwise tell_sent() follows from the loop.
bool asio_transport::has_left(endpoint& e, endpoint::sending how) {
  if (how == endpoint::sending::failed) look_later(e);
  return how == endpoint::sending::done;
}

void asio_transport::tell_sent(endpoint& e) {
  const error_code ec = std::exchange(e.written, std::nullopt).value_or(error_code());
  if (e.is_shaking) return ec ? shaken(e, ec) : shake(e);
  e.is_writing = false;
  core_.on_written(e.index, ec);
}

// ---- receiving

// What waits to be read is told from the loop, also where it is known already.
void asio_transport::read(exchange index) {
  endpoint& e = *endpoints_[index];
  e.is_reading = true;
  if (e.can_read || (e.tls && e.tls->has_unread())) look_later(e);
}

// Once; what it leaves is there in a later turn, which other connections have as well.
void asio_transport::receive(endpoint& e) {
  if (e.is_reading && e.tls && e.tls->has_unread()) return open_sealed(e);
  if (!e.should_receive()) return;
  const std::span<char> into = e.tls ? e.in : buffer_;
  const tcp_socket::transfer got = e.receive(into);
  if (got.must_wait()) return;
  const std::string_view bytes(into.data(), got.bytes);
  e.tls ? received_sealed(e, got.why(), bytes) : tell_read(e, got.why(), bytes);
}

// An end of the stream without TLS's own could be anybody's doing (RFC 8446 section 6.1).
void asio_transport::received_sealed(endpoint& e, error_code ec, std::string_view bytes) {
  if (!ec && bytes.empty()) ec = errc::connection_closed;
  if (ec) return e.is_shaking ? shaken(e, ec) : tell_read(e, ec, {});
  e.tls->receive(bytes);
  e.is_shaking ? shake(e) : open_sealed(e);
}

void asio_transport::open_sealed(endpoint& e) {
  std::size_t size = 0;
  const tls_session::step step = e.tls->read(buffer_, size);
  e.send_sealed_that_goes();
  switch (step) {
    case tls_session::step::more:  // a part of a record, or a ticket: nothing that the core would know
      if (e.can_read) look_later(e);
      return;
    case tls_session::step::done:
      return tell_read(e, {}, {buffer_.data(), size});
    case tls_session::step::ended:
      return tell_read(e, {}, {});
    case tls_session::step::failed:
      return tell_read(e, e.tls->error(), {});
  }
}

void asio_transport::tell_read(endpoint& e, error_code ec, std::string_view bytes) {
  e.is_reading = false;
  core_.on_read(e.index, ec, bytes);
}

// ---- the client

// What the dispatcher holds; handlers hold the rest a little longer.
class asio_client final : public client {
 public:
  explicit asio_client(transport_ptr world) : world_(std::move(world)) {}
  asio_client(const asio_client&) = delete;
  asio_client& operator=(const asio_client&) = delete;
  ~asio_client() override { world_->shut_down(); }

  void want(std::size_t exchanges, time_point now) override { world_->core().want(exchanges, now); }
  std::optional<exchange> try_acquire(time_point now) override { return world_->core().try_acquire(now); }
  std::string& body(exchange c) override { return world_->core().body(c); }
  void send(exchange c, time_point now) override { world_->core().send(c, now); }
  void release(exchange c, time_point now) override { world_->core().release(c, now); }
  [[nodiscard]] client_status status() const override { return world_->core().status(); }

 private:
  transport_ptr world_;
};

}  // namespace

result<std::unique_ptr<client>> make_client(asio::io_context& loop, const http_endpoint& endpoint,
                                            const http_options& options, const tls_options& tls, environment& env,
                                            std::uint64_t seed, client_listener& listener) {
  auto to = parse_origin(endpoint.base_url);
  if (!to) return to.error();
  auto head = make_request_head(endpoint, to->authority);
  if (!head) return head.error();
  tls_context context;
  if (to->tls) {
    auto made = make_tls_context(tls);
    if (!made) return made.error();
    context = std::move(*made);
  }
  auto sockets = ready_set::make();
  if (!sockets) return sockets.error();
  transport_ptr world(new asio_transport(loop, std::move(*sockets), std::move(*to), std::move(*head), options,
                                         std::move(context), tls, env, seed, listener));
  if (const error_code ec = world->join_loop()) return ec;
  return std::unique_ptr<client>(std::make_unique<asio_client>(std::move(world)));
}

}  // namespace broadside::http
