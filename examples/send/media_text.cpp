// send/media_text - facts, one after the other. Pure.
#include "media_text.hpp"
#include <fmt/format.h>
#include <array>
#include <iterator>
#include <string_view>
#include "findings.hpp"
#include "report.hpp"

namespace broadside::send {
namespace {

constexpr std::size_t shown_max = 300;

void add(std::string& out, std::string_view fact) {
  if (fact.empty()) return;
  if (!out.empty()) out += ", ";
  out += fact;
}

void add_if(std::string& out, bool is_so, std::string_view fact) {
  if (is_so) add(out, fact);
}

// EXIF numbers the eight ways to turn and mirror; 5 to 8 swap the sides.
void add_pixels(std::string& out, const media_facts& f) {
  if (f.width == 0 && f.height == 0) return;
  add(out, fmt::format("{}×{} pixels", f.width, f.height));
  if (f.orientation >= 5 && f.orientation <= 8) {
    fmt::format_to(std::back_inserter(out), " (turned: shown as {}×{})", f.height, f.width);
  } else if (f.orientation > 1 && f.orientation < 5) {
    constexpr std::array<std::string_view, 3> ways{"mirrored", "upside down", "upside down and mirrored"};
    fmt::format_to(std::back_inserter(out), " ({})", ways[f.orientation - 2U]);
  }
}

void add_codecs(std::string& out, const media_facts& f) {
  if (!f.video_codec.empty()) add(out, fmt::format("{} video", printable(f.video_codec.view(), 32)));
  if (!f.audio_codec.empty()) add(out, fmt::format("{} sound", printable(f.audio_codec.view(), 32)));
}

}  // namespace

std::string media_text(const media_facts& f) {
  std::string out(f.type == media_type::unknown ? "not recognised" : name_of(f.type));
  if (!f.version.empty()) out += ' ' + printable(f.version.view(), 32);
  add_pixels(out, f);
  if (f.frames > 1) add(out, counted(f.frames, "frame"));
  if (f.duration) add(out, span_text(*f.duration));
  add_codecs(out, f);
  add_if(out, f.progressive, "progressive");
  add_if(out, f.lossless, "lossless");
  add_if(out, f.arithmetic, "arithmetic coding");
  add_if(out, f.cmyk, "CMYK");
  add_if(out, f.bits > 8, fmt::format("{} bits", f.bits));
  add_if(out, f.alpha, "transparent");
  add_if(out, f.gps, "tells where it was taken (GPS)");
  add_if(out, f.slow_start, "index behind the data");
  add(out, fmt::format("{}, {} in a message", counted(f.bytes, "byte"), wire_size(f.bytes)));
  return out;
}

std::string media_text(const media_report& r) {
  if (!r.why) return media_text(r.facts);
  const std::string detail = r.detail.empty() ? std::string() : fmt::format(" ({})", printable(r.detail, shown_max));
  return fmt::format("not looked at: {}{}", printable(r.why.message(), shown_max), detail);
}

}  // namespace broadside::send
