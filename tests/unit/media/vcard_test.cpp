// tests/media/vcard - what each version of a card requires, and what readers on phones forgive.
#include <media/readers.hpp>
#include <string>
#include <support/catch.hpp>
#include <support/read_with.hpp>
#include <vector>

using namespace broadside;
using fault = media_fault;
using faults = enum_set<media_fault>;

namespace {

media_facts read(std::string_view file) { return media::read_with(media::read_vcard, file); }

/// A file of these lines, each ended as RFC 6350 says.
std::string lines(std::initializer_list<std::string_view> all) {
  std::string file;
  for (const auto each : all) file.append(each).append("\r\n");
  return file;
}

std::string card(std::string_view version, std::initializer_list<std::string_view> properties) {
  return lines({"BEGIN:VCARD", "VERSION:" + std::string(version)}) + lines(properties) + lines({"END:VCARD"});
}

void check(const std::string& file, media_state state, faults expected) {
  INFO(file);
  const media_facts facts = read(file);
  CHECK(facts.state == state);
  CHECK(facts.faults == expected);
}

}  // namespace

TEST_CASE("vcard: the properties that each version requires are enough", "[media]") {
  check(card("2.1", {"N:Doe;John"}), media_state::clean, {});
  check(card("3.0", {"N:Doe;John;;;", "FN:John Doe"}), media_state::clean, {});
  check(card("3.0", {"N:;;;;", "FN:Shop"}), media_state::clean, {});
  check(card("4.0", {"FN:John Doe"}), media_state::clean, {});
  CHECK(read(card("2.1", {"N:x"})).version == "2.1");
  CHECK(read(card("4.0", {"FN:x"})).version == "4.0");
}

TEST_CASE("vcard: a property that the version requires is missed", "[media]") {
  const faults missing{fault::missing_property};
  check(card("2.1", {"FN:John Doe"}), media_state::lenient, missing);
  check(card("3.0", {"N:Doe;John;;;"}), media_state::lenient, missing);
  check(card("3.0", {"FN:John Doe"}), media_state::lenient, missing);
  check(card("3.0", {"N:Doe;;;;", "FN: "}), media_state::lenient, missing);
  check(card("4.0", {"N:Doe;John;;;"}), media_state::lenient, missing);
  check(lines({"BEGIN:VCARD", "N:Doe;;;;", "FN:Doe", "END:VCARD"}), media_state::lenient, missing);
  check(lines({"BEGIN:VCARD", "VERSION:", "N:Doe;;;;", "FN:Doe", "END:VCARD"}), media_state::broken,
        {fault::bad_structure});
}

TEST_CASE("vcard: a card that shows nothing is none", "[media]") {
  const faults nothing{fault::missing_property, fault::no_content};
  check(card("3.0", {}), media_state::broken, nothing);
  check(card("3.0", {"N:;;;;", "FN:"}), media_state::broken, nothing);
  check(card("3.0", {"N: ; ;;;", "FN: \t", "X-COLOUR:red"}), media_state::broken, nothing);
  check(card("3.0", {"TEL:12345"}), media_state::lenient, {fault::missing_property});
  check("", media_state::broken, {fault::no_content});
}

TEST_CASE("vcard: only versions that exist are read, once and where they belong", "[media]") {
  check(card("5.0", {"FN:x", "N:x"}), media_state::broken, {fault::bad_structure});
  check(card("3", {"FN:x", "N:x"}), media_state::broken, {fault::bad_structure});
  check(card("4.0", {"VERSION:4.0", "FN:x"}), media_state::lenient, {fault::bad_structure});
  std::string many = "BEGIN:VCARD\r\n";
  for (int i = 0; i < 256; ++i) many += "VERSION:4.0\r\n";
  check(many + "FN:x\r\nEND:VCARD\r\n", media_state::lenient, {fault::bad_structure});
  check(lines({"BEGIN:VCARD", "FN:x", "VERSION:4.0", "END:VCARD"}), media_state::lenient, {fault::bad_structure});
  check(lines({"BEGIN:VCARD", "FN:x", "N:x", "VERSION:3.0", "END:VCARD"}), media_state::clean, {});
  CHECK(read(card("5.0", {"FN:x"})).version == "5.0");
  CHECK(read(card("\x1B[2J", {"FN:x"})).version.empty());
}

TEST_CASE("vcard: names are case-insensitive and may have a group and parameters", "[media]") {
  check(lines({"begin:vcard", "version:3.0", "item1.fn;charset=utf-8:x", "n;x-a=\"b:c;d\":x", "end:VCard"}),
        media_state::clean, {});
}

