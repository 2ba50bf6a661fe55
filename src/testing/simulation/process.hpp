// testing/simulation/process - what an engine runs on in the simulation: shards and a journal's writer whose turns are
// events, and a disk that outlives them. One for each open(); after a crash it does nothing any more.
#pragma once

#include <engine/durable_journal.hpp>
#include <engine/runtime.hpp>
#include <map>
#include <memory>
#include <string>
#include <testing/simulation/memory_disk.hpp>
#include <testing/simulation/network.hpp>
#include <testing/simulation/world.hpp>
#include <vector>

namespace broadside::testing::sim {

class simulated_shard;

using host_table = std::map<std::string, std::unique_ptr<provider_host>, std::less<>>;
using disk_table = std::map<std::string, std::unique_ptr<memory_disk>, std::less<>>;

class process final : public engine_detail::runtime {
 public:
  process(world& w, host_table& hosts, disk_table& disks, std::uint32_t number)
      : world_(w), hosts_(hosts), disks_(disks), number_(number) {}

  result<std::unique_ptr<engine_detail::shard>, failure> make_shard(engine_detail::shared_state&, unsigned number,
                                                                    const engine_detail::wake_fd& settled) override;
  result<std::unique_ptr<engine_detail::durable_journal>, failure> open_journal(const options&,
                                                                                const journal::message_table&,
                                                                                journal::usage_source&, environment&,
                                                                                journal::recovered& found) override;
  void wait(const engine_detail::wake_fd&, std::chrono::milliseconds at_most) override;

  /// From now on nothing that belongs to it has an effect.
  void die();

 private:
  friend class simulated_shard;
  friend class simulated_journal;

  world& world_;
  host_table& hosts_;
  disk_table& disks_;
  const std::uint32_t number_;
  bool dead_ = false;
  memory_disk* disk_ = nullptr;
  std::vector<simulated_shard*> shards_;  // that live
  std::vector<life> lives_;               // of what has events
};

}  // namespace broadside::testing::sim
