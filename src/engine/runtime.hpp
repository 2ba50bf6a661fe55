// engine/runtime - what an engine needs of what it runs on: shards that get their turns, a journal that gets its steps,
// and a way to wait for them. A port: threads() fills it with threads, event loops and a disk, a simulation with
// neither.
#pragma once

#include <broadside/environment.hpp>
#include <broadside/options.hpp>
#include <broadside/result.hpp>
#include <chrono>
#include <engine/durable_journal.hpp>
#include <engine/shard.hpp>
#include <engine/wake_fd.hpp>
#include <journal/recovered.hpp>
#include <memory>

namespace broadside::engine_detail {

class runtime {
 public:
  runtime() = default;
  runtime(const runtime&) = delete;
  runtime& operator=(const runtime&) = delete;
  virtual ~runtime() = default;

  /// A shard and its clients; start() runs it. `number` is its waiter in the intake queue. `shared` outlives it.
  /// `settled` is signalled, while the engine drains, when the shard has nothing left to do or only parked messages.
  [[nodiscard]] virtual result<std::unique_ptr<shard>, failure> make_shard(shared_state& shared, unsigned number,
                                                                           const wake_fd& settled) = 0;
  /// Takes the journal's lock and reads what is there. `table`, `usages` and `env` outlive it. Errors: as
  /// engine::open().
  [[nodiscard]] virtual result<std::unique_ptr<durable_journal>, failure> open_journal(
      const options&, const journal::message_table& table, journal::usage_source& usages, environment& env,
      journal::recovered& found) = 0;
  /// Blocks the calling host thread until `fd` is signalled or `at_most` is over. May return early.
  virtual void wait(const wake_fd& fd, std::chrono::milliseconds at_most) = 0;

  /// The machine's. Thread-safe; lives as long as the program.
  [[nodiscard]] static runtime& threads() noexcept;
};

}  // namespace broadside::engine_detail
