// check/worst_case - what the values of an audience could make of a template, before there is an audience.
//
// Pure; any thread. Allocates. Bounded: texts end where no limit of anybody's could tell them apart any more.
#pragma once

#include <broadside/campaign.hpp>
#include <broadside/check.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <text/template.hpp>
#include <vector>

namespace broadside::check_detail {

/// How long each attribute's value may be, in code points.
class value_bounds {
 public:
  value_bounds(const campaign&, const check_options&);
  [[nodiscard]] std::size_t attributes() const noexcept { return by_attribute_.size(); }
  [[nodiscard]] std::uint32_t of(std::size_t attribute) const noexcept { return by_attribute_[attribute]; }

 private:
  std::vector<std::uint32_t> by_attribute_;
};

/// What makes one text longer than another.
enum class measure : std::uint8_t { code_points, septets, utf16_units };

[[nodiscard]] std::uint64_t length_in(measure, std::string_view well_formed) noexcept;

/// Code points of the longest text that values within their bounds can make: each attribute either empty, so that its
/// defaults stand, or as long as it may be.
[[nodiscard]] std::uint64_t longest(const text::compiled_template&, const value_bounds&);

/// Every value empty, defaults in their place.
[[nodiscard]] std::string unfilled(const text::compiled_template&, const value_bounds&);

/// How many attributes have a value: one, where the value's alphabet makes more of a difference than its length.
enum class at_least : std::uint8_t { no_value, one_value };

/// The longest text by `by`, with values made of `stand_in`, one code point. Cut at 256 KiB.
[[nodiscard]] std::string filled(const text::compiled_template&, const value_bounds&, std::string_view stand_in,
                                 measure by, at_least = at_least::no_value);

}  // namespace broadside::check_detail
