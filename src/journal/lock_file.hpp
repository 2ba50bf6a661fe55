// journal/lock_file - one writer a folder: an flock that the system gives back when the process is gone, and the words
// that say who holds it.
#pragma once

#include <broadside/result.hpp>
#include <journal/descriptor.hpp>
#include <string>
#include <utility>

namespace broadside::journal {

class lock_file {
 public:
  /// Takes the lock of the folder; writes process id and host name into the file for others to read. Errors:
  /// errc::journal_in_use with a violation that repeats these words and says since when, or what the system said.
  [[nodiscard]] static result<lock_file, failure> take(const std::string& folder);
  /// Keeps writers out, and nobody who reads; needs no permission to write. Errors as take().
  [[nodiscard]] static result<lock_file, failure> keep_writers_out(const std::string& folder);

 private:
  explicit lock_file(descriptor file) noexcept : file_(std::move(file)) {}
  descriptor file_;  // the lock ends with it
};

}  // namespace broadside::journal
