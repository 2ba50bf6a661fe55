// media/sniff - magic numbers first; then what has to be tried; text last. Pure but for the window; nothing allocates.
#include <algorithm>
#include <array>
#include <cstddef>
#include <media/box.hpp>
#include <media/mp3_frame.hpp>
#include <media/sniff.hpp>
#include <string_view>
#include <text/ascii.hpp>

namespace broadside::media {
namespace {

using namespace std::string_view_literals;
using text::lower;
using text::starts_with_ignoring_case;

constexpr std::size_t head_size = 1024;  // as far as PDF readers look for "%PDF-"

struct magic {
  std::string_view bytes;
  media_type type;
};

constexpr std::array magics{
    magic{"\xFF\xD8\xFF"sv, media_type::jpeg},
    magic{"\x89PNG\r\n\x1A\n"sv, media_type::png},
    magic{"GIF87a"sv, media_type::gif},
    magic{"GIF89a"sv, media_type::gif},
    magic{"ID3"sv, media_type::mp3},
    magic{"#!AMR\n"sv, media_type::amr},
    magic{"#!AMR-WB\n"sv, media_type::amr},
    magic{"MThd"sv, media_type::midi},
    magic{"PK\3\4"sv, media_type::zip},
    magic{"PK\5\6"sv, media_type::zip},
    magic{"PK\7\10"sv, media_type::zip},
    magic{"\x7F"
          "ELF"sv,
          media_type::executable},
    magic{"\xFE\xED\xFA\xCE"sv, media_type::executable},
    magic{"\xFE\xED\xFA\xCF"sv, media_type::executable},
    magic{"\xCE\xFA\xED\xFE"sv, media_type::executable},
    magic{"\xCF\xFA\xED\xFE"sv, media_type::executable},
    magic{"\xCA\xFE\xBA\xBE"sv, media_type::executable},
    magic{"#!/"sv, media_type::executable},
    magic{"%PDF-"sv, media_type::pdf},
};

media_type by_magic(bytes head) noexcept {
  for (const magic& each : magics) {
    if (head.starts_with(each.bytes)) return each.type;
  }
  return media_type::unknown;
}

/// RIFF and its 64-bit sister hold many formats; the form type tells which. A file may end inside of it.
media_type by_riff_form(bytes head, std::uint64_t size) noexcept {
  if (!head.starts_with("RIFF") && !head.starts_with("RF64")) return media_type::unknown;
  if (head.has(8, "WEBP")) return media_type::webp;
  const bool cut = size > 8 && size < 12 && "WAVE"sv.substr(0, static_cast<std::size_t>(size) - 8) == head.text(8, 4);
  return cut || head.has(8, "WAVE") ? media_type::wav : media_type::unknown;
}

/// "BM" alone is two letters of text: the size of the header behind it has to be one that exists.
bool is_bmp(bytes head) noexcept {
  if (!head.starts_with("BM") || head.size() < 26) return false;
  constexpr std::array<std::uint32_t, 9> header_sizes{12, 16, 40, 52, 56, 64, 108, 124, 240};
  return std::find(header_sizes.begin(), header_sizes.end(), head.le32(14)) != header_sizes.end();
}

/// Two letters as well: text does not have zeros in its first words.
bool is_executable(bytes head) noexcept {
  return head.starts_with("MZ") && head.text(0, 64).find('\0') != std::string_view::npos;
}

bool is_text_byte(std::byte each) noexcept {
  const auto c = std::to_integer<unsigned char>(each);
  return (c >= 0x20 && c != 0x7F) || (c >= '\t' && c <= '\r') || c == 0x1B;
}

/// HTML by its usual first tags, SVG and XML by theirs.
media_type by_markup(std::string_view text) noexcept {
  constexpr std::array pages{"<!doctype html"sv, "<html"sv, "<head"sv, "<body"sv,  "<title"sv,
                             "<script"sv,        "<meta"sv, "<div"sv,  "<p>"sv,    "<table"sv,
                             "<style"sv,         "<h1"sv,   "<br"sv,   "<iframe"sv};
  for (const auto tag : pages) {
    if (starts_with_ignoring_case(text, tag)) return media_type::html;
  }
  if (text.starts_with("<svg")) return media_type::svg;
  const bool prolog = text.starts_with("<?xml") || text.starts_with("<!DOCTYPE") || text.starts_with("<!--");
  if (!prolog)
    return text.size() > 1 && lower(text[1]) >= 'a' && lower(text[1]) <= 'z' ? media_type::xml : media_type::text;
  if (text.find("<svg") != std::string_view::npos || text.starts_with("<!DOCTYPE svg")) return media_type::svg;
  for (const auto tag : {"<html"sv, "<HTML"sv, "<!DOCTYPE html"sv, "<!doctype html"sv}) {
    if (text.find(tag) != std::string_view::npos) return media_type::html;
  }
  return media_type::xml;
}

media_type by_text(bytes head) noexcept {
  std::string_view text = head.text();
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n\f\v"), text.size()));
  // Cards are recognised even when what follows is not text: their readers say what is wrong with it.
  if (starts_with_ignoring_case(text, "begin:vcard")) return media_type::vcard;
  if (starts_with_ignoring_case(text, "begin:vcalendar")) return media_type::icalendar;
  if (!std::all_of(head.raw().begin(), head.raw().end(), is_text_byte)) return media_type::unknown;
  if (text.starts_with("{\\rtf")) return media_type::text;
  if (text.starts_with('{') || text.starts_with('[')) return media_type::json;
  return text.starts_with('<') ? by_markup(text) : media_type::text;
}

/// "%PDF-" at the start of a line: readers take what stands before it for a mail's or a printer's header.
bool has_pdf_line(bytes head) noexcept {
  for (std::size_t at = head.text().find("%PDF-"); at != std::string_view::npos;
       at = head.text().find("%PDF-", at + 1)) {
    if (head[at - 1] == '\n' || head[at - 1] == '\r') return true;
  }
  return false;
}

/// What would have been something, had it arrived whole.
void explain_unknown(window& file, bytes head) noexcept {
  if (head.starts_with("GIF8") || head.starts_with("\x89PNG"sv) || head.starts_with("PNG\r\n")) {
    file.broken(media_fault::bad_structure);
    return;
  }
  for (std::size_t at = 1; at < std::min<std::size_t>(head.size(), 16); ++at) {
    if (by_magic(head.part(at, head.size())) != media_type::unknown) file.broken(media_fault::leading_bytes);
  }
}

}  // namespace

media_type sniff(window& file) noexcept {
  const bytes head = file.look(0, head_size);
  if (const auto type = by_magic(head); type != media_type::unknown) return type;
  if (const auto type = by_riff_form(head, file.size()); type != media_type::unknown) return type;
  if (is_bmp(head)) return media_type::bmp;
  if (is_executable(head)) return media_type::executable;
  if (starts_with_box(head)) return type_of_boxes(head);
  const auto text = by_text(head);
  if ((text == media_type::text || text == media_type::unknown) && has_pdf_line(head)) return media_type::pdf;
  if (text != media_type::unknown) return text;
  if (head.starts_with("\xFF\xFE"sv) || head.starts_with("\xFE\xFF"sv)) {
    // UTF-16, unless it is the sync word of a sound.
    if (head.text(0, 64).find('\0') != std::string_view::npos) {
      file.broken(media_fault::bad_text);
      return media_type::text;
    }
  }
  if (find_mp3_frame(file, 0, mp3_leading_max)) return media_type::mp3;
  explain_unknown(file, file.look(0, head_size));
  return media_type::unknown;
}

bool starts_other_format(bytes some) noexcept {
  constexpr std::array starts{"PK\3\4"sv,  "PK\5\6"sv, "%PDF-"sv,    "<?php"sv,
                              "<script"sv, "<html"sv,  "Rar!\x1A"sv, "7z\xBC\xAF\x27\x1C"sv};
  return std::any_of(starts.begin(), starts.end(), [text = some.text()](std::string_view start) {
    return text.find(start) != std::string_view::npos;
  });
}

}  // namespace broadside::media
