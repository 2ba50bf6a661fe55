// engine/compiled_campaign - see compiled_campaign.hpp.
#include <fmt/format.h>
#include <algorithm>
#include <chrono>
#include <engine/compiled_campaign.hpp>
#include <engine/sender.hpp>
#include <text/utf8.hpp>
#include <utility>

namespace broadside::engine_detail {
namespace {

using std::chrono::seconds;

void check_text(std::vector<violation>& out, const char* field, std::string_view text, std::size_t bytes_max) {
  if (text.size() > bytes_max) out.push_back({field, fmt::format("must not be longer than {} bytes", bytes_max)});
  if (const auto bad = text::find_invalid_utf8(text))
    out.push_back({field, fmt::format("is not UTF-8 at byte {}", *bad)});
}

bool is_identifier(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return !name.empty() && letter(name[0]) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || digit(c); });
}

void check_attributes(std::vector<violation>& out, const std::vector<std::string>& names) {
  if (names.size() > 256) out.push_back({"attributes", "must not be more than 256"});
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string at = fmt::format("attributes[{}]", i);
    if (!is_identifier(names[i])) {
      out.push_back({at, fmt::format("\"{}\" must be letters, digits and _, and not start with a digit", names[i])});
    }
    const auto here = names.begin() + static_cast<std::ptrdiff_t>(i);
    if (std::find(names.begin(), here, names[i]) != here)
      out.push_back({at, fmt::format("\"{}\" is listed twice", names[i])});
  }
}

/// Short code, toll-free or long number ("+1…" or 3 to 15 digits), or a name of 3 to 11 letters and digits.
bool is_sender(std::string_view sender) {
  const bool plus = sender.starts_with('+');
  const std::string_view rest = sender.substr(plus ? 1 : 0);
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  if (std::all_of(rest.begin(), rest.end(), digit)) return rest.size() >= 3 && rest.size() <= 15;
  const auto alnum = [&](char c) { return digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == ' '; };
  return !plus && rest.size() >= 3 && rest.size() <= 11 && std::all_of(rest.begin(), rest.end(), alnum);
}

void check_sender(std::vector<violation>& out, const char* field, std::string_view sender) {
  if (is_sender(sender)) return;
  out.push_back({field, fmt::format("\"{}\" must be a number of 3 to 15 digits or a name of 3 to 11 letters and digits",
                                    sender)});
}

void check_durations(std::vector<violation>& out, const campaign& c) {
  if (c.age_max < seconds{1} || c.age_max > std::chrono::hours{24 * 7}) {
    out.push_back({"age_max", fmt::format("must be 1 s to 7 days, is {} s", c.age_max.count())});
  }
  if (c.validity != seconds{0} && (c.validity < std::chrono::minutes{1} || c.validity > std::chrono::hours{48})) {
    out.push_back(
        {"validity", fmt::format("must be 0 (the provider's default) or 1 min to 48 h, is {} s", c.validity.count())});
  }
}

/// Compiles one template into `target`, or moves its violations to `out`.
void compile_into(text::compiled_template& target, std::vector<violation>& out, const std::string& source,
                  const std::vector<std::string>& attributes, const char* field) {
  auto made = text::compiled_template::compile(source, attributes, field);
  if (made) {
    target = std::move(*made);
  } else {
    auto found = std::move(made).error().violations;
    out.insert(out.end(), std::make_move_iterator(found.begin()), std::make_move_iterator(found.end()));
  }
}

/// Resolves the profile's routes by name and adds up their weights.
void resolve_routes(compiled_campaign& made, std::vector<violation>& out, std::span<const route_options> routes) {
  const auto& wanted = made.definition.sender.routes;
  if (wanted.empty()) out.push_back({"sender.routes", "must name at least one route"});
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const std::string at = fmt::format("sender.routes[{}]", i);
    const auto same = [&](const route_options& r) { return r.name == wanted[i].route; };
    const auto found = std::find_if(routes.begin(), routes.end(), same);
    if (found == routes.end()) out.push_back({at + ".route", fmt::format("no route is named \"{}\"", wanted[i].route)});
    if (wanted[i].weight < 1 || wanted[i].weight > 1000) {
      out.push_back({at + ".weight", fmt::format("must be 1 to 1000, is {}", wanted[i].weight)});
    }
    const auto index = static_cast<std::uint16_t>(found - routes.begin());
    const auto listed = [&](const auto& w) { return w.route == index; };
    if (found != routes.end() && std::any_of(made.routes.begin(), made.routes.end(), listed)) {
      out.push_back({at + ".route", fmt::format("\"{}\" is listed twice", wanted[i].route)});
    }
    sum += wanted[i].weight;
    made.routes.push_back({index, sum});
  }
}

