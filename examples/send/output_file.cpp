// send/output_file - open, write all of it, close; each checked. One thread.
#include "output_file.hpp"
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <cerrno>
#include <system_error>
#include <utility>

namespace broadside::send {
namespace {

constexpr std::size_t block_bytes = 64 * 1024;

}  // namespace

output_file::~output_file() { close(); }

bool output_file::open(const std::string& path, mode how) {
  path_ = path;
  const int start = how == mode::append ? O_APPEND : O_TRUNC;
  fd_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | start, 0600);
  if (fd_ < 0) fail(errno);
  return fd_ >= 0;
}

void output_file::write(std::string_view text) {
  if (fd_ < 0 || !error_.empty()) return;
  buffer_ += text;
  if (buffer_.size() >= block_bytes) flush();
}

bool output_file::flush() {
  std::size_t done = 0;
  while (fd_ >= 0 && error_.empty() && done < buffer_.size()) {
    const ssize_t n = ::write(fd_, buffer_.data() + done, buffer_.size() - done);
    if (n >= 0) {
      done += static_cast<std::size_t>(n);
    } else if (errno != EINTR) {
      fail(errno);
    }
  }
  buffer_.clear();
  return error_.empty();
}

bool output_file::close() {
  flush();
  if (fd_ >= 0 && ::close(std::exchange(fd_, -1)) != 0) fail(errno);
  return error_.empty();
}

void output_file::fail(int code) {
  if (error_.empty()) error_ = fmt::format("{}: {}", path_, std::generic_category().message(code));
}

}  // namespace broadside::send
