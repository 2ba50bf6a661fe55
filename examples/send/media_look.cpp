// send/media_look - fetch once, judge by each route. Blocks.
#include "media_look.hpp"
#include <algorithm>
#include <string>
#include <utility>

namespace broadside::send {

result<media_look, failure> look_at_media(const setup& from) {
  media_look out;
  const preflight_options& how = from.options.preflight;
  if (how.mode == preflight_mode::off || from.campaign.media.empty()) return out;
  auto opened = preflight::open(how);
  if (!opened.has_value()) return opened.error();
  std::vector<std::string> urls;
  for (const media_link& each : from.campaign.media) urls.push_back(each.url);
  auto reports = opened->look(urls);
  if (!reports.has_value()) return failure{reports.error(), {}};
  out.looked = true;
  out.reports = *std::move(reports);
  const auto is_told = [](const std::vector<finding>& told, const finding& f) {
    return std::find(told.begin(), told.end(), f) != told.end();
  };
  for (const combined_limits& of_route : limits_by_route(from)) {
    for (finding& each : check_media(from.campaign, out.reports, of_route)) {
      if (how.mode == preflight_mode::warn) each.severity = std::max(each.severity, severity::warning);
      if (!is_told(from.findings, each) && !is_told(out.findings, each)) out.findings.push_back(std::move(each));
    }
  }
  std::stable_sort(out.findings.begin(), out.findings.end(),
                   [](const finding& a, const finding& b) { return a.severity < b.severity; });
  return out;
}

}  // namespace broadside::send
