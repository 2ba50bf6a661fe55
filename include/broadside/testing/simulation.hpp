// broadside/testing/simulation - the real engine in virtual time, on one thread, in a world that fails as its seed
// says.
//
// Part of broadside::testing: how a host tests what it does when answers are lost, disks fill and processes die. The
// engine is the one a server links: shards, limits, retries, connections, HTTP, journal. Only what it stands on is
// simulated: clock, network, providers, disk. The same seed and the same calls give the same run, to the last byte,
// with every compiler; trace_hash() says whether they did.
//
//   testing::simulation world(seed, {.reset = 0.01, .crash = 0.0001});
//   auto url = world.add_provider("sinch");            // the base_url of a route's provider
//   auto e = world.open(std::move(options));           // as engine::open()
//   world.run_for(1s);                                 // virtual seconds: the engine works, the host does not
//   if (world.crashed()) { e.reset(); e = world.open(…); }   // what the disk kept is what the next engine finds
//
// Not thread-safe: everything happens on the caller's thread, inside run_for() and run_until(), and inside what blocks
// its caller: open(), drain(), cancel(), stop() and an engine's end. Engines are destroyed before their simulation.
// Media are not fetched: options::preflight is off.
#pragma once

#include <array>
#include <broadside/engine.hpp>
#include <broadside/environment.hpp>
#include <broadside/options.hpp>
#include <broadside/result.hpp>
#include <broadside/testing/provider_simulator.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace broadside::testing {

/// What goes wrong. Probabilities are 0 to 1; the default world works, with the latency of a good line.
struct simulation_faults {
  // the network, each way
  std::chrono::microseconds latency{300};         ///< the least; bytes of a connection keep their order
  std::chrono::microseconds latency_jitter{700};  ///< and up to this much more, uniformly
  double connect_refused = 0;                     ///< of a connection that opens
  double connect_hangs = 0;                       ///< of a connection that opens: nobody answers
  double partial_write = 0;                       ///< of a request: the socket takes a part now and the rest later
  double reset = 0;        ///< of a request: the connection breaks at any byte of it or of its answer
  double half_open = 0;    ///< of a request: from any byte on the line is dead, and nobody says so
  double close_after = 0;  ///< of an answer: the peer closes the connection behind it without having said so
  double slow_bytes = 0;   ///< of an answer: it comes in small pieces over slow_for
  std::chrono::milliseconds slow_for{2000};
  // providers
  simulator_faults provider{};  ///< of a request, as the provider simulator draws them; its delay counts too
  double outage = 0;            ///< of a second of each provider: it is gone for outage_for, at least a tenth of it
  std::chrono::seconds outage_for{20};
  // the disk
  std::chrono::microseconds sync_time{500};         ///< of a commit that is synced; the least
  std::chrono::microseconds sync_time_jitter{500};  ///< and up to this much more
  double sync_slow = 0;                             ///< of a commit: it takes up to sync_slow_for
  std::chrono::milliseconds sync_slow_for{3000};
  double disk_full = 0;  ///< of a commit: nothing is taken for up to disk_full_for
  std::chrono::milliseconds disk_full_for{5000};
  double sync_fails = 0;      ///< of a commit: it is refused; half of them although it had an effect
  double keeps_unsynced = 0;  ///< of a crash: what was committed and not synced is there all the same
  // the machine
  double late_turn = 0;  ///< of a turn of a shard or of the journal's writer: the thread runs up to late_for later
  std::chrono::milliseconds late_for{50};
  double crash = 0;      ///< of an event of the world: the process dies there; see simulation::crashed()
  double wall_jump = 0;  ///< of a second: the wall clock is set up to wall_jump_max forward or back
  std::chrono::seconds wall_jump_max{7200};
};

