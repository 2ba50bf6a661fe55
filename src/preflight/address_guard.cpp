// preflight/address_guard - IANA's special-purpose registries as two tables. Pure; any thread.
#include <algorithm>
#include <boost/url/ipv4_address.hpp>
#include <boost/url/ipv6_address.hpp>
#include <cstddef>
#include <preflight/address_guard.hpp>

namespace broadside::preflight_detail {
namespace {

struct v4_block {
  std::uint32_t first;
  unsigned bits;
  std::string_view what;
};

constexpr std::uint32_t v4(unsigned a, unsigned b, unsigned c, unsigned d) noexcept {
  return (a << 24U) | (b << 16U) | (c << 8U) | d;
}

// The IPv4 registry, multicast, and what one cloud keeps outside it.
constexpr std::array v4_blocks{
    v4_block{v4(0, 0, 0, 0), 8, "of this network"},             // RFC 791
    v4_block{v4(10, 0, 0, 0), 8, "private"},                    // RFC 1918
    v4_block{v4(100, 64, 0, 0), 10, "shared by a carrier"},     // RFC 6598
    v4_block{v4(127, 0, 0, 0), 8, "loopback"},                  // RFC 1122
    v4_block{v4(168, 63, 129, 16), 32, "metadata of a cloud"},  // Azure's, on a public number
    v4_block{v4(169, 254, 0, 0), 16, "link-local"},             // RFC 3927; most clouds' metadata
    v4_block{v4(172, 16, 0, 0), 12, "private"},                 // RFC 1918
    v4_block{v4(192, 0, 0, 0), 24, "of protocols"},             // RFC 6890; one cloud's metadata
    v4_block{v4(192, 0, 2, 0), 24, "for documentation"},        // RFC 5737
    v4_block{v4(192, 31, 196, 0), 24, "of AS112"},              // RFC 7535
    v4_block{v4(192, 52, 193, 0), 24, "of AMT"},                // RFC 7450
    v4_block{v4(192, 88, 99, 0), 24, "of 6to4 relays"},         // RFC 7526
    v4_block{v4(192, 168, 0, 0), 16, "private"},                // RFC 1918
    v4_block{v4(192, 175, 48, 0), 24, "of AS112"},              // RFC 7534
    v4_block{v4(198, 18, 0, 0), 15, "for benchmarks"},          // RFC 2544
    v4_block{v4(198, 51, 100, 0), 24, "for documentation"},     // RFC 5737
    v4_block{v4(203, 0, 113, 0), 24, "for documentation"},      // RFC 5737
    v4_block{v4(224, 0, 0, 0), 4, "multicast"},                 // RFC 5771
    v4_block{v4(255, 255, 255, 255), 32, "broadcast"},          // RFC 919
    v4_block{v4(240, 0, 0, 0), 4, "reserved"},                  // RFC 1112
};

std::string_view why_v4_not_public(std::uint32_t address) noexcept {
  for (const v4_block& each : v4_blocks) {
    if (((address ^ each.first) >> (32U - each.bits)) == 0) return each.what;
  }
  return {};
}

struct v6_block {
  std::array<std::uint16_t, 4> first;  // no prefix in the registry is longer than 64 bits, but for ::, ::1 and NAT64's
  unsigned bits;
  std::string_view what;
};

// What of 2000::/3 is special, and names for what is outside. Nothing else outside is public either.
constexpr std::array v6_blocks{
    v6_block{{0x0064, 0xff9b, 0x0001, 0}, 48, "of a local NAT64"},  // RFC 8215: which bits are an IPv4 is not known
    v6_block{{0x0100, 0, 0, 0}, 64, "discarded"},                   // RFC 6666
    v6_block{{0x2001, 0, 0, 0}, 23, "of protocols"},                // RFC 2928: ORCHID, benchmarks, AMT
    v6_block{{0x2001, 0x0db8, 0, 0}, 32, "for documentation"},      // RFC 3849
    v6_block{{0x2620, 0x004f, 0x8000, 0}, 48, "of AS112"},          // RFC 7534
    v6_block{{0x3fff, 0, 0, 0}, 20, "for documentation"},           // RFC 9637
    v6_block{{0xfc00, 0, 0, 0}, 7, "private"},                      // RFC 4193
    v6_block{{0xfe80, 0, 0, 0}, 10, "link-local"},                  // RFC 4291
    v6_block{{0xfec0, 0, 0, 0}, 10, "site-local"},                  // RFC 3879
    v6_block{{0xff00, 0, 0, 0}, 8, "multicast"},                    // RFC 4291
};

std::uint32_t v4_at(const ip_address& a, std::size_t i) noexcept {
  return v4(a.bytes[i], a.bytes[i + 1], a.bytes[i + 2], a.bytes[i + 3]);
}

std::uint16_t group(const ip_address& a, std::size_t i) noexcept {
  return static_cast<std::uint16_t>((a.bytes[2 * i] << 8U) | a.bytes[2 * i + 1]);
}

bool is_zero(const ip_address& a, std::size_t from, std::size_t to) noexcept {
  return std::all_of(a.bytes.begin() + static_cast<std::ptrdiff_t>(from),
                     a.bytes.begin() + static_cast<std::ptrdiff_t>(to), [](std::uint8_t b) { return b == 0; });
}

bool is_in(const ip_address& a, const v6_block& block) noexcept {
  for (std::size_t i = 0; i < block.first.size(); ++i) {
    const unsigned from = 16 * static_cast<unsigned>(i);
    if (block.bits <= from) return true;
    const unsigned shift = 16U - std::min(16U, block.bits - from);
    if ((static_cast<unsigned>(group(a, i) ^ block.first[i]) >> shift) != 0) return false;
  }
  return true;
}

/// The IPv4 addresses that an IPv6 one leads to.
struct inner_addresses {
  std::array<std::uint32_t, 2> all{};
  std::size_t count = 0;
};

inner_addresses inner(const ip_address& a) noexcept {
  const bool is_compatible = is_zero(a, 0, 12);  // RFC 4291 section 2.5.5.1
  const bool is_mapped = is_zero(a, 0, 10) && group(a, 5) == 0xFFFF;
  const bool is_nat64 = group(a, 0) == 0x0064 && group(a, 1) == 0xff9b && is_zero(a, 4, 12);  // RFC 6052
  if (is_compatible || is_mapped || is_nat64) return {{v4_at(a, 12)}, 1};
  if (group(a, 0) == 0x2002) return {{v4_at(a, 2)}, 1};  // 6to4, RFC 3056
  if (group(a, 0) == 0x2001 && group(a, 1) == 0) {       // Teredo, RFC 4380: its server, and the client turned over
    return {{v4_at(a, 4), ~v4_at(a, 12)}, 2};
  }
  return {};
}

std::string_view why_v6_not_public(const ip_address& a) noexcept {
  if (is_zero(a, 0, 16)) return "unspecified";
  if (is_zero(a, 0, 15) && a.bytes[15] == 1) return "loopback";
  const inner_addresses carried = inner(a);
  for (std::size_t i = 0; i < carried.count; ++i) {
    const auto why = why_v4_not_public(carried.all[i]);
    if (!why.empty()) return why;
  }
  if (carried.count > 0) return {};
  for (const v6_block& each : v6_blocks) {
    if (is_in(a, each)) return each.what;
  }
  return (a.bytes[0] >> 5U) == 1 ? std::string_view{} : "reserved";
}

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

/// What the URL standard of browsers calls a host that ends in a number.
bool is_number(std::string_view label) noexcept {
  if (label.starts_with("0x") || label.starts_with("0X")) return true;
  return !label.empty() && std::all_of(label.begin(), label.end(), is_digit);
}

}  // namespace

std::optional<ip_address> parse_address(std::string_view text) noexcept {
  ip_address out;
  if (const auto four = boost::urls::parse_ipv4_address(text)) {
    const auto bytes = four->to_bytes();
    std::copy(bytes.begin(), bytes.end(), out.bytes.begin());
    return out;
  }
  if (const auto six = boost::urls::parse_ipv6_address(text)) {
    out.bytes = six->to_bytes();
    out.v6 = true;
    return out;
  }
  return std::nullopt;
}

std::string to_string(const ip_address& a) {
  if (a.v6) return boost::urls::ipv6_address(a.bytes).to_string();
  return boost::urls::ipv4_address(v4_at(a, 0)).to_string();
}

std::string_view why_not_public(const ip_address& a) noexcept {
  return a.v6 ? why_v6_not_public(a) : why_v4_not_public(v4_at(a, 0));
}

bool is_disguised_address(std::string_view host) noexcept {
  const bool has_final_dot = host.ends_with('.');
  std::string_view name = host;
  if (has_final_dot) name.remove_suffix(1);
  const auto dot = name.rfind('.');
  if (!is_number(dot == std::string_view::npos ? name : name.substr(dot + 1))) return false;
  const auto plain = parse_address(name);
  return has_final_dot || !plain || plain->v6;
}

}  // namespace broadside::preflight_detail
