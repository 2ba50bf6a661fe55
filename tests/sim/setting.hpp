// sim/setting - a plan as the library's own structs: options, campaigns, providers, faults.
#pragma once

#include <broadside/campaign.hpp>
#include <broadside/options.hpp>
#include <broadside/testing/provider_simulator.hpp>
#include <broadside/testing/simulation.hpp>
#include <sim/plan.hpp>
#include <string>
#include <vector>

namespace broadside::sim {

[[nodiscard]] testing::simulation_faults faults_of(const plan&);
[[nodiscard]] testing::simulator_options provider_of(const plan&, std::size_t route);
/// `urls`: of the providers, one for each route.
[[nodiscard]] options options_of(const plan&, const std::vector<std::string>& urls);
[[nodiscard]] std::string key_of(std::size_t campaign);
[[nodiscard]] std::string source_name(std::size_t source);
[[nodiscard]] std::string route_name(std::size_t route);
/// The last segment of the path that a route's provider posts its reports to.
[[nodiscard]] std::string callback_secret(std::size_t route);
[[nodiscard]] std::string sender_of(number which);
[[nodiscard]] std::string limit_name(std::size_t limit);
[[nodiscard]] std::string tenant_name(number tenant);
[[nodiscard]] const char* zone_of(const limit_plan&);
/// Its definition, the `version`th from 1 on.
[[nodiscard]] campaign campaign_of(const plan&, std::size_t index, unsigned version);

}  // namespace broadside::sim
