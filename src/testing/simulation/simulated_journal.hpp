// testing/simulation/simulated_journal - the durable journal on a simulated disk; its writer's steps are events.
#pragma once

#include <engine/durable_journal.hpp>
#include <memory>
#include <testing/simulation/memory_disk.hpp>
#include <testing/simulation/process.hpp>

namespace broadside::testing::sim {

class simulated_journal final : public engine_detail::durable_journal {
 public:
  explicit simulated_journal(process&);
  ~simulated_journal() override;

  result<void, failure> take(const options&, const journal::message_table&, journal::usage_source&, environment&,
                             memory_disk&, journal::recovered& found);

  result<void> start(void (*wake_shard)(void*, unsigned) noexcept, void* context) override;
  error_code flush(std::chrono::milliseconds at_most) noexcept override;
  void stop() noexcept override;
  journal::log_journal& log() const noexcept override { return *log_; }

 private:
  void schedule();
  void step();

  process& process_;
  world& world_;
  const life life_;
  std::unique_ptr<disk_view> store_;
  std::unique_ptr<journal::log_journal> log_;
  void (*wake_shard_)(void*, unsigned) noexcept = nullptr;
  void* context_ = nullptr;
  bool started_ = false;
  bool scheduled_ = false;
  bool stepping_ = false;  // and perhaps waiting for the disk
  bool again_ = false;     // woken meanwhile
  std::uint64_t timer_ = 0;
};

}  // namespace broadside::testing::sim
