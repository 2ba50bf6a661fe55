// check/media_rules - a campaign's media as their links declare them; nothing is fetched. Pure; any thread; allocates.
#include <fmt/format.h>
#include <algorithm>
#include <check/inspected.hpp>
#include <check/wording.hpp>
#include <limits>
#include <media/url.hpp>

namespace broadside::check_detail {
namespace {

finding at_media(std::string_view rule, severity how, std::string where, std::string measured, std::string fix) {
  return {.rule = rule,
          .severity = how,
          .where = std::move(where),
          .measured = std::move(measured),
          .allowed = {},
          .whose = std::string(ours),
          .fix = std::move(fix)};
}

void expect_count(const inspected& in, findings& found) {
  const std::size_t count = in.campaign.media.size();
  const auto most = in.limits.strictest(&content_limits::media_max);
  if (most && count > most->allowed) {
    auto made = at_media("media.count", severity::error, "media", count_of(count, "object"),
                         "Take objects out, or send them in messages of their own.");
    made.allowed = fmt::format("at most {}", most->allowed);
    made.whose = std::string(most->whose);
    found.push_back(std::move(made));
  }
  const content_limits* least = nullptr;
  for (const content_limits& each : in.limits.profiles()) {
    if (each.media_min.value_or(0) > (least != nullptr ? *least->media_min : 0)) least = &each;
  }
  if (least == nullptr || count >= *least->media_min) return;
  auto made = at_media("media.count", severity::error, "media", count_of(count, "object"), "Add the missing media.");
  made.allowed = fmt::format("at least {}", *least->media_min);
  made.whose = std::string(least->name.view());
  found.push_back(std::move(made));
}

/// The formats that every profile takes.
std::string formats_taken(const combined_limits& limits) {
  std::string list;
  for (const media_format format : all_media_formats) {
    const auto refuses = [&](const content_limits& p) {
      return !p.media_formats.empty() && !p.media_formats.contains(format);
    };
    const auto profiles = limits.profiles();
    if (std::any_of(profiles.begin(), profiles.end(), refuses)) continue;
    if (!list.empty()) list += ", ";
    list += name_of(format);
  }
  return list.empty() ? "none" : list;
}

void expect_format(const inspected& in, std::size_t i, findings& found) {
  const std::string& mime_type = in.campaign.media[i].mime_type;
  const auto where = fmt::format("media[{}].mime_type", i);
  const auto format = media_format_of(mime_type);
  if (!format) {
    auto made = at_media("media.format", severity::error, where, quoted(mime_type),
                         "Name the type that the server sends, such as image/jpeg, or convert the object.");
    made.allowed = formats_taken(in.limits);
    found.push_back(std::move(made));
    return;
  }
  const auto names = whose(in.limits, [&](const content_limits& p) {
    return !p.media_formats.empty() && !p.media_formats.contains(*format);
  });
  if (names.empty()) return;
  auto made = at_media("media.format", severity::error, where, std::string(name_of(*format)), {});
  made.allowed = formats_taken(in.limits);
  made.whose = names;
  made.fix = made.allowed == "none" ? "Send it through other routes: what these take has no format in common."
                                    : "Convert it to a format that is taken.";
  found.push_back(std::move(made));
}

void expect_url(const inspected& in, std::size_t i, findings& found) {
  const std::string& url = in.campaign.media[i].url;
  const auto where = fmt::format("media[{}].url", i);
  if (url.size() > media::url_bytes_max) {
    auto made = at_media("media.url", severity::error, where, count_of(url.size(), "byte"), "Use a shorter address.");
    made.allowed = count_of(media::url_bytes_max, "byte");
    found.push_back(std::move(made));
  } else if (!media::is_fetchable_url(url)) {
    auto made = at_media("media.url", severity::error, where, quoted(url),
                         "Give the whole public address, percent-encoded, without user and password: it is fetched as "
                         "it stands, values are not filled in.");
    made.allowed = "an absolute http or https URL";
    found.push_back(std::move(made));
  } else if (!media::is_https(url)) {
    auto made = at_media("media.url", severity::advice, where, quoted(url),
                         "Serve it over https: some networks fetch nothing else.");
    made.allowed = "https";
    found.push_back(std::move(made));
  }
}

std::string_view error_name(const combined_limits& limits, std::string_view profile) {
  for (const content_limits& each : limits.profiles()) {
    if (each.name == profile) return each.media_bytes_error.view();
  }
  return {};
}

void expect_size(const inspected& in, std::size_t i, findings& found) {
  const media_link& link = in.campaign.media[i];
  const auto kind = media_kind_of(link.mime_type);
  if (!kind || link.bytes == 0) return;
  const auto cap = in.limits.strictest(*kind == media_kind::image ? &content_limits::image_bytes_max
                                                                  : &content_limits::other_bytes_max);
  if (!cap || link.bytes <= cap->allowed) return;
  auto made = at_media("media.size", severity::error, fmt::format("media[{}].bytes", i), count_of(link.bytes, "byte"),
                       "Compress it, or make it smaller.");
  made.allowed = count_of(cap->allowed, "byte");
  made.whose = std::string(cap->whose);
  const auto error = error_name(in.limits, cap->whose);
  if (!error.empty()) made.fix = fmt::format("Compress it, or make it smaller: {} answers {}.", cap->whose, error);
  found.push_back(std::move(made));
}

/// Of all objects, as far as declared: a sum that is too large already stays so.
std::uint64_t declared_bytes(std::span<const media_link> media) {
  std::uint64_t sum = 0;
  for (const media_link& each : media) {
    const auto room = std::numeric_limits<std::uint64_t>::max() - sum;
    sum += std::min(each.bytes, room);
  }
  return sum;
}

void expect_total(const inspected& in, findings& found) {
  const auto sum = declared_bytes(in.campaign.media);
  const auto cap = in.limits.strictest(&content_limits::total_bytes_max);
  if (cap && sum > cap->allowed) {
    auto made = at_media("media.total", severity::error, "media", count_of(sum, "byte"),
                         "Compress the media, or send fewer: the whole message has a cap.");
    made.allowed = count_of(cap->allowed, "byte");
    made.whose = std::string(cap->whose);
    found.push_back(std::move(made));
  }
  const auto advised = in.limits.strictest(&content_limits::media_bytes_advised);
  if (!advised || sum <= advised->allowed) return;
  auto made = at_media("media.size_advised", severity::advice, "media", count_of(sum, "byte"),
                       "Make the media smaller: large messages arrive late, or not at all, on some networks.");
  made.allowed = count_of(advised->allowed, "byte");
  made.whose = std::string(advised->whose);
  found.push_back(std::move(made));
}

void advise_dimensions(const inspected& in, std::size_t i, findings& found) {
  const media_link& link = in.campaign.media[i];
  const auto kind = media_kind_of(link.mime_type);
  if (!kind || *kind != media_kind::image || link.width == 0 || link.height == 0) return;
  const pixel_size size{link.width, link.height};
  for (const content_limits& each : in.limits.profiles()) {
    const auto& advised = each.dimensions_advised;
    if (advised == std::array<pixel_size, 2>{}) continue;
    if (std::find(advised.begin(), advised.end(), size) != advised.end()) continue;
    auto made = at_media("media.dimensions", severity::advice, fmt::format("media[{}].width", i),
                         fmt::format("{}×{} pixels", size.width, size.height),
                         "Scale or crop it: other sizes are scaled on the way, or shown with bars.");
    for (const pixel_size wanted : advised) {
      if (wanted == pixel_size{}) continue;
      made.allowed += fmt::format("{}{}×{}", made.allowed.empty() ? "" : " or ", wanted.width, wanted.height);
    }
    made.allowed += " pixels";
    made.whose = std::string(each.name.view());
    found.push_back(std::move(made));
    return;
  }
}

}  // namespace

void check_media(const inspected& in, findings& found) {
  expect_count(in, found);
  for (std::size_t i = 0; i < in.campaign.media.size(); ++i) {
    expect_url(in, i, found);
    expect_format(in, i, found);
    expect_size(in, i, found);
    advise_dimensions(in, i, found);
  }
  expect_total(in, found);
}

}  // namespace broadside::check_detail