/// What every provider of the campaign says of its fixed parts: certain for every recipient.
void check_with_providers(const compiled_campaign& made, std::vector<violation>& out,
                          std::span<const route_options> routes) {
  const auto any_number = phone::parse("+12125550123");
  const std::string subject = made.subject.literal_text();
  const std::string text = made.text.literal_text();
  const std::string fallback = made.fallback_text.literal_text();
  message shape{.to = *any_number};
  made.fill(shape, {}, {}, {});
  shape.subject = subject;
  shape.text = text;
  shape.fallback_text = fallback;
  for (const auto& w : made.routes) {
    if (w.route >= routes.size() || !routes[w.route].provider) continue;
    const provider& p = *routes[w.route].provider;
    std::vector<violation> found;
    p.check(shape, found);
    const content_limits& limits = p.limits();
    if (made.definition.media.size() > limits.media_max) {
      found.push_back(
          {"media", fmt::format("{} objects, at most {} are taken", made.definition.media.size(), limits.media_max)});
    }
    const auto too_long = [&](const char* field, const std::string& literal, std::size_t max) {
      const std::size_t length = text::count_code_points(literal);
      if (length > max)
        found.push_back({field, fmt::format("{} characters before any value is filled in, at most {}", length, max)});
    };
    too_long("subject", subject, limits.subject_max);
    too_long("text", text, limits.text_max);
    if (shape.fallback) too_long("fallback.text", fallback, limits.fallback_text_max);
    for (violation& v : found) {
      v.rule = fmt::format("{} (route \"{}\", {})", v.rule, routes[w.route].name, p.name());
      // A provider may say in check() what the limits say too: once is enough.
      const auto same = [&](const violation& other) { return other.field == v.field && other.rule == v.rule; };
      if (std::none_of(out.begin(), out.end(), same)) out.push_back(std::move(v));
    }
  }
}

}  // namespace

result<std::unique_ptr<compiled_campaign>, failure> compiled_campaign::compile(campaign definition,
                                                                               std::span<const route_options> routes,
                                                                               std::span<const sender_limit> senders) {
  auto made = std::make_unique<compiled_campaign>();
  made->definition = std::move(definition);
  campaign& c = made->definition;
  std::vector<violation> found;

  if (c.name.empty()) found.push_back({"name", "is required"});
  check_text(found, "name", c.name, 255);
  check_text(found, "action_id", c.action_id, 255);
  check_text(found, "action_name", c.action_name, 255);
  check_text(found, "campaign_policy", c.campaign_policy, 255);
  check_text(found, "consent_category", c.consent_category, 255);
  check_attributes(found, c.attributes);
  check_durations(found, c);
  check_sender(found, "sender.sender", c.sender.sender);
  if (c.fallback.enabled && !c.fallback.sender.empty()) check_sender(found, "fallback.sender", c.fallback.sender);
  if (c.fallback.enabled && c.fallback.text.empty())
    found.push_back({"fallback.text", "is required when the fallback is enabled"});
  if (c.text.empty() && c.media.empty()) found.push_back({"text", "text or media is required"});

  compile_into(made->subject, found, c.subject, c.attributes, "subject");
  compile_into(made->text, found, c.text, c.attributes, "text");
  if (c.fallback.enabled) compile_into(made->fallback_text, found, c.fallback.text, c.attributes, "fallback.text");
  resolve_routes(*made, found, routes);
  check_with_providers(*made, found, routes);

  const auto limited = std::find_if(senders.begin(), senders.end(), [&](const sender_limit& s) {
    return sender_key(s.sender) == sender_key(c.sender.sender);
  });
  if (limited != senders.end()) made->sender_lane = static_cast<std::uint16_t>(1 + (limited - senders.begin()));
  if (!found.empty()) return failure{errc::invalid_campaign, std::move(found)};
  return made;
}

std::size_t compiled_campaign::choose_route(message_id id) const noexcept {
  if (routes.size() == 1) return 0;
  const auto place = static_cast<std::uint32_t>(static_cast<std::uint64_t>(id) % routes.back().cumulative_weight);
  std::size_t i = 0;
  while (routes[i].cumulative_weight <= place) ++i;
  return i;
}

compiled_campaign::rendered compiled_campaign::render(std::string& buffer,
                                                      std::span<const std::string_view> values) const {
  rendered r;
  r.subject_at = buffer.size();
  subject.render(buffer, values);
  r.text_at = buffer.size();
  text.render(buffer, values);
  r.fallback_at = buffer.size();
  fallback_text.render(buffer, values);
  r.end = buffer.size();
  return r;
}

void compiled_campaign::fill(message& out, const rendered& r, std::string_view buffer, wall_time now) const noexcept {
  const auto part = [&](std::size_t from, std::size_t to) { return buffer.substr(from, to - from); };
  out.sender = definition.sender.sender;
  out.subject = part(r.subject_at, r.text_at);
  out.text = part(r.text_at, r.fallback_at);
  out.media = definition.media;
  out.fallback = definition.fallback.enabled;
  out.fallback_link = definition.fallback.append_link;
  out.fallback_text = part(r.fallback_at, r.end);
  out.fallback_sender = definition.fallback.sender.empty() ? out.sender : std::string_view(definition.fallback.sender);
  out.validity = definition.validity;
  out.deliver_until = definition.validity == seconds{0} ? wall_time{} : now + definition.validity;
  out.campaign_reference = definition.name;
}

std::optional<errc> broken_limit(const message& m, const content_limits& limits) noexcept {
  // Bytes bound code points from above: most messages are decided without counting.
  const auto longer = [](std::string_view text, std::size_t max) {
    return text.size() > max && text::count_code_points(text) > max;
  };
  if (m.text.empty() && m.media.empty()) return errc::message_empty;
  if (longer(m.subject, limits.subject_max)) return errc::subject_too_long;
  if (longer(m.text, limits.text_max)) return errc::text_too_long;
  if (m.fallback && longer(m.fallback_text, limits.fallback_text_max)) return errc::fallback_text_too_long;
  return std::nullopt;
}

bool all_utf8(std::span<const std::string_view> values) noexcept {
  return std::none_of(values.begin(), values.end(),
                      [](std::string_view v) { return text::find_invalid_utf8(v).has_value(); });
}

}  // namespace broadside::engine_detail
