// Tests of journal/log_journal: random courses of things with crashes and failing commits, beside a simple model.
//
// A failure prints the seed; put it into `first_seed` and set `seeds` to 1 to run that course alone.
#include <iterator>
#include <random>
#include "log_fixture.hpp"
#include "log_model.hpp"

using namespace broadside;
using namespace broadside::journal;
using namespace std::chrono_literals;
using broadside::testing::log_fixture;
using broadside::testing::log_model;

namespace {

constexpr std::uint64_t first_seed = 1;
constexpr std::uint64_t seeds = 200;
constexpr int steps = 400;

log_options options_of(std::mt19937_64& random) {
  constexpr std::array<std::size_t, 3> chunk_bytes{100, 700, 128 * 1024};
  log_options o;
  o.deliveries_max = 1'000;
  o.durability = static_cast<durability>(random() % 3);
  o.sync_interval = std::chrono::milliseconds{1 + random() % 300};
  o.keep_outcomes = random() % 2 == 0 ? 0s : 2s;
  o.chunk_bytes = chunk_bytes[random() % chunk_bytes.size()];
  o.restate_above = random() % 2 == 0 ? 1'000 : 100'000;
  return o;
}

/// One course under one seed.
class course {
 public:
  explicit course(std::uint64_t seed) : random_(seed), f_(options_of(random_), 64), model_(f_) {
    f_.log->put_campaign(campaign_id{0}, "a definition");
    f_.log->put_source(source_id{0}, campaign_id{0}, "left");
    f_.log->put_source(source_id{1}, campaign_id{0}, "right");
    f_.run_for(1s);
    if (f_.options.durability == durability::none) static_cast<void>(f_.disk.sync());
  }

  std::string operator()() {
    for (int i = 0; i < steps; ++i) {
      change();
      if (random_() % 100 == 0) {
        if (auto wrong = crash(); !wrong.empty()) return wrong + ", at step " + std::to_string(i);
      }
    }
    let_all_through();
    f_.run_for(20s);
    if (!f_.log->writes() || f_.log->durable() < f_.last) return "not everything became durable";
    return crash();
  }

 private:
  std::uint64_t any_living() {
    return std::next(model_.living().begin(), static_cast<std::ptrdiff_t>(random_() % model_.living().size()))->first;
  }

  void change() {
    const auto dice = random_() % 100;
    const bool some = !model_.living().empty();
    if (dice < 25 && model_.living().size() + model_.ended() < 30) {
      model_.take(static_cast<std::uint32_t>(random_() % 2));
    } else if (dice < 40 && some) {
      // A message goes on when its claim is cleared: so many records of it are staged at most.
      f_.run();
      if (f_.log->writes()) model_.claim(any_living());
    } else if (dice < 45 && some) {
      model_.release(any_living());
      f_.run();
    } else if (dice < 55 && model_.last_id() != 0 && model_.ended() < 20) {
      constexpr std::array<delivery, 4> all{delivery::underway, delivery::delivered, delivery::failed,
                                            delivery::expired};
      model_.report(1 + random_() % model_.last_id(), all[random_() % all.size()]);
    } else if (dice < 65 && some) {
      model_.end(any_living(), random_() % 4 == 0 ? outcome::maybe_sent : outcome::accepted);
    } else if (dice < 80) {
      f_.run();
    } else if (dice < 90) {
      f_.run_for(std::chrono::milliseconds{random_() % 2'000});
    } else if (dice < 95) {
      model_.confirm_told();
    } else if (dice < 97) {
      const bool full = random_() % 2 == 0;
      f_.disk.failure_code = full ? errc::journal_full : errc::journal_faulty;
      (full ? f_.disk.fail_chunks : f_.disk.fail_commits) = static_cast<std::uint32_t>(random_() % (full ? 9 : 3));
    } else if (dice < 98) {
      f_.disk.fail_after_effect = 1;
    }
    model_.forget_told();
  }

  void let_all_through() {
    f_.disk.fail_commits = 0;
    f_.disk.fail_chunks = 0;
    f_.disk.fail_after_effect = 0;
  }

  std::string crash() {
    const auto durable = f_.log->durable();
    if (f_.options.durability == durability::none) {
      let_all_through();  // only the process ends: the system has what was handed to it
      f_.open();
    } else {
      f_.crash_and_open();
    }
    auto wrong = model_.verdict_of_crash(durable);
    if (wrong.empty()) model_.adopt_all();
    return wrong;
  }

  std::mt19937_64 random_;
  log_fixture f_;
  log_model model_;
};

}  // namespace

TEST_CASE("log_journal: any course of things with crashes and faults is recovered as a simple model says",
          "[journal][large]") {
  for (auto seed = first_seed; seed < first_seed + seeds; ++seed) {
    INFO("seed " << seed);
    REQUIRE(course{seed}() == "");
  }
}
