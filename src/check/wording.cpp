// check/wording - see wording.hpp.
#include <fmt/format.h>
#include <check/wording.hpp>
#include <text/characters.hpp>
#include <text/unicode.hpp>
#include <text/utf8.hpp>

namespace broadside::check_detail {
namespace {

constexpr country nowhere{"ZZ"};  // what combined limits have when no country is left

}  // namespace

std::string count_of(std::uint64_t count, std::string_view unit) {
  return fmt::format("{} {}{}", count, unit, count == 1 ? "" : "s");
}

std::string place_of(std::string_view text, std::size_t at) {
  return fmt::format("character {}", 1 + text::count_code_points(text.substr(0, at)));
}

std::string name_of_character(char32_t c) {
  std::string name = fmt::format("U+{:04X}", static_cast<std::uint32_t>(c));
  const bool shown = !text::is_control(c) && !text::is_invisible(c) && c != 0x2028 && c != 0x2029;
  if (!shown) return name;
  name += " (";
  text::append_utf8(name, c);
  return name + ")";
}

std::string quoted(std::string_view text) {
  constexpr std::size_t shown_max = 60;
  std::string shown = "\"";
  std::size_t count = 0;
  while (!text.empty() && count < shown_max) {
    const auto sequence = text::first_utf8_sequence(text);
    const bool control = static_cast<unsigned char>(text.front()) < 0x20 || text.front() == '\x7F';
    if (sequence.well_formed && !control) {
      shown += text.substr(0, sequence.length);
    } else {
      shown += '?';
    }
    text.remove_prefix(sequence.length);
    ++count;
  }
  return shown + (text.empty() ? "\"" : "…\"");
}

std::string list_of(const country_set& countries) {
  std::string list;
  for (const country each : countries) {
    if (each == nowhere) continue;
    if (!list.empty()) list += ", ";
    list += each.known() ? each.code() : std::string_view("?");
  }
  return list.empty() ? "none" : list;
}

}  // namespace broadside::check_detail
