// engine/shard_turn - what a shard does when it is its turn, whoever gives it turns: an event loop or a simulation.
//
// A shard has a turn when something happened: its clients told something, the intake has news, a time has come. Shard
// thread only, but for dispatch()'s counters.
#pragma once

#include <broadside/environment.hpp>
#include <engine/dispatcher.hpp>
#include <engine/wake_fd.hpp>

namespace broadside::engine_detail {

class shard_turn {
 public:
  /// `shared` and `settled` outlive it. `seed` is for the jitter of retries.
  shard_turn(shared_state& shared, unsigned number, std::uint64_t seed, const wake_fd& settled)
      : shared_(shared), number_(number), settled_(settled), dispatcher_(shared, seed, number) {}

  struct next_turn {
    bool at_once = false;               ///< something came in meanwhile
    time_point at = time_point::max();  ///< the next one if nothing happens before
  };
  [[nodiscard]] next_turn take(time_point now);

  /// Instead of a turn, once the engine stops: ends every message. last_words() follows.
  void abandon() { dispatcher_.abandon(); }
  /// After abandon(), until it says true: tells the outcomes that the journal has cleared meanwhile. True: there are
  /// none left, or the journal cannot write and keeps them for the next engine.
  [[nodiscard]] bool last_words();

  [[nodiscard]] dispatcher& dispatch() noexcept { return dispatcher_; }
  [[nodiscard]] const dispatcher& dispatch() const noexcept { return dispatcher_; }

 private:
  shared_state& shared_;
  const unsigned number_;
  const wake_fd& settled_;
  dispatcher dispatcher_;
};

}  // namespace broadside::engine_detail
