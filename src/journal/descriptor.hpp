// journal/descriptor - a file descriptor that closes itself.
//
// Owned by one thread at a time.
#pragma once

#include <unistd.h>
#include <utility>

namespace broadside::journal {

class descriptor {
 public:
  descriptor() noexcept = default;
  /// -1: none, as system calls answer.
  explicit descriptor(int number) noexcept : number_(number) {}
  descriptor(descriptor&& from) noexcept : number_(std::exchange(from.number_, -1)) {}
  descriptor& operator=(descriptor&& from) noexcept {
    std::swap(number_, from.number_);
    return *this;
  }
  ~descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  [[nodiscard]] bool open() const noexcept { return number_ >= 0; }
  [[nodiscard]] int number() const noexcept { return number_; }

 private:
  int number_ = -1;
};

}  // namespace broadside::journal
