// tests/conformance/subject - counts and flags of short texts.
#include <algorithm>
#include <array>
#include <broadside/check.hpp>
#include <string>
#include <support/text_facts.hpp>
#include <text/emoji.hpp>
#include <text/json.hpp>
#include <text/unicode.hpp>
#include <text/utf8.hpp>
#include "mode.hpp"
#include "row.hpp"

namespace broadside::conformance {
namespace {

using test::text_facts;

struct count_name {
  std::string_view name;
  std::size_t text_facts::*member;
};
struct flag_name {
  std::string_view name;
  bool text_facts::*member;
};
constexpr std::array<count_name, 4> counts{{
    {"bytes", &text_facts::bytes},
    {"code_points", &text_facts::code_points},
    {"utf16", &text_facts::utf16_units},
    {"graphemes", &text_facts::clusters},
}};
constexpr std::array<flag_name, 9> flags{{
    {"ascii_printable", &text_facts::ascii_printable},
    {"gsm7", &text_facts::gsm7},
    {"naive_p_emoji", &text_facts::emoji_property},
    {"emoji_presentation", &text_facts::emoji_presentation},
    {"extended_pictographic", &text_facts::extended_pictographic},
    {"rule_has_emoji", &text_facts::shows_emoji},
    {"control", &text_facts::control},
    {"invisible", &text_facts::invisible},
    {"lone_surrogate", &text_facts::lone_surrogate},
}};

std::string pointer_to(std::string_view name) { return "/expect/" + std::string(name); }

/// The facts that the row states. False: one of them is missing or something else.
bool read_facts(const row& from, text_facts& out) {
  for (const auto& each : counts) {
    const auto count = from.number_at(pointer_to(each.name));
    if (!count) return false;
    out.*each.member = *count;
  }
  for (const auto& each : flags) {
    const auto flag = from.flag_at(pointer_to(each.name));
    if (!flag) return false;
    out.*each.member = *flag;
  }
  return true;
}

std::string json_of(const text_facts& facts) {
  std::string out;
  text::json_writer json(out);
  json.begin_object();
  for (const auto& each : counts) json.number_member(each.name, facts.*each.member);
  for (const auto& each : flags) json.flag_member(each.name, facts.*each.member);
  json.end_object();
  json.flush();
  return out;
}

/// Whether the text has pictographs, and none that is an emoji: those that versions after 15 took out of the property.
bool has_former_pictographs_only(std::string_view text) {
  bool former = false;
  for (std::size_t at = 0; at < text.size();) {
    const char32_t c = text::next_code_point(text, at);
    if (!text::is_extended_pictographic(c)) continue;
    if (text::is_emoji(c)) return false;
    former = true;
  }
  return former;
}

/// Whether check() finds in the text as a subject what the facts say is wrong with one, under the strictest rules.
bool check_agrees(std::string_view subject, const text_facts& facts) {
  content_limits strict;
  strict.name.assign("strict");
  strict.subject_characters = subject_characters::ascii;
  strict.subject_max = static_cast<std::uint32_t>(facts.code_points == 0 ? 0 : facts.code_points - 1);
  campaign c;
  c.subject = subject;
  const auto found = check(c, strict);
  const auto has = [&](std::string_view rule) {
    return std::any_of(found.begin(), found.end(),
                       [&](const finding& f) { return f.rule == rule && f.where == "subject"; });
  };
  if (!facts.well_formed) return has("subject.utf8");
  if (has("template.syntax")) return true;  // no text for the rules
  const bool strange = has("subject.characters") || has("subject.control") || has("subject.invisible");
  return strange != facts.ascii_printable && has("subject.control") == facts.control &&
         has("subject.invisible") == facts.invisible && has("subject.length") == (facts.code_points > 0);
}

}  // namespace

judgement judge_subject(std::string_view line) {
  row from;
  text_facts expected;
  if (!from.read(line)) return unreadable("not a JSON object");
  const auto text = from.string_at("/text");
  if (!text || !read_facts(from, expected)) return unreadable("text or a member of expect is missing");
  const text_facts facts = test::facts_of(*text);
  judgement made = compared(json_of(facts), json_of(expected));
  if (!check_agrees(*text, facts)) {
    made.verdict = verdict::fail;
    return made;
  }
  if (made.verdict == verdict::pass || text::find_invalid_utf8(*text)) return made;
  text_facts later = facts;
  later.extended_pictographic = expected.extended_pictographic;
  if (json_of(later) == json_of(expected) && has_former_pictographs_only(*text)) {
    made.verdict = verdict::policy;
    made.reason = "Extended_Pictographic as of Unicode 15; later versions keep it to emoji";
  }
  return made;
}

}  // namespace broadside::conformance
