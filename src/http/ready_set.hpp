// http/ready_set - which of many sockets can go on: an epoll instance, edge-triggered.
//
// A socket is added once, for everything it may ever wait for, and leaves when it is closed; nothing is asked of the
// system in between. What is told is told once: who takes it remembers it. One thread. Nothing allocates.
#pragma once

#include <broadside/result.hpp>
#include <cstddef>
#include <cstdint>
#include <span>

namespace broadside::http {

class ready_set {
 public:
  /// What happened to one socket since it was told last, and what holds as well. `is_ending`: the peer has ended what
  /// it sends, or the connection is broken; reading tells which, after the bytes that came before.
  struct ready {
    std::uint64_t tag;
    bool can_read;
    bool can_write;
    bool is_ending;
  };

  static constexpr std::size_t taken_max = 128;  ///< by one take(), however much it may take

  /// Errors: what the system said.
  [[nodiscard]] static result<ready_set> make() noexcept;

  ready_set(ready_set&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  ready_set& operator=(ready_set&&) = delete;
  ~ready_set();

  /// What a socket can do already is told first. Errors: what the system said.
  [[nodiscard]] error_code add(int socket, std::uint64_t tag) noexcept;

  /// How many are ready now, without waiting; the others stay for the next call. A socket that is closed meanwhile may
  /// still be among those taken.
  [[nodiscard]] std::size_t take(std::span<ready> into) noexcept;

  /// Readable, for poll(2) and the like, while there is something to take.
  [[nodiscard]] int get() const noexcept { return fd_; }

 private:
  explicit ready_set(int fd) noexcept : fd_(fd) {}
  int fd_;
};

}  // namespace broadside::http
