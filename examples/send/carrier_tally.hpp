// send/carrier_tally - how many recipients each carrier with a limit has.
//
// One thread. Memory: the carriers that have limits, whatever stands in the audience.
#pragma once

#include <algorithm>
#include <broadside/campaign.hpp>
#include <broadside/options.hpp>
#include <broadside/pace.hpp>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace broadside::send {

class carrier_tally {
 public:
  carrier_tally(const campaign& c, std::span<const limit_options> limits) {
    const auto named = std::find(c.attributes.begin(), c.attributes.end(), c.carrier_attribute);
    if (c.carrier_attribute.empty() || named == c.attributes.end()) return;
    place_ = static_cast<std::size_t>(named - c.attributes.begin());
    for (const limit_options& each : limits) {
      if (!each.carrier.empty()) messages_.try_emplace(each.carrier, 0);
    }
  }

  /// `values` in the order of the campaign's attributes.
  void add(std::span<const std::string_view> values) {
    if (!place_ || *place_ >= values.size()) return;
    const auto found = messages_.find(values[*place_]);
    if (found != messages_.end()) ++found->second;
  }

  /// Nothing for a campaign that does not say who a recipient's carrier is.
  [[nodiscard]] std::optional<std::vector<carrier_count>> take() {
    if (!place_) return std::nullopt;
    std::vector<carrier_count> all;
    for (const auto& [carrier, messages] : messages_) all.push_back({carrier, messages});
    return all;
  }

 private:
  /// As the engine compares them: in any case of ASCII letters.
  struct before {
    using is_transparent = void;
    static constexpr char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
    bool operator()(std::string_view a, std::string_view b) const noexcept {
      return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(),
                                          [](char x, char y) { return lower(x) < lower(y); });
    }
  };

  std::optional<std::size_t> place_;
  std::map<std::string, std::uint64_t, before> messages_;
};

}  // namespace broadside::send
