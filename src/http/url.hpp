// http/url - where to connect to: scheme, host and port of a URL, and what to ask for there.
//
// Pure; allocates its strings, never on a path that messages take. Any thread.
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

/// Where one object is.
struct location {
  origin at;
  std::string target;  ///< path and query, in origin form (RFC 9112 section 3.2.1)
};

/// Reads an absolute http or https URL with any path and query; a fragment is dropped. User info is refused, and so is
/// what has to be percent-encoded and is not. Errors: invalid_url.
[[nodiscard]] result<location> parse_location(std::string_view url);

/// The URL that `reference`, as a Location field has it, means at `base` (RFC 3986 section 5.2), without its fragment.
/// Errors: invalid_url.
[[nodiscard]] result<std::string> resolve_reference(std::string_view base, std::string_view reference);

}  // namespace broadside::http
