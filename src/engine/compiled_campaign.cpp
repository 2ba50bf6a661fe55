// engine/compiled_campaign - see compiled_campaign.hpp.
#include <fmt/format.h>
#include <algorithm>
#include <check/inspected.hpp>
#include <chrono>
#include <engine/compiled_campaign.hpp>
#include <iterator>
#include <limits/content_fault.hpp>
#include <sms/smart_table.hpp>
#include <text/unicode.hpp>
#include <text/utf8.hpp>
#include <utility>

namespace broadside::engine_detail {
namespace {

using std::chrono::seconds;

// UTF-8 in one part, whatever it holds: a septet is at most two bytes, a UCS-2 unit three.
constexpr std::size_t part_bytes_max = 4 * 160;
// The same before smart encoding: a character of three bytes and the accent behind it may become one septet.
constexpr std::size_t smart_part_bytes_max = 8 * 160;

/// Keeps at most `size` bytes, and no part of a code point.
void cut_at_code_point(std::string& utf8, std::size_t size) {
  while (size > 0 && (static_cast<unsigned char>(utf8[size]) & 0xC0U) == 0x80U) --size;
  utf8.resize(size);
}

/// How many bytes at the front of a fallback's text may have parts few enough. Smart encoding drops characters, and
/// what it drops does not count.
std::size_t possible_bytes(std::string_view text, const sms_fallback& how) {
  if (!how.smart_encoding) return std::min(text.size(), std::size_t{how.max_parts} * part_bytes_max);
  std::size_t left = std::size_t{how.max_parts} * smart_part_bytes_max;
  if (text.size() <= left) return text.size();
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t start = at;
    const auto plain = sms::plain_look_alike(text::next_code_point(text, at));
    if (plain && plain->empty()) continue;
    if (at - start > left) return start;
    left -= at - start;
  }
  return text.size();
}

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

/// Whose turn it is: tenant, weight, carrier.
void check_turn(std::vector<violation>& out, const campaign& c) {
  check_text(out, "tenant", c.tenant, 64);
  if (c.weight < 1 || c.weight > 1000) out.push_back({"weight", fmt::format("must be 1 to 1000, is {}", c.weight)});
  const auto& names = c.attributes;
  if (!c.carrier_attribute.empty() && std::find(names.begin(), names.end(), c.carrier_attribute) == names.end()) {
    out.push_back({"carrier_attribute", fmt::format("\"{}\" is not one of the attributes", c.carrier_attribute)});
  }
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

/// Compiles one template into `target`. What is wrong when it does not compile, check() reports.
bool compile_into(text::compiled_template& target, const std::string& source,
                  const std::vector<std::string>& attributes, const char* field) {
  auto made = text::compiled_template::compile(source, attributes, field);
  if (made) target = std::move(*made);
  return made.has_value();
}

/// Resolves the profile's routes by name.
void resolve_routes(compiled_campaign& made, std::vector<violation>& out, std::span<const route_options> routes) {
  const auto& wanted = made.definition.sender.routes;
  if (wanted.empty()) out.push_back({"sender.routes", "must name at least one route"});
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
    made.routes.push_back({index, wanted[i].weight, {}});
  }
}

violation told_as_violation(const finding& f) {
  std::string rule = f.measured;
  if (!f.allowed.empty()) rule += fmt::format("; {} allows {}", f.whose, f.allowed);
  if (!f.fix.empty()) rule += fmt::format(": {}", f.fix);
  return {f.where, std::move(rule)};
}

/// The rules of each route. Checks the campaign against them and keeps them, flattened, for its messages.
void apply_profiles(compiled_campaign& made, std::vector<violation>& out, std::span<const route_options> routes,
                    std::span<const content_limits> profiles) {
  bool checked = false;
  for (auto& w : made.routes) {
    if (w.route >= routes.size() || !routes[w.route].provider) continue;
    const combined_limits limits = rules_of(routes[w.route], profiles);
    sort_findings(check(made.definition, limits), out, made.findings);
    checked = true;
    w.limits = check_detail::binding(limits, made.from).flattened();
  }
  // What is wrong whatever the route is, when there is none.
  if (!checked) sort_findings(check(made.definition, combined_limits(profiles)), out, made.findings);
}

/// The parsed sender, or none: what is wrong with it, check() reports.
std::optional<sender> parsed(std::string_view text, country home) {
  const auto from = sender::parse(text, home);
  return from ? std::optional(*from) : std::nullopt;
}

}  // namespace

