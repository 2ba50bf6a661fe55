// testing/simulation/disk_contents - what a store in memory holds, and what a batch does to it.
#pragma once

#include <cstddef>
#include <functional>
#include <journal/store.hpp>
#include <map>
#include <string>
#include <vector>

namespace broadside::testing::sim {

struct disk_contents {
  using row = std::map<journal::chunk_number, std::vector<std::byte>>;
  std::map<journal::chunk_row, row> rows{};
  std::map<std::string, std::string, std::less<>> values{};

  void apply(const journal::store_batch& batch) {
    for (const auto& c : batch.chunks) rows[c.row][c.number].assign(c.bytes.begin(), c.bytes.end());
    for (const auto& v : batch.values) {
      if (v.bytes) values.insert_or_assign(std::string(v.name), std::string(*v.bytes));
      if (!v.bytes) values.erase(std::string(v.name));
    }
    erase(rows[journal::chunk_row::log], batch.erase_log_before);
    erase(rows[journal::chunk_row::history], batch.erase_history_before);
  }

 private:
  static void erase(row& chunks, journal::chunk_number before) {
    chunks.erase(chunks.begin(), chunks.lower_bound(before));
  }
};

}  // namespace broadside::testing::sim
