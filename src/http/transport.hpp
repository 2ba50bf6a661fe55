// http/transport - what a client needs of the world: a port without sockets. client_core decides, a transport does.
//
// client_driver implements it over the machine; tests and simulations implement it over nothing. Shard thread only.
//
// Who calls whom:
// - client_core calls these functions, from inside its own operations and from inside its on_* functions.
// - What a function can say at once it returns. An asynchronous one is answered by one call of the on_* function that
//   it names. Answers come from the event loop: never from inside a call of a transport, never from inside a call of
//   the client.
// - Every asynchronous call is answered exactly once, also after shut(): then with any error, or with what had happened
//   before. Only resolve() may stay unanswered: when a newer one was asked for.
// - An answer may make the core call any function here, for this connection or another, before it returns. It may also
//   end the client (a listener may destroy it): who owns core and transport keeps both until the answer has returned.
//   From client_core::shut_down() on the core calls nothing here and ignores every answer; closing what is open is up
//   to the owner then, and answers that are still to come need not be given.
//
// A connection is named by the exchange it carries. Its life: connect; on TLS handshake; reads and writes; shut;
// drained. The same number is connected again only after drained(). Of one connection at most one of connect() and
// handshake(), one read(), one write_all() and one post() are under way at a time; a read and a write are at once.
#pragma once

#include <broadside/environment.hpp>
#include <broadside/result.hpp>
#include <cstddef>
#include <cstdint>
#include <http/client.hpp>
#include <optional>
#include <span>
#include <string_view>

namespace broadside::http {

class transport {
 public:
  /// What is written, in this order; some may be empty.
  using pieces = std::span<const std::string_view>;
  static constexpr std::size_t pieces_max = 3;

  virtual ~transport() = default;

  // ---- opening

  /// The addresses of the origin. How many (one or more), when they are known without asking; otherwise
  /// on_resolved(serial). What connect() counts in is replaced before the answer; a resolution older than the last one
  /// asked for replaces nothing.
  virtual std::optional<std::size_t> resolve(std::uint32_t serial) = 0;

  /// To address `address` of the last resolution, counted from 0. Answer: on_connected().
  virtual void connect(exchange, std::size_t address) = 0;

  /// After connect(), where the origin is https. Answer: on_handshaken(); none when it could not be started, which is
  /// what an error returned means.
  [[nodiscard]] virtual error_code handshake(exchange) = 0;

  // ---- an open connection

  /// Whether the peer has closed, looked at now: nothing is taken from what waits to be read. Bytes that nobody asked
  /// for are no better than a close, except with TLS, which has records of its own. A read is under way meanwhile.
  [[nodiscard]] virtual bool peer_has_closed(exchange) = 0;

  /// Writes what is taken without waiting, in one piece; never over TLS. How many bytes left; 0 without an error when
  /// it would have to wait. With an error no byte left. The views live until the call returns.
  virtual std::size_t write_now(exchange, pieces, error_code&) = 0;

  /// Writes everything. True: all has left, and there is no answer; only over TLS. Otherwise the answer is
  /// on_written(), when all has left or no more will. The views' bytes live until then; the span itself until the call
  /// returns.
  [[nodiscard]] virtual bool write_all(exchange, pieces) = 0;

  /// The next bytes, as many as there are. Answer: on_read(). Asked for again after each answer that was bytes, so that
  /// a read is under way all the time a connection is open and its peer has not closed.
  virtual void read(exchange) = 0;

  /// Closes at once, whatever is under way, whose answers still come. What was written may be lost.
  virtual void shut(exchange) = 0;

  /// After shut(), once: every answer of the connection was given, and what it held may go.
  virtual void drained(exchange) = 0;

  // ---- the event loop

  /// Answer: on_posted(), from the loop, also after shut() of the connection.
  virtual void post(exchange) = 0;

  /// The one timer of the client: on_timer() once, not before `at`; set again it is replaced. `now` is what the
  /// environment's clock said, so that a machine's timer may take the difference. A ring too many does no harm.
  virtual void set_timer(time_point at, time_point now) = 0;
};

}  // namespace broadside::http
