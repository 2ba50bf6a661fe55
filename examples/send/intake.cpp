// send/intake - reader, batch, submit. One thread beside the engine's own.
#include "intake.hpp"
#include <poll.h>
#include <utility>

namespace broadside::send {
namespace {

constexpr std::size_t batch_rows_max = 256;
constexpr std::size_t chunk_bytes = 64 * 1024;

// Whether read() returns at once; -1 stands for what never waits.
bool is_readable(int fd) {
  pollfd ready{fd, POLLIN, 0};
  return fd < 0 || (::poll(&ready, 1, 0) > 0 && ready.revents != 0);
}

}  // namespace

intake::intake(audience_input& input, audience_format format, const audience_columns& columns, csv_options csv)
    : input_(&input), values_(columns.values.size()), reader_(format, columns, csv), chunk_(chunk_bytes) {}

audience_step intake::next_first() {
  const audience_step step = reader_.next(held_);
  has_held_ = step == audience_step::record;
  return step;
}

void intake::read_block() {
  const std::size_t n = input_->read(chunk_);
  reader_.feed({chunk_.data(), n});
  if (input_->at_end()) reader_.finish();
}

void intake::begin(source_id source, std::uint64_t resume, std::unordered_set<std::uint64_t> remembered,
                   intake_listener listener) {
  source_ = source;
  resume_ = next_row_ = resume;
  remembered_ = std::move(remembered);
  listener_ = std::move(listener);
}

// Fills the batch, with at most one read. A batch has no gap in its ordinals: a bad row ends it.
bool intake::read_rows() {
  if (!reading_ || !is_submitted()) return false;
  rows_.clear();
  value_sizes_.clear();
  bytes_.clear();
  batch_done_ = 0;
  bool moved = false;
  while (rows_.size() < batch_rows_max) {
    if (!has_held_ && reader_.next(held_) != audience_step::record) break;
    has_held_ = true;
    if (!take(held_)) break;
    has_held_ = false;
    moved = true;
  }
  if (!rows_.empty() || has_held_) return moved;
  if (input_->at_end()) {
    reading_ = false;
    return true;
  }
  if (!is_readable(input_->waits_on())) return moved;
  read_block();
  return true;
}

// False: the record must wait for the next batch.
bool intake::take(const audience_record& record) {
  if (record.fault != row_fault::none) {
    take_bad(record);
    return true;
  }
  if (record.number < resume_) {
    skip(record);
    return true;
  }
  if (rows_.empty()) batch_first_ = record.number;
  if (record.number != batch_first_ + rows_.size()) return false;
  ++rows_read_;
  rows_.push_back({record.line, record.to.size(), value_sizes_.size()});
  bytes_ += record.to;
  for (const std::string_view value : record.values) {
    bytes_ += value;
    value_sizes_.push_back(value.size());
  }
  return true;
}

void intake::take_bad(const audience_record& record) {
  ++rows_read_;
  ++bad_count_;
  ++bad_rows_[std::string(name_of(record.fault))];
  if (listener_.bad) listener_.bad(record);
}

void intake::skip(const audience_record& record) {
  ++rows_read_;
  ++skipped_;
  if (!remembered_.empty() && remembered_.contains(record.number)) {
    remembered_lines_.emplace(record.number, record.line);
  }
  if (listener_.skipped) listener_.skipped(record);
}

// Made when the batch's bytes do not move any more.
void intake::make_views() {
  const std::string_view all = bytes_;
  std::size_t at = 0;
  views_.clear();
  recipients_.clear();
  views_.reserve(value_sizes_.size());
  for (const batch_row& row : rows_) {
    const std::string_view to = all.substr(at, row.to_size);
    at += row.to_size;
    const std::size_t first = views_.size();
    for (std::size_t i = 0; i < values_; ++i) {
      views_.push_back(all.substr(at, value_sizes_[row.first_value + i]));
      at += views_.back().size();
    }
    recipients_.push_back({to, std::span(views_).subspan(first, values_)});
  }
}

bool intake::submit_batch(engine& to, errc& stopped_by) {
  stopped_by = {};
  if (is_submitted()) return false;
  if (batch_done_ == 0) make_views();
  const auto left = std::span<const recipient>(recipients_).subspan(batch_done_);
  const auto taken = to.submit(source_, ordinal{batch_first_ + batch_done_}, left);
  for (std::size_t i = 0; i < taken.accepted; ++i) {
    lines_.emplace(batch_first_ + batch_done_ + i, rows_[batch_done_ + i].line);
  }
  batch_done_ += taken.accepted;
  submitted_ += taken.accepted;
  if (taken.accepted > 0) next_row_ = batch_first_ + batch_done_;
  stopped_by = taken.stopped_by;
  return taken.accepted > 0;
}

void intake::stop() {
  reading_ = false;
  rows_read_ -= rows_.size() - batch_done_;
  batch_done_ = rows_.size();
}

int intake::waits_on() const noexcept {
  const bool wants = reading_ && is_submitted() && !has_held_ && !input_->at_end();
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
