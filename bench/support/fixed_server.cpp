// bench/support/fixed_server - see fixed_server.hpp.
#include "support/fixed_server.hpp"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <testing/certificate.hpp>

namespace broadside::bench {
namespace {

void require(bool ok, const char* what) {
  if (ok) return;
  std::perror(what);
  std::exit(1);
}

constexpr std::size_t buffer_start = 64 * 1024;
constexpr std::size_t buffer_max = 4 * 1024 * 1024;  // of one request

constexpr std::string_view sinch_answer =
    R"({"status":"success","to":"12125550123","tracking-id":"TU1TXzU5Nzg3OQ==","status-details":"MMS request accepted and queued for processing and delivery."})";
constexpr std::string_view id_name = R"("messageId":")";
constexpr std::string_view entry_end =
    R"(","status":{"groupId":1,"groupName":"PENDING","id":26,"name":"PENDING_ACCEPTED","description":"Message sent to next instance"},"destination":"12125550123"})";

std::size_t content_length(std::string_view head) {
  constexpr std::string_view name = "\r\ncontent-length:";
  for (std::size_t at = head.find("\r\n"); at + name.size() < head.size(); at = head.find("\r\n", at + 2)) {
    if (::strncasecmp(head.data() + at, name.data(), name.size()) != 0) continue;
    std::size_t digits = at + name.size();
    while (digits < head.size() && head[digits] == ' ') ++digits;
    std::size_t length = 0;
    std::from_chars(head.data() + digits, head.data() + head.size(), length);
    return length;
  }
  return 0;
}

std::size_t position_of(std::string_view in, std::string_view what, std::size_t from) {
  if (from >= in.size()) return std::string_view::npos;
  const void* found = ::memmem(in.data() + from, in.size() - from, what.data(), what.size());
  return found == nullptr ? std::string_view::npos
                          : static_cast<std::size_t>(static_cast<const char*>(found) - in.data());
}

/// The messages of one request are alike, so the next id is mostly as far away as the last one was.
std::size_t find_id(std::string_view in, std::size_t from, std::size_t guess) {
  return in.substr(std::min(guess, in.size())).starts_with(id_name) ? guess : position_of(in, id_name, from);
}

/// Appends an entry for each messageId to `out`; how many.
std::uint64_t answer_infobip(std::string_view request, std::string& out) {
  out += R"({"messages":[)";
  std::uint64_t messages = 0;
  std::size_t last = 0;
  for (std::size_t at = position_of(request, id_name, 0); at != std::string_view::npos;) {
    const std::string_view rest = request.substr(at + id_name.size());
    out += messages++ > 0 ? std::string_view{","} : std::string_view{};
    out += R"({"messageId":")";
    out += rest.substr(0, rest.find('"'));
    out += entry_end;
    const std::size_t guess = at + (at - last);
    last = at;
    at = find_id(request, at + 1, messages > 1 ? guess : std::string_view::npos);
  }
  out += "]}";
  return messages;
}

}  // namespace

struct fixed_server::connection {
  int socket = -1;
  std::vector<char> in = std::vector<char>(buffer_start);
  std::size_t filled = 0;
  std::string out;
  std::size_t sent = 0;
  bool waits_to_write = false;
  std::unique_ptr<SSL, void (*)(SSL*)> tls{nullptr, SSL_free};

  ssize_t read(char* to, std::size_t room) const {
    if (tls == nullptr) return ::recv(socket, to, room, 0);
    const int n = SSL_read(tls.get(), to, static_cast<int>(room));
    return n > 0 ? n : failed(n);
  }

  ssize_t write(const char* from, std::size_t size) const {
    if (tls == nullptr) return ::send(socket, from, size, MSG_NOSIGNAL);
    const int n = SSL_write(tls.get(), from, static_cast<int>(size));
    return n > 0 ? n : failed(n);
  }

  /// As a socket would say it: 0 closed, or -1 with errno.
  ssize_t failed(int n) const {
    const int why = SSL_get_error(tls.get(), n);
    ERR_clear_error();  // or the next connection would be told of it
    errno = why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? EAGAIN : EIO;
    return why == SSL_ERROR_ZERO_RETURN ? 0 : -1;
  }
};

