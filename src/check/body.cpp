// check/body - the text of the message. Pure; any thread; allocates.
#include <fmt/format.h>
#include <check/clusters.hpp>
#include <check/inspected.hpp>
#include <check/lengths.hpp>
#include <check/wording.hpp>
#include <text/characters.hpp>

namespace broadside::check_detail {
namespace {

void expect_content(const inspected& in, findings& found) {
  if (!in.campaign.media.empty() || !in.text.compiled) return;
  const bool certain = in.text.source.empty();
  if (!certain && !unfilled(*in.text.compiled, in.bounds).empty()) return;
  found.push_back({.rule = "text.empty",
                   .severity = certain ? severity::error : severity::warning,
                   .where = "text",
                   .measured = certain ? "neither text nor media" : "nothing is left when every value is empty",
                   .allowed = "text or media",
                   .whose = std::string(ours),
                   .fix = certain ? "Write a text or add a medium." : "Give the values a default, or add some text."});
}

void advise_visible(const inspected& in, findings& found) {
  for (const auto& piece : in.text.compiled->pieces()) {
    const auto hidden = text::find_invisible(piece.literal);
    if (!hidden) continue;
    const auto at = piece.at + (piece.attribute >= 0 ? 0 : hidden->at);
    found.push_back(
        {.rule = "text.invisible",
         .severity = severity::advice,
         .where = "text",
         .measured = fmt::format("{} at {}", name_of_character(hidden->character), place_of(in.text.source, at)),
         .allowed = "visible characters",
         .whose = std::string(ours),
         .fix = "Delete it unless the script needs it: filters take invisible characters for spam."});
    return;
  }
}

/// A number of characters up to which a text is an SMS, and cheaper.
void expect_sms(const inspected& in, text_length length, findings& found) {
  if (!in.campaign.media.empty()) return;
  advise_length(in, "text.becomes_mms", "text", length, &content_limits::sms_text_max,
                "Shorten it to stay an SMS: longer texts are sent, and priced, as MMS even without media.",
                severity::warning, found);
}

void expect_plain_letters(const inspected& in, findings& found) {
  const auto names = whose(in.limits, [](const content_limits& p) { return p.accents_unsure; });
  if (names.empty()) return;
  const auto beyond_ascii = [](char32_t c) { return c > 0x7F; };
  const auto strange = find_cluster(
      *in.text.compiled, [&](std::string_view cluster) { return find_character(cluster, beyond_ascii).has_value(); });
  if (!strange) return;
  found.push_back({.rule = "text.accents",
                   .severity = severity::warning,
                   .where = "text",
                   .measured = fmt::format(
                       "{} at {}", name_of_character(find_character(strange->cluster, beyond_ascii).value_or(0)),
                       place_of(in.text.source, strange->at)),
                   .allowed = "ASCII",
                   .whose = names,
                   .fix = "Write it without accents and symbols: they are not guaranteed to arrive as they are."});
}

}  // namespace

void check_text(const inspected& in, findings& found) {
  expect_content(in, found);
  if (!in.text.compiled) return;
  const auto length = length_of(*in.text.compiled, in.bounds);
  expect_length(in, "text.length", "text", length, &content_limits::text_max, found);
  expect_sms(in, length, found);
  expect_plain_letters(in, found);
  advise_visible(in, found);
  check_links(in, in.text, found);
}

}  // namespace broadside::check_detail
