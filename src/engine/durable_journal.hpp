// engine/durable_journal - the journal that survives, and what gives its writer its steps, as the engine sees it: a
// port.
#pragma once

#include <broadside/result.hpp>
#include <chrono>
#include <journal/log_journal.hpp>

namespace broadside::engine_detail {

class durable_journal {
 public:
  durable_journal() = default;
  durable_journal(const durable_journal&) = delete;
  durable_journal& operator=(const durable_journal&) = delete;
  /// stop()s.
  virtual ~durable_journal() = default;

  /// Starts the writer. `wake_shard(context, n)` is called by it when what shard n asked for is cleared.
  [[nodiscard]] virtual result<void> start(void (*wake_shard)(void*, unsigned) noexcept, void* context) = 0;

  /// No error: everything that was recorded before is written and synced. Else what the disk said, or timed_out.
  [[nodiscard]] virtual error_code flush(std::chrono::milliseconds at_most) noexcept = 0;

  /// Writes what is recorded, unless the disk takes nothing now, and ends the steps. Idempotent.
  virtual void stop() noexcept = 0;

  [[nodiscard]] virtual journal::log_journal& log() const noexcept = 0;
};

}  // namespace broadside::engine_detail
