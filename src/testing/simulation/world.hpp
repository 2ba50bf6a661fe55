// testing/simulation/world - virtual time: what happens next, the dice that decide what goes wrong, and the trace.
//
// Everything of a simulation runs inside run(), one event after the other. run_blocked() is called from inside an
// event, or from a call of the host's, by what blocks its thread for real (a commit that waits for the disk): then the
// rest of the world goes on meanwhile, except for what the host does.
#pragma once

#include <fmt/format.h>
#include <broadside/environment.hpp>
#include <broadside/testing/simulation.hpp>
#include <cstdint>
#include <env/random.hpp>
#include <functional>
#include <iterator>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace broadside::testing::sim {

/// One stream of random numbers for each concern: what is drawn for one does not shift the others.
enum class concern : std::uint8_t { engine, network, provider, disk, machine, crash, clock };
inline constexpr std::size_t concern_count = 7;

/// Whoever events belong to; they are dropped once it has ended. 0: the world itself.
using life = std::uint32_t;
/// What the host does: left for later while a thread is blocked.
inline constexpr life host_life = 1;

class world final : public environment {
 public:
  world(std::uint64_t seed, const simulation_faults&);

  // what the engine sees
  time_point now() noexcept override { return now_; }
  wall_time wall_now() noexcept override;
  std::uint64_t random() noexcept override { return dice(concern::engine).next(); }

  // events
  void at(time_point, life, std::function<void()>);
  void after(duration d, life who, std::function<void()> what) { at(now_ + d, who, std::move(what)); }
  [[nodiscard]] life begin_life() { return next_life_++; }
  void end_life(life l) { ended_.insert(l); }
  /// Until `until`, or `done` says so after an event, or the process dies. Whether `done` said so.
  bool run(time_point until, const std::function<bool()>& done = {});
  /// The same for a thread that is blocked until then: what the host does is left for when it is not any more.
  void run_blocked(time_point until);
  /// Time passes for nobody: a thread of a dead process waits.
  void skip(duration d) { now_ += d; }

  // what goes wrong
  [[nodiscard]] random_bits& dice(concern c) noexcept { return dice_[static_cast<std::size_t>(c)]; }
  /// Draws whether it happens; always draws, so that a probability of 0 shifts nothing.
  bool happens(concern c, double probability) noexcept {
    constexpr double unit = 1.0 / 9007199254740992.0;  // 2^-53
    return static_cast<double>(dice(c).next() >> 11U) * unit < probability;
  }
  /// Uniform in [0, most).
  template <class Rep, class Period>
  duration up_to(concern c, std::chrono::duration<Rep, Period> most) noexcept {
    const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(most).count();
    return std::chrono::nanoseconds(dice(c).below(static_cast<std::uint64_t>(ns > 0 ? ns : 0)));
  }
  simulation_faults faults;
  simulation_counts counts;

  /// Every process dies at this point; what they leave is cleared away by `on_crash`.
  void crash();
  std::function<void()> on_crash;
  [[nodiscard]] bool crashed() const noexcept { return crashed_; }
  void begin_process() noexcept {
    crashed_ = false;
    alive_ = true;
  }
  /// The wall clock is set.
  void jump(wall_time::duration by) { wall_offset_ += by; }

  // the trace
  template <class... Arguments>
  void note(fmt::format_string<Arguments...> words, Arguments&&... arguments) {
    line_.clear();
    const auto us = std::chrono::duration_cast<std::chrono::microseconds>(now_ - start_).count();
    fmt::format_to(std::back_inserter(line_), "{:>12} ", us);
    fmt::format_to(std::back_inserter(line_), words, std::forward<Arguments>(arguments)...);
    take_line();
  }
  std::function<void(std::string_view)> listener;
  [[nodiscard]] std::uint64_t trace_hash() const noexcept { return hash_; }
  std::vector<departure> departures;
  std::vector<acceptance> acceptances;
  std::vector<std::string> defects;
  void defect(std::string what) {
    note("DEFECT {}", what);
    defects.push_back(std::move(what));
  }

 private:
  struct event {
    time_point at;
    std::uint64_t order;
    life who;
    std::function<void()> what;
    friend bool operator>(const event& a, const event& b) { return a.at != b.at ? a.at > b.at : a.order > b.order; }
  };
  void take_line();
  event pop();
  void bring_back_host();

  const time_point start_;
  time_point now_;
  std::chrono::nanoseconds wall_offset_{};
  std::vector<random_bits> dice_;
  std::vector<event> events_;  // a heap, soonest first
  std::vector<event> host_later_;
  std::uint64_t order_ = 0;
  life next_life_ = host_life + 1;
  std::set<life> ended_;
  unsigned depth_ = 0;    // of run()
  unsigned blocked_ = 0;  // of run_blocked()
  bool crashed_ = false;
  bool alive_ = false;
  std::string line_;
  std::uint64_t hash_ = 0xCBF29CE484222325U;
};

}  // namespace broadside::testing::sim
