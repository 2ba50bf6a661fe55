// tests/media/sound - what is read of MP3, WAVE, AMR and MIDI files, and every way in which one is not whole.
#include <support/catch.hpp>
#include "files.hpp"

using namespace broadside;
using namespace broadside::media_files;
using namespace std::chrono_literals;

namespace {

bool broken_by(const std::string& file, media_type type, media_fault fault) {
  const media_facts facts = read(file);
  return facts.type == type && facts.state == media_state::broken && facts.faults.contains(fault);
}
bool lenient_by(const std::string& file, media_type type, media_fault fault) {
  const media_facts facts = read(file);
  return facts.type == type && facts.state == media_state::lenient && facts.faults.contains(fault);
}

std::string with_index(const std::string& index) { return mp3_frame().replace(36, index.size(), index) + mp3(3); }

}  // namespace

TEST_CASE("mp3: frames are counted", "[media]") {
  const media_facts facts = read(mp3(100));
  CHECK(facts.type == media_type::mp3);
  CHECK(facts.state == media_state::clean);
  CHECK(facts.audio_codec == "mp3");
  CHECK(facts.duration == 2612ms);  // 100 * 1152 / 44100
}

TEST_CASE("mp3: of a long one, the rest is taken to be like the start", "[media]") {
  const media_facts facts = read(mp3(2000));
  CHECK(facts.state == media_state::clean);
  REQUIRE(facts.duration.has_value());
  CHECK(*facts.duration >= 52244ms);
  CHECK(*facts.duration <= 52246ms);
}

TEST_CASE("mp3: an index in the first frame tells the duration", "[media]") {
  CHECK(read(with_index("Xing" + be32(1) + be32(1000))).duration == 26122ms);
  CHECK(read(with_index("Info" + be32(1) + be32(1000))).duration == 26122ms);
  CHECK(read(with_index("VBRI" + zeros(6) + be32(0) + be32(1000))).duration == 26122ms);
  CHECK(read(with_index("Xing" + be32(0))).duration == 104ms);
  CHECK(lenient_by(with_index("Xing" + be32(3) + be32(1000) + be32(400000)), media_type::mp3, media_fault::truncated));
}

TEST_CASE("mp3: tags before and behind the sound are not part of it", "[media]") {
  const media_facts facts = read(id3(500) + mp3(10) + "TAG" + zeros(125));
  CHECK(facts.state == media_state::clean);
  CHECK(facts.duration == 261ms);
  CHECK(read(id3(10) + id3(20) + mp3(10)).state == media_state::clean);
}

TEST_CASE("mp3: a tag without a sound has no content", "[media]") {
  CHECK(broken_by(id3(10), media_type::mp3, media_fault::no_content));
  CHECK(broken_by(id3(10) + "no sound", media_type::mp3, media_fault::no_content));
  CHECK(broken_by(id3(10).substr(0, 15), media_type::mp3, media_fault::truncated));
  CHECK(broken_by(mp3_frame(), media_type::mp3, media_fault::no_content));
}

TEST_CASE("mp3: bytes before the first frame, a cut last one and what follows are told", "[media]") {
  CHECK(lenient_by("some junk" + zeros(20) + mp3(5), media_type::mp3, media_fault::leading_bytes));
  CHECK(lenient_by(mp3(5).substr(0, 2000), media_type::mp3, media_fault::truncated));
  CHECK(lenient_by(mp3(5) + std::string(200, 'x'), media_type::mp3, media_fault::trailing_bytes));
}

TEST_CASE("mp3: a sync word alone is no sound", "[media]") {
  CHECK(read("\xFF\xFB\x90\x64" + std::string(500, '\1')).type == media_type::unknown);
  CHECK(read("\xFF\xF1\x50\x80" + std::string(500, '\1')).type == media_type::unknown);  // AAC in ADTS
}

TEST_CASE("wav: samples tell the duration", "[media]") {
  const media_facts facts = read(wav(wav_format() + riff_chunk("LIST", "abc") + riff_chunk("data", zeros(32000))));
  CHECK(facts.type == media_type::wav);
  CHECK(facts.state == media_state::clean);
  CHECK(facts.duration == 2000ms);
  CHECK(facts.audio_codec == "pcm");
  CHECK(facts.bits == 16);
}

TEST_CASE("wav: formats are told apart", "[media]") {
  const auto codec = [](int format) {
    return std::string(read(wav(wav_format(format) + riff_chunk("data", zeros(10)))).audio_codec.view());
  };
  CHECK(codec(3) == "float");
  CHECK(codec(6) == "alaw");
  CHECK(codec(7) == "mulaw");
  CHECK(codec(0x11) == "adpcm");
  CHECK(codec(0x55) == "mp3");
  CHECK(codec(0x1234) == "other");
}

TEST_CASE("wav: compressed samples are counted by their own chunk", "[media]") {
  CHECK(read(wav(wav_format(0x11) + riff_chunk("fact", le32(16000)) + riff_chunk("data", zeros(100)))).duration ==
        2000ms);
  CHECK(read(wav(wav_format(1) + riff_chunk("fact", le32(16000)) + riff_chunk("data", zeros(16000)))).duration ==
        1000ms);
}

