// journal/writer_sleep - when the writer's thread sleeps, who wakes it: one word, one atomic exchange per publication.
//
// Thread-safe and lock-free. The writer goes to sleep and then looks once more; others publish and then look whether it
// sleeps. Every look is a read-modify-write of the same word, so they have one order: either the publication comes
// first and the writer's last look finds it, or the writer's going to sleep comes first and the publisher wakes it.
#pragma once

#include <atomic>
#include <cstdint>

namespace broadside::journal {

template <template <class> class Atom = std::atomic>
class writer_sleep {
 public:
  // the writer
  /// It sleeps from now on, unless it finds something when it looks again. `until_any`: whatever is published wakes it,
  /// since something is missing in the middle. `no_alarm`: nothing else will wake it, so even what can wait a while
  /// does.
  void sleep(bool until_any, bool no_alarm) noexcept {
    word_.exchange(asleep | (until_any || no_alarm ? light : 0U), std::memory_order_acq_rel);
  }
  void awake() noexcept { word_.exchange(0, std::memory_order_acq_rel); }

  // any thread, after it published; true: the caller wakes the writer
  /// Something that somebody waits for.
  [[nodiscard]] bool urgent() noexcept { return word_.exchange(0, std::memory_order_acq_rel) != 0; }
  /// Something that can go along with the next group.
  [[nodiscard]] bool in_time() noexcept { return (word_.fetch_and(asleep, std::memory_order_acq_rel) & light) != 0; }

 private:
  static constexpr std::uint32_t asleep = 1;
  static constexpr std::uint32_t light = 2;
  alignas(128) Atom<std::uint32_t> word_{0};
};

}  // namespace broadside::journal
