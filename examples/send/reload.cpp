// send/reload - see reload.hpp. One thread.
#include "reload.hpp"
#include <fmt/format.h>
#include <algorithm>
#include <filesystem>
#include <iterator>
#include <optional>
#include <system_error>
#include <utility>
#include "campaign_file.hpp"
#include "report.hpp"
#include "whole_file.hpp"

namespace broadside::send {
namespace {

/// Only a regular file says the same thing twice, and none else is waited for while messages leave.
std::optional<std::string> read_again(const std::string& path, std::string& error) {
  std::error_code unused;
  if (std::filesystem::is_regular_file(path, unused)) return read_whole(path, campaign_file_bytes_max, error);
  error = fmt::format("{} is no file that can be read again", path == "-" ? "standard input" : path);
  return std::nullopt;
}

std::vector<std::string> why_not(const std::string& path, const failure& why) {
  constexpr std::size_t shown_max = 20;
  std::vector<std::string> out{fmt::format("error: {} cannot be used, nothing changes:", path)};
  for (const violation& v : why.violations) {
    if (out.size() > shown_max) break;
    out.push_back(fmt::format("error: {}: {}", printable(v.field, 300), printable(v.rule, 500)));
  }
  if (why.violations.empty()) out.push_back(fmt::format("error: {}", why.message()));
  return out;
}

std::string apply(const changed_limit& change, setup& running, engine& to) {
  const auto taken = to.change_limit(change.name, change.rate, change.quota);
  if (!taken.has_value()) {
    return fmt::format("error: the limit {} stays as it is: {}", printable(change.name, 200), taken.error().message());
  }
  note_change(running, change);
  return fmt::format("limit {}, from now on", change_text(change));
}

std::string apply_weight(std::uint32_t weight, setup& running, engine& to, const std::set<campaign_id>& campaigns) {
  for (const campaign_id each : campaigns) {
    if (const auto taken = to.change_weight(each, weight); !taken.has_value()) {
      return fmt::format("error: the weight stays as it is: {}", taken.error().message());
    }
  }
  running.campaign.weight = weight;
  return fmt::format("weight {}, from now on", weight);
}

}  // namespace

std::string change_text(const changed_limit& change) {
  std::string out = printable(change.name, 200) + ": ";
  if (change.rate.unlimited()) {
    out += change.quota > 0 ? "no rate" : "no limit";
  } else {
    fmt::format_to(std::back_inserter(out), "{:.6g} a second", change.rate.per_second);
    if (change.rate.burst > 1) fmt::format_to(std::back_inserter(out), ", in bursts of {}", change.rate.burst);
  }
  if (change.quota > 0) fmt::format_to(std::back_inserter(out), "; {} a day", change.quota);
  return out;
}

std::vector<std::string> reload(const std::string& path, setup& running, engine& to,
                                const std::set<campaign_id>& campaigns) {
  std::string error;
  const auto json = read_again(path, error);
  if (!json) return {fmt::format("error: {}: nothing changes", error)};
  const auto changes = read_changes(*json, running);
  if (!changes.has_value()) return why_not(path, changes.error());
  std::vector<std::string> out{fmt::format("{} was read again", path)};
  for (const changed_limit& each : changes->limits) out.push_back(apply(each, running, to));
  if (changes->weight) out.push_back(apply_weight(*changes->weight, running, to, campaigns));
  if (out.size() == 1) out.front() += ": no rate, no daily number and no weight has changed";
  std::copy(changes->not_applied.begin(), changes->not_applied.end(), std::back_inserter(out));
  out.emplace_back("everything else in the file holds from the next start");
  return out;
}

}  // namespace broadside::send
