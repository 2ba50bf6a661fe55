// media/icalendar_reader - calendars: an invitation's frame, and whether something to remember stands in it.
//
// Pure but for the window; nothing allocates. Source: RFC 5545; vCalendar 1.0 (versit 1996) is what 1.0 in VERSION
// means.
//
// A component without its end, ends that do not match and calendars of nothing are broken: address books and calendars
// on phones take none of it. Properties that are missing are made up for.
#include <array>
#include <broadside/fixed_string.hpp>
#include <media/content_lines.hpp>
#include <media/readers.hpp>

namespace broadside::media {
namespace {

constexpr std::size_t nested_max = 8;  // an alarm in an event in a calendar is three

/// A component that has begun: its name, and which properties it has.
struct component {
  fixed_string<32> name{};
  std::uint32_t versions = 0;
  bool has_product = false;
  bool has_method = false;
  bool has_uid = false;
  bool has_stamp = false;
  bool has_start = false;
};

class icalendar_reader {
 public:
  icalendar_reader(window& file, media_facts& facts) noexcept : file_(file), facts_(facts), lines_(file) {}

  void read() noexcept {
    if (file_.look(0, 3).starts_with("\xEF\xBB\xBF")) {
      file_.lenient(media_fault::leading_bytes);  // a byte order mark: some readers take it for part of BEGIN
      lines_.skip(3);
    }
    content_line line;
    while (lines_.next(line)) take(line);
    if (depth_ != 0) file_.broken(media_fault::no_end);
    if (entries_ == 0) file_.broken(media_fault::no_content);
  }

 private:
  void take(const content_line& line) noexcept {
    if (depth_ == 0) return take_outside(line);
    if (line.is("BEGIN")) return begin(line);
    if (line.is("END")) return end(line);
    if (line.is_property) return take_property(line);
    file_.lenient(media_fault::bad_structure);
  }

  void take_outside(const content_line& line) noexcept {
    if (line.is("BEGIN", "VCALENDAR")) return begin(line);
    if (calendars_ == 0) {
      file_.lenient(media_fault::leading_bytes);
    } else if (!line.is_blank) {
      file_.lenient(media_fault::trailing_bytes);
    }
  }

  void begin(const content_line& line) noexcept {
    if (depth_ == nested_max) return file_.broken(media_fault::too_complex);
    // A calendar in a calendar: the end of the first one is missing, and everybody reads on as if it were not.
    if (depth_ != 0 && equals_ignoring_case(line.value, "VCALENDAR")) file_.broken(media_fault::bad_structure);
    if (depth_ == 0) ++calendars_;
    open_[depth_] = {};
    open_[depth_].name = line.value;
    ++depth_;
  }

  void end(const content_line& line) noexcept {
    const component& now = open_[depth_ - 1];
    if (!equals_ignoring_case(now.name, fixed_string<32>(line.value))) {
      return file_.broken(media_fault::bad_structure);
    }
    depth_ == 1 ? close_calendar(now) : close_component(now);
    --depth_;
  }

  void close_calendar(const component& now) noexcept {
    if (now.versions == 0 || !now.has_product) file_.lenient(media_fault::missing_property);
    if (now.versions > 1) file_.lenient(media_fault::bad_structure);
  }

  void close_component(const component& now) noexcept {
    if (depth_ != 2) return;
    const auto is = [&](std::string_view name) { return equals_ignoring_case(now.name, name); };
    if (is("VTIMEZONE") || is("VCALENDAR")) return;  // nothing to remember
    ++entries_;
    if (is("VEVENT") && facts_.version == "2.0") {
      const bool has_time = now.has_start || open_[0].has_method;
      if (!now.has_uid || !now.has_stamp || !has_time) file_.lenient(media_fault::missing_property);
    }
  }

  void take_property(const content_line& line) noexcept {
    component& now = open_[depth_ - 1];
    if (depth_ == 1 && line.is("VERSION")) return take_version(line);
    if (line.value.empty()) return;
    now.has_product = now.has_product || line.is("PRODID");
    now.has_method = now.has_method || line.is("METHOD");
    now.has_uid = now.has_uid || line.is("UID");
    now.has_stamp = now.has_stamp || line.is("DTSTAMP");
    now.has_start = now.has_start || line.is("DTSTART");
  }

  void take_version(const content_line& line) noexcept {
    ++open_[0].versions;
    const bool is_number = line.value.find_first_not_of("0123456789.;") == line.value.npos;
    if (facts_.version.empty() && is_number) facts_.version = line.value;
    if (line.value != "2.0") file_.lenient(media_fault::bad_structure);  // read all the same, dates and names as in 2.0
  }

  window& file_;
  media_facts& facts_;
  content_lines lines_;
  std::array<component, nested_max> open_{};
  std::size_t depth_ = 0;
  std::uint64_t calendars_ = 0;
  std::uint64_t entries_ = 0;  // events, tasks …: components of a calendar that are not its time zones
};

}  // namespace

void read_icalendar(window& file, media_facts& facts) noexcept { icalendar_reader(file, facts).read(); }

}  // namespace broadside::media
