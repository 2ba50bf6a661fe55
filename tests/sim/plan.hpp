// sim/plan - everything that a run is made of, drawn from a seed: engine, campaigns, audience, host, faults.
//
// Whole numbers only, so that every compiler draws the same. Each concern has a stream of its own: what is drawn for
// one does not shift the others, and a field that is overridden leaves the rest of the run as it was.
#pragma once

#include <array>
#include <cstdint>
#include <env/random.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace broadside::sim {

using number = std::int64_t;

/// The seed's stream of random numbers for one concern.
[[nodiscard]] random_bits stream(std::uint64_t seed, std::string_view concern, number index = 0) noexcept;

inline constexpr std::size_t routes_max = 3;
inline constexpr std::size_t campaigns_max = 3;
inline constexpr std::size_t sources_max = 2;
inline constexpr std::size_t limits_max = 4;
inline constexpr number rows_max = 400;  // of a source

/// In the order of broadside::durability, after `memory`.
enum class record : number { memory, every_batch, periodic, none };

/// Which messages a limit is for.
enum class limit_kind : number {
  none,
  sender,
  any_sender,
  carrier,
  campaign,
  any_campaign,
  tenant,
  any_tenant,
  account,
  everything,
  last = everything
};

struct limit_plan {
  number kind = 0;    // limit_kind
  number counts = 0;  // limit_unit
  number rate = 0;    // a second; 0: no limit but the quota
  number burst = 1;
  number quota = 0;      // a day; 0: none
  number zone = 0;       // of the quota
  number change_ms = 0;  // the host changes it then; 0: never
  number new_rate = 5;
  number new_burst = 1;

  [[nodiscard]] limit_kind of() const noexcept { return static_cast<limit_kind>(kind); }
};

struct route_plan {
  number infobip = 0;        // else Sinch
  number batch = 1;          // messages in a request
  number connections = 4;    // of a shard
  number rate = 0;           // messages a second; 0: no limit
  number burst = 1;          //
  number provider_rate = 0;  // what the provider itself allows; 0: anything
  number account = 0;        // 1: the one that such routes share
  number adaptive = 0;       // concurrency
  number dies_ms = 0;        // its provider is gone then; 0: never
  number dead_for_ms = 5000;
  number reports = 0;  // its provider posts delivery reports
};

/// What providers tell of messages that they took, and when.
struct report_plan {
  number delay_ms = 100;         // of the first: about that, up to twice as much
  number later_ms = 1000;        // of what follows it: up to
  number never_per_1000 = 0;     // nothing is told of the message
  number failed_per_1000 = 0;    // of the others: it fails, or expires, at last
  number underway_per_1000 = 0;  // something that is not final comes first
  number alone_per_1000 = 0;     // and nothing after it
  number repeats = 0;            // at most so many more, of any kind
  number batch = 1;              // in one callback at most; Infobip only
  number junk_per_1000 = 0;      // callbacks beside them that nobody may believe
  number again_ms = 300;         // after an answer that is none
  number wait_ms = 5000;         // reconcile.report_wait
  number patience_ms = 2000;     // reports.patience
};

struct campaign_plan {
  number policy = 0;  // on_unknown
  std::array<number, routes_max> weight{1, 1, 1};
  number age_s = 3600;
  number fallback = 0;  // SMS parts of its fallback text; 0: none
  number dialling = 0;  // 2: as in North America
  number sender = 0;    // which of two
  number sources = 1;
  number rows = 20;          // of each source
  number bad_per_1000 = 0;   // rows that can never be sent
  number inside_max = 0;     // 0: half of all
  number starts_ms = 0;      //
  number pause_ms = 0;       // 0: never
  number paused_for_ms = 0;  //
  number cancel_ms = 0;      // 0: never
  number edit_ms = 0;        // launched again with another text; 0: never
  number share = 1;          // its weight among campaigns
  number tenant = 0;         // 0: none
  number urgent = 0;         // transactional
  number carriers = 0;       // its rows name their carrier
  number media = 0;          // links
  number reweigh_ms = 0;     // gets another weight then; 0: never
  number new_share = 1;
};

