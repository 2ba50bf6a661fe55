// testing/simulation/simulated_transport - http/transport over the lines of a simulated network.
#pragma once

#include <http/client_core.hpp>
#include <http/transport.hpp>
#include <memory>
#include <string>
#include <testing/simulation/network.hpp>
#include <testing/simulation/world.hpp>
#include <vector>

namespace broadside::testing::sim {

class simulated_transport final : public http::transport {
 public:
  /// `engine` is which one it is, for departures. Events belong to `who`.
  simulated_transport(world& w, provider_host& to, life who, std::uint32_t engine, std::uint32_t connections_max)
      : world_(w), host_(to), who_(who), engine_(engine), wires_(connections_max) {}
  ~simulated_transport() override { close_all(); }

  void use(http::client_core& core) { core_ = &core; }
  /// The process died, or the client is gone.
  void close_all();

  std::optional<std::size_t> resolve(std::uint32_t serial) override;
  void connect(http::exchange, std::size_t address) override;
  error_code handshake(http::exchange) override;
  bool peer_has_closed(http::exchange) override;
  std::size_t write_now(http::exchange, pieces, error_code&) override;
  bool write_all(http::exchange, pieces) override;
  void read(http::exchange) override;
  void shut(http::exchange) override;
  void drained(http::exchange) override;
  void post(http::exchange) override;
  void set_timer(time_point at, time_point now) override;

 private:
  struct wire final : line_user {
    void on_readable() override { owner->deliver(index); }
    simulated_transport* owner = nullptr;
    http::exchange index = 0;
    std::shared_ptr<line> on;
    std::string bytes;  // what a read was answered with
    bool hangs = false;
    bool reading = false;
    bool shut = false;
    bool has_begun = false;  // a request, whose rest is still to be written
  };
  void open(wire&);
  void deliver(http::exchange);
  void begin_request(wire&, const std::string& all);

  world& world_;
  provider_host& host_;
  life who_;
  std::uint32_t engine_;
  http::client_core* core_ = nullptr;
  std::vector<std::unique_ptr<wire>> wires_;
  std::uint64_t timer_serial_ = 0;
  std::uint64_t lines_ = 0;
};

}  // namespace broadside::testing::sim
