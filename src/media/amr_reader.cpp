// media/amr_reader - AMR and AMR-WB (RFC 4867 §5): frames of 20 ms, whose first byte tells their length.
#include <array>
#include <media/duration.hpp>
#include <media/readers.hpp>

namespace broadside::media {
namespace {

// Bytes by frame type, the first one included; 0: no such type.
constexpr std::array<std::uint8_t, 16> narrow{13, 14, 16, 18, 20, 21, 27, 32, 6, 0, 0, 0, 0, 0, 0, 1};
constexpr std::array<std::uint8_t, 16> wide{18, 24, 33, 37, 41, 47, 51, 59, 61, 6, 0, 0, 0, 0, 1, 1};

}  // namespace

void read_amr(window& file, media_facts& facts) noexcept {
  const bool is_wide = file.look(0, 9).starts_with("#!AMR-WB\n");
  facts.audio_codec = is_wide ? "sawb" : "samr";
  const auto& sizes = is_wide ? wide : narrow;
  std::uint64_t at = is_wide ? 9 : 6;
  std::uint64_t frames = 0;
  while (at < file.size()) {
    const bytes head = file.look(at, 1);
    if (head.empty()) break;  // the window shut
    const std::uint8_t size = sizes[head[0] >> 3U & 0xFU];
    if (size == 0 || (head[0] & 0x83U) != 0) {  // padding bits are zero
      if (frames == 0) {
        file.broken(media_fault::bad_structure);
      } else {
        file.lenient(media_fault::trailing_bytes);
      }
      break;
    }
    if (size > file.size() - at) {
      file.lenient(media_fault::truncated);
      break;
    }
    at += size;
    ++frames;
  }
  if (frames == 0) file.broken(media_fault::no_content);
  constexpr std::uint32_t frames_per_second = 50;
  facts.duration = duration_of(frames, frames_per_second);
}

}  // namespace broadside::media
