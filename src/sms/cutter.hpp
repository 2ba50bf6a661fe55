// sms/cutter - cuts a text into parts, greedily. The one routine behind counting, splitting and shortening.
//
// One thread. Nothing allocates.
#pragma once

#include <broadside/sms.hpp>
#include <cstddef>
#include <sms/coding.hpp>
#include <string_view>

namespace broadside::sms {

/// Whether grapheme clusters are kept together where they fit a part.
enum class clusters : bool { cut, kept };

class part_cutter {
 public:
  /// `how` holds all of `text`, which is well-formed UTF-8. `capacity` are the units of a part, at least 2.
  part_cutter(std::string_view text, const coding& how, std::size_t capacity, clusters) noexcept;

  [[nodiscard]] bool done() const noexcept { return at_ == text_.size(); }

  /// Where the next part begins.
  [[nodiscard]] std::size_t at() const noexcept { return at_; }

  /// The next part. Requires !done().
  sms_part next() noexcept { return next(capacity_); }

  /// With less room than others, because something is to follow. The part is empty when a cluster of a whole part's
  /// size stands there.
  sms_part next(std::size_t limit) noexcept;

 private:
  [[nodiscard]] std::size_t keep_cluster(std::size_t end) noexcept;
  [[nodiscard]] std::size_t units_of(std::size_t begin, std::size_t end) const noexcept;

  // constant after construction
  std::string_view text_;
  coding how_;
  std::size_t capacity_;
  bool keeps_;

  std::size_t at_ = 0;
  std::size_t oversize_end_ = 0;  // of the last cluster that fits no part: up to there code points are what is kept
};

/// All the parts of a text that is not empty, however many. O(length).
[[nodiscard]] std::size_t count_parts(std::string_view text, const coded_text&, const sms_format&) noexcept;

/// The text of a format's own choice of clusters.
[[nodiscard]] constexpr clusters clusters_of(const sms_format& format) noexcept {
  return format.keep_clusters ? clusters::kept : clusters::cut;
}

}  // namespace broadside::sms
