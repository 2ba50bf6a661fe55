// media/jpeg_reader - JPEG (ITU-T T.81): segments one by one, the coded picture only where the file is small.
//
// Pure but for the window; nothing allocates.
#include <algorithm>
#include <array>
#include <cstring>
#include <media/exif.hpp>
#include <media/readers.hpp>
#include <media/sniff.hpp>

namespace broadside::media {
namespace {

constexpr std::uint64_t scanned_max =
    std::uint64_t{128} * 1024;          // larger coded data is not looked at, but for its last bytes
constexpr std::size_t tail_max = 4096;  // where the end is looked for then
constexpr std::size_t comment_max = 1024;

enum marker : std::uint8_t {
  tem = 0x01,
  sof0 = 0xC0,
  dht = 0xC4,
  jpg = 0xC8,
  dac = 0xCC,
  rst0 = 0xD0,
  rst7 = 0xD7,
  soi = 0xD8,
  eoi = 0xD9,
  sos = 0xDA,
  dqt = 0xDB,
  dri = 0xDD,
  app1 = 0xE1,
  app2 = 0xE2,
  app14 = 0xEE,
  jpeg_ls = 0xF7,
  com = 0xFE,
};

constexpr bool is_frame(std::uint8_t m) noexcept { return m >= sof0 && m <= 0xCF && m != dht && m != jpg && m != dac; }

struct segment {
  std::uint8_t marker = 0;
  std::uint64_t at = 0;  // of what stands behind the length
  std::uint32_t size = 0;
};

class reader {
 public:
  reader(window& file, media_facts& facts) noexcept : file_(file), facts_(facts) {}

  void run() noexcept {
    while (read_marker() && read_segment()) {
    }
  }

 private:
  /// Moves to the next marker and behind it. False: there is none, and what that means has been said.
  bool read_marker() noexcept {
    bool skipped = false;
    for (;;) {
      const bytes some = file_.look_on(at_);
      if (some.empty()) return missing_end();
      const auto* found = static_cast<const std::byte*>(std::memchr(some.raw().data(), 0xFF, some.size()));
      const auto before = found == nullptr ? some.size() : static_cast<std::size_t>(found - some.raw().data());
      skipped = skipped || before != 0;
      at_ += before;
      if (found == nullptr) continue;
      const bytes pair = file_.look(at_, 2);
      if (pair.size() < 2) return missing_end();
      at_ += pair[1] == 0xFF ? 1 : 2;  // any number of FF may stand before a marker
      if (pair[1] == 0xFF) continue;
      if (pair[1] == 0x00) {
        skipped = true;  // a coded FF, where no coded data belongs
        continue;
      }
      if (skipped) file_.lenient(media_fault::bad_structure);
      marker_ = pair[1];
      return file_.enter();
    }
  }

  bool missing_end() noexcept {
    if (scans_ == 0) {
      file_.broken(media_fault::truncated);
    } else {
      file_.lenient(media_fault::no_end);
    }
    return false;
  }

  /// False: the walk is over.
  bool read_segment() noexcept {
    if (marker_ == eoi) return read_end();
    if (marker_ == soi) return give_up(media_fault::bad_structure);
    if (marker_ == tem || (marker_ >= rst0 && marker_ <= rst7)) return true;
    const bytes length = file_.look(at_, 2);
    if (length.size() < 2) return give_up(media_fault::truncated);
    if (length.be16(0) < 2) return give_up(media_fault::bad_structure);
    const segment body{marker_, at_ + 2, length.be16(0) - 2U};
    if (body.size > file_.size() - body.at) {
      // A frame whose end is missing still tells its size.
      if (is_frame(marker_)) (void)read_frame(body);
      return give_up(media_fault::truncated);
    }
    at_ = body.at + body.size;
    return read_body(body);
  }

  bool read_body(const segment& body) noexcept {
    if (is_frame(body.marker)) return read_frame(body);
    switch (body.marker) {
      case dht:
        return read_huffman_tables(body);
      case dqt:
        return read_quantization_tables(body);
      case dri:
        return body.size == 2 || give_up(media_fault::bad_structure);
      case sos:
        return read_scan(body);
      case app1:
        read_app1(body);
        return true;
      case app2:
        multi_picture_ = multi_picture_ || file_.look(body.at, 4).has(0, {"MPF\0", 4});
        return true;
      case com:
        read_comment(body);
        return true;
      case jpeg_ls:
        return give_up(media_fault::bad_structure);
      default:
        return true;
    }
  }

