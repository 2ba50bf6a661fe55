// fuzz/fuzz_text_template - a template compiles or says where it is wrong, and renders its literal text and its values.
//
// Pure; one thread. The first byte chooses how long the values are; the rest is the template.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <support/fuzz.hpp>
#include <text/template.hpp>
#include <vector>

using broadside::fuzz::require;
using broadside::text::compiled_template;

namespace {

constexpr std::size_t source_bytes_max = 64 * 1024;

const std::vector<std::string>& attributes() {
  static const std::vector<std::string> names{"first_name", "city", "a"};
  return names;
}

void check_failure(const broadside::failure& why) {
  require(why.code == broadside::errc::invalid_template, "a template that does not compile is invalid_template");
  require(!why.violations.empty(), "what is wrong is named");
  for (const auto& violation : why.violations) {
    require(violation.field == "text" && !violation.rule.empty(), "every violation has its field and its rule");
  }
}

/// With no value empty no default shows, so what is not a value is the literal text. The mark is a control character:
/// where it occurs in the source too, the two cannot be told apart.
void check_values(const compiled_template& compiled, std::string_view source, std::size_t length) {
  constexpr char mark = '\x01';
  const std::string value(length, mark);
  const std::array<std::string_view, 3> values{value, value, value};
  std::string out = "kept";
  compiled.render(out, values);
  require(out.starts_with("kept"), "render() appends");
  require(!compiled.is_constant() || out == "kept" + compiled.literal_text(), "a constant renders as its literal text");
  if (source.find(mark) != std::string_view::npos) return;
  const auto marks = static_cast<std::size_t>(std::count(out.begin(), out.end(), mark));
  require(marks % length == 0, "a value appears whole or not at all");
  require(compiled.is_constant() == (marks == 0), "only a constant shows no value");
  std::erase(out, mark);
  require(out == "kept" + compiled.literal_text(), "what is not a value is literal text");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t length = 1 + data[0] % 40U;
  const std::string_view source(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto compiled = compiled_template::compile(source, attributes(), "text");
  const bool has_expression = source.find("{{") != std::string_view::npos ||
                              source.find("{%") != std::string_view::npos ||
                              source.find("{#") != std::string_view::npos;
  if (!compiled) {
    check_failure(compiled.error());
    return 0;
  }
  require(size - 1 <= source_bytes_max, "the bound on the source holds");
  require(has_expression || (compiled->is_constant() && compiled->literal_text() == source), "plain text is itself");
  check_values(*compiled, source, length);

  const std::array<std::string_view, 3> empty{};
  std::string with_defaults;
  compiled->render(with_defaults, empty);
  require(with_defaults.size() <= source.size(), "defaults and literals come from the source");
  return 0;
}
