// tests/conformance/sms - encoding, parts and headers of SMS texts, with and without national language tables.
#include <broadside/sms.hpp>
#include <charconv>
#include <string>
#include <text/json.hpp>
#include <vector>
#include "mode.hpp"
#include "row.hpp"

namespace broadside::conformance {
namespace {

/// What a row states of a text; `parts` and `headers` where it does.
struct expectation {
  std::string encoding{};
  std::uint64_t segments = 0;
  std::vector<std::uint64_t> sizes{};
  std::optional<std::vector<std::string>> parts{};
  std::optional<std::vector<std::string>> headers{};  // hexadecimal
};

std::optional<expectation> read_expectation(const row& from, const std::string& pointer) {
  const auto encoding = from.string_at(pointer + "/encoding");
  const auto segments = from.number_at(pointer + "/segments");
  const auto sizes = from.numbers_at(pointer + "/sizes");
  if (!encoding || !segments || !sizes) return std::nullopt;
  return expectation{*encoding, *segments, *sizes, from.strings_at(pointer + "/parts"),
                     from.strings_at(pointer + "/udh")};
}

void append_texts(text::json_writer& json, std::string_view key, const std::vector<std::string>& all) {
  json.key(key);
  json.begin_array();
  for (const std::string& each : all) json.string(each);
  json.end_array();
}

std::string json_of(const expectation& e) {
  std::string out;
  text::json_writer json(out);
  json.begin_object();
  json.member("encoding", e.encoding);
  json.number_member("segments", e.segments);
  json.key("sizes");
  json.begin_array();
  for (const std::uint64_t each : e.sizes) json.number(each);
  json.end_array();
  if (e.parts) append_texts(json, "parts", *e.parts);
  if (e.headers) append_texts(json, "udh", *e.headers);
  json.end_object();
  json.flush();
  return out;
}

std::string hex_of(const sms_user_data& data) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (std::size_t i = 0; i < data.header_size; ++i) {
    out += digits[data.octets[i] >> 4U];
    out += digits[data.octets[i] & 0xFU];
  }
  return out;
}

/// The concatenation reference in a header, so that ours has the same: the octet behind information element 0.
std::uint16_t reference_in(std::string_view header) {
  const auto octet = [&](std::size_t i) {
    unsigned value = 0;
    const std::string_view digits = header.substr(2 * i, 2);
    std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    return value;
  };
  for (std::size_t i = 1; 2 * i + 6 <= header.size(); i += 2 + octet(i + 1)) {
    if (octet(i) == 0) return static_cast<std::uint16_t>(octet(i + 2));
  }
  return 0;
}

/// Our answer, in as much detail as `asked` has.
result<expectation, text_error> answer(std::string_view text, const sms_format& format, const expectation& asked) {
  sms_parts room{};
  const auto split = split_sms(text, room, format);
  if (!split) return split.error();
  expectation out{std::string(name_of(split->size.encoding)), split->size.parts, {}, {}, {}};
  if (asked.parts) out.parts.emplace();
  if (asked.headers) out.headers.emplace();
  const std::uint16_t reference =
      asked.headers && !asked.headers->empty() ? reference_in(asked.headers->front()) : std::uint16_t{0};
  for (std::size_t i = 0; i < split->parts.size(); ++i) {
    out.sizes.push_back(split->parts[i].units);
    if (asked.parts) out.parts->emplace_back(split->parts[i].text);
    if (!asked.headers) continue;
    const auto data = encode_sms_part(*split, i, reference, format);
    out.headers->push_back(data ? hex_of(*data) : "none");
  }
  return out;
}

/// Judges one way of splitting; `keeping` names it in the report.
judgement judge_split(std::string_view text, const sms_format& format, const expectation& expected) {
  const auto ours = answer(text, format, expected);
  judgement made = ours ? compared(json_of(*ours), json_of(expected))
                        : judgement{verdict::fail, {}, "\"" + ours.error().code.message() + "\"", json_of(expected)};
  if (text.empty() && made.verdict == verdict::fail && ours && ours->segments == 0 && expected.segments == 1) {
    made.verdict = verdict::policy;
    made.reason = "an empty text has no part";
  }
  return made;
}

/// The language that a row may use: 0 for none.
std::optional<national_language> language_of(const row& from) {
  const auto allowed = from.numbers_at("/nli");
  if (!from.has("/nli") || (allowed && allowed->empty())) return national_language::none;
  if (!allowed || allowed->size() != 1 || allowed->front() > 13) return std::nullopt;
  return static_cast<national_language>(allowed->front());
}

}  // namespace

judgement judge_sms(std::string_view line) {
  row from;
  if (!from.read(line)) return unreadable("not a JSON object");
  const auto text = from.string_at("/text");
  const auto expected = read_expectation(from, "/expect");
  if (!text || !expected) return unreadable("text or a member of expect is missing");
  sms_format format;
  const auto language = language_of(from);
  if (!language) return unreadable("nli is not one language");
  format.language = *language;

  // Both rules of a row: code units may be cut at clusters, and clusters are kept.
  format.keep_clusters = false;
  judgement units = judge_split(*text, format, *expected);
  const auto grapheme = read_expectation(from, "/expect_grapheme");
  if (from.has("/expect_grapheme") && !grapheme) return unreadable("a member of expect_grapheme is missing");
  format.keep_clusters = true;
  judgement clusters = judge_split(*text, format, grapheme.value_or(*expected));
  return units.verdict == verdict::pass ? clusters : units;
}

}  // namespace broadside::conformance
