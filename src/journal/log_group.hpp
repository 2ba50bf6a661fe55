// journal/log_group - what the next commit writes: chunks being filled, named values, and what goes.
//
// The writer's thread only. Memory is kept from one group to the next.
#pragma once

#include <cstddef>
#include <cstdint>
#include <journal/record_codec.hpp>
#include <journal/store.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace broadside::journal {

class log_group {
 public:
  /// Begins a chunk; it is filled through chunk(). The row's number is above all before.
  chunk_writer& begin_chunk(chunk_row, chunk_number, position first);
  /// The newest chunk of the log; requires one.
  [[nodiscard]] chunk_writer& chunk() noexcept { return chunks_[log_chunk_].writer; }
  [[nodiscard]] bool has_log_chunk() const noexcept { return log_chunk_ != nowhere; }

  /// A value under its name, sealed already; the last one put under a name counts.
  void put_sealed(std::string name, std::string bytes);
  void put(std::string_view name, std::string_view payload);
  void remove(std::string name);

  void erase_log_before(chunk_number n) noexcept { batch_.erase_log_before = n; }
  void erase_history_before(chunk_number n) noexcept { batch_.erase_history_before = n; }

  [[nodiscard]] bool empty() const noexcept { return used_ == 0 && values_used_ == 0; }
  [[nodiscard]] bool erases() const noexcept {
    return batch_.erase_log_before != 0 || batch_.erase_history_before != 0;
  }
  /// Of records; values are few.
  [[nodiscard]] std::size_t bytes() const noexcept;

  /// The group as the store takes it: the same bytes each time, until clear().
  [[nodiscard]] const store_batch& batch();
  void clear() noexcept;

 private:
  static constexpr std::size_t nowhere = ~std::size_t{0};
  struct chunk_in_work {
    chunk_row row{};
    chunk_number number = 0;
    chunk_writer writer{};
  };
  struct named {
    std::string name{};
    std::string bytes{};
    bool removed = false;
  };

  [[nodiscard]] named& next_value();

  std::vector<chunk_in_work> chunks_{};  // the first used_ are in work
  std::size_t used_ = 0;
  std::size_t log_chunk_ = nowhere;
  std::size_t bytes_full_ = 0;  // of the log's chunks before the newest
  std::vector<named> values_{};
  std::size_t values_used_ = 0;
  store_batch batch_{};
  std::vector<store_batch::chunk> chunk_views_{};
  std::vector<store_batch::value> value_views_{};
};

}  // namespace broadside::journal
