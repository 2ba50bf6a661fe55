// bench/support/fixed_server - see fixed_server.hpp.
#include "support/fixed_server.hpp"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <unordered_map>

namespace broadside::bench {
namespace {

void require(bool ok, const char* what) {
  if (ok) return;
  std::perror(what);
  std::exit(1);
}

struct connection {
  std::string in;
  std::string out;
  std::string body;
};

constexpr std::string_view sinch_body =
    R"({"status":"success","to":"12125550123","tracking-id":"TU1TXzU5Nzg3OQ==","status-details":"MMS request accepted and queued for processing and delivery."})";

std::size_t content_length(std::string_view head) {
  constexpr std::string_view name = "Content-Length: ";
  const std::size_t at = head.find(name);
  std::size_t length = 0;
  if (at != std::string_view::npos) std::from_chars(head.data() + at + name.size(), head.data() + head.size(), length);
  return length;
}

std::uint64_t answer(connection& c, std::string_view head, std::string_view body) {
  std::uint64_t messages = 0;
  c.body.clear();
  if (head.starts_with("POST /ep/v2/ ")) {
    c.body = sinch_body;
    messages = 1;
  } else {
    constexpr std::string_view name = R"("messageId":")";
    c.body = R"({"messages":[)";
    for (std::size_t at = body.find(name); at != std::string_view::npos; at = body.find(name, at + 1)) {
      const std::string_view rest = body.substr(at + name.size());
      if (messages++ > 0) c.body += ',';
      c.body += R"({"messageId":")";
      c.body += rest.substr(0, rest.find('"'));
      c.body +=
          R"(","status":{"groupId":1,"groupName":"PENDING","id":26,"name":"PENDING_ACCEPTED","description":"Message sent to next instance"},"destination":"12125550123"})";
    }
    c.body += "]}";
  }
  std::array<char, 128> first;
  const int n =
      std::snprintf(first.data(), first.size(),
                    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n", c.body.size());
  c.out.append(first.data(), static_cast<std::size_t>(n));
  c.out += c.body;
  return messages;
}

}  // namespace

fixed_server::fixed_server() {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  require(listener_ >= 0, "socket");
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  require(::bind(listener_, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0, "bind");
  require(::listen(listener_, 1024) == 0, "listen");
  socklen_t size = sizeof at;
  require(::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size) == 0, "getsockname");
  port_ = ntohs(at.sin_port);
  poller_ = ::epoll_create1(EPOLL_CLOEXEC);
  stop_ = ::eventfd(0, EFD_CLOEXEC);
  require(poller_ >= 0 && stop_ >= 0, "epoll");
  for (const int fd : {listener_, stop_}) {
    epoll_event e{};
    e.events = EPOLLIN;
    e.data.fd = fd;
    require(::epoll_ctl(poller_, EPOLL_CTL_ADD, fd, &e) == 0, "epoll_ctl");
  }
  thread_ = std::thread([this] { serve(); });
}

fixed_server::~fixed_server() {
  const std::uint64_t one = 1;
  require(::write(stop_, &one, sizeof one) == sizeof one, "write");
  thread_.join();
  ::close(listener_);
  ::close(poller_);
  ::close(stop_);
}

std::string fixed_server::url() const { return "http://127.0.0.1:" + std::to_string(port_); }

void fixed_server::serve() {
  std::unordered_map<int, connection> connections;
  std::array<epoll_event, 256> events;
  const auto buffer = std::make_unique<std::array<char, 256 * 1024>>();
  for (;;) {
    const int n = ::epoll_wait(poller_, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < n; ++i) {
      const int fd = events[static_cast<std::size_t>(i)].data.fd;
      if (fd == stop_) {
        for (const auto& [open, unused] : connections) ::close(open);
        return;
      }
      if (fd == listener_) {
        const int made = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (made < 0) continue;
        const int on = 1;
        ::setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        epoll_event e{};
        e.events = EPOLLIN;
        e.data.fd = made;
        require(::epoll_ctl(poller_, EPOLL_CTL_ADD, made, &e) == 0, "epoll_ctl");
        connections[made];
        continue;
      }
      connection& c = connections[fd];
      const ssize_t got = ::recv(fd, buffer->data(), buffer->size(), 0);
      if (got <= 0) {
        ::close(fd);
        connections.erase(fd);
        continue;
      }
      c.in.append(buffer->data(), static_cast<std::size_t>(got));
      std::uint64_t messages = 0;
      for (;;) {
        const std::size_t end = c.in.find("\r\n\r\n");
        if (end == std::string::npos) break;
        const std::string_view head(c.in.data(), end + 4);
        const std::size_t length = content_length(head);
        if (c.in.size() < head.size() + length) break;
        messages += answer(c, head, std::string_view(c.in).substr(head.size(), length));
        c.in.erase(0, head.size() + length);
      }
      messages_.fetch_add(messages, std::memory_order_relaxed);
      std::size_t sent = 0;
      while (sent < c.out.size()) {
        const ssize_t wrote = ::send(fd, c.out.data() + sent, c.out.size() - sent, MSG_NOSIGNAL);
        if (wrote < 0) continue;  // the peer reads: it is on this machine and waits for the answer
        sent += static_cast<std::size_t>(wrote);
      }
      c.out.clear();
    }
  }
}

}  // namespace broadside::bench
