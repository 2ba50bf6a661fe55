// check/worst_case - see worst_case.hpp.
#include <algorithm>
#include <check/worst_case.hpp>
#include <optional>
#include <text/unicode.hpp>
#include <text/utf8.hpp>

namespace broadside::check_detail {
namespace {

constexpr std::uint32_t characters_max = 1'000;     // as check_options documents
constexpr std::uint32_t bound_max = 65'536;         // options::recipient_bytes_max holds no more
constexpr std::size_t text_bytes_max = 256 * 1024;  // 255 parts of SMS hold 39,015 septets

/// What an attribute is to a text: how long all its places are together, with a value and without.
struct tally {
  std::uint64_t with_value = 0;
  std::uint64_t with_defaults = 0;
  bool may_have_value = false;  // it stands somewhere, and its bound is not 0
};

std::vector<tally> tallies_of(const text::compiled_template& made, const value_bounds& bounds,
                              std::uint64_t stand_in_length, measure by) {
  std::vector<tally> tallies(bounds.attributes());
  for (const auto& piece : made.pieces()) {
    if (piece.attribute < 0) continue;
    const auto attribute = static_cast<std::size_t>(piece.attribute);
    tallies[attribute].with_value += bounds.of(attribute) * stand_in_length;
    tallies[attribute].with_defaults += length_in(by, piece.literal);
    tallies[attribute].may_have_value = bounds.of(attribute) > 0;
  }
  return tallies;
}

/// Whether each attribute makes the text longer with a value than without.
std::vector<bool> worth_a_value(const std::vector<tally>& tallies) {
  std::vector<bool> worth(tallies.size());
  std::transform(tallies.begin(), tallies.end(), worth.begin(),
                 [](const tally& each) { return each.with_value >= each.with_defaults; });
  return worth;
}

/// Gives one attribute a value when none has one: the attribute that loses least by it.
void force_a_value(std::vector<bool>& worth, const std::vector<tally>& tallies) {
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < tallies.size(); ++i) {
    if (!tallies[i].may_have_value) continue;
    if (worth[i]) return;
    const auto loss = [&](std::size_t k) { return tallies[k].with_defaults - tallies[k].with_value; };
    if (!best || loss(i) < loss(*best)) best = i;
  }
  if (best) worth[*best] = true;
}

}  // namespace

value_bounds::value_bounds(const campaign& c, const check_options& options)
    : by_attribute_(c.attributes.size(), std::min(options.value_characters_max, characters_max)) {
  for (const attribute_bound& each : options.bounds) {
    const auto found = std::find(c.attributes.begin(), c.attributes.end(), each.attribute);
    if (found == c.attributes.end()) continue;
    by_attribute_[static_cast<std::size_t>(found - c.attributes.begin())] = std::min(each.characters_max, bound_max);
  }
}

std::uint64_t length_in(measure by, std::string_view text) noexcept {
  if (by == measure::code_points) return text::count_code_points(text);
  constexpr std::string_view escaped = "\f^{}\\[~]|";  // and the euro sign: two septets each (TS 23.038 §6.2.1.1)
  std::uint64_t length = 0;
  for (std::size_t at = 0; at < text.size();) {
    const char32_t c = text::next_code_point(text, at);
    const bool two_septets = c == 0x20AC || (c < 0x80 && escaped.find(static_cast<char>(c)) != std::string_view::npos);
    length += by == measure::utf16_units ? text::utf16_units(c) : two_septets ? 2U : 1U;
  }
  return length;
}

std::uint64_t longest(const text::compiled_template& made, const value_bounds& bounds) {
  const auto worth = worth_a_value(tallies_of(made, bounds, 1, measure::code_points));
  std::uint64_t length = 0;
  for (const auto& piece : made.pieces()) {
    const auto attribute = static_cast<std::size_t>(piece.attribute);
    const bool value = piece.attribute >= 0 && worth[attribute];
    length += value ? bounds.of(attribute) : text::count_code_points(piece.literal);
  }
  return length;
}

std::string unfilled(const text::compiled_template& made, const value_bounds& bounds) {
  std::string out;
  const std::vector<std::string_view> empty(bounds.attributes());
  made.render(out, empty);
  return out;
}

std::string filled(const text::compiled_template& made, const value_bounds& bounds, std::string_view stand_in,
                   measure by, at_least which) {
  const auto tallies = tallies_of(made, bounds, length_in(by, stand_in), by);
  auto worth = worth_a_value(tallies);
  if (which == at_least::one_value) force_a_value(worth, tallies);
  std::string out;
  for (const auto& piece : made.pieces()) {
    const auto attribute = static_cast<std::size_t>(piece.attribute);
    if (piece.attribute < 0 || !worth[attribute]) {
      out += piece.literal;
      continue;
    }
    for (std::uint32_t i = 0; i < bounds.of(attribute) && out.size() < text_bytes_max; ++i) out += stand_in;
  }
  return out;
}

}  // namespace broadside::check_detail
