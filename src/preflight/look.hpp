// preflight/look - many URLs at once: each distinct one once, some at a time, few of them of one host, and what is
// known of them already.
//
// Pure: no I/O, no clock; one thread. Allocates.
#pragma once

#include <broadside/environment.hpp>
#include <broadside/preflight.hpp>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <preflight/fetch.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace broadside::preflight_detail {

/// What was found at URLs, with the means to ask whether it still holds. Only what could be looked at is kept: a fault
/// is mended by people, who want to see at once that it is.
class media_cache {
 public:
  static constexpr std::size_t entries_max = 4096;

  struct entry {
    media_report report{};
    validators as_of{};
    time_point checked_at{};
  };

  [[nodiscard]] const entry* find(std::string_view url) const;
  /// Takes the place of the entry that was checked the longest ago when there are too many.
  void keep(std::string_view url, entry);
  void forget(std::string_view url);
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

 private:
  std::map<std::string, entry, std::less<>> entries_;
};

/// More distinct URLs than a call of preflight::look() takes, told as a violation of the campaign that has them.
[[nodiscard]] std::optional<violation> too_many_media(std::span<const std::string> urls, const preflight_options&);

/// One call of preflight::look().
class look_plan {
 public:
  /// `options` and `cache` outlive it. What the cache has freshly needs no fetch.
  look_plan(std::span<const std::string> urls, const preflight_options& options, media_cache& cache, time_point now);

  /// The distinct URL to fetch next; nothing while as many are under way as may be, in all or of every host that is
  /// left, and when none is left. Of one host only as many as it has connections for: so none waits for a connection
  /// while its time runs.
  [[nodiscard]] std::optional<std::size_t> next();
  [[nodiscard]] const std::string& url(std::size_t i) const noexcept { return distinct_[i].url; }
  [[nodiscard]] validators known(std::size_t i) const;
  void finished(std::size_t i, fetch_outcome, time_point now);

  [[nodiscard]] bool is_over() const noexcept { return left_ == 0; }
  [[nodiscard]] std::size_t distinct() const noexcept { return distinct_.size(); }
  /// When it is over: one for each URL, in the order given.
  [[nodiscard]] std::vector<media_report> reports() const;

 private:
  struct one {
    std::string url;
    media_report report{};
    std::optional<media_cache::entry> kept{};  // as it was when the plan was made
    std::size_t origin = 0;                    // its place in under_way_at_
    bool is_known = false;
    bool is_started = false;
  };
  const preflight_options& options_;
  media_cache& cache_;
  std::vector<one> distinct_;
  std::vector<std::size_t> order_;         // of each URL given, its place in distinct_
  std::vector<std::size_t> under_way_at_;  // of each origin
  std::size_t next_ = 0;                   // all before it are known or started
  std::size_t under_way_ = 0;
  std::size_t left_ = 0;
};

}  // namespace broadside::preflight_detail
