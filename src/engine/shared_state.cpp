// engine/shared_state - see shared_state.hpp.
#include <engine/shared_state.hpp>
#include <utility>

namespace broadside::engine_detail {

void shared_state::make_routes(time_point start, const std::atomic<std::uint64_t>& next_id) {
  for (const route_options& r : options.routes)
    routes.push_back(std::make_unique<route_entry>(r, options.retry, start));
  for (const auto& each : routes) {
    for (const auto& other : routes) {
      const std::string& account = each->options->account;
      if (other == each || (!account.empty() && other->options->account == account))
        each->same_account.push_back(other.get());
    }
  }
  limits = std::make_unique<limit_table>(options, start, next_id);
  health = std::make_unique<route_health>(options, start);
  deliveries = std::make_unique<delivery_desk>(journal::delivery_book(options.reports.remembered_max));
}

result<void, failure> shared_state::join_in(campaign_entry& entry, time_point now) {
  const campaign& c = entry.compiled->definition;
  auto lanes = limits->lanes_of(*entry.compiled, now);
  if (!lanes) return lanes.error();
  entry.lanes = std::move(*lanes);
  entry.weight.store(c.weight, std::memory_order_relaxed);
  std::vector<std::uint16_t> used;
  for (const auto& w : entry.compiled->routes) used.push_back(w.route);
  health->are_alternatives(used);
  if (c.tenant.empty()) return {};
  std::uint32_t known = 0;
  while (known < tenants->size() && tenants->find(known)->name != c.tenant) ++known;
  entry.tenant = known;
  if (known < tenants->size()) return {};
  auto made = std::make_unique<tenant_entry>();
  made->name = c.tenant;
  for (const tenant_options& each : options.tenants) {
    if (each.name == c.tenant) made->weight = each.weight;
  }
  tenants->add(std::move(made));  // there is room for as many as there are campaigns
  return {};
}

}  // namespace broadside::engine_detail
