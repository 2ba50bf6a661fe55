// engine/durable_journal - the journal that survives, and what gives its writer its steps, as the engine sees it: a
// port.
#pragma once

#include <broadside/result.hpp>
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

  /// Writes and syncs what is recorded, as long as the disk takes it, and ends the steps. Idempotent.
  virtual void stop() noexcept = 0;

  [[nodiscard]] virtual journal::log_journal& log() const noexcept = 0;
};

}  // namespace broadside::engine_detail
