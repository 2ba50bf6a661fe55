// broadside/sms - what a text is on the air: encoding, parts, and how to make it fewer.
//
// Pure functions over UTF-8 text. Any thread. Nothing allocates except where a std::string is filled.
// Sources: 3GPP TS 23.038 (alphabets, annex A: national tables), TS 23.040 §9.2.3.24 (concatenation).
#pragma once

#include <array>
#include <broadside/result.hpp>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace broadside {

enum class sms_encoding : std::uint8_t {
  gsm7,  ///< septets: 160 in one part, 153 in each of several
  ucs2,  ///< UTF-16 units: 70 in one part, 67 in each of several
};

/// National language identifiers of TS 23.038 annex A; the values are the ones on the air. Carriers of the US and
/// Canada do not take them. The tables of Turkish, Spanish and Portuguese agree in all sources compared; those of the
/// Indic languages rest on fewer.
enum class national_language : std::uint8_t {
  none = 0,
  turkish = 1,
  spanish = 2,  ///< has a single-shift table only
  portuguese = 3,
  bengali = 4,
  gujarati = 5,
  hindi = 6,
  kannada = 7,
  malayalam = 8,
  oriya = 9,
  punjabi = 10,
  tamil = 11,
  telugu = 12,
  urdu = 13,
};

/// What to do with a text that needs more parts than allowed.
enum class over_limit : std::uint8_t {
  refuse,    ///< the default: nobody gets half a sentence
  truncate,  ///< cut at a cluster, with an ellipsis
};

struct sms_format {
  /// Tables to fall back on when the default alphabet does not hold the text; single or locking shift, whichever makes
  /// fewer parts, then fewer septets.
  national_language language = national_language::none;
  /// Octets of the concatenation reference, 1 or 2: 16 bits cost one septet more a part.
  std::uint8_t reference_octets = 1;
  /// Keep together what a reader sees as one character (UAX #29), wherever it fits a part. False: only escape and
  /// surrogate pairs are.
  bool keep_clusters = true;
  /// A cost guard, 1 to 255 (the header's count is one octet). Most carriers refuse more than 10.
  std::uint8_t max_parts = 255;
};

/// Why a text has no parts, and where.
struct text_error {
  error_code code{};   ///< invalid_utf8, sms_too_many_parts, invalid_argument (the format)
  std::size_t at = 0;  ///< byte offset in the text: of the bad byte, or of the first that does not fit
};

[[noreturn]] void throw_exception_from_error(const text_error&, const boost::source_location&);

struct sms_size {
  sms_encoding encoding = sms_encoding::gsm7;
  national_language locking = national_language::none;  ///< table in use, IEI 0x25
  national_language single = national_language::none;   ///< table in use, IEI 0x24
  std::uint32_t units = 0;  ///< septets (escape pairs are two) or UTF-16 units, headers not counted
  std::uint32_t parts = 0;  ///< 0 for an empty text
};

/// Encoding and counts, by the routine that splits. Errors: invalid_utf8; sms_too_many_parts beyond `max_parts`.
[[nodiscard]] result<sms_size, text_error> measure_sms(std::string_view text, const sms_format& = {}) noexcept;

/// One part: what an HTTP API is given.
struct sms_part {
  std::string_view text{};  ///< of the text that was split
  std::uint16_t units = 0;  ///< as sms_size::units
};

struct sms_split {
  sms_size size{};
  std::span<const sms_part> parts{};  ///< the front of the caller's room
};

/// Room for the parts of any text that can be sent.
using sms_parts = std::array<sms_part, 255>;

/// Splits, greedily. An escape pair and a surrogate pair are never cut; a grapheme cluster only when it does not fit a
/// part by itself, CR LF always counts as two characters. The views point into `text`.
/// Errors: as measure_sms(); sms_too_many_parts also when `room` is too small. O(length).
[[nodiscard]] result<sms_split, text_error> split_sms(std::string_view text, std::span<sms_part> room,
                                                      const sms_format& = {}) noexcept;

/// User data of one part, ready for TP-UD of an SMS-SUBMIT: header, then septets packed with fill bits, or UTF-16BE.
struct sms_user_data {
  std::array<std::uint8_t, 140> octets{};
  std::uint8_t size = 0;         ///< octets in use
  std::uint8_t length = 0;       ///< TP-UDL: septets including the header's, or octets
  std::uint8_t header_size = 0;  ///< octets of the header with its length octet; not 0: set TP-UDHI
};

/// Part `index` of `split`. `reference` ties the parts together: its low octet with reference_octets 1.
/// Errors: invalid_argument when there is no such part, or `format` is not the one that made the split.
[[nodiscard]] result<sms_user_data> encode_sms_part(const sms_split& split, std::size_t index, std::uint16_t reference,
                                                    const sms_format& format = {}) noexcept;

/// One character that smart encoding replaced.
struct sms_replacement {
  std::size_t at = 0;     ///< byte offset in the normalised text
  char32_t from = 0;      ///< the code point
  std::string_view to{};  ///< may be empty. Lives for ever
};

struct smart_text {
  std::string text{};
  bool normalised = false;  ///< NFC composed something
  std::vector<sms_replacement> replaced{};
};

/// NFC, then typographic characters by their plain look-alikes: curly quotes, dashes, ellipsis, odd spaces, full-width
/// forms, small capitals, zero-width characters. A text that a campaign author pasted fits GSM-7 again. A letter with
/// its accent stays as it is where Unicode has the two as one character; an accent that joins nothing becomes a
/// character of its own ("x" and U+0303: "x~"). The text may grow, so count again. Source of the table: Twilio's smart
/// encoding. Errors: invalid_utf8.
[[nodiscard]] result<smart_text, text_error> smart_encode(std::string_view text);

/// Shortens `text` so that it and an ellipsis ("..." in GSM-7, U+2026 in UCS-2) fit max_parts; cut at a cluster, white
/// space before the cut dropped. True: it was cut. Errors: invalid_utf8.
[[nodiscard]] result<bool, text_error> truncate_sms(std::string& text, const sms_format& format);

/// How an SMS text is brought into shape before it is handed over.
struct sms_preparation {
  sms_format format{};
  /// Apply smart_encode() when the result has fewer parts; else the text stays as it is.
  bool smart_encoding = false;
  over_limit over = over_limit::refuse;
};

/// What became of a text in prepare_sms().
struct prepared_sms {
  sms_size size{};
  bool smart = false;      ///< smart encoding was applied
  bool truncated = false;  ///< and something was cut
};

/// Smart encoding, then the part limit, in place. A text of one part, one in GSM-7, and one that holds nothing smart
/// encoding could take away are not copied and nothing is allocated. Errors: as measure_sms(); the text is then as it
/// was.
[[nodiscard]] result<prepared_sms, text_error> prepare_sms(std::string& text, const sms_preparation&);

/// "GSM-7", "UCS-2". Lives for ever.
[[nodiscard]] std::string_view name_of(sms_encoding) noexcept;

}  // namespace broadside
