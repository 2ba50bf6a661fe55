// http/allocation_count - how often this thread called operator new, for tests that promise it does not.
#pragma once

#include <cstddef>

/// Counts the calling thread's allocations while it lives. One at a time per thread.
class allocation_count {
 public:
  allocation_count() noexcept;
  allocation_count(const allocation_count&) = delete;
  allocation_count& operator=(const allocation_count&) = delete;
  ~allocation_count();
  [[nodiscard]] std::size_t so_far() const noexcept;
};
