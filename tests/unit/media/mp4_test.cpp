// tests/media/mp4 - what is read of films and sounds made of boxes, and every way in which one is not whole.
#include <support/catch.hpp>
#include "files.hpp"

using namespace broadside;
using namespace broadside::media_files;
using namespace std::chrono_literals;

namespace {

bool broken_by(const std::string& file, media_fault fault) {
  const media_facts facts = read(file);
  return facts.state == media_state::broken && facts.faults.contains(fault);
}
bool lenient_by(const std::string& file, media_fault fault) {
  const media_facts facts = read(file);
  return facts.state == media_state::lenient && facts.faults.contains(fault);
}

media_type type_with(const std::string& brands) {
  film one;
  one.brands = brands;
  return read(one.file()).type;
}

/// Two fragments, of 10 samples of 30 ticks, and of 20 and 40 ticks, at 600 ticks a second.
std::string fragmented() {
  film one;
  one.ticks = 0;
  one.samples = 0;
  one.inside_moov = box("mvex", box("trex", be32(0) + be32(1) + be32(1) + be32(30) + zeros(8)));
  std::string file = one.ftyp() + replaced(one.moov(), be32(600) + be32(1200), be32(600) + be32(0));
  file += box("moof", box("traf", box("tfhd", be32(0) + be32(1)) + box("trun", be32(0) + be32(10)))) + one.mdat();
  file += box("moof",
              box("traf", box("tfhd", be32(0) + be32(1)) +
                              box("trun", be32(0x301) + be32(2) + be32(8) + be32(20) + be32(5) + be32(40) + be32(5)))) +
          one.mdat();
  return file;
}

}  // namespace

TEST_CASE("mp4: a whole film is clean, and tells size, codec and duration", "[media]") {
  const media_facts facts = read(film{}.file());
  CHECK(facts.type == media_type::mp4);
  CHECK(facts.state == media_state::clean);
  CHECK(facts.faults.empty());
  CHECK(facts.width == 160);
  CHECK(facts.height == 120);
  CHECK(facts.orientation == 1);
  CHECK(facts.video_codec == "avc1");
  CHECK(facts.audio_codec.empty());
  CHECK(facts.duration == 2000ms);
  CHECK_FALSE(facts.slow_start);
}

TEST_CASE("mp4: brands say which family a film is of", "[media]") {
  CHECK(type_with("mp42" + be32(0)) == media_type::mp4);
  CHECK(type_with("M4V " + be32(0)) == media_type::mp4);
  CHECK(type_with("M4A " + be32(0)) == media_type::mp4_audio);
  CHECK(type_with("3gp4" + be32(0)) == media_type::three_gp);
  CHECK(type_with("3g2a" + be32(0)) == media_type::three_gp);
  CHECK(type_with("qt  " + be32(0)) == media_type::mov);
  CHECK(type_with("heic" + be32(0)) == media_type::heif);
  CHECK(type_with("avif" + be32(0)) == media_type::heif);
  CHECK(type_with("XXXX" + be32(0) + "YYYY3gp5") == media_type::three_gp);
  CHECK(type_with("XXXX" + be32(0)) == media_type::mp4);
  CHECK(read(film{}.moov() + film{}.mdat()).type == media_type::mov);
}

TEST_CASE("mp4: the matrix of a track turns the picture", "[media]") {
  film one;
  one.matrix = turned_right;
  CHECK(read(one.file()).orientation == 6);
  one.matrix = be32(0xFFFF0000) + zeros(12) + be32(0xFFFF0000) + zeros(12) + be32(0x40000000);
  CHECK(read(one.file()).orientation == 3);
  one.matrix = zeros(4) + be32(0xFFFF0000) + zeros(4) + be32(0x10000) + zeros(16) + be32(0x40000000);
  CHECK(read(one.file()).orientation == 8);
}

TEST_CASE("mp4: an index behind the data makes a slow start", "[media]") {
  const film one;
  const media_facts facts = read(one.ftyp() + one.mdat() + one.moov());
  CHECK(facts.slow_start);
  CHECK(facts.state == media_state::clean);
  CHECK(facts.width == 160);
}

