// send/interruptions - SIGINT and SIGTERM as something to poll, from the moment on that there is something to end in
// order.
//
// One of these a process. Before take() the signals do what they do by themselves: they end the process, so nothing
// that it waits for until then can hold it.
#pragma once

namespace broadside::send {

class interruptions {
 public:
  interruptions() = default;
  interruptions(const interruptions&) = delete;
  interruptions& operator=(const interruptions&) = delete;
  ~interruptions();

  /// False: the system gives no descriptor.
  [[nodiscard]] bool take();
  /// To poll() for reading; -1 before take().
  [[nodiscard]] int fd() const noexcept { return fd_; }
  /// Whether one came that was not told yet.
  [[nodiscard]] bool next() noexcept;

 private:
  int fd_ = -1;
};

}  // namespace broadside::send
