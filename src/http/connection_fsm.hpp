// http/connection_fsm - the life of one keep-alive connection, and what became of the request it carries.
//
// Pure: takes `now`, does no I/O, reads no clock, allocates nothing. Shard thread only. The rule it keeps: before the
// first byte of a request was written it is not_sent, after it maybe_sent, with a complete answer answered. A request
// is never written twice here.
#pragma once

#include <broadside/environment.hpp>
#include <broadside/options.hpp>
#include <broadside/result.hpp>
#include <cstdint>
#include <http/client.hpp>
#include <optional>

namespace broadside::http {

enum class connection_state : std::uint8_t {
  closed,
  connecting,   ///< TCP
  handshaking,  ///< TLS
  idle,         ///< may be acquired
  acquired,     ///< by the dispatcher, nothing written; never over a turn of the event loop
  writing,
  reading,
  telling,  ///< the answer is complete and the listener looks at it: its buffers must stay
  closing,  ///< waits for its last handlers, whose memory it holds
};
inline constexpr std::size_t connection_state_count = 9;

enum class connection_event : std::uint8_t {
  open,
  connected,
  handshaken,
  acquire,
  release,
  send,
  wrote_some,  ///< bytes left, or may have: a write whose end is not known yet was started
  wrote_all,
  write_failed,   ///< no more bytes will leave
  answered,       ///< a complete answer; the peer keeps the connection
  answered_last,  ///< a complete answer; the connection cannot be used again
  told,           ///< the listener has seen the answer
  failed,         ///< connect, handshake or read failed, the answer is malformed, or the peer closed
  tick,           ///< look at the deadline
  drained,        ///< no handler of the connection is left
};
inline constexpr std::size_t connection_event_count = 15;

enum class connection_step : std::uint8_t {
  none,
  connect,
  handshake,
  ready,             ///< idle: keep a read pending, so that a peer that closes is noticed
  check_then_write,  ///< idle for a while: see first whether the peer closed meanwhile
  write,
  tell,   ///< hand the answer over, then resume with `told`
  close,  ///< then resume with `drained` when the last handler has ended
};

struct connection_action {
  connection_step step = connection_step::none;
  /// The exchange ended like this: tell it, once. Never with `answered`; that is step `tell`.
  std::optional<ending> end;
  error_code why;  ///< with `end`, and with the `close` of a connection that failed
};

class connection_fsm {
 public:
  /// An idle connection younger than this was alive a moment ago; looking again would cost a system call for nothing.
  static constexpr duration trusted_for = std::chrono::milliseconds{1};

  /// `timeouts` outlives it. `tls`: connected is followed by a handshake.
  connection_fsm(const http_options& timeouts, bool tls) noexcept : timeouts_(&timeouts), tls_(tls) {}

  /// What to do next. Events that mean nothing in the present state change nothing. O(1).
  connection_action resume(connection_event, time_point now, const error_code& why = {}) noexcept;

  [[nodiscard]] connection_state state() const noexcept { return state_; }
  /// When a tick will change something; time_point::max(): never.
  [[nodiscard]] time_point deadline() const noexcept { return deadline_; }

 private:
  using action = connection_action;
  using event = connection_event;

  action on_connecting(event, time_point now, const error_code& why) noexcept;
  action on_idle(event, time_point now, const error_code& why) noexcept;
  action on_acquired(event, time_point now) noexcept;
  action on_writing(event, time_point now, const error_code& why) noexcept;
  action on_reading(event, time_point now, const error_code& why) noexcept;
  action on_telling(event, time_point now) noexcept;

  action become_idle(time_point since) noexcept;
  action close(const error_code& why) noexcept;
  action end(ending how, const error_code& why) noexcept;
  action tell(bool keep) noexcept;
  [[nodiscard]] bool is_late(event e, time_point now) const noexcept { return e == event::tick && now >= deadline_; }

  const http_options* timeouts_;
  time_point deadline_ = time_point::max();
  time_point idle_since_{};  // since when nothing was heard from the peer, while idle or acquired
  connection_state state_ = connection_state::closed;
  bool tls_;
  bool touched_ = false;  // a byte of the request may have left
  bool keep_ = false;     // another request may follow the one under way
};

}  // namespace broadside::http
