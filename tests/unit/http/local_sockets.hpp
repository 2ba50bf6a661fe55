// http/local_sockets - connected pairs and a listener on loopback, on one thread, for tests of what stands over them.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <array>
#include <cstddef>
#include <string>
#include <support/catch.hpp>
#include <utility>

namespace local_sockets {

/// An open descriptor and its few uses in tests.
class descriptor {
 public:
  explicit descriptor(int fd = -1) : fd_(fd) {}
  descriptor(descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  descriptor& operator=(descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~descriptor() { close(); }

  [[nodiscard]] int get() const { return fd_; }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  /// Nothing follows; reading goes on.
  void end() const { ::shutdown(fd_, SHUT_WR); }
  /// Closes so that the other end is told that the connection broke.
  void reset() {
    const linger now{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close();
  }
  void write(const std::string& text) const {
    REQUIRE(::send(fd_, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size()));
  }
  /// Writes until there is no room; how much went.
  [[nodiscard]] std::size_t fill() const {
    const std::string some(4096, 'f');
    std::size_t all = 0;
    for (;;) {
      const ssize_t n = ::send(fd_, some.data(), some.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (n < 0) return all;
      all += static_cast<std::size_t>(n);
    }
  }
  /// What is there, without waiting.
  [[nodiscard]] std::string read() const {
    std::string out;
    std::array<char, 4096> some;  // NOLINT: filled below
    for (;;) {
      const ssize_t n = ::recv(fd_, some.data(), some.size(), MSG_DONTWAIT);
      if (n <= 0) return out;
      out.append(some.data(), static_cast<std::size_t>(n));
    }
  }

 private:
  int fd_;
};

[[nodiscard]] inline std::pair<descriptor, descriptor> connected_pair() {
  std::array<int, 2> ends{-1, -1};
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) == 0);
  return {descriptor(ends[0]), descriptor(ends[1])};
}

/// Whether poll(2) says so, waiting for it for a while at most.
[[nodiscard]] inline bool becomes(short events, int fd, int wait_ms = 10'000) {
  pollfd one{fd, events, 0};
  return ::poll(&one, 1, wait_ms) == 1;
}

/// Any free port of loopback.
class listener {
 public:
  listener() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address_;
    REQUIRE(::bind(socket_.get(), address(), size) == 0);
    REQUIRE(::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address_), &size) == 0);
    REQUIRE(::listen(socket_.get(), 16) == 0);
  }

  [[nodiscard]] const sockaddr* address() const { return reinterpret_cast<const sockaddr*>(&address_); }
  [[nodiscard]] static std::size_t address_size() { return sizeof(sockaddr_in); }
  [[nodiscard]] descriptor accept() const {
    REQUIRE(becomes(POLLIN, socket_.get()));
    return descriptor(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  }
  /// Whoever connects is refused.
  void close() { socket_.close(); }

 private:
  descriptor socket_;
  sockaddr_in address_{};
};

}  // namespace local_sockets
