// send/journal_report - what a journal knows, for people and for programs: --status and --export.
#pragma once

#include <broadside/event.hpp>
#include <broadside/journal.hpp>
#include <cstdint>
#include <string>
#include <vector>

namespace broadside::send {

/// What is inside one campaign, and why it is still there.
struct inside_counts {
  std::uint64_t claimed = 0;      ///< on its way, or it was when the sender ended
  std::uint64_t answer_lost = 0;  ///< an earlier attempt may have arrived, and it waits
  std::uint64_t waiting = 0;      ///< for its turn
  std::uint64_t paused = 0;       ///< with its campaign
  std::uint64_t oldest_row = 0;
  wall_time expires{};  ///< the first of them
};

/// One for each campaign.
[[nodiscard]] std::vector<inside_counts> count_inside(const journal_view&);

[[nodiscard]] std::string status_table(const std::string& path, const journal_view&, wall_time now);
[[nodiscard]] std::string status_json(const std::string& path, const journal_view&);

inline constexpr std::string_view export_header =
    "row,recipient,outcome,status,route,provider_message_id,status_code,error,time,campaign\r\n";
/// One outcome as a row of CSV.
void append_export_row(std::string& out, const event&, const event_context&, std::string_view key, privacy);

}  // namespace broadside::send
