// send/setup - providers from routes, then the library's own checks. Pure but for the variables it is handed.
#include "setup.hpp"
#include <fmt/format.h>
#include <algorithm>
#include <broadside/providers/infobip.hpp>
#include <broadside/providers/sinch.hpp>
#include <memory>
#include <utility>

namespace broadside::send {
namespace {

constexpr std::string_view no_key = "no-key-nothing-leaves";

using made_provider = result<std::shared_ptr<const provider>, failure>;

made_provider make_provider(const route_entry& entry, std::string key) {
  if (entry.provider == provider_kind::infobip) {
    providers::infobip_options o;
    o.base_url = entry.base_url;
    o.api_key = std::move(key);
    o.messages_per_request = entry.messages_per_request;
    o.entity_id = entry.entity_id;
    o.application_id = entry.application_id;
    return providers::infobip(std::move(o));
  }
  providers::sinch_options o;
  if (!entry.base_url.empty()) o.base_url = entry.base_url;
  o.api_key = std::move(key);
  o.service_id = entry.service_id;
  o.cache_content = entry.cache_content;
  return providers::sinch(std::move(o));
}

// A field has one violation, the first: what follows is mostly its consequence.
void merge(std::vector<violation>& into, std::vector<violation> from) {
  for (violation& each : from) {
    const auto same = [&](const violation& known) {
      return known.field == each.field || each.field.starts_with(known.field + ".") ||
             each.field.starts_with(known.field + "[");
    };
    if (std::none_of(into.begin(), into.end(), same)) into.push_back(std::move(each));
  }
}

bool has_violation_in(const std::vector<violation>& found, std::string_view object) {
  return std::any_of(found.begin(), found.end(), [&](const violation& v) { return v.field.starts_with(object); });
}

std::string key_of(const route_entry& entry, std::string_view path, const variable_lookup& lookup, keys needed,
                   std::vector<violation>& found) {
  if (entry.api_key_env.empty()) return std::string(no_key);  // reported by the file's reader
  if (auto key = lookup(entry.api_key_env)) return *std::move(key);
  if (needed == keys::needed) {
    found.push_back({fmt::format("{}.api_key_env", path),
                     fmt::format("the environment variable {} is not set", entry.api_key_env)});
  }
  return std::string(no_key);
}

void add_route(const route_entry& entry, std::size_t index, const variable_lookup& lookup, keys needed, setup& out,
               std::vector<violation>& found) {
  const std::string path = fmt::format("routes[{}]", index);
  const bool readable = !has_violation_in(found, path + ".");
  made_provider made = make_provider(entry, key_of(entry, path, lookup, needed, found));
  route_options& route = out.options.routes.emplace_back();
  route = {entry.name, nullptr, entry.limit, entry.http, entry.tls};
  if (made.has_value()) {
    route.provider = *made;
  } else {
    std::vector<violation> in_route = made.error().violations;
    for (violation& v : in_route) {
      // the file has the key's variable, not the key
      v.field = fmt::format("{}.{}", path, v.field == "api_key" ? "api_key_env" : v.field);
    }
    if (in_route.empty() && readable) in_route.push_back({path, made.error().message()});
    merge(found, std::move(in_route));
  }
  if (!entry.tls.verify) {
    out.warnings.push_back(fmt::format(
        "{}.tls.verify is false: any certificate is accepted on route \"{}\", so anybody between can read the key",
        path, entry.name));
  }
}

// The engine speaks of a provider that is not there; the file has the field that made it so.
void check_options(const options& from, std::vector<violation>& found) {
  std::vector<violation> theirs = from.validate();
  std::erase_if(theirs, [&](const violation& v) {
    return v.field.ends_with(".provider") && has_violation_in(found, v.field.substr(0, v.field.rfind('.')));
  });
  merge(found, std::move(theirs));
}

}  // namespace

result<setup, failure> make_setup(std::string_view json, const variable_lookup& lookup, keys needed) {
  campaign_file_reading reading = read_campaign_file(json);
  std::vector<violation> found = std::move(reading.violations);
  const bool is_json = !(found.size() == 1 && found[0].field == "the file");
  if (!is_json) return failure{make_error_code(errc::invalid_campaign), std::move(found)};

  setup out{std::move(reading.file.campaign), std::move(reading.file.options), std::move(reading.file.columns), {}};
  for (std::size_t i = 0; i < reading.file.routes.size(); ++i) {
    add_route(reading.file.routes[i], i, lookup, needed, out, found);
  }
  check_options(out.options, found);
  const bool providers_whole = std::all_of(out.options.routes.begin(), out.options.routes.end(),
                                           [](const route_options& route) { return route.provider != nullptr; });
  if (providers_whole && !out.options.routes.empty()) {
    const auto preview = campaign_preview::compile(out.campaign, out.options.routes);
    if (!preview.has_value()) merge(found, preview.error().violations);
  }
  if (!found.empty()) return failure{make_error_code(errc::invalid_campaign), std::move(found)};
  return out;
}

}  // namespace broadside::send
