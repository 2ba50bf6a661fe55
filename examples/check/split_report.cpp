// check/split_report - measure, split, explain. Pure.
#include "split_report.hpp"
#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <iterator>
#include <span>
#include <utility>
#include "../send/findings.hpp"
#include "characters.hpp"
#include "text_table.hpp"

namespace broadside::checking {
namespace {

constexpr std::size_t odd_shown_max = 8;
constexpr std::uint16_t reference = 1;

constexpr std::array<std::pair<std::string_view, national_language>, 13> languages{
    {{"turkish", national_language::turkish},
     {"spanish", national_language::spanish},
     {"portuguese", national_language::portuguese},
     {"bengali", national_language::bengali},
     {"gujarati", national_language::gujarati},
     {"hindi", national_language::hindi},
     {"kannada", national_language::kannada},
     {"malayalam", national_language::malayalam},
     {"oriya", national_language::oriya},
     {"punjabi", national_language::punjabi},
     {"tamil", national_language::tamil},
     {"telugu", national_language::telugu},
     {"urdu", national_language::urdu}}};

std::string hex(std::span<const std::uint8_t> octets) {
  std::string out;
  for (const std::uint8_t each : octets) fmt::format_to(std::back_inserter(out), "{:02X}", each);
  return out;
}

std::optional<std::string_view> replacement_of(char32_t c, const std::vector<sms_replacement>& known) {
  const auto found = std::find_if(known.begin(), known.end(), [c](const sms_replacement& r) { return r.from == c; });
  return found == known.end() ? std::nullopt : std::optional(found->to);
}

// A character that needs UCS-2 alone makes the whole text need it.
void find_odd(split_report& out, const sms_format& format) {
  const auto smart = smart_encode(out.text);
  const std::string_view text = out.text;
  for (std::size_t at = 0; at < text.size();) {
    const character next = first_character(text.substr(at));
    const auto alone = measure_sms(text.substr(at, next.bytes), format);
    if (alone.has_value() && alone->encoding == sms_encoding::ucs2 && ++out.odd_count <= odd_max) {
      out.odd.push_back(
          {at, next.code_point, smart.has_value() ? replacement_of(next.code_point, smart->replaced) : std::nullopt});
    }
    at += next.bytes;
  }
}

void try_smart(split_report& out, const sms_format& format) {
  std::string text = out.text;
  const auto smart = prepare_sms(text, {format, true, over_limit::refuse});
  if (smart.has_value() && smart->smart && smart->size.parts < out.size.parts) out.smart_size = smart->size;
}

void add_parts(split_report& out, const sms_split& split, const sms_format& format) {
  for (std::size_t i = 0; i < split.parts.size(); ++i) {
    const sms_part& part = split.parts[i];
    split_part& made = out.parts.emplace_back();
    made.at = static_cast<std::size_t>(part.text.data() - out.text.data());
    made.bytes = part.text.size();
    made.units = part.units;
    const auto data = encode_sms_part(split, i, reference, format);
    if (!data.has_value()) continue;
    made.header_octets = data->header_size;
    made.length = data->length;
    made.user_data = hex(std::span(data->octets).first(data->size));
  }
}

std::string odd_line(const split_report& r, const odd_character& c) {
  const character whole = first_character(std::string_view(r.text).substr(c.at));
  std::string out = fmt::format("  at byte {:<6} {:<8} {}", c.at, code_point_text(c.code_point),
                                shown(std::string_view(r.text).substr(c.at, whole.bytes)));
  if (!c.replacement) return out + "\n";
  if (c.replacement->empty()) return out + "   smart encoding drops it\n";
  return out + fmt::format("   smart encoding: {}\n", shown(*c.replacement));
}

std::string odd_text(const split_report& r) {
  std::string out =
      fmt::format("UCS-2 because of {} that GSM-7 does not have:\n", send::counted(r.odd_count, "character"));
  for (std::size_t i = 0; i < r.odd.size() && i < odd_shown_max; ++i) out += odd_line(r, r.odd[i]);
  if (r.odd_count > odd_shown_max)
    fmt::format_to(std::back_inserter(out), "  and {} more\n", r.odd_count - odd_shown_max);
  return out;
}

void write_size(json_writer& json, const sms_size& size) {
  json.member("encoding", name_of(size.encoding));
  json.member_or_null("locking", language_name(size.locking));
  json.member_or_null("single", language_name(size.single));
  json.member_number("units", size.units);
  json.member_number("parts", size.parts);
}

void write_part(json_writer& json, const split_report& r, const split_part& part, bool pdu) {
  json.begin_object();
  json.member_number("at", static_cast<std::int64_t>(part.at));
  json.member_number("bytes", static_cast<std::int64_t>(part.bytes));
  json.member_number("units", part.units);
  json.member("text", std::string_view(r.text).substr(part.at, part.bytes));
  json.member_number("header_octets", part.header_octets);
  json.member_number("user_data_length", part.length);
  json.member_or_null("user_data", pdu ? std::string_view(part.user_data) : std::string_view());
  json.end_object();
}

void write_odd(json_writer& json, const odd_character& c) {
  json.begin_object();
  json.member_number("at", static_cast<std::int64_t>(c.at));
  json.member("code_point", code_point_text(c.code_point));
  json.key("replacement");
  c.replacement ? json.text(*c.replacement) : json.null();
  json.end_object();
}

}  // namespace

split_report split_text(std::string_view text, const sms_preparation& as) {
  split_report out;
  out.text = text;
  const auto prepared = prepare_sms(out.text, as);
  if (!prepared.has_value()) {
    out.error = prepared.error();
    out.text = text;  // what the offset is about
    if (const auto whole = measure_sms(text, {as.format.language, as.format.reference_octets, as.format.keep_clusters});
        whole.has_value()) {
      out.size = *whole;
    }
    return out;
  }
  out.smart = prepared->smart;
  out.truncated = prepared->truncated;
  sms_parts room;
  const auto split = split_sms(out.text, room, as.format);
  if (!split.has_value()) {
    out.error = split.error();
    return out;
  }
  out.size = split->size;
  add_parts(out, *split, as.format);
  if (out.size.encoding == sms_encoding::ucs2) find_odd(out, as.format);
  if (!as.smart_encoding) try_smart(out, as.format);
  return out;
}

std::string split_report_text(const split_report& r, const split_printing& how) {
  if (r.error) {
    const auto reason = static_cast<errc>(r.error->code.value());
    std::string out = fmt::format("not sent: {} [{}], at byte {}\n", message_of(reason), name_of(reason), r.error->at);
    if (r.size.parts > 0) out += fmt::format("It would be {}\n", send::size_text(r.size, 0));
    return out;
  }
  std::string out = send::size_text(r.size, 0);
  if (r.size.locking != national_language::none)
    out += fmt::format(", {} locking shift", language_name(r.size.locking));
  if (r.size.single != national_language::none) out += fmt::format(", {} single shift", language_name(r.size.single));
  out += fmt::format("{}{}\n", r.smart ? ", after smart encoding" : "", r.truncated ? ", cut" : "");
  std::vector<table_row> rows;
  for (std::size_t i = 0; i < r.parts.size(); ++i) {
    const split_part& part = r.parts[i];
    const std::string text = shown(std::string_view(r.text).substr(part.at, part.bytes));
    rows.push_back({{fmt::to_string(i + 1), fmt::to_string(part.units), fmt::to_string(part.at), "\"" + text + "\""},
                    how.pdu ? fmt::format("TP-UDL {} TP-UD {}", part.length, part.user_data) : std::string()});
  }
  out += table_text({"PART", "UNITS", "AT BYTE", "TEXT"}, rows, how.columns);
  if (r.odd_count > 0) out += odd_text(r);
  if (r.smart_size) {
    out += fmt::format("Smart encoding makes it {}: --smart\n", send::size_text(*r.smart_size, 0));
  }
  return out;
}

void write_split_report(json_writer& json, const split_report& r, bool pdu) {
  json.key("error");
  if (r.error) {
    json.begin_object();
    json.member("code", name_of(static_cast<errc>(r.error->code.value())));
    json.member_number("at", static_cast<std::int64_t>(r.error->at));
    json.end_object();
  } else {
    json.null();
  }
  write_size(json, r.size);
  json.member_flag("smart", r.smart);
  json.member_flag("truncated", r.truncated);
  json.member("text", r.text);
  json.key("breaks");
  json.begin_array();
  for (const split_part& part : r.parts) write_part(json, r, part, pdu);
  json.end_array();
  json.member_number("ucs2_count", static_cast<std::int64_t>(r.odd_count));
  json.key("ucs2_because");
  json.begin_array();
  for (const odd_character& c : r.odd) write_odd(json, c);
  json.end_array();
  json.key("with_smart_encoding");
  if (r.smart_size) {
    json.begin_object();
    write_size(json, *r.smart_size);
    json.end_object();
  } else {
    json.null();
  }
}

std::string_view language_name(national_language language) noexcept {
  for (const auto& [name, value] : languages) {
    if (value == language) return name;
  }
  return {};
}

std::optional<national_language> language_named(std::string_view name) noexcept {
  for (const auto& [known, value] : languages) {
    if (known == name) return value;
  }
  return std::nullopt;
}

std::vector<std::string> language_names() {
  std::vector<std::string> out;
  for (const auto& each : languages) out.emplace_back(each.first);
  return out;
}

}  // namespace broadside::checking
