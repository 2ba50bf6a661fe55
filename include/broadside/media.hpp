// broadside/media - what a media object is: as its link declares it, and as its bytes say.
//
// Values and pure readers; any thread. Nothing is fetched here.
#pragma once

#include <array>
#include <broadside/enum_set.hpp>
#include <broadside/fixed_string.hpp>
#include <broadside/result.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace broadside {

/// What kind of object a media link is; decides where providers put it.
enum class media_kind : std::uint8_t { image, audio, video, contact, calendar, pdf };

/// The formats that providers and platforms name in their lists. A MIME type has spellings, a format has none.
enum class media_format : std::uint8_t {
  jpeg,
  png,
  gif,
  bmp,
  mp3,
  wav,
  amr,
  midi,
  mp4_audio,
  mp4,
  three_gp,
  mpeg,
  avi,
  wmv,
  mov,
  vcard,
  icalendar,
  pdf,
};

inline constexpr enum_set<media_format> all_media_formats = [] {
  enum_set<media_format> all;
  for (unsigned i = 0; i <= static_cast<unsigned>(media_format::pdf); ++i) all.insert(static_cast<media_format>(i));
  return all;
}();

/// The kind of a MIME type ("image/jpeg"), case-insensitive, parameters ignored; errc::invalid_argument when unknown.
[[nodiscard]] result<media_kind> media_kind_of(std::string_view mime_type) noexcept;

/// The format of a MIME type, deprecated and unregistered spellings included ("image/jpg", "audio/x-wav",
/// "text/x-vcard"); case-insensitive, parameters ignored; errc::invalid_argument when unknown.
[[nodiscard]] result<media_format> media_format_of(std::string_view mime_type) noexcept;

[[nodiscard]] media_kind kind_of(media_format) noexcept;

/// "JPEG", "3GP", as lists for people print it. Lives for ever.
[[nodiscard]] std::string_view name_of(media_format) noexcept;

/// One media object of a campaign, by reference: the provider fetches it.
struct media_link {
  std::string url{};        ///< absolute https or http URL, public
  std::string mime_type{};  ///< e.g. "image/jpeg"

  // what the author declares of the object, for check(); 0: not declared
  std::uint64_t bytes = 0;
  std::uint32_t width = 0;   ///< pixels
  std::uint32_t height = 0;  ///< pixels
};

// ---- what the bytes say

/// What a file turned out to be. Formats of media_format, and what is met instead of them.
enum class media_type : std::uint8_t {
  unknown,
  jpeg,
  png,
  gif,
  bmp,
  mp3,
  wav,
  amr,
  midi,
  mp4_audio,
  mp4,
  three_gp,
  mov,
  vcard,
  icalendar,
  pdf,
  // never a medium that phones show; named so that the reason can be
  webp,
  heif,
  svg,
  html,
  json,
  xml,
  text,
  zip,
  executable,
};

/// How whole a file is.
enum class media_state : std::uint8_t {
  clean,    ///< the structure holds from the first byte to the last
  lenient,  ///< something is missing or left over, and most decoders show it all the same
  broken,   ///< not what its first bytes promise: decoders fail, or may be made to
};

/// What is wrong with, or remarkable about, a file. Each is reported once.
enum class media_fault : std::uint8_t {
  empty,           ///< no bytes
  truncated,       ///< ends inside a structure
  no_end,          ///< EOI, IEND, trailer, END:VCARD … is missing
  trailing_bytes,  ///< something follows the end
  leading_bytes,   ///< something stands before the magic number
  bad_structure,   ///< a length, order or value that the format does not allow
  bad_checksum,    ///< PNG CRC
  zero_dimensions,
  huge_dimensions,      ///< more pixels than phones decode (64 million), whatever the file's size
  too_complex,          ///< more chunks, boxes, frames or nesting than are read
  no_content,           ///< a frame of a file without picture, sound or card in it
  bad_text,             ///< a text format that is not UTF-8, or has control characters
  missing_property,     ///< vCard, iCalendar: a property that the version requires
  other_format_inside,  ///< also a valid start of something else: a zip, a script
};

