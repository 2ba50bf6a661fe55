// engine/told_watch - up to which position a host that confirms can have seen everything.
//
// Shards put events into one queue each in the order of its own positions, but not in the order of each other's: who
// has read the event at position 30 may not have been given the one at 20 yet. A confirmation therefore counts only as
// far as every shard's events were polled. Lock-free; a shard writes its own cell, poll() the other half of it;
// who records delivery reports writes both halves of its own, while nothing of it is untold.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <broadside/message.hpp>
#include <cstdint>
#include <journal/journal.hpp>

namespace broadside::engine_detail {

class told_watch {
 public:
  static constexpr unsigned writers_max = journal::shards_max + 1;

  /// Before the shards run: how many, at most writers_max, and up to where an earlier engine recorded. Who records
  /// delivery reports counts as one more shard, the last.
  void start(unsigned shards, position base) noexcept {
    shards_ = shards;
    for (cell& each : cells_) {
      each.recorded.store(static_cast<std::uint64_t>(base), std::memory_order_relaxed);
      each.polled.store(static_cast<std::uint64_t>(base), std::memory_order_relaxed);
    }
  }

  // a shard, of itself
  /// Before it reserves positions for outcomes; recorded() follows.
  void recording(unsigned shard) noexcept { cells_[shard].recorded.store(unknown, std::memory_order_seq_cst); }
  /// The last of these positions.
  void recorded(unsigned shard, position last) noexcept {
    cells_[shard].recorded.store(static_cast<std::uint64_t>(last), std::memory_order_seq_cst);
  }

  /// poll() handed out the shard's event at this position, and all before it.
  void polled(unsigned shard, position at) noexcept {
    auto& seen = cells_[shard].polled;
    auto before = seen.load(std::memory_order_relaxed);
    while (before < static_cast<std::uint64_t>(at) &&
           !seen.compare_exchange_weak(before, static_cast<std::uint64_t>(at), std::memory_order_seq_cst)) {
    }
  }

  /// As much of `at` as was handed out without a gap.
  [[nodiscard]] position seen(position at) const noexcept {
    auto least = static_cast<std::uint64_t>(at);
    for (unsigned i = 0; i < shards_; ++i) {
      // In this order: what is recorded after this look has a position that nobody has been told of yet.
      const auto recorded = cells_[i].recorded.load(std::memory_order_seq_cst);
      const auto polled = cells_[i].polled.load(std::memory_order_seq_cst);
      if (recorded != polled) least = std::min(least, polled);
    }
    return position{least};
  }

 private:
  static constexpr std::uint64_t unknown = ~std::uint64_t{0};
  struct alignas(128) cell {
    std::atomic<std::uint64_t> recorded{0};
    std::atomic<std::uint64_t> polled{0};
  };
  unsigned shards_ = 1;
  std::array<cell, writers_max> cells_{};
};

}  // namespace broadside::engine_detail
