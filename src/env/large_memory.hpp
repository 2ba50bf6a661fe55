// env/large_memory - one piece of memory for the life of its owner, in huge pages where the machine has them.
//
// What is touched here and there all the time, in megabytes, misses the processor's table of pages with every touch
// when pages are small: with huge ones a message of a batch of a hundred costs a tenth less.
#pragma once

#include <cstddef>
#include <memory>

namespace broadside {

class large_memory {
 public:
  /// All bytes are zero. Throws std::bad_alloc. From two megabytes on huge pages are asked for; that the system has
  /// none is no error.
  explicit large_memory(std::size_t bytes);

  /// Aligned for whole cache lines.
  [[nodiscard]] std::byte* data() const noexcept { return bytes_.get(); }

 private:
  struct release {
    std::size_t alignment;
    void operator()(std::byte* p) const noexcept;
  };
  std::unique_ptr<std::byte[], release> bytes_;
};

}  // namespace broadside
