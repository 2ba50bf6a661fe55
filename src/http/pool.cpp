// http/pool - the connections of one route on one shard: sizing, back-off, addresses, the sweep.
#include <algorithm>
#include <http/pool.hpp>

namespace broadside::http {

using kind = pool_task::kind;

namespace {

bool is_opening(connection_state s) noexcept {
  return s == connection_state::connecting || s == connection_state::handshaking;
}

}  // namespace

pool::pool(const http_options& options, bool tls, std::uint64_t seed)
    : options_(&options), slots_(options.connections_max, slot{.fsm = connection_fsm(options, tls)}), random_(seed) {
  closed_.reserve(slots_.size());
  for (std::size_t i = slots_.size(); i > 0; --i) closed_.push_back(static_cast<exchange>(i - 1));
  counts_[static_cast<std::size_t>(connection_state::closed)] = static_cast<std::uint32_t>(slots_.size());
}

// The connection that answered last is the one whose buffers are warm and whose peer is least likely to have closed it;
// those at the other end grow old and are closed.
std::optional<exchange> pool::try_acquire(time_point now) noexcept {
  if (newest_idle_ == nobody) return std::nullopt;
  const exchange c = newest_idle_;
  on(c, connection_event::acquire, now);
  if (want_ > 0) --want_;
  return c;
}

client_status pool::status() const noexcept {
  using state = connection_state;
  client_status out;
  out.in_flight = count(state::writing) + count(state::reading) + count(state::telling);
  out.connections = out.in_flight + count(state::idle) + count(state::acquired);
  out.last_error = last_error_;
  out.failures = failed_;
  return out;
}

pool_task pool::next_opening(time_point now) noexcept {
  if (now < retry_at_) {
    note_deadline(retry_at_);
    return {};
  }
  if (addresses_ == 0 || now >= addresses_until_) {
    if (resolve_until_ != time_point::max()) return {};
    resolve_until_ = now + options_->resolve_timeout;
    note_deadline(resolve_until_);
    return {.what = kind::resolve, .serial = ++resolve_serial_};
  }
  if (opening() >= opening_limit_) return {};
  const exchange c = closed_.back();
  const std::size_t address = pick_address();
  slots_[c].address = static_cast<std::uint32_t>(address);
  slots_[c].address_serial = address_serial_;
  slots_[c].has_answered = false;
  on(c, connection_event::open, now);
  return {.what = kind::connect, .connection = c, .address = address};
}

bool pool::resolved(std::uint32_t serial, std::size_t addresses, time_point now) noexcept {
  if (serial != resolve_serial_ || resolve_until_ == time_point::max()) return false;
  resolve_until_ = time_point::max();
  addresses_ = std::min(addresses, addresses_max);
  address_failed_.fill(false);
  address_serial_ = serial;
  addresses_until_ = now + options_->dns_ttl;
  return true;
}

void pool::resolve_failed(std::uint32_t serial, error_code why, time_point now) noexcept {
  if (serial != resolve_serial_ || resolve_until_ == time_point::max()) return;
  resolve_until_ = time_point::max();
  last_error_ = why;
  ++failed_;
  opening_limit_ = 1;
  back_off(now);
}

connection_action pool::on(exchange c, connection_event event, time_point now, const error_code& why) noexcept {
  slot& s = slots_[c];
  const connection_state from = s.fsm.state();
  const connection_action action = s.fsm.resume(event, now, why);
  note_deadline(s.fsm.deadline());
  if (s.fsm.state() != from) moved(c, from, action, now);
  return action;
}

// What it means for the pool that a connection is in another state.
void pool::moved(exchange c, connection_state from, const connection_action& action, time_point now) noexcept {
  slot& s = slots_[c];
  const connection_state to = s.fsm.state();
  --counts_[static_cast<std::size_t>(from)];
  ++counts_[static_cast<std::size_t>(to)];
  if (from == connection_state::idle) unlink_idle(c);
  if (from == connection_state::closed) closed_.pop_back();  // next_task() opens the last one only
  switch (to) {
    case connection_state::telling:
      s.has_answered = true;
      failures_ = 0;
      last_error_ = {};
      return;
    case connection_state::idle:
      link_idle(c);
      if (!is_opening(from)) return;
      s.opened_at = now;
      opening_limit_ = std::min(opening_limit_ + 1, opening_max);
      return;
    case connection_state::closing:
      if (action.why) broke(s, from, action, now);
      return;
    case connection_state::closed:
      return closed_.push_back(c);
    default:
      return;
  }
}

// A connection that failed, or whose peer closed it.
void pool::broke(const slot& s, connection_state from, const connection_action& action, time_point now) noexcept {
  const bool fruitless = is_opening(from) || (!s.has_answered && now - s.opened_at < fruitless_within);
  if (fruitless) opening_failed(s, now);
  if (fruitless && action.end != ending::maybe_sent) ++failed_;  // else a request was lost with it, and says so
  if (fruitless || from != connection_state::idle) last_error_ = action.why;
}

// The next address is tried at once; only when every one has failed does the route rest.
void pool::opening_failed(const slot& s, time_point now) noexcept {
  opening_limit_ = 1;
  if (s.address_serial == address_serial_ && s.address < addresses_) {
    address_failed_[s.address] = true;
    const auto end = address_failed_.begin() + static_cast<std::ptrdiff_t>(addresses_);
    if (std::find(address_failed_.begin(), end, false) != end) return;
  }
  back_off(now);
}

// Connections that fail together are one failure: the delay doubles once per round. Jitter only adds.
void pool::back_off(time_point now) noexcept {
  addresses_until_ = time_point::min();  // they may have moved
  address_failed_.fill(false);
  if (now < retry_at_) return;
  duration delay = options_->backoff_min;
  const duration most = std::max<duration>(options_->backoff_max, delay);
  for (std::uint32_t i = 0; i < failures_ && delay < most; ++i) delay *= 2;
  delay = std::min(delay, most);
  if (delay < most) ++failures_;
  const auto range = static_cast<std::uint64_t>(std::max<duration::rep>(delay.count(), 0)) + 1;
  retry_at_ = now + delay + duration{static_cast<duration::rep>(random_.below(range))};
  note_deadline(retry_at_);
}

std::size_t pool::pick_address() noexcept {
  for (std::size_t tried = 0; tried < addresses_; ++tried) {
    const std::size_t at = next_address_++ % addresses_;
    if (!address_failed_[at]) return at;
  }
  return next_address_++ % addresses_;
}

void pool::sweep(time_point now, std::vector<swept>& out) noexcept {
  out.clear();
  if (now < sweep_at_) return;
  sweep_at_ = time_point::max();
  if (now >= resolve_until_) resolve_failed(resolve_serial_, errc::deadline_exceeded, now);
  note_deadline(resolve_until_);
  if (retry_at_ > now && is_short_of_connections()) note_deadline(retry_at_);
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (slots_[i].fsm.deadline() > now) {
      note_deadline(slots_[i].fsm.deadline());
      continue;
    }
    const auto c = static_cast<exchange>(i);
    const connection_action action = on(c, connection_event::tick, now);
    if (action.step != connection_step::none) out.push_back({c, action});
  }
}

void pool::link_idle(exchange c) noexcept {
  slots_[c].older = newest_idle_;
  slots_[c].newer = nobody;
  if (newest_idle_ != nobody) slots_[newest_idle_].newer = c;
  newest_idle_ = c;
}

void pool::unlink_idle(exchange c) noexcept {
  const slot& s = slots_[c];
  if (s.newer != nobody) slots_[s.newer].older = s.older;
  if (s.older != nobody) slots_[s.older].newer = s.newer;
  if (newest_idle_ == c) newest_idle_ = s.older;
}

}  // namespace broadside::http
