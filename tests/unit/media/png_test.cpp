// tests/media/png - what is read of a PNG, and every way in which one is not whole.
#include <support/catch.hpp>
#include "files.hpp"

using namespace broadside;
using namespace broadside::media_files;

namespace {

bool broken_by(const std::string& file, media_fault fault) {
  const media_facts facts = read(file);
  return facts.type == media_type::png && facts.state == media_state::broken && facts.faults.contains(fault);
}
bool lenient_by(const std::string& file, media_fault fault) {
  const media_facts facts = read(file);
  return facts.type == media_type::png && facts.state == media_state::lenient && facts.faults.contains(fault);
}

const std::string palette = chunk("PLTE", "rgbrgb");

/// Three frames, 100, 200 and 300 ms.
std::string animation(unsigned told = 3) {
  return png_signature + header_chunk(4, 4) + chunk("acTL", be32(told) + be32(0)) + frame_chunk(0, 1, 10) +
         data_chunk() + frame_chunk(1, 20, 0) + chunk("fdAT", be32(2) + "data") + frame_chunk(3, 300, 1000) +
         chunk("fdAT", be32(4) + "data") + end_chunk();
}

}  // namespace

TEST_CASE("png: the checksum is the one of ISO 3309", "[media]") {
  CHECK(media::crc32(as_bytes("123456789")) == 0xCBF43926U);
  CHECK(media::crc32(as_bytes("IEND")) == 0xAE426082U);
  CHECK(media::crc32(as_bytes("")) == 0);
}

TEST_CASE("png: the checksum of any length, at any address, is that of its bits one by one", "[media]") {
  std::string text(100, '\0');
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(i * 167 + 13);
  const auto bit_by_bit = [](std::string_view some) {
    std::uint32_t crc = 0xFFFFFFFFU;
    for (const char c : some) {
      crc ^= static_cast<unsigned char>(c);
      for (int bit = 0; bit < 8; ++bit) crc = (crc & 1U) != 0 ? crc >> 1U ^ 0xEDB88320U : crc >> 1U;
    }
    return ~crc;
  };
  for (std::size_t at = 0; at < 9; ++at) {
    for (std::size_t size = 0; at + size <= text.size(); ++size) {
      const std::string_view some = std::string_view(text).substr(at, size);
      CAPTURE(at, size);
      REQUIRE(media::crc32(std::as_bytes(std::span(some.data(), some.size()))) == bit_by_bit(some));
    }
  }
}

TEST_CASE("png: a whole picture is clean, and tells its size", "[media]") {
  const media_facts facts = read(png());
  CHECK(facts.type == media_type::png);
  CHECK(facts.state == media_state::clean);
  CHECK(facts.width == 60);
  CHECK(facts.height == 40);
  CHECK(facts.bits == 8);
  CHECK(facts.frames == 1);
  CHECK_FALSE(facts.animated);
  CHECK_FALSE(facts.alpha);
  CHECK_FALSE(facts.progressive);
  CHECK(read(png_signature + header_chunk(6, 4, 8, 2, 1) + data_chunk() + end_chunk()).progressive);
}

TEST_CASE("png: alpha is a channel, or a transparent colour", "[media]") {
  CHECK(read(png({}, 4)).alpha);
  CHECK(read(png({}, 6)).alpha);
  CHECK(read(png(chunk("tRNS", zeros(6)))).alpha);
  CHECK(read(png(palette + chunk("tRNS", zeros(1)), 3)).alpha);
  CHECK(lenient_by(png(chunk("tRNS", zeros(6)), 6), media_fault::bad_structure));
}

TEST_CASE("png: an animation tells its frames and how long they take", "[media]") {
  const media_facts facts = read(animation());
  CHECK(facts.state == media_state::clean);
  CHECK(facts.animated);
  CHECK(facts.frames == 3);
  CHECK(facts.duration == std::chrono::milliseconds{600});
}

TEST_CASE("png: an animation that promises other frames than it has is shown", "[media]") {
  CHECK(lenient_by(animation(5), media_fault::bad_structure));
  CHECK(read(animation(5)).frames == 3);
  CHECK(lenient_by(png(chunk("acTL", be32(0) + be32(0))), media_fault::bad_structure));
  CHECK_FALSE(read(png(chunk("acTL", be32(1) + be32(0)) + frame_chunk(0, 1, 10))).animated);
}

TEST_CASE("png: depth and colour type come in pairs", "[media]") {
  const auto fits = [](int depth, int colour) {
    const media_facts facts = read(png_signature + header_chunk(8, 8, depth, colour) + (colour == 3 ? palette : "") +
                                   data_chunk() + end_chunk());
    return facts.state == media_state::clean;
  };
  for (int colour = 0; colour < 9; ++colour) {
    for (int depth = 0; depth < 40; ++depth) {
      const bool small = depth == 1 || depth == 2 || depth == 4;
      const bool grey = colour == 0 && (small || depth == 8 || depth == 16);
      const bool index = colour == 3 && (small || depth == 8);
      const bool other = (colour == 2 || colour == 4 || colour == 6) && (depth == 8 || depth == 16);
      CHECK(fits(depth, colour) == (grey || index || other));
    }
  }
}

