// media/codec_name - sample entries and the MPEG-4 descriptors inside of them. Pure; nothing allocates.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <media/box.hpp>
#include <media/codec_name.hpp>
#include <string_view>

namespace broadside::media {
namespace {

/// "avc1"; a codec's name may hold anything, and people read it.
fixed_string<8> codec_name(bytes four) noexcept {
  std::array<char, 4> name{};
  std::size_t size = 0;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const std::uint8_t c = four[i];
    name[i] = c > 0x20 && c < 0x7F ? static_cast<char>(c) : c == 0x20 ? ' ' : '?';
    if (c != 0x20) size = i + 1;
  }
  return fixed_string<8>{std::string_view(name.data(), size)};
}

bool is_pcm(std::uint32_t name) noexcept {
  constexpr std::array names{box_name("sowt"), box_name("twos"), box_name("lpcm"), box_name("raw "), box_name("in24"),
                             box_name("in32"), box_name("fl32"), box_name("fl64"), box_name("ipcm"), box_name("fpcm")};
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// A descriptor's length: seven bits a byte, the eighth says that more follow (ISO/IEC 14496-1 §8.3.3). Moves `at`
/// behind it; the length itself is not needed, because what is looked for comes first.
void skip_descriptor_length(bytes some, std::size_t& at) noexcept {
  for (int i = 0; i < 4 && (some[at] & 0x80U) != 0; ++i) ++at;
  ++at;
}

struct stream_kind {
  std::uint8_t object_type = 0;  // of ISO/IEC 14496-1 table 5; 0: not told
  bool usac = false;             // "extended HE-AAC", which older players do not know
};

/// Which sound an MPEG-4 elementary stream holds.
stream_kind kind_of_stream(bytes entry) noexcept {
  const auto found = entry.text().find("esds");
  if (found == std::string_view::npos) return {};
  std::size_t at = found + 8;  // the name; version and flags
  if (entry[at++] != 3) return {};
  skip_descriptor_length(entry, at);
  const std::uint8_t flags = entry[at + 2];
  at += 3;
  if ((flags & 0x80U) != 0) at += 2;
  if ((flags & 0x40U) != 0) at += 1U + entry[at];
  if ((flags & 0x20U) != 0) at += 2;
  if (entry[at++] != 4) return {};
  skip_descriptor_length(entry, at);
  stream_kind kind{entry[at], false};
  at += 13;  // sizes and bit rates
  if (entry[at++] != 5) return kind;
  skip_descriptor_length(entry, at);
  // Five bits; if all are set, six more that count from 32 (ISO/IEC 14496-3 §1.6.2.1).
  constexpr unsigned usac = 42;
  const unsigned word = entry.be16(at);
  kind.usac = word >> 11U == 31 && 32 + (word >> 5U & 63U) == usac;
  return kind;
}

}  // namespace

fixed_string<8> picture_codec(bytes entry) noexcept { return codec_name(entry.part(4, 4)); }

fixed_string<8> sound_codec(bytes entry) noexcept {
  constexpr std::uint8_t mpeg2_layer3 = 0x69;
  constexpr std::uint8_t mpeg1_layer3 = 0x6B;
  const std::uint32_t name = entry.be32(4);
  if (is_pcm(name)) return fixed_string<8>{"pcm"};
  if (name == box_name(".mp3") || name == 0x6D730055) return fixed_string<8>{"mp3"};
  const stream_kind kind = name == box_name("mp4a") ? kind_of_stream(entry) : stream_kind{};
  if (kind.object_type == mpeg2_layer3 || kind.object_type == mpeg1_layer3) return fixed_string<8>{"mp3"};
  if (kind.usac) return fixed_string<8>{"usac"};
  return codec_name(entry.part(4, 4));
}

}  // namespace broadside::media
