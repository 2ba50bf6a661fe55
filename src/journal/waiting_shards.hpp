// journal/waiting_shards - which shards wait for which position, and who has to be told.
//
// Thread-safe and lock-free: a word per shard. A shard writes its wish and then reads how far things are; the writer
// moves on and then reads the wishes. All four are sequentially consistent, so one of the two sees the other.
#pragma once

#include <array>
#include <atomic>
#include <broadside/message.hpp>
#include <cstdint>
#include <journal/journal.hpp>

namespace broadside::journal {

template <template <class> class Atom = std::atomic>
class waiting_shards {
 public:
  explicit waiting_shards(position cleared) : cleared_(static_cast<std::uint64_t>(cleared)) {}

  [[nodiscard]] position cleared() const noexcept { return position{cleared_.load(std::memory_order_acquire)}; }

  /// A shard's own thread. True: it is told once `at`, or an earlier wish of its own, is cleared. False: that is now.
  [[nodiscard]] bool ask(unsigned shard, position at) noexcept {
    Atom<std::uint64_t>& mine = wishes_[shard].at;
    const auto wanted = static_cast<std::uint64_t>(at);
    for (;;) {
      auto standing = mine.load(std::memory_order_seq_cst);
      if (standing == none || standing > wanted) {
        if (!mine.compare_exchange_strong(standing, wanted, std::memory_order_seq_cst)) continue;  // it was just told
        standing = wanted;
      }
      if (cleared_.load(std::memory_order_seq_cst) < standing) return true;
      // Cleared by now: take the wish back, unless the writer has seen it, which then tells.
      if (!mine.compare_exchange_strong(standing, none, std::memory_order_seq_cst)) return true;
      if (cleared_.load(std::memory_order_seq_cst) >= wanted) return false;
    }
  }

  /// The writer's thread: everything up to `at` is cleared; calls tell(shard) for those that waited for it.
  template <class Tell>
  void clear(position at, Tell tell) noexcept {
    const auto now = static_cast<std::uint64_t>(at);
    cleared_.store(now, std::memory_order_seq_cst);
    for (unsigned shard = 0; shard < shards_max; ++shard) {
      auto standing = wishes_[shard].at.load(std::memory_order_seq_cst);
      if (standing == none || standing > now) continue;
      if (wishes_[shard].at.compare_exchange_strong(standing, none, std::memory_order_seq_cst)) tell(shard);
    }
  }

 private:
  static constexpr std::uint64_t none = 0;  // positions start at 1
  struct wish {
    Atom<std::uint64_t> at{none};
  };
  std::array<wish, shards_max> wishes_{};
  alignas(128) Atom<std::uint64_t> cleared_;
};

}  // namespace broadside::journal
