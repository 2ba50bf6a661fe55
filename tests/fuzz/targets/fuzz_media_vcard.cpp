// fuzz/fuzz_media_vcard - cards and calendars of any bytes have facts that hold together, and a card that is written is
// read as clean and says what it was given.
//
// Pure; one thread.
#include <algorithm>
#include <broadside/contact_card.hpp>
#include <cstddef>
#include <cstdint>
#include <media/readers.hpp>
#include <string>
#include <string_view>
#include <support/fuzz.hpp>
#include <support/fuzz_media.hpp>
#include <support/read_with.hpp>
#include <text/utf8.hpp>

using broadside::contact_card;
using broadside::media_facts;
using broadside::media_fault;
using broadside::media_state;
using broadside::vcard_version;
using broadside::fuzz::require;

namespace {

bool contains_ignoring_case(std::string_view text, std::string_view upper_case) {
  const auto same = [](char a, char b) { return (a >= 'a' && a <= 'z' ? static_cast<char>(a - 'a' + 'A') : a) == b; };
  return std::search(text.begin(), text.end(), upper_case.begin(), upper_case.end(), same) != text.end();
}

/// What lies in a clean file of lines, as a search through its unfolded bytes finds it.
void check_clean(std::string text, std::string_view begin, std::string_view end) {
  require(!broadside::text::find_invalid_utf8(text).has_value(), "clean text is UTF-8");
  require(text.find('\0') == std::string::npos, "clean text has no NUL");
  for (const std::string_view fold : {"\r\n ", "\r\n\t", "\n ", "\n\t"}) {
    for (auto at = text.find(fold); at != std::string::npos; at = text.find(fold, at)) text.erase(at, fold.size());
  }
  require(contains_ignoring_case(text, begin), "a clean file has a beginning");
  require(contains_ignoring_case(text, "VERSION"), "a clean file has a version");
  require(contains_ignoring_case(text, end), "a clean file has an end");
}

void check_reader(void (*reader)(broadside::media::window&, media_facts&) noexcept, std::string_view file,
                  std::string_view begin, std::string_view end) {
  const media_facts facts = broadside::media::read_with(reader, file);
  require(facts.faults.empty() == (facts.state == media_state::clean), "clean is without faults");
  require(facts.version.view().find_first_not_of("0123456789.;") == std::string_view::npos, "a version is a number");
  if (facts.state == media_state::clean) check_clean(std::string(file), begin, end);

  const media_facts marked = broadside::media::read_with(reader, "\xEF\xBB\xBF" + std::string(file));
  if (!file.starts_with("\xEF\xBB\xBF")) {
    require(marked.state >= media_state::lenient, "a byte order mark is told");
    require(marked.state == std::max(facts.state, media_state::lenient), "and changes nothing else");
    require(marked.version == facts.version, "nor the version");
  }
}

// ---- what is written

/// The value of the first property that begins with `start`: unfolded, escapes undone.
std::string value_after(const std::string& card, const std::string& start) {
  std::string text = card;
  for (auto at = text.find("\r\n "); at != std::string::npos; at = text.find("\r\n ", at)) text.erase(at, 3);
  const auto at = text.find("\r\n" + start);
  require(at != std::string::npos, "what was given is there");
  std::string value;
  for (auto i = at + 2 + start.size(); text[i] != '\r'; ++i) {
    const bool is_escaped = text[i] == '\\';
    if (is_escaped) ++i;
    value += is_escaped && text[i] == 'n' ? '\n' : text[i];
  }
  return value;
}

void check_lines(const std::string& card) {
  std::string_view rest = card;
  while (!rest.empty()) {
    const auto end = rest.find("\r\n");
    require(end != std::string_view::npos && end <= 75, "lines are ended, and at most 75 octets long");
    require(!broadside::text::find_invalid_utf8(rest.substr(0, end)).has_value(), "no character is cut by a fold");
    require(rest.substr(0, end).find('\r') == std::string_view::npos, "no CR stands alone");
    rest.remove_prefix(end + 2);
  }
}

/// Line breaks as a card keeps them: of every kind, one.
std::string with_plain_breaks(std::string text) {
  for (const std::string_view each : {"\r\n", "\r", "\u0085", "\u2028", "\u2029"}) {
    for (auto at = text.find(each); at != std::string::npos; at = text.find(each, at))
      text.replace(at, each.size(), "\n");
  }
  return text;
}

void check_writer(std::string_view text, vcard_version version) {
  const auto cut = std::min(text.find('\n'), text.size());
  const contact_card card{.name = std::string(text.substr(0, cut)),
                          .family_name = std::string(text.substr(0, cut / 2)),
                          .organisation = std::string(text.substr(cut / 2, cut - cut / 2)),
                          .numbers = {{std::string(text.substr(0, std::min<std::size_t>(cut, 20)))}},
                          .note = std::string(text.substr(cut))};
  contact_card without_number = card;
  without_number.numbers.clear();
  for (const contact_card& each : {card, without_number}) {
    const auto written = broadside::write_vcard(each, version);
    if (!written) {
      require(!written.error().violations.empty(), "a refusal says why");
      continue;
    }
    check_lines(*written);
    const media_facts facts = broadside::media::read_with(broadside::media::read_vcard, *written);
    require(facts.state == media_state::clean, "a card that is written is clean");
    require(facts.version == (version == vcard_version::v3_0 ? "3.0" : "4.0"), "and of its version");
    require(value_after(*written, "FN:") == each.name, "the name comes back");
    if (!each.note.empty()) require(value_after(*written, "NOTE:") == with_plain_breaks(each.note), "and the note");
    if (!each.organisation.empty()) require(value_after(*written, "ORG:") == each.organisation, "and the organisation");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  broadside::fuzz::read_checked(text);
  check_reader(broadside::media::read_vcard, text, "BEGIN:", "END:");
  check_reader(broadside::media::read_icalendar, text, "BEGIN:", "END:");
  check_writer(text, vcard_version::v3_0);
  check_writer(text, vcard_version::v4_0);
  return 0;
}
