// http/client_driver - the client over Asio: sockets, TLS, DNS. What to do is decided in client_core.
//
// Shard thread only. In steady state a request costs no allocation, one send and one receive, with TLS too: each
// connection owns its buffers and the memory of its handlers. Handlers keep everything alive by one reference that is
// not atomic.
#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <http/client_core.hpp>
#include <http/client_driver.hpp>
#include <http/handler_memory.hpp>
#include <http/request_head.hpp>
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
using buffers = std::array<asio::const_buffer, transport::pieces_max>;

constexpr std::size_t read_bytes = 32 * 1024;       // an answer for a few hundred messages comes in one piece
constexpr std::size_t copied_bytes_max = 4 * 1024;  // what is shorter is cheaper to copy than to gather

struct endpoint {
  endpoint(asio::io_context& loop, exchange place) : index(place), socket(loop) {}

  const exchange index;
  handler_memory memory;
  tcp::socket socket;
  std::optional<tls_session> tls;
  std::string sealed;               // with TLS: what the socket is given, while the session makes more
  bool is_sending = false;          // of it something is left
  std::array<char, read_bytes> in;  // NOLINT: filled by the socket
};

class asio_transport final : public transport,
                             public boost::intrusive_ref_counter<asio_transport, boost::thread_unsafe_counter> {
 public:
  asio_transport(asio::io_context& loop, origin to, request_head head, const http_options& options, tls_context secure,
                 tls_options tls, environment& env, std::uint64_t seed, client_listener& listener)
      : loop_(loop),
        timer_(loop),
        resolver_(loop),
        origin_(std::move(to)),
        tls_context_(std::move(secure)),
        tls_(std::move(tls)),
        endpoints_(options.connections_max),
        core_(*this, std::move(head), origin_.tls, options, env, seed, listener) {
    if (!tls_context_) return;
    resumption_.emplace(*tls_context_);
    plain_.resize(read_bytes);
  }

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
  void on_connected(endpoint&, error_code, std::size_t);
  void on_flight_sent(endpoint&, error_code, std::size_t);
  void on_flight_received(endpoint&, error_code, std::size_t);
  void on_written(endpoint&, error_code, std::size_t);
  void on_sealed_written(endpoint&, error_code, std::size_t);
  void on_not_sealed(endpoint&, error_code, std::size_t);
  void on_read(endpoint&, error_code, std::size_t);
  void on_sealed_read(endpoint&, error_code, std::size_t);
  void on_unread(endpoint&, error_code, std::size_t);
  void on_posted(endpoint&, error_code, std::size_t);

 private:
  template <auto Member>
  bool send_sealed(endpoint&);
  void shake(endpoint&);
  void shaken(endpoint&, error_code);
  void open_sealed(endpoint&);

  asio::io_context& loop_;
  asio::steady_timer timer_;
  tcp::resolver resolver_;
  const origin origin_;
  const tls_context tls_context_;  // null: without TLS
  const tls_options tls_;
  std::optional<tls_resumption> resumption_;          // of this origin alone
  std::vector<std::unique_ptr<endpoint>> endpoints_;  // made when first connected, then kept
  std::vector<tcp::endpoint> addresses_;
  std::uint32_t resolving_ = 0;  // the serial asked for last
  std::string wire_;             // scratch, as is the next
  std::vector<char> plain_;      // what a connection's TLS session has opened
  handler_memory timer_memory_;
  client_core core_;
};

using transport_ptr = boost::intrusive_ptr<asio_transport>;

// A handler of one connection. Moves only: the reference count is touched once per operation.
template <auto Member>
struct io_handler {
  using allocator_type = handler_allocator<std::byte>;
  transport_ptr owner;
  endpoint* on;

  io_handler(asio_transport* o, endpoint& e) : owner(o), on(&e) {}
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
  transport_ptr owner;
  handler_memory* memory;  // of its own, because a moved handler has no owner
  [[nodiscard]] allocator_type get_allocator() const noexcept { return allocator_type(*memory); }
  void operator()(error_code ec) { owner->on_timer(ec); }
};

buffers buffers_of(transport::pieces all) {
  buffers out;
  std::transform(all.begin(), all.end(), out.begin(), [](std::string_view piece) { return asio::buffer(piece); });
  return out;
}

