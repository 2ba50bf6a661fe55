// sms/allocations - how often the test program has called operator new.
#pragma once

#include <cstddef>

namespace broadside::test {

[[nodiscard]] std::size_t allocations() noexcept;

}  // namespace broadside::test
