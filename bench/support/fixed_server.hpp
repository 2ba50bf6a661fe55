// bench/support/fixed_server - the least a provider can be: a small epoll server that reads requests and says yes.
//
// Answers POST /ep/v2/ as Sinch does with one fixed body, other POSTs as Infobip does, one entry for each messageId in
// the request, and GET /count with what it has counted. One thread; loopback only; allocates nothing once warm. A
// request that is none, or whose body is not whole JSON by its first and last byte, is answered with 400 and counted as
// bad.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

struct ssl_ctx_st;

namespace broadside::bench {

enum class wire : std::uint8_t { plain, plain_and_tls };

class fixed_server {
 public:
  /// Ports are chosen by the system. Ends the program when there is no socket or, with TLS, no certificate.
  explicit fixed_server(wire spoken = wire::plain);
  ~fixed_server();
  fixed_server(const fixed_server&) = delete;
  fixed_server& operator=(const fixed_server&) = delete;

  [[nodiscard]] std::string url() const;
  [[nodiscard]] std::string tls_url() const;
  /// What clients of the TLS port trust, as PEM; empty without one.
  [[nodiscard]] const std::string& authority() const noexcept { return authority_; }

  [[nodiscard]] std::uint64_t messages() const noexcept { return messages_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t requests() const noexcept { return requests_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t bad() const noexcept { return bad_.load(std::memory_order_relaxed); }
  /// "messages N requests N bad N", as GET /count answers.
  [[nodiscard]] std::string counted() const;

 private:
  struct connection;
  struct listener {
    int socket = -1;
    std::uint16_t port = 0;
  };

  void prepare_tls();
  listener listen();
  void serve();
  void take_connections(const listener& from);
  void close(int socket);
  bool on_readable(connection& c);
  bool flush(connection& c);
  void answer_all(connection& c);
  void answer(connection& c, std::string_view head, std::string_view body);

  listener plain_;
  listener tls_;
  int poller_ = -1;
  int stop_ = -1;
  std::unique_ptr<ssl_ctx_st, void (*)(ssl_ctx_st*)> context_;  // null: no TLS
  std::string authority_;

  // thread_ only
  std::vector<std::unique_ptr<connection>> connections_;  // by socket
  std::string body_;

  std::atomic<std::uint64_t> messages_{0};
  std::atomic<std::uint64_t> requests_{0};
  std::atomic<std::uint64_t> bad_{0};
  std::thread thread_;
};

}  // namespace broadside::bench
