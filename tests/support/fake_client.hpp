// tests/support/fake_client - connections that are always open and requests that a test answers by hand.
#pragma once

#include <algorithm>
#include <deque>
#include <http/client.hpp>
#include <string>
#include <vector>

namespace broadside::testing {

class fake_client final : public http::client {
 public:
  explicit fake_client(std::uint32_t connections) : bodies_(connections), state_(connections, state::idle) {}

  void want(std::size_t exchanges, time_point) override { wanted = exchanges; }
  std::optional<http::exchange> try_acquire(time_point) override {
    for (std::uint32_t i = 0; i < state_.size(); ++i) {
      if (state_[i] != state::idle) continue;
      state_[i] = state::acquired;
      return i;
    }
    return std::nullopt;
  }
  std::string& body(http::exchange e) override { return bodies_[e]; }
  void send(http::exchange e, time_point) override {
    state_[e] = state::sent;
    sent.push_back(e);
  }
  void release(http::exchange e, time_point) override { state_[e] = state::idle; }
  http::client_status status() const override {
    const auto open = std::count_if(state_.begin(), state_.end(), [](state s) { return s != state::closed; });
    http::client_status said;
    said.connections = static_cast<std::uint32_t>(open);
    said.in_flight = static_cast<std::uint32_t>(sent.size());
    said.failures = failures;
    return said;
  }

  /// Those that carry nothing are gone.
  void close_all() {
    for (state& s : state_) {
      if (s == state::idle) s = state::closed;
    }
  }

  /// Takes the oldest request that waits for its answer; its connection is idle again.
  http::exchange take() {
    const http::exchange e = sent.front();
    sent.pop_front();
    state_[e] = state::idle;
    return e;
  }
  [[nodiscard]] const std::string& oldest_body() const { return bodies_[sent.front()]; }
  [[nodiscard]] bool all_idle() const {
    for (const state s : state_) {
      if (s != state::idle) return false;
    }
    return true;
  }

  std::deque<http::exchange> sent;
  std::size_t wanted = 0;
  std::uint64_t failures = 0;  // of client_status

 private:
  enum class state : std::uint8_t { idle, acquired, sent, closed };
  std::vector<std::string> bodies_;
  std::vector<state> state_;
};

}  // namespace broadside::testing
