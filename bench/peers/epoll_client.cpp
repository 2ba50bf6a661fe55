// bench/peers/epoll_client - the practical limit: fixed bytes on raw epoll, and the least parser that still checks an
// answer.
//
// One write and one read a request; nothing is allocated, rendered or decided.
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <string_view>
#include <vector>
#include "peers/peer.hpp"

namespace {

using namespace broadside::bench;

struct connection {
  int socket = -1;
  std::size_t filled = 0;
  std::array<char, 4096> in;
};

/// The whole answer at the front of `in`, or 0 when more of it has to come.
std::size_t whole_answer(std::string_view in, bool& good) {
  const std::size_t head = in.find("\r\n\r\n");
  if (head == std::string_view::npos) return 0;
  constexpr std::string_view name = "Content-Length: ";
  const std::size_t at = in.find(name);
  std::size_t length = 0;
  if (at < head) std::from_chars(in.data() + at + name.size(), in.data() + head, length);
  if (in.size() < head + 4 + length) return 0;
  unsigned status = 0;
  if (in.starts_with("HTTP/1.1 ")) std::from_chars(in.data() + 9, in.data() + 12, status);
  good = is_good(status, in.substr(head + 4, length));
  return head + 4 + length;
}

void send_all(int socket, std::string_view request) {
  // A request is far smaller than a socket's buffer, and the last one has been answered.
  if (::send(socket, request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size())) {
    give_up("a request could not be written");
  }
}

void on_readable(connection& c, progress& done, std::string_view request) {
  const ssize_t got = ::recv(c.socket, c.in.data() + c.filled, c.in.size() - c.filled, 0);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) give_up("the server closed a connection");
  c.filled += static_cast<std::size_t>(got);
  bool good = false;
  const std::size_t size = whole_answer({c.in.data(), c.filled}, good);
  if (size == 0) return;
  done.answered(good && size == c.filled);
  c.filled = 0;
  if (done.start_one()) send_all(c.socket, request);
}

}  // namespace

int main(int argc, char** argv) {
  const peer_options o = peer_options::read(argc, argv, "Posts a fixed body: hand-written epoll.");
  const std::string request = request_bytes(o);
  const int poller = ::epoll_create1(EPOLL_CLOEXEC);
  std::vector<connection> connections(o.connections);
  for (std::size_t i = 0; i < connections.size(); ++i) {
    connection& c = connections[i];
    c.socket = o.server.connect();
    if (c.socket < 0 || ::fcntl(c.socket, F_SETFL, O_NONBLOCK) != 0) give_up("cannot connect");
    epoll_event e{};
    e.events = EPOLLIN;
    e.data.u64 = i;
    if (::epoll_ctl(poller, EPOLL_CTL_ADD, c.socket, &e) != 0) give_up("epoll_ctl");
  }
  progress done(o);
  for (connection& c : connections) {
    if (done.start_one()) send_all(c.socket, request);
  }
  std::array<epoll_event, 256> events;
  while (!done.over()) {
    const int n = ::epoll_wait(poller, events.data(), static_cast<int>(events.size()), 10'000);
    if (n <= 0) give_up("nothing happened for ten seconds");
    for (std::size_t i = 0; i < static_cast<std::size_t>(n); ++i) {
      on_readable(connections[events[i].data.u64], done, request);
    }
  }
  done.report("epoll_client");
}
