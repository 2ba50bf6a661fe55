// journal/memory_journal - see memory_journal.hpp.
#include <algorithm>
#include <journal/memory_journal.hpp>

namespace broadside::journal {

position memory_journal::append(std::span<const record> records) noexcept {
  for (const record& r : records) {
    const auto index = static_cast<std::size_t>(r.source);
    if (index >= resume_points_.size()) continue;
    std::atomic<std::uint64_t>& point = resume_points_[index];
    const auto row = static_cast<std::uint64_t>(r.row);
    if (r.kind == record_kind::taken) point.store(row + 1, std::memory_order_release);
    if (r.kind == record_kind::withdrawn)
      point.store(std::min(row, point.load(std::memory_order_relaxed)), std::memory_order_release);
  }
  return position{last_.fetch_add(records.size(), std::memory_order_acq_rel) + records.size()};
}

position memory_journal::durable() const noexcept { return position{last_.load(std::memory_order_acquire)}; }

ordinal memory_journal::resume_point(source_id source) const noexcept {
  const auto index = static_cast<std::size_t>(source);
  return ordinal{index < resume_points_.size() ? resume_points_[index].load(std::memory_order_acquire) : 0};
}

void memory_journal::erase(position upto) noexcept {
  // Confirmations may come from several threads out of order; only the highest counts, and never beyond what exists.
  const std::uint64_t wanted = std::min(static_cast<std::uint64_t>(upto), last_.load(std::memory_order_acquire));
  std::uint64_t seen = erased_.load(std::memory_order_relaxed);
  while (seen < wanted && !erased_.compare_exchange_weak(seen, wanted, std::memory_order_relaxed)) {
  }
}

position memory_journal::erased() const noexcept { return position{erased_.load(std::memory_order_relaxed)}; }

}  // namespace broadside::journal
