#include <algorithm>
#include <cstdint>
#include <env/large_memory.hpp>
#include <support/catch.hpp>

using namespace broadside;

TEST_CASE("large memory: it is zero to its last byte, writable, and begins with a cache line", "[env]") {
  const std::size_t bytes = GENERATE(std::size_t{1}, std::size_t{4096}, (std::size_t{1} << 21U) - 1,
                                     std::size_t{1} << 21U, (std::size_t{5} << 20U) + 7);
  const large_memory memory(bytes);
  REQUIRE(reinterpret_cast<std::uintptr_t>(memory.data()) % 64 == 0);
  REQUIRE(std::all_of(memory.data(), memory.data() + bytes, [](std::byte b) { return b == std::byte{0}; }));
  memory.data()[0] = memory.data()[bytes - 1] = std::byte{1};
}