TEST_CASE("wav: a stream of unknown length goes up to the end", "[media]") {
  const std::string streamed =
      "RIFF" + le32(0xFFFFFFFF) + "WAVE" + wav_format() + "data" + le32(0xFFFFFFFF) + zeros(16000);
  CHECK(read(streamed).duration == 1000ms);
  CHECK(read(streamed).state == media_state::clean);
}

TEST_CASE("wav: RF64 keeps the size in a chunk of its own", "[media]") {
  const std::string file = "RF64" + le32(0xFFFFFFFF) + "WAVE" + riff_chunk("ds64", le(0, 8) + le(16000, 8) + le(0, 8)) +
                           wav_format() + "data" + le32(0xFFFFFFFF) + zeros(16000);
  CHECK(read(file).duration == 1000ms);
  CHECK(read(file).state == media_state::clean);
}

TEST_CASE("wav: a file that is cut is broken before its data, and played in it", "[media]") {
  const std::string whole = wav(wav_format() + riff_chunk("data", zeros(16000)));
  for (std::size_t size = 9; size < 44; ++size)
    CHECK(broken_by(whole.substr(0, size), media_type::wav, media_fault::truncated));
  CHECK(lenient_by(whole.substr(0, 8044), media_type::wav, media_fault::truncated));
  CHECK(read(whole.substr(0, 8044)).duration == 500ms);
  CHECK(broken_by(wav(wav_format() + riff_chunk("data", "")), media_type::wav, media_fault::no_content));
  CHECK(broken_by(wav(riff_chunk("data", zeros(100))), media_type::wav, media_fault::bad_structure));
  CHECK(broken_by(wav(riff_chunk("fmt ", "short") + riff_chunk("data", zeros(9))), media_type::wav,
                  media_fault::bad_structure));
  CHECK(broken_by(wav(riff_chunk("fmt ", zeros(16)) + riff_chunk("data", zeros(9))), media_type::wav,
                  media_fault::bad_structure));
}

TEST_CASE("amr: frames are 20 ms, narrow and wide", "[media]") {
  std::string narrow = "#!AMR\n";
  std::string wide = "#!AMR-WB\n";
  for (int i = 0; i < 50; ++i) {
    narrow += "\x3C" + zeros(31);
    wide += "\x04" + zeros(17);
  }
  CHECK(read(narrow).duration == 1000ms);
  CHECK(read(narrow).audio_codec == "samr");
  CHECK(read(narrow).state == media_state::clean);
  CHECK(read(wide).duration == 1000ms);
  CHECK(read(wide).audio_codec == "sawb");
  CHECK(read(wide).state == media_state::clean);
  CHECK(lenient_by(narrow.substr(0, narrow.size() - 1), media_type::amr, media_fault::truncated));
  CHECK(lenient_by(narrow + "\xFF", media_type::amr, media_fault::trailing_bytes));
  CHECK(broken_by("#!AMR\n", media_type::amr, media_fault::no_content));
  CHECK(broken_by("#!AMR\n\x4Cxxx", media_type::amr, media_fault::bad_structure));
}

TEST_CASE("midi: tempo and ticks make the duration", "[media]") {
  const std::string note{"\0\x90\x40\x40\x60\x80\x40\0", 8};  // one quarter note
  CHECK(read(midi(midi_track(note + midi_end))).duration == 500ms);
  CHECK(read(midi(midi_track(note + midi_end))).state == media_state::clean);
  const std::string slow{"\0\xFF\x51\3\x0F\x42\x40", 7};  // a second a quarter
  CHECK(read(midi(midi_track(slow + note + midi_end))).duration == 1000ms);
  CHECK(read(midi(midi_track(note + slow + note + midi_end))).duration == 1500ms);
  // The tempo of the first track is everybody's.
  CHECK(read(midi(midi_track(slow + midi_end) + midi_track(note + midi_end), 2)).duration == 1000ms);
  // 25 frames a second, 40 ticks a frame: a tick is a millisecond.
  CHECK(read(midi(midi_track(note + midi_end), 1, 0xE728)).duration == 96ms);
}

TEST_CASE("midi: a status byte that repeats is left out", "[media]") {
  const std::string running{"\0\x90\x40\x40\x60\x40\0", 7};
  CHECK(read(midi(midi_track(running + midi_end))).duration == 500ms);
  CHECK(broken_by(midi(midi_track(std::string("\0\x40\x40", 3) + midi_end)), media_type::midi,
                  media_fault::bad_structure));
}

TEST_CASE("midi: a file that is cut or wrong is broken", "[media]") {
  const std::string note{"\0\x90\x40\x40\x60\x80\x40\0", 8};
  const std::string whole = midi(midi_track(note + midi_end));
  for (std::size_t size = 4; size < whole.size(); ++size) {
    INFO(size);
    CHECK(read(whole.substr(0, size)).state == media_state::broken);
  }
  CHECK(broken_by(whole.substr(0, whole.size() - 1), media_type::midi, media_fault::truncated));
  CHECK(broken_by(midi(midi_track(midi_end)), media_type::midi, media_fault::no_content));
  CHECK(broken_by(midi(midi_track(note), 1, 0), media_type::midi, media_fault::bad_structure));
  CHECK(lenient_by(midi(midi_track(note)), media_type::midi, media_fault::no_end));
  CHECK(lenient_by(whole + "x", media_type::midi, media_fault::trailing_bytes));
  CHECK(lenient_by(midi(midi_track(note + midi_end), 2), media_type::midi, media_fault::truncated));
}
