// tests/media/contact_card - a card says what it was given, in the lines and escapes that address books read.
#include <algorithm>
#include <array>
#include <broadside/contact_card.hpp>
#include <broadside/media.hpp>
#include <string>
#include <support/catch.hpp>
#include <text/utf8.hpp>
#include <vector>

using namespace broadside;

namespace {

/// A PNG of one grey pixel, and `extra` bytes behind its end.
std::vector<std::byte> png(std::size_t extra = 0) {
  constexpr std::array<unsigned char, 67> bytes{
      0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0x00, 0x00, 0x00, 0x0D, 0x49, 0x48, 0x44, 0x52, 0x00,
      0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x00, 0x00, 0x00, 0x00, 0x3A, 0x7E, 0x9B, 0x55, 0x00,
      0x00, 0x00, 0x0A, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9C, 0x63, 0x68, 0x00, 0x00, 0x00, 0x82, 0x00, 0x81,
      0x77, 0xCD, 0x72, 0xB6, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4E, 0x44, 0xAE, 0x42, 0x60, 0x82};
  std::vector<std::byte> file;
  for (const unsigned char each : bytes) file.push_back(std::byte{each});
  file.insert(file.end(), extra, std::byte{0xFF});
  return file;
}

contact_card shop() {
  contact_card card;
  card.name = "Acme Shop";
  card.organisation = "Acme, Inc.";
  card.title = "Customer care";
  card.numbers = {{"+1 (800) 555-0123"}, {"12345"}, {.number = "00442079460123", .type = "cell"}};
  card.emails = {"care@acme.example"};
  card.urls = {"https://acme.example/a,b;c?d=1"};
  card.note = "Open 9-5;\r\nclosed on \\o/ days";
  return card;
}

std::string write(const contact_card& card, vcard_version version = vcard_version::v3_0) {
  const auto written = write_vcard(card, version);
  REQUIRE(written.has_value());
  return *written;
}

std::vector<std::string> physical_lines(std::string_view file) {
  std::vector<std::string> lines;
  while (!file.empty()) {
    const auto end = file.find("\r\n");
    REQUIRE(end != std::string_view::npos);
    lines.emplace_back(file.substr(0, end));
    file.remove_prefix(end + 2);
  }
  return lines;
}

std::string unfolded(std::string file) {
  for (auto at = file.find("\r\n "); at != std::string::npos; at = file.find("\r\n ", at)) file.erase(at, 3);
  return file;
}

/// The value of the first property whose line begins with `start`, unfolded and still escaped.
std::string value_after(const std::string& file, const std::string& start) {
  const std::string text = unfolded(file);
  const auto at = text.find("\r\n" + start);
  REQUIRE(at != std::string::npos);
  const auto from = at + 2 + start.size();
  return text.substr(from, text.find("\r\n", from) - from);
}

std::vector<std::byte> base64_decoded(std::string_view text) {
  const std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  REQUIRE(text.size() % 4 == 0);
  std::vector<std::byte> bytes;
  unsigned group = 0;
  unsigned bits = 0;
  for (const char c : text.substr(0, text.find('='))) {
    REQUIRE(alphabet.find(c) != std::string_view::npos);
    group = group << 6U | static_cast<unsigned>(alphabet.find(c));
    bits += 6;
    if (bits >= 8) bytes.push_back(std::byte{static_cast<unsigned char>(group >> (bits -= 8) & 0xFFU)});
  }
  return bytes;
}

media_facts read(const std::string& file) { return read_media(std::as_bytes(std::span(file))); }

std::vector<violation> violations_of(const contact_card& card) {
  const auto written = write_vcard(card);
  REQUIRE_FALSE(written.has_value());
  CHECK(written.error().code == errc::invalid_argument);
  return written.error().violations;
}

}  // namespace

TEST_CASE("contact_card: 3.0 is written as RFC 2426 has it", "[media]") {
  CHECK(write(shop()) ==
        "BEGIN:VCARD\r\n"
        "VERSION:3.0\r\n"
        "FN:Acme Shop\r\n"
        "N:Acme Shop;;;;\r\n"
        "ORG:Acme\\, Inc.\r\n"
        "TITLE:Customer care\r\n"
        "TEL;TYPE=WORK,VOICE:+18005550123\r\n"
        "TEL;TYPE=WORK:12345\r\n"
        "TEL;TYPE=CELL,VOICE:+442079460123\r\n"
        "EMAIL;TYPE=INTERNET:care@acme.example\r\n"
        "URL:https://acme.example/a,b;c?d=1\r\n"
        "NOTE:Open 9-5\\;\\nclosed on \\\\o/ days\r\n"
        "END:VCARD\r\n");
}

