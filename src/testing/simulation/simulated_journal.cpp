// testing/simulation/simulated_journal - see simulated_journal.hpp.
#include <engine/log_options_of.hpp>
#include <testing/simulation/simulated_journal.hpp>
#include <utility>

namespace broadside::testing::sim {

using namespace std::chrono_literals;

simulated_journal::simulated_journal(process& p) : process_(p), world_(p.world_), life_(world_.begin_life()) {
  process_.lives_.push_back(life_);
}

simulated_journal::~simulated_journal() {
  stop();
  world_.end_life(life_);
  log_.reset();
  store_.reset();
  process_.disk_ = nullptr;  // somebody else's from now on
}

result<void, failure> simulated_journal::take(const options& o, const journal::message_table& table,
                                              journal::usage_source& usages, environment& env, memory_disk& disk,
                                              journal::recovered& found) {
  store_ = std::make_unique<disk_view>(disk, process_.dead_);
  journal::log_wakers wakers;
  wakers.context = this;
  wakers.writer = [](void* self) noexcept { static_cast<simulated_journal*>(self)->schedule(); };
  wakers.shard = [](void* self, unsigned shard) noexcept {
    const auto& journal = *static_cast<simulated_journal*>(self);
    journal.wake_shard_(journal.context_, shard);
  };
  wakers.nap = [](void* self, std::chrono::milliseconds span) noexcept {
    auto& journal = *static_cast<simulated_journal*>(self);
    if (journal.process_.dead_) return journal.world_.skip(span);
    journal.world_.run_blocked(journal.world_.now() + span);
  };
  auto log = journal::log_journal::open(*store_, table, env, engine_detail::log_options_of(o, &usages), wakers, found);
  if (!log) return log.error();
  log_ = std::move(*log);
  return {};
}

result<void> simulated_journal::start(void (*wake_shard)(void*, unsigned) noexcept, void* context) {
  wake_shard_ = wake_shard;
  context_ = context;
  started_ = true;
  schedule();
  return {};
}

void simulated_journal::schedule() {
  if (!started_ || process_.dead_) return;
  if (stepping_) again_ = true;
  if (stepping_ || std::exchange(scheduled_, true)) return;
  const bool late = world_.happens(concern::machine, world_.faults.late_turn);
  const duration soon = world_.up_to(concern::machine, 20us);
  const duration later = world_.up_to(concern::machine, world_.faults.late_for);
  if (late) ++world_.counts.late_turns;
  world_.after(soon + (late ? later : duration::zero()), life_, [this] {
    scheduled_ = false;
    step();
  });
}

void simulated_journal::step() {
  if (stepping_) return;
  stepping_ = true;
  const time_point next = log_->step(world_.now());
  stepping_ = false;
  if (process_.dead_) return;
  if (std::exchange(again_, false)) return schedule();
  if (next == time_point::max()) return;
  world_.at(next, life_, [this, mine = ++timer_] {
    if (mine == timer_) schedule();
  });
}

error_code simulated_journal::flush(std::chrono::milliseconds at_most) noexcept {
  if (!started_ || process_.dead_) return errc::journal_faulty;
  return log_->flush(at_most);
}

void simulated_journal::stop() noexcept {
  if (!started_ || process_.dead_) return;
  static_cast<void>(flush(5s));
  started_ = false;  // the shards that it would wake may be gone
  world_.end_life(life_);
}

}  // namespace broadside::testing::sim
