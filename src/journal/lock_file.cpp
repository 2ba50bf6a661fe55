// journal/lock_file - flock on a file of its own, because LMDB's lock file is LMDB's.
//
// The lock belongs to the open file, so a second take() is refused in the same process too. When it was taken is the
// file's own time of change: nobody here reads a clock. Any thread.
#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <boost/system/error_code.hpp>
#include <cerrno>
#include <journal/lock_file.hpp>
#include <string_view>
#include <utility>

namespace broadside::journal {
namespace {

constexpr const char* name = "/writer.lock";
constexpr mode_t owner_only = 0600;
constexpr std::size_t words_max = 256;

failure system_failure(const std::string& path) {
  const error_code code{errno, boost::system::system_category()};
  return {code, {{path, code.message()}}};
}

std::string words_of_this_process() {
  std::array<char, words_max> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) host[0] = '?';
  return fmt::format("process {} on {}", ::getpid(), host.data()).substr(0, words_max);
}

/// What the holder wrote, with anything that does not belong on a terminal taken out: the file may hold whatever.
std::string words_in(int descriptor) {
  std::array<char, words_max> bytes{};
  const auto n = ::pread(descriptor, bytes.data(), bytes.size(), 0);
  if (n <= 0) return "a process that did not say its name yet";
  std::string words(bytes.data(), static_cast<std::size_t>(n));
  std::replace_if(
      words.begin(), words.end(), [](char c) { return c < 0x20 || c > 0x7E; }, '?');
  struct stat about {};
  if (::fstat(descriptor, &about) != 0) return words;
  return fmt::format("{}, since {:%Y-%m-%d %H:%M:%S} UTC", words, fmt::gmtime(about.st_mtime));
}

failure refusal(const std::string& folder, int file) {
  if (errno != EWOULDBLOCK) return system_failure(folder + name);
  return {errc::journal_in_use, {{folder, "is written to by " + words_in(file)}}};
}

/// Not emptied first: some file systems take a file that is emptied and written for one to be on the disk at once.
bool write_words(int descriptor) {
  const std::string words = words_of_this_process();
  const auto size = static_cast<ssize_t>(words.size());
  return ::pwrite(descriptor, words.data(), words.size(), 0) == size && ::ftruncate(descriptor, size) == 0;
}

}  // namespace

result<lock_file, failure> lock_file::take(const std::string& folder) {
  const std::string path = folder + name;
  descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, owner_only));
  if (!file.open()) return system_failure(path);
  if (::flock(file.number(), LOCK_EX | LOCK_NB) != 0) return refusal(folder, file.number());
  // The words are for people: a disk that is full keeps nobody from opening what is there.
  (void)write_words(file.number());
  return lock_file(std::move(file));
}

result<lock_file, failure> lock_file::keep_writers_out(const std::string& folder) {
  const std::string path = folder + name;
  descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  // A copy of the data alone, where nothing can be made: nobody can write to it either.
  if (!file.open() && errno == ENOENT) return lock_file({});
  if (!file.open()) return system_failure(path);
  if (::flock(file.number(), LOCK_SH | LOCK_NB) != 0) return refusal(folder, file.number());
  return lock_file(std::move(file));
}

}  // namespace broadside::journal
