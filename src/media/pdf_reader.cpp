// media/pdf_reader - PDFs: the header, the end, and the way from there to the objects. No object is read.
//
// Pure but for the window; nothing allocates. Source: ISO 32000-1 §7.5, and its annex H.3 for what readers forgive:
// they look for the header in the first 1024 bytes and for the end in the last 1024, and find the objects by looking
// through the file when the table that tells where they are is missing or wrong.
#include <algorithm>
#include <media/readers.hpp>
#include <optional>

namespace broadside::media {
namespace {

constexpr std::size_t search_bytes = 1024;
constexpr std::string_view header_mark = "%PDF-";
constexpr std::string_view end_mark = "%%EOF";
constexpr std::string_view start_mark = "startxref";
constexpr std::string_view white_space{"\0\t\n\f\r ", 6};

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

std::string_view without_leading_space(std::string_view text) noexcept {
  return text.substr(std::min(text.find_first_not_of(white_space), text.size()));
}

/// Takes the digits off the front of `text`: at most 18, so that the number is exact.
std::optional<std::uint64_t> take_number(std::string_view& text) noexcept {
  std::uint64_t number = 0;
  std::size_t digits = 0;
  for (; digits < text.size() && is_digit(text[digits]); ++digits) {
    if (digits == 18) return std::nullopt;
    number = number * 10 + static_cast<std::uint64_t>(text[digits] - '0');
  }
  text.remove_prefix(digits);
  if (digits == 0) return std::nullopt;
  return number;
}

/// "12 0 obj": where an object begins, a stream with the table of objects among them.
bool begins_object(std::string_view text) noexcept {
  for (int i = 0; i < 2; ++i) {
    if (!take_number(text) || text.empty() || white_space.find(text.front()) == text.npos) return false;
    text = without_leading_space(text);
  }
  return text.starts_with("obj");
}

class pdf_reader {
 public:
  pdf_reader(window& file, media_facts& facts) noexcept : file_(file), facts_(facts) {}

  void read() noexcept {
    if (!read_header()) return file_.broken(media_fault::bad_structure);
    const bool has_end = read_end();
    if (read_start()) return;
    // Without the table readers look for objects, and what ends where it should is most likely all there.
    if (!finds_object()) return file_.broken(media_fault::no_content);
    file_.lenient(media_fault::bad_structure);
    if (!has_end && !has_trailer()) file_.broken(media_fault::truncated);
  }

 private:
  bool read_header() noexcept {
    const auto text = file_.look(0, search_bytes + header_mark.size() + 3).text();
    const auto at = text.find(header_mark);
    if (at == std::string_view::npos || at > search_bytes) return false;
    header_at_ = at;
    if (at != 0) file_.lenient(media_fault::leading_bytes);
    const auto version = text.substr(at + header_mark.size(), 3);
    const bool is_version = version.size() == 3 && is_digit(version[0]) && version[1] == '.' && is_digit(version[2]);
    if (is_version) facts_.version = version;
    const bool is_known = is_version && ((version[0] == '1' && version[2] <= '7') || version == "2.0");
    if (!is_known) file_.lenient(media_fault::bad_structure);  // readers try what they know
    return true;
  }

  /// The bytes of the tail that readers look at for the end: as many as a window shows, to tell what follows the end.
  std::string_view tail() noexcept {
    const auto count = std::min<std::uint64_t>(file_.size() - header_at_, window::view_max);
    return file_.look(file_.size() - count, static_cast<std::size_t>(count)).text();
  }

  bool read_end() noexcept {
    const auto text = tail();
    const auto at = text.rfind(end_mark);
    if (at == std::string_view::npos) {
      file_.lenient(media_fault::no_end);
      return false;
    }
    const auto behind = text.substr(at + end_mark.size());
    if (!without_leading_space(behind).empty()) file_.lenient(media_fault::trailing_bytes);
    return true;
  }

  /// "startxref", a number, and at that offset a table or a stream. Offsets count from the header in files that have
  /// something in front of it, or from the start of the file: both are written.
  bool read_start() noexcept {
    auto text = tail();
    const auto at = text.rfind(start_mark);
    if (at == std::string_view::npos) return false;
    text = without_leading_space(text.substr(at + start_mark.size()));
    const auto offset = take_number(text);
    return offset && (is_table_at(*offset) || (header_at_ != 0 && is_table_at(header_at_ + *offset)));
  }

  bool is_table_at(std::uint64_t at) noexcept {
    const auto text = without_leading_space(file_.look(at, 64).text());
    return text.starts_with("xref") || begins_object(text);
  }

  bool has_trailer() noexcept {
    const auto text = tail();
    return text.find("trailer") != text.npos || text.find(start_mark) != text.npos;
  }

  /// Whether an object begins in the first bytes or in the last.
  bool finds_object() noexcept {
    if (has_object(tail())) return true;
    return has_object(file_.look(header_at_, window::view_max).text());
  }

  static bool has_object(std::string_view text) noexcept {
    for (auto at = text.find("obj"); at != text.npos; at = text.find("obj", at + 1)) {
      // "1 0 obj" and not "endobj", nor a word of a text
      const auto before = text.substr(0, at);
      const auto last = before.find_last_not_of(white_space);
      if (last != before.npos && last + 1 != before.size() && is_digit(before[last])) return true;
    }
    return false;
  }

  window& file_;
  media_facts& facts_;
  std::uint64_t header_at_ = 0;
};

}  // namespace

void read_pdf(window& file, media_facts& facts) noexcept { pdf_reader(file, facts).read(); }

}  // namespace broadside::media
