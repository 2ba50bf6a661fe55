// journal/memory_journal - see memory_journal.hpp.
#include <algorithm>
#include <journal/memory_journal.hpp>

namespace broadside::journal {

position memory_journal::reserve(std::size_t n) noexcept {
  return position{last_.fetch_add(n, std::memory_order_acq_rel) + 1};
}

position memory_journal::durable() const noexcept { return position{last_.load(std::memory_order_acquire)}; }

void memory_journal::confirm(position upto) noexcept {
  // Confirmations may come from several threads out of order; only the highest counts, and never beyond what exists.
  const std::uint64_t wanted = std::min(static_cast<std::uint64_t>(upto), last_.load(std::memory_order_acquire));
  std::uint64_t seen = confirmed_.load(std::memory_order_relaxed);
  while (seen < wanted && !confirmed_.compare_exchange_weak(seen, wanted, std::memory_order_relaxed)) {
  }
}

position memory_journal::confirmed() const noexcept { return position{confirmed_.load(std::memory_order_relaxed)}; }

}  // namespace broadside::journal
