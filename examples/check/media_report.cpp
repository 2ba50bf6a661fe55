// check/media_report - lines and members out of facts. Pure.
#include "media_report.hpp"
#include <fmt/format.h>
#include <cstdint>
#include <iterator>
#include <optional>
#include "../send/findings.hpp"
#include "../send/media_text.hpp"
#include "../send/report.hpp"
#include "findings_report.hpp"
#include "text_table.hpp"

namespace broadside::checking {
namespace {

constexpr std::size_t shown_max = 300;
constexpr std::size_t error_max = 1'000;

std::string answer_text(const media_report& r) {
  std::string out;
  if (!r.content_type.empty()) out = fmt::format(", served as {}", send::printable(r.content_type, shown_max));
  if (r.redirects > 0) {
    fmt::format_to(std::back_inserter(out), " after {}", send::counted(r.redirects, "redirect"));
  }
  return out;
}

void write_faults(json_writer& json, enum_set<media_fault> faults) {
  json.key("faults");
  json.begin_array();
  for (unsigned i = 0; i <= static_cast<unsigned>(media_fault::other_format_inside); ++i) {
    const auto each = static_cast<media_fault>(i);
    if (faults.contains(each)) json.text(name_of(each));
  }
  json.end_array();
}

// Sizes are of files that exist, so they fit what JSON's numbers hold; one that is no file's is cut.
std::int64_t number_of(std::uint64_t value) noexcept {
  constexpr std::uint64_t most = INT64_MAX;
  return static_cast<std::int64_t>(value < most ? value : most);
}

void write_facts(json_writer& json, const media_facts& f) {
  json.begin_object();
  json.member("type", name_of(f.type));
  json.member_or_null("mime_type", mime_type_of(f.type));
  json.member_or_null("version", f.version.view());
  json.member("state", name_of(f.state));
  write_faults(json, f.faults);
  json.member_number("bytes", number_of(f.bytes));
  json.member_number("wire_bytes", number_of(wire_size(f.bytes)));
  json.member_number("width", f.width);
  json.member_number("height", f.height);
  json.member_number("orientation", f.orientation);
  json.member_number("frames", f.frames);
  const auto ms = f.duration ? std::optional(f.duration->count()) : std::nullopt;
  json.member_or_null("duration_ms", ms);
  json.member_or_null("video_codec", f.video_codec.view());
  json.member_or_null("audio_codec", f.audio_codec.view());
  json.member_number("bits", f.bits);
  json.member_flag("animated", f.animated);
  json.member_flag("alpha", f.alpha);
  json.member_flag("progressive", f.progressive);
  json.member_flag("cmyk", f.cmyk);
  json.member_flag("arithmetic", f.arithmetic);
  json.member_flag("lossless", f.lossless);
  json.member_flag("gps", f.gps);
  json.member_flag("slow_start", f.slow_start);
  json.end_object();
}

std::string why_text(const media_report& r) {
  if (!r.why) return {};
  return r.why.message() + (r.detail.empty() ? std::string() : fmt::format(" ({})", r.detail));
}

void write_answer(json_writer& json, const media_report& r) {
  json.begin_object();
  json.member_or_null("status", r.status != 0 ? std::optional(r.status) : std::nullopt);
  json.member_or_null("content_type", r.content_type);
  json.member_number("content_length", number_of(r.content_length));
  json.member_number("bytes_read", number_of(r.bytes_read));
  json.member_number("redirects", r.redirects);
  json.member_or_null("refused", why_text(r));
  json.end_object();
}

}  // namespace

std::string report_text(const checked_media& about, std::size_t columns) {
  const std::string input = send::printable(about.input, shown_max);
  if (!about.error.empty()) return fmt::format("{}: {}\n", input, send::printable(about.error, error_max));
  std::string title = fmt::format("{}: {}", input, send::media_text(about.report));
  if (about.is_url) title += answer_text(about.report);
  std::string out;
  for (const std::string& line : wrapped(title, columns)) out += line + "\n";
  return out + findings_text(about.findings, columns);
}

void write_report(json_writer& json, const checked_media& about) {
  json.begin_object();
  json.member("input", about.input);
  json.member_or_null("error", about.error);
  tally t;
  t.add(about.findings);
  write_tally(json, t);
  json.key("facts");
  about.error.empty() && !about.report.why ? write_facts(json, about.report.facts) : json.null();
  json.key("answer");
  about.is_url ? write_answer(json, about.report) : json.null();
  write_findings(json, about.findings);
  json.end_object();
}

}  // namespace broadside::checking
