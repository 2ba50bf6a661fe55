// send/campaign_file - the file's fields, one function per object of it. Pure.
#include "campaign_file.hpp"
#include <fmt/format.h>
#include <simdjson.h>
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>
#include "object_reader.hpp"

namespace broadside::send {
namespace {

using simdjson::dom::element;

std::string indexed(std::string_view list, std::size_t index) { return fmt::format("{}[{}]", list, index); }

constexpr std::array<std::pair<std::string_view, std::chrono::seconds>, 4> rate_units{
    {{"per_second", std::chrono::seconds{1}},
     {"per_minute", std::chrono::minutes{1}},
     {"per_hour", std::chrono::hours{1}},
     {"per_day", std::chrono::hours{24}}}};

// What is out of range is told in the unit the file has; the engine would speak of seconds.
void read_one_rate(object_reader& limit, std::string_view unit, std::chrono::seconds period, rate_limit& out) {
  out.per_second = 1;  // of no consequence when the field is wrong
  double messages = std::numeric_limits<double>::quiet_NaN();
  limit.number(unit, messages);
  if (std::isnan(messages)) return;
  const rate_limit rate = rate_limit::per(messages, period);
  constexpr double least = 0.000001;
  constexpr double most = 5'000'000;
  if (messages == 0 || (rate.per_second >= least && rate.per_second <= most)) {
    out.per_second = rate.per_second;
  } else {
    const auto seconds = static_cast<double>(period.count());
    limit.found().add(limit.path_of(unit),
                      fmt::format("must be 0 (no limit) or {:g} to {:.10g}", least * seconds, most * seconds));
  }
}

/// One of per_second, per_minute, per_hour and per_day, and the burst.
void read_rate(object_reader& limit, presence needed, rate_limit& out) {
  std::string_view given;
  for (const auto& [unit, period] : rate_units) {
    if (!limit.find(unit)) continue;
    if (!given.empty()) {
      limit.found().add(limit.path_of(unit), fmt::format("is given beside {}: one of them", given));
      continue;
    }
    given = unit;
    read_one_rate(limit, unit, period, out);
  }
  if (given.empty() && needed == presence::required) limit.found().add(limit.path_of("per_second"), "is missing");
  limit.whole("burst", out.burst);
}

void read_limit(object_reader& parent, std::string_view key, rate_limit& out) {
  auto limit = parent.object(key);
  if (!limit) return;
  read_rate(*limit, presence::required, out);
  limit->end();
}

std::vector<std::string> read_attributes(object_reader& root) {
  std::vector<std::string> out;
  const auto names = root.list("attributes");
  for (std::size_t i = 0; i < names.size(); ++i) {
    std::string_view name;
    if (names[i].get(name) != simdjson::SUCCESS) root.found().add(indexed("attributes", i), "must be a text in quotes");
    out.emplace_back(name);
  }
  return out;
}

void read_media(object_reader& root, std::vector<media_link>& out) {
  const auto all = root.list("media");
  for (std::size_t i = 0; i < all.size(); ++i) {
    object_reader one(all[i], indexed("media", i), root.found());
    media_link& link = out.emplace_back();
    one.text("url", link.url, presence::required);
    one.text("mime_type", link.mime_type, presence::required);
    one.whole("bytes", link.bytes);
    one.whole("width", link.width);
    one.whole("height", link.height);
    one.end();
  }
}

void read_home(object_reader& sender, std::string_view key, country& out) {
  std::string code;
  sender.text(key, code);
  out = country::of(code);
  if (!code.empty() && !out.known()) {
    sender.found().add(sender.path_of(key), "must be a country's two capital letters, as US");
  }
}

void read_sender(object_reader& root, sender_profile& out) {
  auto sender = root.object("sender", presence::required);
  if (!sender) return;
  sender->text("display_name", out.display_name);
  sender->text("sender", out.sender, presence::required);
  read_home(*sender, "home", out.home);
  const auto all = sender->list("routes", presence::required);
  for (std::size_t i = 0; i < all.size(); ++i) {
    object_reader one(all[i], indexed("sender.routes", i), root.found());
    route_share& share = out.routes.emplace_back();
    one.text("route", share.route, presence::required);
    one.whole("weight", share.weight);
    one.end();
  }
  sender->end();
}

constexpr std::array<std::pair<std::string_view, over_limit>, 2> over_words{
    {{"refuse", over_limit::refuse}, {"truncate", over_limit::truncate}}};
constexpr std::array<std::pair<std::string_view, on_unknown>, 3> on_unknown_words{
    {{"hold", on_unknown::hold},
     {"resend", on_unknown::resend},
     {"resend_if_deduplicated", on_unknown::resend_if_deduplicated}}};
constexpr std::array<std::pair<std::string_view, preflight_mode>, 3> preflight_words{
    {{"off", preflight_mode::off}, {"warn", preflight_mode::warn}, {"refuse", preflight_mode::refuse}}};
constexpr std::array<std::pair<std::string_view, priority>, 2> priority_words{
    {{"marketing", priority::marketing}, {"transactional", priority::transactional}}};
constexpr std::array<std::pair<std::string_view, limit_unit>, 3> unit_words{
    {{"messages", limit_unit::messages}, {"parts", limit_unit::parts}, {"media", limit_unit::media}}};
constexpr std::array<std::pair<std::string_view, dialling>, 3> dialling_words{
    {{"international", dialling::international},
     {"bare_digits", dialling::bare_digits},
     {"north_america", dialling::north_america}}};

// Decimals are exact to a millionth of a currency unit; finer ones would be rounded away in silence.
void read_price(object_reader& fallback, std::int64_t& micros) {
  constexpr double micros_in_one = 1e6;
  constexpr double price_max = 1'000;
  double price = 0;
  fallback.number("part_price", price);
  const double exact = price * micros_in_one;
  if (price < 0 || price > price_max || std::abs(exact - std::round(exact)) > 1e-6) {
    return fallback.found().add(fallback.path_of("part_price"),
                                "must be from 0 (not known) to 1000, with at most six decimals");
  }
  micros = std::llround(exact);
}

void read_fallback(object_reader& root, sms_fallback& out) {
  auto fallback = root.object("fallback");
  if (!fallback) return;
  fallback->flag("enabled", out.enabled);
  fallback->text("text", out.text);
  fallback->text("sender", out.sender);
  fallback->flag("append_link", out.append_link);
  fallback->whole("max_parts", out.max_parts);
  fallback->choice("over", over_words, out.over);
  fallback->flag("smart_encoding", out.smart_encoding);
  read_price(*fallback, out.part_price_micros);
  fallback->end();
}

void read_campaign(object_reader& root, campaign& out) {
  root.text("name", out.name, presence::required);
  root.text("key", out.key);
  out.attributes = read_attributes(root);
  root.text("subject", out.subject);
  root.text("text", out.text);
  read_media(root, out.media);
  read_sender(root, out.sender);
  read_fallback(root, out.fallback);
  root.duration("age_max", out.age_max);
  root.duration("validity", out.validity);
  root.choice("on_unknown", on_unknown_words, out.on_unknown);
  root.choice("numbers", dialling_words, out.dialling);
  root.choice("priority", priority_words, out.priority);
  root.whole("weight", out.weight);
  root.text("tenant", out.tenant);
  root.text("carrier_attribute", out.carrier_attribute);
  root.text("action_id", out.action_id);
  root.text("action_name", out.action_name);
  root.text("campaign_policy", out.campaign_policy);
  root.text("consent_category", out.consent_category);
}

void read_columns(object_reader& root, const std::vector<std::string>& attributes, audience_columns& out) {
  out.values = attributes;  // a column has its attribute's name unless the file says otherwise
  auto audience = root.object("audience");
  if (!audience) return;
  audience->text("to", out.to);
  if (out.to.empty()) root.found().add("audience.to", "must name the column of the phone number");
  if (auto columns = audience->object("columns")) {
    for (std::size_t i = 0; i < attributes.size(); ++i) columns->text(attributes[i], out.values[i]);
    columns->end();
  }
  audience->end();
}

void read_http(object_reader& route, http_options& out) {
  auto http = route.object("http");
  if (!http) return;
  http->whole("connections_max", out.connections_max);
  http->duration("resolve_timeout", out.resolve_timeout);
  http->duration("connect_timeout", out.connect_timeout);
  http->duration("write_timeout", out.write_timeout);
  http->duration("response_timeout", out.response_timeout);
  http->duration("idle_timeout", out.idle_timeout);
  http->duration("dns_ttl", out.dns_ttl);
  http->duration("backoff_min", out.backoff_min);
  http->duration("backoff_max", out.backoff_max);
  http->whole("response_head_max", out.response_head_max);
  http->whole("response_body_max", out.response_body_max);
  http->flag("adaptive_concurrency", out.adaptive_concurrency);
  http->end();
}

void read_tls(object_reader& route, tls_options& out) {
  auto tls = route.object("tls");
  if (!tls) return;
  tls->text("ca_file", out.ca_file);
  tls->text("server_name", out.server_name);
  tls->flag("verify", out.verify);
  tls->end();
}

bool is_variable_name(std::string_view name) noexcept {
  const auto fits = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'; };
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return !name.empty() && name.size() <= 128 && fits(name[0]) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return fits(c) || digit(c); });
}

