// engine/wake_fd - an eventfd that wakes whoever waits on it: an event loop, or the host's poll(2).
//
// signal() from any thread; clear() by the one that waits. Owns the descriptor.
#pragma once

#include <broadside/result.hpp>

namespace broadside::engine_detail {

class wake_fd {
 public:
  /// Errors: what the system said.
  [[nodiscard]] static result<wake_fd> make() noexcept;

  wake_fd(wake_fd&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  wake_fd& operator=(wake_fd&&) = delete;
  ~wake_fd();

  void signal() const noexcept;
  void clear() const noexcept;
  [[nodiscard]] int get() const noexcept { return fd_; }

 private:
  explicit wake_fd(int fd) noexcept : fd_(fd) {}
  int fd_;
};

}  // namespace broadside::engine_detail
