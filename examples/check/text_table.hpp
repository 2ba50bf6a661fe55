// check/text_table - columns of text that fit a width.
//
// Pure; any thread. Cells hold no line ends.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace broadside::checking {

struct table_row {
  std::vector<std::string> cells;
  std::string note{};  ///< below the cells, from the second column on; may be empty
};

/// `head` and `rows` under each other, indented by two. Columns that do not fit `width` are wrapped, the widest first;
/// 0: as wide as it takes. Columns that are empty in every row are left out.
[[nodiscard]] std::string table_text(const std::vector<std::string>& head, std::span<const table_row> rows,
                                     std::size_t width);

/// Lines of at most `width` columns, broken between words; words that are longer are broken anywhere. 0: one line.
[[nodiscard]] std::vector<std::string> wrapped(std::string_view text, std::size_t width);

}  // namespace broadside::checking
