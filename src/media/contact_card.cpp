// media/contact_card - vCards for "save our number": checked first, then written property by property.
//
// Pure; any thread. Sources: RFC 2426 (3.0), RFC 6350 (4.0), RFC 4648 (base64).
#include <algorithm>
#include <array>
#include <broadside/contact_card.hpp>
#include <broadside/media.hpp>
#include <broadside/phone.hpp>
#include <media/url.hpp>
#include <optional>
#include <text/utf8.hpp>
#include <utility>

namespace broadside {
namespace {

constexpr std::size_t logo_bytes_max = std::size_t{64} << 10U;
constexpr std::size_t text_bytes_max = std::size_t{64} << 10U;

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
constexpr bool is_control(char c) noexcept { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

// ---- text

/// Length of the line break that `text` starts with, 0: none. What editors and web pages end lines with, in UTF-8.
std::size_t line_break_length(std::string_view text) noexcept {
  for (const std::string_view each : {"\r\n", "\r", "\n", "\u0085", "\u2028", "\u2029"}) {
    if (text.starts_with(each)) return each.size();
  }
  return 0;
}

bool has_line_break(std::string_view text) noexcept {
  for (; !text.empty(); text.remove_prefix(1)) {
    if (line_break_length(text) != 0) return true;
  }
  return false;
}

/// Whether a reader would see something: not empty, and not white space alone.
bool has_content(std::string_view text) noexcept { return text.find_first_not_of(" \t\r\n") != std::string_view::npos; }

// ---- numbers

/// How a type of number is called: in 3.0 "voice" says that it can be called, in 4.0 it is the default.
struct number_type {
  std::string_view name;
  std::string_view v3_0;
  std::string_view v3_0_code;  // of a short code, which nobody can call
  std::string_view v4_0;
};

constexpr std::array number_types{
    number_type{"work", "WORK,VOICE", "WORK", "work"}, number_type{"cell", "CELL,VOICE", "CELL", "cell"},
    number_type{"home", "HOME,VOICE", "HOME", "home"}, number_type{"fax", "FAX", "FAX", "fax"},
    number_type{"pager", "PAGER", "PAGER", "pager"},
};

const number_type* find_number_type(std::string_view name) noexcept {
  const auto found = std::find_if(number_types.begin(), number_types.end(),
                                  [&](const number_type& each) { return each.name == name; });
  return found == number_types.end() ? nullptr : &*found;
}

bool is_short_code(std::string_view number) noexcept {
  return number.size() >= 3 && number.size() <= 6 && std::all_of(number.begin(), number.end(), is_digit);
}

// ---- what may go on a card

/// As a link that is fetched, and without the characters that no URI has (RFC 3986 §2): a reader of vCards would take
/// some of them for escapes.
bool is_web_url(std::string_view url) noexcept {
  return media::is_fetchable_url(url) && url.find_first_of("\"<>\\^`{|}") == std::string_view::npos;
}

/// name@domain without quotes, comments or white space: what phones make a link of.
bool is_email(std::string_view email) noexcept {
  const auto is_refused = [](char c) {
    return c == ' ' || is_control(c) || std::string_view("\"(),:;<>[\\]").find(c) != std::string_view::npos;
  };
  if (std::any_of(email.begin(), email.end(), is_refused)) return false;
  const auto at = email.find('@');
  if (at == 0 || at == std::string_view::npos || at + 1 == email.size()) return false;
  const auto domain = email.substr(at + 1);
  return domain.find('@') == std::string_view::npos && domain.front() != '.' && domain.back() != '.';
}

/// Every rule a card breaks.
class card_check {
 public:
  explicit card_check(const contact_card& card) : card_(card) {}

  std::vector<violation> run() {
    if (!has_content(card_.name)) add("name", "is required");
    line("name", card_.name);
    line("family_name", card_.family_name);
    line("given_name", card_.given_name);
    line("organisation", card_.organisation);
    line("title", card_.title);
    for (std::size_t i = 0; i < card_.numbers.size(); ++i) number(path("numbers", i), card_.numbers[i]);
    for (std::size_t i = 0; i < card_.emails.size(); ++i) email(path("emails", i), card_.emails[i]);
    for (std::size_t i = 0; i < card_.urls.size(); ++i) url(path("urls", i), card_.urls[i]);
    characters("note", card_.note);
    logo();
    if (text_bytes_ > text_bytes_max) add("", "all text together must be at most 64 KiB");
    return std::move(violations_);
  }

 private:
  static std::string path(std::string_view list, std::size_t index) {
    return std::string(list) + '[' + std::to_string(index) + ']';
  }
  void add(std::string field, std::string rule) { violations_.push_back({std::move(field), std::move(rule)}); }

  /// Whether the text may be used; what it should be is checked only then.
  bool characters(const std::string& field, std::string_view text) {
    text_bytes_ += text.size();
    const auto is_refused = [](char c) { return is_control(c) && c != '\r' && c != '\n' && c != '\t'; };
    if (text::find_invalid_utf8(text)) {
      add(field, "must be UTF-8");
    } else if (std::any_of(text.begin(), text.end(), is_refused)) {
      add(field, "must not have control characters");
    } else {
      return true;
    }
    return false;
  }

  bool line(const std::string& field, std::string_view text) {
    if (!characters(field, text)) return false;
    if (!has_line_break(text)) return true;
    add(field, "must not have a line break");
    return false;
  }

  void email(const std::string& field, std::string_view text) {
    if (line(field, text) && !is_email(text)) add(field, "must be an address like name@example.com");
  }

  void url(const std::string& field, std::string_view text) {
    if (line(field, text) && !is_web_url(text)) add(field, "must be an absolute http or https URL, percent-encoded");
  }

  void number(const std::string& field, const contact_number& number) {
    text_bytes_ += number.number.size();
    if (!is_short_code(number.number)) {
      if (const auto parsed = phone::parse(number.number); !parsed) {
        add(field + ".number", "must be a number with + and its country code, or a short code of 3 to 6 digits: " +
                                   parsed.error().message());
      }
    }
    if (find_number_type(number.type) == nullptr) add(field + ".type", "must be work, cell, home, fax or pager");
  }

  void logo() {
    if (card_.logo.empty()) return;
    if (card_.logo.size() > logo_bytes_max) return add("logo", "must be at most 64 KiB");
    const auto facts = read_media(card_.logo);
    const bool is_picture = facts.type == media_type::jpeg || facts.type == media_type::png;
    if (!is_picture || facts.state == media_state::broken) add("logo", "must be a JPEG or PNG image that is whole");
  }

  const contact_card& card_;
  std::size_t text_bytes_ = 0;
  std::vector<violation> violations_{};
};

// ---- writing

/// A content line: CRLF at its end, and folded at 75 octets without cutting a character (RFC 6350 §3.2).
void append_line(std::string& out, std::string_view line) {
  constexpr std::size_t octets_max = 75;
  std::size_t room = octets_max;
  while (line.size() > room) {
    std::size_t cut = room;
    while (cut > 0 && (static_cast<unsigned char>(line[cut]) & 0xC0U) == 0x80U) --cut;
    out.append(line.substr(0, cut)).append("\r\n ");
    line.remove_prefix(cut);
    room = octets_max - 1;  // the space counts
  }
  out.append(line).append("\r\n");
}

/// A value of type text, or one component of a structured one (RFC 6350 §3.4; RFC 2426 §4 has the same escapes).
std::string escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  while (!text.empty()) {
    if (const auto length = line_break_length(text); length != 0) {
      out += "\\n";
      text.remove_prefix(length);
      continue;
    }
    if (text.front() == '\\' || text.front() == ',' || text.front() == ';') out += '\\';
    out += text.front();
    text.remove_prefix(1);
  }
  return out;
}

void append_base64(std::string& out, std::span<const std::byte> bytes) {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (; !bytes.empty(); bytes = bytes.subspan(std::min<std::size_t>(3, bytes.size()))) {
    const auto byte = [&](std::size_t i) { return i < bytes.size() ? std::to_integer<std::uint32_t>(bytes[i]) : 0U; };
    const std::uint32_t group = byte(0) << 16U | byte(1) << 8U | byte(2);
    for (std::size_t i = 0; i < 4; ++i) {
      out += i <= bytes.size() ? alphabet[group >> (18 - 6 * i) & 0x3FU] : '=';
    }
  }
}

/// TEL, of a number that was checked.
std::string number_line(const contact_number& number, vcard_version version) {
  const number_type& type = *find_number_type(number.type);
  const bool is_code = is_short_code(number.number);
  const std::string digits = is_code ? number.number : phone::parse(number.number)->to_string();
  if (version == vcard_version::v3_0) {
    return "TEL;TYPE=" + std::string(is_code ? type.v3_0_code : type.v3_0) + ':' + digits;
  }
  // A short code means something only to the network that it is dialled in: no tel: URI (RFC 3966 §5.1.5) names it.
  return "TEL;VALUE=" + std::string(is_code ? "text" : "uri") + ";TYPE=" + std::string(type.v4_0) +
         (is_code ? ":" : ":tel:") + digits;
}

/// PHOTO and not LOGO: it is what address books show beside the name. Readers on phones skip LOGO, or take it for
/// PHOTO.
std::string photo_line(std::span<const std::byte> logo, vcard_version version) {
  const bool is_png = logo[0] == std::byte{0x89};
  std::string line;
  if (version == vcard_version::v3_0) {
    line = is_png ? "PHOTO;ENCODING=b;TYPE=PNG:" : "PHOTO;ENCODING=b;TYPE=JPEG:";
  } else {
    line = is_png ? "PHOTO:data:image/png;base64," : "PHOTO:data:image/jpeg;base64,";
  }
  line.reserve(line.size() + (logo.size() + 2) / 3 * 4);
  append_base64(line, logo);
  return line;
}

std::string name_line(const contact_card& card) {
  const bool is_whole = card.family_name.empty() && card.given_name.empty();
  return "N:" + escaped(is_whole ? card.name : card.family_name) + ';' + escaped(card.given_name) + ";;;";
}

std::string written(const contact_card& card, vcard_version version) {
  const bool is_v3 = version == vcard_version::v3_0;
  std::string out;
  const auto line = [&](std::string_view text) { append_line(out, text); };
  line("BEGIN:VCARD");
  line(is_v3 ? "VERSION:3.0" : "VERSION:4.0");  // 4.0 wants it here
  line("FN:" + escaped(card.name));
  line(name_line(card));  // 4.0 can do without, phones sort by it
  if (!card.organisation.empty()) line("ORG:" + escaped(card.organisation));
  if (!card.title.empty()) line("TITLE:" + escaped(card.title));
  for (const auto& number : card.numbers) line(number_line(number, version));
  for (const auto& email : card.emails) line((is_v3 ? "EMAIL;TYPE=INTERNET:" : "EMAIL:") + escaped(email));
  for (const auto& url : card.urls) line("URL:" + url);  // type uri: never escaped
  if (!card.note.empty()) line("NOTE:" + escaped(card.note));
  if (!card.logo.empty()) line(photo_line(card.logo, version));
  line("END:VCARD");
  return out;
}

}  // namespace

result<std::string, failure> write_vcard(const contact_card& card, vcard_version version) {
  if (auto violations = card_check(card).run(); !violations.empty()) {
    return failure{errc::invalid_argument, std::move(violations)};
  }
  return written(card, version);
}

}  // namespace broadside
