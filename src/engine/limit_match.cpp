// engine/limit_match - see limit_match.hpp.
#include <fmt/format.h>
#include <algorithm>
#include <engine/limit_match.hpp>
#include <text/ascii.hpp>

namespace broadside::engine_detail {
namespace {

bool is_value(std::string_view field) noexcept { return !field.empty() && field != each_value; }

/// Whether a field of a limit leaves a message with this value in.
bool admits(std::string_view field, std::string_view value) noexcept {
  if (field.empty()) return true;
  return field == each_value ? !value.empty() : field == value;
}

/// A short code is another one in another country, but for the US and Canada, whose campaigns need not say which.
bool is_north_american(country home) noexcept {
  return !home.known() || home == country("US") || home == country("CA");
}

/// Whether a limit for a short code that lives in `limited` holds for one in `home`. Where it is not known it is taken
/// to hold: a limit too many costs time, one too few is exceeded.
bool same_home(country limited, country home) noexcept {
  return limited == home || !limited.known() || (!home.known() && is_north_american(limited));
}

bool admits_sender(const limit_options& limit, const std::optional<sender>& own, const sender& from) noexcept {
  if (limit.sender.empty() || limit.sender == each_value) return true;
  if (!own || own->text() != from.text()) return false;
  return from.kind() != sender_kind::short_code || same_home(limit.sender_home, from.country());
}

/// A route without an account is one of its own, so "*" holds there too.
bool admits_account(const limit_options& limit, const route_options& route) noexcept {
  return limit.account == each_value || admits(limit.account, route.account);
}

std::string account_value(const route_options& route) {
  return route.account.empty() ? "route " + route.name : route.account;
}

std::string sender_value(const sender& from) {
  std::string value(from.text());
  if (from.kind() == sender_kind::short_code && !is_north_american(from.country()))
    value.append(" of ").append(from.country().code());
  return value;
}

/// So that two values that are joined cannot look like two others.
std::string escaped(std::string_view value) {
  std::string out;
  for (const char c : value) {
    if (c == '/') {
      out += "%2F";
    } else if (c == '%') {
      out += "%25";
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

limit_index::limit_index(std::span<const limit_options> limits) : limits_(limits), senders_(limits.size()) {
  for (std::uint32_t place = 0; place < limits.size(); ++place) {
    const limit_options& limit = limits[place];
    if (is_value(limit.sender)) {
      if (const auto own = sender::parse(limit.sender, limit.sender_home)) {
        senders_[place] = *own;
        by_field_[0].emplace_back(own->text(), place);
      }
      continue;
    }
    const std::array<std::string_view, fields> telling{std::string_view{}, limit.campaign, limit.tenant,
                                                       limit.service_plan, limit.account};
    const auto first = std::find_if(telling.begin(), telling.end(), is_value);
    if (first == telling.end()) {
      others_.push_back(place);
    } else {
      by_field_[static_cast<std::size_t>(first - telling.begin())].emplace_back(*first, place);
    }
  }
  for (auto& entries : by_field_) std::sort(entries.begin(), entries.end());
}

std::span<const limit_index::entry> limit_index::entries_of(std::size_t field, std::string_view value) const noexcept {
  struct by_value {
    bool operator()(const entry& a, std::string_view b) const noexcept { return a.first < b; }
    bool operator()(std::string_view a, const entry& b) const noexcept { return a < b.first; }
  };
  const auto [first, last] = std::equal_range(by_field_[field].begin(), by_field_[field].end(), value, by_value{});
  return {first, last};
}

matched_limits match_limits(const campaign& c, const sender& from, const route_options& route,
                            const limit_index& index) {
  matched_limits out;
  index.for_candidates(c, from, route, [&](std::uint32_t place) {
    const limit_options& limit = index.limits()[place];
    const bool holds = admits_account(limit, route) && admits(limit.service_plan, route.service_plan) &&
                       admits_sender(limit, index.sender_of(place), from) &&
                       admits(limit.campaign, campaign_value(c)) && admits(limit.tenant, c.tenant);
    if (!holds) return;
    if (limit.carrier.empty()) {
      out.all.push_back(place);
    } else if (!c.carrier_attribute.empty()) {
      out.of_carriers.push_back(place);
    }
  });
  std::sort(out.all.begin(), out.all.end());
  std::sort(out.of_carriers.begin(), out.of_carriers.end());
  return out;
}

std::string key_name(const limit_options& limit, const campaign& c, const sender& from, const route_options& route) {
  std::vector<std::string> values;
  if (limit.account == each_value) values.push_back(account_value(route));
  if (limit.service_plan == each_value) values.push_back(route.service_plan);
  if (limit.sender == each_value) values.push_back(sender_value(from));
  if (limit.campaign == each_value) values.emplace_back(campaign_value(c));
  if (limit.tenant == each_value) values.push_back(c.tenant);
  std::string name = limit.name;
  for (std::size_t i = 0; i < values.size(); ++i) {
    name += i == 0 ? ": " : "/";
    name += values.size() == 1 ? values[i] : escaped(values[i]);
  }
  return name;
}

std::optional<violation> too_many_lanes(std::size_t routes, const carrier_numbers& carriers) {
  if (routes * carriers.size() <= lanes_max) return std::nullopt;
  return violation{
      "sender.routes",
      fmt::format("{} routes for {} carriers that have limits, and for the others, need more than {} lanes "
                  "of messages",
                  routes, carriers.size() - 1, lanes_max)};
}

std::size_t most_for_one_message(const matched_limits& matched, std::span<const limit_options> limits) {
  std::vector<std::string> carriers;
  for (const std::uint32_t place : matched.of_carriers) {
    std::string& name = carriers.emplace_back(limits[place].carrier);
    std::transform(name.begin(), name.end(), name.begin(), text::lower);
  }
  std::sort(carriers.begin(), carriers.end());
  std::size_t most = 0;
  for (auto at = carriers.begin(); at != carriers.end();) {
    const auto next = std::upper_bound(at, carriers.end(), *at);
    most = std::max(most, static_cast<std::size_t>(next - at));
    at = next;
  }
  return matched.all.size() + most;
}

}  // namespace broadside::engine_detail
