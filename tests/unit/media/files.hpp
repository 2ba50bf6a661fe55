// tests/media/files - small media files, built byte by byte, and sources that show them in other ways.
//
// Values only. A file is a std::string; each builder makes one that is whole, and tests damage it.
#pragma once

#include <algorithm>
#include <broadside/media.hpp>
#include <cstdint>
#include <cstring>
#include <map>
#include <media/crc32.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace broadside::media_files {

inline std::string be(std::uint64_t value, int size) {
  std::string out;
  for (int i = size - 1; i >= 0; --i) out += static_cast<char>(value >> (8 * i) & 0xFFU);
  return out;
}
inline std::string be16(std::uint64_t value) { return be(value, 2); }
inline std::string be32(std::uint64_t value) { return be(value, 4); }
inline std::string le(std::uint64_t value, int size) {
  std::string out = be(value, size);
  std::reverse(out.begin(), out.end());
  return out;
}
inline std::string le16(std::uint64_t value) { return le(value, 2); }
inline std::string le32(std::uint64_t value) { return le(value, 4); }
inline std::string zeros(std::size_t count) { return std::string(count, '\0'); }

inline std::span<const std::byte> as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}
inline media_facts read(std::string_view file) { return read_media(as_bytes(file)); }

inline std::string replaced(std::string file, std::string_view what, std::string_view with) {
  return file.replace(file.find(what), what.size(), with);
}

// ---- JPEG

inline std::string segment(int marker, const std::string& body) {
  return "\xFF" + be(static_cast<unsigned>(marker), 1) + be16(body.size() + 2) + body;
}

inline std::string frame_segment(int marker, int width, int height, int components, int bits = 8) {
  std::string body = be(static_cast<unsigned>(bits), 1) + be16(static_cast<unsigned>(height)) +
                     be16(static_cast<unsigned>(width)) + be(static_cast<unsigned>(components), 1);
  for (int i = 1; i <= components; ++i) body += be(static_cast<unsigned>(i), 1) + "\x11" + zeros(1);
  return segment(marker, body);
}

inline std::string quantization_segment() { return segment(0xDB, zeros(1) + std::string(64, '\1')); }
inline std::string huffman_segment(int kind, int table) {
  // One code, of one bit: "0".
  return segment(0xC4, be(static_cast<unsigned>(kind << 4 | table), 1) + "\1" + zeros(15) + zeros(1));
}

inline std::string scan_segment(int components, std::string_view parameters = {"\0\x3F\0", 3}) {
  std::string body = be(static_cast<unsigned>(components), 1);
  for (int i = 1; i <= components; ++i) body += be(static_cast<unsigned>(i), 1) + zeros(1);
  return segment(0xDA, body + std::string(parameters));
}

/// A picture of one component. `extra` stands behind SOI, where metadata does.
inline std::string jpeg(int width = 32, int height = 16, const std::string& extra = {}) {
  return "\xFF\xD8" + extra + quantization_segment() + frame_segment(0xC0, width, height, 1) + huffman_segment(0, 0) +
         huffman_segment(1, 0) + scan_segment(1) + std::string("\x12\x34\xFF\0\x56\xFF\xD0\x78", 8) + "\xFF\xD9";
}

/// A TIFF structure with an orientation, and with a GPS directory when asked for.
inline std::string tiff(bool little, int orientation, bool gps = false) {
  const auto u16 = [little](unsigned v) { return little ? le16(v) : be16(v); };
  const auto u32 = [little](unsigned v) { return little ? le32(v) : be32(v); };
  std::string out = (little ? "II" : "MM") + u16(42) + u32(8) + u16(gps ? 2 : 1);
  out += u16(0x0112) + u16(3) + u32(1) + u16(static_cast<unsigned>(orientation)) + zeros(2);
  if (gps) out += u16(0x8825) + u16(4) + u32(1) + u32(38);
  out += u32(0);
  if (gps) out += u16(2) + zeros(24) + u32(0);
  return out;
}
inline std::string exif_segment(const std::string& tiff_bytes) {
  return segment(0xE1, std::string("Exif\0\0", 6) + tiff_bytes);
}

// ---- PNG

inline const std::string png_signature = "\x89PNG\r\n\x1A\n";