struct host_plan {
  number batch = 16;       // rows in a submit()
  number from_resume = 0;  // submits from resume_point() on each time
  number submit_every_ms = 5;
  number poll_batch = 64;
  number poll_every_ms = 10;
  number confirm_every = 1;  // polls; 0: only at the end
  number deaf_ms = 0;        // stops polling then; 0: never
  number deaf_for_ms = 0;
  number restart_ms = 0;  // stops the engine and opens another; 0: never
  number restart2_ms = 0;
  number dies_at_poll = 0;     // between this poll() that gave events and its confirm(); 0: never
  number back_after_ms = 100;  // after a crash
};

/// Probabilities are in millionths.
struct fault_plan {
  number latency_us = 300, jitter_us = 700;
  number connect_refused = 0, connect_hangs = 0, partial_write = 0, reset = 0, half_open = 0, close_after = 0;
  number slow_bytes = 0, slow_for_ms = 2000;
  number reset_before_read = 0, reset_after_read = 0, reset_after_accept = 0, error_500 = 0, error_503 = 0,
         error_500_after_accept = 0, throttle_429 = 0, provider_busy = 0, truncated = 0, garbage = 0, slow = 0;
  number retry_after_s = 1, delay_ms = 0;
  number outage = 0, outage_for_s = 5;
  number sync_us = 500, sync_slow = 0, sync_slow_for_ms = 1000, disk_full = 0, disk_full_for_ms = 1000, sync_fails = 0,
         keeps_unsynced = 0;
  number late_turn = 0, late_for_ms = 50, crash = 0, wall_jump = 0, wall_jump_s = 7200;
};

struct plan {
  std::uint64_t seed = 1;
  number shards = 1, routes = 1, campaigns = 1;
  number inside_max = 1024;
  number record = 1;  // sim::record
  number sync_interval_ms = 1000;
  number instance = 0;  // 0: drawn at each open()
  number attempts_max = 5, retry_delay_ms = 100, retry_delay_max_ms = 2000, suspend_ms = 200, suspend_max_ms = 4000;
  number asks_max = 3, ask_delay_ms = 500;
  number connect_timeout_ms = 1000, write_timeout_ms = 1000, response_timeout_ms = 2000, idle_timeout_ms = 5000,
         backoff_ms = 50, backoff_max_ms = 2000;
  number sender_rate = 0, sender_burst = 1;  // of the first sender, on all routes; 0: no limit
  number refused_per_10000 = 0;
  number faults_for_ms = 10'000;  // then everything works
  number budget_percent = 20, budget_min_per_1000 = 1000;
  number failover_ms = 5000, answers_min = 20, faults_in_a_row = 20;
  number wall_start_s = 0;  // since 1970; 0: when simulations begin
  std::array<limit_plan, limits_max> limit{};
  std::array<route_plan, routes_max> route{};
  std::array<campaign_plan, campaigns_max> campaign{};
  host_plan host{};
  fault_plan fault{};
  report_plan report{};

  [[nodiscard]] sim::record kept() const noexcept { return static_cast<sim::record>(record); }
  [[nodiscard]] bool durable() const noexcept { return kept() != sim::record::memory; }
  [[nodiscard]] std::size_t route_count() const noexcept { return static_cast<std::size_t>(routes); }
  [[nodiscard]] std::size_t campaign_count() const noexcept { return static_cast<std::size_t>(campaigns); }
  /// Whether any of its routes has reports.
  [[nodiscard]] bool reported() const noexcept;
};

[[nodiscard]] plan plan_of(std::uint64_t seed);

/// Nothing goes wrong but providers that die, and the host does nothing but submit, poll and confirm in good time: then
/// the limits alone say how long everything takes.
[[nodiscard]] bool is_calm(const plan&);

/// A field by the name under which it is printed and set: "shards", "c0.rows", "fault.reset".
struct field {
  std::string name;
  number* value;
  number low;
  number high;
};
/// In the order in which they are printed; they live as long as the plan.
[[nodiscard]] std::vector<field> fields_of(plan&);

/// Whether the field says anything of this plan: those of routes and campaigns that it does not have do not.
[[nodiscard]] bool in_use(const plan&, std::string_view field_name);

/// Sets "name=value". What is wrong with it; empty: nothing.
[[nodiscard]] std::string set_field(plan&, std::string_view assignment);

/// `name=value` words of everything that is in use.
[[nodiscard]] std::string to_string(plan);

}  // namespace broadside::sim
