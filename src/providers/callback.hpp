// providers/callback - what callbacks of every provider have in common: the secret in their path, a body that may be
// anything, words that are kept.
//
// Pure; any thread.
#pragma once

#include <simdjson.h>
#include <broadside/provider.hpp>
#include <broadside/result.hpp>
#include <cstddef>
#include <string_view>
#include <vector>

namespace broadside::providers {

/// 16 to 128 letters, digits, '-' and '_', or empty.
void check_callback_secret(std::string_view secret, std::vector<violation>& out);

/// An https URL of at most 2048 bytes whose path ends in the secret, or empty.
void check_callback_url(std::string_view url, std::string_view secret, std::vector<violation>& out);

/// Whether a request is a POST to a path whose last segment is the secret. Takes as long for any other segment.
[[nodiscard]] bool is_posted_to(const http_request_view&, std::string_view secret) noexcept;

/// The JSON object that a callback's body is, read with its own parser: a host may call from any number of threads, and
/// none of them keeps the memory that the largest body took.
class callback_body {
 public:
  /// Errors: callback_malformed, also for more than 1 MiB.
  [[nodiscard]] result<simdjson::dom::object> read(std::string_view body) noexcept;

 private:
  simdjson::dom::parser parser_;
};

/// `text`, or what says that it was withheld since it repeats the secret.
[[nodiscard]] std::string_view kept(std::string_view text, std::string_view secret) noexcept;

/// "+12125550123" for "12125550123"; empty for what has other characters than digits behind the "+", or too many.
[[nodiscard]] fixed_string<40> with_plus(std::string_view number) noexcept;

/// The moment, or the epoch for what is none.
[[nodiscard]] wall_time moment(std::string_view text) noexcept;

}  // namespace broadside::providers
