// media/media_names - what formats, faults and states are called, and what a file weighs on the air.
//
// Tables in the order of the enumerators. Pure; any thread; no allocation.
#include <array>
#include <broadside/media.hpp>
#include <limits>

namespace broadside {
namespace {

struct type_names {
  media_type type;
  std::string_view name;
  std::string_view mime_type;
  std::optional<media_format> format;
};

constexpr std::array types{
    type_names{media_type::unknown, "unknown", "", std::nullopt},
    type_names{media_type::jpeg, "JPEG", "image/jpeg", media_format::jpeg},
    type_names{media_type::png, "PNG", "image/png", media_format::png},
    type_names{media_type::gif, "GIF", "image/gif", media_format::gif},
    type_names{media_type::bmp, "BMP", "image/bmp", media_format::bmp},
    type_names{media_type::mp3, "MP3", "audio/mpeg", media_format::mp3},
    type_names{media_type::wav, "WAV", "audio/wav", media_format::wav},
    type_names{media_type::amr, "AMR", "audio/amr", media_format::amr},
    type_names{media_type::midi, "MIDI", "audio/midi", media_format::midi},
    type_names{media_type::mp4_audio, "MP4 audio", "audio/mp4", media_format::mp4_audio},
    type_names{media_type::mp4, "MP4", "video/mp4", media_format::mp4},
    type_names{media_type::three_gp, "3GP", "video/3gpp", media_format::three_gp},
    type_names{media_type::mov, "MOV", "video/quicktime", media_format::mov},
    type_names{media_type::vcard, "vCard", "text/vcard", media_format::vcard},
    type_names{media_type::icalendar, "iCalendar", "text/calendar", media_format::icalendar},
    type_names{media_type::pdf, "PDF", "application/pdf", media_format::pdf},
    type_names{media_type::webp, "WebP", "image/webp", std::nullopt},
    type_names{media_type::heif, "HEIF", "image/heif", std::nullopt},
    type_names{media_type::svg, "SVG", "image/svg+xml", std::nullopt},
    type_names{media_type::html, "web page", "text/html", std::nullopt},
    type_names{media_type::json, "JSON", "application/json", std::nullopt},
    type_names{media_type::xml, "XML", "application/xml", std::nullopt},
    type_names{media_type::text, "text", "text/plain", std::nullopt},
    type_names{media_type::zip, "ZIP archive", "application/zip", std::nullopt},
    type_names{media_type::executable, "program", "application/octet-stream", std::nullopt},
};
static_assert(types.size() == static_cast<std::size_t>(media_type::executable) + 1);

constexpr std::array<std::string_view, 14> faults{
    "empty",         "truncated",    "no_end",           "trailing_bytes",      "leading_bytes",
    "bad_structure", "bad_checksum", "zero_dimensions",  "huge_dimensions",     "too_complex",
    "no_content",    "bad_text",     "missing_property", "other_format_inside",
};
static_assert(faults.size() == static_cast<std::size_t>(media_fault::other_format_inside) + 1);

constexpr std::array<std::string_view, 3> states{"clean", "lenient", "broken"};

constexpr const type_names& names_of(media_type type) noexcept { return types[static_cast<std::size_t>(type)]; }

}  // namespace

std::optional<media_format> format_of(media_type type) noexcept { return names_of(type).format; }
std::string_view name_of(media_type type) noexcept { return names_of(type).name; }
std::string_view mime_type_of(media_type type) noexcept { return names_of(type).mime_type; }
std::string_view name_of(media_fault fault) noexcept { return faults[static_cast<std::size_t>(fault)]; }
std::string_view name_of(media_state state) noexcept { return states[static_cast<std::size_t>(state)]; }

std::uint64_t wire_size(std::uint64_t bytes) noexcept {
  // bytes * 1.37 + 814, rounded up, in whole numbers; as much as a number holds for sizes that no file has.
  constexpr std::uint64_t overhead = 814;
  constexpr std::uint64_t most = (std::numeric_limits<std::uint64_t>::max() - overhead - 1) / 137 * 100;
  if (bytes > most) return std::numeric_limits<std::uint64_t>::max();
  return bytes + bytes / 100 * 37 + (bytes % 100 * 37 + 99) / 100 + overhead;
}

}  // namespace broadside