/// What a reader found. All sizes in pixels and bytes of the file as it is.
struct media_facts {
  media_type type = media_type::unknown;
  media_state state = media_state::broken;
  enum_set<media_fault> faults{};
  std::uint64_t bytes = 0;  ///< of the whole file

  std::uint32_t width = 0;  ///< as stored; of video the coded size of the first video track
  std::uint32_t height = 0;
  std::uint8_t orientation = 1;  ///< EXIF 1 to 8; 5 to 8: shown with width and height swapped. Video: from the matrix
  std::uint32_t frames = 0;      ///< of images: 1 for a still one
  bool animated = false;
  bool alpha = false;
  bool progressive = false;
  bool cmyk = false;                                    ///< four components: wrong colours on phones
  bool arithmetic = false;                              ///< JPEG arithmetic coding: phones fail
  bool lossless = false;                                ///< JPEG lossless: phones fail
  std::uint8_t bits = 0;                                ///< per component; 12: phones fail
  bool gps = false;                                     ///< tells where it was taken
  bool slow_start = false;                              ///< MP4 whose index stands behind the data
  std::optional<std::chrono::milliseconds> duration{};  ///< of sound, video, animation; unknown in streamed files
  fixed_string<8> video_codec{};                        ///< "avc1", "hvc1", "mp4v", "s263" …
  fixed_string<8> audio_codec{};                        ///< "mp4a", "mp3", "samr", "pcm" …
  fixed_string<8> version{};                            ///< vCard "3.0", PDF "1.7", iCalendar "2.0", GIF "89a"
};

/// Where a reader gets bytes from: memory, a file, what has been fetched so far. One thread at a time.
class byte_source {
 public:
  virtual ~byte_source() = default;
  [[nodiscard]] virtual std::uint64_t size() const noexcept = 0;
  /// Copies what is there from `at` on: fewer bytes than asked at the end, and where something is not there yet.
  [[nodiscard]] virtual std::size_t read(std::uint64_t at, std::span<std::byte> out) noexcept = 0;
};

struct byte_range {
  std::uint64_t at = 0;
  std::uint64_t size = 0;
};

struct media_reading {
  media_facts facts{};
  /// Bytes the source has not got yet: give it those and read again. None: the facts are complete.
  std::optional<byte_range> wanted{};
};

/// Walks the structure of a file without decoding it. Total: any bytes have facts. Time is bounded by 4 million bytes
/// read and 100,000 structures, memory by 64 KiB on the stack; nothing allocates, and no length in the file is
/// believed.
[[nodiscard]] media_reading read_media(byte_source&) noexcept;
[[nodiscard]] media_facts read_media(std::span<const std::byte> file) noexcept;
/// Reads the file where its format needs it, not as a whole. Errors: of the file system (errc of <system_error>'s
/// generic category).
[[nodiscard]] result<media_facts> read_media_file(const std::string& path);

/// The format providers' lists call it; none when it is in no list.
[[nodiscard]] std::optional<media_format> format_of(media_type) noexcept;
/// "JPEG", "web page": for people. Lives for ever.
[[nodiscard]] std::string_view name_of(media_type) noexcept;
/// The registered MIME type, "image/jpeg". Lives for ever; empty for unknown.
[[nodiscard]] std::string_view mime_type_of(media_type) noexcept;
/// "truncated": stable, for JSON. Lives for ever.
[[nodiscard]] std::string_view name_of(media_fault) noexcept;
[[nodiscard]] std::string_view name_of(media_state) noexcept;

/// "text/vcard" for its deprecated spellings (text/x-vcard, text/directory; profile=vcard), "audio/wav" for audio/x-wav
/// …; the type itself when it is not deprecated. Source: RFC 6350 §10.1, IANA.
[[nodiscard]] std::string_view registered_mime_type(std::string_view mime_type) noexcept;

/// Bytes on the air of a file of this size in an MMS: base64 with line breaks and headers, bytes * 1.37 + 814.
[[nodiscard]] std::uint64_t wire_size(std::uint64_t bytes) noexcept;

}  // namespace broadside