inline std::string chunk(const std::string& name, const std::string& body) {
  return be32(body.size()) + name + body + be32(media::crc32(as_bytes(name + body)));
}
inline std::string header_chunk(std::uint32_t width, std::uint32_t height, int depth = 8, int colour = 2,
                                int interlace = 0) {
  return chunk("IHDR", be32(width) + be32(height) + be(static_cast<unsigned>(depth), 1) +
                           be(static_cast<unsigned>(colour), 1) + zeros(2) + be(static_cast<unsigned>(interlace), 1));
}
inline std::string data_chunk(std::size_t size = 64) { return chunk("IDAT", "\x78\x9C" + std::string(size, 'd')); }
inline std::string end_chunk() { return chunk("IEND", ""); }
inline std::string frame_chunk(unsigned sequence, unsigned delay, unsigned parts) {
  return chunk("fcTL", be32(sequence) + be32(4) + be32(4) + be32(0) + be32(0) + be16(delay) + be16(parts) + zeros(2));
}
/// `between` stands between the header and the data.
inline std::string png(const std::string& between = {}, int colour = 2) {
  return png_signature + header_chunk(60, 40, 8, colour) + between + data_chunk() + end_chunk();
}

// ---- GIF

inline std::string gif_screen(int width = 20, int height = 10) {
  return "GIF89a" + le16(static_cast<unsigned>(width)) + le16(static_cast<unsigned>(height)) + "\x80" + zeros(2) +
         zeros(6);
}
inline std::string gif_control(bool transparent, int hundredths) {
  return std::string("\x21\xF9\x04", 3) + (transparent ? "\1" : zeros(1)) + le16(static_cast<unsigned>(hundredths)) +
         zeros(2);
}
inline std::string gif_image(int width = 20, int height = 10, int code_size = 2) {
  return "\x2C" + zeros(4) + le16(static_cast<unsigned>(width)) + le16(static_cast<unsigned>(height)) + zeros(1) +
         be(static_cast<unsigned>(code_size), 1) + "\3abc" + zeros(1);
}
inline std::string gif() { return gif_screen() + gif_image() + ";"; }

// ---- BMP

inline std::string bmp(std::uint32_t width, std::uint32_t height, int bits = 24) {
  const std::size_t row = (width * static_cast<unsigned>(bits) + 31) / 32 * 4;
  return "BM" + le32(54 + row * height) + zeros(4) + le32(54) + le32(40) + le32(width) + le32(height) + le16(1) +
         le16(static_cast<unsigned>(bits)) + zeros(24) + zeros(row * height);
}

// ---- boxes

inline std::string box(const std::string& name, const std::string& body) { return be32(body.size() + 8) + name + body; }

inline const std::string upright = be32(0x10000) + zeros(12) + be32(0x10000) + zeros(12) + be32(0x40000000);
inline const std::string turned_right =
    zeros(4) + be32(0x10000) + zeros(4) + be32(0xFFFF0000) + zeros(16) + be32(0x40000000);

struct film {
  std::string brands = "isom" + be32(512) + "isommp41";
  std::uint32_t per_second = 1000;
  std::uint32_t ticks = 2000;
  std::string codec = "avc1";
  int width = 160;
  int height = 120;
  std::string matrix = upright;
  std::uint32_t track_per_second = 600;
  std::string inside_moov{};
  std::string inside_table{};
  std::string handler = "vide";
  std::uint32_t samples = 3;

  [[nodiscard]] std::string ftyp() const { return box("ftyp", brands); }
  [[nodiscard]] std::string mdat() const { return box("mdat", std::string(100, 'm')); }
  [[nodiscard]] std::string entry() const {
    if (handler == "soun")
      return box(codec, zeros(6) + be16(1) + zeros(8) + be16(2) + be16(16) + zeros(4) + be32(44100U << 16U));
    return box(codec, zeros(6) + be16(1) + zeros(16) + be16(static_cast<unsigned>(width)) +
                          be16(static_cast<unsigned>(height)) + zeros(50));
  }
  [[nodiscard]] std::string table() const {
    return box("stsd", be32(0) + be32(1) + entry()) + box("stsz", be32(0) + be32(10) + be32(samples)) +
           (samples == 0 ? ""
                         : box("stsc", be32(0) + be32(1) + be32(1) + be32(samples) + be32(1)) +
                               box("stco", be32(0) + be32(1) + be32(40))) +
           inside_table;
  }
  [[nodiscard]] std::string trak() const {
    const std::string tkhd =
        box("tkhd", be32(7) + zeros(8) + be32(1) + zeros(4) + be32(ticks) + zeros(16) + matrix + zeros(8));
    const std::string mdhd = box("mdhd", be32(0) + zeros(8) + be32(track_per_second) + be32(1200) + zeros(4));
    const std::string hdlr = box("hdlr", be32(0) + zeros(4) + handler + zeros(13));
    return box("trak", tkhd + box("mdia", mdhd + hdlr + box("minf", box("stbl", table()))));
  }
  [[nodiscard]] std::string moov() const {
    const std::string mvhd = box("mvhd", be32(0) + zeros(8) + be32(per_second) + be32(ticks) + zeros(80));
    return box("moov", mvhd + trak() + inside_moov);
  }
  [[nodiscard]] std::string file() const { return ftyp() + moov() + mdat(); }
};

