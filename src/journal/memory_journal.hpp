// journal/memory_journal - the journal that forgets: positions in memory, nothing on disk.
//
// What it is for: hosts that keep their own record, tests, measurements. What a crash costs: everything inside, every
// event that was not polled, every resume point, and what was used of daily quotas. Lock-free.
#pragma once

#include <atomic>
#include <cstddef>
#include <journal/journal.hpp>

namespace broadside::journal {

class memory_journal final : public journal {
 public:
  [[nodiscard]] position reserve(std::size_t n) noexcept override;
  void publish(position, std::span<const record>) noexcept override {}
  [[nodiscard]] position durable() const noexcept override;
  [[nodiscard]] position cleared() const noexcept override { return durable(); }
  [[nodiscard]] bool tell_when_cleared(unsigned, position) noexcept override { return false; }
  [[nodiscard]] bool writes() const noexcept override { return true; }
  void confirm(position) noexcept override {}

 private:
  std::atomic<std::uint64_t> last_{0};
};

}  // namespace broadside::journal
