// tests/media/jpeg - what is read of a JPEG, and every way in which one is not whole.
#include <support/catch.hpp>
#include "files.hpp"

using namespace broadside;
using namespace broadside::media_files;

namespace {

bool broken_by(const std::string& file, media_fault fault) {
  const media_facts facts = read(file);
  return facts.type == media_type::jpeg && facts.state == media_state::broken && facts.faults.contains(fault);
}
bool lenient_by(const std::string& file, media_fault fault) {
  const media_facts facts = read(file);
  return facts.type == media_type::jpeg && facts.state == media_state::lenient && facts.faults.contains(fault);
}

/// A picture whose frame segment is another one.
std::string with_frame(const std::string& frame, int components = 1) {
  return "\xFF\xD8" + quantization_segment() + frame + huffman_segment(0, 0) + huffman_segment(1, 0) +
         scan_segment(components) + "\x12\x34\xFF\xD9";
}

}  // namespace

TEST_CASE("jpeg: a whole picture is clean, and tells its size", "[media]") {
  const media_facts facts = read(jpeg(640, 1138));
  CHECK(facts.type == media_type::jpeg);
  CHECK(facts.state == media_state::clean);
  CHECK(facts.faults.empty());
  CHECK(facts.width == 640);
  CHECK(facts.height == 1138);
  CHECK(facts.frames == 1);
  CHECK(facts.bits == 8);
  CHECK(facts.orientation == 1);
  CHECK_FALSE(facts.animated);
  CHECK_FALSE(facts.progressive);
  CHECK_FALSE(facts.cmyk);
  CHECK_FALSE(facts.gps);
}

TEST_CASE("jpeg: the size is the picture's, not the thumbnail's inside its metadata", "[media]") {
  const media_facts facts = read(jpeg(640, 480, segment(0xE1, std::string("Exif\0\0", 6) + jpeg(16, 8))));
  CHECK(facts.width == 640);
  CHECK(facts.height == 480);
  CHECK(facts.state == media_state::clean);
}

TEST_CASE("jpeg: orientation is read in both byte orders, and only values that exist", "[media]") {
  for (const bool little : {false, true}) {
    for (int orientation = 1; orientation <= 8; ++orientation) {
      CHECK(read(jpeg(9, 9, exif_segment(tiff(little, orientation)))).orientation == orientation);
    }
    CHECK(read(jpeg(9, 9, exif_segment(tiff(little, 0)))).orientation == 1);
    CHECK(read(jpeg(9, 9, exif_segment(tiff(little, 9)))).orientation == 1);
  }
}

TEST_CASE("jpeg: a place in the metadata is told", "[media]") {
  CHECK(read(jpeg(9, 9, exif_segment(tiff(true, 1, true)))).gps);
  CHECK(read(jpeg(9, 9, exif_segment(tiff(false, 1, true)))).gps);
  const std::string xmp{"http://ns.adobe.com/xap/1.0/\0", 29};
  CHECK(read(jpeg(9, 9, segment(0xE1, xmp + std::string(5000, ' ') + "exif:GPSLatitude=\"1\""))).gps);
  CHECK_FALSE(read(jpeg(9, 9, segment(0xE1, xmp + "exif:Flash"))).gps);
}

TEST_CASE("jpeg: damaged metadata is no fault of the picture", "[media]") {
  const std::string whole = tiff(true, 6, true);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CHECK(read(jpeg(9, 9, exif_segment(whole.substr(0, size)))).state == media_state::clean);
  }
}

TEST_CASE("jpeg: kinds that phones do not decode are told apart", "[media]") {
  CHECK(read(with_frame(frame_segment(0xC0, 8, 8, 4), 4)).cmyk);
  CHECK(read(with_frame(frame_segment(0xC1, 8, 8, 1, 12))).bits == 12);
  CHECK(read(with_frame(frame_segment(0xC3, 8, 8, 1))).lossless);
  CHECK(read(with_frame(frame_segment(0xC9, 8, 8, 1))).arithmetic);
  CHECK(read(with_frame(frame_segment(0xC2, 8, 8, 1))).progressive == true);
  CHECK_FALSE(read(with_frame(frame_segment(0xC1, 8, 8, 1))).progressive);
  CHECK(broken_by(with_frame(frame_segment(0xC5, 8, 8, 1)), media_fault::bad_structure));
}

TEST_CASE("jpeg: a progressive picture has many scans", "[media]") {
  const std::string file = "\xFF\xD8" + quantization_segment() + frame_segment(0xC2, 8, 8, 1) + huffman_segment(0, 0) +
                           scan_segment(1, {"\0\0\1", 3}) + "\x11" + huffman_segment(1, 0) +
                           scan_segment(1, {"\1\x3F\0", 3}) + "\x22\xFF\xD9";
  CHECK(read(file).state == media_state::clean);
  CHECK(broken_by(replaced(file, std::string("\1\x3F\0", 3), std::string("\1\x40\0", 3)), media_fault::bad_structure));
}

TEST_CASE("jpeg: any number of FF may stand before a marker", "[media]") {
  CHECK(read(replaced(jpeg(), "\xFF\xDB", "\xFF\xFF\xFF\xDB")).state == media_state::clean);
}

TEST_CASE("jpeg: bytes between segments are passed over, and told", "[media]") {
  CHECK(lenient_by(replaced(jpeg(), "\xFF\xC0", "junk\xFF\xC0"), media_fault::bad_structure));
}

TEST_CASE("jpeg: a picture that ends before its data is broken", "[media]") {
  const std::string whole = jpeg();
  const std::size_t data = whole.find("\x12\x34");
  for (std::size_t size = 3; size < data; ++size) CHECK(broken_by(whole.substr(0, size), media_fault::truncated));
}

