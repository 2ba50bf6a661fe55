// send/row_set - a set of row numbers: one bit for each row up to the largest.
//
// One thread. Memory: a bit for a row; numbers beyond `rows_max` are not kept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace broadside::send {

class row_set {
 public:
  static constexpr std::uint64_t rows_max = std::uint64_t{1} << 33U;  // a gigabyte: no file is believed more

  void insert(std::uint64_t row) {
    if (row >= rows_max) return;
    if (row >= rows_.size()) rows_.resize(static_cast<std::size_t>(row) + 1);
    rows_[static_cast<std::size_t>(row)] = true;
  }
  [[nodiscard]] bool contains(std::uint64_t row) const noexcept {
    return row < rows_.size() && rows_[static_cast<std::size_t>(row)];
  }

 private:
  std::vector<bool> rows_;
};

}  // namespace broadside::send
