// http/pool - the connections of one route on one shard: how many, to which address, when again, which next.
//
// Pure: takes `now`, does no I/O, reads no clock; all memory is taken by the constructor. Shard thread only. Every call
// is O(1) but sweep(), which looks at all connections when the earliest deadline may have passed.
#pragma once

#include <array>
#include <broadside/environment.hpp>
#include <broadside/options.hpp>
#include <broadside/result.hpp>
#include <cstddef>
#include <cstdint>
#include <env/random.hpp>
#include <http/client.hpp>
#include <http/connection_fsm.hpp>
#include <optional>
#include <vector>

namespace broadside::http {

/// What the driver is to start now.
struct pool_task {
  enum class kind : std::uint8_t { none, resolve, connect };
  kind what = kind::none;
  exchange connection = 0;   ///< with connect
  std::size_t address = 0;   ///< with connect: index in the addresses last resolved
  std::uint32_t serial = 0;  ///< with resolve: goes back with the result
};

class pool {
 public:
  static constexpr std::size_t addresses_max = 64;
  /// Connections being opened at once: the start, and how far successes let it grow. One after a failure.
  static constexpr std::uint32_t opening_start = 8;
  static constexpr std::uint32_t opening_max = 64;
  /// A connection that ends sooner than this without an answer counts as one that failed to open.
  static constexpr duration fruitless_within = std::chrono::seconds{1};

  /// `options` outlives it. `seed` is for the jitter of the back-off.
  pool(const http_options& options, bool tls, std::uint64_t seed);

  // The dispatcher's side, as client.hpp says.
  void want(std::size_t exchanges) noexcept { want_ = exchanges; }
  std::optional<exchange> try_acquire(time_point now) noexcept;
  [[nodiscard]] client_status status() const noexcept;
  [[nodiscard]] std::uint64_t failures() const noexcept { return failed_; }  // as in status()

  // The driver's side.
  /// Until it says none: after every call that may have changed something.
  pool_task next_task(time_point now) noexcept { return is_short_of_connections() ? next_opening(now) : pool_task{}; }
  /// Whether this was the resolution asked for last; a late one is ignored, its addresses must not be used.
  bool resolved(std::uint32_t serial, std::size_t addresses, time_point now) noexcept;
  void resolve_failed(std::uint32_t serial, error_code why, time_point now) noexcept;
  /// An event of one connection; what to do about it. Takes in the books what it meant for the pool.
  connection_action on(exchange, connection_event, time_point now, const error_code& why = {}) noexcept;
  [[nodiscard]] connection_state state(exchange c) const noexcept { return slots_[c].fsm.state(); }

  /// The earliest time at which sweep() may find something; time_point::max(): none. May be early, never late.
  [[nodiscard]] time_point next_deadline() const noexcept { return sweep_at_; }
  struct swept {
    exchange connection;
    connection_action action;
  };
  /// Replaces `out` by the connections whose deadline has passed. `out` does not grow beyond connections_max.
  void sweep(time_point now, std::vector<swept>& out) noexcept;

 private:
  static constexpr std::uint32_t nobody = 0xFFFFFFFF;
  struct slot {
    connection_fsm fsm;
    std::uint32_t newer = nobody;  // neighbours in the list of idle connections
    std::uint32_t older = nobody;
    time_point opened_at{};
    std::uint32_t address = 0;
    std::uint32_t address_serial = 0;
    bool has_answered = false;
  };

  [[nodiscard]] std::uint32_t count(connection_state s) const noexcept { return counts_[static_cast<std::size_t>(s)]; }
  [[nodiscard]] std::uint32_t opening() const noexcept {
    return count(connection_state::connecting) + count(connection_state::handshaking);
  }
  [[nodiscard]] bool is_short_of_connections() const noexcept {
    return !closed_.empty() && want_ > std::size_t{count(connection_state::idle)} + opening();
  }
  pool_task next_opening(time_point now) noexcept;
  void link_idle(exchange) noexcept;
  void unlink_idle(exchange) noexcept;
  void moved(exchange, connection_state from, const connection_action&, time_point now) noexcept;
  void broke(const slot&, connection_state from, const connection_action&, time_point now) noexcept;
  void opening_failed(const slot&, time_point now) noexcept;
  void back_off(time_point now) noexcept;
  [[nodiscard]] std::size_t pick_address() noexcept;
  void note_deadline(time_point at) noexcept {
    if (at < sweep_at_) sweep_at_ = at;
  }

  const http_options* options_;
  std::vector<slot> slots_;
  std::vector<exchange> closed_;  // a stack
  std::array<std::uint32_t, connection_state_count> counts_{};
  std::uint32_t newest_idle_ = nobody;
  std::size_t want_ = 0;
  time_point sweep_at_ = time_point::max();
  error_code last_error_;
  std::uint64_t failed_ = 0;  // as client_status::failures

  // opening
  std::uint32_t opening_limit_ = opening_start;
  std::uint32_t failures_ = 0;  // rounds in which every address failed, since the last answer
  time_point retry_at_ = time_point::min();
  random_bits random_;

  // addresses
  std::array<bool, addresses_max> address_failed_{};
  std::size_t addresses_ = 0;
  std::size_t next_address_ = 0;
  std::uint32_t address_serial_ = 0;
  time_point addresses_until_ = time_point::min();
  time_point resolve_until_ = time_point::max();  // max: none under way
  std::uint32_t resolve_serial_ = 0;
};

}  // namespace broadside::http
