// http/url - where a route connects to: scheme, host and port of a base URL.
//
// Pure; allocates its strings once at set-up. Any thread.
#pragma once

#include <broadside/result.hpp>
#include <cstdint>
#include <string>
#include <string_view>

namespace broadside::http {

/// An origin (RFC 6454 section 4). One that parse_origin() returned is valid.
struct origin {
  bool tls = false;
  std::string host;  ///< lower case; an IPv6 literal without its brackets
  std::uint16_t port = 0;
  std::string authority;  ///< as the Host field wants it (RFC 9110 section 7.2): port only when not the scheme's own
};

/// Reads "http://host[:port]" or "https://…", with at most a "/" behind. User info, path, query and fragment are
/// refused: a base URL with a secret in it would end up in texts. Errors: invalid_url.
[[nodiscard]] result<origin> parse_origin(std::string_view base_url);

}  // namespace broadside::http
