// text/unicode - grapheme clusters, NFC and NFKC over well-formed UTF-8. What utf8proc (Unicode 15) knows, bounded, and
// the conjuncts of Unicode 15.1.
//
// Pure; any thread. Only append_utf8(), append_nfc() and append_nfkc() allocate.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace broadside::text {

/// The code point at `at`, which is moved behind it. `text` is well-formed UTF-8 and `at` is the start of a code point.
[[nodiscard]] char32_t next_code_point(std::string_view text, std::size_t& at) noexcept;

/// Start of the code point that ends at `at` > 0.
[[nodiscard]] std::size_t previous_code_point(std::string_view text, std::size_t at) noexcept;

/// UTF-16 units of a code point: 1 or 2.
[[nodiscard]] constexpr std::size_t utf16_units(char32_t c) noexcept { return c >= 0x10000 ? 2 : 1; }

/// Appends a code point as UTF-8.
void append_utf8(std::string& out, char32_t c);

/// End of the extended grapheme cluster (UAX #29, rule GB9c for Indic conjuncts included) that starts at `at` <
/// text.size(). `at` is a cluster boundary.
[[nodiscard]] std::size_t cluster_end(std::string_view text, std::size_t at) noexcept;

/// Start of the cluster that holds the code point at `at` < text.size(). `from` <= `at` is a cluster boundary. Looks
/// back only as far as the nearest place that is a boundary whatever stands before it: a character or two in most
/// texts.
[[nodiscard]] std::size_t cluster_start(std::string_view text, std::size_t from, std::size_t at) noexcept;

/// Extended grapheme clusters in the text.
[[nodiscard]] std::size_t count_clusters(std::string_view text) noexcept;

/// Whether NFC keeps the code point and joins it to nothing before it, as far as a short list of ranges tells: true is
/// certain and covers most of what people write, false says nothing.
[[nodiscard]] bool is_nfc_inert(char32_t) noexcept;

/// Appends the text in normalisation form C. True: it differs from the text. O(n log n) at worst.
bool append_nfc(std::string& out, std::string_view text);

/// Appends the text in normalisation form KC: full-width forms and other look-alikes by what they stand for. At most
/// 11 times as long. Otherwise as append_nfc().
bool append_nfkc(std::string& out, std::string_view text);

}  // namespace broadside::text
