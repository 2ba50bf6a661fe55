// http/plain_head - fields one after the other; those that change what a head means are told by length and beginning.
#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <http/head_bytes.hpp>
#include <http/plain_head.hpp>

namespace broadside::http {
namespace {

/// RFC 9110 section 5.6.2
constexpr std::array<bool, 256> of_tokens = [] {
  std::array<bool, 256> table{};
  for (int c = 0; c < 128; ++c) table[static_cast<std::size_t>(c)] = is_usual_in_names(static_cast<char>(c));
  for (const char c : std::string_view("0123456789!#$%&'*+._^`|~")) table[static_cast<unsigned char>(c)] = true;
  return table;
}();

constexpr std::uint64_t eight(const char (&text)[9]) noexcept {  // NOLINT: a literal
  std::array<char, 8> bytes{};
  std::copy_n(text, bytes.size(), bytes.begin());
  return std::bit_cast<std::uint64_t>(bytes);
}

/// Eight characters, letters made small. Of the characters of tokens and text no other becomes a letter, "-" or ":".
std::uint64_t small_eight(const char* at) noexcept {
  constexpr std::uint64_t case_bits = 0x2020'2020'2020'2020U;
  std::uint64_t bytes = 0;
  std::memcpy(&bytes, at, sizeof bytes);
  return bytes | case_bits;
}

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
constexpr unsigned value_of(char digit) noexcept { return static_cast<unsigned>(digit - '0'); }

bool is_word(std::string_view text, std::string_view small) noexcept {
  return std::equal(text.begin(), text.end(), small.begin(), small.end(),
                    [](char a, char b) { return (a | 0x20) == b; });
}

class plain_reader {
 public:
  /// The shortest head there is, and more than a block.
  static constexpr std::size_t bytes_min = std::string_view("HTTP/1.1 200 \r\nContent-Length:0\r\n\r\n").size();
  static_assert(bytes_min >= head_block_bytes);

  explicit plain_reader(std::string_view bytes) noexcept
      : at_(bytes.data()), end_(bytes.data() + bytes.size()), last_block_(end_ - head_block_bytes) {}

  std::optional<plain_head> read() noexcept {
    const char* const first = at_;
    if (!read_status_line()) return std::nullopt;
    for (;;) {
      const std::string_view name = take_name();
      if (name.empty()) break;
      const std::string_view value = take_text();
      if (!take_line_end() || !take_in(name, value)) return std::nullopt;
    }
    if (!take_line_end() || !has_length_) return std::nullopt;
    head_.size = static_cast<std::size_t>(at_ - first);
    return head_;
  }

 private:
  [[nodiscard]] std::string_view since(const char* first) const noexcept {
    return {first, static_cast<std::size_t>(at_ - first)};
  }

  /// Passes over the bytes that `of_block` counts, which takes blocks of 16 and never counts a zero.
  template <typename OfBlock>
  void pass(OfBlock of_block) noexcept {
    while (at_ <= last_block_) {
      const std::size_t n = of_block(at_);
      at_ += n;
      if (n != head_block_bytes) return;
    }
    std::array<char, head_block_bytes> rest{};
    std::copy(at_, end_, rest.begin());
    at_ += of_block(rest.data());
  }

  std::string_view take_text() noexcept {
    const char* const first = at_;
    pass([](const char* block) { return text_bytes(block); });
    return since(first);
  }

  /// A name and its colon, or nothing of what is no such thing.
  std::string_view take_name() noexcept {
    const char* const first = at_;
    pass([](const char* block) { return name_bytes(block); });
    while (at_ != end_ && *at_ != ':' && of_tokens[static_cast<unsigned char>(*at_)]) ++at_;
    const std::string_view name = since(first);
    if (at_ != end_ && *at_ == ':' && !name.empty()) {
      ++at_;
      return name;
    }
    at_ = first;
    return {};
  }

  bool take_line_end() noexcept {
    if (end_ - at_ < 2 || std::string_view(at_, 2) != "\r\n") return false;
    at_ += 2;
    return true;
  }

  // "HTTP/1.1 200 OK"; the reason may be empty, the space before it may not be missing (RFC 9112 section 4)
  bool read_status_line() noexcept {
    constexpr std::string_view version = "HTTP/1.1 ";
    if (std::string_view(at_, version.size()) != version) return false;
    at_ += version.size();
    const unsigned hundreds = value_of(at_[0]);
    const unsigned rest = value_of(at_[1]) * 10 + value_of(at_[2]);
    if (hundreds < 2 || hundreds > 5 || !is_digit(at_[1]) || !is_digit(at_[2]) || at_[3] != ' ') return false;
    if (rest == 4 && hundreds <= 3) return false;
    head_.status = hundreds * 100 + rest;
    at_ += 4;
    take_text();
    return take_line_end();
  }

  /// False when the field says more than a plain head does. All names that could are of these lengths; behind each
  /// stands its colon, so that eight bytes may be looked at from seven on.
  bool take_in(std::string_view name, std::string_view value) noexcept {
    const char* const at = name.data();
    switch (name.size()) {
      case 7:
        return small_eight(at) != eight("upgrade:") && small_eight(at) != eight("trailer:");
      case 10:
        if (small_eight(at) != eight("connecti") || small_eight(at + 2) != eight("nnection")) return true;
        return take_connection(trimmed(value));
      case 11:
        return small_eight(at) != eight("retry-af");
      case 14:
        if (small_eight(at) != eight("content-") || small_eight(at + 6) != eight("t-length")) return true;
        return take_length(trimmed(value));
      case 16:
        return small_eight(at) != eight("proxy-co");  // Proxy-Connection, which some read as Connection
      case 17:
        return small_eight(at) != eight("transfer");
      default:
        return true;
    }
  }

  static std::string_view trimmed(std::string_view value) noexcept {
    while (value.starts_with(' ')) value.remove_prefix(1);
    while (value.ends_with(' ')) value.remove_suffix(1);
    return value;
  }

  bool take_connection(std::string_view value) noexcept {
    if (has_connection_) return false;
    has_connection_ = true;
    head_.keep_alive = !is_word(value, "close");
    return !head_.keep_alive || is_word(value, "keep-alive");
  }

  bool take_length(std::string_view value) noexcept {
    constexpr std::size_t digits_max = 15;
    if (has_length_ || value.empty() || value.size() > digits_max) return false;
    has_length_ = true;
    for (const char c : value) {
      if (!is_digit(c)) return false;
      head_.content_length = head_.content_length * 10 + value_of(c);
    }
    return true;
  }

  const char* at_;
  const char* const end_;
  const char* const last_block_;  // the last place where a block is whole
  plain_head head_;
  bool has_length_ = false;
  bool has_connection_ = false;
};

}  // namespace

std::optional<plain_head> read_plain_head(std::string_view bytes) noexcept {
  if (bytes.size() < plain_reader::bytes_min) return std::nullopt;
  return plain_reader(bytes).read();
}

}  // namespace broadside::http
