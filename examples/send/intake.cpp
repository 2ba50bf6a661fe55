// send/intake - reader, batch, submit. One thread beside the engine's own.
#include "intake.hpp"
#include <poll.h>
#include <utility>

namespace broadside::send {
namespace {

// Whether read() returns at once; -1 stands for what never waits.
bool is_readable(int fd) {
  pollfd ready{fd, POLLIN, 0};
  return fd < 0 || (::poll(&ready, 1, 0) > 0 && ready.revents != 0);
}

}  // namespace

audience_step intake::next_first() {
  first_ = reader_.next(batch_);
  batch_done_ = batch_.recipients.size();  // until begin() says where the rows go
  return first_;
}

void intake::read_block() { send::read_block(*input_, reader_); }

void intake::begin(source_id source, std::uint64_t resume, std::unordered_set<std::uint64_t> remembered,
                   intake_listener listener) {
  source_ = source;
  resume_ = next_row_ = resume;
  remembered_ = std::move(remembered);
  listener_ = std::move(listener);
}

// The next batch, with at most one read.
bool intake::read_rows() {
  if (!reading_ || !is_submitted()) return false;
  bool moved = false;
  while (true) {
    const audience_step first = std::exchange(first_, audience_step::more);
    const audience_step step = first == audience_step::more ? reader_.next(batch_) : first;
    batch_done_ = 0;
    if (step == audience_step::rows) {
      take_rows();
      if (!is_submitted()) return true;
    } else if (step == audience_step::bad_row) {
      take_bad(row_at(batch_, 0));
    } else {
      break;
    }
    moved = true;
  }
  if (input_->at_end()) {
    reading_ = false;
    return true;
  }
  if (!is_readable(input_->waits_on())) return moved;
  read_block();
  return true;
}

// What an earlier run took is done.
void intake::take_rows() {
  const auto first = static_cast<std::uint64_t>(batch_.first);
  const std::size_t count = batch_.recipients.size();
  rows_read_ += count;
  while (batch_done_ < count && first + batch_done_ < resume_) skip(row_at(batch_, batch_done_++));
}

void intake::take_bad(const audience_row& row) {
  ++rows_read_;
  ++bad_count_;
  ++bad_rows_[std::string(name_of(row.fault))];
  if (listener_.bad) listener_.bad(row);
}

void intake::skip(const audience_row& row) {
  ++skipped_;
  if (!remembered_.empty() && remembered_.contains(row.number)) remembered_lines_.emplace(row.number, row.line);
  if (listener_.skipped) listener_.skipped(row);
}

bool intake::submit_batch(engine& to, errc& stopped_by) {
  stopped_by = {};
  if (is_submitted()) return false;
  const std::uint64_t first = static_cast<std::uint64_t>(batch_.first) + batch_done_;
  const auto taken = to.submit(source_, ordinal{first}, batch_.recipients.subspan(batch_done_));
  for (std::size_t i = 0; i < taken.accepted; ++i) lines_.emplace(first + i, batch_.lines[batch_done_ + i]);
  batch_done_ += taken.accepted;
  submitted_ += taken.accepted;
  if (taken.accepted > 0) next_row_ = first + taken.accepted;
  stopped_by = taken.stopped_by;
  return taken.accepted > 0;
}

void intake::stop() {
  reading_ = false;
  rows_read_ -= batch_.recipients.size() - batch_done_;
  batch_done_ = batch_.recipients.size();
}

int intake::waits_on() const noexcept {
  const bool wants = reading_ && is_submitted() && first_ == audience_step::more && !input_->at_end();
  return wants ? input_->waits_on() : -1;
}

std::optional<std::uint64_t> intake::take_line(std::uint64_t row) {
  const auto found = lines_.find(row);
  if (found == lines_.end()) return std::nullopt;
  const std::uint64_t line = found->second;
  lines_.erase(found);
  return line;
}

std::uint64_t intake::line_of(std::uint64_t row) const {
  const auto found = remembered_lines_.find(row);
  return found == remembered_lines_.end() ? 0 : found->second;
}

}  // namespace broadside::send
