// What limits allow, before anything is sent: no account, no socket, no engine.
// README
#include <broadside/pace.hpp>
#include <broadside/providers/infobip.hpp>
#include <broadside/providers/sinch.hpp>
#include <iostream>

using namespace broadside;

int main() try {
  options accounts;
  accounts.routes = {
      {.name = "sinch",
       .provider = providers::sinch({.api_key = "key", .service_id = "12345"}).value(),
       .account = "shop",
       .limit = {.per_second = 30, .burst = 5}},
      {.name = "infobip",
       .provider = providers::infobip({.base_url = "https://x.api.infobip.com", .api_key = "key"}).value(),
       .limit = {.per_second = 10}}};
  accounts.limits = {
      {.name = "short code", .sender = "24680", .rate = rate_limit::per(2'100, std::chrono::minutes{1}, 5)},
      {.name = "each number", .sender = "*", .rate = {.per_second = 100}},
      {.name = "shop's day", .account = "shop", .quota = {.most = 1'000'000, .time_zone = "America/Los_Angeles"}}};
  const campaign spring{
      .name = "spring sale",
      .text = "20 % off",
      .sender = {.sender = "24680", .routes = {{.route = "sinch", .weight = 3}, {.route = "infobip"}}}};
  const auto pace = expect_pace(spring, accounts, 2'000'000, std::chrono::system_clock::now()).value();
  std::cout << pace.per_second << " a second, " << pace.duration.count() / 3'600'000 << " h, " << pace.days
            << " day(s); binds: " << pace.binds << '\n';
  for (const pace_limit& each : pace.limits) std::cout << each.name << ": " << each.words << '\n';
  return 0;
} catch (const std::exception& why) {
  std::cerr << why.what() << '\n';  // every violation of the options or the campaign
  return 1;
}