TEST_CASE("mp4: a sound has no picture, and is told by what it holds", "[media]") {
  film one;
  one.handler = "soun";
  one.codec = "mp4a";
  const media_facts facts = read(one.file());
  CHECK(facts.state == media_state::clean);
  CHECK(facts.audio_codec == "mp4a");
  CHECK(facts.video_codec.empty());
  CHECK(facts.width == 0);
  for (const auto& [name, codec] : {std::pair{"samr", "samr"}, {"sowt", "pcm"}, {".mp3", "mp3"}, {"Opus", "Opus"}}) {
    one.codec = name;
    CHECK(read(one.file()).audio_codec == codec);
  }
}

TEST_CASE("mp4: an elementary stream descriptor tells MP3 and extended HE-AAC from AAC", "[media]") {
  const auto codec_with = [](const std::string& config) {
    film one;
    one.handler = "soun";
    one.codec = "mp4a";
    const std::string entry = one.entry();
    const std::string esds = box("esds", zeros(4) + "\3\x80\x80\x19" + zeros(3) + config);
    const std::string longer = be32(entry.size() + esds.size()) + entry.substr(4) + esds;
    one.inside_table = box("stsd", be32(0) + be32(1) + longer);
    return std::string(read(one.file()).audio_codec.view());
  };
  CHECK(codec_with("\4\x11\x6B" + zeros(12)) == "mp3");
  CHECK(codec_with("\4\x11\x69" + zeros(12)) == "mp3");
  CHECK(codec_with("\4\x11\x40" + zeros(12) + "\5\2\x12\x10") == "mp4a");
  CHECK(codec_with("\4\x11\x40" + zeros(12) + "\5\2\xF9\x40") == "usac");
}

TEST_CASE("mp4: the fragments of a film without an index are added up", "[media]") {
  const media_facts facts = read(fragmented());
  CHECK(facts.state == media_state::clean);
  CHECK(facts.duration == 600ms);  // (10 * 30 + 20 + 40) / 600
}

TEST_CASE("mp4: the frame of a film, and no film in it, has no content", "[media]") {
  const film one;
  CHECK(broken_by(one.ftyp() + one.mdat(), media_fault::no_content));
  CHECK(broken_by(one.ftyp() + one.moov(), media_fault::no_content));
  CHECK(broken_by(one.ftyp() + box("moov", ""), media_fault::no_content));
  film encrypted;
  encrypted.codec = "encv";
  CHECK(broken_by(encrypted.file(), media_fault::no_content));
  const std::string fragments = fragmented();
  CHECK(broken_by(fragments.substr(0, fragments.find("moof") - 4), media_fault::no_content));
}

TEST_CASE("mp4: a film that is cut is broken", "[media]") {
  const std::string whole = film{}.file();
  for (std::size_t size = 8; size < whole.size(); ++size) {
    INFO(size);
    CHECK(read(whole.substr(0, size)).state == media_state::broken);
  }
  CHECK(broken_by(whole.substr(0, whole.size() - 1), media_fault::truncated));
  CHECK(read(whole.substr(0, whole.size() - 1)).width == 160);
  CHECK(broken_by(whole.substr(0, 12), media_fault::truncated));
}

TEST_CASE("mp4: data that would stand behind the end is missing", "[media]") {
  const std::string whole = film{}.file();
  CHECK(broken_by(
      replaced(whole, box("stco", be32(0) + be32(1) + be32(40)), box("stco", be32(0) + be32(1) + be32(99999))),
      media_fault::truncated));
}

TEST_CASE("mp4: sizes that cannot be are broken", "[media]") {
  const film one;
  const auto bad = [](const std::string& file) { return broken_by(file, media_fault::bad_structure); };
  CHECK(bad(one.ftyp() + be32(4) + "moov" + zeros(8)));                                           // smaller than itself
  CHECK(bad(one.ftyp() + be32(1) + "moov" + be(15, 8) + zeros(8)));                               // so is the long form
  CHECK(bad(replaced(one.file(), be32(one.trak().size()) + "trak", be32(0x7FFFFFFF) + "trak")));  // out of its parent
  CHECK(bad(one.ftyp() + be32(8) + "\1\2\3\4" + one.moov() + one.mdat()));                        // no name
  CHECK(broken_by(one.ftyp() + be32(1) + "moov" + be(~std::uint64_t{0}, 8) + zeros(8), media_fault::truncated));
}

