// preflight/names_test - look-ups that hang hold up nobody: not other names, and not whoever asked.
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <preflight/names_driver.hpp>
#include <string>
#include <support/catch.hpp>
#include <vector>

using namespace broadside;
using namespace broadside::preflight_detail;
using namespace std::chrono_literals;

namespace {

const ip_address somewhere{{93, 184, 216, 34}, false};

/// A resolver that answers when it is told to. Its threads may outlive whoever asks, so they share it.
struct slow_names {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::string> asked;
  bool is_open = false;
  std::size_t answered = 0;

  result<std::vector<ip_address>> look_up(const std::string& host) {
    std::unique_lock lock(mutex);
    asked.push_back(host);
    changed.notify_all();
    changed.wait_for(lock, 30s, [&] { return is_open || host.starts_with("fast"); });
    ++answered;
    changed.notify_all();
    return std::vector{somewhere};
  }
  void open() {
    const std::scoped_lock lock(mutex);
    is_open = true;
    changed.notify_all();
  }
  bool wait_for_asked(std::size_t n) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, 30s, [&] { return asked.size() >= n; });
  }
  bool wait_for_answered(std::size_t n) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, 30s, [&] { return answered >= n; });
  }
};

/// What a name_lookups wakes.
struct sleeper {
  std::mutex mutex;
  std::condition_variable woken;
  std::size_t wakes = 0;

  void wake() {
    const std::scoped_lock lock(mutex);
    ++wakes;
    woken.notify_all();
  }
  /// Until `n` answers are there.
  std::vector<std::string> collect(name_lookups& from, std::size_t n) {
    std::vector<std::string> hosts;
    const auto until = std::chrono::steady_clock::now() + 30s;
    while (hosts.size() < n && std::chrono::steady_clock::now() < until) {
      std::unique_lock lock(mutex);
      woken.wait_until(lock, until, [this] { return wakes > 0; });
      wakes = 0;
      lock.unlock();
      for (const auto& each : from.take()) {
        CHECK(each.found.has_value());
        hosts.push_back(each.host);
      }
    }
    std::sort(hosts.begin(), hosts.end());
    return hosts;
  }
};

struct fixture {
  std::shared_ptr<slow_names> names = std::make_shared<slow_names>();
  sleeper asleep;
  std::optional<name_lookups> lookups;

  fixture() {
    lookups.emplace([n = names](const std::string& host) { return n->look_up(host); }, [this] { asleep.wake(); });
  }
};

}  // namespace

TEST_CASE("names: a name that hangs does not delay the others", "[preflight]") {
  fixture f;
  f.lookups->start("slow");
  REQUIRE(f.names->wait_for_asked(1));
  f.lookups->start("fast");
  CHECK(f.asleep.collect(*f.lookups, 1) == std::vector<std::string>{"fast"});
  CHECK(f.lookups->take().empty());
  f.names->open();
  CHECK(f.asleep.collect(*f.lookups, 1) == std::vector<std::string>{"slow"});
}

TEST_CASE("names: a name that is being looked up is not looked up twice at once", "[preflight]") {
  fixture f;
  f.lookups->start("slow");
  f.lookups->start("slow");
  REQUIRE(f.names->wait_for_asked(1));
  f.lookups->start("slow");
  f.names->open();
  CHECK(f.asleep.collect(*f.lookups, 1) == std::vector<std::string>{"slow"});
  f.lookups->start("slow");
  CHECK(f.asleep.collect(*f.lookups, 1) == std::vector<std::string>{"slow"});
  CHECK(f.names->asked.size() == 2);
}

TEST_CASE("names: more names than threads are all looked up in the end", "[preflight]") {
  fixture f;
  constexpr std::size_t many = name_lookups::threads_max + 5;
  std::vector<std::string> hosts;
  for (std::size_t i = 0; i < many; ++i) hosts.push_back("slow" + std::to_string(i));
  std::sort(hosts.begin(), hosts.end());
  for (const std::string& host : hosts) f.lookups->start(host);
  REQUIRE(f.names->wait_for_asked(name_lookups::threads_max));
  {
    const std::scoped_lock lock(f.names->mutex);
    CHECK(f.names->asked.size() == name_lookups::threads_max);
  }
  f.names->open();
  CHECK(f.asleep.collect(*f.lookups, many) == hosts);
}

TEST_CASE("names: whoever asked may go while a name hangs, and is not called any more", "[preflight]") {
  fixture f;
  for (std::size_t i = 0; i <= name_lookups::threads_max; ++i) f.lookups->start("slow" + std::to_string(i));
  REQUIRE(f.names->wait_for_asked(name_lookups::threads_max));
  f.lookups.reset();  // would wait for ever, if it waited
  f.names->open();
  REQUIRE(f.names->wait_for_answered(name_lookups::threads_max));
  const std::scoped_lock lock(f.asleep.mutex);
  CHECK(f.asleep.wakes == 0);
}

TEST_CASE("names: the system knows this machine, and says so of what it does not know", "[preflight]") {
  const auto here = system_addresses("localhost");
  REQUIRE(here.has_value());
  CHECK(std::any_of(here->begin(), here->end(), [](const ip_address& a) { return why_not_public(a) == "loopback"; }));
  const auto literal = system_addresses("93.184.216.34");
  REQUIRE(literal.has_value());
  CHECK(*literal == std::vector{somewhere});
  const auto six = system_addresses("2606:2800:220:1::1");
  REQUIRE(six.has_value());
  CHECK(*six == std::vector{*parse_address("2606:2800:220:1::1")});
  CHECK(system_addresses("").has_error());
}
