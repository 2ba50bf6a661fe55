// check/text_table - measure, shrink, wrap, print. Pure.
#include "text_table.hpp"
#include <algorithm>
#include <cstdint>
#include <numeric>
#include "characters.hpp"

namespace broadside::checking {
namespace {

constexpr std::size_t indent = 2;
constexpr std::size_t between = 2;
constexpr std::size_t column_min = 8;

using widths = std::vector<std::size_t>;

// Bytes of the front of `text` that take at most `width` columns, at least one character.
std::size_t front_bytes(std::string_view text, std::size_t width) noexcept {
  std::size_t at = 0;
  std::size_t columns = 0;
  while (at < text.size()) {
    const character next = first_character(text.substr(at));
    columns += columns_of(next.code_point);
    if (columns > width && at > 0) break;
    at += next.bytes;
  }
  return at;
}

widths natural_widths(const std::vector<std::string>& head, std::span<const table_row> rows) {
  widths out(head.size(), 0);
  for (const table_row& row : rows) {
    for (std::size_t i = 0; i < row.cells.size(); ++i) out[i] = std::max(out[i], columns_of(row.cells[i]));
  }
  for (std::size_t i = 0; i < head.size(); ++i) {
    if (out[i] > 0) out[i] = std::max(out[i], columns_of(head[i]));
  }
  return out;
}

std::size_t longest_word(std::string_view text) noexcept {
  std::size_t out = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    out = std::max(out, columns_of(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::size_t sum_of(const widths& all) {
  const auto used = static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [](auto w) { return w > 0; }));
  return std::accumulate(all.begin(), all.end(), indent) + between * (used > 0 ? used - 1 : 0);
}

// Takes from the widest column that is above its least width, until all fit or none is.
void shrink(widths& all, const widths& least, std::size_t width) {
  while (sum_of(all) > width) {
    std::size_t widest = all.size();
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (all[i] > least[i] && (widest == all.size() || all[i] > all[widest])) widest = i;
    }
    if (widest == all.size()) return;
    --all[widest];
  }
}

// Between words first; within words only when that is not enough.
void fit(widths& all, std::span<const table_row> rows, std::size_t width) {
  widths least(all.size(), column_min);
  for (const table_row& row : rows) {
    for (std::size_t i = 0; i < row.cells.size(); ++i) least[i] = std::max(least[i], longest_word(row.cells[i]));
  }
  shrink(all, least, width);
  shrink(all, widths(all.size(), column_min), width);
}

void add_line(std::string& out, std::string_view line) {
  while (line.ends_with(' ')) line.remove_suffix(1);
  out += line;
  out += '\n';
}

void add_row(std::string& out, const std::vector<std::string>& cells, const widths& all) {
  std::vector<std::vector<std::string>> lines(all.size());
  std::size_t height = 1;
  for (std::size_t i = 0; i < all.size() && i < cells.size(); ++i) {
    if (all[i] > 0) lines[i] = wrapped(cells[i], all[i]);
    height = std::max(height, lines[i].size());
  }
  for (std::size_t y = 0; y < height; ++y) {
    std::string line(indent, ' ');
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (all[i] == 0) continue;
      const std::string_view cell = y < lines[i].size() ? std::string_view(lines[i][y]) : std::string_view();
      line += cell;
      line.append(all[i] - std::min(all[i], columns_of(cell)) + between, ' ');
    }
    add_line(out, line);
  }
}

}  // namespace

std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
  std::vector<std::string> out;
  if (width == 0) width = SIZE_MAX;
  while (!text.empty()) {
    std::size_t end = front_bytes(text, width);
    if (end < text.size() && text[end] != ' ') {
      const std::size_t space = text.substr(0, end).rfind(' ');
      if (space != std::string_view::npos && space > 0) end = space;
    }
    out.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
    while (text.starts_with(' ')) text.remove_prefix(1);
  }
  return out;
}

std::string table_text(const std::vector<std::string>& head, std::span<const table_row> rows, std::size_t width) {
  if (rows.empty()) return {};
  widths all = natural_widths(head, rows);
  if (width > 0) fit(all, rows, width);
  const std::size_t note_at = indent + (all.empty() ? 0 : all[0]) + between;
  const std::size_t note_width = width > note_at + column_min ? width - note_at : width > 0 ? column_min : 0;
  std::string out;
  add_row(out, head, all);
  for (const table_row& row : rows) {
    add_row(out, row.cells, all);
    for (const std::string& line : wrapped(row.note, note_width)) add_line(out, std::string(note_at, ' ') + line);
  }
  return out;
}

}  // namespace broadside::checking
