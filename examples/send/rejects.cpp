// send/rejects - one CSV row each: line,record,reason,explanation,recipient. One thread.
#include "rejects.hpp"
#include <fmt/format.h>
#include <algorithm>
#include <broadside/phone.hpp>
#include <charconv>
#include <cstddef>
#include <filesystem>
#include <iterator>
#include <system_error>
#include <utility>
#include <vector>
#include "audience_input.hpp"
#include "audience_rows.hpp"

namespace broadside::send {

bool is_about_the_row(errc reason) noexcept {
  switch (reason) {
    case errc::phone_empty:
    case errc::phone_no_prefix:
    case errc::phone_bad_character:
    case errc::phone_too_short:
    case errc::phone_too_long:
    case errc::phone_bad_country:
    case errc::phone_bad_nanp:
    case errc::wrong_number_of_values:
    case errc::recipient_too_large:
    case errc::invalid_utf8:
    case errc::text_too_long:
    case errc::subject_too_long:
    case errc::subject_bad_character:
    case errc::fallback_text_too_long:
    case errc::message_empty:
    case errc::message_too_large:
      return true;
    default:
      return false;
  }
}

void append_csv_field(std::string& out, std::string_view text) {
  const bool formula = !text.empty() && std::string_view("=+-@\t\r").find(text[0]) != std::string_view::npos;
  const bool quoted = formula || text.find_first_of(",\"\r\n") != std::string_view::npos;
  if (!quoted) {
    out += text;
    return;
  }
  out += '"';
  if (formula) out += '\'';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

std::string masked(std::string_view number) {
  if (const auto parsed = phone::parse(number); parsed.has_value()) return parsed->masked();
  constexpr std::size_t shown = 4;
  constexpr std::size_t length_max = 24;
  std::string out;
  const std::size_t begin = number.starts_with('+') ? 1 : 0;
  out.append(number.substr(0, begin));
  const std::string_view rest = number.substr(begin);
  const std::size_t hidden = rest.size() > shown ? rest.size() - shown : rest.size();
  out.append(std::min(hidden, length_max), '*');
  // only plain characters: a number that is none may hold anything
  for (const char c : rest.substr(hidden)) out += c > ' ' && c < 0x7F ? c : '?';
  return out;
}

namespace {

constexpr std::string_view header = "line,record,reason,explanation,recipient\r\n";

/// Whether what stands behind the last line end is the begin of a row of ours, or of the header.
bool is_torn_row(std::string_view tail) {
  if (header.starts_with(tail)) return true;
  const std::size_t record = tail.find_first_not_of("0123456789");
  if (record == std::string_view::npos) return true;  // of the line's number
  if (tail[record] != ',') return false;
  const std::size_t reason = tail.find_first_not_of("0123456789", record + 1);
  return reason == std::string_view::npos || (reason > record + 1 && tail[reason] == ',');
}

/// The records that a rejects file has. What cannot be read is none.
row_set records_of(const std::string& path) {
  row_set out;
  audience_input input;
  if (!input.open(path)) return out;
  audience_rows read(input, {.columns = {.to = "record", .values = {}}});
  audience_batch batch;
  for (auto step = read.next(batch); step == audience_step::rows || step == audience_step::bad_row;
       step = read.next(batch)) {
    for (const recipient& each : batch.recipients) {
      std::uint64_t record = 0;
      const auto [end, failed] = std::from_chars(each.to.data(), each.to.data() + each.to.size(), record);
      if (failed == std::errc{} && end == each.to.data() + each.to.size()) out.insert(record);
    }
  }
  return out;
}

}  // namespace

bool rejects_file::open(const std::string& path, bool resumed) {
  std::error_code unused;
  if (!resumed || !std::filesystem::is_regular_file(path, unused)) {
    return file_.open(path, output_file::mode::append);
  }
  if (!file_.open(path, output_file::mode::resume, is_torn_row)) return false;
  there_ = records_of(path);
  has_header_ = std::filesystem::file_size(path, unused) > 0;
  return true;
}

void rejects_file::begin() {
  if (!file_.is_open() || std::exchange(has_header_, true)) return;
  file_.clear();
  file_.write(header);
}

void rejects_file::add(std::uint64_t line, std::uint64_t record, std::string_view reason, std::string_view why,
                       std::string_view number) {
  if (!file_.is_open() || there_.contains(record)) return;
  row_.clear();
  if (line > 0) fmt::format_to(std::back_inserter(row_), "{}", line);
  fmt::format_to(std::back_inserter(row_), ",{},", record);
  append_csv_field(row_, reason);
  row_ += ',';
  append_csv_field(row_, why);
  row_ += ',';
  append_csv_field(row_, privacy_ == privacy::plain ? std::string(number) : masked(number));
  row_ += "\r\n";
  file_.write(row_);
}

}  // namespace broadside::send
