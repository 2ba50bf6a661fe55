// audience/closest - the known word that a misspelt one was probably meant to be.
//
// Pure. O(candidates * length^2), lengths are bounded.
#pragma once

#include <span>
#include <string_view>

namespace broadside::audience {

/// Empty when nothing is close: more than a third of the letters differ. Case does not count.
[[nodiscard]] std::string_view closest(std::string_view word, std::span<const std::string_view> candidates) noexcept;

}  // namespace broadside::audience