TEST_CASE("png: a wrong checksum breaks what the picture needs, and only that", "[media]") {
  const auto spoiled = [](std::string file, std::size_t at) {
    file[at] = static_cast<char>(file[at] ^ 1);
    return file;
  };
  const std::string file = png(chunk("gAMA", be32(45455)));
  CHECK(lenient_by(spoiled(file, file.find("gAMA") + 5), media_fault::bad_checksum));
  CHECK(broken_by(spoiled(file, file.find("IDAT") + 9), media_fault::bad_checksum));
  const std::string wide = spoiled(file, file.find("IHDR") + 7);
  CHECK(broken_by(wide, media_fault::bad_checksum));
  CHECK(read(wide).width == 61);
}

TEST_CASE("png: a picture that ends before its data does is broken", "[media]") {
  const std::string whole = png();
  const std::size_t end = whole.find("IEND") - 4;
  for (std::size_t size = 8; size < end; ++size) CHECK(broken_by(whole.substr(0, size), media_fault::truncated));
  CHECK(lenient_by(whole.substr(0, end), media_fault::no_end));
  for (std::size_t size = end + 1; size < whole.size(); ++size)
    CHECK(lenient_by(whole.substr(0, size), media_fault::truncated));
}

TEST_CASE("png: what follows the end is told, and what it is", "[media]") {
  CHECK(lenient_by(png() + "x", media_fault::trailing_bytes));
  CHECK(lenient_by(png() + "PK\3\4", media_fault::other_format_inside));
  CHECK(lenient_by(png(chunk("tEXt", std::string("Comment\0<script>", 16))), media_fault::other_format_inside));
}

TEST_CASE("png: dimensions are not zero, and not more than phones decode", "[media]") {
  const auto sized = [](std::uint32_t w, std::uint32_t h) {
    return png_signature + header_chunk(w, h) + data_chunk() + end_chunk();
  };
  CHECK(broken_by(sized(0, 40), media_fault::zero_dimensions));
  CHECK(broken_by(sized(40, 0), media_fault::zero_dimensions));
  CHECK(broken_by(sized(20000, 20000), media_fault::huge_dimensions));
  CHECK(broken_by(sized(0xFFFFFFFF, 1), media_fault::bad_structure));
}

TEST_CASE("png: data that cannot hold the picture is broken, however well it is packed", "[media]") {
  const auto packed = [](std::size_t bytes) {
    return read(png_signature + header_chunk(1000, 1000) + data_chunk(bytes) + end_chunk());
  };
  CHECK(packed(3000).state == media_state::clean);
  CHECK(packed(2000).faults == enum_set{media_fault::truncated});
}

TEST_CASE("png: what decoders refuse is broken", "[media]") {
  const auto bad = [](const std::string& file) { return broken_by(file, media_fault::bad_structure); };
  const std::string whole = png();
  CHECK(bad(png_signature + data_chunk() + end_chunk()));                             // no header first
  CHECK(bad(png_signature + chunk("IHDR", zeros(12)) + data_chunk() + end_chunk()));  // of another size
  CHECK(bad(png(header_chunk(60, 40))));                                              // two headers
  CHECK(bad(png({}, 3)));                                                             // no palette
  CHECK(bad(png(chunk("PLTE", "rgbr"), 3)));                                          // a part of a colour
  CHECK(bad(png(chunk("ABCD", "?"))));                                                // unknown, and needed
  CHECK(bad(png("\xFF\xFF\xFF\xFFIDAT")));                                            // longer than allowed
  CHECK(bad(png(be32(4) + "12?4data")));                                              // no name of a chunk
  CHECK(bad(png(data_chunk() + chunk("tEXt", "a"))));                                 // data apart
  CHECK(bad(replaced(whole, data_chunk(), chunk("IDAT", "not deflated"))));
  CHECK(broken_by(replaced(whole, data_chunk(), ""), media_fault::no_content));
}

TEST_CASE("png: metadata tells orientation and place", "[media]") {
  const media_facts facts = read(png(chunk("eXIf", tiff(true, 6, true))));
  CHECK(facts.orientation == 6);
  CHECK(facts.gps);
  CHECK(read(png(chunk("iTXt", std::string("XML:com.adobe.xmp\0\0\0\0\0", 22) + "exif:GPSLongitude"))).gps);
}

TEST_CASE("png: of a large picture the chunks' headers are read", "[media]") {
  constexpr std::uint64_t chunks = 1250;
  constexpr std::uint64_t data = 8192;
  const std::string head = png_signature + header_chunk(3000, 3000);
  sparse_source whole(head.size() + chunks * (data + 12) + 12, 'd');
  whole.put(0, head);
  for (std::uint64_t i = 0; i < chunks; ++i) {
    const std::string start = be32(data) + "IDAT" + (i == 0 ? "\x78\x9C" : "");
    whole.put(head.size() + i * (data + 12), start);
    // The first chunks are checked.
    std::string all = start + std::string(data - (i == 0 ? 2 : 0), 'd');
    if (i < 8) whole.put(head.size() + i * (data + 12) + 8 + data, be32(media::crc32(as_bytes(all.substr(4)))));
  }
  whole.put(whole.size() - 12, end_chunk());
  const media_facts facts = read_media(whole).facts;
  CHECK(facts.state == media_state::clean);
  CHECK(whole.bytes_read() < 512 * 1024);
}
