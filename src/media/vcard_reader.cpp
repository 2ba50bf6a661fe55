// media/vcard_reader - vCards: what each version requires, cards behind and inside one another.
//
// Pure but for the window; nothing allocates. Sources: vCard 2.1 (versit 1996), RFC 2426 (3.0), RFC 6350 (4.0).
//
// What phones' readers fail on is broken: no such version, a card without an end, nothing in it. What they pass over or
// make up for is lenient.
#include <array>
#include <broadside/fixed_string.hpp>
#include <media/content_lines.hpp>
#include <media/readers.hpp>

namespace broadside::media {
namespace {

constexpr std::size_t nested_max = 8;  // cards of agents of agents; nobody writes two

/// What has been seen of a card.
struct card {
  fixed_string<8> version{};
  std::uint32_t versions = 0;
  std::uint32_t properties = 0;
  std::uint32_t names = 0;      // N
  bool has_shown_name = false;  // FN, not empty
  bool has_name_parts = false;
  bool has_contact = false;  // anything that a phone would show
};

bool is_filled(const content_line& line) noexcept { return line.value.find_first_not_of("; \t") != line.value.npos; }

class vcard_reader {
 public:
  vcard_reader(window& file, media_facts& facts) noexcept : file_(file), facts_(facts), lines_(file) {}

  void read() noexcept {
    if (file_.look(0, 3).starts_with("\xEF\xBB\xBF")) {
      file_.lenient(media_fault::leading_bytes);  // a byte order mark: some readers take it for part of BEGIN
      lines_.skip(3);
    }
    content_line line;
    while (lines_.next(line)) take(line);
    if (depth_ != 0) {
      file_.broken(media_fault::no_end);
      close();
    }
    if (cards_with_content_ == 0) file_.broken(media_fault::no_content);
  }

 private:
  void take(const content_line& line) noexcept {
    if (line.is("BEGIN", "VCARD")) return begin();
    if (depth_ == 0) return take_outside(line);
    if (line.is("END", "VCARD")) return end();
    if (line.is_blank) return take_blank();
    if (!line.is_property) return take_unknown();
    const bool opens_agent = line.is("AGENT", "BEGIN:VCARD");
    take_property(line);
    if (opens_agent) begin();
  }

  void take_outside(const content_line& line) noexcept {
    if (cards_ == 0) {
      file_.lenient(media_fault::leading_bytes);
    } else if (!line.is_blank) {
      file_.lenient(media_fault::trailing_bytes);
    }
  }

  void take_blank() noexcept {
    // 2.1 lets lines be empty, and ends base64 with one.
    if (open().version != "2.1") file_.lenient(media_fault::bad_structure);
    in_base64_ = false;
  }

  void take_unknown() noexcept {
    const bool is_base64_of_2_1 = in_base64_ && open().version == "2.1";
    if (!is_base64_of_2_1) file_.lenient(media_fault::bad_structure);
  }

  void begin() noexcept {
    if (depth_ != 0 && !after_agent_) {
      file_.lenient(media_fault::no_end);
      close();
    }
    if (depth_ == nested_max) return file_.broken(media_fault::too_complex);
    cards_open_[depth_] = {};
    ++depth_;
    ++cards_;
    after_agent_ = in_base64_ = false;
  }

  void end() noexcept {
    close();
    after_agent_ = in_base64_ = false;
  }

  void take_property(const content_line& line) noexcept {
    card& now = open();
    after_agent_ = line.is("AGENT");
    in_base64_ = line.is_base64();
    ++now.properties;
    if (line.is("VERSION")) return take_version(line);
    if (line.is("BEGIN") || line.is("END")) return file_.lenient(media_fault::bad_structure);
    if (line.is_quoted_printable() && (now.version == "3.0" || now.version == "4.0")) {
      file_.lenient(media_fault::bad_structure);  // shown as "=C3=A9" where it is not known any more
    }
    if (line.is("N")) {
      if (!line.has_parameter("ALTID")) ++now.names;
      now.has_name_parts = true;
    }
    if (!is_filled(line)) return;
    if (line.is("FN")) now.has_shown_name = true;
    for (const std::string_view each : {"N", "FN", "ORG", "NICKNAME", "TEL", "EMAIL", "ADR", "URL"}) {
      now.has_contact = now.has_contact || line.is(each);
    }
  }

  void take_version(const content_line& line) noexcept {
    card& now = open();
    if (++now.versions > 1) return file_.lenient(media_fault::bad_structure);
    now.version = line.value;
    if (facts_.version.empty() && line.value.find_first_not_of("0123456789.") == line.value.npos) {
      facts_.version = line.value;
    }
    if (now.version == "4.0" && now.properties != 1) file_.lenient(media_fault::bad_structure);  // RFC 6350 §6.7.9
    const bool is_known = now.version == "2.1" || now.version == "3.0" || now.version == "4.0";
    if (!is_known) file_.broken(media_fault::bad_structure);
  }

  /// A card is over: has it what its version requires?
  void close() noexcept {
    const card& now = open();
    const bool has_names = now.version == "2.1"   ? now.has_name_parts
                           : now.version == "4.0" ? now.has_shown_name
                                                  : now.has_name_parts && now.has_shown_name;
    if (now.versions == 0 || !has_names) file_.lenient(media_fault::missing_property);
    if (now.names > 1) file_.lenient(media_fault::bad_structure);
    if (now.has_contact) ++cards_with_content_;
    --depth_;
  }

  [[nodiscard]] card& open() noexcept { return cards_open_[depth_ - 1]; }

  window& file_;
  media_facts& facts_;
  content_lines lines_;
  std::array<card, nested_max> cards_open_{};
  std::size_t depth_ = 0;
  std::uint64_t cards_ = 0;
  std::uint64_t cards_with_content_ = 0;
  bool after_agent_ = false;  // the last property was AGENT: its card may follow
  bool in_base64_ = false;    // the last property was base64: in 2.1 it goes on up to an empty line
};

}  // namespace

void read_vcard(window& file, media_facts& facts) noexcept { vcard_reader(file, facts).read(); }

}  // namespace broadside::media