// To an endpoint that sends something else by and by nothing can be added.
void send_what_goes(endpoint& e) {
  std::string& out = e.tls->output();
  if (out.empty() || e.is_sending) return;
  error_code ec;
  out.erase(0, e.socket.write_some(asio::buffer(out), ec));
}

// With TLS the peer is told, as far as that goes without waiting: some keep a session only then.
void close(endpoint& e) {
  if (e.tls && e.socket.is_open()) {
    e.tls->end();
    send_what_goes(e);
  }
  error_code ignored;
  e.socket.close(ignored);
}

// ---- the loop

void asio_transport::post(exchange index) {
  asio::post(loop_, io_handler<&asio_transport::on_posted>(this, *endpoints_[index]));
}

void asio_transport::on_posted(endpoint& e, error_code, std::size_t) { core_.on_posted(e.index); }

void asio_transport::set_timer(time_point at, time_point now) {
  timer_.expires_after(std::max(duration::zero(), at - now));
  timer_.async_wait(timer_handler{transport_ptr(this), &timer_memory_});
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
    if (e) close(*e);
  }
}

// ---- opening

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
  if (!place) place = std::make_unique<endpoint>(loop_, index);
  place->socket.async_connect(addresses_[address], io_handler<&asio_transport::on_connected>(this, *place));
}

void asio_transport::on_connected(endpoint& e, error_code ec, std::size_t) {
  error_code minor;
  if (!ec) {
    e.socket.set_option(tcp::no_delay(true), minor);
    e.socket.non_blocking(true, ec);
  }
  core_.on_connected(e.index, ec);
}

error_code asio_transport::handshake(exchange index) {
  endpoint& e = *endpoints_[index];
  const std::string& name = tls_.server_name.empty() ? origin_.host : tls_.server_name;
  e.sealed.clear();
  e.sealed.reserve(tls_session::output_bytes);
  e.is_sending = false;
  e.tls.emplace(*tls_context_, *resumption_);
  if (const error_code ec = e.tls->start(name, tls_)) return ec;
  if (send_sealed<&asio_transport::on_flight_sent>(e)) {
    e.socket.async_read_some(asio::buffer(e.in), io_handler<&asio_transport::on_flight_received>(this, e));
  }
  return {};
}

void asio_transport::on_flight_sent(endpoint& e, error_code ec, std::size_t) {
  e.is_sending = false;
  if (ec) return shaken(e, ec);
  shake(e);
}

void asio_transport::on_flight_received(endpoint& e, error_code ec, std::size_t n) {
  if (ec) return shaken(e, ec);
  e.tls->receive({e.in.data(), n});
  shake(e);
}

// Once around: what was received, then what is to be sent, then more of what is received.
void asio_transport::shake(endpoint& e) {
  const tls_session::step step = e.tls->shake();
  if (step == tls_session::step::failed) {
    send_what_goes(e);  // the alert that tells the peer why
    return shaken(e, e.tls->error());
  }
  if (!send_sealed<&asio_transport::on_flight_sent>(e)) return;
  if (step == tls_session::step::done) return shaken(e, {});
  e.socket.async_read_some(asio::buffer(e.in), io_handler<&asio_transport::on_flight_received>(this, e));
}

void asio_transport::shaken(endpoint& e, error_code ec) {
  core_.on_handshaken(e.index, ec ? why_handshake_failed(e.tls->native(), ec, tls_) : ec);
}

void asio_transport::shut(exchange index) { close(*endpoints_[index]); }

void asio_transport::drained(exchange index) { endpoints_[index]->tls.reset(); }

// ---- an open connection

bool asio_transport::peer_has_closed(exchange index) {
  endpoint& e = *endpoints_[index];
  char byte = 0;
  error_code ec;
  e.socket.receive(asio::buffer(&byte, 1), tcp::socket::message_peek, ec);
  if (e.tls && !ec) return false;  // session tickets, for one: the pending read takes them
  return ec != asio::error::would_block;
}

