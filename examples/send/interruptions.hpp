// send/interruptions - signals as something to poll: to end in order (SIGINT, SIGTERM, SIGHUP), and to read the
// campaign file again (SIGUSR1).
//
// One of these a process. Before take() the signals that end a run do what they do by themselves: they end the process,
// so nothing that it waits for until then can hold it. One that the process was started with as ignored stays ignored:
// under nohup a terminal that closes ends nothing.
#pragma once

namespace broadside::send {

class interruptions {
 public:
  interruptions();  ///< SIGUSR1 is kept from here on until it is asked for
  interruptions(const interruptions&) = delete;
  interruptions& operator=(const interruptions&) = delete;
  ~interruptions();

  /// False: the system gives no descriptor. Until attend() a second signal ends the process: nobody looks at the first
  /// yet.
  [[nodiscard]] bool take();
  /// Ends the process as the signal does that came, if one did. For waits at which nothing has left.
  void end_if_asked() const noexcept;
  /// From now on next() is asked.
  void attend() noexcept;
  /// To poll() for reading; -1 before take().
  [[nodiscard]] int fd() const noexcept { return fd_; }
  /// Whether one came that was not told yet.
  [[nodiscard]] bool next() noexcept;

  /// To poll() for reading; -1: the system gave no descriptor.
  [[nodiscard]] int reload_fd() const noexcept { return reload_fd_; }
  /// Whether the campaign file is to be read again; any number of signals is one answer.
  [[nodiscard]] bool reload() noexcept;

 private:
  int fd_ = -1;
  int reload_fd_ = -1;
};

}  // namespace broadside::send
