// limits/content_fault - the limits that every rendered message is held against. Pure; any thread; no allocation.
#pragma once

#include <broadside/limits.hpp>
#include <broadside/message.hpp>
#include <optional>

namespace broadside::limits {

/// Why a rendered message cannot go as far as lengths, counts and the characters of its subject say. Nothing: it can.
/// Lengths are code points of well-formed UTF-8. `flattened`: combined_limits::flattened() of all profiles that bind
/// the message, made once. What is the same for every message (formats, sizes, senders) and the parts of the fallback
/// are not looked at.
[[nodiscard]] std::optional<errc> content_fault(const message&, const content_limits& flattened) noexcept;

}  // namespace broadside::limits
