// journal/recovered - what a journal knew when it was opened. Values only.
#pragma once

#include <broadside/event.hpp>
#include <broadside/message.hpp>
#include <cstdint>
#include <journal/delivery_book.hpp>
#include <journal/journal.hpp>
#include <string>
#include <vector>

namespace broadside::journal {

/// Campaigns and sources have the ids under which they were recorded: 0, 1, 2, … without gaps.
struct recovered_campaign {
  std::string definition{};  ///< as journal::encode_definition() wrote it
  std::string state{};       ///< as the engine recorded it; opaque here
  ledger totals{};           ///< of everything that was recorded; `inside` as of now
};

struct recovered_source {
  campaign_id campaign{};
  std::string name{};
  bool finished = false;
  ordinal next{};  ///< the resume point
};

/// A message that was taken and has no outcome yet.
struct recovered_message {
  message_id id{};
  campaign_id campaign{};
  source_id source{};
  ordinal row{};
  wall_time expires_at{};
  std::string recipient{};
  std::vector<std::byte> content{};
  std::uint16_t value_count = 0;
  bool oversize = false;
  bool claimed = false;    ///< an attempt was about to leave or on its way: it may have arrived
  attempts_made so_far{};  ///< route: a number of `routes` below
  position taken_at{};
};

/// How much of a day a daily quota has counted.
struct usage {
  std::string name{};            ///< of the quota
  std::int64_t day_begin_s = 0;  ///< the day's first second, since 1970
  std::uint64_t used = 0;

  friend bool operator==(const usage&, const usage&) = default;
};

struct recovered {
  std::vector<recovered_campaign> campaigns{};
  std::vector<recovered_source> sources{};
  std::vector<std::string> routes{};          ///< names by the numbers that records use
  std::vector<recovered_message> messages{};  ///< inside, in the order of their taking
  std::vector<usage> usages{};                ///< of the last three days; at most one of a name
  delivery_book deliveries{0};                ///< what was reported of messages
  position last{};                            ///< of the last record
  position confirmed{};                       ///< outcomes and reports after this: not confirmed, they are told again
  std::uint64_t unconfirmed = 0;              ///< how many
  std::uint64_t records = 0;                  ///< read
  std::uint64_t quarantined = 0;              ///< could not be read, now and before: what they said is not known
};

}  // namespace broadside::journal
