// engine/durable_journal - the journal on a disk, and the one thread that writes it.
#pragma once

#include <atomic>
#include <broadside/environment.hpp>
#include <broadside/options.hpp>
#include <broadside/result.hpp>
#include <engine/wake_fd.hpp>
#include <journal/log_journal.hpp>
#include <journal/recovered.hpp>
#include <journal/store.hpp>
#include <memory>
#include <optional>
#include <thread>

namespace broadside::engine_detail {

class durable_journal {
 public:
  durable_journal() = default;
  durable_journal(const durable_journal&) = delete;
  durable_journal& operator=(const durable_journal&) = delete;
  ~durable_journal() { stop(); }

  /// Takes the folder's lock and reads what is there. `table` and `env` outlive it. Errors: as engine::open().
  [[nodiscard]] result<void, failure> open(const options&, const journal::message_table& table, environment& env,
                                           journal::recovered& found);

  /// Starts the writer. `wake_shard(context, n)` is called from its thread when what shard n asked for is cleared.
  [[nodiscard]] result<void> start(void (*wake_shard)(void*, unsigned) noexcept, void* context);

  /// Writes and syncs what is recorded, as long as the disk takes it, and ends the thread. Idempotent.
  void stop() noexcept;

  /// After open().
  [[nodiscard]] journal::log_journal& log() const noexcept { return *log_; }

 private:
  void live();

  environment* environment_ = nullptr;
  std::optional<wake_fd> woken_;
  std::unique_ptr<journal::store> store_;
  std::unique_ptr<journal::log_journal> log_;
  void (*wake_shard_)(void*, unsigned) noexcept = nullptr;  // constant while the thread lives
  void* context_ = nullptr;
  std::thread thread_;
  std::atomic<bool> stopping_{false};
};

}  // namespace broadside::engine_detail
