// engine/engine_campaigns - launching campaigns and opening sources, anew or as they were known.
#include <fmt/format.h>
#include <algorithm>
#include <engine/engine_impl.hpp>
#include <engine/rate_rules.hpp>
#include <journal/definition.hpp>
#include <optional>
#include <preflight/look.hpp>
#include <thread>
#include <utility>

namespace broadside {

using namespace engine_detail;

result<campaign_id, failure> engine::impl::launch(campaign c) {
  const std::string definition = ::broadside::journal::encode_definition(c);
  auto same = known(c, definition);
  if (!same) return same.error();
  if (*same) return **same;
  auto compiled = compiled_campaign::compile(std::move(c), shared_.options.routes, shared_.options.profiles);
  if (!compiled) return compiled.error();
  auto entry = std::make_unique<campaign_entry>();
  entry->findings = std::move((*compiled)->findings);
  if (auto seen = look_at_media(**compiled, entry->findings); !seen) return seen.error();
  std::stable_sort(entry->findings.begin(), entry->findings.end(),
                   [](const finding& a, const finding& b) { return a.severity < b.severity; });
  entry->compiled = std::move(*compiled);
  entry->definition = definition;
  const std::uint32_t wanted = entry->compiled->definition.inside_max;
  entry->places_max = wanted != 0 ? std::min(wanted, slots_.count()) : slots_.count() / 2;
  const std::string key = entry->compiled->definition.key;
  const std::scoped_lock lock(control_);
  // Another thread may have launched the same meanwhile.
  same = known(entry->compiled->definition, definition);
  if (!same) return same.error();
  if (*same) return **same;
  if (campaigns_.is_full()) return failure{errc::too_many_campaigns, {}};
  if (!key.empty()) {
    for (std::uint32_t i = 0; i < campaigns_.size(); ++i)
      entry->version += campaigns_.find(i)->compiled->definition.key == key ? 1 : 0;
  }
  if (auto joined = shared_.join_in(*entry, shared_.environment_->now()); !joined) return joined.error();
  const campaign_id id{campaigns_.add(std::move(entry))};
  if (durable_) durable_->log().put_campaign(id, definition);
  if (!key.empty()) supersede(key, id);
  return id;
}

/// The campaign with the same key and the same definition, when it is the last one launched under that key.
result<std::optional<campaign_id>, failure> engine::impl::known(const campaign& c, std::string_view definition) const {
  if (c.key.empty()) return std::optional<campaign_id>{};
  for (std::uint32_t i = campaigns_.size(); i-- > 0;) {
    const campaign_entry& entry = *campaigns_.find(i);
    if (entry.compiled->definition.key != c.key) continue;
    if (entry.definition != definition) break;
    if (entry.state.load(std::memory_order_acquire) == campaign_state::cancelled)
      return failure{errc::campaign_cancelled, {{"key", fmt::format("\"{}\" was cancelled", c.key)}}};
    if (!entry.usable) return failure{errc::unknown_route, {{"sender.routes", entry.unusable_because}}};
    return std::optional(campaign_id{i});
  }
  return std::optional<campaign_id>{};
}

/// Earlier definitions of the key take no more recipients: what they took goes on as it was launched. A submit() that
/// is under way is waited for, since the new version goes on behind what it takes: it ends with its present batch.
void engine::impl::supersede(const std::string& key, campaign_id by) {
  for (std::uint32_t i = 0; i < sources_.size(); ++i) {
    source_entry& s = *sources_.find(i);
    if (s.campaign == by || find(s.campaign)->compiled->definition.key != key) continue;
    finish_source(source_id{i}, s);
    while (s.submitting.load(std::memory_order_seq_cst)) std::this_thread::yield();
  }
}

bool engine::impl::is_superseded(campaign_id id) const noexcept {
  const std::string& key = find(id)->compiled->definition.key;
  if (key.empty()) return false;
  for (auto i = static_cast<std::uint32_t>(id) + 1; i < campaigns_.size(); ++i) {
    if (campaigns_.find(i)->compiled->definition.key == key) return true;
  }
  return false;
}

result<void, failure> engine::impl::change_limit(std::string_view name, rate_limit rate, std::uint64_t quota) {
  if (auto wrong = violations_of("limit", rate); !wrong.empty())
    return failure{errc::invalid_options, std::move(wrong)};
  if (quota > rate::quota::most_max)
    return failure{errc::invalid_options, {{"quota", fmt::format("must be 0 to {}", rate::quota::most_max)}}};
  {
    const std::scoped_lock lock(control_);
    if (auto done = shared_.limits->change(name, rate, quota, shared_.environment_->now()); !done)
      return failure{done.error(), {{"name", fmt::format("no limit is named \"{}\"", name)}}};
  }
  wake_shards(shared_.limits_epoch);
  return {};
}

result<void> engine::impl::change_weight(campaign_id id, std::uint32_t weight) {
  campaign_entry* c = find(id);
  if (c == nullptr) return errc::unknown_campaign;
  if (weight < 1 || weight > 1000) return errc::invalid_argument;
  c->weight.store(weight, std::memory_order_relaxed);
  return {};
}

std::vector<finding> engine::impl::findings(campaign_id id) const {
  const campaign_entry* c = find(id);
  return c == nullptr ? std::vector<finding>{} : c->findings;
}

result<source_id> engine::impl::open_source(campaign_id id, std::string_view name) {
  const std::scoped_lock lock(control_);
  campaign_entry* c = find(id);
  if (c == nullptr) return errc::unknown_campaign;
  if (!c->usable) return errc::unknown_route;
  if (is_superseded(id)) return errc::source_finished;
  const bool has_key = !c->compiled->definition.key.empty();
  if (source_id there{}; has_key && source_named(id, name, there) != nullptr) return there;
  if (sources_.is_full()) return errc::too_many_sources;
  auto entry = std::make_unique<source_entry>();
  entry->campaign = id;
  entry->name = name;
  if (has_key) follow(*entry);
  entry->next.store(entry->start, std::memory_order_relaxed);
  c->sources_open.fetch_add(1, std::memory_order_release);  // first: finished() must not see a known one as finished
  c->sources_known.fetch_add(1, std::memory_order_release);
  const source_id made{sources_.add(std::move(entry))};
  if (durable_) durable_->log().put_source(made, id, name);
  return made;
}

engine::impl::source_entry* engine::impl::source_named(campaign_id campaign, std::string_view name,
                                                       source_id& id) const noexcept {
  for (std::uint32_t i = 0; i < sources_.size(); ++i) {
    source_entry* s = sources_.find(i);
    if (s->campaign != campaign || s->name != name) continue;
    id = source_id{i};
    return s;
  }
  return nullptr;
}

/// Lets the source start behind what one of its name took for an earlier definition of the campaign's key.
void engine::impl::follow(source_entry& entry) const noexcept {
  const std::string& key = find(entry.campaign)->compiled->definition.key;
  for (std::uint32_t i = 0; i < static_cast<std::uint32_t>(entry.campaign); ++i) {
    if (campaigns_.find(i)->compiled->definition.key != key) continue;
    source_id earlier{};
    const source_entry* s = source_named(campaign_id{i}, entry.name, earlier);
    if (s == nullptr || s->next.load(std::memory_order_acquire) < entry.start) continue;
    entry.start = s->next.load(std::memory_order_acquire);
    entry.follows = earlier;
  }
}

result<void> engine::impl::finish(source_id id) {
  source_entry* source = sources_.find(static_cast<std::uint32_t>(id));
  if (source == nullptr) return errc::unknown_source;
  finish_source(id, *source);
  return {};
}

void engine::impl::finish_source(source_id id, source_entry& source) {
  if (source.finished.exchange(true, std::memory_order_seq_cst)) return;
  find(source.campaign)->sources_open.fetch_sub(1, std::memory_order_release);
  if (durable_) durable_->log().put_source_finished(id);
}

ordinal engine::impl::resume_point(source_id id) const noexcept {
  const source_entry* source = sources_.find(static_cast<std::uint32_t>(id));
  if (source == nullptr) return {};
  if (!durable_) return ordinal{source->next.load(std::memory_order_acquire)};
  // Where the last version stopped is certain only once all that it took is durable.
  if (source->follows) {
    if (const ordinal before = resume_point(*source->follows); before < ordinal{source->start}) return before;
  }
  return std::max(ordinal{source->start}, durable_->log().resume_point(id));
}

/// Fetches the campaign's media and judges them by the rules of each of its routes.
result<void, failure> engine::impl::look_at_media(const compiled_campaign& c, std::vector<finding>& found) {
  if (!preflight_ || c.definition.media.empty()) return {};
  std::vector<std::string> urls;
  for (const media_link& each : c.definition.media) urls.push_back(each.url);
  if (auto many = preflight_detail::too_many_media(urls, shared_.options.preflight)) {
    return failure{errc::invalid_campaign, {std::move(*many)}};
  }
  const auto reports = [&] {
    const std::scoped_lock lock(looking_);
    return preflight_->look(urls);
  }();
  if (!reports) return failure{reports.error(), {}};
  std::vector<violation> errors;
  for (const auto& w : c.routes) {
    auto said =
        check_media(c.definition, *reports, rules_of(shared_.options.routes[w.route], shared_.options.profiles));
    for (finding& f : said) {
      if (shared_.options.preflight.mode == preflight_mode::warn) f.severity = std::max(f.severity, severity::warning);
    }
    sort_findings(std::move(said), errors, found);
  }
  if (!errors.empty()) return failure{errc::invalid_campaign, std::move(errors)};
  return {};
}

}  // namespace broadside
