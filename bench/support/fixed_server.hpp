// bench/support/fixed_server - the least a provider can be: a small epoll server that reads requests and says yes.
//
// Answers POST /ep/v2/ as Sinch does with one fixed body, and anything else as Infobip does, one entry per messageId
// found in the request. One thread; loopback only; allocates nothing once warm.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>

namespace broadside::bench {

class fixed_server {
 public:
  fixed_server();
  ~fixed_server();
  fixed_server(const fixed_server&) = delete;
  fixed_server& operator=(const fixed_server&) = delete;

  [[nodiscard]] std::string url() const;
  [[nodiscard]] std::uint64_t messages() const noexcept { return messages_.load(std::memory_order_relaxed); }

 private:
  void serve();

  int listener_ = -1;
  int poller_ = -1;
  int stop_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<std::uint64_t> messages_{0};
  std::thread thread_;
};

}  // namespace broadside::bench
