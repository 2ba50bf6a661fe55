// media/media - what MIME types stand for: one table, every spelling. Pure; any thread; no allocation.
#include <algorithm>
#include <array>
#include <broadside/media.hpp>
#include <cstddef>
#include <text/ascii.hpp>

namespace broadside {
namespace {

using text::equal_ignoring_case;
using text::lower;

/// RFC 9110 §5.6.2: what a type or a subtype is made of.
constexpr bool is_token(char c) noexcept {
  constexpr std::string_view others = "!#$%&'*+-.^_`|~";
  return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') || others.find(c) != std::string_view::npos;
}

struct spelling {
  std::string_view mime_type;
  media_format format;
};

// Registered names first; after them what servers, address books and providers' lists write for the same thing.
constexpr std::array spellings{
    spelling{"image/jpeg", media_format::jpeg},         spelling{"image/jpg", media_format::jpeg},
    spelling{"image/pjpeg", media_format::jpeg},        spelling{"image/png", media_format::png},
    spelling{"image/apng", media_format::png},          spelling{"image/gif", media_format::gif},
    spelling{"image/bmp", media_format::bmp},           spelling{"image/x-ms-bmp", media_format::bmp},
    spelling{"audio/mpeg", media_format::mp3},          spelling{"audio/mp3", media_format::mp3},
    spelling{"audio/wav", media_format::wav},           spelling{"audio/x-wav", media_format::wav},
    spelling{"audio/wave", media_format::wav},          spelling{"audio/x-wave", media_format::wav},
    spelling{"audio/vnd.wave", media_format::wav},      spelling{"audio/amr", media_format::amr},
    spelling{"audio/amr-wb", media_format::amr},        spelling{"audio/midi", media_format::midi},
    spelling{"audio/mid", media_format::midi},          spelling{"audio/x-midi", media_format::midi},
    spelling{"audio/mp4", media_format::mp4_audio},     spelling{"audio/x-m4a", media_format::mp4_audio},
    spelling{"video/mp4", media_format::mp4},           spelling{"video/x-m4v", media_format::mp4},
    spelling{"video/3gpp", media_format::three_gp},     spelling{"video/3gpp2", media_format::three_gp},
    spelling{"audio/3gpp", media_format::three_gp},     spelling{"video/mpeg", media_format::mpeg},
    spelling{"video/x-msvideo", media_format::avi},     spelling{"video/avi", media_format::avi},
    spelling{"video/x-ms-wmv", media_format::wmv},      spelling{"video/quicktime", media_format::mov},
    spelling{"text/vcard", media_format::vcard},        spelling{"text/x-vcard", media_format::vcard},
    spelling{"text/v-card", media_format::vcard},       spelling{"text/directory", media_format::vcard},
    spelling{"text/calendar", media_format::icalendar}, spelling{"application/pdf", media_format::pdf},
    spelling{"application/x-pdf", media_format::pdf},
};

struct renamed {
  std::string_view deprecated;
  std::string_view registered;
};

// RFC 6350 §10.1 for cards; IANA's list, and custom where it names none (audio/wav), for the others. Types with a
// meaning of their own (audio/3gpp, image/apng) are not in here.
constexpr std::array renames{
    renamed{"text/x-vcard", "text/vcard"},
    renamed{"text/v-card", "text/vcard"},
    renamed{"text/directory", "text/vcard"},
    renamed{"image/jpg", "image/jpeg"},
    renamed{"image/pjpeg", "image/jpeg"},
    renamed{"image/x-ms-bmp", "image/bmp"},
    renamed{"audio/mp3", "audio/mpeg"},
    renamed{"audio/x-wav", "audio/wav"},
    renamed{"audio/wave", "audio/wav"},
    renamed{"audio/x-wave", "audio/wav"},
    renamed{"audio/vnd.wave", "audio/wav"},
    renamed{"audio/mid", "audio/midi"},
    renamed{"audio/x-midi", "audio/midi"},
    renamed{"audio/x-m4a", "audio/mp4"},
    renamed{"video/x-m4v", "video/mp4"},
    renamed{"video/avi", "video/x-msvideo"},
    renamed{"application/x-pdf", "application/pdf"},
};

struct format_facts {
  media_kind kind;
  std::string_view name;
};

/// In the order of the enumerators.
constexpr std::array facts{
    format_facts{media_kind::image, "JPEG"},         format_facts{media_kind::image, "PNG"},
    format_facts{media_kind::image, "GIF"},          format_facts{media_kind::image, "BMP"},
    format_facts{media_kind::audio, "MP3"},          format_facts{media_kind::audio, "WAV"},
    format_facts{media_kind::audio, "AMR"},          format_facts{media_kind::audio, "MIDI"},
    format_facts{media_kind::audio, "MP4 audio"},    format_facts{media_kind::video, "MP4"},
    format_facts{media_kind::video, "3GP"},          format_facts{media_kind::video, "MPEG"},
    format_facts{media_kind::video, "AVI"},          format_facts{media_kind::video, "WMV"},
    format_facts{media_kind::video, "MOV"},          format_facts{media_kind::contact, "vCard"},
    format_facts{media_kind::calendar, "iCalendar"}, format_facts{media_kind::pdf, "PDF"},
};
static_assert(facts.size() == static_cast<std::size_t>(media_format::pdf) + 1);

/// Without parameters; empty when it is not type "/" subtype.
std::string_view bare_type(std::string_view mime_type) noexcept {
  auto bare = mime_type.substr(0, mime_type.find(';'));
  while (!bare.empty() && (bare.back() == ' ' || bare.back() == '\t')) bare.remove_suffix(1);
  const auto slash = bare.find('/');
  if (slash == std::string_view::npos || slash == 0 || slash + 1 == bare.size()) return {};
  const auto subtype = bare.substr(slash + 1);
  return std::all_of(subtype.begin(), subtype.end(), is_token) ? bare : std::string_view{};
}

}  // namespace

result<media_format> media_format_of(std::string_view mime_type) noexcept {
  for (const auto& each : spellings) {  // as it nearly always is written, and as every message is looked at
    if (mime_type == each.mime_type) return each.format;
  }
  const auto bare = bare_type(mime_type);
  for (const auto& each : spellings) {
    if (equal_ignoring_case(bare, each.mime_type)) return each.format;
  }
  return errc::invalid_argument;
}

result<media_kind> media_kind_of(std::string_view mime_type) noexcept {
  if (const auto format = media_format_of(mime_type)) return kind_of(*format);
  // A format that no list names is still an image, a sound or a video.
  const auto bare = bare_type(mime_type);
  const auto type = bare.substr(0, bare.find('/'));
  if (equal_ignoring_case(type, "image")) return media_kind::image;
  if (equal_ignoring_case(type, "audio")) return media_kind::audio;
  if (equal_ignoring_case(type, "video")) return media_kind::video;
  return errc::invalid_argument;
}

std::string_view registered_mime_type(std::string_view mime_type) noexcept {
  const auto bare = bare_type(mime_type);
  for (const auto& each : renames) {
    if (equal_ignoring_case(bare, each.deprecated)) return each.registered;
  }
  return mime_type;
}

media_kind kind_of(media_format format) noexcept { return facts[static_cast<std::size_t>(format)].kind; }
std::string_view name_of(media_format format) noexcept { return facts[static_cast<std::size_t>(format)].name; }

}  // namespace broadside
