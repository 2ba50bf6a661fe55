// bench/support/malloc_count - how often operator new is called, on all threads of the program that links it.
#pragma once

#include <cstdint>

namespace broadside::bench {

void start_counting_mallocs() noexcept;
/// Since start_counting_mallocs().
[[nodiscard]] std::uint64_t stop_counting_mallocs() noexcept;

}  // namespace broadside::bench