fixed_server::fixed_server(wire spoken) : context_(nullptr, SSL_CTX_free) {
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes to a client that has gone as to any other
  if (spoken == wire::plain_and_tls) prepare_tls();
  poller_ = ::epoll_create1(EPOLL_CLOEXEC);
  stop_ = ::eventfd(0, EFD_CLOEXEC);
  require(poller_ >= 0 && stop_ >= 0, "epoll");
  plain_ = listen();
  if (context_ != nullptr) tls_ = listen();
  epoll_event e{};
  e.events = EPOLLIN;
  e.data.fd = stop_;
  require(::epoll_ctl(poller_, EPOLL_CTL_ADD, stop_, &e) == 0, "epoll_ctl");
  thread_ = std::thread([this] { serve(); });
}

fixed_server::~fixed_server() {
  const std::uint64_t one = 1;
  require(::write(stop_, &one, sizeof one) == sizeof one, "write");
  thread_.join();
  for (const auto& open : connections_) {
    if (open != nullptr) ::close(open->socket);
  }
  for (const int fd : {plain_.socket, tls_.socket, poller_, stop_}) {
    if (fd >= 0) ::close(fd);
  }
}

void fixed_server::prepare_tls() {
  const auto made = testing::make_certificates(std::chrono::system_clock::now());
  require(made.has_value(), "certificate");
  authority_ = made->authority;
  context_.reset(SSL_CTX_new(TLS_server_method()));
  require(context_ != nullptr, "SSL_CTX_new");
  const auto memory = [](const std::string& pem) {
    return std::unique_ptr<BIO, int (*)(BIO*)>(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
  };
  const std::unique_ptr<X509, void (*)(X509*)> certificate(
      PEM_read_bio_X509(memory(made->server).get(), nullptr, nullptr, nullptr), X509_free);
  const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key(
      PEM_read_bio_PrivateKey(memory(made->private_key).get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
  require(SSL_CTX_use_certificate(context_.get(), certificate.get()) == 1 &&
              SSL_CTX_use_PrivateKey(context_.get(), key.get()) == 1,
          "certificate");
  SSL_CTX_set_read_ahead(context_.get(), 1);  // one read for a record's head and body
  SSL_CTX_set_mode(context_.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}

fixed_server::listener fixed_server::listen() {
  listener made;
  made.socket = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  require(made.socket >= 0, "socket");
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  require(::bind(made.socket, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0, "bind");
  require(::listen(made.socket, 1024) == 0, "listen");
  socklen_t size = sizeof at;
  require(::getsockname(made.socket, reinterpret_cast<sockaddr*>(&at), &size) == 0, "getsockname");
  made.port = ntohs(at.sin_port);
  epoll_event e{};
  e.events = EPOLLIN;
  e.data.fd = made.socket;
  require(::epoll_ctl(poller_, EPOLL_CTL_ADD, made.socket, &e) == 0, "epoll_ctl");
  return made;
}

std::string fixed_server::url() const { return "http://127.0.0.1:" + std::to_string(plain_.port); }
std::string fixed_server::tls_url() const { return "https://127.0.0.1:" + std::to_string(tls_.port); }

std::string fixed_server::counted() const {
  return "messages " + std::to_string(messages()) + " requests " + std::to_string(requests()) + " bad " +
         std::to_string(bad());
}

void fixed_server::serve() {
  std::array<epoll_event, 256> events;
  for (;;) {
    const int n = ::epoll_wait(poller_, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < n; ++i) {
      const int fd = events[static_cast<std::size_t>(i)].data.fd;
      if (fd == stop_) return;
      if (fd == plain_.socket || fd == tls_.socket) {
        take_connections(fd == plain_.socket ? plain_ : tls_);
        continue;
      }
      connection& c = *connections_[static_cast<std::size_t>(fd)];
      // What waits to be written comes first: a client that does not read is not read from.
      const bool good = !c.waits_to_write || flush(c);
      if (!good || (!c.waits_to_write && !on_readable(c))) close(fd);
    }
  }
}

void fixed_server::take_connections(const listener& from) {
  for (;;) {
    const int made = ::accept4(from.socket, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (made < 0) return;
    const int on = 1;
    ::setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    epoll_event e{};
    e.events = EPOLLIN;
    e.data.fd = made;
    require(::epoll_ctl(poller_, EPOLL_CTL_ADD, made, &e) == 0, "epoll_ctl");
    const auto slot = static_cast<std::size_t>(made);
    if (connections_.size() <= slot) connections_.resize(slot + 1);
    auto c = std::make_unique<connection>();
    c->socket = made;
    if (from.socket == tls_.socket) {
      c->tls.reset(SSL_new(context_.get()));
      require(c->tls != nullptr && SSL_set_fd(c->tls.get(), made) == 1, "SSL_new");
      SSL_set_accept_state(c->tls.get());  // the first read shakes hands
    }
    connections_[slot] = std::move(c);
  }
}

void fixed_server::close(int socket) {
  connections_[static_cast<std::size_t>(socket)].reset();
  ::close(socket);
}

/// False: the connection is over.
bool fixed_server::on_readable(connection& c) {
  do {
    if (c.filled == c.in.size()) {
      if (c.in.size() >= buffer_max) return false;
      c.in.resize(2 * c.in.size());
    }
    const ssize_t got = c.read(c.in.data() + c.filled, c.in.size() - c.filled);
    if (got <= 0) return got < 0 && errno == EAGAIN;
    c.filled += static_cast<std::size_t>(got);
    answer_all(c);
    if (!flush(c)) return false;
    // What OpenSSL has read already makes no socket readable.
  } while (!c.waits_to_write && c.tls != nullptr && SSL_has_pending(c.tls.get()) == 1);
  return true;
}

bool fixed_server::flush(connection& c) {
  bool full = false;
  while (c.sent < c.out.size() && !full) {
    const ssize_t wrote = c.write(c.out.data() + c.sent, c.out.size() - c.sent);
    if (wrote <= 0 && errno != EAGAIN) return false;
    full = wrote <= 0;
    if (wrote > 0) c.sent += static_cast<std::size_t>(wrote);
  }
  if (!full) {
    c.out.clear();
    c.sent = 0;
  }
  if (full == c.waits_to_write) return true;
  c.waits_to_write = full;
  epoll_event e{};
  e.events = full ? EPOLLOUT : EPOLLIN;
  e.data.fd = c.socket;
  return ::epoll_ctl(poller_, EPOLL_CTL_MOD, c.socket, &e) == 0;
}

/// Every request that is there whole; the beginning of another moves to the front.
void fixed_server::answer_all(connection& c) {
  const std::string_view all(c.in.data(), c.filled);
  std::size_t at = 0;
  for (;;) {
    const std::size_t end = position_of(all, "\r\n\r\n", at);
    if (end == std::string_view::npos) break;
    const std::string_view head = all.substr(at, end + 4 - at);
    const std::size_t length = content_length(head);
    if (all.size() - at - head.size() < length) break;
    answer(c, head, all.substr(at + head.size(), length));
    at += head.size() + length;
  }
  if (at == 0) return;
  std::memmove(c.in.data(), c.in.data() + at, c.filled - at);
  c.filled -= at;
}

void fixed_server::answer(connection& c, std::string_view head, std::string_view body) {
  body_.clear();
  std::uint64_t messages = 0;
  bool good = head.starts_with("POST /") && body.starts_with('{') && body.ends_with('}');
  if (head.starts_with("GET /count ")) {
    body_ = counted();
    good = true;
  } else if (good && head.starts_with("POST /ep/v2/ ")) {
    body_ = sinch_answer;
    messages = 1;
  } else if (good) {
    messages = answer_infobip(body, body_);
  }
  if (!body.empty()) requests_.fetch_add(1, std::memory_order_relaxed);
  if (!good) bad_.fetch_add(1, std::memory_order_relaxed);
  messages_.fetch_add(messages, std::memory_order_relaxed);
  std::array<char, 128> first;
  const int n = std::snprintf(first.data(), first.size(),
                              "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
                              good ? "200 OK" : "400 Bad Request", body_.size());
  c.out.append(first.data(), static_cast<std::size_t>(n));
  c.out += body_;
}

}  // namespace broadside::bench