// The value is never repeated: whoever pasted a key here must not find it in a log as well.
void read_key(object_reader& route, std::string& out) {
  route.refuse("api_key", "a key in a file is refused: put it in an environment variable and name that in api_key_env");
  route.text("api_key_env", out, presence::required);
  if (!out.empty() && !is_variable_name(out)) {
    route.found().add(route.path_of("api_key_env"),
                      "must be the name of an environment variable (letters, digits, underscores), not a key");
    out.clear();
  }
}

void read_sinch(object_reader& route, route_entry& out) {
  route.text("base_url", out.base_url);
  route.text("service_id", out.service_id, presence::required);
  route.flag("cache_content", out.cache_content);
  for (const std::string_view key : {"messages_per_request", "entity_id", "application_id"}) {
    route.refuse(key, "is for infobip only");
  }
}

void read_infobip(object_reader& route, route_entry& out) {
  route.text("base_url", out.base_url, presence::required);
  route.whole("messages_per_request", out.messages_per_request);
  route.text("entity_id", out.entity_id);
  route.text("application_id", out.application_id);
  for (const std::string_view key : {"service_id", "cache_content"}) route.refuse(key, "is for sinch only");
}

void read_countries(object_reader& route, country_set& out) {
  const auto codes = route.list("countries");
  for (std::size_t i = 0; i < codes.size(); ++i) {
    std::string_view code;
    const bool is_text = codes[i].get(code) == simdjson::SUCCESS;
    const country one = country::of(code);
    if (is_text && one.known()) out.insert(one);
    if (!is_text || !one.known() || !out.contains(one)) {
      route.found().add(
          indexed(route.path_of("countries"), i),
          fmt::format("must be two capital letters in quotes, at most {} of them", country_set::size_max));
    }
  }
}

