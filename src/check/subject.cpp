// check/subject - what an MMS subject may be. Pure; any thread; allocates.
#include <fmt/format.h>
#include <algorithm>
#include <check/clusters.hpp>
#include <check/inspected.hpp>
#include <check/lengths.hpp>
#include <check/wording.hpp>
#include <optional>
#include <text/characters.hpp>
#include <text/emoji.hpp>

namespace broadside::check_detail {
namespace {

bool is_strange(char32_t c) noexcept { return c > 0x7E && !text::is_control(c) && !text::is_invisible(c); }

finding at_subject(std::string_view rule, severity how, std::string measured, std::string_view allowed,
                   std::string_view fix) {
  return {.rule = rule,
          .severity = how,
          .where = "subject",
          .measured = std::move(measured),
          .allowed = std::string(allowed),
          .whose = std::string(ours),
          .fix = std::string(fix)};
}

/// "“é” at character 5", and whether that stands in a default.
std::string told(const inspected& in, const located& what, std::string_view name) {
  return fmt::format("{} at {}{}", name, place_of(in.subject.source, what.at), what.in_default ? ", in a default" : "");
}

severity severity_of(const located& what) noexcept { return what.in_default ? severity::warning : severity::error; }

void expect_no_emoji(const inspected& in, const text::compiled_template& subject, findings& found) {
  const auto names = whose(in.limits, [](const auto& p) { return p.subject_characters != subject_characters::any; });
  if (names.empty()) return;
  const auto emoji = find_cluster(subject, [](std::string_view cluster) { return text::has_emoji(cluster); });
  if (!emoji) return;
  auto made = at_subject("subject.characters", severity_of(*emoji), told(in, *emoji, quoted(emoji->cluster)),
                         "no emoji", "Leave emoji to the text: networks refuse or garble them in subjects.");
  made.whose = names;
  found.push_back(std::move(made));
}

void expect_ascii(const inspected& in, const text::compiled_template& subject, findings& found) {
  const auto names = whose(in.limits, [](const auto& p) { return p.subject_characters == subject_characters::ascii; });
  if (names.empty()) return;
  const auto strange = find_cluster(subject, [](std::string_view cluster) {
    return find_character(cluster, is_strange).has_value() && !text::has_emoji(cluster);
  });
  if (!strange) return;
  const auto name = name_of_character(find_character(strange->cluster, is_strange).value_or(0));
  auto made = at_subject("subject.characters", severity_of(*strange), told(in, *strange, name), "printable ASCII",
                         "Write the subject with plain letters, digits and punctuation.");
  made.whose = names;
  found.push_back(std::move(made));
}

void expect_no_control(const inspected& in, const text::compiled_template& subject, findings& found) {
  const auto control = find_cluster(
      subject, [](std::string_view cluster) { return find_character(cluster, text::is_control).has_value(); });
  if (!control) return;
  const auto name = name_of_character(find_character(control->cluster, text::is_control).value_or(0));
  found.push_back(at_subject("subject.control", severity_of(*control), told(in, *control, name), "one line",
                             "Take line breaks, tabs and control characters out: a subject is one line."));
}

/// Nobody types them into a subject on purpose: they come with pasted text, or are meant to deceive.
void expect_visible(const inspected& in, const text::compiled_template& subject, findings& found) {
  std::optional<located> first;
  char32_t character = 0;
  for (const auto& piece : subject.pieces()) {
    const auto hidden = text::find_invisible(piece.literal);
    const bool in_default = piece.attribute >= 0;
    if (!hidden || (first && (in_default || !first->in_default))) continue;  // literal text goes before defaults
    first = located{{}, piece.at + (in_default ? 0 : hidden->at), in_default};
    character = hidden->character;
  }
  if (!first) return;
  found.push_back(at_subject("subject.invisible", severity_of(*first), told(in, *first, name_of_character(character)),
                             "visible characters", "Delete the invisible character, or type the subject again."));
}

void expect_no_encoded_word(const inspected& in, const text::compiled_template& subject, findings& found) {
  const auto pieces = subject.pieces();
  const bool certain = std::any_of(pieces.begin(), pieces.end(),
                                   [](const auto& p) { return p.attribute < 0 && text::has_encoded_word(p.literal); });
  if (!certain && !text::has_encoded_word(unfilled(subject, in.bounds))) return;
  found.push_back(at_subject(
      "subject.encoded_word", certain ? severity::error : severity::warning,
      certain ? "an encoded word of mail, \"=?…?=\"" : "an encoded word of mail, \"=?…?=\", made with a default",
      "plain text", "Write the characters themselves: phones show the code, or decode it into anything."));
}

/// Messages are looked at again when their values are known: each is rejected by itself then.
void advise_values(const inspected& in, const text::compiled_template& subject, findings& found) {
  if (subject.is_constant()) return;
  auto strictest = subject_characters::any;
  for (const content_limits& each : in.limits.profiles()) strictest = std::max(strictest, each.subject_characters);
  if (strictest == subject_characters::any) return;
  const bool ascii = strictest == subject_characters::ascii;
  auto made =
      at_subject("subject.values", severity::advice,
                 ascii ? "values may bring accents, emoji or line breaks" : "values may bring emoji or line breaks",
                 ascii ? "printable ASCII" : "no emoji",
                 "Keep them out of the audience: a message whose subject has one is rejected.");
  made.whose = whose(in.limits, [&](const content_limits& p) { return p.subject_characters == strictest; });
  found.push_back(std::move(made));
}

void advise_nfc(const text::compiled_template& subject, findings& found) {
  const auto pieces = subject.pieces();
  const auto changes = [](const auto& piece) {
    std::string composed;
    return text::append_nfc(composed, piece.literal);
  };
  if (std::none_of(pieces.begin(), pieces.end(), changes)) return;
  found.push_back(at_subject("subject.not_nfc", severity::advice, "letters and their accents apart", "NFC",
                             "Compose the characters (Unicode NFC): they count once then, and show alike everywhere."));
}

/// Nobody documents whether a limit of characters is held against bytes somewhere on the way.
void advise_bytes(const inspected& in, const text::compiled_template& subject, findings& found) {
  const auto strictest = in.limits.strictest(&content_limits::subject_max);
  const std::string literal = subject.literal_text();
  const auto length = length_of(subject, in.bounds);
  if (!strictest || length.certain > strictest->allowed || literal.size() <= strictest->allowed) return;
  auto made =
      at_subject("subject.bytes", severity::advice,
                 fmt::format("{} in {}", count_of(length.certain, "character"), count_of(literal.size(), "byte")),
                 count_of(strictest->allowed, "byte"),
                 "Shorten it, or use fewer characters beyond ASCII: some networks count bytes.");
  made.whose = std::string(strictest->whose);
  found.push_back(std::move(made));
}

}  // namespace

void check_subject(const inspected& in, findings& found) {
  if (!in.subject.compiled) return;
  const auto& subject = *in.subject.compiled;
  const auto length = length_of(subject, in.bounds);
  expect_length(in, "subject.length", "subject", length, &content_limits::subject_max, found);
  advise_length(in, "subject.advised", "subject", length, &content_limits::subject_advised,
                "Put what matters first: some phones cut the rest.", severity::advice, found);
  expect_no_control(in, subject, found);
  expect_visible(in, subject, found);
  expect_no_encoded_word(in, subject, found);
  expect_no_emoji(in, subject, found);
  expect_ascii(in, subject, found);
  advise_values(in, subject, found);
  check_shorteners(in, in.subject, found);
  advise_nfc(subject, found);
  advise_bytes(in, subject, found);
}

}  // namespace broadside::check_detail
