// broadside/pace - how fast a configuration lets a campaign go, and what holds it, before anything is sent.
//
// Pure but for the system's time zones: no engine, no socket, no clock. Any thread. Allocates.
#pragma once

#include <broadside/campaign.hpp>
#include <broadside/environment.hpp>
#include <broadside/options.hpp>
#include <broadside/result.hpp>
#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace broadside {

/// Recipients of one carrier.
struct carrier_count {
  std::string carrier{};       ///< value of the campaign's carrier_attribute, in any case of ASCII letters
  std::uint64_t messages = 0;  ///< of a carrier that is named several times they are added up
};

/// Whom a campaign goes to, as far as it matters for its pace.
struct pace_audience {
  std::uint64_t messages = 0;
  /// How many of them each carrier has; one that is not named has none. Nothing: nobody knows, and limits of carriers
  /// are told but not reckoned with.
  std::optional<std::vector<carrier_count>> carriers{};
};

/// A limit that messages of the campaign meet.
struct pace_limit {
  std::string name{};   ///< as in limit_status
  std::string route{};  ///< the one route it holds on; empty: on several of the campaign's, or all
  double share = 1;     ///< of the campaign's messages that it holds for, by the routes' weights and the carriers' part
  std::string carrier{};  ///< holds only for recipients of it
  bool reckoned = true;   ///< false: how many recipients its carrier has is not known, so it neither slows nor binds
  /// Messages a second, and a day, that it lets through. Infinity, and 0: no rate, no quota.
  double per_second = std::numeric_limits<double>::infinity();
  std::uint64_t per_day = 0;
  bool binds = false;
  std::string words{};  ///< a sentence for people
};

/// What a route's connections can do.
struct pace_connections {
  std::string route{};
  std::uint32_t connections = 0;  ///< of all shards together
  double per_second = 0;          ///< messages that are to leave on it; infinity: no limit holds them
  /// They suffice while answers come sooner than this. Zero: no limit holds the route, so they are what does.
  std::chrono::milliseconds answers_within{};
};

/// Of the campaign alone, on an engine that was just opened and of whose quotas nothing was used, while every route
/// works and the host submits as fast as the engine takes: others that share its limits make it slower.
struct expected_pace {
  double per_second = std::numeric_limits<double>::infinity();  ///< while no quota is used up; infinity: no limit
  std::chrono::milliseconds duration{};  ///< from the first message to the last, at least; at most a thousand years
  std::uint64_t days = 1;                ///< on which messages leave: one more than the midnights that are waited for
  bool days_bound = false;               ///< a quota is used up before the last message left
  std::string binds{};                   ///< the names of the limits that do, with commas; empty: none
  std::vector<pace_limit> limits{};      ///< the routes' first, then as in options::limits; those of carriers too
  std::vector<pace_connections> connections{};  ///< one for each route
  std::vector<std::string> warnings{};          ///< what goes wrong at this pace; a sentence each
};

/// By weights: a route has its share of the messages as long as it works, so the slowest for its share holds the whole,
/// unless a limit that several share does. Likewise for carriers, whose recipients are taken to be spread over the
/// audience. Parts are counted as the least that the fallback can have. Errors: invalid_options; invalid_campaign when
/// its sender or its routes are none, or when launch() would refuse it for the number of its limits.
[[nodiscard]] result<expected_pace, failure> expect_pace(const campaign&, const options&, const pace_audience&,
                                                         wall_time start);
/// To so many recipients of whose carriers nothing is known.
[[nodiscard]] result<expected_pace, failure> expect_pace(const campaign&, const options&, std::uint64_t messages,
                                                         wall_time start);

}  // namespace broadside
