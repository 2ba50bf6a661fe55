// http/request_head - the part of a request that is the same for every message of a route, written once.
//
// Pure; allocates at set-up only. It may hold secrets: never print it.
#pragma once

#include <broadside/provider.hpp>
#include <broadside/result.hpp>
#include <string>
#include <string_view>

namespace broadside::http {

/// "POST … Content-Length: ": the length, an empty line and the body follow (RFC 9112 section 2.1).
/// Errors: invalid_argument, when the target or a header could break out of its line, or names a field that is ours.
[[nodiscard]] result<std::string> make_request_head(const http_endpoint&, std::string_view authority);

}  // namespace broadside::http
