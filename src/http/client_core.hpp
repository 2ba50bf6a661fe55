// http/client_core - one route's client on one shard, whatever carries its bytes: which connection does what, and what
// became of each request.
//
// No sockets, no clock of its own: a transport does what is decided here, an environment tells the time. Shard thread
// only. In steady state a request costs no allocation, one write_now(), over TLS one write_all(), and one read().
#pragma once

#include <array>
#include <broadside/environment.hpp>
#include <broadside/options.hpp>
#include <broadside/provider.hpp>
#include <broadside/result.hpp>
#include <cstddef>
#include <cstdint>
#include <http/client.hpp>
#include <http/pool.hpp>
#include <http/request_head.hpp>
#include <http/response_parser.hpp>
#include <http/transport.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace broadside::http {

class client_core final : public client {
 public:
  /// `tls`: connected is followed by a handshake. `seed` is for back-off jitter. Transport and listener live until
  /// shut_down(), the environment until the last answer. Calls nothing.
  client_core(transport& world, request_head, bool tls, const http_options&, environment&, std::uint64_t seed,
              client_listener&);
  client_core(const client_core&) = delete;
  client_core& operator=(const client_core&) = delete;
  /// Calls nothing.
  ~client_core() override;

  // The dispatcher's side, as client.hpp says. The listener is never called from inside these.
  void want(std::size_t exchanges, time_point now) override;
  std::optional<exchange> try_acquire(time_point now) override;
  std::string& body(exchange) override;
  void send(exchange, time_point now) override;
  void release(exchange, time_point now) override;
  [[nodiscard]] client_status status() const override;

  /// The client is gone: neither listener nor transport is called any more, whatever is answered. May be called from
  /// inside a call of the listener; the core itself must live until the answer that led there has returned.
  void shut_down() noexcept { listener_ = nullptr; }

  // The transport's side: the answers, from the event loop. The listener is called from inside these.
  /// `addresses`: one or more, unless there is an error.
  void on_resolved(std::uint32_t serial, error_code, std::size_t addresses);
  void on_connected(exchange, error_code);
  void on_handshaken(exchange, error_code);
  void on_written(exchange, error_code);
  /// Bytes: they were read. No bytes and no error: the peer has ended what it sends, in order. An error: the connection
  /// broke, and there are no bytes; one that TLS finds cut short is errc::connection_closed. The view lives until the
  /// core asks for the next read(), or returns.
  void on_read(exchange, error_code, std::string_view bytes);
  void on_posted(exchange);
  void on_timer();

 private:
  struct connection;

  void settle(time_point now);
  void open(const pool_task&);
  void start_handshake(connection&, time_point now);
  void write(connection&, bool check_peer, time_point now);
  void write_plain(connection&, time_point now);
  void write_tls(connection&, time_point now);
  void write_all(connection&, transport::pieces, time_point now);
  void start_read(connection&);
  void feed(connection&, error_code, std::string_view bytes, time_point now);
  void perform(connection&, const connection_action&, time_point now);
  void perform_inside(connection&, const connection_action&, time_point now);
  void tell_answer(connection&, time_point now);
  void drain(connection&, time_point now);
  void happened(connection&, connection_event, time_point now, const error_code& why = {});
  void tell_failures();
  void happened_inside(connection&, connection_event, time_point now, const error_code& why = {});
  [[nodiscard]] bool end_of_operation(connection&, time_point now);
  [[nodiscard]] std::array<std::string_view, transport::pieces_max> pieces_of(connection&) const;
  [[nodiscard]] bool is_sendable(const connection&) const noexcept;
  [[nodiscard]] bool is_gone() const noexcept { return listener_ == nullptr; }

  transport& world_;
  const request_head head_;
  const http_options options_;
  const bool tls_;
  environment& env_;
  client_listener* listener_;  // null: the client is gone
  pool pool_;
  std::vector<std::unique_ptr<connection>> connections_;  // made when first opened, then kept
  std::vector<pool::swept> swept_;
  time_point timer_at_ = time_point::max();
  std::uint64_t told_failures_ = 0;  // of pool_.status(), that the listener was told
};

}  // namespace broadside::http
