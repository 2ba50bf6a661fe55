// media/content_lines - see content_lines.hpp.
#include <algorithm>
#include <media/content_lines.hpp>
#include <text/utf8.hpp>

namespace broadside::media {
namespace {

constexpr char upper(char c) noexcept { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }
constexpr bool is_space(char c) noexcept { return c == ' ' || c == '\t'; }

constexpr bool is_name_character(char c) noexcept {
  return (c >= '0' && c <= '9') || (upper(c) >= 'A' && upper(c) <= 'Z') || c == '-';
}

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

/// The first `wanted` that does not stand in quotes; npos when there is none.
std::size_t find_unquoted(std::string_view text, char wanted) noexcept {
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') quoted = !quoted;
    if (text[i] == wanted && !quoted) return i;
  }
  return std::string_view::npos;
}

/// Takes the text up to the next unquoted `separator` off the front of `rest`.
std::string_view take_until(std::string_view& rest, char separator) noexcept {
  const auto end = std::min(find_unquoted(rest, separator), rest.size());
  const auto taken = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return taken;
}

std::string_view without_quotes(std::string_view text) noexcept {
  const bool quoted = text.size() >= 2 && text.front() == '"' && text.back() == '"';
  return quoted ? text.substr(1, text.size() - 2) : text;
}

/// `cut`: there was more of the line than is in `text`.
content_line parsed(std::string_view text, bool cut) noexcept {
  content_line line;
  text = trimmed(text);
  line.is_blank = text.empty();
  auto colon = find_unquoted(text, ':');
  if (colon == std::string_view::npos) colon = text.find(':');  // 2.1 knows no quotes: one may stand alone
  if (colon == std::string_view::npos && !cut) return line;
  const auto head = text.substr(0, colon);

  auto name = head.substr(0, head.find(';'));
  if (const auto dot = name.find('.'); dot != std::string_view::npos) {
    const auto group = name.substr(0, dot);
    if (group.empty() || !std::all_of(group.begin(), group.end(), is_name_character)) return line;
    name.remove_prefix(dot + 1);
  }
  if (name.empty() || !std::all_of(name.begin(), name.end(), is_name_character)) return line;
  line.is_property = true;
  line.name = name;
  if (const auto semicolon = head.find(';'); semicolon != std::string_view::npos) {
    line.parameters = head.substr(semicolon + 1);
  }
  if (colon != std::string_view::npos) line.value = trimmed(text.substr(colon + 1));
  return line;
}

/// How much of `text` ends with a whole character: a sequence that its last bytes only begin is left out.
std::size_t whole_characters(std::string_view text) noexcept {
  for (std::size_t back = 1; back <= 3 && back < text.size(); ++back) {
    const auto byte = static_cast<unsigned char>(text[text.size() - back]);
    if (byte < 0x80) break;
    if (byte < 0xC0) continue;
    const auto last = text::first_utf8_sequence(text.substr(text.size() - back));
    return last.well_formed ? text.size() : text.size() - back;
  }
  return text.size();
}

}  // namespace

bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return upper(x) == upper(y); });
}

bool content_line::has_parameter(std::string_view parameter_name, std::string_view its_value) const noexcept {
  for (auto rest = parameters; !rest.empty();) {
    auto values = take_until(rest, ';');
    const auto equals = values.find('=');
    if (equals == std::string_view::npos) {
      if (equals_ignoring_case(trimmed(values), its_value)) return true;
      continue;
    }
    if (!equals_ignoring_case(trimmed(values.substr(0, equals)), parameter_name)) continue;
    values.remove_prefix(equals + 1);
    while (!values.empty()) {
      if (equals_ignoring_case(without_quotes(trimmed(take_until(values, ','))), its_value)) return true;
    }
  }
  return false;
}

bool content_line::has_parameter(std::string_view parameter_name) const noexcept {
  for (auto rest = parameters; !rest.empty();) {
    const auto each = take_until(rest, ';');
    if (equals_ignoring_case(trimmed(each.substr(0, each.find('='))), parameter_name)) return true;
  }
  return false;
}

bool content_line::is_quoted_printable() const noexcept { return has_parameter("ENCODING", "QUOTED-PRINTABLE"); }

bool content_line::is_base64() const noexcept {
  return has_parameter("ENCODING", "BASE64") || has_parameter("ENCODING", "B");
}

bool content_lines::next(content_line& line) noexcept {
  line = {};
  kept_ = 0;
  if (!file_.enter() || file_.look(at_, 1).empty()) return false;
  char last = take_physical_line();
  while (goes_on(last) && file_.enter()) last = take_physical_line();
  line = parsed({start_.data(), kept_}, kept_ == start_.size());
  return true;
}

bool content_lines::goes_on(char last) noexcept {
  const bytes next = file_.look(at_, 1);
  if (next.empty()) return false;
  // A soft line break: "=" at the end, and what follows is not a fold whatever it begins with.
  if (last == '=' && parsed({start_.data(), kept_}, false).is_quoted_printable()) {
    if (kept_ < start_.size()) --kept_;
    return true;
  }
  if (!is_space(static_cast<char>(next[0]))) return false;
  ++at_;
  return true;
}

char content_lines::take_physical_line() noexcept {
  char last = 0;
  for (;;) {
    static_cast<void>(file_.look(at_, 4));  // a whole character at least, so that each turn gets on
    const auto text = file_.look_on(at_).text();
    if (text.empty()) return last;
    const auto end = text.find_first_of("\r\n");
    const bool at_file_end = at_ + text.size() >= file_.size();
    const auto size = end != std::string_view::npos ? end : at_file_end ? text.size() : whole_characters(text);
    const auto piece = text.substr(0, size);
    check_characters(piece);
    keep(piece);
    if (!piece.empty()) last = piece.back();
    at_ += size;
    if (end != std::string_view::npos) {
      take_line_end();
      return last;
    }
  }
}

void content_lines::take_line_end() noexcept {
  std::uint64_t returns = 0;
  for (; file_.look(at_, 1)[0] == '\r'; ++at_) ++returns;
  const bool has_feed = file_.look(at_, 1)[0] == '\n';
  if (has_feed) ++at_;
  if (returns > 1 || !has_feed) file_.lenient(media_fault::bad_structure);
}

void content_lines::keep(std::string_view piece) noexcept {
  const auto size = std::min(piece.size(), start_.size() - kept_);
  std::copy_n(piece.data(), size, start_.data() + kept_);
  kept_ += size;
}

void content_lines::check_characters(std::string_view piece) noexcept {
  const auto is_control = [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F; };
  if (text::find_invalid_utf8(piece) || std::any_of(piece.begin(), piece.end(), is_control)) {
    file_.lenient(media_fault::bad_text);
  }
}

}  // namespace broadside::media
