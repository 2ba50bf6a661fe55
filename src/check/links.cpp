// check/links - links in texts: shorteners that networks refuse, and links that phones cannot follow.
#include <fmt/format.h>
#include <algorithm>
#include <check/inspected.hpp>
#include <check/wording.hpp>
#include <links/links.hpp>

namespace broadside::check_detail {
namespace {

constexpr std::size_t told_max = 32;  // findings about links of one text: enough to mend it by

struct place {
  const inspected_text& text;
  const links::found_link& link;
};

finding at_link(const place& p, std::string_view rule, severity how, std::string_view allowed, std::string_view fix) {
  return {.rule = rule,
          .severity = how,
          .where = std::string(p.text.field),
          .measured = fmt::format("{} at {}", quoted(p.link.text), place_of(p.text.source, p.link.at)),
          .allowed = std::string(allowed),
          .whose = std::string(ours),
          .fix = std::string(fix)};
}

/// A shared shortener where one is refused stops the message; one brand's own is tolerated more often than not.
severity severity_of(shortener_rule rule, links::shortener kind) noexcept {
  if (rule == shortener_rule::refused) {
    return kind == links::shortener::shared ? severity::error : severity::warning;
  }
  return kind == links::shortener::shared ? severity::warning : severity::advice;
}

void expect_no_shortener(const inspected& in, const place& p, findings& found) {
  const auto kind = links::shortener_of(p.link.host);
  if (kind == links::shortener::none) return;
  auto rule = shortener_rule::allowed;
  for (const content_limits& each : in.limits.profiles()) rule = std::max(rule, each.public_shorteners);
  if (rule == shortener_rule::allowed) return;
  auto made = at_link(p, "links.shortener", severity_of(rule, kind), "no public link shortener",
                      "Link to your own domain: carriers block links of public shorteners.");
  made.whose = whose(in.limits, [&](const content_limits& each) { return each.public_shorteners == rule; });
  found.push_back(std::move(made));
}

}  // namespace

void check_links(const inspected& in, const inspected_text& text, findings& found) {
  if (!text.compiled) return;
  std::vector<links::found_link> all;
  links::find_links(text.source, all);
  const std::size_t before = found.size();
  for (const auto& link : all) {
    if (found.size() - before >= told_max) return;
    const place p{text, link};
    expect_no_shortener(in, p, found);
    if (link.broken) {
      found.push_back(at_link(p, "links.broken", severity::warning, "a link in one piece",
                              "Type the link again: an invisible character or a line break cuts it on phones."));
    } else if (!link.has_scheme) {
      found.push_back(at_link(p, "links.bare", severity::advice, "https:// in front of links",
                              "Write https:// in front if it is a link; if not, mind that phones may make it one."));
    }
  }
}

}  // namespace broadside::check_detail
