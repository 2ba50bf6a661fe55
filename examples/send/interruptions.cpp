// send/interruptions - signal handlers that write to eventfds. Other threads do not block the signals, and need not:
// the system gives them to the first thread as long as that takes them.
#include "interruptions.hpp"
#include <sys/eventfd.h>
#include <unistd.h>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>

namespace broadside::send {
namespace {

constexpr std::array ending{SIGINT, SIGTERM, SIGHUP};

std::atomic<int> told{-1};
std::atomic<int> reload_told{-1};
std::atomic<bool> attended{false};
std::atomic<int> came{0};  // the first that did
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<bool>::is_always_lock_free,
              "a signal handler uses them");

std::array<struct sigaction, ending.size()> before;
struct sigaction before_reload;

void write_one(int fd) {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(fd, &one, sizeof one);
}

extern "C" void tell_of_ending(int which) {
  const int kept = errno;
  if (came.exchange(which) != 0 && !attended) {
    std::signal(which, SIG_DFL);
    std::raise(which);  // ends the process when this handler returns
  }
  write_one(told);
  errno = kept;
}

extern "C" void tell_of_reload(int) {
  const int kept = errno;
  write_one(reload_told);
  errno = kept;
}

/// Leaves a signal ignored that is. False: the system does not take it.
bool handle(int which, void (*handler)(int), struct sigaction& was) {
  if (::sigaction(which, nullptr, &was) != 0) return false;
  if (was.sa_handler == SIG_IGN) return true;
  struct sigaction how {};
  how.sa_handler = handler;
  how.sa_flags = SA_RESTART;
  sigemptyset(&how.sa_mask);
  return ::sigaction(which, &how, nullptr) == 0;
}

}  // namespace

interruptions::interruptions() : reload_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (reload_fd_ < 0) return;
  reload_told = reload_fd_;
  static_cast<void>(handle(SIGUSR1, tell_of_reload, before_reload));
}

interruptions::~interruptions() {
  if (reload_fd_ >= 0) {
    ::sigaction(SIGUSR1, &before_reload, nullptr);
    reload_told = -1;
    ::close(reload_fd_);
  }
  if (fd_ < 0) return;
  for (std::size_t i = 0; i < ending.size(); ++i) ::sigaction(ending[i], &before[i], nullptr);
  told = -1;
  ::close(fd_);
}

bool interruptions::take() {
  fd_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE);
  if (fd_ < 0) return false;
  told = fd_;
  came = 0;
  attended = false;
  bool taken = true;
  for (std::size_t i = 0; i < ending.size(); ++i) taken &= handle(ending[i], tell_of_ending, before[i]);
  return taken;
}

void interruptions::end_if_asked() const noexcept {
  const int which = came;
  if (which == 0) return;
  std::signal(which, SIG_DFL);
  std::raise(which);
}

void interruptions::attend() noexcept { attended = true; }

bool interruptions::next() noexcept {
  std::uint64_t one = 0;
  return fd_ >= 0 && ::read(fd_, &one, sizeof one) == static_cast<ssize_t>(sizeof one);
}

bool interruptions::reload() noexcept {
  std::uint64_t times = 0;
  return reload_fd_ >= 0 && ::read(reload_fd_, &times, sizeof times) == static_cast<ssize_t>(sizeof times);
}

}  // namespace broadside::send
