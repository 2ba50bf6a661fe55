// send/output_file - open, write all of it, close; each checked. One thread.
#include "output_file.hpp"
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

namespace broadside::send {
namespace {

constexpr std::size_t block_bytes = 64 * 1024;

std::string folder_of(const std::string& path) {
  const auto folder = std::filesystem::path(path).parent_path();
  return folder.empty() ? "." : folder.string();
}

/// A new file is there after a power cut when its folder says so. What cannot be synced has nothing to lose.
bool sync_folder(const std::string& path) {
  const int fd = ::open(folder_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return errno == EACCES;  // may be written to and not read
  const bool synced = ::fsync(fd) == 0 || errno == EINVAL || errno == EROFS;
  ::close(fd);
  return synced;
}

}  // namespace

std::string hindrance(const std::string& path) {
  struct stat about {};
  int code = 0;
  if (::stat(path.c_str(), &about) == 0) {
    code = S_ISDIR(about.st_mode) ? EISDIR : ::access(path.c_str(), W_OK) == 0 ? 0 : errno;
  } else if (errno != ENOENT) {
    code = errno;
  } else {
    code = ::access(folder_of(path).c_str(), W_OK | X_OK) == 0 ? 0 : errno;
  }
  return code == 0 ? std::string() : fmt::format("{}: {}", path, std::generic_category().message(code));
}

output_file::~output_file() { close(); }

bool output_file::open(const std::string& path, mode how, torn_line is_torn) {
  path_ = path;
  if (how == mode::resume && !mend_last_line(is_torn)) return false;
  // Appended to, whatever the mode: what another process writes meanwhile is not written over.
  const int flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_APPEND | (how == mode::replace ? O_TRUNC : 0);
  fd_ = ::open(path.c_str(), flags | O_EXCL, 0600);
  created_ = fd_ >= 0;
  if (fd_ < 0 && errno == EEXIST) fd_ = ::open(path.c_str(), flags, 0600);
  if (fd_ < 0) fail(errno);
  return fd_ >= 0 && flush();
}

// A file that is not there, or is none, has no torn line.
bool output_file::mend_last_line(torn_line is_torn) {
  struct stat about {};
  if (::stat(path_.c_str(), &about) != 0 || !S_ISREG(about.st_mode)) return true;
  const int fd = ::open(path_.c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) {
    fail(errno);
    return false;
  }
  std::vector<char> block(static_cast<std::size_t>(std::min<off_t>(about.st_size, static_cast<off_t>(block_bytes))));
  const off_t from = about.st_size - static_cast<off_t>(block.size());
  if (const ssize_t n = ::pread(fd, block.data(), block.size(), from); n != static_cast<ssize_t>(block.size())) {
    fail(n < 0 ? errno : EIO);  // another process shortens it: nobody knows what its end is
  } else {
    const std::string_view end(block.data(), block.size());
    const std::string_view tail = end.substr(end.rfind('\n') + 1);  // all of it when there is no line end
    const bool is_whole = tail.size() < end.size() || from == 0;    // and not the end of something longer
    if (!tail.empty() && is_whole && is_torn != nullptr && is_torn(tail)) {
      if (::ftruncate(fd, about.st_size - static_cast<off_t>(tail.size())) != 0) fail(errno);
    } else if (!tail.empty()) {
      buffer_ = "\n";  // written when it is open
      unsynced_ = true;
    }
  }
  ::close(fd);
  return error_.empty();
}

void output_file::write(std::string_view text) {
  if (fd_ < 0 || !error_.empty()) return;
  buffer_ += text;
  unsynced_ = true;
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

bool output_file::clear() {
  struct stat about {};
  buffer_.clear();
  if (fd_ >= 0 && ::fstat(fd_, &about) == 0 && S_ISREG(about.st_mode) && ::ftruncate(fd_, 0) != 0) fail(errno);
  return error_.empty();
}

bool output_file::sync() {
  if (!flush() || fd_ < 0 || !unsynced_) return error_.empty();
  // EINVAL: a pipe or a terminal, where there is nothing to wait for
  if (::fdatasync(fd_) != 0 && errno != EINVAL && errno != EROFS) fail(errno);
  unsynced_ = false;
  if (error_.empty() && std::exchange(created_, false) && !sync_folder(path_)) fail(errno);
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
