// tests/conformance/row - one line of vectors as JSON, read so that half a surrogate pair survives.
//
// One thread. What a row gives out lives as long as the row.
#pragma once

#include <simdjson.h>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace broadside::conformance {

/// One JSON object. simdjson refuses strings with half a surrogate pair, rightly; vectors have them to see what we say.
/// Such escapes are read as characters of a private plane, and given out as the three bytes that stand for them
/// (WTF-8).
class row {
 public:
  /// Whether the line is a JSON object. The row then holds it.
  [[nodiscard]] bool read(std::string_view line);

  [[nodiscard]] simdjson::dom::object object() const { return object_; }

  // Members at a JSON pointer, "/expect/e164". Nothing when they are not there or something else.
  [[nodiscard]] std::optional<std::string> string_at(std::string_view pointer) const;
  [[nodiscard]] std::optional<std::uint64_t> number_at(std::string_view pointer) const;
  [[nodiscard]] std::optional<double> real_at(std::string_view pointer) const;
  [[nodiscard]] std::optional<bool> flag_at(std::string_view pointer) const;
  [[nodiscard]] std::optional<std::vector<std::string>> strings_at(std::string_view pointer) const;
  [[nodiscard]] std::optional<std::vector<std::uint64_t>> numbers_at(std::string_view pointer) const;
  [[nodiscard]] bool has(std::string_view pointer) const;

  /// A member as JSON, "null" when it is not there: what the report shows.
  [[nodiscard]] std::string json_at(std::string_view pointer) const;

 private:
  [[nodiscard]] std::string restored(std::string_view text) const;

  simdjson::dom::parser parser_;
  simdjson::dom::object object_;
  bool repaired_ = false;
};

}  // namespace broadside::conformance
