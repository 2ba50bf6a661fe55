// broadside/rate_limit - ceilings: how many messages may leave in a time, and for which of them that holds.
#pragma once

#include <broadside/country.hpp>
#include <chrono>
#include <cstdint>
#include <string>

namespace broadside {

/// A ceiling on messages: in every window W, sent(W) <= per_second * W + burst, whatever the number of shards.
struct rate_limit {
  /// Messages per second, 0.000001 to 5,000,000. Zero: no limit.
  double per_second = 0;
  /// Messages that may leave back to back after a pause, 1 to 1,000,000. A limit starts with one message available,
  /// not with a full burst, so a restarted engine cannot exceed what its predecessor left.
  std::uint32_t burst = 1;

  /// The same said of a minute, an hour, a day: per(2400, std::chrono::minutes{1}). The messages of a period are spread
  /// over it; for a number that may leave at any pace until it is used up, see daily_quota.
  [[nodiscard]] static constexpr rate_limit per(double messages, std::chrono::seconds period,
                                                std::uint32_t burst = 1) noexcept {
    return {messages / static_cast<double>(period.count()), burst};
  }

  [[nodiscard]] bool unlimited() const noexcept { return per_second <= 0; }

  friend bool operator==(const rate_limit&, const rate_limit&) = default;
};

/// So many messages a day, at any pace, counted from one local midnight to the next: the daily cap of a brand or an
/// account. With a durable journal what was used of a day survives the engine; with the in-memory one a restarted
/// engine begins with nothing used. A clock that is set back leaves the later day counting; one that is set forward
/// over midnight begins the next day.
struct daily_quota {
  std::uint64_t most = 0;         ///< 1 to 10^11; zero: no quota
  std::string time_zone = "UTC";  ///< whose midnight: an IANA name, "America/Los_Angeles"

  friend bool operator==(const daily_quota&, const daily_quota&) = default;
};

/// What a limit counts of a message.
enum class limit_unit : std::uint8_t {
  messages,  ///< one each
  parts,     ///< SMS parts of its fallback text, at least one
  media,     ///< its media; a message without any counts for nothing and waits for nothing
};

/// A ceiling on all messages that match: for each field that is set, its value is the message's. One that sets nothing
/// holds for every message. "*" stands for each: each sender, say, has such a limit of its own. A message leaves when
/// all limits it matches allow it, at most eight, and counts for all of them or for none. A message that costs more
/// than the burst leaves when the limit is untouched, and what follows waits until that is made up for.
struct limit_options {
  /// Unique, 1 to 64 bytes. With "*", ": " and the values follow in limit_status::name. Not beginning with "route ",
  /// "queue of ", "sender " or "message ids of ", as the names of the engine's own limits and records do.
  std::string name{};
  std::string account{};       ///< route_options::account
  std::string service_plan{};  ///< route_options::service_plan
  std::string sender{};        ///< as in sender_profile::sender; how it is spelt makes no difference
  country sender_home{};       ///< as sender_profile::home. Not known: wherever the short code lives
  std::string carrier{};       ///< value of the campaign's carrier_attribute, in any case; "*" is no carrier
  std::string campaign{};      ///< campaign::key, or its name where it has no key
  std::string tenant{};        ///< campaign::tenant

  rate_limit rate{};  ///< in units of `counts`
  daily_quota quota{};
  limit_unit counts = limit_unit::messages;
};

}  // namespace broadside