  bool read_frame(const segment& body) noexcept {
    const bytes frame = file_.look(body.at, std::min<std::size_t>(body.size, 6U + 3U * 4U));
    const std::uint8_t components = frame[5];
    if (has_frame_ || frame.size() < 6) return give_up(media_fault::bad_structure);
    has_frame_ = true;
    facts_.bits = frame[0];
    facts_.height = frame.be16(1);
    facts_.width = frame.be16(3);
    facts_.frames = 1;
    facts_.cmyk = components == 4;
    const unsigned kind = body.marker & 3U;
    facts_.progressive = kind == 2;
    facts_.lossless = kind == 3;
    facts_.arithmetic = body.marker >= 0xC9;
    sequential_ = kind < 2 && !facts_.arithmetic;
    check_dimensions(file_, facts_);
    for (std::size_t i = 0; i < std::min<std::size_t>(components, 4); ++i) component_ids_[i] = frame[6 + i * 3];
    components_ = components;
    const bool hierarchical = (body.marker & 4U) != 0;  // C5 to C7 and CD to CF: nothing decodes them
    const bool bits_fit =
        facts_.lossless ? facts_.bits >= 2 && facts_.bits <= 16 : facts_.bits == 8 || facts_.bits == 12;
    const bool size_fits = body.size == 6U + 3U * components && components >= 1 && components <= 4;
    return (size_fits && bits_fit && !hierarchical && samplings_fit(frame)) || give_up(media_fault::bad_structure);
  }

  /// Each component is sampled one to four times in both directions (T.81 §B.2.2).
  [[nodiscard]] bool samplings_fit(bytes frame) const noexcept {
    for (std::size_t i = 0; i < components_; ++i) {
      const std::uint8_t sampling = frame[7 + i * 3];
      const unsigned across = sampling >> 4U;
      const unsigned down = sampling & 0xFU;
      if (across < 1 || across > 4 || down < 1 || down > 4 || frame[8 + i * 3] > 3) return false;
    }
    return true;
  }

  bool read_huffman_tables(const segment& body) noexcept {
    std::uint32_t at = 0;
    while (at < body.size) {
      const bytes head = file_.look(body.at + at, 17);
      std::uint32_t codes = 0;
      std::uint32_t next_code = 0;
      bool codes_fit = true;
      for (std::size_t length = 1; length <= 16; ++length) {
        next_code = next_code * 2 + head[length];
        codes += head[length];
        // No code is all ones (T.81 annex C), so there is always room for one more.
        codes_fit = codes_fit && next_code < 1U << length;
      }
      const bool fits = head[0] >> 4U <= 1 && (head[0] & 0xFU) <= 3;
      if (!fits || !codes_fit || codes > 256 || body.size - at < 17 + codes) return give_up(media_fault::bad_structure);
      huffman_tables_ |= 1U << ((head[0] >> 4U) * 4 + (head[0] & 3U));
      at += 17 + codes;
    }
    return true;
  }

  bool read_quantization_tables(const segment& body) noexcept {
    std::uint32_t at = 0;
    while (at < body.size) {
      const std::uint8_t head = file_.look(body.at + at, 1)[0];
      const std::uint32_t table = 1 + (head >> 4U == 0 ? 64U : 128U);
      if (head >> 4U > 1 || (head & 0xFU) > 3 || body.size - at < table) return give_up(media_fault::bad_structure);
      at += table;
    }
    has_quantization_ = true;
    return true;
  }

  bool read_scan(const segment& body) noexcept {
    const bytes scan = file_.look(body.at, std::min<std::size_t>(body.size, 12));
    const std::size_t count = scan[0];
    const bool fits = count >= 1 && count <= 4 && body.size == 4 + 2 * count;
    if (!has_frame_ || !fits || !names_components(scan, count)) return give_up(media_fault::bad_structure);
    if (!has_quantization_ && !facts_.lossless) return give_up(media_fault::bad_structure);
    // Pictures cut out of a film leave their Huffman tables out, which are the ones of T.81 annex K then.
    if (huffman_tables_ == 0 && sequential_) file_.lenient(media_fault::bad_structure);
    if (!parameters_fit(scan, count)) return give_up(media_fault::bad_structure);
    ++scans_;
    if (file_.size() - at_ > scanned_max) return check_end_only();
    return skip_coded_data();
  }

  /// A scan goes over some coefficients with some tables (T.81 §B.2.3, §G.1.1.1); the tables have to be there.
  bool parameters_fit(bytes scan, std::size_t count) noexcept {
    const unsigned first = scan[1 + count * 2];
    const unsigned last = scan[2 + count * 2];
    const unsigned bits = scan[3 + count * 2];
    if (!facts_.progressive) {
      const bool whole = first == 0 && last == 63 && bits == 0;
      if (sequential_ && !whole) file_.lenient(media_fault::bad_structure);  // decoders know better
      return !sequential_ || huffman_tables_ == 0 || has_tables(scan, count, true, true);
    }
    if (first > last || last > 63 || (first == 0 && last != 0) || (bits & 0xFU) > 13) return false;
    const bool refines = bits >> 4U != 0;
    return facts_.arithmetic || has_tables(scan, count, first == 0 && !refines, first != 0);
  }