void read_route(element from, std::string path, violations& found, route_entry& out) {
  object_reader route(from, std::move(path), found);
  route.text("name", out.name, presence::required);
  std::string provider;
  route.text("provider", provider, presence::required);
  read_key(route, out.api_key_env);
  if (provider == "infobip") {
    out.provider = provider_kind::infobip;
    read_infobip(route, out);
  } else {
    constexpr std::array<std::string_view, 2> kinds{"sinch", "infobip"};
    if (!provider.empty() && provider != "sinch") {
      found.add(route.path_of("provider"),
                fmt::format("must be {}{}", quoted_choices(kinds), suggestion(provider, kinds)));
    }
    read_sinch(route, out);
  }
  read_countries(route, out.countries);
  route.text("account", out.account);
  route.text("service_plan", out.service_plan);
  read_limit(route, "limit", out.limit);
  read_limit(route, "provider_queue", out.provider_queue);
  route.duration("linger", out.linger);
  read_http(route, out.http);
  read_tls(route, out.tls);
  route.end();
}

void read_routes(object_reader& root, std::vector<route_entry>& out) {
  const auto all = root.list("routes", presence::required);
  for (std::size_t i = 0; i < all.size(); ++i)
    read_route(all[i], indexed("routes", i), root.found(), out.emplace_back());
}

