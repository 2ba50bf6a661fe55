// tests/support/faulty_store - a store in memory that fails when a test says so, and forgets what was not synced.
//
// crash() leaves what was on the disk: the last state that a sync covered, unless luck kept more. Not thread-safe,
// except that it may be read under the mutex that every call takes.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <journal/store.hpp>
#include <mutex>
#include <string>
#include <testing/simulation/disk_contents.hpp>
#include <vector>

namespace broadside::testing {

class faulty_store final : public journal::store {
 public:
  using bytes = std::vector<std::byte>;
  using contents = sim::disk_contents;

  // what a test sets
  std::uint32_t fail_commits = 0;         ///< so many from now on answer `failure_code` and change nothing
  std::uint32_t fail_after_effect = 0;    ///< then so many answer it although they took effect, unsynced
  std::uint64_t crash_after_commits = 0;  ///< after so many successful ones everything that `failure_code` is
                                          ///< about fails until crash(); 0: never
  std::uint32_t fail_chunks = 0;  ///< so many that carry chunks answer it; others go through, as in a full journal
  error_code failure_code = errc::journal_faulty;
  std::function<void()> in_sync{};  ///< runs while a commit waits for the disk

  // what a test reads
  std::uint64_t commits = 0;  ///< successful ones
  std::uint64_t tries = 0;    ///< all
  std::uint64_t syncs = 0;
  std::vector<bytes> written{};               ///< the chunks of every try, one after the other, when `keep_written`
  std::vector<std::string> written_values{};  ///< the same of the values of every try: all of one in one text
  bool keep_written = false;
  contents now{};      ///< as the process sees it
  contents on_disk{};  ///< as a restart would

  /// The machine stops: only what was synced is left.
  void crash() {
    now = on_disk;
    same_ = true;
    fail_commits = 0;
    fail_after_effect = 0;
    fail_chunks = 0;
    crash_after_commits = 0;
    commits = 0;
  }

  /// The last chunk of the log loses everything from byte `at` on.
  void tear_last_chunk(std::size_t at) {
    for (contents* each : {&now, &on_disk}) {
      auto& log = each->rows[journal::chunk_row::log];
      if (!log.empty()) log.rbegin()->second.resize(std::min(at, log.rbegin()->second.size()));
    }
  }

  error_code commit(const journal::store_batch& batch, bool synced) noexcept override {
    const std::lock_guard lock{mutex_};
    ++tries;
    if (keep_written) {
      for (const auto& c : batch.chunks) written.emplace_back(c.bytes.begin(), c.bytes.end());
      std::string& values = written_values.emplace_back();
      for (const auto& v : batch.values) values.append(v.name).append(1, '=').append(v.bytes.value_or("gone"));
    }
    if (stopped() && (failure_code != errc::journal_full || !batch.chunks.empty())) return failure_code;
    if (fail_chunks > 0 && !batch.chunks.empty()) {
      --fail_chunks;
      return failure_code;
    }
    if (fail_commits > 0) {
      --fail_commits;
      return failure_code;
    }
    if (synced && in_sync) in_sync();
    now.apply(batch);
    if (fail_after_effect > 0) {
      --fail_after_effect;
      same_ = false;
      return failure_code;
    }
    ++commits;
    if (!synced) {
      same_ = false;
    } else if (same_) {
      on_disk.apply(batch);
      ++syncs;
    } else {
      keep();
    }
    return {};
  }

  error_code sync() noexcept override {
    const std::lock_guard lock{mutex_};
    if (stopped()) return failure_code;
    if (fail_commits > 0) {
      --fail_commits;
      return failure_code;
    }
    keep();
    return {};
  }

  error_code scan_chunks(journal::chunk_row which, journal::chunk_number from,
                         const std::function<bool(journal::chunk_number, journal::bytes_view)>& each) const override {
    const std::lock_guard lock{mutex_};
    const auto found = now.rows.find(which);
    if (found == now.rows.end()) return {};
    for (auto at = found->second.lower_bound(from); at != found->second.end(); ++at) {
      ++chunks_read;
      if (!each(at->first, at->second)) break;
    }
    return {};
  }

  error_code scan_values(std::string_view prefix,
                         const std::function<bool(std::string_view, std::string_view)>& each) const override {
    const std::lock_guard lock{mutex_};
    for (auto at = now.values.lower_bound(prefix); at != now.values.end() && at->first.starts_with(prefix); ++at) {
      if (!each(at->first, at->second)) break;
    }
    return {};
  }

  journal::store_size size() const noexcept override {
    const std::lock_guard lock{mutex_};
    journal::store_size found{.bytes_used = 0, .bytes_max = UINT64_MAX};
    for (const auto& [which, chunks] : now.rows) {
      for (const auto& [number, chunk] : chunks) found.bytes_used += chunk.size();
    }
    return found;
  }

  mutable std::uint64_t chunks_read = 0;

 private:
  [[nodiscard]] bool stopped() const { return crash_after_commits != 0 && commits >= crash_after_commits; }

  void keep() {
    ++syncs;
    on_disk = now;
    same_ = true;
  }

  bool same_ = true;  // `now` and `on_disk`: then a batch is applied to both, and nothing is copied
  mutable std::mutex mutex_;
};

}  // namespace broadside::testing
