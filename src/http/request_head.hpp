// http/request_head - the heads of requests: of a route's messages, where it is written once, and of objects.
//
// Pure; allocates at set-up only. It may hold secrets: never print it.
#pragma once

#include <broadside/provider.hpp>
#include <broadside/result.hpp>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace broadside::http {

/// What the requests of a route have in common (RFC 9112 section 2.1).
struct request_head {
  http_method method = http_method::post;
  /// post: "POST … Content-Length: "; the length, an empty line and the body follow. get: "GET " and the target; what
  /// is_target_rest() and then `end` follow.
  std::string start;
  std::string end;  ///< get: from the space behind the target to the empty line. post: empty
};

/// Errors: invalid_argument, when the target or a header could break out of its line, or names a field that is ours.
[[nodiscard]] result<request_head> make_request_head(const http_endpoint&, std::string_view authority);

/// What may be appended to a target: servers are known to take 8000 bytes of a request line and no more (RFC 9112
/// section 3).
inline constexpr std::size_t target_rest_bytes_max = 4096;

/// Whether a GET may append this to its target: not too long, and it cannot break out of the request line. It may be
/// empty.
[[nodiscard]] bool is_target_rest(std::string_view text) noexcept;

/// A whole GET request. Errors: as above.
[[nodiscard]] result<std::string> make_get_request(std::string_view target, std::string_view authority,
                                                   std::span<const http_header> headers);

}  // namespace broadside::http
