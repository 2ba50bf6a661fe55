// engine/shared_state - what all shards of an engine and its host threads share, and who may touch what.
//
// Queues, limits and counters are lock-free; the only mutex guards the words of a route's last error, which are written
// when something fails.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <broadside/audience_queue.hpp>
#include <broadside/event.hpp>
#include <broadside/options.hpp>
#include <cstdint>
#include <engine/compiled_campaign.hpp>
#include <engine/delivery_desk.hpp>
#include <engine/limit_table.hpp>
#include <engine/route_health.hpp>
#include <engine/slot.hpp>
#include <engine/told_watch.hpp>
#include <journal/journal.hpp>
#include <memory>
#include <mutex>
#include <optional>
#include <rate/gcra.hpp>
#include <rate/retry_budget.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace broadside::engine_detail {

enum class campaign_state : std::uint8_t { running, paused, cancelled };

/// As the journal has it.
[[nodiscard]] constexpr std::string_view name_of(campaign_state s) noexcept {
  switch (s) {
    case campaign_state::paused:
      return "paused";
    case campaign_state::cancelled:
      return "cancelled";
    case campaign_state::running:
      break;
  }
  return "running";
}

/// A launched campaign: the immutable part, and what host threads set.
struct campaign_entry {
  std::unique_ptr<const compiled_campaign> compiled;  // constant after launch()
  std::vector<finding> findings;                      // constant after launch()
  std::string definition;                             // constant after launch(): as the journal has it
  std::uint32_t version = 1;                          // constant after launch(): of its key
  campaign_lanes lanes;                               // constant after launch()
  std::optional<std::uint32_t> tenant{};              // constant after launch(): index in shared_state::tenants
  std::atomic<std::uint32_t> weight{1};
  ledger before{};               // constant after open(): what earlier engines settled
  bool usable = true;            // constant after open(); false: it was launched on routes that are not there now
  std::string unusable_because;  // constant after open()
  std::atomic<campaign_state> state{campaign_state::running};
  std::atomic<std::uint64_t> submitted{0};  // counted before the message can be taken from the intake
  std::uint32_t places_max = 0;             // constant after launch()
  std::atomic<std::uint32_t> places{0};     // slots of this campaign, from submit() until their event is polled
  std::atomic<std::uint32_t> sources_open{0};
  std::atomic<std::uint32_t> sources_known{0};
  std::atomic<std::uint64_t> delivered{0};
  std::atomic<std::uint64_t> undelivered{0};

  /// As many of n as the campaign may still hold.
  std::size_t take_places(std::size_t n) noexcept {
    std::uint32_t held = places.load(std::memory_order_relaxed);
    for (;;) {
      const auto taken = static_cast<std::uint32_t>(std::min<std::size_t>(n, places_max - std::min(held, places_max)));
      if (places.compare_exchange_weak(held, held + taken, std::memory_order_relaxed)) return taken;
    }
  }
  void give_places(std::size_t n) noexcept {
    places.fetch_sub(static_cast<std::uint32_t>(n), std::memory_order_relaxed);
  }
};

struct source_entry {
  campaign_id campaign{};              // constant after open_source()
  std::string name;                    // constant after open_source()
  std::uint64_t start = 0;             // constant after open_source(): rows below were taken before there was a source
  std::optional<source_id> follows{};  // constant after open_source(): which source took them
  std::atomic<std::uint64_t> next{0};  // ordinal not yet taken; written by the thread that submits
  std::atomic<bool> finished{false};
  std::atomic<bool> submitting{false};  // a thread is in submit(); see supersede()
};

/// Who campaigns are sent for.
struct tenant_entry {
  std::string name;          // constant
  std::uint32_t weight = 1;  // constant
};

/// A table that only grows, up to a bound: entries keep their address, readers need no lock.
template <class Entry>
class growing_table {
 public:
  explicit growing_table(std::size_t max) : entries_(max) {}

  /// Null when the id was never given out. Any thread.
  [[nodiscard]] Entry* find(std::uint32_t id) const noexcept {
    return id < size_.load(std::memory_order_acquire) ? entries_[id].get() : nullptr;
  }
  [[nodiscard]] std::uint32_t size() const noexcept { return size_.load(std::memory_order_acquire); }
  [[nodiscard]] bool is_full() const noexcept { return size() >= entries_.size(); }
  /// One thread at a time; not when full.
  std::uint32_t add(std::unique_ptr<Entry> entry) {
    const std::uint32_t id = size_.load(std::memory_order_relaxed);
    entries_[id] = std::move(entry);
    size_.store(id + 1, std::memory_order_release);  // pairs with acquire in find()
    return id;
  }

 private:
  std::vector<std::unique_ptr<Entry>> entries_;
  std::atomic<std::uint32_t> size_{0};
};

/// A route as all shards see it.
struct route_entry {
  route_entry(const route_options& o, const retry_options& retries, time_point start)
      : options(&o), budget(retries.budget, retries.budget_min, start) {
    if (const message_query* q = o.provider->query()) query_limit.emplace(q->limit, start);
  }