TEST_CASE("vcard: lines may end in LF, and the last one need not end", "[media]") {
  check("BEGIN:VCARD\nVERSION:3.0\nN:x\nFN:x\nEND:VCARD", media_state::clean, {});
  check("BEGIN:VCARD\r\nVERSION:3.0\r\nN:x\r\nFN:x\r\nEND:VCARD\r\n\r\n", media_state::clean, {});
  check("BEGIN:VCARD\r\r\nVERSION:3.0\r\r\nN:x\r\r\nFN:x\r\r\nEND:VCARD\r\r\n", media_state::lenient,
        {fault::bad_structure});
  check("BEGIN:VCARD\rVERSION:3.0\rN:x\rFN:x\rEND:VCARD\r", media_state::lenient, {fault::bad_structure});
}

TEST_CASE("vcard: folded lines are put together", "[media]") {
  check("BEGIN:VC\r\n ARD\r\nVER\r\n\tSION:3\r\n .0\r\nN:\r\n x\r\nF\r\n N\r\n :x\r\nEND:VCARD\r\n", media_state::clean,
        {});
  // The space is the fold's: a name on the next line is part of the value before it.
  check(lines({"BEGIN:VCARD", "VERSION:3.0", "N:x", " FN:x", "END:VCARD"}), media_state::lenient,
        {fault::missing_property});
}

TEST_CASE("vcard: quoted-printable goes on behind a soft line break", "[media]") {
  check(card("2.1", {"N;ENCODING=QUOTED-PRINTABLE:=C3=89=", "BEGIN:VCARD=", "=C3=89", "TEL:1"}), media_state::clean,
        {});
  check(card("2.1", {"N;QUOTED-PRINTABLE;CHARSET=UTF-8:=C3=89=", "no colon here"}), media_state::clean, {});
  check(card("2.1", {"N:a=", "no colon here"}), media_state::lenient, {fault::bad_structure});
  check(card("2.1", {"NOTE;QUOTED-PRINTABLE:=", "", "N:x"}), media_state::clean, {});
  // 3.0 took it out: what reads it shows the equals signs
  check(card("3.0", {"N:x", "FN;ENCODING=QUOTED-PRINTABLE:=C3=89"}), media_state::lenient, {fault::bad_structure});
}

TEST_CASE("vcard: base64 of 2.1 ends with an empty line and need not be folded", "[media]") {
  check(card("2.1", {"N:x", "PHOTO;JPEG;BASE64:", " /9j/4AAQ", " AAAA==", "", "TEL:1"}), media_state::clean, {});
  check(card("2.1", {"N:x", "PHOTO;ENCODING=BASE64:", "/9j/4AAQ", "AAAA==", "", "TEL:1"}), media_state::clean, {});
  check(card("3.0", {"N:x", "FN:x", "PHOTO;ENCODING=b:", "/9j/4AAQ"}), media_state::lenient, {fault::bad_structure});
  check(card("3.0", {"N:x", "FN:x", "", "TEL:1"}), media_state::lenient, {fault::bad_structure});
}

TEST_CASE("vcard: several cards may follow each other, and each is checked", "[media]") {
  const std::string good = card("3.0", {"N:A", "FN:A"});
  check(good + good + card("2.1", {"N:B"}), media_state::clean, {});
  check(good + card("3.0", {"N:B"}), media_state::lenient, {fault::missing_property});
  check(good + card("3.0", {}), media_state::lenient, {fault::missing_property});
  CHECK(read(card("2.1", {"N:B"}) + good).version == "2.1");
}

TEST_CASE("vcard: an agent has a card of its own", "[media]") {
  const std::string inner = card("2.1", {"N:B"});
  check("BEGIN:VCARD\r\nVERSION:2.1\r\nN:A\r\nAGENT:\r\n" + inner + "END:VCARD\r\n", media_state::clean, {});
  check("BEGIN:VCARD\r\nVERSION:2.1\r\nN:A\r\nAGENT:" + inner + "END:VCARD\r\n", media_state::clean, {});
  check(card("3.0", {"N:A", "FN:A", "AGENT:BEGIN:VCARD\\nFN:B\\nEND:VCARD\\n"}), media_state::clean, {});
  // What is asked of a card is asked of each: the inner one has no name here.
  check("BEGIN:VCARD\r\nVERSION:2.1\r\nN:A\r\nAGENT:\r\n" + card("2.1", {"TEL:1"}) + "END:VCARD\r\n",
        media_state::lenient, {fault::missing_property});
}

