// preflight/address_guard - is an address one that everybody on the internet reaches, or one of this host's own world?
//
// A campaign's author writes URLs that a server fetches: without this, they could read what only the server reaches.
// Pure; any thread; allocates only where a std::string is returned.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace broadside::preflight_detail {

struct ip_address {
  std::array<std::uint8_t, 16> bytes{};  ///< in network order; the first four of an IPv4 address
  bool v6 = false;
  friend constexpr bool operator==(const ip_address&, const ip_address&) noexcept = default;
};

/// "192.0.2.1" with exactly four decimal numbers, or an IPv6 address without brackets and zone; nothing for all else.
[[nodiscard]] std::optional<ip_address> parse_address(std::string_view) noexcept;
[[nodiscard]] std::string to_string(const ip_address&);

/// What an address is when it is not public: "loopback", "private", …; empty when it is public. Everything in IANA's
/// registries of special-purpose addresses is not, reachable or not. An IPv6 address that carries an IPv4 one (mapped,
/// compatible, NAT64, 6to4, Teredo) is judged by that. Lives for ever.
[[nodiscard]] std::string_view why_not_public(const ip_address&) noexcept;

/// Whether resolvers may read a host's name as an IPv4 address though it is not written as one: "2130706433",
/// "0x7f.1", "0177.0.0.1", "127.0.0.1.".
[[nodiscard]] bool is_disguised_address(std::string_view host) noexcept;

}  // namespace broadside::preflight_detail
