// tests/media/icalendar - a calendar has a version, a maker and something to remember, and every end has its beginning.
#include <media/readers.hpp>
#include <string>
#include <support/catch.hpp>
#include <support/read_with.hpp>

using namespace broadside;
using fault = media_fault;
using faults = enum_set<media_fault>;

namespace {

media_facts read(std::string_view file) { return media::read_with(media::read_icalendar, file); }

std::string lines(std::initializer_list<std::string_view> all) {
  std::string file;
  for (const auto each : all) file.append(each).append("\r\n");
  return file;
}

const std::string head = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Acme//EN\r\n";
const std::string foot = "END:VCALENDAR\r\n";
const std::string event = lines({"BEGIN:VEVENT", "UID:1@acme.example", "DTSTAMP:20260101T000000Z",
                                 "DTSTART:20260102T090000Z", "SUMMARY:Sale", "END:VEVENT"});

void check(const std::string& file, media_state state, faults expected) {
  INFO(file);
  const media_facts facts = read(file);
  CHECK(facts.state == state);
  CHECK(facts.faults == expected);
}

}  // namespace

TEST_CASE("icalendar: an event in a calendar is clean", "[media]") {
  check(head + event + foot, media_state::clean, {});
  check(head + event + event + foot + head + event + foot, media_state::clean, {});
  CHECK(read(head + event + foot).version == "2.0");
}

TEST_CASE("icalendar: alarms and time zones are nested", "[media]") {
  const std::string zone = lines({"BEGIN:VTIMEZONE", "TZID:Here", "BEGIN:STANDARD", "DTSTART:19700101T000000",
                                  "TZOFFSETFROM:+0100", "TZOFFSETTO:+0100", "END:STANDARD", "END:VTIMEZONE"});
  std::string with_alarm = event;
  with_alarm.insert(with_alarm.find("END:VEVENT"), lines({"BEGIN:VALARM", "ACTION:DISPLAY", "END:VALARM"}));
  check(head + zone + with_alarm + foot, media_state::clean, {});
  check(head + zone + foot, media_state::broken, {fault::no_content});
}

TEST_CASE("icalendar: names are case-insensitive, and lines are folded", "[media]") {
  check("begin:vcalendar\nversion:2.0\nprod\n id:x\nbegin:vtodo\nuid:1\nend:VTODO\nEND:vCalendar\n", media_state::clean,
        {});
}

TEST_CASE("icalendar: what RFC 5545 requires is missed", "[media]") {
  const faults missing{fault::missing_property};
  check(lines({"BEGIN:VCALENDAR", "VERSION:2.0"}) + event + foot, media_state::lenient, missing);
  check(lines({"BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:"}) + event + foot, media_state::lenient, missing);
  check(lines({"BEGIN:VCALENDAR", "PRODID:x"}) + event + foot, media_state::lenient, missing);
  for (const std::string name : {"UID", "DTSTAMP", "DTSTART"}) {
    std::string without = event;
    without.replace(without.find(name), name.size(), "X-" + name);
    check(head + without + foot, media_state::lenient, missing);
    const bool a_method_names_it = name == "DTSTART";
    check(head + "METHOD:PUBLISH\r\n" + without + foot, a_method_names_it ? media_state::clean : media_state::lenient,
          a_method_names_it ? faults{} : missing);
  }
}

TEST_CASE("icalendar: the version is 2.0, once", "[media]") {
  const std::string bare_event = lines({"BEGIN:VEVENT", "DTSTART:20260102T090000Z", "END:VEVENT"});
  check(lines({"BEGIN:VCALENDAR", "VERSION:1.0", "PRODID:x"}) + bare_event + foot, media_state::lenient,
        {fault::bad_structure});
  CHECK(read(lines({"BEGIN:VCALENDAR", "VERSION:1.0", "PRODID:x"}) + bare_event + foot).version == "1.0");
  check(head + "VERSION:2.0\r\n" + event + foot, media_state::lenient, {fault::bad_structure});
}

TEST_CASE("icalendar: a calendar of nothing is broken", "[media]") {
  check(head + foot, media_state::broken, {fault::no_content});
  check("", media_state::broken, {fault::no_content});
}

TEST_CASE("icalendar: ends match their beginnings", "[media]") {
  check(head + event, media_state::broken, {fault::no_end});
  check(head + "BEGIN:VEVENT\r\n" + foot, media_state::broken,
        {fault::bad_structure, fault::no_end, fault::no_content});
  check(head + event + "END:VEVENT\r\n" + foot, media_state::broken, {fault::bad_structure});
  check(head + head + event + foot + foot, media_state::broken, {fault::bad_structure, fault::no_content});
  check(head + event + foot + foot, media_state::lenient, {fault::trailing_bytes});
  const std::string whole = head + event + foot;
  for (std::size_t size = 17; size + 2 < whole.size(); ++size) {
    INFO(whole.substr(0, size));
    CHECK(read(whole.substr(0, size)).faults.contains(fault::no_end));
    CHECK(read(whole.substr(0, size)).state == media_state::broken);
  }
}

TEST_CASE("icalendar: nesting ends somewhere", "[media]") {
  std::string deep = head;
  for (int i = 0; i < 10'000; ++i) deep += "BEGIN:X-DEEP\r\n";
  CHECK(read(deep).faults.contains(fault::too_complex));
  CHECK(read(deep).state == media_state::broken);
}

TEST_CASE("icalendar: what does not belong is told and passed over", "[media]") {
  check("\xEF\xBB\xBF" + head + event + foot, media_state::lenient, {fault::leading_bytes});
  check("hello\r\n" + head + event + foot, media_state::lenient, {fault::leading_bytes});
  check(head + "no property\r\n" + event + foot, media_state::lenient, {fault::bad_structure});
  check(head + "\r\n" + event + foot, media_state::lenient, {fault::bad_structure});
  check(head + "X-NOTE:caf\xE9\r\n" + event + foot, media_state::lenient, {fault::bad_text});
}
