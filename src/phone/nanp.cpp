// phone/nanp - area codes: one byte for each of 1000 says which row of the generated table has it.
#include <algorithm>
#include <array>
#include <cstdint>
#include <phone/nanp.hpp>
#include <phone/nanp_table.hpp>

namespace broadside::numbering {
namespace {

static_assert(table::rows.size() < 256, "a row's number fits in a byte");

/// By area code: the number of its row and 1; 0: no row has it.
constexpr auto row_numbers = [] {
  std::array<std::uint8_t, 1000> numbers{};
  std::uint8_t number = 0;
  for (const table::row& each : table::rows) {
    ++number;
    for (auto codes = each.codes; !codes.empty(); codes.remove_prefix(4)) {
      unsigned code = 0;
      for (const char c : codes.substr(0, 3)) code = code * 10 + static_cast<unsigned>(c - '0');
      numbers.at(code) = number;
    }
  }
  return numbers;
}();

constexpr area nothing_known{};

}  // namespace

const area& area_of(unsigned code) noexcept {
  const unsigned number = code < row_numbers.size() ? row_numbers[code] : 0U;
  return number == 0 ? nothing_known : table::rows[number - 1].facts;
}

bool is_member(country wanted) noexcept {
  return std::ranges::any_of(table::rows, [&](const table::row& each) {
    return each.facts.kind == number_kind::geographic && each.facts.country == wanted;
  });
}

}  // namespace broadside::numbering
