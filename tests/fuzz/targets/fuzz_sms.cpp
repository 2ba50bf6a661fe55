// fuzz/fuzz_sms - any bytes under any format: parts rejoin, nothing exceeds its limit, and what is encoded is read
// back.
//
// The first four bytes choose the format and what is prepared; the rest is the text. Pure; one thread.
#include <algorithm>
#include <array>
#include <broadside/sms.hpp>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <sms/alphabet.hpp>
#include <string>
#include <string_view>
#include <support/fuzz.hpp>
#include <text/unicode.hpp>
#include <text/utf8.hpp>
#include <vector>

using namespace broadside;
using broadside::fuzz::require;

namespace {

constexpr std::size_t knobs = 4;

sms_format format_of(const std::uint8_t* data) {
  return {static_cast<national_language>(data[0] % 14), static_cast<std::uint8_t>(1 + data[1] % 2), data[1] % 4 < 2,
          static_cast<std::uint8_t>(data[2] % 5 == 0 ? 255 : 1 + data[2] % 7)};
}

struct sizes {
  std::size_t alone;
  std::size_t joined;
};

/// By the table of TS 23.040 rather than by octets.
sizes sizes_of(const sms_size& size, const sms_format& format) {
  if (size.encoding == sms_encoding::ucs2) return {70, format.reference_octets == 1 ? 67U : 66U};
  const int tables =
      (size.locking != national_language::none ? 1 : 0) + (size.single != national_language::none ? 1 : 0);
  // header octets: 1 + 3 a table + 5 or 6
  constexpr std::array<std::size_t, 3> alone{160, 155, 152};
  constexpr std::array<std::size_t, 3> narrow{153, 149, 146};
  constexpr std::array<std::size_t, 3> wide{152, 148, 145};
  const auto at = static_cast<std::size_t>(tables);
  return {alone.at(at), format.reference_octets == 1 ? narrow.at(at) : wide.at(at)};
}

std::size_t units_of(std::string_view text, const sms_size& size) {
  std::size_t units = 0;
  for (std::size_t at = 0; at < text.size();) {
    const char32_t c = text::next_code_point(text, at);
    const sms::septet_code code = sms::code_of(c, {size.locking, size.single});
    require(size.encoding == sms_encoding::ucs2 || code.count > 0, "the alphabet holds every character");
    require(size.encoding == sms_encoding::ucs2 || c != 0x1B, "ESC is no character");
    units += size.encoding == sms_encoding::ucs2 ? text::utf16_units(c) : code.count;
  }
  return units;
}

/// A cut at `at` is between two characters; when clusters are kept, inside one only if that fits no part.
void check_cut(std::string_view text, std::size_t at, const sms_size& size, const sms_format& format,
               std::size_t limit) {
  require((static_cast<unsigned char>(text[at]) & 0xC0U) != 0x80U, "no character is cut");
  if (!format.keep_clusters || text[at] == '\n') return;
  const std::size_t start = text::cluster_start(text, 0, at);
  if (start == at) return;
  const std::size_t end = text::cluster_end(text, start);
  require(units_of(text.substr(start, end - start), size) > limit, "a cluster that fits a part is kept");
}

unsigned septet_at(const sms_user_data& data, std::size_t index) {
  unsigned septet = 0;
  for (std::size_t bit = 0; bit < 7; ++bit) {
    const std::size_t at = index * 7 + bit;
    septet |= (data.octets.at(at / 8) >> (at % 8) & 1U) << bit;
  }
  return septet;
}

/// What is in the octets is what the alphabet says of the text, character by character.
void check_octets(const sms_user_data& data, const sms_part& part, const sms_size& size) {
  require(data.size <= data.octets.size(), "140 octets");
  require(data.header_size == 0 || data.octets[0] + 1 == data.header_size, "the header tells its length");
  const bool gsm7 = size.encoding == sms_encoding::gsm7;
  std::size_t at = gsm7 ? (data.header_size * std::size_t{8} + 6) / 7 : data.header_size;
  for (std::size_t i = 0; i < part.text.size();) {
    const char32_t c = text::next_code_point(part.text, i);
    if (gsm7) {
      const sms::septet_code code = sms::code_of(c, {size.locking, size.single});
      if (code.count == 2) require(septet_at(data, at++) == 0x1B, "a shifted character has its escape");
      const unsigned septet = septet_at(data, at++);
      require(septet == code.value, "septets are those of the alphabet");
      require(code.count == 1 || (septet != 0x1B && septet != 0x0D), "no reserved pair");
      continue;
    }
    const auto unit = [&data](std::size_t k) { return char32_t{data.octets.at(k)} << 8U | data.octets.at(k + 1); };
    char32_t read = unit(at);
    at += 2;
    if (c >= 0x10000) {
      read = 0x10000 + ((read & 0x3FFU) << 10U) + (unit(at) & 0x3FFU);
      at += 2;
    }
    require(read == c, "UTF-16BE is that of the text");
  }
  require(at == data.length, "the length counts what is there");
}

void check_split(std::string_view text, const sms_format& format) {
  sms_parts room;
  const auto split = split_sms(text, room, format);
  const auto size = measure_sms(text, format);
  require(split.has_value() == size.has_value(), "measuring and splitting fail alike");
  if (!split) {
    require(split.error().code == size.error().code && split.error().at == size.error().at, "for the same reason");
    require(split.error().at < text.size(), "the place is in the text");
    return;
  }
  require(split->parts.size() == size->parts && split->size.parts == size->parts, "they count the same parts");
  require(size->parts <= format.max_parts, "no more parts than allowed");
  require((size->parts == 0) == text.empty(), "only an empty text has no parts");
  const auto [alone, joined] = sizes_of(*size, format);
  const std::size_t limit = size->parts > 1 ? joined : alone;
  std::size_t units = 0;
  std::size_t at = 0;
  for (std::size_t i = 0; i < split->parts.size(); ++i) {
    const sms_part& part = split->parts[i];
    require(part.text.data() == text.data() + at && !part.text.empty(), "parts follow one another");
    require(part.units == units_of(part.text, *size) && part.units <= limit, "no part is over its limit");
    if (at > 0) check_cut(text, at, *size, format, limit);
    at += part.text.size();
    units += part.units;
    const auto data = encode_sms_part(*split, i, 0xBEEF, format);
    require(data.has_value(), "every part of a split can be encoded");
    check_octets(*data, part, *size);
  }
  require(at == text.size(), "parts rejoin to the text");
  require(units == size->units, "units are counted alike");
  require(size->parts < 2 || units > alone, "one part is used when it is enough");
}

void check_shortened(const std::string& text, const sms_format& format) {
  std::string cut = text;
  const auto was_cut = truncate_sms(cut, format);
  require(was_cut.has_value(), "a text can always be shortened");
  require(*was_cut == !measure_sms(text, format).has_value(), "it is cut when it is too long");
  require(measure_sms(cut, format).has_value(), "what was shortened fits");
  if (!*was_cut) {
    require(cut == text, "what fits is left alone");
    return;
  }
  const std::string_view end = cut.ends_with("...") ? "..." : "…";
  require(cut.ends_with(end), "an ellipsis shows the cut");
  const std::string_view front = std::string_view(cut).substr(0, cut.size() - end.size());
  require(std::string_view(text).starts_with(front), "the rest is the front of the text");
}

void check_smart(std::string_view text) {
  const auto smart = smart_encode(text);
  require(smart.has_value(), "smart encoding takes any text");
  require(!text::find_invalid_utf8(smart->text), "its result is well-formed");
  std::string composed;
  require(!text::append_nfc(composed, smart->text), "its result is in NFC");
  require(smart->normalised || !smart->replaced.empty() || smart->text == text, "it says what it did");
  for (const sms_replacement& each : smart->replaced) {
    require(sms::hold(each.to, {}).bytes == each.to.size(), "it writes GSM-7 only");
  }
}

void check_prepared(const std::string& text, std::uint8_t knob, const sms_format& format) {
  const sms_preparation how{format, (knob & 1U) != 0, (knob & 2U) != 0 ? over_limit::truncate : over_limit::refuse};
  std::string prepared = text;
  const auto done = prepare_sms(prepared, how);
  if (!done) {
    require(how.over == over_limit::refuse && done.error().code == errc::sms_too_many_parts, "only a refusal fails");
    require(prepared == text, "a refused text stays");
    return;
  }
  const auto size = measure_sms(prepared, format);
  require(size && size->parts == done->size.parts && size->units == done->size.units, "the size is that of the result");
  require(done->smart || done->truncated || prepared == text, "a text changes only for a reason that is told");
  require(how.smart_encoding || !done->smart, "smart encoding only when asked for");
  const auto before = measure_sms(text, format);
  require(!before || size->parts <= before->parts, "preparing never adds a part");
}

/// Without the bytes that are no part of a character.
std::string characters_of(std::string_view bytes) {
  std::string characters;
  while (!bytes.empty()) {
    const text::utf8_sequence first = text::first_utf8_sequence(bytes);
    if (first.well_formed) characters += bytes.substr(0, first.length);
    bytes.remove_prefix(first.length);
  }
  return characters;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < knobs) return 0;
  const sms_format format = format_of(data);
  const std::string text(reinterpret_cast<const char*>(data) + knobs, size - knobs);
  if (const auto bad = text::find_invalid_utf8(text)) {
    const auto measured = measure_sms(text, format);
    require(!measured && measured.error().code == errc::invalid_utf8 && measured.error().at == *bad,
            "what is not UTF-8 is refused where it begins");
    std::string copy = text;
    require(!smart_encode(text) && !truncate_sms(copy, format) && !prepare_sms(copy, {format}) && copy == text,
            "everywhere, and left as it is");
  }
  const std::string characters = characters_of(text);
  check_split(characters, format);
  check_shortened(characters, format);
  check_smart(characters);
  check_prepared(characters, data[3], format);
  return 0;
}
