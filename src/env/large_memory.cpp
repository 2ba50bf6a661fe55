// env/large_memory - see large_memory.hpp.
#include <sys/mman.h>
#include <cstring>
#include <env/large_memory.hpp>
#include <new>

namespace broadside {
namespace {

constexpr std::size_t huge_page = std::size_t{1} << 21U;
constexpr std::size_t cache_line = 64;

}  // namespace

large_memory::large_memory(std::size_t bytes) : bytes_(nullptr, release{bytes < huge_page ? cache_line : huge_page}) {
  const std::align_val_t alignment{bytes_.get_deleter().alignment};
  bytes_.reset(static_cast<std::byte*>(::operator new[](bytes, alignment)));
  // Before the first touch, which is what gives memory its pages.
  if (bytes >= huge_page) static_cast<void>(::madvise(bytes_.get(), bytes, MADV_HUGEPAGE));
  std::memset(bytes_.get(), 0, bytes);
}

void large_memory::release::operator()(std::byte* p) const noexcept {
  ::operator delete[](p, std::align_val_t{alignment});
}

}  // namespace broadside
