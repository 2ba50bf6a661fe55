// send/tell - fwrite; errors of standard error are nobody's. Any thread.
#include "tell.hpp"
#include <fcntl.h>
#include <unistd.h>
#include <cstdio>

namespace broadside::send {

void keep_standard_streams() noexcept {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(fd, F_GETFD) >= 0) continue;
    // The lowest one that is free is this one. Opened for reading: what is printed to nobody is an error.
    static_cast<void>(::open("/dev/null", O_RDONLY));
  }
}

void tell(std::string_view text) noexcept {
  static_cast<void>(std::fwrite(text.data(), 1, text.size(), stderr));
  static_cast<void>(std::fflush(stderr));
}

void print(std::string_view text) noexcept { static_cast<void>(std::fwrite(text.data(), 1, text.size(), stdout)); }

bool is_printed() noexcept { return std::fflush(stdout) == 0 && std::ferror(stdout) == 0; }

}  // namespace broadside::send
