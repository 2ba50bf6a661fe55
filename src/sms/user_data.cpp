// sms/user_data - the octets of a part: header elements, then septets packed from the low bit up (TS 23.038 §6.1.2.1),
// or UTF-16BE.
#include <algorithm>
#include <broadside/sms.hpp>
#include <sms/coding.hpp>
#include <text/unicode.hpp>
#include <text/utf8.hpp>

namespace broadside {
namespace {

using sms::coding;
using sms::place;

// Information elements of TS 23.040 §9.2.3.24.
constexpr std::uint8_t concatenated_8_bit = 0x00;
constexpr std::uint8_t concatenated_16_bit = 0x08;
constexpr std::uint8_t national_single_shift = 0x24;
constexpr std::uint8_t national_locking_shift = 0x25;

/// Octets written one after another into a user data that has room for them.
class octet_writer {
 public:
  explicit octet_writer(sms_user_data& out) noexcept : out_(out) {}

  void put(std::uint8_t octet) noexcept { out_.octets[out_.size++] = octet; }
  void put_language(std::uint8_t element, national_language language) noexcept {
    if (language == national_language::none) return;
    put(element);
    put(1);
    put(static_cast<std::uint8_t>(language));
  }
  void put_16_bits(std::uint16_t value) noexcept {
    put(static_cast<std::uint8_t>(value >> 8U));
    put(static_cast<std::uint8_t>(value & 0xFFU));
  }

 private:
  sms_user_data& out_;
};

struct place_in_message {
  std::size_t index = 0;
  std::size_t parts = 0;
  std::uint16_t reference = 0;
};

void put_concatenation(octet_writer& out, const place_in_message& at, const sms_format& format) noexcept {
  out.put(format.reference_octets == 1 ? concatenated_8_bit : concatenated_16_bit);
  out.put(static_cast<std::uint8_t>(format.reference_octets + 2));
  if (format.reference_octets == 1) {
    out.put(static_cast<std::uint8_t>(at.reference & 0xFFU));
  } else {
    out.put_16_bits(at.reference);
  }
  out.put(static_cast<std::uint8_t>(at.parts));
  out.put(static_cast<std::uint8_t>(at.index + 1));
}

void put_header(sms_user_data& out, const coding& how, const place_in_message& at, const sms_format& format) noexcept {
  const place where = at.parts > 1 ? place::joined : place::alone;
  out.header_size = static_cast<std::uint8_t>(how.header_octets(where, format));
  if (out.header_size == 0) return;
  octet_writer writer(out);
  writer.put(static_cast<std::uint8_t>(out.header_size - 1));
  writer.put_language(national_single_shift, how.tables.single);
  writer.put_language(national_locking_shift, how.tables.locking);
  if (where == place::joined) put_concatenation(writer, at, format);
}

/// Appends one septet at the place that the length in `out` says.
void put_septet(sms_user_data& out, std::uint8_t septet) noexcept {
  const std::size_t bit = std::size_t{out.length} * 7;
  const unsigned shifted = static_cast<unsigned>(septet) << (bit % 8);
  out.octets[bit / 8] = static_cast<std::uint8_t>(out.octets[bit / 8] | (shifted & 0xFFU));
  if (shifted > 0xFF) out.octets[bit / 8 + 1] = static_cast<std::uint8_t>(shifted >> 8U);
  ++out.length;
}

/// False: the text is not what the part's counts say.
bool put_septets(sms_user_data& out, const sms_part& part, const sms::alphabet& tables) noexcept {
  out.length = static_cast<std::uint8_t>(sms::septets_of_octets(out.header_size));
  std::size_t units = 0;
  for (std::size_t at = 0; at < part.text.size();) {
    const sms::septet_code code = sms::code_of(text::next_code_point(part.text, at), tables);
    units += code.count;
    if (code.count == 0 || units > part.units) return false;
    if (code.count == 2) put_septet(out, sms::escape_septet);
    put_septet(out, code.value);
  }
  out.size = static_cast<std::uint8_t>((std::size_t{out.length} * 7 + 7) / 8);
  return units == part.units;
}

bool put_utf16(sms_user_data& out, const sms_part& part) noexcept {
  octet_writer writer(out);
  std::size_t units = 0;
  for (std::size_t at = 0; at < part.text.size();) {
    const char32_t c = text::next_code_point(part.text, at);
    units += text::utf16_units(c);
    if (units > part.units) return false;
    if (c >= 0x10000) {
      writer.put_16_bits(static_cast<std::uint16_t>(0xD800U + ((c - 0x10000U) >> 10U)));
      writer.put_16_bits(static_cast<std::uint16_t>(0xDC00U + (c & 0x3FFU)));
    } else {
      writer.put_16_bits(static_cast<std::uint16_t>(c));
    }
  }
  out.length = out.size;
  return units == part.units;
}

/// Whether a split into these parts can come from the format.
bool fits(const sms_split& split, const coding& how, const sms_format& format) noexcept {
  const auto own = [&format](national_language used) {
    return used == national_language::none || (used == format.language && used <= national_language::urdu);
  };
  if (!own(split.size.locking) || !own(split.size.single)) return false;
  if (format.reference_octets != 1 && format.reference_octets != 2) return false;
  if (split.parts.size() != split.size.parts || split.parts.size() > format.max_parts) return false;
  const std::size_t capacity = how.capacity(split.parts.size() > 1 ? place::joined : place::alone, format);
  return std::all_of(split.parts.begin(), split.parts.end(),
                     [capacity](const sms_part& part) { return part.units <= capacity; });
}

}  // namespace

result<sms_user_data> encode_sms_part(const sms_split& split, std::size_t index, std::uint16_t reference,
                                      const sms_format& format) noexcept {
  const coding how{split.size.encoding, {split.size.locking, split.size.single}, false};
  if (index >= split.parts.size() || !fits(split, how, format)) return errc::invalid_argument;
  const sms_part& part = split.parts[index];
  if (text::find_invalid_utf8(part.text)) return errc::invalid_argument;
  sms_user_data out;
  put_header(out, how, {index, split.parts.size(), reference}, format);
  const bool whole = how.encoding == sms_encoding::gsm7 ? put_septets(out, part, how.tables) : put_utf16(out, part);
  if (!whole) return errc::invalid_argument;
  return out;
}

}  // namespace broadside