/// What happened so often; in the order of simulation_faults, then what the run was made of.
struct simulation_counts {
  std::uint64_t refused = 0, hung = 0, partial_writes = 0, resets = 0, half_open = 0, closed_after = 0,
                slow_answers = 0;
  std::uint64_t provider_faults = 0, outages = 0;
  std::uint64_t slow_syncs = 0, full_disks = 0, failed_syncs = 0, kept_unsynced = 0;
  std::uint64_t late_turns = 0, crashes = 0, wall_jumps = 0;
  std::uint64_t events = 0;    ///< of the world
  std::uint64_t requests = 0;  ///< written, in whole or in part
  std::uint64_t messages = 0;  ///< in them
  std::uint64_t commits = 0;
};

/// A request whose first byte was written at `left`: the instant of its permission.
struct departure {
  time_point left{};
  std::uint32_t provider = 0;      ///< in the order of add_provider()
  std::uint32_t engine = 0;        ///< which open() it was, from 0
  std::vector<std::string> ids{};  ///< message ids as printed; empty: a question
  wall_time wall{};
};

/// A message that a provider took.
struct acceptance {
  time_point at{};
  std::uint32_t provider = 0;
  std::string id{};
  std::string number{};  ///< digits
  /// What the provider's delivery reports give back: Sinch's client-reference, Infobip's callbackData, as the client
  /// sent it. Empty: it sent none.
  std::string reference{};
};

class simulation {
 public:
  explicit simulation(std::uint64_t seed, const simulation_faults& = {});
  simulation(const simulation&) = delete;
  simulation& operator=(const simulation&) = delete;
  ~simulation();

  /// A provider that speaks both APIs as provider_simulator does, at a host of its own: "http://NAME.sim". Of `how`,
  /// the faults, the seed and what belongs to sockets are not used. Names are unique; letters, digits and hyphens.
  std::string add_provider(std::string_view name, const simulator_options& how = {});

  /// engine::open() in this world. options::journal::path names a disk of this world; it is made when it is first named
  /// and outlives engines and crashes. One engine at a time on a disk.
  [[nodiscard]] result<engine, failure> open(options);

  /// Virtual time, for the host.
  [[nodiscard]] environment& clock() noexcept;

  /// Lets the world go on for so long, or until the process dies. Of a process that is dead already: the rest of it.
  void run_for(duration);
  /// The same until `done`, which is asked after every event; false: it was not done in time.
  bool run_until(const std::function<bool()>& done, duration at_most);
  /// Something the host does later, between two events; not after a crash. What falls due inside a call that blocks
  /// the host, drain() excepted, is done when the call has returned and the world goes on.
  void at(time_point, std::function<void()>);

  /// From the next event on.
  void set_faults(const simulation_faults&);

  /// The wall clock is set. It begins at 10:00 UTC on 2026-02-19.
  void set_wall_clock(wall_time);
  /// The provider is gone for so long, as by simulation_faults::outage.
  void begin_outage(std::size_t provider, duration);

  /// The process dies now: its engines, all of them, do nothing any more and are to be destroyed; disks keep what they
  /// had synced, and bytes that were written to the network arrive.
  void crash();
  /// Since the last open().
  [[nodiscard]] bool crashed() const noexcept;

  [[nodiscard]] const simulation_counts& counts() const noexcept;
  [[nodiscard]] const std::vector<departure>& departures() const noexcept;
  [[nodiscard]] const std::vector<acceptance>& acceptances() const noexcept;
  /// Of a provider, by its index.
  [[nodiscard]] simulator_counts provider(std::size_t) const;
  /// What no client may do and this one did: requests that are no HTTP, that a provider calls malformed, …
  [[nodiscard]] const std::vector<std::string>& defects() const noexcept;

  /// A line for everything that happens: virtual time in microseconds, who, what. A null function: nobody listens.
  void trace_to(std::function<void(std::string_view line)>);
  /// Puts a word of the host's own into the trace, and into the hash.
  void note(std::string_view words);
  [[nodiscard]] std::uint64_t trace_hash() const noexcept;

 private:
  class impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace broadside::testing
