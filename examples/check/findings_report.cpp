// check/findings_report - rows and members out of findings. Pure.
#include "findings_report.hpp"
#include <fmt/format.h>
#include <iterator>
#include <string_view>
#include "../send/findings.hpp"
#include "../send/report.hpp"
#include "characters.hpp"
#include "text_table.hpp"

namespace broadside::checking {
namespace {

constexpr std::size_t cell_bytes_max = 300;
constexpr std::size_t fix_bytes_max = 1'000;

std::string cell(std::string_view text) { return send::printable(text, cell_bytes_max); }

table_row row_of(const finding& f) {
  return {{std::string(name_of(f.severity)), std::string(f.rule), cell(f.where), cell(f.measured), cell(f.allowed),
           cell(f.whose)},
          send::printable(f.fix, fix_bytes_max)};
}

void write_size(json_writer& json, std::string_view name, const fallback_size& size) {
  json.key(name);
  json.begin_object();
  json.member("encoding", name_of(size.sms.encoding));
  json.member_number("units", size.sms.units);
  json.member_number("parts", size.sms.parts);
  json.member_number("price_micros", size.price_micros);
  json.member_number("uncut_parts", size.uncut.parts);
  json.member_flag("endless", size.endless);
  json.member_flag("refused", size.refused);
  json.end_object();
}

void write_forecast(json_writer& json, const std::optional<fallback_forecast>& forecast) {
  json.key("fallback");
  if (!forecast) return json.null();
  json.begin_object();
  json.member_flag("constant", forecast->constant);
  write_size(json, "least", forecast->least);
  write_size(json, "most_gsm", forecast->most_gsm);
  write_size(json, "most_ucs2", forecast->most_ucs2);
  json.end_object();
}

void write_finding(json_writer& json, const finding& f) {
  json.begin_object();
  json.member("severity", name_of(f.severity));
  json.member("rule", f.rule);
  json.member("where", f.where);
  json.member("measured", f.measured);
  json.member("allowed", f.allowed);
  json.member("whose", f.whose);
  json.member("fix", f.fix);
  json.end_object();
}

}  // namespace

void tally::add(std::span<const finding> found) noexcept {
  for (const finding& each : found) {
    ++(each.severity == severity::error ? errors : each.severity == severity::warning ? warnings : advice);
  }
}

// Where columns would break within words, sentences are easier to read.
std::string findings_text(std::span<const finding> found, std::size_t columns) {
  constexpr std::size_t table_columns_min = 76;
  std::string out;
  if (columns > 0 && columns < table_columns_min) {
    for (const finding& each : found) {
      for (const std::string& line : wrapped(send::finding_line(each), columns)) out += line + "\n";
    }
    return out;
  }
  std::vector<table_row> rows;
  for (const finding& each : found) rows.push_back(row_of(each));
  return table_text({"SEVERITY", "RULE", "WHERE", "MEASURED", "ALLOWED", "WHOSE"}, rows, columns);
}

std::string profile_names(const combined_limits& limits) {
  std::string out;
  for (const content_limits& each : limits.profiles()) {
    fmt::format_to(std::back_inserter(out), "{}{}", out.empty() ? "" : ", ", each.name.view());
  }
  return out.empty() ? "no profile, only what holds everywhere" : out;
}

std::string report_text(const checked& about, std::size_t columns) {
  const std::string file = send::printable(about.file, cell_bytes_max);
  if (!about.error.empty()) return fmt::format("{}: {}\n", file, send::printable(about.error, fix_bytes_max));
  std::string title = file.empty() ? std::string() : file + ": ";
  if (!about.campaign.empty()) title += fmt::format("\"{}\", ", send::printable(about.campaign, cell_bytes_max));
  title += "checked against " + profile_names(about.limits);

  std::string out;
  for (const std::string& line : wrapped(title, columns)) out += line + "\n";
  out += findings_text(about.findings, columns);
  if (about.forecast) out += send::forecast_text(*about.forecast);
  return out;
}

std::string summary_text(const tally& t, std::size_t count, std::string_view one) {
  const std::string in = count > 1 ? " in " + send::counted(count, one) : std::string();
  if (t.errors + t.warnings + t.advice == 0) return fmt::format("Nothing wrong{}\n", in);
  return fmt::format("{}, {}, {}{}{}\n", send::counted(t.errors, "error"), send::counted(t.warnings, "warning"),
                     t.advice == 1 ? "1 piece of advice" : fmt::format("{} pieces of advice", t.advice), in,
                     t.errors > 0 ? ": launch() would refuse" : "");
}

void write_tally(json_writer& json, const tally& t) {
  json.member_number("errors", static_cast<std::int64_t>(t.errors));
  json.member_number("warnings", static_cast<std::int64_t>(t.warnings));
  json.member_number("advice", static_cast<std::int64_t>(t.advice));
}

void write_profiles(json_writer& json, const combined_limits& limits) {
  json.key("profiles");
  json.begin_array();
  for (const content_limits& each : limits.profiles()) json.text(each.name.view());
  json.end_array();
}

void write_findings(json_writer& json, std::span<const finding> found) {
  json.key("findings");
  json.begin_array();
  for (const finding& each : found) write_finding(json, each);
  json.end_array();
}

void write_report(json_writer& json, const checked& about) {
  json.begin_object();
  json.member_or_null("file", about.file);
  json.member_or_null("campaign", about.campaign);
  json.member_or_null("error", about.error);
  tally t;
  t.add(about.findings);
  write_tally(json, t);
  write_profiles(json, about.limits);
  write_findings(json, about.findings);
  write_forecast(json, about.forecast);
  json.end_object();
}

}  // namespace broadside::checking
