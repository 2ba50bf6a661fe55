// text/template - `{{ attribute }}` and `{{ attribute | default('text') }}`, compiled once, positional at run time.
//
// A compiled template is immutable: any thread. render() allocates only when the buffer must grow.
#pragma once

#include <broadside/result.hpp>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace broadside::text {

class compiled_template {
 public:
  /// Literal text, or the place of a value.
  struct piece {
    std::int32_t attribute = -1;  ///< index of the value; -1: literal only
    std::string literal{};        ///< the text, or the default of the attribute
    std::size_t at = 0;           ///< byte offset in the source: of the text, or of "{{"
  };

  /// Errors: invalid_template with violations whose field is `field` and whose rule names the place as "line 1, column
  /// 9".
  /// `{{` opens an expression; a lone `{` is text. `{%` and `{#` are refused: they mean something to marketers that is
  /// not done here. At most 64 KiB.
  [[nodiscard]] static result<compiled_template, failure> compile(std::string_view source,
                                                                  std::span<const std::string> attributes,
                                                                  std::string_view field);

  /// Appends the text. `values` has as many elements as `attributes` had. A default stands for an empty value.
  void render(std::string& out, std::span<const std::string_view> values) const;

  [[nodiscard]] bool is_constant() const noexcept;
  /// The text with every expression left out: what is certain before there is a recipient.
  [[nodiscard]] std::string literal_text() const;
  /// In the order of the source: for those who ask what values could do to the text.
  [[nodiscard]] std::span<const piece> pieces() const noexcept { return pieces_; }

 private:
  std::vector<piece> pieces_;
};

}  // namespace broadside::text
