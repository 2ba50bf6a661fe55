// testing/simulation/world - see world.hpp.
#include <algorithm>
#include <testing/simulation/world.hpp>
#include <utility>

namespace broadside::testing::sim {

using namespace std::chrono_literals;

namespace {

constexpr time_point the_beginning{1000h};
constexpr wall_time the_date{std::chrono::seconds{1'771'495'200}};  // 2026-02-19 10:00 UTC

}  // namespace

world::world(std::uint64_t seed, const simulation_faults& f) : faults(f), start_(the_beginning), now_(the_beginning) {
  random_bits seeds(seed);
  for (std::size_t i = 0; i < concern_count; ++i) dice_.emplace_back(seeds.next());
}

wall_time world::wall_now() noexcept {
  return the_date + std::chrono::duration_cast<wall_time::duration>(now_ - start_ + wall_offset_);
}

void world::at(time_point when, life who, std::function<void()> what) {
  events_.push_back({std::max(when, now_), order_++, who, std::move(what)});
  std::push_heap(events_.begin(), events_.end(), std::greater<>{});
}

world::event world::pop() {
  std::pop_heap(events_.begin(), events_.end(), std::greater<>{});
  event next = std::move(events_.back());
  events_.pop_back();
  return next;
}

/// What the host does happens between two events, and in none of its calls that block.
void world::bring_back_host() {
  if (depth_ > 1 || blocked_ > 0) return;
  for (event& e : std::exchange(host_later_, {})) at(e.at, e.who, std::move(e.what));
}

bool world::run(time_point until, const std::function<bool()>& done) {
  ++depth_;
  bool said = done && done();
  const bool was_dead = crashed_;  // then the rest of the world goes on without the process
  while (!said && (was_dead || !crashed_) && !events_.empty() && events_.front().at <= until) {
    const event& first = events_.front();
    if (first.who != 0 && ended_.contains(first.who)) {
      static_cast<void>(pop());
      continue;
    }
    if (first.who == host_life && (depth_ > 1 || blocked_ > 0)) {
      host_later_.push_back(pop());
      continue;
    }
    now_ = std::max(now_, first.at);
    ++counts.events;
    if (happens(concern::crash, faults.crash) && alive_) {  // the event is the next one's: it may be the network's
      crash();
      break;
    }
    pop().what();
    said = done && done();
  }
  if ((was_dead || !crashed_) && !said) now_ = std::max(now_, until);
  --depth_;
  bring_back_host();
  return said;
}

void world::run_blocked(time_point until) {
  ++blocked_;
  run(until);
  --blocked_;
  bring_back_host();
}

void world::crash() {
  if (!std::exchange(alive_, false)) return;
  crashed_ = true;
  ++counts.crashes;
  note("crash");
  if (on_crash) on_crash();
}

void world::take_line() {
  for (const char c : line_) hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
  if (listener) listener(line_);
}

}  // namespace broadside::testing::sim
