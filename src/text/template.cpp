// text/template - see template.hpp.
#include <fmt/format.h>
#include <algorithm>
#include <text/template.hpp>
#include <text/utf8.hpp>

namespace broadside::text {
namespace {

constexpr std::size_t source_bytes_max = 64 * 1024;
constexpr std::size_t violations_max = 64;  // enough to mend a template by; more would only bury the first

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_name(char c) { return is_name_start(c) || (c >= '0' && c <= '9'); }

/// One pass over the source; every step either moves on or reports where it could not.
class reader {
 public:
  reader(std::string_view source, std::string_view field) : source_(source), field_(field) {}

  bool at_end() const { return at_ >= source_.size(); }
  bool next_is(std::string_view text) const { return source_.substr(at_).starts_with(text); }
  bool take(std::string_view text) {
    if (!next_is(text)) return false;
    at_ += text.size();
    return true;
  }
  char take() { return source_[at_++]; }
  void skip_spaces() {
    while (!at_end() && is_space(source_[at_])) ++at_;
  }
  std::string_view take_name() {
    const std::size_t from = at_;
    if (!at_end() && is_name_start(source_[at_])) {
      while (!at_end() && is_name(source_[at_])) ++at_;
    }
    return source_.substr(from, at_ - from);
  }
  /// Up to and past the next "}}", so that one mistake is reported once.
  void skip_expression() {
    const std::size_t end = source_.find("}}", at_);
    at_ = end == std::string_view::npos ? source_.size() : end + 2;
  }
  std::size_t place() const { return at_; }

  void report(std::size_t at, std::string_view rule) {
    if (violations_.size() >= violations_max) return;
    const auto before = source_.substr(0, at);
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const auto column = 1 + count_code_points(before.substr(before.rfind('\n') + 1));
    violations_.push_back({std::string(field_), fmt::format("line {}, column {}: {}", line, column, rule)});
  }
  std::vector<violation>& violations() { return violations_; }

 private:
  std::string_view source_;
  std::string_view field_;
  std::size_t at_ = 0;
  std::vector<violation> violations_;
};

/// A quoted text as Jinja writes it: either quote, with \\ \' \" \n \t.
bool take_string(reader& in, std::string& out) {
  const std::size_t from = in.place();
  const char quote = in.next_is("'") ? '\'' : '"';
  if (!in.take("'") && !in.take("\"")) {
    in.report(from, "default() needs a text in quotes, as in default('friend')");
    return false;
  }
  while (!in.at_end()) {
    char c = in.take();
    if (c == quote) return true;
    if (c == '\\' && !in.at_end()) {
      c = in.take();
      if (c == 'n') c = '\n';
      if (c == 't') c = '\t';
    }
    out.push_back(c);
  }
  in.report(from, "the text is not closed");
  return false;
}

/// What follows `|`: only default('…').
bool take_filter(reader& in, std::string& fallback) {
  in.skip_spaces();
  const std::size_t from = in.place();
  const auto name = in.take_name();
  if (name != "default") {
    in.report(from, fmt::format("unknown filter \"{}\": only default('…') is known", name));
    return false;
  }
  in.skip_spaces();
  if (!in.take("(")) {
    in.report(in.place(), "default needs its text in parentheses, as in default('friend')");
    return false;
  }
  in.skip_spaces();
  if (!take_string(in, fallback)) return false;
  in.skip_spaces();
  if (!in.take(")")) {
    in.report(in.place(), "default( is not closed");
    return false;
  }
  in.skip_spaces();
  return true;
}

struct expression {
  std::int32_t attribute = -1;
  std::string fallback;
};

/// From behind "{{" to behind "}}".
bool take_expression(reader& in, std::span<const std::string> attributes, expression& out) {
  in.skip_spaces();
  const std::size_t from = in.place();
  const auto name = in.take_name();
  if (name.empty()) {
    in.report(from, "an attribute's name is expected after {{");
    return false;
  }
  const auto found = std::find(attributes.begin(), attributes.end(), name);
  if (found == attributes.end()) {
    in.report(from, fmt::format("unknown attribute \"{}\"", name));
    return false;
  }
  out.attribute = static_cast<std::int32_t>(found - attributes.begin());
  in.skip_spaces();
  if (in.take("|") && !take_filter(in, out.fallback)) return false;
  if (!in.take("}}")) {
    in.report(in.place(), "}} is expected here");
    return false;
  }
  return true;
}

}  // namespace

result<compiled_template, failure> compiled_template::compile(std::string_view source,
                                                              std::span<const std::string> attributes,
                                                              std::string_view field) {
  reader in(source, field);
  if (source.size() > source_bytes_max) in.report(0, "must not be longer than 65536 bytes");
  if (const auto bad = find_invalid_utf8(source)) {
    return failure{errc::invalid_template, {{std::string(field), fmt::format("is not UTF-8 at byte {}", *bad)}}};
  }
  compiled_template made;
  std::string literal;
  const auto end_literal = [&](std::size_t end) {
    const std::size_t at = end - literal.size();
    if (!literal.empty()) made.pieces_.push_back({-1, std::move(literal), at});
    literal.clear();
  };
  while (!in.at_end() && in.violations().size() < violations_max) {
    const std::size_t from = in.place();
    if (in.take("{{")) {
      expression found;
      if (!take_expression(in, attributes, found)) {
        in.skip_expression();
        continue;
      }
      end_literal(from);
      made.pieces_.push_back({found.attribute, std::move(found.fallback), from});
    } else if (in.next_is("{%") || in.next_is("{#")) {
      in.report(from, "statements and comments are not supported: only {{ attribute }}");
      in.take();
    } else {
      literal.push_back(in.take());
    }
  }
  end_literal(in.place());
  if (!in.violations().empty()) return failure{errc::invalid_template, std::move(in.violations())};
  return made;
}

void compiled_template::render(std::string& out, std::span<const std::string_view> values) const {
  for (const piece& p : pieces_) {
    const bool given = p.attribute >= 0 && !values[static_cast<std::size_t>(p.attribute)].empty();
    out.append(given ? values[static_cast<std::size_t>(p.attribute)] : std::string_view(p.literal));
  }
}

bool compiled_template::is_constant() const noexcept {
  return std::all_of(pieces_.begin(), pieces_.end(), [](const piece& p) { return p.attribute < 0; });
}

std::string compiled_template::literal_text() const {
  std::string text;
  for (const piece& p : pieces_) {
    if (p.attribute < 0) text += p.literal;
  }
  return text;
}

}  // namespace broadside::text