void read_profiles(object_reader& root, std::vector<content_limits>& out) {
  const auto names = root.list("profiles");
  for (std::size_t i = 0; i < names.size(); ++i) {
    std::string_view name;
    if (names[i].get(name) != simdjson::SUCCESS) {
      root.found().add(indexed("profiles", i), "must be a text in quotes");
      continue;
    }
    const auto profile = builtin_profile(name);
    if (!profile.has_value()) {
      root.found().add(indexed("profiles", i), unknown_profile(name));
    } else if (std::any_of(out.begin(), out.end(), [&](const content_limits& known) { return known.name == name; })) {
      root.found().add(indexed("profiles", i), "is given twice");
    } else {
      out.push_back(*profile);
    }
  }
}

void read_preflight(object_reader& root, preflight_options& out) {
  auto preflight = root.object("preflight");
  if (!preflight) return;
  preflight->choice("mode", preflight_words, out.mode);
  preflight->flag("https_only", out.https_only);
  preflight->whole("redirects_max", out.redirects_max);
  preflight->duration("timeout", out.timeout);
  preflight->whole("bytes_max", out.bytes_max);
  preflight->whole("parallel_max", out.parallel_max);
  preflight->flag("allow_private_addresses", out.allow_private_addresses);
  read_tls(*preflight, out.tls);
  preflight->end();
}

void read_quota(object_reader& limit, daily_quota& out) {
  auto quota = limit.object("quota");
  if (!quota) return;
  if (!quota->find("per_day")) quota->found().add(quota->path_of("per_day"), "is missing");
  quota->whole("per_day", out.most);
  quota->text("time_zone", out.time_zone);
  quota->end();
}

void read_limits(object_reader& root, std::vector<limit_options>& out) {
  const auto all = root.list("limits");
  out.reserve(all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    object_reader one(all[i], indexed("limits", i), root.found());
    limit_options& limit = out.emplace_back();
    one.text("name", limit.name, presence::required);
    one.text("account", limit.account);
    one.text("service_plan", limit.service_plan);
    one.text("sender", limit.sender);
    read_home(one, "sender_home", limit.sender_home);
    one.text("carrier", limit.carrier);
    one.text("campaign", limit.campaign);
    one.text("tenant", limit.tenant);
    read_rate(one, presence::optional, limit.rate);
    read_quota(one, limit.quota);
    one.choice("counts", unit_words, limit.counts);
    one.end();
  }
}

void read_tenants(object_reader& root, std::vector<tenant_options>& out) {
  const auto all = root.list("tenants");
  for (std::size_t i = 0; i < all.size(); ++i) {
    object_reader one(all[i], indexed("tenants", i), root.found());
    tenant_options& tenant = out.emplace_back();
    one.text("name", tenant.name, presence::required);
    one.whole("weight", tenant.weight);
    one.end();
  }
}

void read_retry(object_reader& root, retry_options& out) {
  auto retry = root.object("retry");
  if (!retry) return;
  retry->whole("attempts_max", out.attempts_max);
  retry->duration("delay_min", out.delay_min);
  retry->duration("delay_max", out.delay_max);
  retry->duration("suspend_min", out.suspend_min);
  retry->duration("suspend_max", out.suspend_max);
  retry->number("budget", out.budget);
  retry->number("budget_min", out.budget_min);
  retry->end();
}

void read_failover(object_reader& root, failover_options& out) {
  auto failover = root.object("failover");
  if (!failover) return;
  failover->duration("interval", out.interval);
  failover->number("faults_max", out.faults_max);
  failover->duration("slow_after", out.slow_after);
  failover->whole("answers_min", out.answers_min);
  failover->whole("faults_in_a_row", out.faults_in_a_row);
  failover->end();
}

void read_reconcile(object_reader& root, reconcile_options& out) {
  auto reconcile = root.object("reconcile");
  if (!reconcile) return;
  reconcile->whole("asks_max", out.asks_max);
  reconcile->duration("delay_min", out.delay_min);
  reconcile->end();
}

