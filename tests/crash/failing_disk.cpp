// A disk that fails, for one file of one process: loaded with LD_PRELOAD.
//
// While the file that BROADSIDE_FAILING_DISK names exists, calls that write or sync the file that
// BROADSIDE_FAILING_FILE names answer EIO. The first letter of the former says which: w, every write, and nothing is
// written; s, every sync; m, writes through a descriptor that syncs by itself, as LMDB's of its meta pages: what they
// wrote stays in the system's memory, as it does when a real disk refuses it.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#include <cerrno>
#include <cstdlib>

namespace {

/// 0: the disk works.
char how_it_fails() noexcept {
  const char* const marker = std::getenv("BROADSIDE_FAILING_DISK");
  const int file = marker == nullptr ? -1 : ::open(marker, O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  char letter = 0;
  if (::read(file, &letter, 1) != 1) letter = 0;
  ::close(file);
  return letter;
}

bool is_data(int file) noexcept {
  const char* const path = std::getenv("BROADSIDE_FAILING_FILE");
  struct stat wanted {};
  struct stat given {};
  return path != nullptr && ::stat(path, &wanted) == 0 && ::fstat(file, &given) == 0 && wanted.st_dev == given.st_dev &&
         wanted.st_ino == given.st_ino;
}

enum class fate { goes_through, fails, fails_after_its_effect };

fate of_write(int file) noexcept {
  if (!is_data(file)) return fate::goes_through;
  const char how = how_it_fails();
  if (how == 'w') return fate::fails;
  const bool syncs = (::fcntl(file, F_GETFL) & O_DSYNC) != 0;
  return how == 'm' && syncs ? fate::fails_after_its_effect : fate::goes_through;
}

int refused() noexcept {
  errno = EIO;
  return -1;
}

/// The system's own function of this name.
template <class Function>
Function* next(const char* name) noexcept {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

template <class Call>
ssize_t write_or_fail(int file, Call call) noexcept {
  const fate its = of_write(file);
  if (its == fate::fails) return refused();
  const ssize_t n = call();
  return its == fate::goes_through ? n : refused();
}

}  // namespace

extern "C" {

int fdatasync(int file) {
  static const auto real = next<int(int)>("fdatasync");
  return is_data(file) && how_it_fails() == 's' ? refused() : real(file);
}

int fsync(int file) {
  static const auto real = next<int(int)>("fsync");
  return is_data(file) && how_it_fails() == 's' ? refused() : real(file);
}

int msync(void* from, std::size_t bytes, int flags) {  // of the data file: nothing else is mapped to be written
  static const auto real = next<int(void*, std::size_t, int)>("msync");
  return how_it_fails() == 's' ? refused() : real(from, bytes, flags);
}

ssize_t write(int file, const void* from, std::size_t bytes) {
  static const auto real = next<ssize_t(int, const void*, std::size_t)>("write");
  return write_or_fail(file, [&] { return real(file, from, bytes); });
}

ssize_t pwrite(int file, const void* from, std::size_t bytes, off_t at) {
  static const auto real = next<ssize_t(int, const void*, std::size_t, off_t)>("pwrite");
  return write_or_fail(file, [&] { return real(file, from, bytes, at); });
}

ssize_t writev(int file, const iovec* from, int parts) {
  static const auto real = next<ssize_t(int, const iovec*, int)>("writev");
  return write_or_fail(file, [&] { return real(file, from, parts); });
}

ssize_t pwritev(int file, const iovec* from, int parts, off_t at) {
  static const auto real = next<ssize_t(int, const iovec*, int, off_t)>("pwritev");
  return write_or_fail(file, [&] { return real(file, from, parts, at); });
}

// The names that programs built for large files use.
ssize_t pwrite64(int file, const void* from, std::size_t bytes, off_t at) { return pwrite(file, from, bytes, at); }
ssize_t pwritev64(int file, const iovec* from, int parts, off_t at) { return pwritev(file, from, parts, at); }
}
