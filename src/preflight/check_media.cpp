// preflight/check_media - the rules about declared media, asked again with what was found, and what only bytes tell.
//
// Pure; any thread; allocates.
#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <broadside/preflight.hpp>
#include <check/inspected.hpp>
#include <check/wording.hpp>
#include <preflight/bytes_rules.hpp>
#include <string_view>
#include <utility>

namespace broadside {
namespace {

using check_detail::findings;

struct reason {
  errc why;
  std::string_view rule;
  std::string_view fix;
};

constexpr std::array reasons{
    reason{errc::media_not_https, "media.not_https", "Serve it over https."},
    reason{errc::media_private_address, "media.private_address",
           "Put it on a public server: what providers cannot reach, nobody gets."},
    reason{errc::media_redirected, "media.redirected", "Use the address that it leads to: providers may not follow."},
    reason{errc::media_bad_status, "media.bad_status", "Make the server answer 200 with the object."},
    reason{errc::media_no_length, "media.no_length",
           "Make the server send a Content-Length and no chunks: Sinch refuses the message otherwise."},
    reason{errc::media_length_differs, "media.length_differs",
           "Make the server send as many bytes as its Content-Length says, uncompressed."},
    reason{errc::media_no_type, "media.no_type", "Make the server send the type of the object as Content-Type."},
    reason{errc::media_too_slow, "media.too_slow", "Use a faster server: providers do not wait longer."},
    reason{errc::media_too_large, "media.too_large", "Make it smaller, or raise bytes_max to have it looked at."},
    reason{errc::invalid_url, "media.url",
           "Give the whole public address, percent-encoded, without user and password."},
};
constexpr reason unreachable{errc::media_unreachable, "media.unreachable",
                             "Check the address, and that its server answers from outside."};

finding why_not(const media_report& report, std::string where) {
  const auto found = std::find_if(reasons.begin(), reasons.end(), [&](const reason& r) { return report.why == r.why; });
  const reason& told = found == reasons.end() ? unreachable : *found;
  std::string measured = report.why.message();
  if (!report.detail.empty()) measured += fmt::format(" ({})", report.detail);
  return {.rule = told.rule,
          .severity = severity::error,
          .where = std::move(where),
          .measured = std::move(measured),
          .allowed = {},
          .whose = std::string(check_detail::ours),
          .fix = std::string(told.fix)};
}

/// Types that can be sent as something. A web page in place of a picture is told as what it is, not as a format.
bool is_medium(media_type type) noexcept {
  return format_of(type).has_value() || type == media_type::webp || type == media_type::heif;
}

/// The link as it would have been declared by somebody who had seen the object.
void declare(media_link& link, const media_facts& facts) {
  link.bytes = facts.bytes;
  const bool turned = facts.orientation >= 5 && facts.orientation <= 8;
  link.width = turned ? facts.height : facts.width;
  link.height = turned ? facts.width : facts.height;
  const auto said = media_format_of(link.mime_type);
  const auto real = format_of(facts.type);
  if (is_medium(facts.type) && !(said && real && *said == *real)) link.mime_type = mime_type_of(facts.type);
}

/// Rules about declared media that need nothing else of a campaign.
findings check_declared(const campaign& c, const combined_limits& limits) {
  const check_options options;
  const check_detail::inspected in{.campaign = c,
                                   .options = options,
                                   .bounds = check_detail::value_bounds(c, options),
                                   .limits = limits,
                                   .from = {},
                                   .subject = {},
                                   .text = {},
                                   .fallback = {}};
  findings found;
  check_detail::check_media(in, found);
  return found;
}

/// What was meant to be seen and heard at once comes one after the other where each object is shown by itself.
void advise_slides(const campaign& c, const combined_limits& limits, findings& found) {
  const auto names = check_detail::whose(limits, [](const content_limits& p) { return p.media_apart; });
  if (names.empty()) return;
  for (std::size_t i = 1; i < c.media.size(); ++i) {
    const auto one = media_kind_of(c.media[i - 1].mime_type);
    const auto other = media_kind_of(c.media[i].mime_type);
    if (!one || !other) continue;
    const bool sound_with_picture = (*one == media_kind::image && *other == media_kind::audio) ||
                                    (*one == media_kind::audio && *other == media_kind::image);
    if (!sound_with_picture) continue;
    found.push_back({.rule = "media.slide",
                     .severity = severity::advice,
                     .where = fmt::format("media[{}]", i),
                     .measured = "picture and sound on slides of their own",
                     .allowed = {},
                     .whose = names,
                     .fix = "Make a video of them if they belong together."});
  }
}

void sort(findings& found) {
  std::stable_sort(found.begin(), found.end(),
                   [](const finding& a, const finding& b) { return a.severity < b.severity; });
}

}  // namespace

std::vector<finding> check_media(const campaign& c, std::span<const media_report> reports,
                                 const combined_limits& limits) {
  const combined_limits bound = check_detail::binding(limits, check_detail::sender_of(c));
  campaign seen;
  seen.media = c.media;
  findings of_bytes;
  for (std::size_t i = 0; i < std::min(reports.size(), c.media.size()); ++i) {
    const media_report& report = reports[i];
    if (report.why) {
      of_bytes.push_back(why_not(report, fmt::format("media[{}].url", i)));
      if (report.content_length > 0) seen.media[i].bytes = report.content_length;
      continue;
    }
    declare(seen.media[i], report.facts);
    preflight_detail::check_bytes({.facts = report.facts,
                                   .declared = c.media[i].mime_type,
                                   .content_type = report.content_type,
                                   .url = report.url,
                                   .where = fmt::format("media[{}]", i)},
                                  of_bytes);
  }
  findings found = check_declared(seen, bound);
  // An address that cannot be fetched is told once.
  std::erase_if(found, [&](const finding& f) {
    return f.rule == "media.url" && std::any_of(of_bytes.begin(), of_bytes.end(), [&](const finding& other) {
             return other.rule == f.rule && other.where == f.where;
           });
  });
  std::move(of_bytes.begin(), of_bytes.end(), std::back_inserter(found));
  advise_slides(seen, bound, found);
  sort(found);
  return found;
}

std::vector<finding> check_media_facts(const media_facts& facts, std::string_view declared_mime_type,
                                       std::string_view where, const combined_limits& limits) {
  const preflight_detail::looked_at it{.facts = facts, .declared = declared_mime_type, .where = std::string(where)};
  campaign one;
  one.media.push_back({.url = {}, .mime_type = std::string(declared_mime_type)});
  declare(one.media[0], facts);
  const bool has_type = !one.media[0].mime_type.empty();
  findings found = check_declared(one, limits);
  // One file is not a message: it has no address, and how many there are is not known.
  std::erase_if(found, [&](const finding& f) {
    return f.rule == "media.count" || f.rule == "media.url" || (f.rule == "media.format" && !has_type);
  });
  for (finding& f : found) {
    constexpr std::string_view of_object = "media[0]";
    const std::size_t generic = f.where.starts_with(of_object) ? of_object.size() : std::string_view("media").size();
    f.where.replace(0, generic, where);
  }
  preflight_detail::check_bytes(it, found);
  sort(found);
  return found;
}

}  // namespace broadside
