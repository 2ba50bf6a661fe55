// engine/engine_recovery - what an engine does with what its journal knows: campaigns and sources under the ids they
// had, messages back to the intake, unconfirmed events to the host.
#include <fmt/format.h>
#include <algorithm>
#include <engine/engine_impl.hpp>
#include <journal/definition.hpp>
#include <utility>

namespace broadside {

using namespace engine_detail;
namespace kept = ::broadside::journal;

namespace {

/// No message is told to wait longer; what a clock that was set back makes of it is cut.
constexpr std::chrono::hours wait_max{24};

}  // namespace

result<void, failure> engine::impl::recover() {
  kept::recovered found;
  auto opened = runtime_.open_journal(shared_.options, slots_, *shared_.limits, *shared_.environment_, found);
  if (!opened) return opened.error();
  durable_ = std::move(*opened);
  if (auto wrong = too_small_for(found); !wrong.empty()) return failure{errc::invalid_options, std::move(wrong)};
  journal_ = &durable_->log();
  shared_.journal_ = journal_;
  shared_.survives = true;
  shared_.limits->restore(found.usages);
  shared_.deliveries = std::make_unique<delivery_desk>(std::move(found.deliveries));
  next_id_ = first_id_ = shared_.limits->unused_id(next_id_);
  map_routes(found.routes);
  if (auto done = recover_campaigns(found); !done) return done.error();
  recover_sources(found);
  const time_point now = shared_.environment_->now();
  const wall_time wall = shared_.environment_->wall_now();
  for (const kept::recovered_message& m : found.messages) recover_message(m, now, wall);
  recovery_.records = found.records;
  recovery_.redelivered = found.unconfirmed;
  recovery_.quarantined = found.quarantined;
  redelivered_ = found.confirmed;
  redeliver_until_ = found.last;
  redelivers_.store(found.unconfirmed > 0, std::memory_order_release);
  if (found.unconfirmed > 0) wake_host(this, 0);
  return {};
}

/// What this engine has no room for although an earlier one had.
std::vector<violation> engine::impl::too_small_for(const kept::recovered& found) const {
  std::vector<violation> wrong;
  const auto need = [&](const char* field, std::size_t least, std::size_t is) {
    if (is < least)
      wrong.push_back({field, fmt::format("must be at least {} for what the journal holds, is {}", least, is)});
  };
  need("messages_inside_max", found.messages.size(), slots_.count());
  need("campaigns_max", found.campaigns.size(), shared_.options.campaigns_max);
  need("sources_max", found.sources.size(), shared_.options.sources_max);
  std::size_t largest = 0;
  for (const kept::recovered_message& m : found.messages)
    largest = std::max(largest, m.content.size() + m.recipient.size());
  need("recipient_bytes_max", largest, shared_.options.recipient_bytes_max);
  return wrong;
}

/// Records name routes by numbers that stay what they are; options::routes may have changed its order.
void engine::impl::map_routes(const std::vector<std::string>& recorded) {
  std::vector<std::string> names = recorded;
  for (const route_options& r : shared_.options.routes) {
    auto at = std::find(names.begin(), names.end(), r.name);
    if (at == names.end()) at = names.insert(names.end(), r.name);
    shared_.route_numbers.push_back(static_cast<std::uint16_t>(at - names.begin()));
  }
  recorded_routes_.assign(names.size(), 0xFFFF);
  for (std::size_t i = 0; i < shared_.route_numbers.size(); ++i)
    recorded_routes_[shared_.route_numbers[i]] = static_cast<std::uint16_t>(i);
  if (names.size() != recorded.size()) durable_->log().put_routes(names);
}

/// A campaign whose routes are gone is an error while anything of it is inside, and else only takes no more.
result<void, failure> engine::impl::recover_campaigns(const kept::recovered& found) {
  std::vector<violation> wrong;
  for (std::size_t i = 0; i < found.campaigns.size(); ++i) {
    const auto& was = found.campaigns[i];
    auto decoded = kept::decode_definition(was.definition);
    if (!decoded) {
      wrong.push_back({fmt::format("journal.campaigns[{}]", i), decoded.error().message()});
      continue;
    }
    auto entry = std::make_unique<campaign_entry>();
    auto compiled = compiled_campaign::compile(*decoded, shared_.options.routes, shared_.options.profiles,
                                               compiled_campaign::findings_are::kept);
    std::optional<failure> refused;
    if (!compiled) refused = compiled.error();
    if (compiled) {
      entry->compiled = std::move(*compiled);
      if (auto joined = shared_.join_in(*entry, shared_.environment_->now()); !joined) refused = joined.error();
    }
    if (refused) {
      entry->usable = false;
      entry->unusable_because = refused->message();
      for (const violation& v : refused->violations) {
        if (was.totals.inside > 0)
          wrong.push_back({fmt::format("journal.campaigns[\"{}\"].{}", decoded->name, v.field), v.rule});
      }
      auto only_known = std::make_unique<compiled_campaign>();
      only_known->definition = std::move(*decoded);
      entry->compiled = std::move(only_known);
    }
    const campaign& c = entry->compiled->definition;
    entry->definition = was.definition;
    entry->before = was.totals;
    entry->before.submitted = was.totals.settled();  // what is inside is counted as it is taken up
    entry->before.inside = 0;
    entry->places_max = c.inside_max != 0 ? std::min(c.inside_max, slots_.count()) : slots_.count() / 2;
    for (std::uint32_t k = 0; k < campaigns_.size() && !c.key.empty(); ++k)
      entry->version += campaigns_.find(k)->compiled->definition.key == c.key ? 1 : 0;
    for (const campaign_state s : {campaign_state::paused, campaign_state::cancelled}) {
      if (was.state == name_of(s)) entry->state.store(s, std::memory_order_relaxed);
    }
    recovery_.lost += was.totals.submitted - was.totals.settled();  // less what is found
    campaigns_.add(std::move(entry));
  }
  if (!wrong.empty()) return failure{errc::invalid_options, std::move(wrong)};
  return {};
}

void engine::impl::recover_sources(const kept::recovered& found) {
  for (const auto& was : found.sources) {
    auto entry = std::make_unique<source_entry>();
    entry->campaign = was.campaign;
    entry->name = was.name;
    const campaign_entry* c = find(was.campaign);
    if (c != nullptr && !c->compiled->definition.key.empty()) follow(*entry);
    entry->next.store(std::max(entry->start, static_cast<std::uint64_t>(was.next)), std::memory_order_relaxed);
    // A crash may come between a new version and the end of what the last one took from.
    const bool is_finished = was.finished || (c != nullptr && is_superseded(was.campaign));
    entry->finished.store(is_finished, std::memory_order_relaxed);
    if (campaign_entry* owner = find(was.campaign)) {
      owner->sources_known.fetch_add(1, std::memory_order_relaxed);
      if (!is_finished) owner->sources_open.fetch_add(1, std::memory_order_relaxed);
    }
    sources_.add(std::move(entry));
  }
}

void engine::impl::recover_message(const kept::recovered_message& m, time_point now, wall_time wall) {
  campaign_entry* c = find(m.campaign);
  slot_index i = no_slot;
  if (c == nullptr || !free_.try_pop(i)) return;
  slot& s = slots_[i];
  s.told = event{};
  s.told.id = m.id;
  s.told.campaign = m.campaign;
  s.told.source = m.source;
  s.told.row = m.row;
  s.told.recipient = std::string_view(m.recipient);
  s.told.attempts = m.so_far.attempts;
  s.told.route = m.so_far.route < recorded_routes_.size() ? recorded_routes_[m.so_far.route] : std::uint16_t{0xFFFF};
  s.to.reset();
  s.expires_wall = m.expires_at;
  // A clock that was set back does not make a message younger than it was when it came.
  const wall_time::duration age_max = c->compiled->definition.age_max;
  s.expires_at = now + std::min(m.expires_at - wall, age_max);
  const wall_time::duration left = m.so_far.not_before - wall;
  s.not_before = left > left.zero() ? now + std::min<wall_time::duration>(left, wait_max) : time_point{};
  s.failures = m.so_far.failures;
  s.alone = false;
  s.answer_lost = m.so_far.answer_lost || m.claimed;
  s.interrupted = m.claimed;
  s.oversize = m.oversize || !slots_.restore(i, m.content, m.value_count);
  c->submitted.fetch_add(1, std::memory_order_relaxed);
  c->places.fetch_add(1, std::memory_order_relaxed);
  durable_->log().adopt(i, m);
  static_cast<void>(intake_.try_push(slot_index{i}));
  recovery_.lost -= std::min<std::uint64_t>(recovery_.lost, 1);
  ++(m.claimed ? recovery_.interrupted : recovery_.requeued);
}

/// Events that earlier engines settled and nobody confirmed. They have no slots: they come from the disk.
std::size_t engine::impl::redeliver(std::span<event> out) noexcept {
  try {
    return read_again(out);
  } catch (...) {  // no memory: they are there for the next poll()
    return 0;
  }
}

std::size_t engine::impl::read_again(std::span<event> out) {
  const std::scoped_lock lock(redelivering_);
  if (!redelivers_.load(std::memory_order_relaxed)) return 0;
  error_code failed;
  const std::size_t n = durable_->log().read_outcomes(redelivered_, redeliver_until_, out, failed);
  for (event& e : out.first(n))
    e.route = e.route < recorded_routes_.size() ? recorded_routes_[e.route] : std::uint16_t{0xFFFF};
  if (n > 0) redelivered_ = out[n - 1].at;
  if (n == 0 && !failed && !out.empty()) redelivers_.store(false, std::memory_order_release);
  return n;
}

}  // namespace broadside
