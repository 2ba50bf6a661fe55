// media/png_reader - PNG (W3C, third edition) and its animations: chunk headers by seeking, checksums of small chunks.
//
// Pure but for the window; nothing allocates; nothing is inflated.
#include <algorithm>
#include <array>
#include <media/crc32.hpp>
#include <media/exif.hpp>
#include <media/readers.hpp>
#include <media/sniff.hpp>

namespace broadside::media {
namespace {

constexpr std::uint32_t number_max = 0x7FFF'FFFF;                      // of lengths and dimensions
constexpr std::size_t checked_chunk_max = 8 * 1024 + 4;                // encoders' usual IDAT of 8 KiB, with its type
constexpr std::uint64_t checked_bytes_max = std::uint64_t{64} * 1024;  // of a file: its first chunks are checked
constexpr std::uint64_t inflate_max = 1032;  // bytes that one of deflate can stand for (RFC 1951)

constexpr std::uint32_t name_of_chunk(const char (&text)[5]) noexcept {
  std::uint32_t name = 0;
  for (std::size_t i = 0; i < 4; ++i) name = name << 8U | static_cast<unsigned char>(text[i]);
  return name;
}

constexpr bool is_letter(std::uint8_t c) noexcept { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

struct chunk {
  std::uint32_t name = 0;
  std::uint64_t at = 0;  // of its data
  std::uint32_t size = 0;

  /// Decoders stop at what is wrong with one of these; others they may pass over (§5.4).
  [[nodiscard]] bool critical() const noexcept { return (name & 0x2000'0000U) == 0; }
};

struct colour {
  std::uint8_t type;
  std::uint8_t samples;
  std::uint32_t depths;  // bit n: n bits a sample are allowed
};

constexpr std::uint32_t depth(unsigned bits) noexcept { return 1U << bits; }
constexpr std::array colours{
    colour{0, 1, depth(1) | depth(2) | depth(4) | depth(8) | depth(16)},
    colour{2, 3, depth(8) | depth(16)},
    colour{3, 1, depth(1) | depth(2) | depth(4) | depth(8)},
    colour{4, 2, depth(8) | depth(16)},
    colour{6, 4, depth(8) | depth(16)},
};

class reader {
 public:
  reader(window& file, media_facts& facts) noexcept : file_(file), facts_(facts) {}

  void run() noexcept {
    while (read_chunk()) {
    }
    conclude();
  }

 private:
  /// False: the walk is over.
  bool read_chunk() noexcept {
    const bytes head = file_.look(at_, 8);
    if (head.size() < 8) return missing_end(head);
    if (!file_.enter()) return false;
    const chunk next{head.be32(4), at_ + 8, head.be32(0)};
    const bool named = is_letter(head[4]) && is_letter(head[5]) && is_letter(head[6]) && is_letter(head[7]);
    if (next.size > number_max || !named) return give_up(media_fault::bad_structure);
    if (at_ == 8 && next.name != name_of_chunk("IHDR")) return give_up(media_fault::bad_structure);
    if (std::uint64_t{next.size} + 4 > file_.size() - next.at) return cut_chunk(next);
    if (!check_sum(next)) return false;
    at_ = next.at + next.size + 4;
    return read_body(next);
  }

  bool read_body(const chunk& next) noexcept {
    switch (next.name) {
      case name_of_chunk("IHDR"):
        return read_header(next);
      case name_of_chunk("PLTE"):
        return read_palette(next);
      case name_of_chunk("IDAT"):
        return read_data(next);
      case name_of_chunk("IEND"):
        return read_end(next);
      case name_of_chunk("tRNS"):
        read_transparency();
        break;
      case name_of_chunk("acTL"):
        read_animation(next);
        break;
      case name_of_chunk("fcTL"):
        read_frame(next);
        break;
      case name_of_chunk("eXIf"):
        read_exif(file_, next.at, next.size, facts_);
        break;
      case name_of_chunk("iTXt"):
      case name_of_chunk("tEXt"):
        read_text(next);
        break;
      default:
        if (next.critical()) return give_up(media_fault::bad_structure);
    }
    data_over_ = data_over_ || data_bytes_ != 0;
    return true;
  }

  /// The sum covers the name and the data, and stands behind them (§5.3).
  bool check_sum(const chunk& next) noexcept {
    const std::size_t size = std::size_t{next.size} + 4;
    if (size > checked_chunk_max || size > checked_left_) return true;
    checked_left_ -= size;
    const bytes all = file_.look(next.at - 4, size + 4);
    if (all.size() < size + 4) return false;
    if (crc32(all.part(0, size).raw()) == all.be32(size)) return true;
    if (!next.critical()) {
      file_.lenient(media_fault::bad_checksum);
      return true;
    }
    // The picture's size is told all the same, for whoever has to say which file it is.
    if (next.name == name_of_chunk("IHDR")) (void)read_header(next);
    return give_up(media_fault::bad_checksum);
  }

  bool read_header(const chunk& next) noexcept {
    const bytes header = file_.look(next.at, 13);
    if (has_header_ || next.size != 13) return give_up(media_fault::bad_structure);
    has_header_ = true;
    facts_.width = header.be32(0);
    facts_.height = header.be32(4);
    facts_.bits = header[8];
    facts_.frames = 1;
    const auto* row =
        std::find_if(colours.begin(), colours.end(), [&](const colour& c) { return c.type == header[9]; });
    check_dimensions(file_, facts_);
    const bool fits = row != colours.end() && facts_.bits <= 16 && (row->depths & depth(facts_.bits)) != 0 &&
                      header[10] == 0 && header[11] == 0 && header[12] <= 1 && facts_.width <= number_max &&
                      facts_.height <= number_max;
    if (!fits) return give_up(media_fault::bad_structure);
    colour_ = row;
    facts_.progressive = header[12] == 1;
    facts_.alpha = row->type >= 4;
    return true;
  }

  bool read_palette(const chunk& next) noexcept {
    if (next.size == 0 || next.size > 256 * 3 || next.size % 3 != 0) return give_up(media_fault::bad_structure);
    if (has_palette_ || data_bytes_ != 0) file_.lenient(media_fault::bad_structure);
    has_palette_ = true;
    return true;
  }

  bool read_data(const chunk& next) noexcept {
    if (colour_->type == 3 && !has_palette_) return give_up(media_fault::bad_structure);
    if (data_over_) return give_up(media_fault::bad_structure);  // data chunks follow each other (§5.6)
    // The two bytes of the zlib header (RFC 1950 §2.2), which may come in chunks of their own.
    const bytes start = file_.look(next.at, std::min<std::size_t>(next.size, 2));
    for (std::size_t i = 0; i < start.size() && data_bytes_ + i < 2; ++i) {
      zlib_header_ = static_cast<std::uint16_t>(zlib_header_ << 8U | start[i]);
    }
    const bool header_read = data_bytes_ < 2 && data_bytes_ + next.size >= 2;
    data_bytes_ += next.size;
    const bool deflate = (zlib_header_ >> 8U & 0xFU) == 8 && zlib_header_ >> 12U <= 7 && zlib_header_ % 31 == 0;
    return !header_read || deflate || give_up(media_fault::bad_structure);
  }

  bool read_end(const chunk& next) noexcept {
    ended_ = true;
    if (next.size != 0) file_.lenient(media_fault::bad_structure);
    if (at_ >= file_.size()) return false;
    file_.lenient(media_fault::trailing_bytes);
    if (starts_other_format(file_.look(at_, 1024))) file_.lenient(media_fault::other_format_inside);
    return false;
  }

  void read_transparency() noexcept {
    if (facts_.alpha || data_bytes_ != 0) {
      file_.lenient(media_fault::bad_structure);  // of colours with an alpha channel, or too late
    } else {
      facts_.alpha = true;
    }
  }

  void read_animation(const chunk& next) noexcept {
    const bytes control = file_.look(next.at, 8);
    const std::uint32_t frames = control.be32(0);
    if (data_bytes_ != 0 || animation_frames_ != 0 || next.size != 8 || frames == 0 || frames > number_max) {
      file_.lenient(media_fault::bad_structure);  // decoders show the still picture
      return;
    }
    animation_frames_ = frames;
  }

  void read_frame(const chunk& next) noexcept {
    const bytes control = file_.look(next.at, 26);
    if (next.size != 26) {
      file_.lenient(media_fault::bad_structure);
      return;
    }
    ++frames_seen_;
    const std::uint32_t parts = control.be16(22) == 0 ? 100 : control.be16(22);
    microseconds_ += control.be16(20) * std::uint64_t{1'000'000} / parts;
  }

  void read_text(const chunk& next) noexcept {
    constexpr std::string_view xmp = "XML:com.adobe.xmp";
    const bytes text = file_.look(next.at, std::min<std::size_t>(next.size, 1024));
    if (text.starts_with(xmp)) read_xmp(file_, next.at + xmp.size(), next.size - xmp.size(), facts_);
    if (starts_other_format(text)) file_.lenient(media_fault::other_format_inside);
  }

  void conclude() noexcept {
    if (!has_header_) return;
    if (animation_frames_ != 0) {
      if (frames_seen_ != animation_frames_ && ended_) file_.lenient(media_fault::bad_structure);
      facts_.frames = std::max<std::uint32_t>(1, std::min(animation_frames_, frames_seen_));
      facts_.animated = facts_.frames > 1;
      if (facts_.animated) facts_.duration = std::chrono::milliseconds{static_cast<std::int64_t>(microseconds_ / 1000)};
    }
    if (!ended_) return;
    if (data_bytes_ == 0) {
      file_.broken(media_fault::no_content);
    } else if (facts_.width != 0 && !data_may_suffice()) {
      file_.broken(media_fault::truncated);
    }
  }

  /// Deflate cannot make the whole picture out of less than this.
  [[nodiscard]] bool data_may_suffice() const noexcept {
    const std::uint64_t row = (std::uint64_t{facts_.width} * facts_.bits * colour_->samples + 7) / 8;
    return (data_bytes_ + 1) * inflate_max / row >= facts_.height;
  }

  bool missing_end(bytes rest) noexcept {
    if (data_bytes_ == 0) {
      file_.broken(media_fault::truncated);
    } else {
      file_.lenient(rest.empty() ? media_fault::no_end : media_fault::truncated);
    }
    return false;
  }

  bool cut_chunk(const chunk& next) noexcept {
    const bool picture_whole = data_bytes_ != 0 && next.name != name_of_chunk("IDAT");
    if (next.name == name_of_chunk("IHDR") && next.size == 13) (void)read_header(next);
    if (picture_whole) {
      file_.lenient(media_fault::truncated);
    } else {
      file_.broken(media_fault::truncated);
    }
    return false;
  }

  bool give_up(media_fault fault) noexcept {
    file_.broken(fault);
    return false;
  }

  // constant after construction
  window& file_;
  media_facts& facts_;

  std::uint64_t at_ = 8;  // behind the signature
  std::uint64_t checked_left_ = checked_bytes_max;
  const colour* colour_ = colours.data();
  bool has_header_ = false;
  bool has_palette_ = false;
  bool data_over_ = false;
  bool ended_ = false;
  std::uint16_t zlib_header_ = 0;
  std::uint64_t data_bytes_ = 0;
  std::uint32_t animation_frames_ = 0;
  std::uint32_t frames_seen_ = 0;
  std::uint64_t microseconds_ = 0;  // of all frames once
};

}  // namespace

void read_png(window& file, media_facts& facts) noexcept { reader(file, facts).run(); }

}  // namespace broadside::media