std::size_t asio_transport::write_now(exchange index, pieces all, error_code& ec) {
  tcp::socket& socket = endpoints_[index]->socket;
  std::size_t size = 0;
  for (const std::string_view piece : all) size += piece.size();
  std::size_t n = 0;
  if (size <= copied_bytes_max) {
    wire_.clear();
    for (const std::string_view piece : all) wire_.append(piece);
    n = socket.write_some(asio::buffer(wire_), ec);
  } else {
    n = socket.write_some(buffers_of(all), ec);
  }
  if (ec == asio::error::would_block) ec = {};
  return n;
}

bool asio_transport::write_all(exchange index, pieces all) {
  endpoint& e = *endpoints_[index];
  if (!e.tls) {
    asio::async_write(e.socket, buffers_of(all), io_handler<&asio_transport::on_written>(this, e));
    return false;
  }
  if (e.tls->write(all)) {
    asio::post(loop_, io_handler<&asio_transport::on_not_sealed>(this, e));
    return false;
  }
  return send_sealed<&asio_transport::on_sealed_written>(e);
}

// Everything the session has to say. True: all has left. Otherwise the handler hears when it has, or of the error.
template <auto Member>
bool asio_transport::send_sealed(endpoint& e) {
  e.sealed.swap(e.tls->output());
  e.tls->output().clear();
  if (e.sealed.empty()) return true;
  error_code ec;
  const std::size_t n = e.socket.write_some(asio::buffer(e.sealed), ec);
  if (!ec && n == e.sealed.size()) return true;
  e.is_sending = true;
  asio::async_write(e.socket, asio::buffer(e.sealed) + n, io_handler<Member>(this, e));
  return false;
}

void asio_transport::on_written(endpoint& e, error_code ec, std::size_t) { core_.on_written(e.index, ec); }

void asio_transport::on_sealed_written(endpoint& e, error_code ec, std::size_t) {
  e.is_sending = false;
  core_.on_written(e.index, ec);
}

void asio_transport::on_not_sealed(endpoint& e, error_code, std::size_t) {
  core_.on_written(e.index, errc::connection_closed);
}

void asio_transport::read(exchange index) {
  endpoint& e = *endpoints_[index];
  if (!e.tls) return e.socket.async_read_some(asio::buffer(e.in), io_handler<&asio_transport::on_read>(this, e));
  if (e.tls->has_unread()) return asio::post(loop_, io_handler<&asio_transport::on_unread>(this, e));
  e.socket.async_read_some(asio::buffer(e.in), io_handler<&asio_transport::on_sealed_read>(this, e));
}

void asio_transport::on_read(endpoint& e, error_code ec, std::size_t n) {
  if (!ec) return core_.on_read(e.index, {}, {e.in.data(), n});
  core_.on_read(e.index, ec == asio::error::eof ? error_code() : closed_by_peer(ec), {});
}

// An end of the stream without TLS's own could be anybody's doing (RFC 8446 section 6.1): closed_by_peer() says so.
void asio_transport::on_sealed_read(endpoint& e, error_code ec, std::size_t n) {
  if (ec) return core_.on_read(e.index, closed_by_peer(ec), {});
  e.tls->receive({e.in.data(), n});
  open_sealed(e);
}

void asio_transport::on_unread(endpoint& e, error_code, std::size_t) { open_sealed(e); }

void asio_transport::open_sealed(endpoint& e) {
  std::size_t size = 0;
  const tls_session::step step = e.tls->read(plain_, size);
  send_what_goes(e);
  switch (step) {
    case tls_session::step::more:  // a part of a record, or a ticket: nothing that the core would know
      return e.socket.async_read_some(asio::buffer(e.in), io_handler<&asio_transport::on_sealed_read>(this, e));
    case tls_session::step::done:
      return core_.on_read(e.index, {}, {plain_.data(), size});
    case tls_session::step::ended:
      return core_.on_read(e.index, {}, {});
    case tls_session::step::failed:
      return core_.on_read(e.index, e.tls->error(), {});
  }
}

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
  transport_ptr world(new asio_transport(loop, std::move(*to), std::move(*head), options, std::move(context), tls, env,
                                         seed, listener));
  return std::unique_ptr<client>(std::make_unique<asio_client>(std::move(world)));
}

}  // namespace broadside::http