TEST_CASE("contact_card: 4.0 is written as RFC 6350 has it", "[media]") {
  CHECK(write(shop(), vcard_version::v4_0) ==
        "BEGIN:VCARD\r\n"
        "VERSION:4.0\r\n"
        "FN:Acme Shop\r\n"
        "N:Acme Shop;;;;\r\n"
        "ORG:Acme\\, Inc.\r\n"
        "TITLE:Customer care\r\n"
        "TEL;VALUE=uri;TYPE=work:tel:+18005550123\r\n"
        "TEL;VALUE=text;TYPE=work:12345\r\n"
        "TEL;VALUE=uri;TYPE=cell:tel:+442079460123\r\n"
        "EMAIL:care@acme.example\r\n"
        "URL:https://acme.example/a,b;c?d=1\r\n"
        "NOTE:Open 9-5\\;\\nclosed on \\\\o/ days\r\n"
        "END:VCARD\r\n");
}

TEST_CASE("contact_card: a name of a person is structured, and its separators are escaped", "[media]") {
  contact_card card;
  card.name = "Zoë O;Neil";
  card.family_name = "O;Neil";
  card.given_name = "Zoë,Ann";
  CHECK(value_after(write(card), "N:") == "O\\;Neil;Zoë\\,Ann;;;");
  card.family_name.clear();
  CHECK(value_after(write(card), "N:") == ";Zoë\\,Ann;;;");
}

TEST_CASE("contact_card: each type of number is written for people and for short codes", "[media]") {
  struct row {
    std::string_view type;
    std::string v3;
    std::string v3_code;
    std::string v4;
  };
  const auto [type, v3, v3_code, v4] = GENERATE(values<row>({{"work", "WORK,VOICE", "WORK", "work"},
                                                             {"cell", "CELL,VOICE", "CELL", "cell"},
                                                             {"home", "HOME,VOICE", "HOME", "home"},
                                                             {"fax", "FAX", "FAX", "fax"},
                                                             {"pager", "PAGER", "PAGER", "pager"}}));
  contact_card card{.name = "x", .numbers = {{"+18005550123", type}, {"911", type}}};
  CHECK(value_after(write(card), "TEL;TYPE=" + v3 + ":") == "+18005550123");
  CHECK(unfolded(write(card)).find("TEL;TYPE=" + v3_code + ":911\r\n") != std::string::npos);
  CHECK(value_after(write(card, vcard_version::v4_0), "TEL;VALUE=uri;TYPE=" + v4 + ":") == "tel:+18005550123");
  CHECK(value_after(write(card, vcard_version::v4_0), "TEL;VALUE=text;TYPE=" + v4 + ":") == "911");
}

TEST_CASE("contact_card: the line breaks of a note are kept, whatever an editor wrote", "[media]") {
  const auto line_break = GENERATE(as<std::string>{}, "\n", "\r", "\r\n", "\u0085", "\u2028", "\u2029");
  contact_card card{.name = "x", .note = "a" + line_break + line_break + "b\tc" + line_break};
  CHECK(value_after(write(card), "NOTE:") == "a\\n\\nb\tc\\n");
}

TEST_CASE("contact_card: no line is longer than 75 octets, and none ends inside a character", "[media]") {
  for (const std::string piece : {"a", "é", "日", "🎉", "\\", "e\u0301"}) {
    for (std::size_t lead = 0; lead < 6; ++lead) {
      std::string note(lead, 'x');
      for (int i = 0; i < 200; ++i) note += piece;
      const std::string file = write({.name = "x", .note = note});
      INFO(piece << " behind " << lead);
      for (const auto& line : physical_lines(file)) {
        CHECK(line.size() <= 75);
        CHECK_FALSE(text::find_invalid_utf8(line).has_value());
      }
      std::string expected = note;
      if (piece == "\\") expected = std::string(lead, 'x') + std::string(400, '\\');
      CHECK(value_after(file, "NOTE:") == expected);
    }
  }
}

TEST_CASE("contact_card: lines are as long as they may be", "[media]") {
  const auto lines = physical_lines(write({.name = "x", .note = std::string(70 + 74 + 1, 'n')}));
  const auto note = std::find_if(lines.begin(), lines.end(), [](const auto& line) { return line.starts_with("NOTE"); });
  REQUIRE(lines.end() - note == 4);
  CHECK(note[0] == "NOTE:" + std::string(70, 'n'));
  CHECK(note[1] == " " + std::string(74, 'n'));
  CHECK(note[2] == " n");
  CHECK(physical_lines(write({.name = "x", .note = std::string(70, 'n')})).size() == 6);
}

TEST_CASE("contact_card: the logo is a photo in base64, and comes back byte for byte", "[media]") {
  const auto extra = GENERATE(std::size_t{0}, std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{300});
  contact_card card{.name = "x", .logo = png(extra)};
  CHECK(base64_decoded(value_after(write(card), "PHOTO;ENCODING=b;TYPE=PNG:")) == card.logo);
  const std::string v4 = write(card, vcard_version::v4_0);
  CHECK(base64_decoded(value_after(v4, "PHOTO:data:image/png;base64,")) == card.logo);
  for (const auto& line : physical_lines(v4)) CHECK(line.size() <= 75);
}

