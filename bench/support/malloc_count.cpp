// bench/support/malloc_count - see malloc_count.hpp. In a file of its own, so that no caller inlines one half of a
// pair.
#include "support/malloc_count.hpp"
#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<bool> counting{false};
std::atomic<std::uint64_t> mallocs{0};

void* take(std::size_t size) {
  if (counting.load(std::memory_order_relaxed)) mallocs.fetch_add(1, std::memory_order_relaxed);
  if (void* p = std::malloc(size)) return p;
  throw std::bad_alloc();
}

}  // namespace

void* operator new(std::size_t size) { return take(size); }
void* operator new[](std::size_t size) { return take(size); }
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete[](void* p) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t) noexcept { std::free(p); }

namespace broadside::bench {

void start_counting_mallocs() noexcept {
  mallocs = 0;
  counting = true;
}

std::uint64_t stop_counting_mallocs() noexcept {
  counting = false;
  return mallocs.load();
}

}  // namespace broadside::bench
