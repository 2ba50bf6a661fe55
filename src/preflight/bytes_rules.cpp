// preflight/bytes_rules - the rules, one function each. Sources: what phones' viewers and decoders lack; Sinch's best
// practice for MMS (frames a second, sizes of GIF, seconds of video).
#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <check/wording.hpp>
#include <chrono>
#include <preflight/bytes_rules.hpp>
#include <text/ascii.hpp>
#include <utility>

namespace broadside::preflight_detail {
namespace {

using check_detail::count_of;
using check_detail::quoted;
using std::chrono::milliseconds;

constexpr std::uint64_t gif_bytes_advised = 600'000;
constexpr std::uint32_t frames_a_second_advised = 4;
constexpr milliseconds video_advised{30'000};

struct told {
  std::string_view rule;
  severity how = severity::error;
  std::string measured{};
  std::string allowed{};
  std::string fix{};
};

void add(std::vector<finding>& found, std::string where, told t) {
  found.push_back({.rule = t.rule,
                   .severity = t.how,
                   .where = std::move(where),
                   .measured = std::move(t.measured),
                   .allowed = std::move(t.allowed),
                   .whose = std::string(check_detail::ours),
                   .fix = std::move(t.fix)});
}

struct extension {
  std::string_view name;
  media_format format;
};

constexpr std::array extensions{
    extension{"jpg", media_format::jpeg},
    extension{"jpeg", media_format::jpeg},
    extension{"jpe", media_format::jpeg},
    extension{"png", media_format::png},
    extension{"gif", media_format::gif},
    extension{"bmp", media_format::bmp},
    extension{"mp3", media_format::mp3},
    extension{"wav", media_format::wav},
    extension{"amr", media_format::amr},
    extension{"mid", media_format::midi},
    extension{"midi", media_format::midi},
    extension{"m4a", media_format::mp4_audio},
    extension{"mp4", media_format::mp4},
    extension{"m4v", media_format::mp4},
    extension{"3gp", media_format::three_gp},
    extension{"3gpp", media_format::three_gp},
    extension{"mpg", media_format::mpeg},
    extension{"mpeg", media_format::mpeg},
    extension{"avi", media_format::avi},
    extension{"wmv", media_format::wmv},
    extension{"mov", media_format::mov},
    extension{"vcf", media_format::vcard},
    extension{"vcard", media_format::vcard},
    extension{"ics", media_format::icalendar},
    extension{"ical", media_format::icalendar},
    extension{"ifb", media_format::icalendar},
    extension{"icalendar", media_format::icalendar},
    extension{"pdf", media_format::pdf},
};

/// One container under several names: which of them a file is hangs on a few letters in it.
bool is_made_of_boxes(media_format f) noexcept {
  return f == media_format::mp4 || f == media_format::mp4_audio || f == media_format::three_gp ||
         f == media_format::mov;
}

/// What it costs when `real` is said to be `said`: providers choose decoders, and slides, by kind.
severity how_bad(media_format said, media_format real) noexcept {
  const bool near = kind_of(said) == kind_of(real) || (is_made_of_boxes(said) && is_made_of_boxes(real));
  return near ? severity::warning : severity::error;
}

bool is_type_itself(std::string_view said, media_type type) noexcept {
  const auto name = mime_type_of(type);
  said = said.substr(0, said.find(';'));
  return !name.empty() && text::starts_with_ignoring_case(said, name);
}

void expect_said_type(const looked_at& it, std::string_view said, std::string_view by, std::string where,
                      std::vector<finding>& found) {
  if (said.empty()) return;
  const auto real = format_of(it.facts.type);
  const auto format = media_format_of(said);
  if (real && format && *real == *format) return;
  if (!real && is_type_itself(said, it.facts.type)) return;  // told the truth: media.format says that nobody takes it
  severity how = severity::error;
  if (real && format) how = how_bad(*format, *real);
  if (real && !format) {
    const auto kind = media_kind_of(said);
    if (kind && *kind == kind_of(*real)) how = severity::warning;
  }
  add(found, std::move(where),
      {.rule = "media.type_differs",
       .how = how,
       .measured = std::string(name_of(it.facts.type)),
       .allowed = fmt::format("{}, as {} says", quoted(said), by),
       .fix = real ? fmt::format("Say {}, or put the right object there.", mime_type_of(it.facts.type))
                   : "Put the object itself there: what the link leads to is something else."});
}

void expect_types(const looked_at& it, std::vector<finding>& found) {
  if (it.facts.type == media_type::unknown) return;  // media.broken tells
  expect_said_type(it, it.declared, "the campaign", it.where + ".mime_type", found);
  expect_said_type(it, it.content_type, "the server", it.where + ".url", found);
  const auto real = format_of(it.facts.type);
  const auto promised = format_of_name(it.url);
  if (!real || !promised || *real == *promised) return;
  add(found, it.where + ".url",
      {.rule = "media.type_differs",
       .how = is_made_of_boxes(*real) && is_made_of_boxes(*promised) ? severity::advice : severity::warning,
       .measured = std::string(name_of(it.facts.type)),
       .allowed = fmt::format("{}, as the name's ending says", name_of(*promised)),
       .fix = "Give the file the ending of its type: some providers and phones go by it."});
}

void advise_registered_type(std::string_view said, std::string where, std::vector<finding>& found) {
  const auto registered = registered_mime_type(said);
  if (said.empty() || registered == said) return;
  add(found, std::move(where),
      {.rule = "media.deprecated_type",
       .how = severity::advice,
       .measured = quoted(said),
       .allowed = std::string(registered),
       .fix = "Use the registered name of the type."});
}

std::string list_of(enum_set<media_fault> faults) {
  std::string out;
  for (unsigned i = 0; i <= static_cast<unsigned>(media_fault::other_format_inside); ++i) {
    const auto each = static_cast<media_fault>(i);
    if (!faults.contains(each)) continue;
    if (!out.empty()) out += ", ";
    out += name_of(each);
  }
  return out.empty() ? "not recognised" : out;
}

void expect_whole(const looked_at& it, std::vector<finding>& found) {
  const media_facts& f = it.facts;
  const bool is_broken = f.state == media_state::broken || f.type == media_type::unknown;
  if (!is_broken && f.state == media_state::clean) return;
  add(found, it.where + ".url",
      {.rule = is_broken ? "media.broken" : "media.lenient",
       .how = is_broken ? severity::error : severity::warning,
       .measured = list_of(f.faults),
       .allowed = "a whole file",
       .fix = is_broken ? "Export it again: phones will not show it."
                        : "Export it again: it is not quite whole, and some phones may not show it."});
}

// What decoders of phones do not have, however right the file is.
void expect_decodable(const looked_at& it, std::vector<finding>& found) {
  const media_facts& f = it.facts;
  const auto fails = [&](severity how, std::string measured, std::string fix) {
    add(found, it.where + ".url",
        {.rule = "media.phone_fails", .how = how, .measured = std::move(measured), .fix = std::move(fix)});
  };
  const std::string baseline = "Save it as an ordinary JPEG: 8 bits, baseline or progressive.";
  if (f.cmyk) fails(severity::warning, "four colours (CMYK)", "Save it with RGB colours: phones show these wrongly.");
  if (f.arithmetic) fails(severity::error, "arithmetic coding", baseline);
  if (f.lossless) fails(severity::error, "lossless JPEG", baseline);
  if (f.type == media_type::jpeg && f.bits > 8) fails(severity::error, fmt::format("{} bits", f.bits), baseline);
  constexpr std::array<std::string_view, 4> not_everywhere{"hvc1", "hev1", "av01", "vp09"};
  if (std::find(not_everywhere.begin(), not_everywhere.end(), f.video_codec.view()) != not_everywhere.end()) {
    fails(severity::warning, fmt::format("video as {}", f.video_codec.view()), "Encode it as H.264 (avc1).");
  }
}

void expect_viewer(const looked_at& it, std::vector<finding>& found) {
  if (it.facts.type != media_type::pdf && it.facts.type != media_type::icalendar) return;
  add(found, it.where,
      {.rule = "media.android",
       .how = severity::warning,
       .measured = std::string(name_of(it.facts.type)),
       .fix = "Put it on a page and send a link: Android's own messages app does not open it."});
}

void advise_motion(const looked_at& it, std::vector<finding>& found) {
  const media_facts& f = it.facts;
  if (f.animated && f.type == media_type::png) {
    add(found, it.where,
        {.rule = "media.frames",
         .how = severity::advice,
         .measured = count_of(f.frames, "frame"),
         .allowed = "1 frame of PNG",
         .fix = "Save it as GIF: many phones show the first frame only."});
  }
  if (f.animated && f.type == media_type::gif && f.duration && f.duration->count() > 0 &&
      std::uint64_t{f.frames} * 1000 > frames_a_second_advised * static_cast<std::uint64_t>(f.duration->count())) {
    add(found, it.where,
        {.rule = "media.frames",
         .how = severity::advice,
         .measured = fmt::format("{} in {:.1f} s", count_of(f.frames, "frame"),
                                 static_cast<double>(f.duration->count()) / 1000),
         .allowed = fmt::format("2 to {} a second", frames_a_second_advised),
         .fix = "Leave frames out: the file gets smaller, and phones keep up with it."});
  }
  if (f.animated && f.type == media_type::gif && f.bytes > gif_bytes_advised) {
    add(found, it.where,
        {.rule = "media.size_advised",
         .how = severity::advice,
         .measured = count_of(f.bytes, "byte"),
         .allowed = fmt::format("{} of GIF", count_of(gif_bytes_advised, "byte")),
         .fix = "Use fewer frames or colours, or a video."});
  }
  if (f.duration > video_advised && format_of(f.type) && kind_of(*format_of(f.type)) == media_kind::video) {
    add(found, it.where,
        {.rule = "media.duration",
         .how = severity::advice,
         .measured = count_of(static_cast<std::uint64_t>(f.duration->count() / 1000), "second"),
         .allowed = count_of(static_cast<std::uint64_t>(video_advised.count() / 1000), "second"),
         .fix = "Cut it: shorter videos arrive on more networks."});
  }
}

void advise_content(const looked_at& it, std::vector<finding>& found) {
  const auto advise = [&](std::string_view rule, std::string measured, std::string fix) {
    add(found, it.where,
        {.rule = rule, .how = severity::advice, .measured = std::move(measured), .fix = std::move(fix)});
  };
  if (it.facts.alpha) {
    advise("media.transparency", "transparent pixels", "Put a background behind it: phones choose black, or white.");
  }
  if (it.facts.gps) {
    advise("media.gps", "a position in its EXIF data", "Take it out: it tells everybody where the photo was taken.");
  }
  if (it.facts.slow_start) {
    advise("media.slow_start", "the index stands behind the data",
           "Export it for the web (\"fast start\"): it plays before it is there as a whole.");
  }
}

}  // namespace

std::optional<media_format> format_of_name(std::string_view url) noexcept {
  url = url.substr(0, url.find_first_of("?#"));
  if (const auto scheme = url.find("://"); scheme != std::string_view::npos) {
    url.remove_prefix(scheme + 3);
    const auto slash = url.find('/');
    url = slash == std::string_view::npos ? std::string_view{} : url.substr(slash);
  }
  if (const auto slash = url.rfind('/'); slash != std::string_view::npos) url.remove_prefix(slash + 1);
  const auto dot = url.rfind('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const auto ending = url.substr(dot + 1);
  for (const extension& each : extensions) {
    if (text::equal_ignoring_case(ending, each.name)) return each.format;
  }
  return std::nullopt;
}

bool is_unread(const looked_at& it) noexcept {
  if (it.facts.type != media_type::unknown) return false;
  const auto said = media_format_of(it.declared.empty() ? it.content_type : it.declared);
  return said && (*said == media_format::mpeg || *said == media_format::avi || *said == media_format::wmv);
}

void check_bytes(const looked_at& it, std::vector<finding>& found) {
  advise_registered_type(it.declared, it.where + ".mime_type", found);
  advise_registered_type(it.content_type, it.where + ".url", found);
  if (is_unread(it)) {
    add(found, it.where + ".url",
        {.rule = "media.unread",
         .how = severity::advice,
         .measured = quoted(it.declared.empty() ? it.content_type : it.declared),
         .fix = "Send MP4 to have it looked into; this format is taken as it is."});
    return;
  }
  expect_types(it, found);
  expect_whole(it, found);
  expect_decodable(it, found);
  expect_viewer(it, found);
  advise_motion(it, found);
  advise_content(it, found);
}

}  // namespace broadside::preflight_detail
