// check/check - reads the campaign once, asks every rule, and sorts what they found. Pure; any thread; allocates.
#include <algorithm>
#include <array>
#include <broadside/check.hpp>
#include <check/inspected.hpp>
#include <iterator>

namespace broadside {
namespace check_detail {

std::optional<sender> sender_of(const broadside::campaign& c) {
  const auto parsed = sender::parse(c.sender.sender, c.sender.home);
  return parsed ? std::optional(*parsed) : std::nullopt;
}

combined_limits binding(const combined_limits& limits, const std::optional<sender>& from) {
  if (from) return limits.binding(from->kind());
  combined_limits all;
  for (const content_limits& each : limits.profiles()) {
    if (each.binds_senders.empty()) all.add(each);
  }
  return all;
}

}  // namespace check_detail

namespace {

using check_detail::findings;
using check_detail::inspected;
using check_detail::inspected_text;

inspected_text read(std::string_view field, std::string_view source, const campaign& c) {
  inspected_text made{.field = field, .source = source};
  auto compiled = text::compiled_template::compile(source, c.attributes, field);
  if (compiled) made.compiled = std::move(*compiled);
  return made;
}

/// The place of a finding's field in struct campaign.
std::size_t field_order(const finding& f) {
  constexpr std::array<std::string_view, 11> order{"name",        "attributes",      "subject",         "text",
                                                   "media",       "sender",          "fallback",        "action_id",
                                                   "action_name", "campaign_policy", "consent_category"};
  const auto field = std::string_view(f.where).substr(0, f.where.find_first_of(".["));
  return static_cast<std::size_t>(std::find(order.begin(), order.end(), field) - order.begin());
}

void sort(findings& found) {
  std::stable_sort(found.begin(), found.end(), [](const finding& a, const finding& b) {
    return a.severity != b.severity ? a.severity < b.severity : field_order(a) < field_order(b);
  });
}

}  // namespace

std::vector<finding> check(const campaign& c, const combined_limits& limits, const check_options& options) {
  const auto from = check_detail::sender_of(c);
  const inspected all{.campaign = c,
                      .options = options,
                      .bounds = check_detail::value_bounds(c, options),
                      .limits = check_detail::binding(limits, from),
                      .from = from,
                      .subject = read("subject", c.subject, c),
                      .text = read("text", c.text, c),
                      .fallback = read("fallback.text", c.fallback.text, c)};
  findings found;
  check_detail::find_bad_utf8(all, found);
  check_detail::check_templates(all, found);
  check_detail::check_subject(all, found);
  check_detail::check_text(all, found);
  check_detail::check_opt_out(all, found);
  check_detail::check_media(all, found);
  check_detail::check_sender(all, found);
  check_detail::check_fallback(all, found);
  check_detail::check_destinations(all, found);
  sort(found);
  return found;
}

bool has_errors(std::span<const finding> found) noexcept {
  return std::any_of(found.begin(), found.end(), [](const finding& f) { return f.severity == severity::error; });
}

std::string_view name_of(severity s) noexcept {
  switch (s) {
    case severity::error:
      return "error";
    case severity::warning:
      return "warning";
    case severity::advice:
      return "advice";
  }
  return "error";
}

}  // namespace broadside
