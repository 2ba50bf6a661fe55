// media/media_file - a file of the file system as a source of bytes: pread, where it is asked for. POSIX.
//
// Any thread; each call opens its own descriptor, without blocking on what is not a file.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <broadside/media.hpp>
#include <cerrno>

namespace broadside {
namespace {

error_code from_errno(int number) noexcept { return {number, boost::system::generic_category()}; }

class file_source final : public byte_source {
 public:
  explicit file_source(const std::string& path) noexcept
      : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)) {
    struct stat about {};
    if (descriptor_ < 0 || ::fstat(descriptor_, &about) != 0) {
      error_ = errno;
    } else if (S_ISDIR(about.st_mode)) {
      error_ = EISDIR;
    } else if (!S_ISREG(about.st_mode)) {
      error_ = EINVAL;  // a device or a pipe has no size
    } else {
      size_ = static_cast<std::uint64_t>(about.st_size);
    }
  }
  ~file_source() override {
    if (descriptor_ >= 0) (void)::close(descriptor_);
  }
  file_source(const file_source&) = delete;
  file_source& operator=(const file_source&) = delete;

  [[nodiscard]] std::uint64_t size() const noexcept override { return size_; }

  [[nodiscard]] std::size_t read(std::uint64_t at, std::span<std::byte> out) noexcept override {
    std::size_t got = 0;
    while (got < out.size() && error_ == 0) {
      const auto n = ::pread(descriptor_, out.data() + got, out.size() - got, static_cast<off_t>(at + got));
      if (n < 0) {
        if (errno != EINTR) error_ = errno;
      } else if (n == 0) {
        error_ = EIO;  // the file became shorter while it was read
      } else {
        got += static_cast<std::size_t>(n);
      }
    }
    return got;
  }

  /// errno's number; 0 as long as nothing went wrong.
  [[nodiscard]] int error() const noexcept { return error_; }

 private:
  // constant after construction
  int descriptor_ = -1;
  std::uint64_t size_ = 0;

  int error_ = 0;
};

}  // namespace

result<media_facts> read_media_file(const std::string& path) {
  file_source source(path);
  if (source.error() != 0) return from_errno(source.error());
  const media_reading reading = read_media(source);
  if (source.error() != 0) return from_errno(source.error());
  return reading.facts;
}

}  // namespace broadside
