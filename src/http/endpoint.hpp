// http/endpoint - the place of one connection after another: its socket, its TLS session, and what it owes to whom.
//
// No Asio: who owns it has the loop. A ready_set tells things once, so they are remembered here. Shard thread only;
// nothing allocates but TLS,
// until its buffers have grown.
#pragma once

#include <array>
#include <broadside/result.hpp>
#include <cstddef>
#include <cstdint>
#include <http/client.hpp>
#include <http/handler_memory.hpp>
#include <http/ready_set.hpp>
#include <http/tcp_socket.hpp>
#include <http/tls_session.hpp>
#include <http/transport.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace broadside::http {

struct endpoint {
  enum class sending : std::uint8_t {
    done,     ///< all has left
    waiting,  ///< for room
    failed,   ///< see `written`
  };

  explicit endpoint(exchange place) noexcept : index(place) {}

  /// With an error it is closed.
  [[nodiscard]] error_code connect(ready_set&, const sockaddr* to, std::size_t size);
  /// At once. With TLS the peer is told, as far as that goes without waiting: some keep a session only then.
  void close();

  [[nodiscard]] std::uint64_t tag() const noexcept { return std::uint64_t{life} << 32U | index; }
  [[nodiscard]] static exchange index_of(std::uint64_t tag) noexcept { return static_cast<exchange>(tag); }
  void remember(const ready_set::ready&) noexcept;

  /// Somebody waits for bytes, and there may be some.
  [[nodiscard]] bool should_receive() const noexcept;
  [[nodiscard]] tcp_socket::transfer receive(std::span<char> into) noexcept;

  /// Sealed, where there is a session. Otherwise the bytes stay where they are until all has left.
  [[nodiscard]] sending write(transport::pieces);
  /// What the session has to say.
  [[nodiscard]] sending send_sealed();
  /// Of either, what is left.
  [[nodiscard]] sending send_rest() noexcept;
  /// What the session has to say and nobody waits for, as far as it goes. To what is on its way nothing can be added.
  void send_sealed_that_goes();

  [[nodiscard]] sending send(transport::pieces) noexcept;

  const exchange index;
  handler_memory memory;
  tcp_socket socket;
  std::uint32_t life = 0;  // counts the connections: what was taken of an earlier one is not this one's

  // What the core waits for.
  bool is_connecting = false;
  bool is_shaking = false;
  bool is_writing = false;
  bool is_reading = false;
  error_code why_closed;              // what it hears when the socket is closed
  std::optional<error_code> written;  // how sending ended, where it did inside a call of the core
  bool is_due = false;                // a later turn of the loop looks at it

  bool can_read = false;
  bool is_ending = false;                                   // no more will come than there is
  bool is_sending = false;                                  // of the next something is left
  std::array<std::string_view, transport::pieces_max> out;  // on its way to the socket

  std::optional<tls_session> tls;
  std::string sealed;    // with TLS: what the socket is given, while the session makes more
  std::vector<char> in;  // with TLS: what the session has not looked at stays here
};

}  // namespace broadside::http
