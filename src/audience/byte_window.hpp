// audience/byte_window - the bytes that were read and not yet given away, in one piece.
//
// One thread. Memory: begins with two blocks and doubles up to `most` bytes when a row needs it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

namespace broadside::audience {

class byte_window {
 public:
  /// Bytes behind the end that may be read, whatever they are: vector code reads whole blocks.
  static constexpr std::size_t padding = 64;

  byte_window(std::size_t block, std::size_t most)
      : block_(block), most_(most), bytes_(std::min(2 * block, most) + padding) {}

  /// Moves what is left to the front; where the next bytes go.
  [[nodiscard]] std::span<char> room() {
    if (begin_ > 0) {  // else a row that comes byte by byte would be copied for each
      std::copy(data() + begin_, data() + end_, data());
      end_ -= begin_;
      begin_ = 0;
    }
    if (capacity() - end_ < block_ && capacity() < most_) {
      bytes_.resize(std::min(std::max(2 * capacity(), end_ + block_), most_) + padding);
    }
    return {data() + end_, capacity() - end_};
  }
  void filled(std::size_t bytes) noexcept { end_ += std::min(bytes, capacity() - end_); }

  [[nodiscard]] char* data() noexcept { return bytes_.data(); }
  [[nodiscard]] std::size_t capacity() const noexcept { return bytes_.size() - padding; }
  // positions in data()
  [[nodiscard]] std::size_t begin() const noexcept { return begin_; }
  [[nodiscard]] std::size_t end() const noexcept { return end_; }
  void drop_before(std::size_t position) noexcept { begin_ = position; }

 private:
  std::size_t block_;
  std::size_t most_;
  std::vector<char> bytes_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace broadside::audience
