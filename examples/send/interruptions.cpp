// send/interruptions - a signal handler that writes to an eventfd. Other threads do not block the two signals, and need
// not: the system gives them to the first thread as long as that takes them.
#include "interruptions.hpp"
#include <sys/eventfd.h>
#include <unistd.h>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>

namespace broadside::send {
namespace {

constexpr std::array taken{SIGINT, SIGTERM};

std::atomic<int> told{-1};
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler reads it");

extern "C" void tell_of_signal(int) {
  const int kept = errno;
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(told.load(std::memory_order_relaxed), &one, sizeof one);
  errno = kept;
}

}  // namespace

interruptions::~interruptions() {
  if (fd_ < 0) return;
  for (const int each : taken) std::signal(each, SIG_DFL);
  told = -1;
  ::close(fd_);
}

bool interruptions::take() {
  fd_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE);
  if (fd_ < 0) return false;
  told = fd_;
  struct sigaction how {};
  how.sa_handler = tell_of_signal;
  how.sa_flags = SA_RESTART;
  sigemptyset(&how.sa_mask);
  for (const int each : taken) {
    if (::sigaction(each, &how, nullptr) != 0) return false;
  }
  return true;
}

bool interruptions::next() noexcept {
  std::uint64_t one = 0;
  return fd_ >= 0 && ::read(fd_, &one, sizeof one) == static_cast<ssize_t>(sizeof one);
}

}  // namespace broadside::send
