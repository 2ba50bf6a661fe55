// media/box - names and brands. Pure; any thread; nothing allocates.
#include <algorithm>
#include <array>
#include <media/box.hpp>

namespace broadside::media {
namespace {

using namespace std::string_view_literals;

constexpr std::array top_boxes{"ftyp"sv, "moov"sv, "mdat"sv, "free"sv, "skip"sv,
                               "wide"sv, "pnot"sv, "moof"sv, "styp"sv, "sidx"sv};
constexpr std::size_t brands_max = 64;

}  // namespace

bool starts_with_box(bytes head) noexcept {
  if (head.has(4, "ftyp")) return true;
  const std::uint32_t size = head.be32(0);
  const bool sized = size >= 8 || size == 1 || size == 0;
  return sized && std::find(top_boxes.begin(), top_boxes.end(), head.text(4, 4)) != top_boxes.end();
}

media_type type_of_brand(std::string_view brand) noexcept {
  constexpr std::array stills{"heic"sv, "heix"sv, "heim"sv, "heis"sv, "hevc"sv,
                              "hevx"sv, "mif1"sv, "msf1"sv, "avif"sv, "avis"sv};
  constexpr std::array films{"isom"sv, "mp41"sv, "mp42"sv, "mp71"sv, "avc1"sv, "dash"sv, "M4V "sv, "M4VH"sv,
                             "M4VP"sv, "MSNV"sv, "f4v "sv, "F4V "sv, "iso2"sv, "iso3"sv, "iso4"sv, "iso5"sv,
                             "iso6"sv, "iso7"sv, "iso8"sv, "iso9"sv, "XAVC"sv, "NDSC"sv, "mmp4"sv};
  if (std::find(stills.begin(), stills.end(), brand) != stills.end()) return media_type::heif;
  if (std::find(films.begin(), films.end(), brand) != films.end()) return media_type::mp4;
  if (brand == "qt  ") return media_type::mov;
  if (brand.starts_with("3g")) return media_type::three_gp;
  if (brand.starts_with("M4A") || brand.starts_with("M4B") || brand.starts_with("M4P")) return media_type::mp4_audio;
  return media_type::unknown;
}

media_type type_of_brands(bytes brands) noexcept {
  if (const auto type = type_of_brand(brands.text(0, 4)); type != media_type::unknown) return type;
  const std::size_t count = std::min(brands.size() / 4, brands_max);
  for (std::size_t i = 2; i < count; ++i) {  // behind the major brand and its version
    if (const auto type = type_of_brand(brands.text(i * 4, 4)); type != media_type::unknown) return type;
  }
  return media_type::mp4;
}

media_type type_of_boxes(bytes head) noexcept {
  if (!head.has(4, "ftyp")) return media_type::mov;
  const std::uint32_t size = head.be32(0);
  return type_of_brands(head.part(8, size < 8 ? 0 : size - 8));
}

}  // namespace broadside::media
