// preflight/connection_pool - which connection carries the next request: the URLs of one host share a few.
//
// Pure: no I/O, no clock; one thread. Allocates. What is kept is used again only for the very scheme, host and port it
// was opened for, whose certificate was checked, and only by who has checked the address it leads to. There are never
// more connections than may be, kept ones included: a kept one makes room for one that has to be opened. Who finds all
// of them in use waits, and is served in the order of asking.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <http/url.hpp>
#include <preflight/address_guard.hpp>
#include <span>
#include <vector>

namespace broadside::preflight_detail {

/// Never used again for another connection.
using connection_id = std::uint32_t;

/// What somebody wants.
struct connection_wish {
  std::size_t who = 0;  ///< asks once at a time
  http::origin to{};
  std::vector<ip_address> checked{};  ///< of the host: a connection to any of these will do
  std::size_t address = 0;            ///< the one of them to open a connection to
  bool fresh = false;                 ///< a kept one will not do
};

/// What is to be done now.
struct connection_order {
  enum class kind : std::uint8_t { none, close, open, use };
  kind what = kind::none;
  connection_id connection = 0;
  std::size_t who = 0;   ///< with open and use: who gets it
  ip_address address{};  ///< with open and use: where it leads
};

class connection_pool {
 public:
  static constexpr std::size_t per_origin_max = 4;

  /// `connections_max` is at least the number of those who may hold one at once.
  explicit connection_pool(std::size_t connections_max) noexcept : connections_max_(connections_max) {}

  void ask(connection_wish);
  /// `who` does not wait any more.
  void forget(std::size_t who);
  /// Whoever used it is done, and the server keeps it open.
  void release(connection_id);
  /// It is gone, whoever used it.
  void closed(connection_id);

  /// Until it says none: after every call above. An order is carried out once; `open` fails with closed().
  [[nodiscard]] connection_order next();

 private:
  struct connection {
    connection_id id = 0;
    http::origin to{};
    ip_address address{};
    bool kept = false;
  };
  using place = std::vector<connection>::iterator;

  [[nodiscard]] connection_order serve(const connection_wish&);
  [[nodiscard]] place find_kept(const connection_wish&);
  [[nodiscard]] connection_order close(place);

  const std::size_t connections_max_;
  std::vector<connection> open_;  // kept ones in the order they were last used
  std::deque<connection_wish> waiting_;
  connection_id next_id_ = 0;
};

}  // namespace broadside::preflight_detail
