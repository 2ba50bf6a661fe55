// journal/memory_journal - the journal that forgets: positions and resume points in memory, nothing on disk.
//
// What it is for: hosts that keep their own record, tests, measurements. What a crash costs: everything inside, every
// event that was not polled, and every resume point. Memory: 8 bytes per source, taken in the constructor. Lock-free.
#pragma once

#include <atomic>
#include <cstddef>
#include <journal/journal.hpp>
#include <vector>

namespace broadside::journal {

class memory_journal final : public journal {
 public:
  explicit memory_journal(std::size_t sources_max) : resume_points_(sources_max) {}

  position append(std::span<const record>) noexcept override;
  [[nodiscard]] position durable() const noexcept override;
  [[nodiscard]] ordinal resume_point(source_id) const noexcept override;
  void erase(position upto) noexcept override;

  /// Highest position the host confirmed.
  [[nodiscard]] position erased() const noexcept;

 private:
  std::atomic<std::uint64_t> last_{0};
  std::atomic<std::uint64_t> erased_{0};
  std::vector<std::atomic<std::uint64_t>> resume_points_;  // written by the one thread that submits to the source
};

}  // namespace broadside::journal
