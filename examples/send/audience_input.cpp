// send/audience_input - open(2), fstat(2), read(2). One thread.
#include "audience_input.hpp"
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace broadside::send {

audience_input::~audience_input() {
  if (owned_) ::close(fd_);
}

bool audience_input::open(const std::string& path) {
  name_ = path == "-" ? "standard input" : path;
  owned_ = path != "-";
  fd_ = owned_ ? ::open(path.c_str(), O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
  if (fd_ < 0) {
    owned_ = false;
    return fail(errno);
  }
  struct stat about {};
  if (::fstat(fd_, &about) != 0) return fail(errno);
  if (S_ISDIR(about.st_mode)) return fail(EISDIR);
  waits_ = !S_ISREG(about.st_mode);
  if (!waits_) bytes_total_ = static_cast<std::uint64_t>(about.st_size);
  return true;
}

void audience_input::open_text(std::string text) {
  text_ = std::move(text);
  bytes_total_ = text_.size();
}

std::size_t audience_input::read(std::span<char> out) {
  if (at_end_ || out.empty()) return 0;
  std::size_t got = 0;
  if (fd_ < 0) {
    got = text_.copy(out.data(), out.size(), static_cast<std::size_t>(bytes_));
  } else {
    ssize_t n = 0;
    do {
      n = ::read(fd_, out.data(), out.size());
    } while (n < 0 && errno == EINTR);
    if (n < 0 && errno == EAGAIN) return 0;  // somebody else's non-blocking standard input: poll again
    if (n < 0) fail(errno);
    got = n > 0 ? static_cast<std::size_t>(n) : 0;
  }
  bytes_ += got;
  at_end_ = got == 0;
  return got;
}

void audience_input::wait() const noexcept {
  pollfd ready{waits_on(), POLLIN, 0};
  if (ready.fd >= 0) ::poll(&ready, 1, -1);
}

bool audience_input::fail(int code) {
  error_ = fmt::format("{}: {}", name_, std::generic_category().message(code));
  at_end_ = true;
  return false;
}

}  // namespace broadside::send
