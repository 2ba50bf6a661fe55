// bench/support/address - "http://127.0.0.1:PORT/path" taken apart, and a connection to it. Benches speak to loopback
// only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace broadside::bench {

struct address {
  std::string host;  // an IPv4 address
  std::uint16_t port = 0;
  std::string path = "/";

  /// Nothing for anything but http:// with an IPv4 address and a port.
  [[nodiscard]] static std::optional<address> read(std::string_view url);
  /// A connected socket that blocks; -1 when nobody is there.
  [[nodiscard]] int connect() const;
};

/// What a fixed_server answers to GET /count.
struct server_count {
  std::uint64_t messages = 0;
  std::uint64_t requests = 0;
  std::uint64_t bad = 0;
};

/// Nothing when no fixed_server answers there.
[[nodiscard]] std::optional<server_count> count_of(const address& server);

}  // namespace broadside::bench
