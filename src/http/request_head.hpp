// http/request_head - the heads of requests: of a route's messages, where it is written once, and of objects.
//
// Pure; allocates at set-up only. It may hold secrets: never print it.
#pragma once

#include <broadside/provider.hpp>
#include <broadside/result.hpp>
#include <span>
#include <string>
#include <string_view>

namespace broadside::http {

/// "POST … Content-Length: ": the length, an empty line and the body follow (RFC 9112 section 2.1).
/// Errors: invalid_argument, when the target or a header could break out of its line, or names a field that is ours.
[[nodiscard]] result<std::string> make_request_head(const http_endpoint&, std::string_view authority);

/// A whole GET request. Errors: as above.
[[nodiscard]] result<std::string> make_get_request(std::string_view target, std::string_view authority,
                                                   std::span<const http_header> headers);

}  // namespace broadside::http
