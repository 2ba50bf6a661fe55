// http/endpoint - see endpoint.hpp.
#include <algorithm>
#include <http/endpoint.hpp>

namespace broadside::http {

error_code endpoint::connect(ready_set& sockets, const sockaddr* to, std::size_t size) {
  can_read = false;
  is_ending = false;
  error_code ec = socket.connect(to, size);
  if (!ec) ec = sockets.add(socket.get(), tag());
  if (ec) close();
  return ec;
}

void endpoint::close() {
  if (!socket.is_open()) return;
  if (tls) {
    tls->end();
    send_sealed_that_goes();
  }
  socket.close();
  ++life;
  is_sending = false;
  written.reset();
}

// What is broken is read like what ends: the bytes before it, then why.
void endpoint::remember(const ready_set::ready& told) noexcept {
  can_read |= told.can_read || told.is_ending;
  is_ending |= told.is_ending;
}

// A handshake takes turns: what it sends is sent before it reads on.
bool endpoint::should_receive() const noexcept {
  return can_read && (is_reading || (is_shaking && !is_sending && !written));
}

// Fewer bytes than there was room for were all, and the next are announced; but for an end, which was announced.
tcp_socket::transfer endpoint::receive(std::span<char> into) noexcept {
  const tcp_socket::transfer got = socket.receive(into);
  can_read = !got.must_wait() && (is_ending || got.bytes == 0 || got.bytes == into.size());
  return got;
}

endpoint::sending endpoint::write(transport::pieces all) {
  if (!tls) return send(all);
  if (!tls->write(all)) return send_sealed();
  written = errc::connection_closed;
  return sending::failed;
}

endpoint::sending endpoint::send(transport::pieces all) noexcept {
  out = {};
  std::copy(all.begin(), all.end(), out.begin());
  return send_rest();
}

// Until nothing is left, or the socket has said that there is no room: only then it announces when there is.
endpoint::sending endpoint::send_rest() noexcept {
  for (is_sending = true; is_sending;) {
    const tcp_socket::transfer gone = socket.send(out);
    if (gone.must_wait()) return sending::waiting;
    is_sending = false;
    if (gone.error != 0) {
      written = gone.why();
      return sending::failed;
    }
    std::size_t moved = gone.bytes;
    for (std::string_view& piece : out) {
      const std::size_t part = std::min(moved, piece.size());
      piece.remove_prefix(part);
      moved -= part;
      if (!piece.empty()) is_sending = true;
    }
  }
  return sending::done;
}

endpoint::sending endpoint::send_sealed() {
  sealed.swap(tls->output());
  tls->output().clear();
  if (sealed.empty()) return sending::done;
  const std::string_view all = sealed;
  return send({&all, 1});
}

void endpoint::send_sealed_that_goes() {
  std::string& some = tls->output();
  if (some.empty() || is_sending) return;
  const std::string_view all = some;
  some.erase(0, socket.send({&all, 1}).bytes);
}

}  // namespace broadside::http
