// http/tcp_socket - one TCP connection of a client, by calls that never wait.
//
// Owns the descriptor, which no child process inherits. When to try again is a ready_set's to say. One thread. Nothing
// allocates.
#pragma once

#include <broadside/result.hpp>
#include <cstddef>
#include <span>
#include <string_view>

struct sockaddr;

namespace broadside::http {

class tcp_socket {
 public:
  /// What a call moved. With an error it moved nothing.
  struct transfer {
    std::size_t bytes = 0;
    int error = 0;  ///< as errno has it; 0: none

    /// There is nothing to read, or no room to write to, yet.
    [[nodiscard]] bool must_wait() const noexcept;
    /// Where must_wait() does not hold.
    [[nodiscard]] error_code why() const noexcept;
  };

  static constexpr std::size_t pieces_max = 3;

  tcp_socket() = default;
  tcp_socket(const tcp_socket&) = delete;
  tcp_socket& operator=(const tcp_socket&) = delete;
  ~tcp_socket() { close(); }

  /// On a socket that is closed: starts to connect. How that ends is told by connected() once the socket is ready.
  /// After an error it is closed.
  [[nodiscard]] error_code connect(const sockaddr* to, std::size_t size) noexcept;
  [[nodiscard]] error_code connected() const noexcept;

  /// As much as goes, of at most pieces_max pieces in their order, by one call. A connection that is broken is an
  /// error, never a signal.
  [[nodiscard]] transfer send(std::span<const std::string_view>) noexcept;

  /// As much as there is. No bytes and no error: the peer has ended what it sends.
  [[nodiscard]] transfer receive(std::span<char> into) noexcept;
  /// What receive() would say, into a single byte; that byte stays.
  [[nodiscard]] transfer peek() noexcept;

  void close() noexcept;
  [[nodiscard]] bool is_open() const noexcept { return fd_ >= 0; }
  [[nodiscard]] int get() const noexcept { return fd_; }

 private:
  [[nodiscard]] transfer send_copy(std::span<const std::string_view>) noexcept;
  [[nodiscard]] transfer gather(std::span<const std::string_view>) noexcept;

  int fd_ = -1;
};

}  // namespace broadside::http
