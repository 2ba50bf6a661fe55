// tests/media/read_media - what a file is, from memory, piece by piece, and from the file system.
#include <unistd.h>
#include <filesystem>
#include <fstream>
#include <set>
#include <support/catch.hpp>
#include "files.hpp"

using namespace broadside;
using namespace broadside::media_files;

namespace {

/// One of each kind that is walked, whole or nearly.
std::vector<std::string> samples() {
  std::string many_frames = gif_screen();
  for (int i = 0; i < 2000; ++i) many_frames += gif_image();
  std::string far_data =
      png_signature + header_chunk(60, 40) + chunk("teXT", std::string(70'000, 't')) + data_chunk() + end_chunk();
  return {jpeg(),
          jpeg(9, 9, segment(0xE1, std::string(60'000, 'x')) + segment(0xE1, std::string(60'000, 'y'))) + "trailing",
          png(),
          far_data,
          gif(),
          many_frames + ";",
          bmp(10, 10),
          film{}.file(),
          film{}.ftyp() + box("mdat", std::string(200'000, 'm')) + film{}.moov(),
          mp3(900),
          id3(50'000) + mp3(20),
          wav(wav_format() + riff_chunk("LIST", std::string(90'000, 'l')) + riff_chunk("data", zeros(32000))),
          "#!AMR\n\x3C" + zeros(31),
          midi(midi_track(std::string("\0\x90\x40\x40\x60\x80\x40\0", 8) + midi_end))};
}

bool same(const media_facts& a, const media_facts& b) {
  return a.type == b.type && a.state == b.state && a.faults == b.faults && a.bytes == b.bytes && a.width == b.width &&
         a.height == b.height && a.frames == b.frames && a.duration == b.duration && a.alpha == b.alpha &&
         a.video_codec == b.video_codec && a.audio_codec == b.audio_codec;
}

std::string temporary(const std::string& content) {
  const auto path = std::filesystem::temp_directory_path() / ("broadside_media_" + std::to_string(::getpid()));
  std::ofstream(path, std::ios::binary) << content;
  return path.string();
}

}  // namespace

TEST_CASE("read_media: first bytes tell the type", "[media]") {
  const auto& [file, type] = GENERATE(table<std::string, media_type>({
      {"PK\3\4" + zeros(26), media_type::zip},
      {"PK\5\6" + zeros(18), media_type::zip},
      {std::string("MZ\x90\0\3\0", 6), media_type::executable},
      {"\x7F"
       "ELF\2\1\1",
       media_type::executable},
      {"#!/bin/sh\n", media_type::executable},
      {"RIFF" + le32(4) + "WEBPVP8 ", media_type::webp},
      {"RIFF" + le32(4) + "AVI LIST", media_type::unknown},
      {box("ftyp", "heic" + be32(0)), media_type::heif},
      {"<!DOCTYPE html><title>404</title>", media_type::html},
      {"\xEF\xBB\xBF\r\n <HTML>", media_type::html},
      {"<?xml version=\"1.0\"?><!DOCTYPE html><html>", media_type::html},
      {"<svg xmlns=\"http://www.w3.org/2000/svg\"/>", media_type::svg},
      {"<?xml version=\"1.0\"?>\n<svg/>", media_type::svg},
      {"<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>", media_type::xml},
      {"<Error>no</Error>", media_type::xml},
      {"{\"error\":\"not found\"}", media_type::json},
      {" [1]", media_type::json},
      {"Not Found", media_type::text},
      {"{\\rtf1}", media_type::text},
      {"BMW is a car, and MZ was a motorcycle", media_type::text},
      {"begin:vcard\r\n", media_type::vcard},
      {"\xEF\xBB\xBF"
       "BEGIN:VCARD\r\n",
       media_type::vcard},
      {"BEGIN:VCALENDAR\r\n", media_type::icalendar},
      {"%PDF-1.4\n", media_type::pdf},
      {std::string(100, '\n') + "%PDF-1.4\n", media_type::pdf},
      {"how to write %PDF-1.4 in a text", media_type::text},
      {std::string("\1\2\3\4", 4), media_type::unknown},
      {"GIF88a" + gif().substr(6), media_type::unknown},
  }));
  CAPTURE(file);
  CHECK(read(file).type == type);
}

TEST_CASE("read_media: what is never a medium is never clean", "[media]") {
  for (const std::string& file :
       {std::string("text"), "PK\3\4" + zeros(26), std::string("{}"), std::string("<html>"), zeros(9)}) {
    CHECK(read(file).state == media_state::broken);
  }
}

TEST_CASE("read_media: an empty file is empty", "[media]") {
  const media_facts facts = read("");
  CHECK(facts.type == media_type::unknown);
  CHECK(facts.state == media_state::broken);
  CHECK(facts.faults == enum_set{media_fault::empty});
}

TEST_CASE("read_media: why a file is unknown is told where it is plain", "[media]") {
  CHECK(read(" " + jpeg()).faults == enum_set{media_fault::leading_bytes});
  CHECK(read("\n" + png()).faults == enum_set{media_fault::leading_bytes});
  CHECK(read(replaced(png(), "\r\n", "\n")).faults == enum_set{media_fault::bad_structure});
  CHECK(read("GIF88a" + gif().substr(6)).faults == enum_set{media_fault::bad_structure});
  CHECK(read(std::string("\xFF\xFE"
                         "B\0E\0G\0I\0N\0",
                         12))
            .faults == enum_set{media_fault::bad_text});
}

TEST_CASE("read_media: bmp headers tell the size, and whether the pixels fit", "[media]") {
  const media_facts facts = read(bmp(33, 7));
  CHECK(facts.type == media_type::bmp);
  CHECK(facts.state == media_state::clean);
  CHECK(facts.width == 33);
  CHECK(facts.height == 7);
  std::string top_down = bmp(33, 7);
  top_down.replace(22, 4, le32(0xFFFFFFF9));
  CHECK(read(top_down).height == 7);
  CHECK(read(top_down).state == media_state::clean);
  const std::string whole = bmp(33, 7);
  CHECK(read(whole.substr(0, whole.size() - 1)).faults == enum_set{media_fault::truncated});
  std::string odd = whole;
  odd[28] = 25;
  CHECK(read(odd).faults == enum_set{media_fault::bad_structure});
  CHECK(read(bmp(0, 7)).faults.contains(media_fault::zero_dimensions));
}

TEST_CASE("read_media: a source that gets its bytes piece by piece gives the same facts", "[media]") {
  for (const std::string& file : samples()) {
    const media_facts whole = read(file);
    REQUIRE(whole.type != media_type::unknown);
    piecemeal_source source(file);
    media_reading reading = read_media(source);
    int rounds = 0;
    while (reading.wanted && rounds++ < 1000) {
      REQUIRE(reading.wanted->size > 0);
      REQUIRE(reading.wanted->at + reading.wanted->size <= file.size());
      source.give(*reading.wanted);
      reading = read_media(source);
    }
    CHECK(rounds > 0);
    CHECK(rounds < 20);
    CHECK_FALSE(reading.wanted.has_value());
    CHECK(same(reading.facts, whole));
  }
}

TEST_CASE("read_media: a source that gives one byte at a time gets to the same end", "[media]") {
  const std::string file = png();
  piecemeal_source source(file);
  media_reading reading = read_media(source);
  for (std::size_t i = 0; i < file.size() && reading.wanted; ++i) {
    source.give({reading.wanted->at, 1});
    reading = read_media(source);
  }
  CHECK_FALSE(reading.wanted.has_value());
  CHECK(same(reading.facts, read(file)));
}

TEST_CASE("read_media: every cut of every format ends with facts", "[media]") {
  for (const std::string& file : samples()) {
    const std::size_t step = file.size() < 3000 ? 1 : file.size() / 97;
    for (std::size_t size = 0; size < file.size(); size += step) {
      const media_facts facts = read(std::string_view(file).substr(0, size));
      if (facts.state == media_state::clean) CHECK(facts.faults.empty());
      CHECK(facts.bytes == size);
    }
  }
}

TEST_CASE("read_media: a size that a source only claims is not believed", "[media]") {
  sparse_source claims(~std::uint64_t{0});
  claims.put(0, film{}.ftyp() + be32(1) + "mdat" + be(~std::uint64_t{0} - 100, 8));
  CHECK(read_media(claims).facts.state == media_state::broken);
  CHECK(claims.bytes_read() <= 4'000'000);
}

TEST_CASE("read_media_file: reads a file where its format needs it", "[media]") {
  for (const std::string& file : samples()) {
    const std::string path = temporary(file);
    const auto facts = read_media_file(path);
    std::filesystem::remove(path);
    REQUIRE(facts.has_value());
    CHECK(same(*facts, read(file)));
  }
}

TEST_CASE("read_media_file: errors are the file system's", "[media]") {
  const auto missing = read_media_file("/no/such/file");
  REQUIRE(missing.has_error());
  CHECK(missing.error() == std::errc::no_such_file_or_directory);
  const auto folder = read_media_file(std::filesystem::temp_directory_path().string());
  REQUIRE(folder.has_error());
  CHECK(folder.error() == std::errc::is_a_directory);
  const auto device = read_media_file("/dev/null");
  REQUIRE(device.has_error());
  CHECK(device.error() == std::errc::invalid_argument);
  const std::string path = temporary("");
  const auto empty = read_media_file(path);
  std::filesystem::remove(path);
  REQUIRE(empty.has_value());
  CHECK(empty->faults.contains(media_fault::empty));
}

TEST_CASE("media_type: every type has a name, and every medium a MIME type that stands for its format", "[media]") {
  std::set<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(media_type::executable); ++i) {
    const auto type = static_cast<media_type>(i);
    names.insert(name_of(type));
    CHECK(mime_type_of(type).empty() == (type == media_type::unknown));
    if (const auto format = format_of(type)) {
      CHECK(media_format_of(mime_type_of(type)).value() == *format);
      CHECK(registered_mime_type(mime_type_of(type)) == mime_type_of(type));
    }
  }
  CHECK(names.size() == static_cast<std::size_t>(media_type::executable) + 1);
  CHECK(name_of(media_type::html) == "web page");
  CHECK(mime_type_of(media_type::three_gp) == "video/3gpp");
  CHECK_FALSE(format_of(media_type::webp).has_value());
}

TEST_CASE("media_fault: names are stable", "[media]") {
  CHECK(name_of(media_fault::empty) == "empty");
  CHECK(name_of(media_fault::no_content) == "no_content");
  CHECK(name_of(media_fault::other_format_inside) == "other_format_inside");
  CHECK(name_of(media_state::clean) == "clean");
  CHECK(name_of(media_state::broken) == "broken");
}

TEST_CASE("registered_mime_type: deprecated spellings have a registered one, others are themselves", "[media]") {
  const auto& [type, registered] = GENERATE(table<std::string_view, std::string_view>({
      {"text/x-vcard", "text/vcard"},
      {"Text/X-vCard; charset=utf-8", "text/vcard"},
      {"text/directory; profile=vcard", "text/vcard"},
      {"audio/x-wav", "audio/wav"},
      {"image/jpg", "image/jpeg"},
      {"video/x-m4v", "video/mp4"},
      {"image/jpeg", "image/jpeg"},
      {"audio/3gpp", "audio/3gpp"},
      {"nonsense", "nonsense"},
      {"", ""},
  }));
  CHECK(broadside::registered_mime_type(type) == registered);
}

TEST_CASE("wire_size: base64, line breaks and headers, rounded up", "[media]") {
  CHECK(wire_size(0) == 814);
  CHECK(wire_size(1) == 816);
  CHECK(wire_size(100) == 951);
  CHECK(wire_size(600'000) == 822'814);
  CHECK(wire_size(1'000'000'000'000) == 1'370'000'000'814);
  CHECK(wire_size(~std::uint64_t{0}) == ~std::uint64_t{0});
}
