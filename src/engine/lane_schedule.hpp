// engine/lane_schedule - whose messages are next: by the limits they wait for, their priority, and their weight.
//
// A lane holds messages that meet the same limits. It waits in one place at a time: at its route, to be tried, or at
// the gate of the limit that denied it, which opens at a known instant: nothing is looked at before. When a gate opens,
// its lanes are let through one by one for as long as the limit has something to give, so that a thousand lanes behind
// one limit cost one look for each message that leaves. Shard thread only. Allocates when a lane meets a limit first.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <broadside/campaign.hpp>
#include <broadside/environment.hpp>
#include <broadside/limits.hpp>
#include <cstdint>
#include <engine/limit_table.hpp>
#include <engine/slot.hpp>
#include <memory>
#include <rate/limit_set.hpp>
#include <vector>

namespace broadside::engine_detail {

class gate;
struct campaign_entry;

/// Which lane is next of those that wait in one place: transactional ones first, but of sixteen turns a marketing lane
/// that waits has one; among their like the one that had least for its weight. What a lane had is counted in `tags`,
/// one for each place it may wait in, since lanes meet other lanes in each of them (start-time fair queueing: a lane
/// that comes back after a pause begins where the others are and has saved nothing up).
struct lane {
  campaign_id campaign{};
  const campaign_entry* entry = nullptr;
  const lane_spec* spec = nullptr;
  const content_limits* rules = nullptr;  // for its messages
  broadside::priority priority{};
  slot_list waiting;
  std::uint32_t claimed = 0;  // its requests that are ready and have not left

  duration linger{};      // how long its first message may wait for others to share its request
  std::size_t batch = 1;  // messages that a request has room for

  // lane_schedule's own
  enum class where : std::uint8_t { nowhere, route, gate, lingers };
  where is = where::nowhere;
  bool counted = false;  // as one that wants its limits
  time_point lingers_until{};
  std::size_t home = 0;      // 1 + the place of the limit that denied it last; 0: none did
  std::vector<double> tags;  // [0]: at its route; [1 + i]: at the gate of limit i
  std::vector<gate*> gates;  // of its limits
};

/// Lanes that wait in one place.
class lane_heap {
 public:
  void push(lane&, std::size_t tag);  // raises the lane's tag to where the heap is
  [[nodiscard]] lane* pop();          // null: empty
  [[nodiscard]] bool empty() const noexcept { return urgent_.empty() && others_.empty(); }
  /// In all its lanes together; as many as `enough` may stand for more.
  [[nodiscard]] std::size_t messages(std::size_t enough) const noexcept;

 private:
  struct entry {
    double tag;
    std::uint64_t order;  // of arrival, among equal tags
    lane* waits;
    friend bool operator>(const entry& a, const entry& b) { return a.tag != b.tag ? a.tag > b.tag : a.order > b.order; }
  };
  lane* take(std::vector<entry>& from, double& reached);

  std::vector<entry> urgent_;
  std::vector<entry> others_;
  double urgent_at_ = 0;  // the tag of the last that was popped
  double others_at_ = 0;
  unsigned urgent_turns_ = 0;  // since a marketing lane had one
  std::uint64_t arrivals_ = 0;
};

/// Lanes that one limit denied, and when it gives again.
class gate {
 public:
  explicit gate(rate::limit_key& k) : key(&k) {}
  rate::limit_key* key;
  lane_heap waiting;
  time_point opens = time_point::max();
  std::uint32_t wanted_by = 0;  // lanes that have messages
  bool promised_away = false;   // what it gives is promised: it opens when a promise ends, too
};

class lane_schedule {
 public:
  explicit lane_schedule(std::size_t routes) : routes_(routes) {}

  /// Before the lane is used; `spec` is set.
  void adopt(lane&);
  /// The lane has messages, or requests that have not left; it may have had them already.
  void has_work(lane&, time_point now);
  /// Whether it still has: once it has neither it wants nothing of its limits.
  void check_work(lane&, time_point now);

  /// The next lane to try on a route, taken from where it waits; null: none.
  [[nodiscard]] lane* next(std::uint16_t route) { return routes_[route].pop(); }
  /// `messages` of the lane were made ready, each of them counting `charge`.
  void charge(lane& l, std::size_t messages, double charge) noexcept {
    for (double& tag : l.tags) tag += static_cast<double>(messages) * charge;
  }
  /// What became of the try. Nothing started, for want of a connection: it keeps its place.
  void not_tried(lane&);
  void served(lane&);
  void denied(lane&, std::size_t by, time_point until, time_point now);
  /// The same, because what the limit gives is promised to others: until then, or until one of those promises ends.
  void denied_by_promise(lane&, std::size_t by, time_point until, time_point now);
  /// A promise that the lane's limits gave has ended.
  void promise_ended(const lane&);
  /// Something was given back to the quotas of the lane's limits.
  void quota_returned(const lane&);

  /// Lets a lane through whose gate is open while its limit has something to give; null: there is none. A lane that was
  /// served and goes back to its gate may be let through again.
  const lane* let_through(time_point now, wall_time wall);
  /// A limit may have changed: every gate is looked at again.
  void reopen_all();
  /// Lanes that have waited long enough for more messages may be tried.
  void end_linger(time_point now);
  /// When the next gate opens or the next lane has waited long enough.
  [[nodiscard]] time_point wake() const noexcept {
    const time_point gate = due_.empty() ? time_point::max() : due_.front().at;
    return lingering_.empty() ? gate : std::min(gate, lingering_.front().until);
  }

  [[nodiscard]] bool any(std::uint16_t route) const noexcept { return !routes_[route].empty(); }
  /// Whether nobody waits where the lane, which is being tried, would wait for its next turn.
  [[nodiscard]] bool is_alone(const lane& l) const noexcept {
    return routes_[l.spec->route].empty() && (l.home == 0 || l.gates[l.home - 1]->waiting.empty());
  }
  /// Messages that wait for nothing but a connection of the route; as many as `enough` may stand for more.
  [[nodiscard]] std::size_t messages_at(std::uint16_t route, std::size_t enough) const noexcept {
    return routes_[route].messages(enough);
  }

 private:
  struct due {
    time_point at;
    std::uint64_t order;
    gate* opens;
    friend bool operator>(const due& a, const due& b) { return a.at != b.at ? a.at > b.at : a.order > b.order; }
  };
  struct lingering {
    time_point until;
    lane* waits;
    friend bool operator>(const lingering& a, const lingering& b) { return a.until > b.until; }
  };
  void wait_at_route(lane&);
  void wait_at_gate(lane&, std::size_t limit);
  void opens_at(gate&, time_point);

  std::vector<lane_heap> routes_;
  absl::flat_hash_map<const rate::limit_key*, std::unique_ptr<gate>> gates_;  // found when a lane is adopted
  std::vector<gate*> all_gates_;                                              // in the order they were made
  std::vector<due> due_;  // a heap, soonest first; an entry whose time is not its gate's is old
  std::uint64_t orders_ = 0;
  std::vector<lingering>
      lingering_;  // a heap, soonest first; an entry of a lane that does not linger until then is old
};

}  // namespace broadside::engine_detail
