// media/content_lines - the lines that vCards and calendars are made of, put together again where they were folded.
//
// One thread at a time; nothing allocates. Reads each byte once through a window. Sources: RFC 6350 §3.2 and 3.3, RFC
// 5545 §3.1, vCard 2.1 §2.1.3 (quoted-printable).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <media/window.hpp>
#include <string_view>

namespace broadside::media {

[[nodiscard]] bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept;

/// One property: "item1.TEL;TYPE=WORK:+18005550123". Of a long one its start; views live until the next line.
struct content_line {
  std::string_view name{};        ///< without its group: "TEL"
  std::string_view parameters{};  ///< "TYPE=WORK"
  std::string_view value{};       ///< without white space around it
  bool is_property = false;       ///< a well-formed name and a colon; else nothing above is set
  bool is_blank = false;

  [[nodiscard]] bool is(std::string_view upper_case_name) const noexcept {
    return is_property && equals_ignoring_case(name, upper_case_name);
  }
  [[nodiscard]] bool is(std::string_view upper_case_name, std::string_view its_value) const noexcept {
    return is(upper_case_name) && equals_ignoring_case(value, its_value);
  }
  /// Whether a parameter has this value, "ENCODING=B", or is just this word, as 2.1 writes it.
  [[nodiscard]] bool has_parameter(std::string_view parameter_name, std::string_view its_value) const noexcept;
  [[nodiscard]] bool has_parameter(std::string_view parameter_name) const noexcept;
  [[nodiscard]] bool is_quoted_printable() const noexcept;
  [[nodiscard]] bool is_base64() const noexcept;
};

/// Walks the logical lines from where the window's file begins. Lines end in CRLF or LF, which every reader takes; what
/// ends in other ways, is not UTF-8 or has control characters is reported to the window.
class content_lines {
 public:
  explicit content_lines(window& file) noexcept : file_(file) {}

  /// Where the next line begins. Requires that no line was read yet: skips what stands before the first.
  void skip(std::uint64_t bytes) noexcept { at_ += bytes; }

  /// The next line, put together; false at the end of the file, or of what may be read.
  [[nodiscard]] bool next(content_line& line) noexcept;

 private:
  /// A line as it stands in the file, with its end; gives its last character, 0 of an empty one.
  char take_physical_line() noexcept;
  void take_line_end() noexcept;
  void keep(std::string_view piece) noexcept;
  void check_characters(std::string_view piece) noexcept;
  /// Whether the file goes on with more of the same line. Takes what marks it.
  [[nodiscard]] bool goes_on(char last) noexcept;

  window& file_;
  std::uint64_t at_ = 0;
  // Of a line this much is kept: enough for every parameter that counts, and for the start of the value.
  std::array<char, 1024> start_;  // not initialised: only what was kept is read
  std::size_t kept_ = 0;
};

}  // namespace broadside::media
