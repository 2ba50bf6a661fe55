// media/url - whether a link is one that a provider can fetch: syntax only, nothing is resolved.
//
// Pure; any thread; no allocation. Grammar: RFC 3986, without users. No looser than what fetches media: a link that is
// taken here is not refused there for its syntax.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace broadside::media {

/// Longer ones are refused by servers and gateways on the way.
inline constexpr std::size_t url_bytes_max = 2048;

/// What follows "http://" or "https://", whatever their case; nothing when neither is in front.
[[nodiscard]] std::optional<std::string_view> after_scheme(std::string_view url) noexcept;

/// host or host:port, no user: a registered name, an IPv4 address, or an IPv6 address in brackets.
[[nodiscard]] bool is_authority(std::string_view) noexcept;

/// An absolute http or https URL without a user, of at most url_bytes_max bytes. What is no character of a URL is
/// percent-encoded in it.
[[nodiscard]] bool is_fetchable_url(std::string_view url) noexcept;

[[nodiscard]] bool is_https(std::string_view url) noexcept;

}  // namespace broadside::media
