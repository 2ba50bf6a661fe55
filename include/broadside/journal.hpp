// broadside/journal - what the durable journal of an engine knows: of its campaigns, of itself, and of what a restart
// found.
#pragma once

#include <broadside/event.hpp>
#include <broadside/message.hpp>
#include <broadside/result.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace broadside {

enum class campaign_phase : std::uint8_t {
  running,    ///< sources are open, or messages are inside
  paused,     ///< engine::pause(); a restart does not resume it
  cancelled,  ///< for good
  finished,   ///< every source is finished and nothing is inside
};

[[nodiscard]] std::string_view name_of(campaign_phase) noexcept;

/// A campaign as the engine, or its journal, knows it.
struct campaign_status {
  campaign_id id{};
  std::string key{};          ///< campaign::key; empty: it has none
  std::string name{};         ///< campaign::name
  std::uint32_t version = 1;  ///< counts the definitions that were launched under one key
  campaign_phase phase{};
  ledger counts{};  ///< over all restarts
};

/// A source of a campaign as a journal knows it.
struct source_status {
  campaign_id campaign{};
  std::string name{};
  ordinal next{};  ///< behind the last row that was taken; one that an earlier definition of the key took counts there
  bool finished = false;  ///< it takes no more: engine::finish(), or a later definition of the campaign's key
};

/// What open() found in the journal and did about it.
struct recovery_report {
  std::uint64_t records = 0;          ///< read
  std::uint64_t requeued = 0;         ///< messages that certainly had not left, or may be sent again: they go on
  std::uint64_t interrupted = 0;      ///< messages that may have left: on_unknown decides what becomes of them
  std::uint64_t redelivered = 0;      ///< events that were not confirmed: poll() tells them again, oldest first
  std::uint64_t quarantined = 0;      ///< records that could not be read, ever: set aside in the journal
  std::uint64_t lost = 0;             ///< messages that were taken and of which only these unreadable records knew more
  std::vector<std::string> damage{};  ///< a sentence for each place that could not be read
};

/// How the journal does; stale when it is read.
struct journal_status {
  bool is_durable = false;  ///< false: in memory, and all zero
  bool writes = true;       ///< false: `fault` says why; nothing is taken or sent until the disk takes it
  error_code fault{};
  std::uint64_t log_bytes = 0;   ///< that are kept
  std::uint64_t bytes_used = 0;  ///< of journal_options::bytes_max, with the history; what is near it is near full
  std::uint64_t commits = 0;     ///< since open()
  std::uint64_t records = 0;     ///< since open()
};

/// A journal looked at from outside: beside the engine that writes it, from another process, or after it ended. Reads a
/// snapshot; changes nothing. One thread at a time.
class journal_view {
 public:
  /// Errors: what the system said, journal_damaged, journal_too_new, with a sentence. The process that has the journal
  /// open cannot view it: ask its engine.
  [[nodiscard]] static result<journal_view, failure> open(const std::string& path);

  journal_view(journal_view&&) noexcept;
  journal_view& operator=(journal_view&&) noexcept;
  ~journal_view();

  /// In the order of their launch.
  [[nodiscard]] const std::vector<campaign_status>& campaigns() const noexcept;
  /// Of all campaigns, in the order of their opening.
  [[nodiscard]] const std::vector<source_status>& sources() const noexcept;

  /// A message that has no outcome yet.
  struct inside {
    message_id id{};
    campaign_id campaign{};
    ordinal row{};
    std::string_view recipient{};
    bool claimed = false;      ///< on its way, or it was when the engine ended
    bool answer_lost = false;  ///< an earlier attempt may have arrived
    std::uint16_t attempts = 0;
    wall_time expires_at{};
  };
  /// In the order of their taking, until `each` answers false.
  void messages_inside(const std::function<bool(const inside&)>& each) const;

  /// Every outcome that is still kept, oldest first, until `each` answers false: those of the log and, with
  /// journal_options::keep_outcomes, of the history. Errors: what the store said.
  [[nodiscard]] error_code outcomes(const std::function<bool(const event&)>& each) const;

  /// What events of this campaign say of it, for append_json(). Views live as long as the view. event::route is the
  /// journal's own number of a route, and `context` takes it as such.
  [[nodiscard]] event_context context(campaign_id, std::uint16_t route) const noexcept;

  [[nodiscard]] const recovery_report& read() const noexcept;

 private:
  class impl;
  explicit journal_view(std::unique_ptr<impl>) noexcept;
  std::unique_ptr<impl> impl_;
};

}  // namespace broadside
