// providers/rules - what options, campaigns and messages must satisfy for every provider alike.
//
// Pure; any thread. Allocates only to report violations.
#pragma once

#include <broadside/limits.hpp>
#include <broadside/message.hpp>
#include <broadside/result.hpp>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace broadside::providers {

/// ASCII only; `lower_case` is.
[[nodiscard]] bool equal_ignoring_case(std::string_view a, std::string_view lower_case) noexcept;

/// "http://host", "https://host:port"; a "/" behind it is tolerated, a path is not: the path is the provider's.
void check_base_url(std::string_view base_url, std::vector<violation>& out);

/// A secret that goes into a header: 1 to 512 visible ASCII characters (RFC 9110 §5.5), so it cannot end the header.
void check_api_key(std::string_view api_key, std::vector<violation>& out);

/// `text` is UTF-8 without control characters and has `min` to `max` bytes.
void check_identifier(std::string_view field, std::string_view text, std::size_t min, std::size_t max,
                      std::vector<violation>& out);

/// The violation of a sender, when it has one: 4 to 6 digits of a short code, a number with country code ("+" or not),
/// and, with `names`, 3 to 11 of A-Z a-z 0-9 space . - _ with a letter among them.
[[nodiscard]] std::optional<std::string> sender_violation(std::string_view sender, bool names);

/// Count, URLs and MIME types of a campaign's media. `mime_types`: what the provider takes, lower case.
void check_media(std::span<const media_link> media, const content_limits& limits,
                 std::span<const std::string_view> mime_types, std::vector<violation>& out);

/// "18885551234" for "+18885551234"; anything else as it is.
[[nodiscard]] std::string_view without_plus(std::string_view sender) noexcept;

/// Why a rendered message cannot go as far as lengths and counts say. Nothing: it can.
[[nodiscard]] std::optional<errc> content_fault(const message&, const content_limits&) noexcept;

}  // namespace broadside::providers
