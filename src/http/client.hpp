// http/client - one route's HTTP exchanges on one shard, as the dispatcher sees them: a port without sockets.
//
// client_driver implements it over the machine; tests and simulations implement it over nothing. Shard thread only.
#pragma once

#include <broadside/environment.hpp>
#include <broadside/provider.hpp>
#include <broadside/result.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace broadside::http {

/// A place for one request on its way; below http_options::connections_max. One per connection.
using exchange = std::uint32_t;

enum class ending : std::uint8_t {
  answered,    ///< a complete answer was read
  not_sent,    ///< no byte of the request was written: it may be sent again
  maybe_sent,  ///< bytes were written and no complete answer came: it is never sent again by this layer
};

struct exchange_end {
  ending how = ending::maybe_sent;
  http_response response;  ///< with answered; views live until the call returns
  error_code why;          ///< with the others
  time_point at{};         ///< when, by the client's clock
};

/// Told by the client from the event loop, never from inside a call to the client.
class client_listener {
 public:
  virtual ~client_listener() = default;
  /// An exchange can be acquired again, or a connection could not be made: status() has changed.
  virtual void on_ready() = 0;
  virtual void on_end(exchange, const exchange_end&) = 0;
};

struct client_status {
  std::uint32_t connections = 0;  ///< connected
  std::uint32_t in_flight = 0;    ///< exchanges between send() and on_end()
  error_code last_error;          ///< of the last connection that failed; cleared by one that works
  /// Connections that could not be made or broke before they were used, since the start. Names that were not found too.
  std::uint64_t failures = 0;
};

class client {
 public:
  virtual ~client() = default;

  /// How many exchanges the dispatcher could start at once now. The pool opens connections up to it, within its limits.
  virtual void want(std::size_t exchanges, time_point now) = 0;
  /// A connection that is connected and idle, reserved for the caller, who sends or releases it before he returns to
  /// the event loop; none: on_ready() tells when.
  virtual std::optional<exchange> try_acquire(time_point now) = 0;
  /// The request body of an acquired exchange: replaced by the caller, its capacity is kept. Where the endpoint's
  /// method is get, what follows its target; one that could break out of the request line ends as not_sent.
  virtual std::string& body(exchange) = 0;
  /// Writes the request; on_end() follows exactly once.
  virtual void send(exchange, time_point now) = 0;
  /// Gives an acquired exchange back unsent: as long idle as if it had not been acquired.
  virtual void release(exchange, time_point now) = 0;
  [[nodiscard]] virtual client_status status() const = 0;
};

}  // namespace broadside::http
