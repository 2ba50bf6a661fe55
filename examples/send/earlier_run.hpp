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
#include "audience_identity.hpp"

namespace broadside::send {

struct earlier_run {
  bool exists = false;            ///< a campaign was launched under `key`
  bool is_finished = false;       ///< every row has its outcome, and every event was handled
  std::string unreadable;         ///< why a view refused the journal: perhaps only that nothing was written yet
  std::string refusal;            ///< why the run that was asked for cannot be; empty: it can
  std::uint32_t run = 1;          ///< which time that the campaign is sent to everybody
  std::string key;                ///< under which to launch, as `run` has it
  std::uint32_t version = 0;      ///< of the last definition
  ledger counts;                  ///< of all its versions
  std::uint64_t claimed = 0;      ///< inside and on their way when the run ended
  std::uint64_t of_others = 0;    ///< inside, of other campaigns in the journal
  std::uint64_t redelivered = 0;  ///< events of the whole journal that will be told again
  std::unordered_set<std::uint64_t> inside;       ///< message_ids, of the whole journal
  std::unordered_set<std::uint64_t> inside_rows;  ///< of this campaign
  std::vector<known_audience> audiences;          ///< of every run of the campaign
  std::vector<campaign_status> campaigns;         ///< of the whole journal
  std::vector<source_status> sources;             ///< of the whole journal, in the order of their ids
};

/// Which run is wanted when several are possible; both false: the last.
struct wanted_run {
  bool again = false;        ///< a new one when the last is finished
  std::uint32_t number = 0;  ///< this one, which may be the next; 0: not said
  [[nodiscard]] bool is_said() const noexcept { return again || number > 0; }
};

/// "spring", "spring (2)", …: the `run`th time that a campaign is sent to everybody.
[[nodiscard]] std::string key_of_run(std::string_view key, std::uint32_t run);

/// Which run of the key the campaigns know last; 0: none.
[[nodiscard]] std::uint32_t last_run_of(const std::vector<campaign_status>&, std::string_view key);

[[nodiscard]] ledger sum_of(ledger, const ledger&) noexcept;

/// The counts of all versions of a key together.
[[nodiscard]] ledger counts_of(const std::vector<campaign_status>&, std::string_view key);

/// The audiences of every run of `key`, each once for each run, and `notes` about them. Pure.
[[nodiscard]] std::vector<known_audience> audiences_of(const std::vector<campaign_status>&,
                                                       const std::vector<source_status>&, std::string_view key,
                                                       const std::vector<audience_note>& notes);

/// A journal that is not there yet knows nothing.
[[nodiscard]] result<earlier_run, failure> look_back(const std::string& journal, std::string_view key, wanted_run,
                                                     const std::vector<audience_note>& notes);

/// Whether an engine that opened the journal found in it what was found before: what `before` says of messages inside,
/// of events and of counts still holds.
[[nodiscard]] bool is_as_before(const earlier_run& before, const std::vector<campaign_status>& found,
                                const recovery_report&);

/// "50000 taken, 49100 accepted, 12 may have been sent, 888 inside (3 of them on their way); 300 events told again".
[[nodiscard]] std::string counts_text(const earlier_run&);

}  // namespace broadside::send