// The first place where the reader of values stumbles; the checker of the whole says only that something is wrong.
simdjson::error_code stumble(simdjson::ondemand::value value, unsigned depth = 0) {
  constexpr unsigned depth_max = 64;
  if (depth > depth_max) return simdjson::DEPTH_ERROR;
  simdjson::ondemand::json_type type{};
  if (const auto fault = value.type().get(type)) return fault;
  if (type == simdjson::ondemand::json_type::array) {
    simdjson::ondemand::array array;
    if (const auto fault = value.get_array().get(array)) return fault;
    for (auto each : array) {
      simdjson::ondemand::value one;
      if (const auto fault = std::move(each).get(one)) return fault;
      if (const auto fault = stumble(one, depth + 1)) return fault;
    }
    return simdjson::SUCCESS;
  }
  if (type == simdjson::ondemand::json_type::object) {
    simdjson::ondemand::object object;
    if (const auto fault = value.get_object().get(object)) return fault;
    for (auto each : object) {
      simdjson::ondemand::field one;
      if (const auto fault = std::move(each).get(one)) return fault;
      if (const auto fault = stumble(one.value(), depth + 1)) return fault;
    }
    return simdjson::SUCCESS;
  }
  std::string_view text;
  double number = 0;
  bool flag = false;
  if (type == simdjson::ondemand::json_type::string) return value.get_string().get(text);
  if (type == simdjson::ondemand::json_type::number) return value.get_double().get(number);
  if (type == simdjson::ondemand::json_type::boolean) return value.get_bool().get(flag);
  bool is_null = false;
  if (const auto fault = simdjson::simdjson_result<bool>(value.is_null()).get(is_null)) return fault;
  return is_null ? simdjson::SUCCESS : simdjson::INCORRECT_TYPE;
}

std::string syntax_rule(const simdjson::padded_string& json, simdjson::error_code fault) {
  constexpr std::string_view rule = "must be JSON in UTF-8";
  simdjson::ondemand::parser parser;
  simdjson::ondemand::document document;
  simdjson::ondemand::value root;
  const char* place = nullptr;
  const bool walked = fault != simdjson::DEPTH_ERROR && parser.iterate(json).get(document) == simdjson::SUCCESS &&
                      document.get_value().get(root) == simdjson::SUCCESS && stumble(root) != simdjson::SUCCESS;
  if (!walked || document.current_location().get(place) != simdjson::SUCCESS) {
    return fmt::format("{}: {}", rule, simdjson::error_message(fault));
  }
  const auto line = 1 + std::count(json.data(), place, '\n');
  return fmt::format("{}: stopped understanding it in line {}", rule, line);
}

}  // namespace

std::string unknown_profile(std::string_view name) {
  std::vector<std::string_view> known;
  for (const content_limits& each : builtin_profiles()) known.push_back(each.name.view());
  return "is no built-in profile" + suggestion(name, known);
}

campaign_file_reading read_campaign_file(std::string_view json) {
  campaign_file_reading out;
  if (json.size() > campaign_file_bytes_max) {
    out.violations.push_back({"the file", fmt::format("must be at most {} bytes", campaign_file_bytes_max)});
    return out;
  }
  if (json.starts_with("\xEF\xBB\xBF")) json.remove_prefix(3);
  const simdjson::padded_string padded(json);
  simdjson::dom::parser parser;
  element top;
  if (const auto fault = parser.parse(padded).get(top); fault != simdjson::SUCCESS) {
    out.violations.push_back({"the file", syntax_rule(padded, fault)});
    return out;
  }
  violations found;
  object_reader root(top, "", found);
  read_campaign(root, out.file.campaign);
  read_columns(root, out.file.campaign.attributes, out.file.columns);
  read_routes(root, out.file.routes);
  read_profiles(root, out.file.options.profiles);
  read_preflight(root, out.file.options.preflight);
  read_limits(root, out.file.options.limits);
  read_tenants(root, out.file.options.tenants);
  read_retry(root, out.file.options.retry);
  read_failover(root, out.file.options.failover);
  read_reconcile(root, out.file.options.reconcile);
  root.whole("shards", out.file.options.shards);
  root.whole("messages_inside_max", out.file.options.messages_inside_max);
  out.file.campaign.inside_max = out.file.options.messages_inside_max;  // the only campaign there is: room for no other
  root.whole("recipient_bytes_max", out.file.options.recipient_bytes_max);
  root.whole("instance", out.file.options.instance);
  root.end();
  out.violations = found.all();
  return out;
}

}  // namespace broadside::send
