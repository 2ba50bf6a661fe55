// check/templates - bytes that are no text, and templates that do not compile: what every other rule needs first.
#include <fmt/format.h>
#include <check/inspected.hpp>
#include <check/wording.hpp>
#include <text/utf8.hpp>

namespace broadside::check_detail {
namespace {

void expect_utf8(std::string_view rule, std::string_view where, std::string_view text, findings& found) {
  const auto bad = text::find_invalid_utf8(text);
  if (!bad) return;
  found.push_back({.rule = rule,
                   .severity = severity::error,
                   .where = std::string(where),
                   .measured = fmt::format("not UTF-8 at byte {}", *bad),
                   .allowed = "UTF-8",
                   .whose = std::string(ours),
                   .fix = "Convert the text to UTF-8 before it comes here."});
}

/// What compile() says of one template. Bytes that are not UTF-8 were found before.
void expect_template(const inspected& in, const inspected_text& text, findings& found) {
  if (text.compiled || text::find_invalid_utf8(text.source)) return;
  const auto made = text::compiled_template::compile(text.source, in.campaign.attributes, text.field);
  if (made) return;
  for (const violation& each : made.error().violations) {
    found.push_back({.rule = "template.syntax",
                     .severity = severity::error,
                     .where = std::string(text.field),
                     .measured = each.rule,
                     .allowed = "{{ attribute }} or {{ attribute | default('text') }}",
                     .whose = std::string(ours),
                     .fix = "Correct the expression, or list the attribute in the campaign's attributes."});
  }
}

}  // namespace

void find_bad_utf8(const inspected& in, findings& found) {
  const campaign& c = in.campaign;
  expect_utf8("name.utf8", "name", c.name, found);
  for (std::size_t i = 0; i < c.attributes.size(); ++i) {
    expect_utf8("attributes.utf8", fmt::format("attributes[{}]", i), c.attributes[i], found);
  }
  expect_utf8("subject.utf8", "subject", c.subject, found);
  expect_utf8("text.utf8", "text", c.text, found);
  for (std::size_t i = 0; i < c.media.size(); ++i) {
    expect_utf8("media.utf8", fmt::format("media[{}].url", i), c.media[i].url, found);
    expect_utf8("media.utf8", fmt::format("media[{}].mime_type", i), c.media[i].mime_type, found);
  }
  expect_utf8("sender.utf8", "sender.display_name", c.sender.display_name, found);
  expect_utf8("sender.utf8", "sender.sender", c.sender.sender, found);
  expect_utf8("fallback.utf8", "fallback.text", c.fallback.text, found);
  expect_utf8("fallback.utf8", "fallback.sender", c.fallback.sender, found);
  expect_utf8("action.utf8", "action_id", c.action_id, found);
  expect_utf8("action.utf8", "action_name", c.action_name, found);
  expect_utf8("action.utf8", "campaign_policy", c.campaign_policy, found);
  expect_utf8("action.utf8", "consent_category", c.consent_category, found);
}

void check_templates(const inspected& in, findings& found) {
  expect_template(in, in.subject, found);
  expect_template(in, in.text, found);
  if (in.campaign.fallback.enabled) expect_template(in, in.fallback, found);
}

}  // namespace broadside::check_detail
