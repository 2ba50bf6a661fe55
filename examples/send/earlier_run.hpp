// send/earlier_run - what a journal knows of a campaign before this run goes on with it.
//
// Reads the journal once and changes nothing: what is decided by it is decided before anything leaves.
#pragma once

#include <broadside/event.hpp>
#include <broadside/journal.hpp>
#include <broadside/result.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace broadside::send {

struct earlier_run {
  bool exists = false;            ///< a campaign was launched under `key`
  bool is_finished = false;       ///< every row has its outcome, and every event was handled
  std::string unreadable;         ///< why a view refused the journal: perhaps only that nothing was written yet
  std::string key;                ///< under which to launch
  std::uint32_t version = 0;      ///< of the last definition
  ledger counts;                  ///< of all its versions
  std::uint64_t claimed = 0;      ///< inside and on their way when the run ended
  std::uint64_t of_others = 0;    ///< inside, of other campaigns in the journal
  std::uint64_t redelivered = 0;  ///< events of the whole journal that will be told again
  std::unordered_set<std::uint64_t> inside;       ///< message_ids, of the whole journal
  std::unordered_set<std::uint64_t> inside_rows;  ///< of this campaign
};

enum class again : bool { no, yes };

/// "spring", "spring (2)", …: the `run`th time that a campaign is sent to everybody.
[[nodiscard]] std::string key_of_run(std::string_view key, std::uint32_t run);

/// Which run of the key the campaigns know last; 0: none.
[[nodiscard]] std::uint32_t last_run_of(const std::vector<campaign_status>&, std::string_view key);

[[nodiscard]] ledger sum_of(ledger, const ledger&) noexcept;

/// The counts of all versions of a key together.
[[nodiscard]] ledger counts_of(const std::vector<campaign_status>&, std::string_view key);

/// A journal that is not there yet knows nothing. `again`: a finished campaign begins once more under the next key.
[[nodiscard]] result<earlier_run, failure> look_back(const std::string& journal, std::string_view key, again);

/// "50000 taken, 49100 accepted, 12 may have been sent, 888 inside (3 of them on their way); 300 events told again".
[[nodiscard]] std::string counts_text(const earlier_run&);

}  // namespace broadside::send
