// journal/staging - records on their way from many threads to the one that writes them, in the order of their
// positions.
//
// Lock-free: reserving is one fetch_add, publishing a store per record. There is no "full": whoever makes it gives it
// room for every record that can be on its way at once, which the life of a message bounds (see places_for()).
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <broadside/message.hpp>
#include <cstddef>
#include <cstdint>
#include <journal/journal.hpp>
#include <memory>
#include <span>
#include <thread>

namespace broadside::journal {

/// Records of one message that can be staged at once: `taken` and `claim`; then, since a message goes on only when its
/// claim is cleared, `released` and the next `claim`; `outcome` ends it; each reserved place may be `nothing`.
[[nodiscard]] constexpr std::size_t places_for(std::size_t messages) noexcept { return 4 * messages; }

template <template <class> class Atom = std::atomic>
class staging {
 public:
  /// Positions go on after `last`. Throws std::bad_alloc.
  staging(std::size_t places, position last)
      : mask_(std::bit_ceil(std::max<std::size_t>(places, 2)) - 1),
        places_(std::make_unique<place[]>(mask_ + 1)),
        tail_(static_cast<std::uint64_t>(last)),
        taken_(static_cast<std::uint64_t>(last)),
        head_(static_cast<std::uint64_t>(last) + 1) {}

  // any thread

  /// The n positions are this thread's to publish. Acquire and release: whoever reserves a place again has seen, along
  /// the chain of reservations, that the writer is done with it.
  [[nodiscard]] position reserve(std::size_t n) noexcept {
    return position{tail_.fetch_add(n, std::memory_order_acq_rel) + 1};
  }

  void publish(position first, std::span<const record> records) noexcept {
    const auto from = static_cast<std::uint64_t>(first);
    // Never waits while every message keeps to its places. If one does not, the writer is waited for: a record that
    // overwrites another would be a message that nobody accounts for.
    while (from + records.size() - 1 - taken_.load(std::memory_order_acquire) > mask_ + 1) std::this_thread::yield();
    for (std::size_t i = 0; i < records.size(); ++i) {
      place& mine = places_[(from + i) & mask_];
      mine.what = records[i];
      mine.turn.store(from + i, std::memory_order_release);  // pairs with the acquire in published()
    }
  }

  /// The last position that was reserved.
  [[nodiscard]] position reserved() const noexcept { return position{tail_.load(std::memory_order_acquire)}; }

  // the writer

  /// Moves up to out.size() records that are published and have no gap before them to `out`; the first of them is at
  /// next().
  [[nodiscard]] std::size_t take(std::span<record> out) noexcept {
    std::size_t n = 0;
    while (n < out.size() && published(head_ + n)) {
      out[n] = places_[(head_ + n) & mask_].what;
      ++n;
    }
    if (n == 0) return 0;
    head_ += n;
    taken_.store(head_ - 1, std::memory_order_release);  // pairs with the acquire in publish()
    return n;
  }
  [[nodiscard]] position next() const noexcept { return position{head_}; }
  /// take() would find something.
  [[nodiscard]] bool ready() const noexcept { return published(head_); }
  /// Something was reserved that was not taken, published or not.
  [[nodiscard]] bool expected() const noexcept { return tail_.load(std::memory_order_acquire) >= head_; }

 private:
  struct place {
    Atom<std::uint64_t> turn{0};  // the position whose record it holds
    record what{};
  };

  [[nodiscard]] bool published(std::uint64_t at) const noexcept {
    return places_[at & mask_].turn.load(std::memory_order_acquire) == at;
  }

  // constant after construction
  std::size_t mask_;
  std::unique_ptr<place[]> places_;

  alignas(128) Atom<std::uint64_t> tail_;   // the last reserved
  alignas(128) Atom<std::uint64_t> taken_;  // the last the writer took; written by it alone
  alignas(128) std::uint64_t head_;         // the writer's
};

}  // namespace broadside::journal
