// media/mp3_frame - frame lengths from the tables of ISO/IEC 11172-3 §2.4.2.3 and 13818-3. Pure; nothing allocates.
#include <array>
#include <media/mp3_frame.hpp>

namespace broadside::media {
namespace {

// kbit/s by index; 0 (free) and 15 (forbidden) tell no length.
constexpr std::array<std::uint16_t, 16> rates_mpeg1{0,   32,  40,  48,  56,  64,  80,  96,
                                                    112, 128, 160, 192, 224, 256, 320, 0};
constexpr std::array<std::uint16_t, 16> rates_mpeg2{0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0};
constexpr std::array<std::uint32_t, 4> samples_mpeg1{44100, 48000, 32000, 0};

}  // namespace

std::optional<mp3_frame> read_mp3_frame(bytes header) noexcept {
  if (header.size() < 4 || header[0] != 0xFF || (header[1] & 0xE0U) != 0xE0U) return std::nullopt;
  const unsigned version = header[1] >> 3U & 3U;  // 0: MPEG 2.5, 2: MPEG 2, 3: MPEG 1
  const unsigned layer = header[1] >> 1U & 3U;    // 1: III
  const unsigned rate = header[2] >> 4U;
  const unsigned frequency = header[2] >> 2U & 3U;
  if (version == 1 || layer != 1 || rate == 0 || rate == 15 || frequency == 3) return std::nullopt;
  mp3_frame frame{};
  frame.mpeg1 = version == 3;
  frame.mono = header[3] >> 6U == 3;
  frame.samples = frame.mpeg1 ? 1152 : 576;
  frame.samples_per_second = samples_mpeg1[frequency] >> (version == 3 ? 0U : version == 2 ? 1U : 2U);
  frame.bits_per_second = 1000U * (frame.mpeg1 ? rates_mpeg1[rate] : rates_mpeg2[rate]);
  const std::uint32_t padding = header[2] >> 1U & 1U;
  frame.bytes = frame.samples / 8 * frame.bits_per_second / frame.samples_per_second + padding;
  return frame;
}

std::optional<std::uint64_t> find_mp3_frame(window& file, std::uint64_t at, std::uint64_t leading_max) noexcept {
  for (std::uint64_t skipped = 0; skipped <= leading_max; ++skipped) {
    const std::uint64_t here = at + skipped;
    const bytes header = file.look(here, 4);
    if (header.size() < 4) return std::nullopt;
    const auto frame = read_mp3_frame(header);
    if (!frame) continue;
    const std::uint64_t behind = here + frame->bytes;
    if (behind == file.size()) return here;
    const auto second = read_mp3_frame(file.look(behind, 4));
    if (second && second->continues(*frame)) return here;
  }
  return std::nullopt;
}

}  // namespace broadside::media