TEST_CASE("mp4: a size of zero goes up to the end of the file", "[media]") {
  const film one;
  CHECK(read(one.ftyp() + one.moov() + be32(0) + "mdat" + std::string(50, 'm')).state == media_state::clean);
}

TEST_CASE("mp4: what players refuse is broken", "[media]") {
  const auto bad = [](const film& one) { return broken_by(one.file(), media_fault::bad_structure); };
  film one;
  one.per_second = 0;
  CHECK(bad(one));
  one = {};
  one.track_per_second = 0;
  CHECK(bad(one));
  one = {};
  one.inside_table = box("stsc", be32(0) + be32(1) + be32(257) + be32(1) + be32(1));  // starts at no chunk
  CHECK(bad(one));
  one = {};
  one.inside_table = box("stco", be32(0) + be32(1000) + be32(40));  // more entries than room
  CHECK(bad(one));
  one = {};
  one.inside_table = box("stsd", be32(0) + be32(0));  // a sample of no kind
  CHECK(bad(one));
  CHECK(broken_by(replaced(film{}.file(), "mvhd", "mxhd"), media_fault::bad_structure));
}

TEST_CASE("mp4: what stands before the brands or behind the film is passed over, and told", "[media]") {
  const film one;
  CHECK(lenient_by(box("free", "1234") + one.file(), media_fault::leading_bytes));
  CHECK(read(box("free", "1234") + one.file()).type == media_type::mp4);
  CHECK(lenient_by(one.file() + "xyz", media_fault::trailing_bytes));
  CHECK(lenient_by(one.file() + std::string("\0\0\0\2garbage", 11), media_fault::trailing_bytes));
}

TEST_CASE("mp4: a track whose codec changes is read as the first of them", "[media]") {
  film one;
  one.inside_table = box("stsd", be32(0) + be32(2) + one.entry() + one.entry());
  CHECK(lenient_by(one.file(), media_fault::too_complex));
}

TEST_CASE("mp4: a duration of all ones is not known", "[media]") {
  film one;
  one.ticks = 0xFFFFFFFF;
  CHECK(read(one.file()).duration == 2000ms);  // of the track
}

TEST_CASE("mp4: a place in the metadata is told", "[media]") {
  film one;
  one.inside_moov = box("udta", box("\xA9xyz", "+12.3-045.6/"));
  CHECK(read(one.file()).gps);
  one.inside_moov = box("udta", be32(0));
  CHECK_FALSE(read(one.file()).gps);
  CHECK(read(one.file()).state == media_state::clean);
  one.inside_moov = box("meta", box("keys", "com.apple.quicktime.location.ISO6709"));
  CHECK(read(one.file()).gps);
}

TEST_CASE("mp4: boxes inside of boxes where they do not belong are passed over", "[media]") {
  std::string nested;
  for (int i = 0; i < 5000; ++i) nested = box("moov", nested);
  CHECK(broken_by(film{}.ftyp() + nested, media_fault::no_content));
}

TEST_CASE("mp4: of a large film its boxes are read, not its data", "[media]") {
  const film one;
  constexpr std::uint64_t data = 10'000'000;
  const std::string head = one.ftyp() + be32(data + 8) + "mdat";
  sparse_source whole(head.size() + data + one.moov().size());
  whole.put(0, head);
  whole.put(head.size() + data, one.moov());
  const media_facts facts = read_media(whole).facts;
  CHECK(facts.state == media_state::clean);
  CHECK(facts.slow_start);
  CHECK(whole.bytes_read() < 8 * 1024);
}

TEST_CASE("mp4: more boxes than are read end the walk", "[media]") {
  std::string many = film{}.ftyp();
  for (int i = 0; i < 100'001; ++i) many += box("free", "");
  CHECK(read(many).faults == enum_set{media_fault::too_complex});
}
