// testing/simulation/process - see process.hpp.
#include <poll.h>
#include <testing/simulation/process.hpp>
#include <testing/simulation/simulated_journal.hpp>
#include <testing/simulation/simulated_shard.hpp>
#include <utility>

namespace broadside::testing::sim {
namespace {

bool is_signalled(const engine_detail::wake_fd& fd) {
  pollfd look{fd.get(), POLLIN, 0};
  return ::poll(&look, 1, 0) > 0;
}

}  // namespace

result<std::unique_ptr<engine_detail::shard>, failure> process::make_shard(engine_detail::shared_state& shared,
                                                                           unsigned number,
                                                                           const engine_detail::wake_fd& settled) {
  auto made = std::make_unique<simulated_shard>(*this, shared, number, settled);
  if (auto clients = made->make_clients(); !clients) return clients.error();
  return std::unique_ptr<engine_detail::shard>(std::move(made));
}

result<std::unique_ptr<engine_detail::durable_journal>, failure> process::open_journal(
    const options& o, const journal::message_table& table, journal::usage_source& usages, environment& env,
    journal::recovered& found) {
  auto& disk = disks_[o.journal.path];
  if (!disk) disk = std::make_unique<memory_disk>(world_, o.journal.path);
  if (disk->in_use) return failure{errc::journal_in_use, {}};
  disk_ = disk.get();
  auto made = std::make_unique<simulated_journal>(*this);
  if (auto taken = made->take(o, table, usages, env, *disk, found); !taken) return taken.error();
  return std::unique_ptr<engine_detail::durable_journal>(std::move(made));
}

void process::wait(const engine_detail::wake_fd& fd, std::chrono::milliseconds at_most) {
  if (dead_) return world_.skip(at_most);
  world_.run(world_.now() + at_most, [&] { return is_signalled(fd); });
}

void process::die() {
  if (std::exchange(dead_, true)) return;
  for (simulated_shard* each : shards_) each->die();
  for (const life each : lives_) world_.end_life(each);
  if (disk_ != nullptr) disk_->crash();
}

}  // namespace broadside::testing::sim