TEST_CASE("contact_card: what is written is read as clean, in its version", "[media]") {
  contact_card card = shop();
  card.name = "Žluťoučký kůň 🐎";
  card.note = std::string(500, ' ') + "\n" + std::string(500, ';');
  card.logo = png();
  const auto version = GENERATE(vcard_version::v3_0, vcard_version::v4_0);
  const media_facts facts = read(write(card, version));
  CHECK(facts.type == media_type::vcard);
  CHECK(facts.state == media_state::clean);
  CHECK(facts.faults.empty());
  CHECK(facts.version == (version == vcard_version::v3_0 ? "3.0" : "4.0"));
}

TEST_CASE("contact_card: the same card is written the same each time", "[media]") {
  contact_card card = shop();
  card.logo = png();
  CHECK(write(card) == write(card));
}

TEST_CASE("contact_card: every rule that is broken is told, with its place", "[media]") {
  contact_card card;
  card.name = " \t";
  card.family_name = "a\nb";
  card.given_name = "a\u2028b";
  card.organisation = "\xC3";
  card.title = std::string("a\0b", 3);
  card.numbers = {{"555-0123"}, {"+18005550123"}, {.number = "12345", .type = "Work"}};
  card.emails = {"ok@acme.example", "nobody"};
  card.urls = {"acme.example"};
  card.note = "\x1B[1m";
  card.logo = {std::byte{0xFF}, std::byte{0xD8}};
  std::vector<std::string> fields;
  for (const auto& each : violations_of(card)) fields.push_back(each.field);
  CHECK(fields == std::vector<std::string>{"name", "family_name", "given_name", "organisation", "title",
                                           "numbers[0].number", "numbers[2].type", "emails[1]", "urls[0]", "note",
                                           "logo"});
}

TEST_CASE("contact_card: a number is one that can be dialled from anywhere, or a short code", "[media]") {
  for (const std::string good : {"+18005550123", "00 44 20 7946 0123", "123", "123456", "tel:+1-800-555-0123"}) {
    INFO(good);
    CHECK(write_vcard({.name = "x", .numbers = {{good}}}).has_value());
  }
  for (const std::string bad : {"", "12", "1234567", "8005550123", "12 34", "+1800555012", "+18005550123;1", "abc"}) {
    INFO(bad);
    CHECK(violations_of({.name = "x", .numbers = {{bad}}}).at(0).field == "numbers[0].number");
  }
}

TEST_CASE("contact_card: an address is name@domain", "[media]") {
  for (const std::string good : {"a@b", "first.last+tag@shop.example", "jörg@müller.example"}) {
    INFO(good);
    CHECK(write_vcard({.name = "x", .emails = {good}}).has_value());
  }
  for (const std::string bad : {"", "@", "a@", "@b", "a", "a@b@c", "a b@c", "a@b c", "<a@b>", "a@b;c", "a@.b", "a@b.",
                                "\"a\"@b", "mailto:a@b", "a@b\r\nTEL:1"}) {
    INFO(bad);
    CHECK(violations_of({.name = "x", .emails = {bad}}).size() == 1);
  }
}

TEST_CASE("contact_card: a URL is absolute, http or https, and percent-encoded", "[media]") {
  for (const std::string good : {"https://a", "HTTP://A.example:8080/x?y=1,2;3#z", "https://[2001:db8::1]/"}) {
    INFO(good);
    CHECK(write_vcard({.name = "x", .urls = {good}}).has_value());
  }
  for (const std::string bad :
       {"", "a.example", "//a.example", "ftp://a", "https:", "https://", "https:///x", "https://a b", "https://a\\b",
        "https://ä.example", "https://a\nTEL:1", "javascript://a"}) {
    INFO(bad);
    CHECK(violations_of({.name = "x", .urls = {bad}}).size() == 1);
  }
}

TEST_CASE("contact_card: a logo is an image of at most 64 KiB", "[media]") {
  const auto rule_of = [](std::vector<std::byte> logo) {
    return violations_of({.name = "x", .logo = std::move(logo)}).at(0).field;
  };
  CHECK(write_vcard({.name = "x", .logo = png((std::size_t{64} << 10U) - png().size())}).has_value());
  CHECK(rule_of(png((std::size_t{64} << 10U) - png().size() + 1)) == "logo");
  CHECK(rule_of(std::vector<std::byte>(100)) == "logo");
  auto cut = png();
  cut.resize(20);
  CHECK(rule_of(cut) == "logo");
}

TEST_CASE("contact_card: texts are bounded together", "[media]") {
  contact_card card{.name = "x", .note = std::string((std::size_t{64} << 10U) - 1, 'n')};
  CHECK(write_vcard(card).has_value());
  card.note += 'n';
  CHECK(violations_of(card).at(0).rule.find("64 KiB") != std::string::npos);
}
