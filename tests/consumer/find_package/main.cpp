// consumer/find_package - a host that has the installed package, and sends through the simulator it ships.
//
// The main thread and the engine's; loopback only.
#include <array>
#include <broadside/broadside.hpp>
#include <broadside/testing/provider_simulator.hpp>
#include <chrono>
#include <cstdio>
#include <string>
#include <utility>

namespace {

int fail(const char* what, const broadside::failure& why) {
  std::fprintf(stderr, "%s: %s\n", what, why.message().c_str());
  return 1;
}

broadside::campaign spring_sale(const std::string& server) {
  broadside::campaign campaign;
  campaign.name = "spring sale";
  campaign.attributes = {"first_name"};
  campaign.text = "Hello {{ first_name }}";
  campaign.media = {{.url = server + "/_simulator/image.png", .mime_type = "image/png"}};
  campaign.sender.sender = "+12125550100";
  campaign.sender.routes = {{.route = "infobip"}};
  return campaign;
}

}  // namespace

int main() {
  const auto simulator = broadside::testing::provider_simulator::start();
  if (!simulator) return fail("simulator", simulator.error());
  auto provider = broadside::providers::infobip({.base_url = simulator->url(), .api_key = "infobip-test-key"});
  if (!provider) return fail("provider", provider.error());

  broadside::options options;
  options.routes.push_back({.name = "infobip", .provider = *provider});
  options.preflight.https_only = false;  // the picture is on this machine
  options.preflight.allow_private_addresses = true;
  auto engine = broadside::engine::open(std::move(options));
  if (!engine) return fail("open", engine.error());
  const auto campaign = engine->launch(spring_sale(simulator->url()));
  if (!campaign) return fail("launch", campaign.error());
  const auto source = engine->open_source(*campaign, "a list");
  if (!source) return fail("open_source", {source.error(), {}});

  const std::array<std::string_view, 1> values{"Ana"};
  const std::array<broadside::recipient, 2> rows{{{"+12125550123", values}, {"+12125550124", values}}};
  if (engine->submit(*source, broadside::ordinal{0}, rows).accepted != rows.size()) return 1;
  if (!engine->finish(*source) || !engine->drain(std::chrono::seconds{30})) return 1;
  const broadside::ledger counts = engine->counts(*campaign);
  std::printf("accepted %llu of %llu\n", static_cast<unsigned long long>(counts.accepted),
              static_cast<unsigned long long>(counts.submitted));
  return counts.balanced() && counts.accepted == 2 && simulator->infobip().accepted_ids == 2 ? 0 : 1;
}
