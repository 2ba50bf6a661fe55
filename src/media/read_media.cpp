// media/read_media - what a file is: sniffed, walked by the reader of its format, and summed up.
//
// Pure but for the source; one thread at a time; nothing allocates.
#include <algorithm>
#include <array>
#include <broadside/media.hpp>
#include <media/memory_source.hpp>
#include <media/readers.hpp>
#include <media/sniff.hpp>

namespace broadside {
namespace media {
namespace {

/// 64 million: a phone's camera makes fewer, and its memory holds no more.
constexpr std::uint64_t pixels_max = 64'000'000;

struct reader {
  media_type type;
  void (*read)(window&, media_facts&) noexcept;
};

constexpr std::array readers{
    reader{media_type::jpeg, read_jpeg},     reader{media_type::png, read_png},
    reader{media_type::gif, read_gif},       reader{media_type::bmp, read_bmp},
    reader{media_type::mp3, read_mp3},       reader{media_type::wav, read_wav},
    reader{media_type::amr, read_amr},       reader{media_type::midi, read_midi},
    reader{media_type::mp4_audio, read_mp4}, reader{media_type::mp4, read_mp4},
    reader{media_type::three_gp, read_mp4},  reader{media_type::mov, read_mp4},
    reader{media_type::vcard, read_vcard},   reader{media_type::icalendar, read_icalendar},
    reader{media_type::pdf, read_pdf},
};

/// False: of such a file nothing is read but what it is.
bool walk(window& file, media_facts& facts) noexcept {
  const auto* found =
      std::find_if(readers.begin(), readers.end(), [&](const reader& r) { return r.type == facts.type; });
  if (found == readers.end()) return false;
  found->read(file, facts);
  return true;
}

/// Pictures that are also the start of something that does more than to be looked at.
void check_head(window& file, const media_facts& facts) noexcept {
  const bool picture = facts.type == media_type::jpeg || facts.type == media_type::png || facts.type == media_type::gif;
  if (picture && file.look(0, 1024).text().find("%PDF-") != std::string_view::npos) {
    file.lenient(media_fault::other_format_inside);
  }
}

}  // namespace

void check_dimensions(window& file, const media_facts& facts) noexcept {
  if (facts.width == 0 || facts.height == 0) {
    file.broken(media_fault::zero_dimensions);
  } else if (std::uint64_t{facts.width} * facts.height > pixels_max) {
    file.broken(media_fault::huge_dimensions);
  }
}

}  // namespace media

media_reading read_media(byte_source& source) noexcept {
  media::window file(source);
  media_reading reading{};
  media_facts& facts = reading.facts;
  facts.bytes = file.size();
  if (file.size() == 0) {
    facts.faults.insert(media_fault::empty);
    return reading;
  }
  facts.type = media::sniff(file);
  media::check_head(file, facts);
  const bool walked = media::walk(file, facts);
  facts.faults = file.faults();
  facts.state = walked ? file.state() : media_state::broken;
  reading.wanted = file.wanted();
  return reading;
}

media_facts read_media(std::span<const std::byte> all) noexcept {
  media::memory_source source(all);
  return read_media(source).facts;
}

}  // namespace broadside
