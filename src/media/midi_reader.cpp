// media/midi_reader - standard MIDI files: tracks, their events, and how long they play. Nothing allocates.
#include <algorithm>
#include <array>
#include <cstdint>
#include <media/duration.hpp>
#include <media/readers.hpp>

namespace broadside::media {
namespace {

constexpr std::size_t tempos_max = 256;                       // later changes are ignored: the duration is near then
constexpr std::uint32_t default_tempo = 500'000;              // µs a quarter note: 120 a minute
constexpr std::uint64_t ticks_max = std::uint64_t{1} << 40U;  // of a track: beyond it, nothing is a song

struct tempo_change {
  std::uint64_t tick = 0;
  std::uint32_t microseconds = default_tempo;
};

class reader {
 public:
  reader(window& file, media_facts& facts) noexcept : file_(file), facts_(facts) {}

  void run() noexcept {
    const bytes head = file_.look(0, 14);
    const std::uint32_t size = head.be32(4);
    if (head.size() < 14) {
      file_.broken(media_fault::truncated);
      return;
    }
    tracks_told_ = head.be16(10);
    division_ = head.be16(12);
    if (size < 6 || head.be16(8) > 2 || division_ == 0) {
      file_.broken(media_fault::bad_structure);
      return;
    }
    at_ = 8 + std::uint64_t{size};
    while (tracks_ < tracks_told_ && read_chunk()) {
    }
    conclude();
  }

 private:
  /// False: the walk is over.
  bool read_chunk() noexcept {
    if (at_ >= file_.size()) return false;
    const bytes head = file_.look(at_, 8);
    if (head.size() < 8) return give_up(media_fault::truncated);
    if (!file_.enter()) return false;
    const std::uint64_t body = at_ + 8;
    const std::uint32_t size = head.be32(4);
    if (size > file_.size() - body) return give_up(media_fault::truncated);
    at_ = body + size;
    if (!head.starts_with("MTrk")) return true;  // chunks of other names are passed over
    ++tracks_;
    return read_track(body, at_);
  }

  bool read_track(std::uint64_t at, std::uint64_t end) noexcept {
    std::uint64_t tick = 0;
    std::uint8_t running = 0;  // status bytes are left out when they repeat
    bool ended = false;
    while (at < end && !ended) {
      tick = std::min(tick + read_number(at), ticks_max);
      const bytes some = file_.look(at, 3);
      if (some.empty() || at >= end) break;
      const std::uint8_t first = some[0];
      if (first == 0xFF) {
        at += 2;
        const std::uint32_t size = read_number(at);
        if (some[1] == 0x51 && size == 3) note_tempo(tick, file_.look(at, 3).be24(0));
        ended = some[1] == 0x2F;
        at += size;
      } else if (first == 0xF0 || first == 0xF7) {
        ++at;
        at += read_number(at);
        running = 0;
      } else {
        const std::uint8_t status = first >= 0x80 ? first : running;
        if (status < 0x80 || status > 0xEF) return give_up(media_fault::bad_structure);
        running = status;
        const bool one = (status & 0xF0U) == 0xC0 || (status & 0xF0U) == 0xD0;
        at += (first >= 0x80 ? 1U : 0U) + (one ? 1U : 2U);
        notes_ = notes_ || (status & 0xF0U) == 0x90;
      }
    }
    if (at > end) return give_up(media_fault::bad_structure);
    if (!ended) file_.lenient(media_fault::no_end);
    longest_ = std::max(longest_, tick);
    return true;
  }

  /// Seven bits a byte, four at most; moves `at` behind them.
  std::uint32_t read_number(std::uint64_t& at) noexcept {
    std::uint32_t value = 0;
    for (int i = 0; i < 4; ++i) {
      const bytes some = file_.look(at, 1);
      ++at;
      value = value << 7U | (some[0] & 0x7FU);
      if ((some[0] & 0x80U) == 0) break;
    }
    return value;
  }

  void note_tempo(std::uint64_t tick, std::uint32_t microseconds) noexcept {
    if (tempo_count_ == tempos_max) return;
    // In order; of several at one tick, the last counts.
    std::size_t i = tempo_count_++;
    for (; i > 0 && tempos_[i - 1].tick > tick; --i) tempos_[i] = tempos_[i - 1];
    tempos_[i] = {tick, microseconds};
  }

  void conclude() noexcept {
    if (tracks_ == 0 || !notes_) file_.broken(media_fault::no_content);
    if (tracks_ < tracks_told_) file_.lenient(media_fault::truncated);
    if (at_ < file_.size() && tracks_ == tracks_told_) file_.lenient(media_fault::trailing_bytes);
    if ((division_ & 0x8000U) != 0) {
      // Frames a second, as a negative number, and ticks a frame.
      const std::uint32_t frames = 256U - (division_ >> 8U);
      facts_.duration = duration_of(longest_, frames * (division_ & 0xFFU));
      return;
    }
    std::uint64_t microseconds = 0;
    tempo_change now{};
    for (std::size_t i = 0; i <= tempo_count_; ++i) {
      const std::uint64_t until = i < tempo_count_ ? std::min(tempos_[i].tick, longest_) : longest_;
      microseconds += (until - now.tick) * now.microseconds / division_;
      if (i < tempo_count_) now = {until, tempos_[i].microseconds};
    }
    facts_.duration = duration_of(microseconds, 1'000'000);
  }

  bool give_up(media_fault fault) noexcept {
    file_.broken(fault);
    return false;
  }

  // constant after run() began
  window& file_;
  media_facts& facts_;
  std::uint16_t tracks_told_ = 0;
  std::uint16_t division_ = 0;

  std::uint64_t at_ = 0;
  std::uint32_t tracks_ = 0;
  bool notes_ = false;
  std::uint64_t longest_ = 0;  // ticks
  std::array<tempo_change, tempos_max> tempos_{};
  std::size_t tempo_count_ = 0;
};

}  // namespace

void read_midi(window& file, media_facts& facts) noexcept { reader(file, facts).run(); }

}  // namespace broadside::media
