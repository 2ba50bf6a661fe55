// http/tcp_socket - over sockets(7).
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <http/tcp_socket.hpp>

namespace broadside::http {
namespace {

constexpr std::size_t copied_bytes_max = 4 * 1024;  // what is shorter is cheaper to copy than to gather

error_code from_system(int error) noexcept { return {error, boost::system::system_category()}; }

// Tried again for as long as a signal comes between.
template <class Call>
tcp_socket::transfer transferred(Call call) noexcept {
  for (;;) {
    const ssize_t n = call();
    if (n >= 0) return {static_cast<std::size_t>(n), 0};
    if (errno != EINTR) return {0, errno};
  }
}

}  // namespace

bool tcp_socket::transfer::must_wait() const noexcept { return error == EAGAIN; }

error_code tcp_socket::transfer::why() const noexcept { return error == 0 ? error_code() : from_system(error); }

error_code tcp_socket::connect(const sockaddr* to, std::size_t size) noexcept {
  fd_ = ::socket(to->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0) return from_system(errno);
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // without it a connection works, if slower
  // A call that a signal interrupts has begun to connect as well.
  if (::connect(fd_, to, static_cast<socklen_t>(size)) == 0 || errno == EINPROGRESS || errno == EINTR) return {};
  const int why = errno;
  close();
  return from_system(why);
}

error_code tcp_socket::connected() const noexcept {
  int why = 0;
  socklen_t size = sizeof why;
  if (::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &why, &size) != 0) why = errno;
  return why == 0 ? error_code() : from_system(why);
}

tcp_socket::transfer tcp_socket::send(std::span<const std::string_view> all) noexcept {
  std::size_t size = 0;
  for (const std::string_view piece : all) size += piece.size();
  for (const std::string_view piece : all) {
    if (piece.size() == size) return transferred([&] { return ::send(fd_, piece.data(), size, MSG_NOSIGNAL); });
  }
  return size <= copied_bytes_max ? send_copy(all) : gather(all);
}

tcp_socket::transfer tcp_socket::send_copy(std::span<const std::string_view> all) noexcept {
  std::array<char, copied_bytes_max> whole;  // NOLINT: filled below
  char* end = whole.data();
  for (const std::string_view piece : all) end = std::copy(piece.begin(), piece.end(), end);
  const auto size = static_cast<std::size_t>(end - whole.data());
  return transferred([&] { return ::send(fd_, whole.data(), size, MSG_NOSIGNAL); });
}

tcp_socket::transfer tcp_socket::gather(std::span<const std::string_view> all) noexcept {
  std::array<iovec, pieces_max> parts{};
  for (std::size_t i = 0; i < all.size(); ++i) {
    parts[i] = {const_cast<char*>(all[i].data()), all[i].size()};  // NOLINT: the system's type for both directions
  }
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = all.size();
  return transferred([&] { return ::sendmsg(fd_, &message, MSG_NOSIGNAL); });
}

tcp_socket::transfer tcp_socket::receive(std::span<char> into) noexcept {
  return transferred([&] { return ::recv(fd_, into.data(), into.size(), 0); });
}

tcp_socket::transfer tcp_socket::peek() noexcept {
  char byte = 0;
  return transferred([&] { return ::recv(fd_, &byte, 1, MSG_PEEK); });
}

void tcp_socket::close() noexcept {
  if (fd_ < 0) return;
  ::close(fd_);  // what a signal interrupts is closed all the same
  fd_ = -1;
}

}  // namespace broadside::http
