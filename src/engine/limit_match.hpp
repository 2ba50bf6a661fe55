// engine/limit_match - which of options::limits hold for the messages of a campaign on a route.
//
// Immutable: any thread. Built once per engine, so that 200,000 limits of senders cost a launch no walk over them.
#pragma once

#include <array>
#include <broadside/campaign.hpp>
#include <broadside/options.hpp>
#include <broadside/rate_limit.hpp>
#include <broadside/result.hpp>
#include <broadside/sender.hpp>
#include <cstddef>
#include <cstdint>
#include <engine/carrier_numbers.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace broadside::engine_detail {

/// What stands for each value of a field.
inline constexpr std::string_view each_value = "*";

/// How the names of the engine's own limits begin, and of what it records beside limits. No limit of options::limits
/// may have such a name: it would be taken for the other.
inline constexpr std::string_view route_prefix = "route ";
inline constexpr std::string_view queue_prefix = "queue of ";
inline constexpr std::string_view pause_prefix = "sender ";
inline constexpr std::string_view ids_prefix = "message ids of ";
inline constexpr std::array own_prefixes{route_prefix, queue_prefix, pause_prefix, ids_prefix};

/// Limits of options::limits that may hold for one message.
inline constexpr std::size_t matched_max = 8;
/// Lanes of a campaign: for each of its routes one for each carrier that has a limit, and one for the others.
inline constexpr std::size_t lanes_max = 65'536;

/// By what campaign limits and limit_status know a campaign: its key, or its name where it has none.
[[nodiscard]] inline std::string_view campaign_value(const campaign& c) noexcept {
  return c.key.empty() ? c.name : c.key;
}

/// The limits by their most telling field. A limit whose sender is none holds for nothing; options::validate() says so.
class limit_index {
 public:
  limit_index() = default;
  /// `limits` stays where it is while the index is used.
  explicit limit_index(std::span<const limit_options> limits);

  [[nodiscard]] std::span<const limit_options> limits() const noexcept { return limits_; }

  /// Calls f(place) for every limit whose telling field does not rule it out, each once.
  template <class F>
  void for_candidates(const campaign& c, const sender& from, const route_options& route, F f) const {
    const std::array<std::string_view, fields> values{from.text(), campaign_value(c), c.tenant, route.service_plan,
                                                      route.account};
    for (std::size_t i = 0; i < fields; ++i) {
      for (const entry& each : entries_of(i, values[i])) f(each.second);
    }
    for (const std::uint32_t place : others_) f(place);
  }

  /// The limit's own sender, parsed; nothing: it names none.
  [[nodiscard]] const std::optional<sender>& sender_of(std::uint32_t place) const noexcept { return senders_[place]; }

 private:
  using entry = std::pair<std::string, std::uint32_t>;
  static constexpr std::size_t fields = 5;  // sender, campaign, tenant, service plan, account

  [[nodiscard]] std::span<const entry> entries_of(std::size_t field, std::string_view value) const noexcept;

  std::span<const limit_options> limits_{};
  std::array<std::vector<entry>, fields> by_field_{};  // sorted
  std::vector<std::uint32_t> others_{};                // name no value, or a carrier only
  std::vector<std::optional<sender>> senders_{};
};

/// The limits that hold for messages of the campaign on a route, by their place in `limits`, in ascending order.
struct matched_limits {
  std::vector<std::uint32_t> all{};          ///< for each of its messages
  std::vector<std::uint32_t> of_carriers{};  ///< for those with the limit's carrier; none without carrier_attribute
};

/// "*" holds for every message that has such a value: a campaign without a tenant, and a route without a service plan,
/// have none; a route without an account is an account of its own.
[[nodiscard]] matched_limits match_limits(const campaign&, const sender& from, const route_options&,
                                          const limit_index&);

/// How many of them hold for one message, whatever its carrier is.
[[nodiscard]] std::size_t most_for_one_message(const matched_limits&, std::span<const limit_options>);

/// What is wrong with a campaign that needs more than lanes_max lanes.
[[nodiscard]] std::optional<violation> too_many_lanes(std::size_t routes, const carrier_numbers&);

/// The options' name; with "*", ": " and the values follow, joined by "/" in the order of limit_options' fields. Two
/// messages share a limit when its key_name is the same for both.
[[nodiscard]] std::string key_name(const limit_options&, const campaign&, const sender& from, const route_options&);

}  // namespace broadside::engine_detail
