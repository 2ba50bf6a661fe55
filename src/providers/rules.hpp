// providers/rules - what the options of every provider must satisfy.
//
// Pure; any thread. Allocates only to report violations.
#pragma once

#include <broadside/result.hpp>
#include <cstddef>
#include <string>
#include <string_view>
#include <text/ascii.hpp>
#include <vector>

namespace broadside::providers {

using text::equal_ignoring_case;

/// "http://host", "https://host:port"; a "/" behind it is tolerated, a path is not: the path is the provider's.
void check_base_url(std::string_view base_url, std::vector<violation>& out);

/// A secret that goes into a header: 1 to 512 visible ASCII characters (RFC 9110 §5.5), so it cannot end the header.
void check_api_key(std::string_view api_key, std::vector<violation>& out);

/// `text` is UTF-8 without control characters and has `min` to `max` bytes.
void check_identifier(std::string_view field, std::string_view text, std::size_t min, std::size_t max,
                      std::vector<violation>& out);

/// "18885551234" for "+18885551234"; anything else as it is.
[[nodiscard]] std::string_view without_plus(std::string_view sender) noexcept;

}  // namespace broadside::providers