TEST_CASE("jpeg: a frame whose end is missing still tells its size", "[media]") {
  const std::string whole = jpeg();
  const media_facts facts = read(whole.substr(0, whole.find("\xFF\xC0") + 10));
  CHECK(facts.width == 32);
  CHECK(facts.height == 16);
  CHECK(facts.state == media_state::broken);
}

TEST_CASE("jpeg: without its last two bytes a picture is shown", "[media]") {
  const std::string whole = jpeg();
  CHECK(lenient_by(whole.substr(0, whole.size() - 2), media_fault::no_end));
  CHECK(lenient_by(whole.substr(0, whole.size() - 1), media_fault::no_end));
}

TEST_CASE("jpeg: what follows the end is told, and what it is", "[media]") {
  CHECK(lenient_by(jpeg() + "x", media_fault::trailing_bytes));
  CHECK_FALSE(read(jpeg() + "x").faults.contains(media_fault::other_format_inside));
  CHECK(lenient_by(jpeg() + "PK\3\4", media_fault::other_format_inside));
  CHECK(lenient_by(jpeg(9, 9, segment(0xFE, "<?php echo 1;")), media_fault::other_format_inside));
  CHECK(lenient_by(jpeg(9, 9, segment(0xFE, "%PDF-1.4")), media_fault::other_format_inside));
}

TEST_CASE("jpeg: more pictures behind the first are no fault where its index names them", "[media]") {
  const std::string index = segment(0xE2, std::string("MPF\0", 4) + "II");
  CHECK(read(jpeg(9, 9, index) + jpeg()).state == media_state::clean);
  CHECK(read(jpeg(9, 9) + jpeg()).state == media_state::lenient);
}

TEST_CASE("jpeg: dimensions are not zero, and not more than phones decode", "[media]") {
  CHECK(broken_by(jpeg(0, 10), media_fault::zero_dimensions));
  CHECK(broken_by(jpeg(10, 0), media_fault::zero_dimensions));
  CHECK(broken_by(jpeg(65535, 65535), media_fault::huge_dimensions));
  CHECK(read(jpeg(8000, 8000)).state == media_state::clean);
  CHECK(broken_by(jpeg(8001, 8000), media_fault::huge_dimensions));
}

TEST_CASE("jpeg: what decoders refuse is broken", "[media]") {
  const std::string whole = jpeg();
  const auto bad = [](const std::string& file) { return broken_by(file, media_fault::bad_structure); };
  CHECK(bad(replaced(whole, "\xFF\xDB" + be16(67), "\xFF\xDB" + be16(1))));    // a length shorter than itself
  CHECK(bad(replaced(whole, quantization_segment(), "\xFF\xD8")));             // it starts twice
  CHECK(bad(replaced(whole, quantization_segment(), "")));                     // no quantization
  CHECK(bad(replaced(whole, quantization_segment(), segment(0xDB, "\x24"))));  // no such table
  CHECK(bad(replaced(whole, huffman_segment(0, 0), "")));                      // a table that is used is missing
  CHECK(bad(
      replaced(whole, huffman_segment(0, 0), segment(0xC4, zeros(1) + "\3" + zeros(15) + "abc"))));  // too many codes
  CHECK(bad(replaced(whole, scan_segment(1), segment(0xDA, "\2" + zeros(5)))));  // a scan of another length
  CHECK(bad(replaced(whole, std::string("\xDA\0\x08\1\1", 5), std::string("\xDA\0\x08\1\7", 5))));  // of no component
  CHECK(bad(with_frame(frame_segment(0xC0, 8, 8, 1) + frame_segment(0xC0, 8, 8, 1))));              // two frames
  CHECK(bad(with_frame(frame_segment(0xC0, 8, 8, 1, 7))));                                          // seven bits
  CHECK(bad(with_frame(frame_segment(0xC0, 8, 8, 5))));                                             // five components
  CHECK(bad(with_frame(frame_segment(0xC0, 8, 8, 0))));                                             // none
  CHECK(bad("\xFF\xD8" + segment(0xF7, std::string(10, 'x'))));                                     // JPEG-LS
  CHECK(bad("\xFF\xD8\xFF\xD9"));
}

TEST_CASE("jpeg: a frame without a picture in it has no content", "[media]") {
  CHECK(broken_by("\xFF\xD8" + frame_segment(0xC0, 8, 8, 1) + "\xFF\xD9", media_fault::no_content));
  CHECK(broken_by(replaced(jpeg(), std::string("\x12\x34\xFF\0\x56\xFF\xD0\x78", 8), ""), media_fault::no_content));
}

TEST_CASE("jpeg: of a large picture only the head and the end are read", "[media]") {
  const std::string small = jpeg();
  const std::string head = small.substr(0, small.find("\x12\x34"));
  constexpr std::uint64_t size = 10'000'000;

  sparse_source whole(size, 'd');
  whole.put(0, head);
  whole.put(size - 2, "\xFF\xD9");
  CHECK(read_media(whole).facts.state == media_state::clean);
  CHECK(whole.bytes_read() < 16 * 1024);

  sparse_source cut(size, 'd');
  cut.put(0, head);
  CHECK(read_media(cut).facts.faults == enum_set{media_fault::no_end});
  CHECK(cut.bytes_read() < 16 * 1024);

  sparse_source longer(size, 'd');
  longer.put(0, head);
  longer.put(size - 100, "\xFF\xD9PK\5\6");
  CHECK(read_media(longer).facts.faults == enum_set{media_fault::trailing_bytes, media_fault::other_format_inside});
}
