// journal/log_group - see log_group.hpp.
#include <journal/log_group.hpp>
#include <journal/named_values.hpp>
#include <utility>

namespace broadside::journal {

chunk_writer& log_group::begin_chunk(chunk_row row, chunk_number number, position first) {
  if (row == chunk_row::log) {
    if (has_log_chunk()) bytes_full_ += chunk().size();
    log_chunk_ = used_;
  }
  if (used_ == chunks_.size()) chunks_.emplace_back();
  chunk_in_work& fresh = chunks_[used_++];
  fresh.row = row;
  fresh.number = number;
  fresh.writer.begin(number, first);
  return fresh.writer;
}

log_group::named& log_group::next_value() {
  if (values_used_ == values_.size()) values_.emplace_back();
  return values_[values_used_++];
}

void log_group::put_sealed(std::string name, std::string bytes) {
  next_value() = {std::move(name), std::move(bytes), false};
}

void log_group::remove(std::string name) { next_value() = {std::move(name), {}, true}; }

void log_group::put(std::string_view name, std::string_view payload) {
  named& value = next_value();
  value.name = name;
  write_sealed(value.bytes, name, payload);
  value.removed = false;
}

std::size_t log_group::bytes() const noexcept {
  return bytes_full_ + (has_log_chunk() ? chunks_[log_chunk_].writer.size() : 0);
}

const store_batch& log_group::batch() {
  chunk_views_.clear();
  for (std::size_t i = 0; i < used_; ++i) {
    chunk_views_.push_back({chunks_[i].row, chunks_[i].number, chunks_[i].writer.finish()});
  }
  value_views_.clear();
  for (std::size_t i = 0; i < values_used_; ++i) {
    const named& each = values_[i];
    value_views_.push_back({each.name, each.removed ? std::nullopt : std::optional<std::string_view>{each.bytes}});
  }
  batch_.chunks = chunk_views_;
  batch_.values = value_views_;
  return batch_;
}

void log_group::clear() noexcept {
  used_ = 0;
  log_chunk_ = nowhere;
  bytes_full_ = 0;
  values_used_ = 0;
  batch_ = {};
}

}  // namespace broadside::journal
