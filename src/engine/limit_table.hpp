// engine/limit_table - every limit in use, and which of them the messages of a campaign meet.
//
// Limits are made when a campaign that meets them is launched, and stay until the engine closes. Callers of everything
// but counted() and changed() take turns; the limits themselves are any thread's.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <atomic>
#include <broadside/options.hpp>
#include <broadside/result.hpp>
#include <cstdint>
#include <deque>
#include <engine/carrier_numbers.hpp>
#include <engine/compiled_campaign.hpp>
#include <engine/limit_match.hpp>
#include <journal/log_journal.hpp>
#include <optional>
#include <rate/limit_keys.hpp>
#include <rate/limit_set.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace broadside::engine_detail {

/// Who a provider can mean when it says that this limit's number of a day is used up.
enum class counts_for : std::uint8_t { sender, account, nobody };

/// A limit in use. Its key stands elsewhere, beside other keys: that is all a message's decision looks at.
struct known_limit {
  known_limit(rate::limit_key& its_key, std::string_view its_option) noexcept : key(its_key), option(its_option) {}

  rate::limit_key& key;
  std::string_view option;             // name in options::limits; empty: the engine's own
  known_limit* same_option = nullptr;  // the one before it that the same option has made
  counts_for whose = counts_for::nobody;
  std::atomic<bool> listed{false};
  known_limit* next_listed = nullptr;
};

/// Messages of one campaign that meet the same limits: on one route, with one carrier.
struct lane_spec {
  std::uint16_t route = 0;               // index in options::routes
  std::vector<rate::limit_key*> limits;  // that its messages cost anything of, the slowest first; last the sender's
                                         // pause
  std::vector<known_limit*> quotas;      // of them, those with a daily number
  rate::cost each{};                     // the least that one message costs
};

/// What of a campaign is not its definition: the lanes its messages wait in.
struct campaign_lanes {
  std::vector<lane_spec> lanes;  // one for each of the campaign's routes, times one for each of `carriers`
  carrier_numbers carriers;
  std::optional<std::size_t> carrier_attribute;

  /// The number of the recipient's carrier.
  [[nodiscard]] std::uint16_t carrier_of(std::span<const std::string_view> values) const noexcept;
  [[nodiscard]] std::uint16_t lane_of(std::size_t route_of_campaign, std::uint16_t carrier) const noexcept {
    return static_cast<std::uint16_t>(route_of_campaign * carriers.size() + carrier);
  }
};

class limit_table final : public journal::usage_source {
 public:
  limit_table(const options&, time_point start, const std::atomic<std::uint64_t>& next_id);

  /// The lanes of a campaign, its limits made where they are not there yet. Errors: invalid_campaign when more limits
  /// than eight hold for one message, or its routes and carriers are more than lanes_max lanes.
  [[nodiscard]] result<campaign_lanes, failure> lanes_of(const compiled_campaign&, time_point now);

  /// What earlier engines used of a day's numbers; before the first campaign.
  void restore(std::span<const journal::usage>);
  /// `next`, or the message id after all that earlier engines of its instance may have given out, as they recorded it:
  /// a clock that is set back must not give them out again.
  [[nodiscard]] std::uint64_t unused_id(std::uint64_t next) const noexcept;

  /// As engine::change_limit(). Errors: unknown_limit.
  [[nodiscard]] result<void> change(std::string_view name, rate_limit, std::uint64_t quota, time_point now);

  /// All of them, the routes' first.
  template <class F>
  void for_each(F f) {
    for (const rate::limit_key& each : keys_) f(each);
  }
  /// The instant at which US carriers begin a new day.
  [[nodiscard]] wall_time carriers_next_day(wall_time now) const noexcept;

  /// Something was counted in the limit's quota: it is recorded with the next group. Any thread.
  void counted(known_limit&) noexcept;
  void changed(std::vector<journal::usage>& out) override;

 private:
  known_limit& make(std::string name, const limit_options&);
  known_limit& make_named(std::string name, std::string_view option, limit_unit, rate_limit, const daily_quota&);
  known_limit& pause_of(const compiled_campaign&, const route_options&);
  [[nodiscard]] std::optional<violation> add_lanes(campaign_lanes&, const compiled_campaign&, std::size_t at,
                                                   const matched_limits&);
  void add_lane(campaign_lanes&, const compiled_campaign&, std::size_t route, std::span<const std::uint32_t> places);

  const options& options_;
  limit_index index_;
  time_point start_;
  rate::limit_keys keys_;
  std::deque<known_limit> limits_;  // in the keys' order
  std::vector<known_limit*> routes_;
  std::vector<known_limit*> queues_;  // null: the route has none
  absl::flat_hash_map<std::string, known_limit*> by_name_;
  absl::flat_hash_map<std::string_view, known_limit*> by_option_;    // every option, with the last limit it has made
  absl::flat_hash_map<std::string_view, rate_limit> changed_rates_;  // by option: for limits made later
  absl::flat_hash_map<std::string_view, std::uint64_t> changed_quotas_;
  absl::flat_hash_map<std::string, rate::quota_usage> restored_;
  std::optional<rate::calendar> carriers_day_;
  std::atomic<known_limit*> listed_{nullptr};  // whose quota changed since it was recorded
  const std::atomic<std::uint64_t>& next_id_;
  std::uint64_t ids_recorded_ = 0;                               // writer's
  absl::flat_hash_map<std::uint64_t, std::uint64_t> ids_given_;  // by instance
};

}  // namespace broadside::engine_detail
