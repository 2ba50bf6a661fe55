// media/mp3_reader - MP3: tags, the first frame, and how long it plays.
//
// Pure but for the window; nothing allocates. An index in the first frame (Xing, VBRI) tells the duration; without one,
// frames are walked as far as is cheap, and the rest is taken to be alike.
#include <algorithm>
#include <media/duration.hpp>
#include <media/mp3_frame.hpp>
#include <media/readers.hpp>

namespace broadside::media {
namespace {

constexpr std::uint64_t walked_max = std::uint64_t{128} * 1024;
constexpr std::uint64_t bytes_max = std::uint64_t{1} << 40U;  // of a file whose duration is of interest
constexpr std::uint32_t tags_max = 8;

/// 28 bits, seven a byte, as ID3 writes lengths.
constexpr std::uint32_t synchsafe(bytes some, std::size_t at) noexcept {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 7U | (some[at + i] & 0x7FU);
  return value;
}

/// Behind the ID3v2 tags in front.
std::uint64_t skip_tags(window& file) noexcept {
  std::uint64_t at = 0;
  for (std::uint32_t i = 0; i < tags_max; ++i) {
    const bytes head = file.look(at, 10);
    if (!head.starts_with("ID3")) break;
    const std::uint64_t footer = (head[5] & 0x10U) != 0 ? 10 : 0;
    at += 10 + footer + synchsafe(head, 6);
  }
  return at;
}

/// Before the tags that older players left behind the sound: ID3v1 at the very end, APEv2 before it.
std::uint64_t sound_end(window& file) noexcept {
  std::uint64_t end = file.size();
  if (end > 128 && file.look(end - 128, 3).starts_with("TAG")) end -= 128;
  if (end > 32) {
    const bytes footer = file.look(end - 32, 32);
    const std::uint64_t tag = std::uint64_t{footer.le32(12)} + ((footer[23] & 0x80U) != 0 ? 32 : 0);
    if (footer.starts_with("APETAGEX") && tag < end) end -= tag;
  }
  return end;
}

struct index {
  std::uint32_t frames = 0;
  std::uint32_t bytes = 0;  // 0: not told
};

/// What the first frame holds in place of sound.
std::optional<index> read_index(window& file, std::uint64_t at, const mp3_frame& frame) noexcept {
  const std::size_t side = frame.mpeg1 ? (frame.mono ? 17 : 32) : (frame.mono ? 9 : 17);
  const bytes some = file.look(at, 64);
  const bytes xing = some.part(4 + side, 16);
  if (xing.starts_with("Xing") || xing.starts_with("Info")) {
    const std::uint32_t flags = xing.be32(4);
    if ((flags & 1U) == 0) return std::nullopt;
    return index{xing.be32(8), (flags & 2U) != 0 ? xing.be32(12) : 0};
  }
  if (some.has(36, "VBRI")) return index{some.be32(50), some.be32(46)};
  return std::nullopt;
}

struct walk {
  std::uint64_t frames = 0;
  std::uint64_t at = 0;
};

walk walk_frames(window& file, std::uint64_t first, std::uint64_t end, const mp3_frame& like) noexcept {
  walk done{0, first};
  while (done.at < end && done.at - first < walked_max) {
    const auto frame = read_mp3_frame(file.look(done.at, 4));
    if (!frame || !frame->continues(like)) break;
    ++done.frames;
    done.at += frame->bytes;
  }
  return done;
}

}  // namespace

void read_mp3(window& file, media_facts& facts) noexcept {
  facts.audio_codec = "mp3";
  const std::uint64_t sound = skip_tags(file);
  if (sound > file.size()) {
    file.broken(media_fault::truncated);
    return;
  }
  const auto first = find_mp3_frame(file, sound, mp3_leading_max);
  if (!first) {
    file.broken(media_fault::no_content);
    return;
  }
  if (*first != sound) file.lenient(media_fault::leading_bytes);
  const auto frame = read_mp3_frame(file.look(*first, 4));
  if (!frame) return;  // the window shut
  const std::uint64_t end = sound_end(file);

  if (const auto told = read_index(file, *first, *frame); told && told->frames != 0) {
    facts.duration = duration_of(std::uint64_t{told->frames} * frame->samples, frame->samples_per_second);
    if (told->bytes > file.size() - *first) file.lenient(media_fault::truncated);
    return;
  }
  const walk done = walk_frames(file, *first, end, *frame);
  if (done.frames < 2) file.broken(media_fault::no_content);  // players want a second frame before they start
  const std::uint64_t walked = done.at - *first;
  if (done.at > end) file.lenient(media_fault::truncated);  // in the last frame
  if (done.at < end && walked < walked_max) file.lenient(media_fault::trailing_bytes);
  std::uint64_t samples = done.frames * frame->samples;
  // As much of the rest, or of the last frame, as there is. 128 KiB are 10,000,000 samples at most: the product fits.
  const bool counts = done.at > end || walked >= walked_max;
  if (counts && walked != 0) samples = samples * std::min(end - *first, bytes_max) / walked;
  facts.duration = duration_of(samples, frame->samples_per_second);
}

}  // namespace broadside::media
