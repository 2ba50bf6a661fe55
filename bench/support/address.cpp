// bench/support/address - see address.hpp.
#include "support/address.hpp"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>
#include <charconv>
#include <cinttypes>
#include <cstdio>

namespace broadside::bench {

std::optional<address> address::read(std::string_view url) {
  constexpr std::string_view scheme = "http://";
  if (!url.starts_with(scheme)) return {};
  url.remove_prefix(scheme.size());
  address made;
  if (const auto slash = url.find('/'); slash != std::string_view::npos) {
    made.path = url.substr(slash);
    url = url.substr(0, slash);
  }
  const auto colon = url.find(':');
  if (colon == std::string_view::npos) return {};
  made.host = url.substr(0, colon);
  const std::string_view port = url.substr(colon + 1);
  const auto [end, failed] = std::from_chars(port.data(), port.data() + port.size(), made.port);
  in_addr number{};
  if (failed != std::errc{} || end != port.data() + port.size()) return {};
  return ::inet_pton(AF_INET, made.host.c_str(), &number) == 1 ? std::optional(made) : std::nullopt;
}

int address::connect() const {
  const int made = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (made < 0) return -1;
  const int on = 1;
  ::setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(port);
  ::inet_pton(AF_INET, host.c_str(), &at.sin_addr);
  if (::connect(made, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0) return made;
  ::close(made);
  return -1;
}

std::optional<server_count> count_of(const address& server) {
  const int made = server.connect();
  if (made < 0) return {};
  const timeval patience{10, 0};
  ::setsockopt(made, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  constexpr std::string_view ask = "GET /count HTTP/1.1\r\nHost: localhost\r\n\r\n";
  std::string answer;
  server_count counted;
  int found = 0;
  bool alive = ::send(made, ask.data(), ask.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(ask.size());
  while (alive && found != 3 && answer.size() < 4096) {
    char some[512];
    const ssize_t got = ::recv(made, some, sizeof some, 0);
    alive = got > 0;
    if (alive) answer.append(some, static_cast<std::size_t>(got));
    const std::size_t body = answer.find("\r\n\r\n");
    if (body == std::string::npos) continue;
    found = std::sscanf(answer.c_str() + body + 4, "messages %" SCNu64 " requests %" SCNu64 " bad %" SCNu64,
                        &counted.messages, &counted.requests, &counted.bad);
  }
  ::close(made);
  return found == 3 ? std::optional(counted) : std::nullopt;
}

}  // namespace broadside::bench
