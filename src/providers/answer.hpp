// providers/answer - what every provider's answer has in common: an HTTP status, and JSON that may be anything.
//
// Pure but for one parser per thread, whose memory grows to the largest answer the thread has seen. Never throws.
#pragma once

#include <simdjson.h>
#include <broadside/provider.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace broadside::providers {

/// What the HTTP status alone says of the messages (RFC 9110 §15). A 2xx says nothing before its body is read:
/// maybe_sent, and no `status_code`. Otherwise `status_code` is the status.
[[nodiscard]] verdict http_verdict(const http_response&) noexcept;

/// The HTTP layer caps bodies far below; this bounds what a caller without one can make a parser take.
inline constexpr std::size_t answer_bytes_max = 16UL * 1024 * 1024;

/// The JSON object in `body`; nothing for anything else, and for more than answer_bytes_max. Valid until the thread's
/// next call.
[[nodiscard]] std::optional<simdjson::dom::object> parse_object(std::string_view body) noexcept;

/// The string member `key`; empty when there is none, or it is something else.
[[nodiscard]] std::string_view string_at(simdjson::dom::object, std::string_view key) noexcept;
/// The object member `key`.
[[nodiscard]] std::optional<simdjson::dom::object> object_at(simdjson::dom::object, std::string_view key) noexcept;

[[nodiscard]] fixed_string<32> decimal(std::int64_t) noexcept;

/// "a: b", "A. B", or the one that is not empty, cut to what a verdict holds.
[[nodiscard]] fixed_string<160> words(std::string_view a, std::string_view b) noexcept;

/// The beginning of an answer that could not be read, as evidence.
[[nodiscard]] fixed_string<160> raw_words(std::string_view body) noexcept;

/// Takes the provider's words out of the verdicts when they repeat our key, and when the answer does and they may hold
/// any part of it: `instead` is what they say then. An answer that says it elsewhere keeps its ids and codes.
void withhold_secret(std::string_view body, std::string_view secret, std::span<verdict> each,
                     std::string_view instead = "withheld: the answer repeats the API key") noexcept;

}  // namespace broadside::providers
