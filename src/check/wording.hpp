// check/wording - the phrases that findings share, so that one thing is said in one way. Pure; any thread.
#pragma once

#include <broadside/country.hpp>
#include <broadside/limits.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace broadside::check_detail {

/// Whose a rule of nobody in particular is.
inline constexpr std::string_view ours = "broadside";

/// "1 character", "80 characters". `unit` is the singular.
[[nodiscard]] std::string count_of(std::uint64_t count, std::string_view unit);

/// "character 12" for the character at byte offset `at` of a well-formed text; the first is 1.
[[nodiscard]] std::string place_of(std::string_view text, std::size_t at);

/// "U+2019 (’)"; what is not shown, or changes what stands around it, by its number alone.
[[nodiscard]] std::string name_of_character(char32_t);

/// The text in quotes, cut after 60 characters. What is not UTF-8, or is a control, is shown as "?".
[[nodiscard]] std::string quoted(std::string_view text);

/// "US, CA"; "none" when empty.
[[nodiscard]] std::string list_of(const country_set&);

/// The names of the profiles for which `holds`, joined by ", "; empty when there is none.
template <class Predicate>
[[nodiscard]] std::string whose(const combined_limits& limits, Predicate holds) {
  std::string names;
  for (const content_limits& each : limits.profiles()) {
    if (!holds(each)) continue;
    if (!names.empty()) names += ", ";
    names += each.name.view();
  }
  return names;
}

}  // namespace broadside::check_detail
