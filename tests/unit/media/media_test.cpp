// What MIME types stand for.
#include <broadside/media.hpp>
#include <support/catch.hpp>

using broadside::media_format;
using broadside::media_kind;

TEST_CASE("media_kind: known MIME types have a kind, whatever their case and parameters", "[media]") {
  const auto& [type, kind] = GENERATE(table<std::string_view, media_kind>({
      {"image/jpeg", media_kind::image},
      {"IMAGE/PNG", media_kind::image},
      {"image/svg+xml", media_kind::image},
      {"audio/amr", media_kind::audio},
      {"video/3gpp; codecs=\"avc1\"", media_kind::video},
      {"video/mp4 ;x=y", media_kind::video},
      {"text/vcard;charset=utf-8", media_kind::contact},
      {"text/x-vCard", media_kind::contact},
      {"text/directory", media_kind::contact},
      {"text/calendar", media_kind::calendar},
      {"application/pdf", media_kind::pdf},
  }));
  CAPTURE(type);
  const auto found = broadside::media_kind_of(type);
  REQUIRE(found.has_value());
  REQUIRE(*found == kind);
}

TEST_CASE("media_kind: everything else is an invalid argument", "[media]") {
  for (const std::string_view type :
       {"", "/", "image", "image/", "image/;x", "/jpeg", "image/a/b", "image/jp eg", "text/plain",
        "application/octet-stream", " image/png", "imag/png", "text/vcards", ";image/png"}) {
    CAPTURE(type);
    REQUIRE(broadside::media_kind_of(type).has_error());
  }
}

TEST_CASE("media_format: every spelling of a MIME type is one format", "[media]") {
  const auto& [type, format, name] = GENERATE(table<std::string_view, media_format, std::string_view>({
      {"image/jpeg", media_format::jpeg, "JPEG"},
      {"image/JPG", media_format::jpeg, "JPEG"},
      {"audio/mp3", media_format::mp3, "MP3"},
      {"audio/x-wave", media_format::wav, "WAV"},
      {"audio/midi", media_format::midi, "MIDI"},
      {"video/3gpp; codecs=\"avc1\"", media_format::three_gp, "3GP"},
      {"text/directory; profile=vcard", media_format::vcard, "vCard"},
      {"text/calendar", media_format::icalendar, "iCalendar"},
      {"application/pdf", media_format::pdf, "PDF"},
  }));
  CAPTURE(type);
  const auto found = broadside::media_format_of(type);
  REQUIRE(found.has_value());
  REQUIRE(*found == format);
  REQUIRE(broadside::name_of(*found) == name);
  REQUIRE(broadside::media_kind_of(type).value() == broadside::kind_of(format));
}

TEST_CASE("media_format: a kind of image that no list names has no format", "[media]") {
  REQUIRE(broadside::media_format_of("image/svg+xml").has_error());
  REQUIRE(broadside::media_kind_of("image/svg+xml").value() == media_kind::image);
  REQUIRE(broadside::media_format_of("text/plain").has_error());
}