TEST_CASE("vcard: agents of agents end somewhere", "[media]") {
  std::string deep;
  for (int i = 0; i < 10'000; ++i) deep += "BEGIN:VCARD\r\nVERSION:2.1\r\nN:A\r\nAGENT:\r\n";
  CHECK(read(deep).state == media_state::broken);
  CHECK(read(deep).faults.contains(fault::too_complex));
}

TEST_CASE("vcard: a card without an end is broken, and one that another card ends is not", "[media]") {
  const std::string good = card("3.0", {"N:A", "FN:A"});
  for (std::size_t size = 13; size + 2 < good.size(); ++size) {
    INFO(good.substr(0, size));
    CHECK(read(good.substr(0, size)).state == media_state::broken);
    CHECK(read(good.substr(0, size)).faults.contains(fault::no_end));
  }
  check("BEGIN:VCARD\r\nVERSION:3.0\r\nN:A\r\nFN:A\r\n", media_state::broken, {fault::no_end});
  check("BEGIN:VCARD\r\nVERSION:3.0\r\nN:A\r\nFN:A\r\n" + good, media_state::lenient, {fault::no_end});
}

TEST_CASE("vcard: what stands around the cards is told", "[media]") {
  const std::string good = card("3.0", {"N:A", "FN:A"});
  check("\xEF\xBB\xBF" + good, media_state::lenient, {fault::leading_bytes});
  check("\r\n" + good, media_state::lenient, {fault::leading_bytes});
  check("Content-Type: text/vcard\r\n\r\n" + good, media_state::lenient, {fault::leading_bytes});
  check(good + "-- sent from a phone\r\n", media_state::lenient, {fault::trailing_bytes});
  check(good + "END:VCARD\r\n", media_state::lenient, {fault::trailing_bytes});
  check(lines({"VERSION:3.0", "N:A", "FN:A", "END:VCARD"}), media_state::broken,
        {fault::leading_bytes, fault::no_content});
}

TEST_CASE("vcard: lines that are no properties are passed over", "[media]") {
  const auto line = GENERATE(as<std::string>{}, "just words", ":x", "X GOOGLE:x", "a.b.c:x", ".TEL:1", "TEL",
                             "END:VEVENT", "BEGIN:VEVENT");
  check(card("3.0", {"N:A", "FN:A", line}), media_state::lenient, {fault::bad_structure});
}

TEST_CASE("vcard: a name is said once, unless in other scripts", "[media]") {
  check(card("4.0", {"FN:A", "N:A;;;;", "N:B;;;;"}), media_state::lenient, {fault::bad_structure});
  check(card("4.0", {"FN:A", "N;ALTID=1;LANGUAGE=jp:A", "N;ALTID=1;LANGUAGE=en:B"}), media_state::clean, {});
}

TEST_CASE("vcard: text is UTF-8 without control characters", "[media]") {
  const faults bad{fault::bad_text};
  check(card("3.0", {"N:Nov\xE1k", "FN:Nov\xE1k"}), media_state::lenient, bad);
  check(card("2.1", {"N;CHARSET=ISO-8859-1:Nov\xE1k"}), media_state::lenient, bad);
  check(card("3.0", {"N:A", {"FN:a\0b", 6}}), media_state::lenient, bad);
  check(card("3.0", {"N:A", "FN:a\x7F"}), media_state::lenient, bad);
  check(card("3.0", {"N:A", "FN:a\tb"}), media_state::clean, {});
  CHECK(read({"\xFF\xFE"
              "B\0E\0G\0I\0N\0:\0V\0C\0A\0R\0D\0\r\0\n\0",
              28})
            .state == media_state::broken);
}

TEST_CASE("vcard: a character is whole wherever the window's bytes end", "[media]") {
  for (const std::string character : {"é", "日", "🎉"}) {
    std::string note = "NOTE:";
    while (note.size() < 40'000) note += character;
    for (std::size_t lead = 0; lead < 4; ++lead) {
      const std::string file = card("3.0", {"N:A", "FN:A", "X-LEAD:" + std::string(lead, 'x'), note});
      CHECK(read(file).state == media_state::clean);
      CHECK(read(file.substr(0, file.size() - 14) + "\r\nEND:VCARD\r\n").faults == faults{fault::bad_text});
    }
  }
}

TEST_CASE("vcard: long parameters and long lines hide nothing", "[media]") {
  check(card("3.0", {"N:A", "FN;X-LONG=" + std::string(900, 'x') + ":A"}), media_state::clean, {});
  check(card("3.0", {"N:A", "FN:A", "ADR;LABEL=" + std::string(5'000, 'x') + ":;;A"}), media_state::clean, {});
  check(card("3.0", {"N:A", "FN:A", "NOTE:" + std::string(1'000'000, 'x')}), media_state::clean, {});
}

TEST_CASE("vcard: a file of more lines than are read is not called clean", "[media]") {
  std::string file = "BEGIN:VCARD\r\nVERSION:3.0\r\nN:A\r\nFN:A\r\n";
  for (int i = 0; i < 110'000; ++i) file += "TEL:1\r\n";
  check(file + "END:VCARD\r\n", media_state::lenient, {fault::too_complex});
}
