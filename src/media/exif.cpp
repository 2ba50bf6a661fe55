// media/exif - two tags of IFD0, and the names of two properties of XMP. Pure but for the window; nothing allocates.
#include <algorithm>
#include <media/exif.hpp>

namespace broadside::media {
namespace {

constexpr std::uint16_t orientation_tag = 0x0112;
constexpr std::uint16_t gps_ifd_tag = 0x8825;
constexpr std::uint16_t entries_max = 512;  // writers have a few dozen

/// Numbers in the byte order that the file chose.
struct tiff {
  bool little = false;

  [[nodiscard]] std::uint16_t u16(bytes some, std::size_t at) const noexcept {
    return little ? some.le16(at) : some.be16(at);
  }
  [[nodiscard]] std::uint32_t u32(bytes some, std::size_t at) const noexcept {
    return little ? some.le32(at) : some.be32(at);
  }
};

void read_orientation(const tiff& order, bytes entry, media_facts& facts) noexcept {
  constexpr std::uint16_t is_long = 4;  // the tag is a SHORT; some cameras write a LONG
  const std::uint32_t value = order.u16(entry, 2) == is_long ? order.u32(entry, 8) : order.u16(entry, 8);
  if (value >= 1 && value <= 8) facts.orientation = static_cast<std::uint8_t>(value);
}

}  // namespace

void read_exif(window& file, std::uint64_t at, std::uint64_t size, media_facts& facts) noexcept {
  const bytes header = file.look(at, 8);
  tiff order{};
  if (header.starts_with("II")) {
    order.little = true;
  } else if (!header.starts_with("MM")) {
    return;
  }
  const std::uint32_t directory = order.u32(header, 4);
  if (size < 8 || directory > size - 2) return;
  const std::uint64_t room = (size - directory - 2) / 12;
  const std::uint64_t told = order.u16(file.look(at + directory, 2), 0);
  const std::uint64_t count = std::min<std::uint64_t>({told, room, entries_max});
  for (std::uint64_t i = 0; i < count; ++i) {
    const bytes entry = file.look(at + directory + 2 + i * 12, 12);
    const std::uint16_t tag = order.u16(entry, 0);
    if (tag == orientation_tag) read_orientation(order, entry, facts);
    // The pointer alone tells nothing: some cameras write a directory with nothing but its version.
    if (tag == gps_ifd_tag) {
      const std::uint32_t target = order.u32(entry, 8);
      if (target < size && order.u16(file.look(at + target, 2), 0) > 1) facts.gps = true;
    }
  }
}

void read_xmp(window& file, std::uint64_t at, std::uint64_t size, media_facts& facts) noexcept {
  constexpr std::size_t step = 4096;
  constexpr std::size_t overlap = 32;  // a name may stand across two looks
  for (std::uint64_t done = 0; done < size && !facts.gps; done += step - overlap) {
    const bytes some = file.look(at + done, static_cast<std::size_t>(std::min<std::uint64_t>(step, size - done)));
    if (some.empty()) return;
    const std::string_view text = some.text();
    facts.gps = text.find("exif:GPSL") != std::string_view::npos;
  }
}

}  // namespace broadside::media
