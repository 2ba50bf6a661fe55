// media/bmp_reader - BMP: its headers, and whether the pixels they promise fit into the file. Nothing allocates.
#include <media/readers.hpp>

namespace broadside::media {
namespace {

struct geometry {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  std::uint16_t planes = 0;
  std::uint16_t bits = 0;
  std::uint32_t compression = 0;
};

/// The header of OS/2 has 16 bits a dimension; the ones of Windows 32, and a negative height when the top comes first.
geometry read_geometry(bytes head) noexcept {
  constexpr std::uint32_t core_header = 12;
  if (head.le32(14) == core_header) return {head.le16(18), head.le16(20), head.le16(22), head.le16(24), 0};
  const std::uint32_t height = head.le32(22);
  const bool top_down = (height & 0x8000'0000U) != 0;
  return {head.le32(18), top_down ? ~height + 1 : height, head.le16(26), head.le16(28), head.le32(30)};
}

/// Rows are padded to four bytes. By division, because no product of dimensions fits into a number.
constexpr bool pixels_fit(const geometry& g, std::uint64_t room) noexcept {
  const std::uint64_t row = (std::uint64_t{g.width} * g.bits + 31) / 32 * 4;
  return row == 0 || room / row >= g.height;
}

}  // namespace

void read_bmp(window& file, media_facts& facts) noexcept {
  constexpr std::uint32_t compression_max = 13;
  const bytes head = file.look(0, 34);
  const geometry g = read_geometry(head);
  const std::uint64_t pixels_at = head.le32(10);
  facts.width = g.width;
  facts.height = g.height;
  facts.frames = 1;
  facts.bits = g.bits >= 24 ? std::uint8_t{8} : static_cast<std::uint8_t>(g.bits);
  check_dimensions(file, facts);

  const bool bits_fit = g.bits == 1 || g.bits == 2 || g.bits == 4 || g.bits == 8 || g.bits == 16 || g.bits == 24 ||
                        g.bits == 32 || (g.bits == 0 && g.compression >= 4);
  if (!bits_fit || g.planes != 1 || g.compression > compression_max || (g.width & 0x8000'0000U) != 0) {
    file.broken(media_fault::bad_structure);
    return;
  }
  if (pixels_at < 14 + head.le32(14)) {
    file.broken(media_fault::bad_structure);
    return;
  }
  constexpr std::uint32_t bit_fields = 3;  // not compressed either, only other masks
  const bool plain = g.compression == 0 || g.compression == bit_fields;
  const std::uint64_t room = pixels_at < file.size() ? file.size() - pixels_at : 0;
  if (room == 0 || (plain && !pixels_fit(g, room))) file.broken(media_fault::truncated);
}

}  // namespace broadside::media