  [[nodiscard]] bool has_tables(bytes scan, std::size_t count, bool dc, bool ac) const noexcept {
    for (std::size_t i = 0; i < count; ++i) {
      const unsigned tables = scan[2 + i * 2];
      if (dc && (tables >> 4U > 3 || (huffman_tables_ >> (tables >> 4U) & 1U) == 0)) return false;
      if (ac && ((tables & 0xFU) > 3 || (huffman_tables_ >> (4 + (tables & 0xFU)) & 1U) == 0)) return false;
    }
    return true;
  }

  [[nodiscard]] bool names_components(bytes scan, std::size_t count) const noexcept {
    const auto* const end = component_ids_.begin() + std::min<std::size_t>(components_, component_ids_.size());
    for (std::size_t i = 0; i < count; ++i) {
      if (std::find(component_ids_.begin(), end, scan[1 + i * 2]) == end) return false;
    }
    return true;
  }

  /// Moves to the marker behind the coded data, in which FF 00 is a coded FF and restart markers are part of it.
  bool skip_coded_data() noexcept {
    const std::uint64_t first = at_;
    for (;;) {
      const bytes some = file_.look_on(at_);
      if (some.empty()) return missing_end();
      const auto* found = static_cast<const std::byte*>(std::memchr(some.raw().data(), 0xFF, some.size()));
      at_ += found == nullptr ? some.size() : static_cast<std::size_t>(found - some.raw().data());
      if (found == nullptr) continue;
      const bytes pair = file_.look(at_, 2);
      if (pair.size() < 2) return missing_end();
      const std::uint8_t next = pair[1];
      if (next == 0xFF) {
        ++at_;
      } else if (next == 0 || (next >= rst0 && next <= rst7)) {
        at_ += 2;
      } else {
        if (at_ == first) file_.broken(media_fault::no_content);
        return true;
      }
    }
  }

  /// Of a large file: do its last bytes end it?
  bool check_end_only() noexcept {
    const std::uint64_t room = file_.size() - at_;
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(room, tail_max));
    if (file_.look(file_.size() - 2, 2).be16(0) == 0xFFD9) return false;
    const bytes tail = file_.look(file_.size() - size, size);
    const auto end = tail.text().rfind("\xFF\xD9");
    if (end == std::string_view::npos) return missing_end();
    at_ = file_.size() - size + end + 2;
    return read_end();
  }

  bool read_end() noexcept {
    if (scans_ == 0) return give_up(has_frame_ ? media_fault::no_content : media_fault::bad_structure);
    if (at_ < file_.size() && !multi_picture_) {
      file_.lenient(media_fault::trailing_bytes);
      if (starts_other_format(file_.look(at_, comment_max))) file_.lenient(media_fault::other_format_inside);
    }
    return false;
  }

  void read_app1(const segment& body) noexcept {
    constexpr std::string_view exif{"Exif\0\0", 6};
    constexpr std::string_view xmp{"http://ns.adobe.com/xap/1.0/\0", 29};
    const bytes name = file_.look(body.at, std::min<std::size_t>(body.size, xmp.size()));
    if (name.starts_with(exif)) read_exif(file_, body.at + exif.size(), body.size - exif.size(), facts_);
    if (name.starts_with(xmp)) read_xmp(file_, body.at + xmp.size(), body.size - xmp.size(), facts_);
  }

  void read_comment(const segment& body) noexcept {
    const bytes text = file_.look(body.at, std::min<std::size_t>(body.size, comment_max));
    if (starts_other_format(text)) file_.lenient(media_fault::other_format_inside);
  }

  bool give_up(media_fault fault) noexcept {
    file_.broken(fault);
    return false;
  }

  // constant after construction
  window& file_;
  media_facts& facts_;

  std::uint64_t at_ = 2;  // behind SOI
  std::uint8_t marker_ = 0;
  std::uint8_t components_ = 0;
  std::array<std::uint8_t, 4> component_ids_{};
  std::uint32_t scans_ = 0;
  bool has_frame_ = false;
  bool sequential_ = false;
  unsigned huffman_tables_ = 0;  // bit n: table n for DC coefficients is there; bit 4 + n: for AC coefficients
  bool has_quantization_ = false;
  bool multi_picture_ = false;  // more pictures stand behind the first one, as its index tells
};

}  // namespace

void read_jpeg(window& file, media_facts& facts) noexcept { reader(file, facts).run(); }

}  // namespace broadside::media
