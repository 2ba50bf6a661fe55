// send/watch - arithmetic on what is passed in. One thread, no clock, no allocation.
#include "watch.hpp"
#include <algorithm>

namespace broadside::send {

void rate_meter::update(time_point now, std::uint64_t settled) noexcept {
  if (size_ > 0 && now - samples_[size_ - 1].at < apart) return;
  if (size_ == kept) {
    std::rotate(samples_.begin(), samples_.begin() + 1, samples_.end());
    --size_;
  }
  samples_[size_++] = {now, settled};
}

double rate_meter::per_second() const noexcept {
  if (size_ < 2) return 0;
  const sample& first = samples_[0];
  const sample& last = samples_[size_ - 1];
  const double seconds = std::chrono::duration<double>(last.at - first.at).count();
  return seconds > 0 ? static_cast<double>(last.settled - first.settled) / seconds : 0;
}

bool give_up_watch::update(time_point now, std::uint64_t accepted, bool all_out_of_use) noexcept {
  if (accepted != accepted_) {
    accepted_ = accepted;
    since_.reset();
  }
  if (all_out_of_use) {
    if (!since_) since_ = now;
    last_out_of_use_ = now;
  } else if (since_ && now - last_out_of_use_ > grace) {
    since_.reset();
  }
  return since_ && now - *since_ >= limit_;
}

bool stall_watch::update(time_point now, const ledger& counts) noexcept {
  if (counts.inside == 0 || counts.settled() != settled_ || !since_) since_ = now;
  settled_ = counts.settled();
  return now - *since_ >= after;
}

bool books_agree(const run_end& end) noexcept {
  const ledger& a = end.counts;
  const ledger& b = end.seen;
  const bool may_keep = end.goes_on && end.cause != stop_cause::none;
  return a.balanced() && (a.inside == 0 || may_keep) && end.every_event_once && a.settled() == b.submitted &&
         a.accepted == b.accepted && a.rejected == b.rejected && a.suppressed == b.suppressed &&
         a.expired == b.expired && a.not_sent == b.not_sent && a.maybe_sent == b.maybe_sent;
}

exit_code decide_exit(const run_end& end) noexcept {
  if (!books_agree(end)) return exit_code::books_unbalanced;  // before all else: no other word can be trusted
  switch (end.cause) {
    case stop_cause::output_failed:
      return exit_code::output_failed;
    case stop_cause::audience_failed:
    case stop_cause::audience_grew:
      return exit_code::audience_unreadable;
    case stop_cause::gave_up:
    case stop_cause::drain_timed_out:
      return exit_code::gave_up;
    case stop_cause::interrupted:
      return exit_code::interrupted;
    case stop_cause::none:
      break;
  }
  const bool all_well = end.rows_bad == 0 && end.counts.accepted == end.counts.submitted;
  return all_well ? exit_code::done : exit_code::done_with_losses;
}

}  // namespace broadside::send
