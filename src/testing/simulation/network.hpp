// testing/simulation/network - lines between clients and providers, whose bytes take their time, stop, or never come.
//
// A line is one TCP connection. Bytes keep their order each way. What a request meets is drawn when its first byte is
// written: a break at any byte of it or of its answer, or a silence from any byte on.
#pragma once

#include <broadside/environment.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <testing/simulation/request_reader.hpp>
#include <testing/simulation/world.hpp>
#include <testing/simulator_core.hpp>
#include <vector>

namespace broadside::testing::sim {

/// A provider at a host name of its own.
struct provider_host {
  provider_host(std::string n, std::uint32_t i, const simulator_options& o) : name(std::move(n)), index(i), core(o) {}
  std::string name;
  std::uint32_t index;
  simulator_core core;
  time_point gone_until{};
  std::size_t sinch_seen = 0;  // of the books' accepted messages
  std::size_t infobip_seen = 0;
  std::uint64_t faults_seen = 0;
};

/// What a client is told of its line; never from inside a call of the line.
class line_user {
 public:
  virtual ~line_user() = default;
  /// Something can be read, or the line has ended.
  virtual void on_readable() = 0;
};

class line : public std::enable_shared_from_this<line> {
 public:
  line(world& w, provider_host& to, life whose, std::uint64_t number)
      : world_(w), host_(to), user_life_(whose), number_(number) {}

  // ---- the client's side
  line_user* user = nullptr;  // null: closed
  /// A request begins; of `bytes` bytes.
  void begin_request(std::size_t bytes);
  /// Sends bytes; they arrive when they arrive.
  void send(std::string_view bytes);
  /// What has arrived and was not read.
  std::string inbox;
  bool ended = false;  // the provider ends what it sends
  bool broken = false;
  /// Closes the client's side.
  void close();
  [[nodiscard]] std::uint64_t number() const noexcept { return number_; }

 private:
  // the provider's side
  void arrive(std::string_view bytes);
  void answer();
  void act(const std::shared_ptr<reply>&);
  void send_back(std::string_view bytes);
  void send_slowly(const std::shared_ptr<reply>&, std::size_t from, std::size_t piece, duration pause);
  void finish(const reply&);
  void end_back();
  void break_it();
  [[nodiscard]] std::string_view passed(std::string_view bytes);
  void take_acceptances();
  time_point arrival(time_point& last);

  world& world_;
  provider_host& host_;
  life user_life_;
  std::uint64_t number_;
  time_point up_last_{};
  time_point down_last_{};
  request_reader reader_;
  connection_marks marks_;
  bool client_gone_ = false;    // as the provider knows
  bool provider_gone_ = false;  // closed, or broken
  bool silent_ = false;
  enum class fate : std::uint8_t { none, breaks, falls_silent };
  fate fate_ = fate::none;
  std::uint64_t left_ = 0;  // bytes of the request and its answer until then
};

}  // namespace broadside::testing::sim
