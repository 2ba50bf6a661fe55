// check/lengths - see lengths.hpp.
#include <fmt/format.h>
#include <check/lengths.hpp>
#include <check/wording.hpp>
#include <text/utf8.hpp>

namespace broadside::check_detail {
namespace {

std::string measured(text_length length, bool certain) {
  if (certain && length.at_most == length.certain) return count_of(length.certain, "character");
  if (certain) return fmt::format("{} before any value is filled in", count_of(length.certain, "character"));
  return fmt::format("up to {} with values at their bounds", count_of(length.at_most, "character"));
}

}  // namespace

text_length length_of(const text::compiled_template& made, const value_bounds& bounds) {
  return {.certain = text::count_code_points(made.literal_text()), .at_most = longest(made, bounds)};
}

void expect_length(const inspected& in, std::string_view rule, std::string_view where, text_length length,
                   length_rule limit, findings& found) {
  const auto strictest = in.limits.strictest(limit);
  if (!strictest || (length.certain <= strictest->allowed && length.at_most <= strictest->allowed)) return;
  const bool certain = length.certain > strictest->allowed;
  const std::uint64_t over = (certain ? length.certain : length.at_most) - strictest->allowed;
  found.push_back({.rule = rule,
                   .severity = certain ? severity::error : severity::warning,
                   .where = std::string(where),
                   .measured = measured(length, certain),
                   .allowed = count_of(strictest->allowed, "character"),
                   .whose = std::string(strictest->whose),
                   .fix = certain ? fmt::format("Shorten it by {}.", count_of(over, "character"))
                                  : "Shorten it, or keep the values shorter: longer messages are rejected."});
}

void advise_length(const inspected& in, std::string_view rule, std::string_view where, text_length length,
                   length_rule limit, std::string_view fix, severity worse, findings& found) {
  const auto strictest = in.limits.strictest(limit);
  if (!strictest || (length.certain <= strictest->allowed && length.at_most <= strictest->allowed)) return;
  const bool certain = length.certain > strictest->allowed;
  found.push_back({.rule = rule,
                   .severity = certain ? worse : severity::advice,
                   .where = std::string(where),
                   .measured = measured(length, certain),
                   .allowed = count_of(strictest->allowed, "character"),
                   .whose = std::string(strictest->whose),
                   .fix = std::string(fix)});
}

}  // namespace broadside::check_detail
