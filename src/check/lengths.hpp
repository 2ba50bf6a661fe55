// check/lengths - a text against a length that profiles state: what is certain is an error, what values may do a
// warning.
#pragma once

#include <check/inspected.hpp>
#include <cstdint>
#include <string_view>

namespace broadside::check_detail {

/// Code points of a text before any value is filled in, and at most.
struct text_length {
  std::uint64_t certain = 0;
  std::uint64_t at_most = 0;
};

[[nodiscard]] text_length length_of(const text::compiled_template&, const value_bounds&);

using length_rule = std::optional<std::uint32_t> content_limits::*;

/// A limit: error or warning, with the strictest profile's number.
void expect_length(const inspected&, std::string_view rule, std::string_view where, text_length, length_rule,
                   findings&);

/// A length that is better not exceeded: `worse` when it is certain, advice when values may exceed it.
void advise_length(const inspected&, std::string_view rule, std::string_view where, text_length, length_rule,
                   std::string_view fix, severity worse, findings&);

}  // namespace broadside::check_detail
