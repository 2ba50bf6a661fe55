// check/json_writer - one JSON document, member by member.
//
// One thread. The caller opens and closes in pairs; commas and escapes are done here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace broadside::checking {

class json_writer {
 public:
  // inside an array or on top; in an object behind key()
  void begin_object() { open('{'); }
  void end_object() { out_ += '}'; }
  void begin_array() { open('['); }
  void end_array() { out_ += ']'; }
  /// What is not UTF-8 in `value` becomes U+FFFD.
  void text(std::string_view value);
  void number(std::int64_t value);
  void flag(bool value);
  void null();

  void key(std::string_view name);
  void member(std::string_view name, std::string_view value) { key(name), text(value); }
  void member_number(std::string_view name, std::int64_t value) { key(name), number(value); }
  void member_flag(std::string_view name, bool value) { key(name), flag(value); }
  void member_null(std::string_view name) { key(name), null(); }
  /// Null when there is none, or the text is empty.
  void member_or_null(std::string_view name, std::string_view value);
  template <class Number>
  void member_or_null(std::string_view name, const std::optional<Number>& value) {
    key(name);
    value ? number(static_cast<std::int64_t>(*value)) : null();
  }

  /// The document with a line end.
  [[nodiscard]] std::string take();

 private:
  void open(char bracket);
  void comma();
  void quote(std::string_view value);

  std::string out_;
};

}  // namespace broadside::checking
