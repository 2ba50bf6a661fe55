// http/connection_fsm - the life of one keep-alive connection: the table.
#include <http/connection_fsm.hpp>

namespace broadside::http {

connection_action connection_fsm::resume(event e, time_point now, const error_code& why) noexcept {
  switch (state_) {
    case connection_state::closed:
      if (e != event::open) return {};
      state_ = connection_state::connecting;
      deadline_ = now + timeouts_->connect_timeout;
      return {connection_step::connect, {}, {}};
    case connection_state::connecting:
    case connection_state::handshaking:
      return on_connecting(e, now, why);
    case connection_state::idle:
      return on_idle(e, now, why);
    case connection_state::acquired:
      return on_acquired(e, now);
    case connection_state::writing:
      return on_writing(e, now, why);
    case connection_state::reading:
      return on_reading(e, now, why);
    case connection_state::telling:
      return on_telling(e, now);
    case connection_state::closing:
      if (e == event::drained) state_ = connection_state::closed;
      return {};
  }
  return {};
}

connection_action connection_fsm::on_connecting(event e, time_point now, const error_code& why) noexcept {
  if (e == event::failed) return close(why);
  if (is_late(e, now)) return close(errc::deadline_exceeded);
  const bool handshake_is_next = state_ == connection_state::connecting && tls_;
  if (e == event::connected && handshake_is_next) {
    state_ = connection_state::handshaking;
    deadline_ = now + timeouts_->connect_timeout;
    return {connection_step::handshake, {}, {}};
  }
  const event last = state_ == connection_state::handshaking ? event::handshaken : event::connected;
  return e == last ? become_idle(now) : action{};
}

connection_action connection_fsm::on_idle(event e, time_point now, const error_code& why) noexcept {
  if (e == event::failed) return close(why);
  if (is_late(e, now)) return close({});
  if (e != event::acquire) return {};
  state_ = connection_state::acquired;
  deadline_ = time_point::max();  // sent or released before the loop turns: see client.hpp
  return {};
}

connection_action connection_fsm::on_acquired(event e, time_point now) noexcept {
  if (e == event::release) return become_idle(idle_since_);  // nothing was heard from the peer meanwhile
  if (e != event::send) return {};
  touched_ = false;
  keep_ = true;
  state_ = connection_state::writing;
  deadline_ = now + timeouts_->write_timeout;
  return {now - idle_since_ < trusted_for ? connection_step::write : connection_step::check_then_write, {}, {}};
}

connection_action connection_fsm::on_writing(event e, time_point now, const error_code& why) noexcept {
  const ending unanswered = touched_ ? ending::maybe_sent : ending::not_sent;
  if (is_late(e, now)) return end(unanswered, errc::deadline_exceeded);
  switch (e) {
    case event::wrote_some:
      touched_ = true;
      return {};
    case event::wrote_all:
      touched_ = true;
      state_ = connection_state::reading;
      deadline_ = now + timeouts_->response_timeout;
      return {};
    case event::write_failed:
      if (!touched_) return end(ending::not_sent, why);
      // A server may refuse early: answer, then close without reading on (RFC 9112 section 9.3). The answer, or the
      // error, comes from the read that is pending, within what is left of the write's time.
      state_ = connection_state::reading;
      keep_ = false;
      return {};
    case event::failed:
      return end(unanswered, why);
    case event::answered:
    case event::answered_last:
      return tell(false);  // the rest of the request is still on its way: nothing may follow it
    default:
      return {};
  }
}

connection_action connection_fsm::on_reading(event e, time_point now, const error_code& why) noexcept {
  if (is_late(e, now)) return end(ending::maybe_sent, errc::deadline_exceeded);
  if (e == event::failed) return end(ending::maybe_sent, why);
  if (e == event::answered) return tell(keep_);
  return e == event::answered_last ? tell(false) : action{};
}

connection_action connection_fsm::on_telling(event e, time_point now) noexcept {
  if (e != event::told) return {};
  return keep_ ? become_idle(now) : close({});
}

connection_action connection_fsm::become_idle(time_point since) noexcept {
  state_ = connection_state::idle;
  idle_since_ = since;
  deadline_ = since + timeouts_->idle_timeout;
  return {connection_step::ready, {}, {}};
}

connection_action connection_fsm::close(const error_code& why) noexcept {
  state_ = connection_state::closing;
  deadline_ = time_point::max();
  return {connection_step::close, {}, why};
}

connection_action connection_fsm::end(ending how, const error_code& why) noexcept {
  action out = close(why);
  out.end = how;
  return out;
}

connection_action connection_fsm::tell(bool keep) noexcept {
  state_ = connection_state::telling;
  deadline_ = time_point::max();
  keep_ = keep;
  return {connection_step::tell, {}, {}};
}

}  // namespace broadside::http
