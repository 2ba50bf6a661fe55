// engine/shard_driver - a shard: one thread, one event loop, its connections and its dispatcher. A driver: it never
// decides.
#pragma once

#include <broadside/result.hpp>
#include <cstdint>
#include <engine/dispatcher.hpp>
#include <engine/wake_fd.hpp>
#include <memory>

namespace broadside::engine_detail {

class shard {
 public:
  /// Makes the shard and its clients; start() runs it. `number` is its waiter in the intake queue. `shared` outlives
  /// it. `settled` is signalled, while the engine drains, when the shard has nothing left to do or only parked
  /// messages.
  [[nodiscard]] static result<std::unique_ptr<shard>, failure> make(shared_state& shared, unsigned number,
                                                                    const wake_fd& settled);

  virtual ~shard() = default;
  /// Starts the thread. Errors: what the system said.
  virtual result<void> start() = 0;
  /// The intake has news or a campaign's state changed. Any thread.
  virtual void wake() noexcept = 0;
  /// Ends every message and the thread; returns when the thread is gone. The intake is closed. Any thread, once.
  virtual void stop() noexcept = 0;
  [[nodiscard]] virtual const dispatcher& dispatch() const noexcept = 0;
};

}  // namespace broadside::engine_detail
