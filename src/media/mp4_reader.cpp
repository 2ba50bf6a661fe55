// media/mp4_reader - films and sounds made of boxes (ISO/IEC 14496-12, 3GPP TS 26.244, QuickTime): by seeking.
//
// Pure but for the window; nothing allocates. Only boxes that stand where they belong are entered, so that nesting is
// bounded by the names on the way down: moov, trak, mdia, minf, stbl.
#include <algorithm>
#include <array>
#include <limits>
#include <media/box.hpp>
#include <media/codec_name.hpp>
#include <media/duration.hpp>
#include <media/readers.hpp>

namespace broadside::media {
namespace {

constexpr std::size_t depth_max = 5;
constexpr std::size_t tracks_max = 16;
constexpr std::uint32_t runs_max = 4096;  // entries of one track run whose durations are added up

struct box {
  std::uint32_t name = 0;
  std::uint64_t at = 0;  // of its contents
  std::uint64_t end = 0;

  [[nodiscard]] std::uint64_t size() const noexcept { return end - at; }
};

/// Which box may be entered inside of which; 0: at the top.
struct nesting {
  std::uint32_t name;
  std::uint32_t parent;
};
constexpr std::array nestings{
    nesting{box_name("moov"), 0},
    nesting{box_name("trak"), box_name("moov")},
    nesting{box_name("mdia"), box_name("trak")},
    nesting{box_name("minf"), box_name("mdia")},
    nesting{box_name("stbl"), box_name("minf")},
    nesting{box_name("mvex"), box_name("moov")},
    nesting{box_name("udta"), box_name("moov")},
    nesting{box_name("moof"), 0},
    nesting{box_name("traf"), box_name("moof")},
};

struct track {
  std::uint32_t id = 0;
  std::uint32_t handler = 0;
  std::uint32_t per_second = 0;
  std::uint64_t ticks = 0;
  std::uint32_t default_ticks = 0;  // of a sample in a fragment
  std::uint32_t chunks = 0;         // that have a place
  std::uint32_t first_run = 1;      // the chunk that the first run of alike chunks starts with
  std::uint32_t last_run = 0;
  std::uint8_t orientation = 1;
  std::uint16_t width = 0;
  std::uint16_t height = 0;
  fixed_string<8> codec{};
};

/// EXIF's number for what a track header's matrix does. Other matrices, which turn by odd angles, count as upright.
std::uint8_t orientation_of(bytes matrix) noexcept {
  struct row {
    int a, b, c, d;
    std::uint8_t orientation;
  };
  constexpr std::array rows{row{1, 0, 0, 1, 1}, row{-1, 0, 0, 1, 2}, row{-1, 0, 0, -1, 3}, row{1, 0, 0, -1, 4},
                            row{0, 1, 1, 0, 5}, row{0, 1, -1, 0, 6}, row{0, -1, -1, 0, 7}, row{0, -1, 1, 0, 8}};
  const auto sign = [matrix](std::size_t at) {
    const std::uint32_t value = matrix.be32(at);
    return value == 0 ? 0 : (value & 0x8000'0000U) != 0 ? -1 : 1;
  };
  for (const row& each : rows) {
    if (sign(0) == each.a && sign(4) == each.b && sign(12) == each.c && sign(16) == each.d) return each.orientation;
  }
  return 1;
}

class reader {
 public:
  reader(window& file, media_facts& facts) noexcept : file_(file), facts_(facts) {}

  void run() noexcept {
    while (next()) {
    }
    while (depth_ != 0) leave();
    conclude();
  }

 private:
  [[nodiscard]] std::uint64_t limit() const noexcept { return depth_ == 0 ? file_.size() : open_[depth_ - 1].end; }
  [[nodiscard]] std::uint32_t parent() const noexcept { return depth_ == 0 ? 0 : open_[depth_ - 1].name; }

  /// One box: entered, read, or passed over. False: the walk is over.
  bool next() noexcept {
    while (depth_ != 0 && at_ >= limit()) leave();
    if (at_ >= file_.size()) return false;
    const std::uint64_t room = limit() - at_;
    if (room < 8) return skip_rest();
    const bytes head = file_.look(at_, static_cast<std::size_t>(std::min<std::uint64_t>(16, room)));
    if (head.empty() || !file_.enter()) return false;
    box found{head.be32(4), at_ + 8, 0};
    std::uint64_t size = head.be32(0);
    if (size == 1) {
      if (head.size() < 16) return give_up(media_fault::truncated);
      size = head.be64(8);
      found.at += 8;
    } else if (size == 0) {
      if (depth_ != 0) return skip_rest();  // how QuickTime ends its lists
      size = room;
    }
    if (size < found.at - at_) return stop_at_bad_box();
    if (depth_ == 0 && !is_name(head)) return stop_at_bad_box();
    if (size > room) cut(found.name);
    found.end = at_ + std::min(size, room);
    enter(found);
    return true;
  }

  [[nodiscard]] static bool is_name(bytes head) noexcept {
    for (std::size_t i = 4; i < 8; ++i) {
      if ((head[i] < 0x20 || head[i] > 0x7E) && head[i] != 0xA9) return false;
    }
    return true;
  }

  void enter(const box& found) noexcept {
    const bool container = std::any_of(nestings.begin(), nestings.end(), [&](const nesting& each) {
      return each.name == found.name && each.parent == parent();
    });
    if (!container) {
      read_leaf(found);
      at_ = found.end;
      return;
    }
    if (found.name == box_name("moov")) {
      has_moov_ = true;
      facts_.slow_start = has_data_;
    }
    if (found.name == box_name("moof")) has_fragments_ = true;
    if (found.name == box_name("mvex")) fragmented_ = true;
    if (found.name == box_name("trak")) current_ = {};
    if (found.name == box_name("traf")) fragment_ = nullptr;
    open_[depth_++] = found;
    at_ = found.at;
  }

  void leave() noexcept {
    const box& closed = open_[--depth_];
    at_ = closed.end;
    if (closed.name == box_name("trak")) finish_track();
  }

  void read_leaf(const box& found) noexcept {
    switch (parent()) {
      case 0:
        read_top(found);
        break;
      case box_name("moov"):
        read_movie_part(found);
        break;
      case box_name("udta"):
        if (found.name == box_name("\xA9xyz") || found.name == box_name("loci")) facts_.gps = true;
        break;
      case box_name("mvex"):
        read_defaults(found);
        break;
      case box_name("trak"):
        read_track_header(found);
        break;
      case box_name("mdia"):
        read_media_part(found);
        break;
      case box_name("stbl"):
        read_table(found);
        break;
      case box_name("traf"):
        read_fragment_part(found);
        break;
      default:
        break;
    }
  }

  void read_top(const box& found) noexcept {
    if (found.name == box_name("mdat")) {
      has_data_ = true;
    } else if (found.name == box_name("ftyp")) {
      if (found.at != 8) file_.lenient(media_fault::leading_bytes);  // strict readers want it first
      if (found.size() < 8) file_.broken(media_fault::truncated);
      const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(found.size(), 512));
      if (!has_brands_) facts_.type = type_of_brands(file_.look(found.at, size));
      has_brands_ = true;
    }
  }

  void read_movie_part(const box& found) noexcept {
    if (found.name == box_name("mvhd")) {
      has_header_ = true;
      const bytes some = file_.look(found.at, look_size(found, 32));
      const bool wide = some[0] == 1;
      per_second_ = wide ? some.be32(20) : some.be32(12);
      ticks_ = known_ticks(wide ? some.be64(24) : some.be32(16), wide);
      if (found.size() < (wide ? 32U : 20U) || per_second_ == 0) file_.broken(media_fault::bad_structure);
    } else if (found.name == box_name("meta")) {
      const bytes some = file_.look(found.at, look_size(found, 4096));
      if (some.text().find("location.ISO6709") != std::string_view::npos) facts_.gps = true;
    }
  }

  /// All ones stand for a duration that is not known, and so does zero in files that are made of fragments.
  static std::uint64_t known_ticks(std::uint64_t ticks, bool wide) noexcept {
    const std::uint64_t unknown = wide ? std::numeric_limits<std::uint64_t>::max() : 0xFFFF'FFFFU;
    return ticks == unknown ? 0 : ticks;
  }

  void read_defaults(const box& found) noexcept {
    const bytes some = file_.look(found.at, look_size(found, 24));
    if (found.name == box_name("mehd")) {
      ticks_ = std::max(ticks_, known_ticks(some[0] == 1 ? some.be64(4) : some.be32(4), some[0] == 1));
    } else if (found.name == box_name("trex")) {
      if (track* const one = find_track(some.be32(4))) one->default_ticks = some.be32(12);
    }
  }

  void read_track_header(const box& found) noexcept {
    if (found.name != box_name("tkhd")) return;
    const bytes some = file_.look(found.at, look_size(found, 96));
    const bool wide = some[0] == 1;
    current_.id = wide ? some.be32(20) : some.be32(12);
    current_.orientation = orientation_of(some.part(wide ? 52 : 40, 36));
  }

  void read_media_part(const box& found) noexcept {
    const bytes some = file_.look(found.at, look_size(found, 32));
    if (found.name == box_name("mdhd")) {
      const bool wide = some[0] == 1;
      current_.per_second = wide ? some.be32(20) : some.be32(12);
      current_.ticks = known_ticks(wide ? some.be64(24) : some.be32(16), wide);
      if (current_.per_second == 0) file_.broken(media_fault::bad_structure);
    } else if (found.name == box_name("hdlr")) {
      current_.handler = some.be32(8);
    }
  }

  void read_table(const box& found) noexcept {
    if (found.name == box_name("stsd")) {
      read_sample_entry(found);
    } else if (found.name == box_name("stco")) {
      check_last_chunk(found, 4);
    } else if (found.name == box_name("co64")) {
      check_last_chunk(found, 8);
    } else if (found.name == box_name("stsc")) {
      read_chunk_runs(found);
    } else if (found.name == box_name("stsz")) {
      const bytes some = file_.look(found.at, look_size(found, 12));
      has_samples_ = has_samples_ || some.be32(8) != 0;
    }
  }

  void read_sample_entry(const box& found) noexcept {
    const bytes some = file_.look(found.at, look_size(found, 8 + 512));
    const bytes entry = some.part(8, std::max<std::uint32_t>(some.be32(8), 8));
    if (some.be32(4) == 0 || some.be32(8) < 16 || some.be32(8) > found.size() - 8) {
      file_.broken(media_fault::bad_structure);
      return;
    }
    if (current_.handler == box_name("vide")) {
      current_.codec = picture_codec(entry);
      current_.width = entry.be16(32);
      current_.height = entry.be16(34);
    } else if (current_.handler == box_name("soun")) {
      current_.codec = sound_codec(entry);
    }
    if (some.be32(4) > 1) file_.lenient(media_fault::too_complex);  // codecs that change: few players follow
    // Encrypted: no phone has the key.
    if (entry.has(4, "encv") || entry.has(4, "enca")) file_.broken(media_fault::no_content);
  }

  void read_chunk_runs(const box& found) noexcept {
    constexpr std::uint64_t run_size = 12;
    const bytes some = file_.look(found.at, look_size(found, 12));
    const std::uint64_t count = some.be32(4);
    if (count == 0) return;
    if (found.size() < 8 || (found.size() - 8) / run_size < count) {
      file_.broken(media_fault::bad_structure);
      return;
    }
    current_.first_run = some.be32(8);
    current_.last_run = file_.look(found.at + 8 + (count - 1) * run_size, 4).be32(0);
  }

  /// Chunks stand in the order of time, nearly always: where the last one starts tells whether the data is there.
  void check_last_chunk(const box& found, std::size_t width) noexcept {
    const std::uint32_t count = file_.look(found.at, look_size(found, 8)).be32(4);
    current_.chunks = count;
    if (count == 0) return;
    if (found.size() < 8 || (found.size() - 8) / width < count) {
      file_.broken(media_fault::bad_structure);
      return;
    }
    const bytes last = file_.look(found.at + 8 + (count - 1) * std::uint64_t{width}, width);
    const std::uint64_t chunk = width == 8 ? last.be64(0) : last.be32(0);
    if (last.size() == width && chunk >= file_.size()) file_.broken(media_fault::truncated);
  }

  void read_fragment_part(const box& found) noexcept {
    if (found.name == box_name("tfhd")) {
      read_fragment_header(found);
    } else if (found.name == box_name("trun") && fragment_ != nullptr) {
      read_run(found);
    }
  }

  void read_fragment_header(const box& found) noexcept {
    const bytes some = file_.look(found.at, look_size(found, 32));
    const std::uint32_t flags = some.be24(1);
    fragment_ = find_track(some.be32(4));
    std::size_t at = 8;
    if ((flags & 0x01U) != 0) at += 8;  // base data offset
    if ((flags & 0x02U) != 0) at += 4;  // sample description
    fragment_ticks_ = fragment_ == nullptr ? 0 : fragment_->default_ticks;
    if ((flags & 0x08U) != 0) fragment_ticks_ = some.be32(at);
  }

  void read_run(const box& found) noexcept {
    const bytes some = file_.look(found.at, look_size(found, 8));
    const std::uint32_t flags = some.be24(1);
    const std::uint32_t count = some.be32(4);
    if ((flags & 0x100U) == 0) {
      fragment_->ticks += std::uint64_t{count} * fragment_ticks_;
      return;
    }
    // Each entry has the fields that its flags name; the duration is the first.
    std::uint64_t entry = 4;
    for (const std::uint32_t flag : {0x200U, 0x400U, 0x800U}) entry += (flags & flag) != 0 ? 4 : 0;
    std::uint64_t at = found.at + 8;
    for (const std::uint32_t flag : {0x1U, 0x4U}) at += (flags & flag) != 0 ? 4 : 0;
    for (std::uint32_t i = 0; i < std::min(count, runs_max) && at + 4 <= found.end; ++i, at += entry) {
      fragment_->ticks += file_.look(at, 4).be32(0);
    }
  }

  [[nodiscard]] track* find_track(std::uint32_t id) noexcept {
    auto* const end = tracks_.data() + track_count_;
    auto* const found = std::find_if(tracks_.data(), end, [id](const track& each) { return each.id == id; });
    return found == end ? nullptr : found;
  }

  void finish_track() noexcept {
    // Chunks are counted from one; runs of them that start before or behind are nonsense.
    if (current_.first_run != 1 || current_.last_run > current_.chunks) file_.broken(media_fault::bad_structure);
    if (track_count_ == tracks_max) {
      file_.lenient(media_fault::too_complex);
      return;
    }
    tracks_[track_count_++] = current_;
    if (current_.handler == box_name("vide") && facts_.video_codec.empty()) {
      facts_.video_codec = current_.codec;
      facts_.width = current_.width;
      facts_.height = current_.height;
      facts_.orientation = current_.orientation;
    } else if (current_.handler == box_name("soun") && facts_.audio_codec.empty()) {
      facts_.audio_codec = current_.codec;
    }
  }

  void conclude() noexcept {
    const bool shows = !facts_.video_codec.empty() || !facts_.audio_codec.empty();
    const bool filled = fragmented_ && !has_samples_ ? has_fragments_ : has_samples_ && has_data_;
    if (!has_moov_ || !shows || !filled) file_.broken(media_fault::no_content);
    if (has_moov_ && !has_header_) file_.broken(media_fault::bad_structure);
    if (ticks_ != 0) {
      facts_.duration = duration_of(ticks_, per_second_);
      return;
    }
    for (const track& each : tracks_) {
      if (each.ticks == 0) continue;
      const auto found = duration_of(each.ticks, each.per_second);
      if (found && (!facts_.duration || *found > *facts_.duration)) facts_.duration = found;
    }
  }

  [[nodiscard]] static std::size_t look_size(const box& found, std::size_t most) noexcept {
    return static_cast<std::size_t>(std::min<std::uint64_t>(found.size(), most));
  }

  /// What is left of a box is too short for another one.
  bool skip_rest() noexcept {
    if (depth_ == 0) {
      file_.lenient(media_fault::trailing_bytes);
      return false;
    }
    at_ = limit();
    return true;
  }

  /// No box starts here. Behind a whole film nobody minds.
  bool stop_at_bad_box() noexcept {
    if (depth_ == 0 && has_moov_ && has_data_) {
      file_.lenient(media_fault::trailing_bytes);
      return false;
    }
    return give_up(media_fault::bad_structure);
  }

  /// A box that ends behind what it stands in.
  void cut(std::uint32_t name) noexcept {
    if (depth_ != 0) {
      file_.broken(media_fault::bad_structure);
    } else if (name == box_name("free") || name == box_name("skip")) {
      file_.lenient(media_fault::truncated);  // nothing was in it
    } else {
      file_.broken(media_fault::truncated);
    }
  }

  bool give_up(media_fault fault) noexcept {
    file_.broken(fault);
    return false;
  }

  // constant after construction
  window& file_;
  media_facts& facts_;

  std::uint64_t at_ = 0;
  std::array<box, depth_max> open_{};
  std::size_t depth_ = 0;

  bool has_brands_ = false;
  bool has_moov_ = false;
  bool has_header_ = false;
  bool has_data_ = false;
  bool has_samples_ = false;
  bool has_fragments_ = false;
  bool fragmented_ = false;
  std::uint32_t per_second_ = 0;  // of the movie
  std::uint64_t ticks_ = 0;

  track current_{};
  std::array<track, tracks_max> tracks_{};
  std::size_t track_count_ = 0;
  track* fragment_ = nullptr;  // whose fragment is read
  std::uint32_t fragment_ticks_ = 0;
};

}  // namespace

void read_mp4(window& file, media_facts& facts) noexcept { reader(file, facts).run(); }

}  // namespace broadside::media
