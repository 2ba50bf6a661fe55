// http/handler_memory - room for the handlers that wait in the event loop, used again and again.
//
// One per connection, and one per client; shard thread only. What does not fit comes from the heap.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <new>

namespace broadside::http {

class handler_memory {
 public:
  handler_memory() = default;
  handler_memory(const handler_memory&) = delete;
  handler_memory& operator=(const handler_memory&) = delete;

  [[nodiscard]] void* allocate(std::size_t bytes) {
    if (bytes <= block_bytes) {
      for (std::size_t i = 0; i < blocks; ++i) {
        if (used_[i]) continue;
        used_[i] = true;
        return store_.data() + i * block_bytes;
      }
    }
    return ::operator new(bytes);
  }

  void deallocate(void* at) noexcept {
    for (std::size_t i = 0; i < blocks; ++i) {
      if (at != store_.data() + i * block_bytes) continue;
      used_[i] = false;
      return;
    }
    ::operator delete(at);
  }

 private:
  // Of a connection a look at it and a posted end wait at once; of a client its sockets, and a timer that replaces one.
  static constexpr std::size_t blocks = 4;
  static constexpr std::size_t block_bytes = 192;

  alignas(std::max_align_t) std::array<std::byte, blocks * block_bytes> store_;
  std::array<bool, blocks> used_{};
};

/// What Asio asks a handler for (the Allocator requirements), over a handler_memory that outlives the handler.
template <class T>
struct handler_allocator {
  using value_type = T;
  handler_memory* memory;

  explicit handler_allocator(handler_memory& from) noexcept : memory(&from) {}
  template <class U>
  handler_allocator(const handler_allocator<U>& other) noexcept : memory(other.memory) {}  // NOLINT: rebinding

  [[nodiscard]] T* allocate(std::size_t n) { return static_cast<T*>(memory->allocate(n * sizeof(T))); }
  void deallocate(T* at, std::size_t) noexcept { memory->deallocate(at); }

  template <class U>
  friend bool operator==(const handler_allocator& a, const handler_allocator<U>& b) noexcept {
    return a.memory == b.memory;
  }
};

}  // namespace broadside::http
