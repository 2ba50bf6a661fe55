// engine/durable_journal - the journal on a disk, and the one thread that writes it. A driver: it never decides.
#pragma once

#include <broadside/environment.hpp>
#include <broadside/options.hpp>
#include <broadside/result.hpp>
#include <journal/log_journal.hpp>
#include <journal/recovered.hpp>
#include <memory>

namespace broadside::engine_detail {

class durable_journal {
 public:
  /// Takes the folder's lock and reads what is there. `table` and `env` outlive it. Errors: as engine::open().
  [[nodiscard]] static result<std::unique_ptr<durable_journal>, failure> open(const options&,
                                                                              const journal::message_table& table,
                                                                              environment& env,
                                                                              journal::recovered& found);

  durable_journal() = default;
  durable_journal(const durable_journal&) = delete;
  durable_journal& operator=(const durable_journal&) = delete;
  /// stop()s.
  virtual ~durable_journal() = default;

  /// Starts the writer. `wake_shard(context, n)` is called from its thread when what shard n asked for is cleared.
  [[nodiscard]] virtual result<void> start(void (*wake_shard)(void*, unsigned) noexcept, void* context) = 0;

  /// Writes and syncs what is recorded, as long as the disk takes it, and ends the thread. Idempotent.
  virtual void stop() noexcept = 0;

  [[nodiscard]] virtual journal::log_journal& log() const noexcept = 0;
};

}  // namespace broadside::engine_detail
