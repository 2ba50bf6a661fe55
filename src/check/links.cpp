// check/links - links in texts: shorteners that networks refuse, and links that phones cannot follow.
#include <fmt/format.h>
#include <algorithm>
#include <check/inspected.hpp>
#include <check/wording.hpp>
#include <cstddef>
#include <links/links.hpp>
#include <string>

namespace broadside::check_detail {
namespace {

constexpr std::size_t told_max = 32;  // findings of one rule and severity about one text: enough to mend it by

struct place {
  const inspected_text& text;
  const links::found_link& link;
  std::size_t at = 0;       // byte offset in the source; of "{{" when the link stands in a default
  bool in_default = false;  // then only messages without a value have it
};

/// Appends findings about links of one text. Each severity has its own room, so that no error is lost behind advice.
class teller {
 public:
  explicit teller(findings& found) noexcept : found_(found), before_(found.size()) {}

  void tell(const place& p, std::string_view rule, severity how, std::string_view allowed, std::string_view fix,
            std::string_view whose = ours) {
    const auto first = found_.begin() + static_cast<std::ptrdiff_t>(before_);
    const auto alike =
        std::count_if(first, found_.end(), [&](const finding& f) { return f.rule == rule && f.severity == how; });
    if (static_cast<std::size_t>(alike) >= told_max) return;
    found_.push_back({.rule = rule,
                      .severity = how,
                      .where = std::string(p.text.field),
                      .measured = fmt::format("{} at {}{}", quoted(p.link.text), place_of(p.text.source, p.at),
                                              p.in_default ? ", in a default" : ""),
                      .allowed = std::string(allowed),
                      .whose = std::string(whose),
                      .fix = std::string(fix)});
  }

 private:
  findings& found_;
  std::size_t before_;
};

/// What only messages without a value have does not fail every message.
severity at_place(const place& p, severity how) noexcept {
  return p.in_default ? std::max(how, severity::warning) : how;
}

/// What the profiles say of public shorteners, and who says it.
struct shortener_policy {
  shortener_rule rule = shortener_rule::allowed;
  std::string whose{};
};

shortener_policy policy_of(const inspected& in) {
  shortener_policy made;
  for (const content_limits& each : in.limits.profiles()) made.rule = std::max(made.rule, each.public_shorteners);
  made.whose = whose(in.limits, [&](const content_limits& each) { return each.public_shorteners == made.rule; });
  return made;
}

/// A shared shortener where one is refused stops the message; one brand's own is tolerated more often than not.
severity severity_of(shortener_rule rule, links::shortener kind) noexcept {
  if (rule == shortener_rule::refused) {
    return kind == links::shortener::shared ? severity::error : severity::warning;
  }
  return kind == links::shortener::shared ? severity::warning : severity::advice;
}

void expect_no_shortener(const shortener_policy& policy, const place& p, teller& out) {
  if (policy.rule == shortener_rule::allowed) return;
  const auto kind = links::shortener_of(p.link.host);
  if (kind == links::shortener::none) return;
  out.tell(p, "links.shortener", at_place(p, severity_of(policy.rule, kind)), "no public link shortener",
           "Link to your own domain: carriers block links of public shorteners.", policy.whose);
}

void expect_followed(const place& p, teller& out) {
  if (p.link.broken == links::link_break::inside) {
    out.tell(
        p, "links.broken", at_place(p, severity::error), "a link of visible characters",
        "Type the link again, or percent-encode it: an invisible character stands in it, and phones open something "
        "else.");
  } else if (p.link.broken == links::link_break::behind) {
    out.tell(p, "links.broken", severity::warning, "a link in one piece",
             "Type the link again: an invisible character or a line break cuts it on phones.");
  } else if (!p.link.has_scheme) {
    out.tell(p, "links.bare", severity::advice, "https:// in front of links",
             "Write https:// in front if it is a link; if not, mind that phones may make it one.");
  }
}

/// Every link that the author wrote: of the text, where values stand for nothing, and of each default by itself.
template <class Visit>
void for_each_link(const inspected_text& text, Visit visit) {
  std::vector<links::found_link> all;
  links::find_links(text.source, all);
  for (const auto& link : all) visit(place{text, link, link.at, false});
  for (const auto& piece : text.compiled->pieces()) {
    if (piece.attribute < 0) continue;
    all.clear();
    links::find_links(piece.literal, all);
    for (const auto& link : all) visit(place{text, link, piece.at, true});
  }
}

}  // namespace

void check_links(const inspected& in, const inspected_text& text, findings& found) {
  if (!text.compiled) return;
  const shortener_policy policy = policy_of(in);
  teller out(found);
  for_each_link(text, [&](const place& p) {
    expect_no_shortener(policy, p, out);
    expect_followed(p, out);
  });
}

void check_shorteners(const inspected& in, const inspected_text& text, findings& found) {
  if (!text.compiled) return;
  const shortener_policy policy = policy_of(in);
  teller out(found);
  for_each_link(text, [&](const place& p) { expect_no_shortener(policy, p, out); });
}

}  // namespace broadside::check_detail
