// journal/store - where a journal's bytes are kept: numbered chunks that are only appended and erased from the front,
// and a few named values. The one seam to the disk: lmdb_store fills it for real, tests with faults.
//
// One thread writes; scan_chunks() and scan_values() may run on other threads at the same time.
#pragma once

#include <broadside/result.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace broadside::journal {

using chunk_number = std::uint64_t;  // from 1; only grows
using bytes_view = std::span<const std::byte>;

/// Which row of chunks: `log` holds what is live, `history` the outcomes of what was erased from it, `quarantine` what
/// could not be read.
enum class chunk_row : std::uint8_t { log, history, quarantine };

/// Everything that becomes true at once. Views live until commit() returns.
struct store_batch {
  struct chunk {
    chunk_row row{};
    chunk_number number = 0;  ///< above every number of its row, or one that a failed commit was given before
    bytes_view bytes{};
  };
  struct value {
    std::string_view name{};                  ///< 1 to 400 bytes
    std::optional<std::string_view> bytes{};  ///< none: the name is removed
  };
  std::span<const chunk> chunks{};
  std::span<const value> values{};
  chunk_number erase_log_before = 0;      ///< chunks of the log below this go
  chunk_number erase_history_before = 0;  ///< and of the history
};

/// What a store can say about its room.
struct store_size {
  std::uint64_t bytes_used = 0;  ///< in pages that hold something
  std::uint64_t bytes_max = 0;   ///< as the host bounded it
};

class store {
 public:
  store() = default;
  store(const store&) = delete;
  store& operator=(const store&) = delete;
  virtual ~store() = default;

  /// All or nothing. With `sync`, it is on the disk when this returns without an error, and never reported so when the
  /// disk said otherwise. After an error nothing of the batch is there, and the same batch may be tried again.
  [[nodiscard]] virtual error_code commit(const store_batch&, bool sync) noexcept = 0;
  /// Everything committed before is on the disk.
  [[nodiscard]] virtual error_code sync() noexcept = 0;

  /// Calls `each` for the chunks of a row from `from` on, in order, until it answers false. The bytes live until it
  /// returns. Errors: what the disk or the file said.
  [[nodiscard]] virtual error_code scan_chunks(chunk_row, chunk_number from,
                                               const std::function<bool(chunk_number, bytes_view)>& each) const = 0;
  /// The same for values whose name starts with `prefix`, in the order of names. One that is not what was written comes
  /// with no bytes: whoever reads it says whether the rest means something without it.
  [[nodiscard]] virtual error_code scan_values(
      std::string_view prefix,
      const std::function<bool(std::string_view name, std::string_view bytes)>& each) const = 0;

  [[nodiscard]] virtual store_size size() const noexcept = 0;
};

}  // namespace broadside::journal
