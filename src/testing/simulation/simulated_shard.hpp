// testing/simulation/simulated_shard - a shard whose turns are events of the world.
#pragma once

#include <engine/shard.hpp>
#include <engine/shard_turn.hpp>
#include <engine/shared_state.hpp>
#include <http/client_core.hpp>
#include <memory>
#include <testing/simulation/process.hpp>
#include <testing/simulation/simulated_transport.hpp>
#include <vector>

namespace broadside::testing::sim {

class simulated_shard final : public engine_detail::shard {
 public:
  simulated_shard(process&, engine_detail::shared_state&, unsigned number, const engine_detail::wake_fd& settled);
  ~simulated_shard() override;

  /// The clients of every route. Errors: as make_request_head(), and invalid_url for a host that the world has not.
  result<void, failure> make_clients();
  /// The process died: its lines are closed.
  void die();

  result<void> start() override;
  void wake() noexcept override { schedule(); }
  void stop() noexcept override;
  const engine_detail::dispatcher& dispatch() const noexcept override { return turn_.dispatch(); }

 private:
  struct endpoint final : http::client_listener {
    endpoint(simulated_shard& s, std::uint16_t r, bool queries) : owner(s), route(r), asks(queries) {}
    void on_ready() override { owner.schedule(); }
    void on_end(http::exchange, const http::exchange_end&) override;
    simulated_shard& owner;
    std::uint16_t route;
    bool asks;  // of the query client
    std::unique_ptr<simulated_transport> transport;
    std::unique_ptr<http::client_core> core;
  };
  result<http::client*, failure> make_client(std::uint16_t route, const http_endpoint&, const http_options&,
                                             bool queries);
  void schedule();
  void set_timer(time_point);
  void take_turn();
  void say_last_words();
  void end_clients();

  process& process_;
  world& world_;
  engine_detail::shared_state& shared_;
  const life life_;
  engine_detail::shard_turn turn_;
  std::vector<std::unique_ptr<endpoint>> endpoints_;
  bool scheduled_ = false;
  bool started_ = false;
  bool stopping_ = false;
  bool over_ = false;
  time_point timer_at_ = time_point::max();
};

}  // namespace broadside::testing::sim
