// media/gif_reader - GIF 87a and 89a: block by block, because nothing in a GIF tells where its frames stand.
//
// Pure but for the window; nothing allocates; nothing is decompressed.
#include <algorithm>
#include <media/readers.hpp>
#include <media/sniff.hpp>

namespace broadside::media {
namespace {

constexpr std::uint8_t extension = 0x21;
constexpr std::uint8_t image = 0x2C;
constexpr std::uint8_t trailer = 0x3B;
constexpr std::uint8_t graphic_control = 0xF9;
constexpr std::uint8_t comment = 0xFE;

/// Bytes of a colour table, from the flags beside it.
constexpr std::uint32_t table_size(std::uint8_t flags) noexcept {
  return (flags & 0x80U) == 0 ? 0 : 3U << ((flags & 7U) + 1);
}

class reader {
 public:
  reader(window& file, media_facts& facts) noexcept : file_(file), facts_(facts) {}

  void run() noexcept {
    if (read_screen()) {
      while (read_block()) {
      }
    }
    facts_.animated = facts_.frames > 1;
    if (facts_.animated) facts_.duration = std::chrono::milliseconds{static_cast<std::int64_t>(hundredths_ * 10)};
  }

 private:
  bool read_screen() noexcept {
    const bytes head = file_.look(0, 13);
    facts_.version = head.text(3, 3);
    facts_.width = head.le16(6);
    facts_.height = head.le16(8);
    if (head.size() < 13) return cut();
    check_dimensions(file_, facts_);
    facts_.bits = static_cast<std::uint8_t>((head[10] >> 4U & 7U) + 1);
    at_ = 13U + table_size(head[10]);
    return true;
  }

  /// False: the walk is over.
  bool read_block() noexcept {
    const bytes head = file_.look(at_, 2);
    if (head.empty()) return at_ > file_.size() ? cut() : missing_end();
    if (!file_.enter()) return false;
    switch (head[0]) {
      case image:
        return read_image();
      case extension:
        return read_extension(head[1]);
      case trailer:
        return read_end();
      default:
        return read_stray_byte();
    }
  }

  bool read_image() noexcept {
    const bytes head = file_.look(at_, 10);
    if (head.size() < 10) return cut();
    if (head.le16(5) == 0 || head.le16(7) == 0) file_.lenient(media_fault::bad_structure);
    at_ += 10U + table_size(head[9]);
    const bytes code_size = file_.look(at_, 1);
    if (code_size.empty()) return cut();
    // LZW codes have at most 12 bits (GIF89a appendix F).
    if (code_size[0] == 0 || code_size[0] > 11) return give_up(media_fault::bad_structure);
    ++at_;
    const std::uint64_t data = at_;
    if (!skip_sub_blocks()) return cut();
    if (at_ == data + 1) file_.lenient(media_fault::bad_structure);  // an image without a byte of data
    // In later frames, transparent is what stays as it was.
    if (facts_.frames == 0) facts_.alpha = transparent_;
    ++facts_.frames;
    transparent_ = false;
    return true;
  }

  bool read_extension(std::uint8_t label) noexcept {
    at_ += 2;
    const bytes block = file_.look(at_, 5);
    if (label == graphic_control && block[0] >= 4) {
      transparent_ = (block[1] & 1U) != 0;
      hundredths_ += block.le16(2);
    }
    if (label == comment && starts_other_format(file_.look(at_, 1024).part(1, block[0]))) {
      file_.lenient(media_fault::other_format_inside);
    }
    return skip_sub_blocks() || cut();
  }

  /// Moves behind the empty block that ends a chain. False: the file ends before.
  bool skip_sub_blocks() noexcept {
    for (;;) {
      const bytes some = file_.look_on(at_);
      if (some.empty()) return false;
      std::size_t at = 0;
      while (at < some.size()) {
        const std::size_t size = some[at];
        at += 1 + size;
        if (size != 0) continue;
        at_ += at;
        return true;
      }
      at_ += at;
    }
  }

  /// Between blocks nothing may stand. Zeros are common there, and decoders pass them over; what comes behind a frame
  /// otherwise is not shown.
  bool read_stray_byte() noexcept {
    const bytes some = file_.look_on(at_);
    std::size_t zeros = 0;
    while (zeros < some.size() && some[zeros] == 0) ++zeros;
    at_ += zeros;
    if (zeros != 0 && facts_.frames != 0) {
      file_.lenient(media_fault::bad_structure);
      return true;
    }
    if (facts_.frames == 0) return give_up(media_fault::bad_structure);
    file_.lenient(media_fault::bad_structure);
    return false;
  }

  bool read_end() noexcept {
    if (facts_.frames == 0) file_.broken(media_fault::no_content);
    ++at_;
    if (at_ >= file_.size()) return false;
    file_.lenient(media_fault::trailing_bytes);
    if (starts_other_format(file_.look(at_, 1024))) file_.lenient(media_fault::other_format_inside);
    return false;
  }

  bool missing_end() noexcept {
    if (facts_.frames == 0) return give_up(media_fault::truncated);
    file_.lenient(media_fault::no_end);
    return false;
  }

  /// The file ends inside of a block: what was whole before is shown.
  bool cut() noexcept {
    if (facts_.frames == 0) return give_up(media_fault::truncated);
    file_.lenient(media_fault::truncated);
    return false;
  }

  bool give_up(media_fault fault) noexcept {
    file_.broken(fault);
    return false;
  }

  // constant after construction
  window& file_;
  media_facts& facts_;

  std::uint64_t at_ = 0;
  bool transparent_ = false;  // the image that follows
  std::uint64_t hundredths_ = 0;
};

}  // namespace

void read_gif(window& file, media_facts& facts) noexcept { reader(file, facts).run(); }

}  // namespace broadside::media