result<std::unique_ptr<compiled_campaign>, failure> compiled_campaign::compile(campaign definition,
                                                                               std::span<const route_options> routes,
                                                                               std::span<const content_limits> profiles,
                                                                               findings_are judged) {
  auto made = std::make_unique<compiled_campaign>();
  made->definition = std::move(definition);
  campaign& c = made->definition;
  std::vector<violation> found;

  if (c.name.empty()) found.push_back({"name", "is required"});
  check_text(found, "name", c.name, 255);
  check_text(found, "key", c.key, 255);
  check_text(found, "action_id", c.action_id, 255);
  check_text(found, "action_name", c.action_name, 255);
  check_text(found, "campaign_policy", c.campaign_policy, 255);
  check_text(found, "consent_category", c.consent_category, 255);
  check_attributes(found, c.attributes);
  check_turn(found, c);
  check_durations(found, c);
  bool whole = compile_into(made->subject, c.subject, c.attributes, "subject");
  whole = compile_into(made->text, c.text, c.attributes, "text") && whole;
  if (c.fallback.enabled)
    whole = compile_into(made->fallback_text, c.fallback.text, c.attributes, "fallback.text") && whole;
  made->from = check_detail::sender_of(c);
  if (c.fallback.enabled && !c.fallback.sender.empty()) made->fallback_from = parsed(c.fallback.sender, c.sender.home);
  resolve_routes(*made, found, routes);
  std::vector<violation> broken_rules;
  apply_profiles(*made, broken_rules, routes, profiles);
  if (judged == findings_are::errors || !whole || !made->from)
    found.insert(found.end(), std::make_move_iterator(broken_rules.begin()),
                 std::make_move_iterator(broken_rules.end()));
  if (!found.empty()) return failure{errc::invalid_campaign, std::move(found)};
  return made;
}

const content_limits& compiled_campaign::limits_on(std::uint16_t route) const noexcept {
  std::size_t i = 0;
  while (i + 1 < routes.size() && routes[i].route != route) ++i;
  return routes[i].limits;
}

bool compiled_campaign::reaches(std::size_t which, phone to) const noexcept {
  const country there = to.country();
  const country_set& served = routes[which].limits.countries;
  return !there.known() || ((served.empty() || served.contains(there)) && from->works(there, channel::mms));
}

void compiled_campaign::shape_fallback(std::string& buffer, rendered& r, std::string& scratch) const {
  // Only the end of the buffer is this message's: what changes is changed aside. A text that cannot have parts few
  // enough is cut first, so that one value cannot make a shard work through a book.
  const sms_fallback& how = definition.fallback;
  const std::size_t possible = possible_bytes(std::string_view(buffer).substr(r.fallback_at), how);
  if (buffer.size() - r.fallback_at > possible) {
    if (how.over == over_limit::refuse) r.fault = errc::sms_too_many_parts;
    cut_at_code_point(buffer, r.fallback_at + possible);
  }
  scratch.assign(buffer, r.fallback_at);
  const auto prepared = prepare_sms(
      scratch, {.format = {.max_parts = how.max_parts}, .smart_encoding = how.smart_encoding, .over = how.over});
  if (!prepared && !r.fault) {
    r.fault = static_cast<errc>(prepared.error().code.value());
  } else if (prepared) {
    r.fallback_size = prepared->size;
    if (prepared->smart || prepared->truncated) buffer.replace(r.fallback_at, std::string::npos, scratch);
  }
}

compiled_campaign::rendered compiled_campaign::render(std::string& buffer, std::span<const std::string_view> values,
                                                      std::string& scratch) const {
  rendered r;
  r.subject_at = buffer.size();
  subject.render(buffer, values);
  r.text_at = buffer.size();
  text.render(buffer, values);
  r.fallback_at = buffer.size();
  fallback_text.render(buffer, values);
  if (definition.fallback.enabled) shape_fallback(buffer, r, scratch);
  r.end = buffer.size();
  return r;
}

void compiled_campaign::fill(message& out, const rendered& r, std::string_view buffer, wall_time now) const noexcept {
  const auto part = [&](std::size_t begin, std::size_t end) { return buffer.substr(begin, end - begin); };
  out.sender = from->text();
  out.subject = part(r.subject_at, r.text_at);
  out.text = part(r.text_at, r.fallback_at);
  out.media = definition.media;
  out.fallback = definition.fallback.enabled;
  out.fallback_link = definition.fallback.append_link;
  out.fallback_text = part(r.fallback_at, r.end);
  out.fallback_sender = fallback_from ? fallback_from->text() : out.sender;
  out.validity = definition.validity;
  out.deliver_until = definition.validity == seconds{0} ? wall_time{} : now + definition.validity;
  out.campaign_reference = definition.name;
}

std::optional<errc> fault_of(const message& m, const compiled_campaign::rendered& r,
                             const content_limits& rules) noexcept {
  if (r.fault) return r.fault;  // what is left of the fallback then says nothing about its length
  if (const auto fault = limits::content_fault(m, rules)) return fault;
  if (rules.fallback_parts_max && r.fallback_size.parts > *rules.fallback_parts_max) return errc::sms_too_many_parts;
  return std::nullopt;
}

void sort_findings(std::vector<finding> found, std::vector<violation>& errors, std::vector<finding>& rest) {
  const auto add_new = [](auto& list, auto&& one) {
    if (std::find(list.begin(), list.end(), one) == list.end()) list.push_back(std::forward<decltype(one)>(one));
  };
  for (finding& f : found) {
    if (f.severity == severity::error) {
      add_new(errors, told_as_violation(f));
    } else {
      add_new(rest, std::move(f));
    }
  }
}

bool all_utf8(std::span<const std::string_view> values) noexcept {
  return std::none_of(values.begin(), values.end(),
                      [](std::string_view v) { return text::find_invalid_utf8(v).has_value(); });
}

}  // namespace broadside::engine_detail