  const route_options* options;              // constant
  std::vector<route_entry*> same_account;    // constant: those that rest with it, itself among them
  rate::retry_budget budget;                 // of requests that try again
  std::optional<rate::gcra> query_limit;     // the same of questions; none: the provider cannot be asked
  std::atomic<std::int64_t> rests_until{0};  // steady clock, ns; the route starts nothing before
  std::atomic<std::uint32_t> faults{
      0};  // account faults and throttles in a row; > 0 after a rest: probe with one request
  std::atomic<bool> suspended{false};  // the last answer that said so was an account fault
  std::mutex last_error_mutex;
  std::string last_error;  // guarded by last_error_mutex

  /// The provider judged a message: whatever was wrong with the account is over.
  void works() noexcept {
    faults.store(0, std::memory_order_relaxed);
    suspended.store(false, std::memory_order_relaxed);
  }
  void set_last_error(std::string_view words) {
    const std::scoped_lock lock(last_error_mutex);
    last_error.assign(words);
  }
};

/// Everything above, put together by the engine. Constant after open() except for what is atomic inside.
struct shared_state {
  /// The routes of `options`, their limits and their health. `next_id` is the engine's, for the record.
  void make_routes(time_point start, const std::atomic<std::uint64_t>& next_id);
  /// Gives a compiled campaign its lanes, its tenant and its weight, before it is in the table. One caller at a time.
  /// Errors: as limit_table::lanes_of().
  [[nodiscard]] result<void, failure> join_in(campaign_entry&, time_point now);

  broadside::options options;
  environment* environment_ = nullptr;
  std::vector<std::uint16_t> route_numbers;  // of options::routes, as the journal has them; empty: their indices
  slot_arena* slots = nullptr;
  audience_queue<slot_index>* intake = nullptr;
  audience_queue<slot_index>* events = nullptr;
  journal::journal* journal_ = nullptr;
  bool survives = false;  // the journal does, so that what is inside when the engine stops goes on with the next one
  growing_table<campaign_entry>* campaigns = nullptr;
  std::vector<std::unique_ptr<route_entry>> routes;
  std::unique_ptr<limit_table> limits;
  std::unique_ptr<route_health> health;
  growing_table<tenant_entry>* tenants = nullptr;
  std::unique_ptr<delivery_desk> deliveries;
  told_watch told;                              // what of the shards' events the host was given
  std::atomic<std::uint32_t> control_epoch{0};  // grows when a campaign's state changes
  std::atomic<std::uint32_t> limits_epoch{0};   // grows when a limit changes
  std::atomic<bool> draining{false};            // somebody waits for the shards to have nothing left
};

/// A shard's share of a campaign's books. Written by the shard alone, read by any thread as one consistent snapshot.
///
/// A sequence lock whose data are atomics: the version is odd while the shard writes, readers try again. `taken` is
/// counted when a message comes from the intake, `held` by what the shard holds, outcomes when they are settled, so
/// taken == held + outcomes is a statement about three different counts.
class shard_books {
 public:
  struct snapshot {
    std::uint64_t taken = 0;
    std::uint64_t held = 0;
    std::array<std::uint64_t, outcome_count> outcomes{};
  };

  void take() noexcept {
    write([this] {
      bump(taken_, 1);
      bump(held_, 1);
    });
  }
  void settle(outcome o) noexcept {
    write([this, o] {
      bump(held_, -1);
      bump(outcomes_[static_cast<std::size_t>(o)], 1);
    });
  }
  [[nodiscard]] snapshot read() const noexcept {
    for (;;) {
      const std::uint32_t before = version_.load(std::memory_order_acquire);
      snapshot s;
      s.taken = taken_.load(std::memory_order_acquire);
      s.held = held_.load(std::memory_order_acquire);
      for (std::size_t i = 0; i < outcome_count; ++i) s.outcomes[i] = outcomes_[i].load(std::memory_order_acquire);
      if (before % 2 == 0 && version_.load(std::memory_order_relaxed) == before) return s;
    }
  }

 private:
  template <class Change>
  void write(Change change) noexcept {
    const std::uint32_t v = version_.load(std::memory_order_relaxed);
    version_.store(v + 1, std::memory_order_relaxed);
    change();  // release stores: no reader can see one without seeing the odd version
    version_.store(v + 2, std::memory_order_release);
  }
  static void bump(std::atomic<std::uint64_t>& n, std::int64_t by) noexcept {
    n.store(n.load(std::memory_order_relaxed) + static_cast<std::uint64_t>(by), std::memory_order_release);
  }

  std::atomic<std::uint32_t> version_{0};
  std::atomic<std::uint64_t> taken_{0};
  std::atomic<std::uint64_t> held_{0};
  std::array<std::atomic<std::uint64_t>, outcome_count> outcomes_{};
};

/// A route on one shard, for engine::routes(). Written by the shard.
struct route_gauges {
  std::atomic<std::uint32_t> connections{0};
  std::atomic<std::uint64_t> in_flight{0};
  std::atomic<std::uint64_t> waiting{0};
  std::atomic<std::uint64_t> asked_for{0};  // messages whose answer was lost, until the provider has said what it knows
};

}  // namespace broadside::engine_detail
