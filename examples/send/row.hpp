// send/row - one record of an audience as a reader sees it: fields, or the reason there are none.
//
// Views only; dead at the reader's next call. No allocation.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace broadside::send {

/// Why a record cannot be used. Never ends a run: the next record is read.
enum class row_fault : std::uint8_t {
  none,
  unterminated_quote,
  text_after_quote,
  bare_quote,
  row_too_large,
  too_many_fields,
  wrong_number_of_fields,
  bad_json,
  not_an_object,
  key_twice,
  value_not_text,
  missing_to,
};

/// Stable, for the rejects file: "unterminated_quote".
[[nodiscard]] std::string_view name_of(row_fault) noexcept;
/// A sentence for people, without a full stop.
[[nodiscard]] std::string_view explain(row_fault) noexcept;

struct row {
  std::uint64_t line = 0;  ///< physical line where it begins, from 1
  row_fault fault = row_fault::none;
  std::span<const std::string_view> fields;  ///< empty when there is a fault
};

}  // namespace broadside::send
