// providers/plain_json - the JSON that nearly every answer is: ASCII without escapes and whole numbers, read in one
// pass. Anything else is left to a full parser.
//
// Pure; any thread; no allocation. Nothing outside the text is touched.
#pragma once

#include <cstddef>
#include <string_view>

namespace broadside::providers {

/// Reads forward, and only on request. What is not there, or not plain, is false; then the whole is not for this
/// reader. Where all of a text was read up to at_end(), every parser of JSON finds the same in it.
class plain_json {
 public:
  static constexpr std::ptrdiff_t block_bytes = 16;

  /// A text that is shorter than a block is taken for an empty one, which nothing is in.
  explicit plain_json(std::string_view text) noexcept : at_(text.data()), end_(text.data()) {
    if (text.size() >= block_bytes) end_ += text.size();
  }

  /// `member(name)` reads the value and says whether it could.
  template <class Member>
  [[nodiscard]] bool object(Member member) noexcept {
    if (!take('{')) return false;
    if (take('}')) return true;
    do {
      std::string_view name;
      if (!string(name) || !take(':') || !member(name)) return false;
    } while (take(','));
    return take('}');
  }
  /// `element()` does the same.
  template <class Element>
  [[nodiscard]] bool array(Element element) noexcept {
    if (!take('[')) return false;
    if (take(']')) return true;
    do {
      if (!element()) return false;
    } while (take(','));
    return take(']');
  }
  [[nodiscard]] bool string(std::string_view& out) noexcept;
  /// Of a number that is whole, not negative and below 10^18: as it stands there, without leading zeros.
  [[nodiscard]] bool digits(std::string_view& out) noexcept;
  /// A value that nobody asks for, if it is one of these.
  [[nodiscard]] bool pass() noexcept {
    std::string_view value;
    return next() == '"' ? string(value) : digits(value);
  }
  [[nodiscard]] bool at_end() noexcept { return next() == '\0' && at_ == end_; }

 private:
  /// The next character that is no white space; NUL at the end.
  char next() noexcept { return at_ != end_ && *at_ > ' ' ? *at_ : next_after_space(); }
  char next_after_space() noexcept;
  bool is_next(char c) noexcept { return (at_ != end_ && *at_ == c) || next_after_space() == c; }
  bool take(char c) noexcept {
    if (!is_next(c)) return false;
    ++at_;
    return true;
  }

  const char* at_;
  const char* end_;
};

}  // namespace broadside::providers
