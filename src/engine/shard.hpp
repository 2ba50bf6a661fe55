// engine/shard - one dispatcher and what gives it its turns, as the engine sees it: a port.
#pragma once

#include <broadside/result.hpp>
#include <engine/dispatcher.hpp>

namespace broadside::engine_detail {

class shard {
 public:
  shard() = default;
  shard(const shard&) = delete;
  shard& operator=(const shard&) = delete;
  virtual ~shard() = default;

  /// From now on it has turns. Errors: what the system said.
  virtual result<void> start() = 0;
  /// The intake has news, a campaign's state changed, or the journal cleared what the shard waits for. Any thread.
  virtual void wake() noexcept = 0;
  /// Ends every message and the turns; returns when there will be none. The intake is closed. Any thread, once.
  virtual void stop() noexcept = 0;
  [[nodiscard]] virtual const dispatcher& dispatch() const noexcept = 0;
};

}  // namespace broadside::engine_detail
