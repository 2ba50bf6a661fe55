// examples/01_embed - a host: opens an engine, launches a campaign, submits its customers, prints what became of each.
//
// One thread of its own; the engine has others. The README shows everything below the marker.
// README
#include <poll.h>
#include <array>
#include <broadside/broadside.hpp>
#include <cstdlib>
#include <iostream>

using namespace std::chrono_literals;

static std::string secret(const char* name) { return std::getenv(name) ? std::getenv(name) : ""; }

static int fail(const broadside::failure& why) { return std::cerr << why.message() << '\n', 1; }

static void print_events(broadside::engine& engine) {
  std::array<broadside::event, 64> events;
  while (const std::size_t count = engine.poll(events)) {
    for (const broadside::event& event : std::span(events).first(count)) {
      std::string line;
      append_json(line, event, engine.context(event.campaign, event.route));
      std::cout << line << '\n';
    }
    engine.confirm(events[count - 1].at);
  }
}

int main() {
  auto infobip =
      broadside::providers::infobip({.base_url = secret("INFOBIP_BASE_URL"), .api_key = secret("INFOBIP_API_KEY")});
  if (!infobip) return fail(infobip.error());
  auto engine =
      broadside::engine::open({.routes = {{.name = "main", .provider = *infobip, .limit = {.per_second = 30}}}});
  if (!engine) return fail(engine.error());
  auto campaign = engine->launch({.name = "spring sale",
                                  .attributes = {"first_name"},
                                  .text = "Hello {{ first_name | default('there') }}, today everything is 20 % off.",
                                  .media = {{.url = "https://media.example.com/sale.jpg", .mime_type = "image/jpeg"}},
                                  .sender = {.sender = "+12125550100", .routes = {{.route = "main"}}}});
  if (!campaign) return fail(campaign.error());
  auto source = engine->open_source(*campaign, "customers");
  if (!source) return fail({source.error(), {}});

  const std::array<std::string_view, 1> ana{"Ana"}, no_name{""};
  const std::vector<broadside::recipient> customers{{"+12125550123", ana}, {"+1 (212) 555-0124", no_name}};
  std::size_t taken = 0;
  while (taken < customers.size()) {
    auto step = engine->submit(*source, broadside::ordinal{taken}, std::span(customers).subspan(taken));
    taken += step.accepted;
    pollfd news{engine->event_fd(), POLLIN, 0};
    if (step.stopped_by == broadside::errc::full) ::poll(&news, 1, 1000);  // events make room
    if (step.stopped_by != broadside::errc::full && taken < customers.size()) return fail({step.stopped_by, {}});
    print_events(*engine);
  }
  auto done = engine->drain(1h);
  print_events(*engine);
  return done ? 0 : fail({done.error(), {}});
}