// ---- sounds

/// MPEG 1, layer III, 128 kbit/s, 44,100 a second: 417 bytes for 1,152 samples.
inline std::string mp3_frame() { return "\xFF\xFB\x90\x64" + zeros(413); }
inline std::string mp3(int frames) {
  std::string out;
  for (int i = 0; i < frames; ++i) out += mp3_frame();
  return out;
}
inline std::string id3(std::uint32_t size) {
  return "ID3" + std::string("\3\0\0", 3) + be(size >> 21U & 127U, 1) + be(size >> 14U & 127U, 1) +
         be(size >> 7U & 127U, 1) + be(size & 127U, 1) + zeros(size);
}

inline std::string riff_chunk(const std::string& name, const std::string& body) {
  return name + le32(body.size()) + body + zeros(body.size() % 2);
}
inline std::string wav_format(int format = 1) {
  return riff_chunk("fmt ",
                    le16(static_cast<unsigned>(format)) + le16(1) + le32(8000) + le32(16000) + le16(2) + le16(16));
}
inline std::string wav(const std::string& chunks) { return "RIFF" + le32(chunks.size() + 4) + "WAVE" + chunks; }

inline std::string midi_track(const std::string& events) { return "MTrk" + be32(events.size()) + events; }
inline std::string midi(const std::string& tracks, int count = 1, int division = 96) {
  return "MThd" + be32(6) + be16(count > 1 ? 1 : 0) + be16(static_cast<unsigned>(count)) +
         be16(static_cast<unsigned>(division)) + tracks;
}
inline const std::string midi_end{"\0\xFF\x2F\0", 4};

// ---- sources

/// Shows only what it was given, and counts what was asked for.
class piecemeal_source final : public byte_source {
 public:
  explicit piecemeal_source(std::string_view file) : file_(file), there_(file.size(), false) {}
  void give(byte_range range) {
    for (std::uint64_t i = range.at; i < range.at + range.size && i < there_.size(); ++i) there_[i] = true;
  }
  [[nodiscard]] std::uint64_t size() const noexcept override { return file_.size(); }
  [[nodiscard]] std::size_t read(std::uint64_t at, std::span<std::byte> out) noexcept override {
    std::size_t got = 0;
    for (; got < out.size() && at + got < file_.size() && there_[at + got]; ++got)
      out[got] = static_cast<std::byte>(file_[at + got]);
    return got;
  }

 private:
  std::string_view file_;
  std::vector<bool> there_;
};

/// A file of any size: zeros, but where something was put. Counts the bytes that are read of it.
class sparse_source final : public byte_source {
 public:
  explicit sparse_source(std::uint64_t size, char fill = '\0') : size_(size), fill_(fill) {}
  void put(std::uint64_t at, std::string what) { parts_[at] = std::move(what); }
  [[nodiscard]] std::uint64_t bytes_read() const { return bytes_read_; }
  [[nodiscard]] std::uint64_t size() const noexcept override { return size_; }
  [[nodiscard]] std::size_t read(std::uint64_t at, std::span<std::byte> out) noexcept override {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), at < size_ ? size_ - at : 0));
    std::fill_n(out.begin(), count, static_cast<std::byte>(fill_));
    for (const auto& [start, what] : parts_) {
      for (std::size_t i = 0; i < what.size(); ++i) {
        if (start + i >= at && start + i < at + count) out[start + i - at] = static_cast<std::byte>(what[i]);
      }
    }
    bytes_read_ += count;
    return count;
  }

 private:
  std::uint64_t size_;
  char fill_;
  std::map<std::uint64_t, std::string> parts_{};
  std::uint64_t bytes_read_ = 0;
};

}  // namespace broadside::media_files
