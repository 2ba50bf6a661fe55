// preflight/look - what is fetched, when, and what is remembered of it.
#include <fmt/format.h>
#include <algorithm>
#include <http/url.hpp>
#include <preflight/connection_pool.hpp>
#include <preflight/look.hpp>
#include <set>
#include <utility>

namespace broadside::preflight_detail {
namespace {

/// What connections are shared by; empty for what is no URL and fails at once.
std::string origin_of(std::string_view url) {
  const auto to = http::parse_location(url);
  if (!to) return {};
  return (to->at.tls ? "https://" : "http://") + to->at.authority;
}

}  // namespace

const media_cache::entry* media_cache::find(std::string_view url) const {
  const auto found = entries_.find(url);
  return found == entries_.end() ? nullptr : &found->second;
}

void media_cache::keep(std::string_view url, entry e) {
  if (const auto found = entries_.find(url); found != entries_.end()) {
    found->second = std::move(e);
    return;
  }
  if (entries_.size() >= entries_max) {
    const auto older = [](const auto& a, const auto& b) { return a.second.checked_at < b.second.checked_at; };
    entries_.erase(std::min_element(entries_.begin(), entries_.end(), older));
  }
  entries_.emplace(url, std::move(e));
}

void media_cache::forget(std::string_view url) {
  if (const auto found = entries_.find(url); found != entries_.end()) entries_.erase(found);
}

std::optional<violation> too_many_media(std::span<const std::string> urls, const preflight_options& options) {
  const std::size_t distinct = std::set<std::string_view>(urls.begin(), urls.end()).size();
  if (distinct <= options.urls_max) return std::nullopt;
  return violation{"media", fmt::format("has {} distinct URLs; options::preflight.urls_max allows {} to be looked at",
                                        distinct, options.urls_max)};
}

look_plan::look_plan(std::span<const std::string> urls, const preflight_options& options, media_cache& cache,
                     time_point now)
    : options_(options), cache_(cache) {
  std::map<std::string_view, std::size_t> places;
  std::map<std::string, std::size_t> origins;
  order_.reserve(urls.size());
  for (const std::string& url : urls) {
    const auto [at, is_new] = places.emplace(url, distinct_.size());
    order_.push_back(at->second);
    if (!is_new) continue;
    one made{.url = url};
    made.origin = origins.emplace(origin_of(url), origins.size()).first->second;
    const auto* const kept = cache_.find(url);
    if (kept != nullptr && now - kept->checked_at < options_.fresh_for) {
      made.report = kept->report;
      made.report.from_cache = made.is_known = true;
    }
    if (kept != nullptr) made.kept = *kept;  // a copy: others of this call may take its place in the cache
    if (!made.is_known) ++left_;
    distinct_.push_back(std::move(made));
  }
  under_way_at_.resize(origins.size());
}

std::optional<std::size_t> look_plan::next() {
  const auto is_left = [this](std::size_t i) { return !distinct_[i].is_known && !distinct_[i].is_started; };
  while (next_ < distinct_.size() && !is_left(next_)) ++next_;
  if (under_way_ >= options_.parallel_max) return std::nullopt;
  for (std::size_t i = next_; i < distinct_.size(); ++i) {
    std::size_t& at_origin = under_way_at_[distinct_[i].origin];
    if (!is_left(i) || at_origin >= connection_pool::per_origin_max) continue;
    ++at_origin;
    ++under_way_;
    distinct_[i].is_started = true;
    return i;
  }
  return std::nullopt;
}

validators look_plan::known(std::size_t i) const {
  const auto& kept = distinct_[i].kept;
  return kept ? kept->as_of : validators{};
}

void look_plan::finished(std::size_t i, fetch_outcome outcome, time_point now) {
  one& it = distinct_[i];
  --under_way_at_[it.origin];
  --under_way_;
  --left_;
  if (outcome.not_modified && it.kept) {
    it.report = it.kept->report;
    it.report.from_cache = true;
    cache_.keep(it.url, {.report = it.kept->report, .as_of = it.kept->as_of, .checked_at = now});
    return;
  }
  it.report = std::move(outcome.report);
  if (it.report.why) {
    cache_.forget(it.url);
  } else {
    cache_.keep(it.url, {.report = it.report, .as_of = std::move(outcome.as_of), .checked_at = now});
  }
}

std::vector<media_report> look_plan::reports() const {
  std::vector<media_report> out;
  out.reserve(order_.size());
  for (const std::size_t i : order_) out.push_back(distinct_[i].report);
  return out;
}

}  // namespace broadside::preflight_detail
