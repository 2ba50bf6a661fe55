// testing/simulation/memory_disk - a disk that outlives processes, takes its time, fills up and fails.
//
// What a commit changed is there for the process at once, and for the next one when it was synced. A commit that waits
// for the disk lets the world go on: its thread is blocked, the others are not.
#pragma once

#include <cstdint>
#include <journal/store.hpp>
#include <string>
#include <testing/simulation/disk_contents.hpp>
#include <testing/simulation/world.hpp>

namespace broadside::testing::sim {

class memory_disk {
 public:
  memory_disk(world& w, std::string name) : world_(w), name_(std::move(name)) {}

  /// The machine stops under the process that has it open.
  void crash();

  bool in_use = false;

 private:
  friend class disk_view;
  world& world_;
  std::string name_;
  disk_contents now_;
  disk_contents synced_;
  bool same_ = true;  // now_ and synced_: then a batch is applied to both, and nothing is copied
  time_point full_until_{};
};

/// A process' store on the disk; it does nothing any more once the process has died.
class disk_view final : public journal::store {
 public:
  disk_view(memory_disk& disk, const bool& dead) : disk_(disk), dead_(dead) { disk.in_use = true; }
  ~disk_view() override {
    if (!dead_) disk_.in_use = false;
  }

  error_code commit(const journal::store_batch&, bool sync) noexcept override;
  error_code sync() noexcept override;
  error_code scan_chunks(journal::chunk_row, journal::chunk_number from,
                         const std::function<bool(journal::chunk_number, journal::bytes_view)>& each) const override;
  error_code scan_values(std::string_view prefix,
                         const std::function<bool(std::string_view, std::string_view)>& each) const override;
  journal::store_size size() const noexcept override { return {}; }

 private:
  [[nodiscard]] error_code trouble(const journal::store_batch&);
  [[nodiscard]] error_code wait_for_disk(bool is_synced);

  memory_disk& disk_;
  const bool& dead_;
};

}  // namespace broadside::testing::sim
