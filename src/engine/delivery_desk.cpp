// engine/delivery_desk - see delivery_desk.hpp.
#include <algorithm>
#include <engine/delivery_desk.hpp>

namespace broadside::engine_detail {

delivery_desk::standing delivery_desk::look(message_id id, delivery d) const {
  const std::scoped_lock lock(mutex_);
  const delivery known = known_.at(id);
  // What is final stays: a "failed" behind a "delivered" changes nothing, nor the other way round.
  return known < delivery::delivered && d > known ? standing::news : standing::repeated;
}

bool delivery_desk::note(const delivery_report& report, unsigned& shard) {
  const std::scoped_lock lock(mutex_);
  static_cast<void>(known_.advance(report.of.id, report.delivery));
  const auto held = held_.find(report.of.id);
  if (held == held_.end()) return false;
  shard = held->second;
  held_.erase(held);
  mail_[shard].push_back(report);
  news_[shard].store(true, std::memory_order_release);
  return true;
}

bool delivery_desk::is_known(message_id id) const {
  const std::scoped_lock lock(mutex_);
  return known_.at(id) != delivery::none;
}

bool delivery_desk::hold(message_id id, unsigned shard) {
  const std::scoped_lock lock(mutex_);
  if (known_.at(id) != delivery::none) return false;
  held_.insert_or_assign(id, shard);
  return true;
}

void delivery_desk::release(message_id id) {
  const std::scoped_lock lock(mutex_);
  held_.erase(id);
}

void delivery_desk::take(unsigned shard, std::vector<delivery_report>& out) {
  const std::scoped_lock lock(mutex_);
  news_[shard].store(false, std::memory_order_relaxed);
  out.swap(mail_[shard]);
  mail_[shard].clear();
}

}  // namespace broadside::engine_detail
