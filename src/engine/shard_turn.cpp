// engine/shard_turn - see shard_turn.hpp.
#include <engine/shard_turn.hpp>

namespace broadside::engine_detail {

shard_turn::next_turn shard_turn::take(time_point now) {
  next_turn next;
  next.at = dispatcher_.run(now);
  if (shared_.draining.load(std::memory_order_acquire) && dispatcher_.held_by_lists() == dispatcher_.parked())
    settled_.signal();
  if (dispatcher_.has_room()) {
    next.at_once = !shared_.intake->arm(number_) && !shared_.intake->drained();
  } else if (shared_.intake->size_approx() > 0) {
    shared_.intake->wake_one();  // another shard may have room for what this one leaves
  }
  return next;
}

bool shard_turn::last_words() {
  if (!dispatcher_.tells_the_rest()) return false;
  settled_.signal();
  return true;
}

}  // namespace broadside::engine_detail
