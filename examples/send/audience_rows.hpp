// send/audience_rows - the rows of an input, read from its first byte to its last.
//
// One thread; waits for an input that makes it wait. Memory: the reader's.
#pragma once

#include <broadside/audience_reader.hpp>
#include <cstdint>
#include <string>
#include <vector>
#include "audience_input.hpp"

namespace broadside::send {

/// A row of which only its place, and what is wrong with it, is wanted.
struct audience_row {
  std::uint64_t number = 0;  ///< its ordinal
  std::uint64_t line = 0;
  row_fault fault = row_fault::none;
};
/// The row at `place` of the batch; 0 for a bad one.
[[nodiscard]] audience_row row_at(const audience_batch&, std::size_t place);

[[nodiscard]] audience_options with_columns(audience_options, const audience_columns&);

/// One read(2) into the reader; at the input's end the reader is told so.
void read_block(audience_input&, audience_reader&);

class audience_rows {
 public:
  /// The input outlives it.
  audience_rows(audience_input& input, const audience_options& how) : input_(&input), reader_(how) {}

  /// `more`: that was all, or the input failed, see its error(). The batch lives until the next call.
  [[nodiscard]] audience_step next(audience_batch&);
  [[nodiscard]] const std::vector<std::string>& errors() const noexcept { return reader_.errors(); }

 private:
  audience_input* input_;
  audience_reader reader_;
};

}  // namespace broadside::send
