// 01_embed - a host, complete: opens an engine, launches a campaign, submits customers, prints events, drains.
//
// One host thread. Keys come from the environment: INFOBIP_BASE_URL and INFOBIP_API_KEY; the URL may be that of
// broadside-simulator. The README shows everything below the marker.
// README
#include <array>
#include <broadside/broadside.hpp>
#include <cstdlib>
#include <iostream>

using namespace broadside;

int main() try {
  const auto secret = [](const char* name) { return std::string(std::getenv(name) ? std::getenv(name) : ""); };
  auto infobip = providers::infobip({.base_url = secret("INFOBIP_BASE_URL"), .api_key = secret("INFOBIP_API_KEY")});
  auto host = engine::open({.routes = {{.name = "main", .provider = infobip.value(), .limit = {.per_second = 30}}},
                            .preflight = {.mode = preflight_mode::warn}});  // the default refuses: nothing is there
  auto campaign =
      host.value().launch({.name = "spring sale",
                           .attributes = {"first_name"},
                           .text = "Hello {{ first_name | default('there') }}, today 20 % off.",
                           .media = {{.url = "https://media.example.com/sale.jpg", .mime_type = "image/jpeg"}},
                           .sender = {.sender = "+18885550100", .routes = {{.route = "main"}}}});
  auto source = host->open_source(campaign.value(), "customers").value();

  const std::array<std::string_view, 1> ann{"Ann"}, unknown{""};
  const std::vector<recipient> customers{{"+12125550123", ann}, {"+1 (212) 555-0124", unknown}};
  const auto taken = host->submit(source, ordinal{0}, customers);  // full? read events, then submit the rest
  const auto drained = host->drain(std::chrono::minutes{5});

  std::array<event, 64> events;
  while (const std::size_t count = host->poll(events)) {
    for (const event& e : std::span(events).first(count)) {
      std::string line;
      append_json(line, e, host->context(e.campaign, e.route));
      std::cout << line << '\n';
    }
    host->confirm(events[count - 1].at);
  }
  return drained && taken.accepted == customers.size() ? 0 : 1;
} catch (const std::exception& why) {
  std::cerr << why.what() << '\n';  // every violation of the options or the campaign
  return 1;
}
