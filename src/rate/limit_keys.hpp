// rate/limit_keys - many limits side by side, which stay where they are.
//
// One thread adds and walks; the limits themselves are any thread's. Allocates.
#pragma once

#include <cstddef>
#include <deque>
#include <memory_resource>
#include <rate/limit_key.hpp>
#include <utility>

namespace broadside::rate {

/// A page of memory holds as many keys as fit: of 100,000 that are drawn on in any order, the processor otherwise loses
/// more time in finding the page than in fetching the line.
class limit_keys {
 public:
  template <class... Args>
  limit_key& emplace_back(Args&&... args) {
    return all_.emplace_back(std::forward<Args>(args)...);
  }
  [[nodiscard]] std::size_t size() const noexcept { return all_.size(); }
  [[nodiscard]] limit_key& operator[](std::size_t i) noexcept { return all_[i]; }
  [[nodiscard]] auto begin() const noexcept { return all_.begin(); }
  [[nodiscard]] auto end() const noexcept { return all_.end(); }

 private:
  std::pmr::monotonic_buffer_resource memory_;
  std::pmr::deque<limit_key> all_{&memory_};
};

}  // namespace broadside::rate
