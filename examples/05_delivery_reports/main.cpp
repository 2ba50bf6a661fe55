// 05_delivery_reports - a callback of a provider, from the host's own server to an event. Sinch is the simulator, and
// this program posts what Sinch would.
//
//   05_delivery_reports      prints the message's two events: enqueued, delivered
// README
#include <poll.h>
#include <array>
#include <broadside/broadside.hpp>
#include <broadside/testing/provider_simulator.hpp>
#include <iostream>

using namespace broadside;

/// Called by the host's HTTP server for each POST below /callbacks/main/. 503: the provider calls again.
unsigned answer(engine& host, const http_request_view& request) {
  const auto said = host.accept_callback("main", request);
  if (said && said->why) std::cerr << "callback refused: " << said->why.message() << '\n';
  return said ? said->status : 404;
}

/// Prints the next event and returns it.
event next(engine& host) {
  std::array<event, 1> events;
  for (pollfd news{host.event_fd(), POLLIN, 0}; host.poll(events) == 0;) ::poll(&news, 1, 1000);
  std::string line;
  append_json(line, events[0], host.context(events[0].campaign, events[0].route));
  std::cout << line << '\n';
  return events[0];
}

int main() try {
  const auto sinch = testing::provider_simulator::start().value();
  options settings;
  settings.routes = {{.name = "main",
                      .provider = providers::sinch({.base_url = sinch.url(),
                                                    .api_key = "sinch-test-key",
                                                    .service_id = "12345",
                                                    .callback_secret = "an-example-secret"})
                                      .value()}};
  engine host = engine::open(settings).value();

  const campaign_id id =
      host.launch({.name = "hello", .text = "Hi", .sender = {.sender = "18885550123", .routes = {{.route = "main"}}}})
          .value();
  const source_id source = host.open_source(id, "list").value();
  const recipient customer{"+12125550123", {}};
  host.submit(source, ordinal{0}, {&customer, 1});
  const event taken = next(host);

  message_reference_text buffer;  // what the provider was given with the message, and gives back
  const std::string_view reference = to_text({taken.id, taken.campaign, taken.source, taken.row}, buffer);
  const std::string body =
      R"({"origin":"MMS_MT","code":"N102","to":"12125550123","client-reference":")" + std::string(reference) + "\"}";
  const unsigned status = answer(host, {"POST", "/callbacks/main/an-example-secret", {}, body});
  return status == 200 && next(host).delivery == delivery::delivered && host.counts(id).delivered == 1 ? 0 : 1;
} catch (const std::exception& why) {
  std::cerr << why.what() << '\n';
  return 1;
}
