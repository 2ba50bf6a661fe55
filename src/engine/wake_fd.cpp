// engine/wake_fd - see wake_fd.hpp.
#include <sys/eventfd.h>
#include <unistd.h>
#include <cerrno>
#include <cstdint>
#include <engine/wake_fd.hpp>

namespace broadside::engine_detail {

result<wake_fd> wake_fd::make() noexcept {
  const int fd = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (fd < 0) return error_code(errno, boost::system::system_category());
  return wake_fd(fd);
}

wake_fd::~wake_fd() {
  if (fd_ >= 0) ::close(fd_);
}

void wake_fd::signal() const noexcept {
  const std::uint64_t one = 1;
  // Fails only when the counter is at its maximum, and then the descriptor is readable already.
  [[maybe_unused]] const auto written = ::write(fd_, &one, sizeof one);
}

void wake_fd::clear() const noexcept {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto read = ::read(fd_, &count, sizeof count);  // EAGAIN: nothing to clear
}

}  // namespace broadside::engine_detail
