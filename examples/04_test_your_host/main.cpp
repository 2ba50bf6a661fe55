// 04_test_your_host - how a host tests what it does with `maybe_sent`: a thousand bad days in a second.
//
// The host under test keeps a customer table of its own. Its rule: whom a message may have reached is not written to
// again, and is listed for a colleague to look at. The test runs it, unchanged, on the real engine in a simulated world
// where connections break, answers are lost and the process dies, and asks two things after each run: was anybody
// written to twice, and does the table say "reached" of exactly those whom the provider took or may have taken?
//
//   04_test_your_host [FIRST_SEED [SEEDS]]      a seed that fails is printed; give it to see it again
#include <array>
#include <broadside/broadside.hpp>
#include <broadside/testing/simulation.hpp>
#include <cstdlib>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <vector>

using namespace broadside;
using namespace std::chrono_literals;

namespace {

// ---------------------------------------------------------------- the host under test

enum class contact : unsigned char { none, reached, perhaps, refused };

/// What survives the process: here a vector, in a real host a database.
struct customer_table {
  std::vector<std::string> numbers;
  std::vector<contact> contacts;
};

class host {
 public:
  host(customer_table& table, engine opened) : table_(table), engine_(std::move(opened)) {
    campaign c;
    c.name = c.key = "spring sale";
    c.text = "Spring sale: 20 % off until Sunday.";
    c.sender = {.sender = "+18885550100", .routes = {{.route = "main"}}};
    campaign_ = engine_.launch(std::move(c)).value();
    source_ = engine_.open_source(campaign_, "customers").value();
  }

  /// Called by the host's event loop whenever there is time; true when the campaign is done.
  bool work() {
    submit();
    std::array<event, 16> events;
    while (const std::size_t n = engine_.poll(events)) {
      for (std::size_t i = 0; i < n; ++i) note(events[i]);
      engine_.confirm(events[n - 1].at);
    }
    return engine_.finished(campaign_);
  }

 private:
  void submit() {
    for (auto row = static_cast<std::size_t>(engine_.resume_point(source_)); row < table_.numbers.size(); ++row) {
      const recipient to{table_.numbers[row], {}};
      if (engine_.submit(source_, ordinal{row}, {&to, 1}).accepted == 0) return;  // full: later
    }
    static_cast<void>(engine_.finish(source_));
  }

  void note(const event& e) {
    contact& c = table_.contacts[static_cast<std::size_t>(e.row)];
    if (e.outcome == outcome::accepted) c = contact::reached;
    if (e.outcome == outcome::maybe_sent) c = contact::perhaps;  // a colleague looks; never sent again by itself
    if (e.outcome == outcome::rejected || e.outcome == outcome::not_sent) c = contact::refused;
  }

  customer_table& table_;
  engine engine_;
  campaign_id campaign_{};
  source_id source_{};
};

// ---------------------------------------------------------------- the test

options settings(const std::string& url) {
  auto sinch = providers::sinch({.base_url = url, .api_key = "sinch-test-key", .service_id = "12345"});
  options o;
  o.routes = {{.name = "main", .provider = sinch.value(), .limit = {.per_second = 50}}};
  o.routes[0].http.connections_max = 4;
  o.journal.path = "the host's disk";
  return o;
}

/// What is wrong after the run of this seed; empty: nothing.
std::string run(std::uint64_t seed) {
  testing::simulation world(seed, {.reset = 0.05, .half_open = 0.02, .sync_fails = 0.01, .crash = 0.001});
  const std::string url = world.add_provider("sinch");
  customer_table table;
  for (int i = 0; i < 40; ++i) table.numbers.push_back("+1212555" + std::to_string(1000 + i));
  table.contacts.resize(table.numbers.size());

  std::optional<host> running;
  for (bool done = false; !done; world.run_for(50ms)) {
    if (!running || world.crashed()) {
      running.reset();
      auto opened = world.open(settings(url));
      if (!opened) return opened.error().message();
      running.emplace(table, std::move(*opened));
    }
    done = running->work() && !world.crashed();
  }

  std::map<std::string, int> taken;
  for (const auto& each : world.acceptances()) ++taken["+" + each.number];
  for (std::size_t i = 0; i < table.numbers.size(); ++i) {
    const int n = taken[table.numbers[i]];
    const contact c = table.contacts[i];
    if (n > 1) return table.numbers[i] + " was written to " + std::to_string(n) + " times";
    if (n == 1 && c != contact::reached && c != contact::perhaps) return table.numbers[i] + " has it, and nobody knows";
    if (n == 0 && c == contact::reached) return table.numbers[i] + " is said to have it, and has not";
    if (c == contact::none) return table.numbers[i] + " was forgotten";
  }
  return {};
}

}  // namespace

int main(int count, char** words) try {
  const std::uint64_t first = count > 1 ? std::strtoull(words[1], nullptr, 10) : 1;
  const std::uint64_t seeds = count > 2 ? std::strtoull(words[2], nullptr, 10) : count > 1 ? 1 : 200;
  for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
    if (const std::string wrong = run(seed); !wrong.empty()) {
      std::cerr << "seed " << seed << ": " << wrong << '\n';
      return 1;
    }
  }
  std::cout << seeds << " runs: nobody written to twice, nobody forgotten\n";
  return 0;
} catch (const std::exception& why) {
  std::cerr << why.what() << '\n';
  return 1;
}
