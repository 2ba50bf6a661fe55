#include <poll.h>
#include <algorithm>
#include <array>
#include <broadside/broadside.hpp>
#include <broadside/testing/provider_simulator.hpp>
#include <memory>
#include <mutex>
#include <string>
#include <support/catch.hpp>
#include <vector>

namespace {

using namespace broadside;
using namespace std::chrono_literals;

/// Most messages in any window of `width`.
std::size_t most_in_window(const std::vector<time_point>& times, duration width) {
  std::size_t most = 0;
  std::size_t first = 0;
  for (std::size_t last = 0; last < times.size(); ++last) {
    while (times[last] - times[first] >= width) ++first;
    most = std::max(most, last - first + 1);
  }
  return most;
}

/// The machine's clock, which remembers what it last told each thread: a shard decides everything of one turn by one
/// reading, so while it encodes, this is the instant its permission is for.
class remembering_environment final : public environment {
 public:
  time_point now() noexcept override { return last_told = environment::system().now(); }
  wall_time wall_now() noexcept override { return environment::system().wall_now(); }
  std::uint64_t random() noexcept override { return environment::system().random(); }
  static thread_local time_point last_told;
};
thread_local time_point remembering_environment::last_told{};

/// A provider that notes the instant for which each message was permitted to leave.
class noting_provider final : public provider {
 public:
  explicit noting_provider(std::shared_ptr<const provider> real) : real_(std::move(real)) {}
  std::string_view name() const noexcept override { return real_->name(); }
  const content_limits& limits() const noexcept override { return real_->limits(); }
  const http_endpoint& endpoint() const noexcept override { return real_->endpoint(); }
  bool deduplicates() const noexcept override { return real_->deduplicates(); }
  result<std::size_t> encode(std::span<const message> messages, std::string& body) const override {
    auto n = real_->encode(messages, body);
    const std::scoped_lock lock(mutex_);
    if (n) permitted_.insert(permitted_.end(), *n, remembering_environment::last_told);
    return n;
  }
  void classify(const http_response& answer, std::span<const message_id> ids,
                std::span<verdict> each) const noexcept override {
    real_->classify(answer, ids, each);
  }
  /// In the order of time.
  std::vector<time_point> permitted() const {
    const std::scoped_lock lock(mutex_);
    auto times = permitted_;
    std::sort(times.begin(), times.end());
    return times;
  }

 private:
  std::shared_ptr<const provider> real_;
  mutable std::mutex mutex_;
  mutable std::vector<time_point> permitted_;  // guarded by mutex_
};

}  // namespace

// A window at the provider holds more than the limit by what left late and what left in time: a machine that stops a
// thread for 2 ms brings a message of 500/s into its successor's window, whatever the sender does. So the limit is
// held against the instants at which messages were permitted to leave, and each arrival against its permission.
TEST_CASE(
    "engine: no window of departures exceeds the limit, none arrives before its permission, and the limit is used",
    "[rate]") {
  constexpr double rate = 500;
  constexpr std::uint32_t burst = 50;
  constexpr auto span = 20s;
  auto server = testing::provider_simulator::start({.record_times = true});
  REQUIRE(server.has_value());
  remembering_environment clock;
  options o;
  o.shards = GENERATE(1U, 2U);
  auto sinch = providers::sinch({.base_url = server->url(), .api_key = "sinch-test-key", .service_id = "12345"});
  REQUIRE(sinch.has_value());
  const auto noting = std::make_shared<noting_provider>(*sinch);
  o.routes.push_back({.name = "main", .provider = noting, .limit = {rate, burst}});
  auto opened = engine::open(std::move(o), clock);
  REQUIRE(opened.has_value());
  campaign c;
  c.name = "Paced";
  c.text = "Hi";
  c.sender.sender = "18885551234";
  c.sender.routes = {{"main", 1}};
  const auto id = opened->launch(std::move(c));
  REQUIRE(id.has_value());
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
  opened->stop();
  const auto permitted = noting->permitted();
  const auto arrived = server->sinch_times();

  for (const duration width : {duration(100ms), duration(1s), duration(10s)}) {
    const double allowed = rate * std::chrono::duration<double>(width).count() + burst;
    CAPTURE(std::chrono::duration<double>(width).count(), allowed, most_in_window(arrived, width));
    CHECK(static_cast<double>(most_in_window(permitted, width)) <= allowed);
  }
  REQUIRE(arrived.size() <= permitted.size());
  duration latest{};
  for (std::size_t k = 0; k < arrived.size(); ++k) {
    if (arrived[k] < permitted[k]) FAIL("message " << k << " arrived before its permission");
    latest = std::max(latest, arrived[k] - permitted[k]);
  }
  // What is left of the difference between the two is delay alone.
  for (const duration width : {duration(100ms), duration(1s), duration(10s)}) {
    const double allowed = rate * std::chrono::duration<double>(width + latest).count() + burst;
    CHECK(static_cast<double>(most_in_window(arrived, width)) <= allowed);
  }
  // Used: of what the limit allowed between the first and the last permission.
  const double seconds = std::chrono::duration<double>(permitted.back() - permitted.front()).count();
  const double used = static_cast<double>(permitted.size() - 1) / (rate * seconds);
  CAPTURE(permitted.size(), seconds, used);
  CHECK(seconds > 19);
  CHECK(used >= 0.98);
}
