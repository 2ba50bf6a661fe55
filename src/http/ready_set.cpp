// http/ready_set - over epoll(7).
#include <sys/epoll.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <http/ready_set.hpp>

namespace broadside::http {
namespace {

error_code last_error() noexcept { return {errno, boost::system::system_category()}; }

ready_set::ready meaning_of(const epoll_event& e) noexcept {
  constexpr std::uint32_t ends = EPOLLRDHUP | EPOLLHUP | EPOLLERR;
  return {e.data.u64, (e.events & EPOLLIN) != 0, (e.events & EPOLLOUT) != 0, (e.events & ends) != 0};
}

}  // namespace

result<ready_set> ready_set::make() noexcept {
  const int fd = ::epoll_create1(EPOLL_CLOEXEC);
  if (fd < 0) return last_error();
  return ready_set(fd);
}

ready_set::~ready_set() {
  if (fd_ >= 0) ::close(fd_);
}

error_code ready_set::add(int socket, std::uint64_t tag) noexcept {
  epoll_event what{};
  what.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  what.data.u64 = tag;
  return ::epoll_ctl(fd_, EPOLL_CTL_ADD, socket, &what) == 0 ? error_code() : last_error();
}

std::size_t ready_set::take(std::span<ready> into) noexcept {
  std::array<epoll_event, taken_max> events;  // NOLINT: filled below
  const int most = static_cast<int>(std::min(into.size(), events.size()));
  if (most == 0) return 0;
  const int n = ::epoll_wait(fd_, events.data(), most, 0);
  if (n <= 0) return 0;
  std::transform(events.begin(), events.begin() + n, into.begin(), meaning_of);
  return static_cast<std::size_t>(n);
}

}  // namespace broadside::http
