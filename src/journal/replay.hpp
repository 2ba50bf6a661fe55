// journal/replay - a store's contents read back: what was taken and has no outcome, what was not confirmed, the totals.
//
// Pure over a store; writes nothing. Memory grows with the messages inside, not with the records read.
#pragma once

#include <broadside/result.hpp>
#include <cstdint>
#include <functional>
#include <journal/named_values.hpp>
#include <journal/record_codec.hpp>
#include <journal/recovered.hpp>
#include <journal/store.hpp>
#include <string>
#include <vector>

namespace broadside::journal {

/// A chunk of the log as the journal keeps account of it.
struct chunk_account {
  chunk_number number = 0;
  position first{};
  position last{};
  std::uint64_t bytes = 0;
  std::uint32_t live = 0;  ///< messages taken in it that have no outcome yet
};

struct replayed {
  recovered found;
  log_end end{};                      ///< behind which positions and numbers go on
  std::vector<chunk_account> chunks;  ///< of the log, in order
  std::vector<chunk_number> damaged;  ///< chunks of which something could not be read
  std::vector<std::string> damage;    ///< a sentence for each: which chunk, what, how many records
};

/// Reads everything; of deliveries, those of the latest `deliveries_max` messages. Errors: errc::journal_too_new, or
/// what the store said; damage is none: it is told in `damage`.
[[nodiscard]] result<replayed, failure> replay(
    const store&, const std::function<void(std::uint64_t records, std::uint64_t chunks)>& on_progress,
    std::uint64_t deliveries_max = 0);

}  // namespace broadside::journal
