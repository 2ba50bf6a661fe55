// phone/calling_codes - how long a country code is, and whose it is (ITU-T E.164). Pure; any thread; no allocation.
#pragma once

#include <broadside/country.hpp>
#include <cstddef>

namespace broadside::numbering {

/// How many of a number's digits are its country code, by its first three (a number shorter than that: followed by
/// zeros): 1 to 3, or 0 when no code that starts like this is assigned. Needs first_three < 1000.
[[nodiscard]] std::size_t calling_code_length(unsigned first_three) noexcept;

/// The country that has this code, the largest one where several share it; not known for 1, where the area code
/// decides, for codes that are nobody's (800, 870, 881 …) and for those that are not assigned.
[[nodiscard]] country country_of_calling_code(unsigned code) noexcept;

}  // namespace broadside::numbering
