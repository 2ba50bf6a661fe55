// journal/log_account - see log_account.hpp.
#include <algorithm>
#include <journal/log_account.hpp>

namespace broadside::journal {

log_account::log_account(std::size_t messages_max, const std::vector<chunk_account>& found) : messages_(messages_max) {
  for (const auto& each : found) {
    chunks_.push_back({each, nobody});
    bytes_ += each.bytes;
  }
}

void log_account::begin_chunk(chunk_number number, position first) {
  chunks_.push_back({{.number = number, .first = first, .last = first, .bytes = 0, .live = 0}, nobody});
}

void log_account::extend(position last) noexcept { chunks_.back().of.last = last; }

void log_account::finish_chunk(std::uint64_t bytes) noexcept {
  chunks_.back().of.bytes = bytes;
  bytes_ += bytes;
}

void log_account::link(message_ref ref, chunk& home) noexcept {
  message& m = messages_[ref];
  m.chunk = home.of.number;
  m.before = nobody;
  m.after = home.first;
  if (home.first != nobody) messages_[home.first].before = ref;
  home.first = ref;
}

void log_account::unlink(message_ref ref) noexcept {
  message& m = messages_[ref];
  if (m.after != nobody) messages_[m.after].before = m.before;
  chunk* const home = find(m.chunk);
  if (m.before != nobody) {
    messages_[m.before].after = m.after;
  } else if (home != nullptr) {
    home->first = m.after;
  }
  if (home != nullptr) --home->of.live;
  left_ = left_ == 0 ? m.chunk : std::min(left_, m.chunk);
  m.chunk = 0;
}

void log_account::taken(message_ref ref, std::uint32_t bytes, const message_state& state) noexcept {
  ended(ref);  // restated: it leaves its old chunk
  messages_[ref].bytes = bytes;
  messages_[ref].state = state;
  link(ref, chunks_.back());
  ++chunks_.back().of.live;
  bytes_in_ += bytes;
}

void log_account::adopt(message_ref ref, position taken_at, std::uint32_t bytes, const message_state& state) noexcept {
  if (ref >= messages_.size() || inside(ref)) return;
  const auto behind = std::upper_bound(chunks_.begin(), chunks_.end(), taken_at,
                                       [](position at, const chunk& c) { return at < c.of.first; });
  if (behind == chunks_.begin()) return;
  messages_[ref].bytes = bytes;
  messages_[ref].state = state;
  link(ref, *std::prev(behind));  // the replay has counted it as live there
  bytes_in_ += bytes;
}

void log_account::changed(message_ref ref, const message_state& state) noexcept {
  if (inside(ref)) messages_[ref].state = state;
}

bool log_account::ended(message_ref ref) noexcept {
  if (!inside(ref)) return false;
  bytes_in_ -= messages_[ref].bytes;
  unlink(ref);
  return true;
}

/// Numbers follow each other, so a chunk's place is known, except where damage has left a hole.
log_account::chunk* log_account::find(chunk_number number) noexcept {
  if (chunks_.empty() || number < chunks_.front().of.number) return nullptr;
  const auto guess = number - chunks_.front().of.number;
  if (guess < chunks_.size() && chunks_[guess].of.number == number) return &chunks_[guess];
  const auto at = std::lower_bound(chunks_.begin(), chunks_.end(), number,
                                   [](const chunk& c, chunk_number n) { return c.of.number < n; });
  return at != chunks_.end() && at->of.number == number ? &*at : nullptr;
}

bool log_account::may_go(const chunk& c, position confirmed, chunk_number end) const noexcept {
  return c.of.number < end && c.of.last <= confirmed;
}

chunk_number log_account::needed_from(position confirmed, chunk_number end, std::size_t chunks_max) const noexcept {
  if (chunks_.empty()) return 0;
  chunk_number from = chunks_.front().of.number;
  for (std::size_t i = 0; i < std::min(chunks_max, chunks_.size()); ++i) {
    const chunk& c = chunks_[i];
    if (c.of.live != 0 || !may_go(c, confirmed, end)) break;
    from = c.of.number + 1;
  }
  return from;
}

void log_account::erased_before(chunk_number from) noexcept {
  while (!chunks_.empty() && chunks_.front().of.number < from) {
    bytes_ -= chunks_.front().of.bytes;
    chunks_.pop_front();
  }
}

std::vector<message_ref> log_account::holding_front(position confirmed, chunk_number end,
                                                    std::size_t messages_max) const {
  std::vector<message_ref> refs;
  for (const chunk& c : chunks_) {
    if (refs.size() >= messages_max || !may_go(c, confirmed, end)) break;
    const auto before = refs.size();
    for (auto ref = c.first; ref != nobody; ref = messages_[ref].after) refs.push_back(ref);
    std::reverse(refs.begin() + static_cast<std::ptrdiff_t>(before), refs.end());  // the order of taking
  }
  return refs;
}

}  // namespace broadside::journal
