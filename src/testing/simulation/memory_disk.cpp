// testing/simulation/memory_disk - see memory_disk.hpp.
#include <testing/simulation/memory_disk.hpp>
#include <utility>

namespace broadside::testing::sim {

void memory_disk::crash() {
  const bool kept = world_.happens(concern::disk, world_.faults.keeps_unsynced);
  if (!same_) {
    if (kept) {
      ++world_.counts.kept_unsynced;
      synced_ = now_;
    } else {
      now_ = synced_;
    }
    world_.note("disk {} {} what was not synced", name_, kept ? "keeps" : "loses");
  }
  same_ = true;
  full_until_ = {};
  in_use = false;
}

error_code disk_view::trouble(const journal::store_batch& batch) {
  world& w = disk_.world_;
  const auto& f = w.faults;
  const bool fills = w.happens(concern::disk, f.disk_full);
  const duration for_so_long = w.up_to(concern::disk, f.disk_full_for);
  if (fills && disk_.full_until_ <= w.now()) {
    ++w.counts.full_disks;
    disk_.full_until_ = w.now() + for_so_long;
    w.note("disk {} is full", disk_.name_);
  }
  // What only erases needs no room.
  if (disk_.full_until_ > w.now() && !batch.chunks.empty()) return errc::journal_full;
  if (!w.happens(concern::disk, f.sync_fails)) return {};
  ++w.counts.failed_syncs;
  const bool had_effect = w.dice(concern::disk).below(2) == 0;
  w.note("disk {} fails{}", disk_.name_, had_effect ? " after an effect" : "");
  if (had_effect) {
    disk_.now_.apply(batch);
    disk_.same_ = false;
  }
  return errc::journal_faulty;
}

/// The thread is blocked; an error when its process died meanwhile.
error_code disk_view::wait_for_disk(bool is_synced) {
  world& w = disk_.world_;
  const duration jitter = w.up_to(concern::disk, w.faults.sync_time_jitter);
  const bool slow = w.happens(concern::disk, w.faults.sync_slow);
  const duration more = w.up_to(concern::disk, w.faults.sync_slow_for);
  if (is_synced) {
    if (slow) ++w.counts.slow_syncs;
    w.run_blocked(w.now() + w.faults.sync_time + jitter + (slow ? more : duration::zero()));
  }
  return dead_ ? error_code{errc::journal_faulty} : error_code{};
}

error_code disk_view::commit(const journal::store_batch& batch, bool sync) noexcept {
  if (dead_) return errc::journal_faulty;
  world& w = disk_.world_;
  ++w.counts.commits;
  if (const error_code failed = trouble(batch)) {
    static_cast<void>(wait_for_disk(sync));
    return failed;
  }
  const bool was_same = std::exchange(disk_.same_, false);
  disk_.now_.apply(batch);
  if (const error_code died = wait_for_disk(sync)) return died;
  std::size_t bytes = 0;
  for (const auto& c : batch.chunks) bytes += c.bytes.size();
  w.note("disk {} has {} bytes more{}", disk_.name_, bytes, sync ? "" : ", not synced");
  if (!sync) return {};
  if (was_same) {
    disk_.synced_.apply(batch);
  } else {
    disk_.synced_ = disk_.now_;
  }
  disk_.same_ = true;
  return {};
}

error_code disk_view::sync() noexcept {
  if (dead_) return errc::journal_faulty;
  if (const error_code failed = trouble({})) return failed;
  if (const error_code died = wait_for_disk(true)) return died;
  if (!disk_.same_) disk_.synced_ = disk_.now_;
  disk_.same_ = true;
  return {};
}

error_code disk_view::scan_chunks(journal::chunk_row which, journal::chunk_number from,
                                  const std::function<bool(journal::chunk_number, journal::bytes_view)>& each) const {
  const auto found = disk_.now_.rows.find(which);
  if (found == disk_.now_.rows.end()) return {};
  for (auto at = found->second.lower_bound(from); at != found->second.end(); ++at) {
    if (!each(at->first, at->second)) break;
  }
  return {};
}

error_code disk_view::scan_values(std::string_view prefix,
                                  const std::function<bool(std::string_view, std::string_view)>& each) const {
  for (auto at = disk_.now_.values.lower_bound(prefix); at != disk_.now_.values.end() && at->first.starts_with(prefix);
       ++at) {
    if (!each(at->first, at->second)) break;
  }
  return {};
}

}  // namespace broadside::testing::sim
