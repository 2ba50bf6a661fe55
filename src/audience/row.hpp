// audience/row - one row as a reader of a format sees it: fields, or the reason there are none.
//
// Views only; they die when the window's bytes move. No allocation.
#pragma once

#include <broadside/audience_reader.hpp>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace broadside::audience {

struct row {
  std::uint64_t line = 0;  ///< physical line where it begins, from 1
  row_fault fault = row_fault::none;
  std::size_t field_count = 0;
  std::span<const std::string_view> fields{};  ///< as many of them as were asked for; none when there is a fault
};

inline constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

}  // namespace broadside::audience
