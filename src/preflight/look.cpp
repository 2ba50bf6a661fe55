// preflight/look - what is fetched, when, and what is remembered of it.
#include <algorithm>
#include <preflight/look.hpp>
#include <utility>

namespace broadside::preflight_detail {

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

look_plan::look_plan(std::span<const std::string> urls, const preflight_options& options, media_cache& cache,
                     time_point now)
    : options_(options), cache_(cache) {
  std::map<std::string_view, std::size_t> places;
  order_.reserve(urls.size());
  for (const std::string& url : urls) {
    const auto [at, is_new] = places.emplace(url, distinct_.size());
    order_.push_back(at->second);
    if (!is_new) continue;
    one made{.url = url};
    const auto* const kept = cache_.find(url);
    if (kept != nullptr && now - kept->checked_at < options_.fresh_for) {
      made.report = kept->report;
      made.report.from_cache = made.is_known = true;
    }
    if (kept != nullptr) made.kept = *kept;  // a copy: others of this call may take its place in the cache
    if (!made.is_known) ++left_;
    distinct_.push_back(std::move(made));
  }
}

std::optional<std::size_t> look_plan::next() {
  while (next_ < distinct_.size() && distinct_[next_].is_known) ++next_;
  if (next_ == distinct_.size() || under_way_ >= options_.parallel_max) return std::nullopt;
  ++under_way_;
  return next_++;
}

validators look_plan::known(std::size_t i) const {
  const auto& kept = distinct_[i].kept;
  return kept ? kept->as_of : validators{};
}

void look_plan::finished(std::size_t i, fetch_outcome outcome, time_point now) {
  one& it = distinct_[i];
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
