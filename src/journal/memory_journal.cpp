// journal/memory_journal - see memory_journal.hpp.
#include <journal/memory_journal.hpp>

namespace broadside::journal {

position memory_journal::reserve(std::size_t n) noexcept {
  return position{last_.fetch_add(n, std::memory_order_acq_rel) + 1};
}

position memory_journal::durable() const noexcept { return position{last_.load(std::memory_order_acquire)}; }

}  // namespace broadside::journal
