// text/json - writes JSON into a buffer that is reused: no tree, no allocation once the buffer is warm.
//
// Pure; any thread. The caller opens and closes what it should; only strings need care, and commas come by themselves.
#pragma once

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

namespace broadside::text {

/// Appends JSON to a string. What is written stands there once the writer is gone or flush() was called.
///
/// Keys are plain ASCII of ours. Values are well-formed UTF-8: control characters, quote and backslash are escaped (RFC
/// 8259 §7), U+2028 and U+2029 too; everything else is copied as it is. Ill-formed bytes become U+FFFD.
class json_writer {
 public:
  explicit json_writer(std::string& out) noexcept : out_(out) {}
  json_writer(const json_writer&) = delete;
  json_writer& operator=(const json_writer&) = delete;
  ~json_writer() { flush(); }

  /// Inline, so that a key which is a literal is a few moves.
  [[gnu::always_inline]] inline void key(std::string_view key) {
    room(key.size() + 4);
    char* at = at_;  // as a local: a char that is written could be any of the members
    if (comma_) *at++ = ',';
    *at++ = '"';
    std::memcpy(at, key.data(), key.size());
    at += key.size();
    *at++ = '"';
    *at++ = ':';
    at_ = at;
    comma_ = false;
  }
  void string(std::string_view utf8);
  /// A string that is short, not empty, and needs no escapes, as digits and ids do not.
  [[gnu::always_inline]] inline void plain(std::string_view ascii) {
    room(ascii.size() + 3);
    char* at = at_;
    if (std::exchange(comma_, true)) *at++ = ',';
    *at++ = '"';
    std::memcpy(at, ascii.data(), ascii.size());
    at += ascii.size();
    *at++ = '"';
    at_ = at;
  }
  void number(std::uint64_t value) {
    separate();
    room(digits_max);
    at_ = std::to_chars(at_, at_ + digits_max, value).ptr;
  }
  /// Members, elements or a value that are JSON already. Inline, as key().
  [[gnu::always_inline]] inline void raw(std::string_view json) {
    separate();
    if (json.size() > buffer_.size()) {
      flush();
      out_.append(json);
      return;
    }
    room(json.size());
    copy(json);
  }

  [[gnu::always_inline]] inline void member(std::string_view name, std::string_view value) {
    key(name);
    string(value);
  }
  [[gnu::always_inline]] inline void plain_member(std::string_view name, std::string_view ascii) {
    key(name);
    plain(ascii);
  }
  void number_member(std::string_view name, std::uint64_t value) {
    key(name);
    number(value);
  }
  [[gnu::always_inline]] inline void flag_member(std::string_view name, bool value) {
    key(name);
    if (value) return raw("true");
    raw("false");
  }

  /// The beginning of an object or array and what stands in it before its first member or element; and its end.
  [[gnu::always_inline]] inline void open(std::string_view json) {
    raw(json);
    comma_ = false;
  }
  [[gnu::always_inline]] inline void close(std::string_view json) {
    comma_ = false;
    raw(json);
  }

  void begin_object() { begin('{'); }
  void end_object() { end('}'); }
  void begin_array() { begin('['); }
  void end_array() { end(']'); }

  /// Bytes of `out` so far.
  [[nodiscard]] std::size_t size() const noexcept {
    return out_.size() + static_cast<std::size_t>(at_ - buffer_.data());
  }
  /// Forgets what was written after `out` had so many bytes.
  void cut(std::size_t size) {
    flush();
    out_.resize(size);
    comma_ = !out_.empty() && out_.back() != '{' && out_.back() != '[';
  }
  void flush() {
    out_.append(buffer_.data(), at_);
    at_ = buffer_.data();
  }

 private:
  static constexpr std::size_t digits_max = 20;  // of 2^64 - 1

  /// There is room for n bytes, which are not more than the buffer has.
  void room(std::size_t n) {
    if (static_cast<std::size_t>(buffer_.data() + buffer_.size() - at_) < n) flush();
  }
  void copy(std::string_view bytes) noexcept {
    std::memcpy(at_, bytes.data(), bytes.size());
    at_ += bytes.size();
  }
  /// A value or a key comes next.
  void separate() {
    room(1);
    if (std::exchange(comma_, true)) put(',');
  }
  void begin(char open) {
    separate();
    room(1);
    put(open);
    comma_ = false;
  }
  void end(char close) {
    room(1);
    put(close);
    comma_ = true;
  }
  void put(char c) noexcept {
    char* const at = at_;
    at_ = at + 1;
    *at = c;
  }
  void escape(unsigned char byte);
  std::size_t one_with_care(std::string_view utf8);

  std::string& out_;
  bool comma_ = false;
  std::array<char, 1024> buffer_;  // NOLINT: filled as it is written
  char* at_ = buffer_.data();
};

}  // namespace broadside::text
