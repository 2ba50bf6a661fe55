#include <poll.h>
#include <algorithm>
#include <array>
#include <broadside/broadside.hpp>
#include <broadside/testing/provider_simulator.hpp>
#include <string>
#include <support/catch.hpp>
#include <vector>

namespace {

using namespace broadside;
using namespace std::chrono_literals;

/// Most messages in any window of `width`, by the times the provider saw.
std::size_t most_in_window(const std::vector<time_point>& times, duration width) {
  std::size_t most = 0;
  std::size_t first = 0;
  for (std::size_t last = 0; last < times.size(); ++last) {
    while (times[last] - times[first] >= width) ++first;
    most = std::max(most, last - first + 1);
  }
  return most;
}

}  // namespace

TEST_CASE("engine: no window at the provider exceeds the limit, and the limit is used", "[rate]") {
  constexpr double rate = 500;
  constexpr std::uint32_t burst = 50;
  constexpr auto span = 20s;
  auto server = testing::provider_simulator::start({.record_times = true});
  REQUIRE(server.has_value());
  options o;
  o.shards = GENERATE(1U, 2U);
  auto sinch = providers::sinch({.base_url = server->url(), .api_key = "sinch-test-key", .service_id = "12345"});
  REQUIRE(sinch.has_value());
  o.routes.push_back({.name = "main", .provider = *sinch, .limit = {rate, burst}});
  auto opened = engine::open(std::move(o));
  REQUIRE(opened.has_value());
  campaign c;
  c.name = "Paced";
  c.text = "Hi";
  c.sender.sender = "18885551234";
  c.sender.routes = {{"main", 1}};
  const auto id = opened->launch(std::move(c));
  const auto source = opened->open_source(*id, "all");
  const std::vector<recipient> many(1000, recipient{"+12125550123", {}});

  const time_point start = std::chrono::steady_clock::now();
  std::array<event, 256> events;
  for (std::uint64_t next = 0; std::chrono::steady_clock::now() - start < span;) {
    next += opened->submit(*source, ordinal{next}, many).accepted;
    pollfd news{opened->event_fd(), POLLIN, 0};
    ::poll(&news, 1, 50);
    while (opened->poll(events) > 0) {
    }
  }
  const auto times = server->sinch_times();
  opened->stop();

  for (const duration width : {duration(100ms), duration(1s), duration(10s)}) {
    const double allowed = rate * std::chrono::duration<double>(width).count() + burst;
    CAPTURE(std::chrono::duration<double>(width).count(), allowed);
    CHECK(static_cast<double>(most_in_window(times, width)) <= allowed);
  }
  // Used: of what the limit allowed between the first and the last message that arrived.
  const double seconds = std::chrono::duration<double>(times.back() - times.front()).count();
  const double used = static_cast<double>(times.size() - 1) / (rate * seconds);
  CAPTURE(times.size(), seconds, used);
  CHECK(seconds > 19);
  CHECK(used >= 0.98);
}
