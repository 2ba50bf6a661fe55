// What delivery reports say of messages whose answer was lost, and work that waits for its time over a restart.
#include <support/dispatcher_bench.hpp>

using namespace broadside;
using namespace broadside::testing;
using bench = dispatcher_bench;

namespace {

constexpr reconcile_options patient{.asks_max = 2, .delay_min = 1000ms, .report_wait = 60s};

}  // namespace

TEST_CASE("reports: a message whose answer was lost is held for its report, which settles it", "[engine][reports]") {
  const auto what = GENERATE(delivery::underway, delivery::delivered, delivery::failed);
  bench b({.reconcile = patient, .reported = true});
  b.submit("+12125550123");
  b.run();
  b.lose();
  REQUIRE(b.events().empty());
  REQUIRE(b.machine().awaited() == 1);
  REQUIRE(b.report(0, what));
  b.run();
  const event e = b.only_event();
  REQUIRE(e.outcome == outcome::accepted);  // whatever became of it, the provider had it
  REQUIRE(e.reason == errc{});
  REQUIRE(e.provider_message_id == "theirs");
  REQUIRE(b.machine().awaited() == 0);
}

TEST_CASE("reports: without a report a held message may have been sent, when its time is over", "[engine][reports]") {
  bench b({.reconcile = patient, .reported = true});
  b.submit("+12125550123");
  b.run();
  b.lose();
  b.env.advance(59'999ms);
  REQUIRE(b.run() == b.env.now() + 1ms);  // asks to be called again exactly then
  REQUIRE(b.events().empty());
  b.env.advance(1ms);
  b.run();
  const event e = b.only_event();
  REQUIRE(e.outcome == outcome::maybe_sent);
  REQUIRE(e.reason == errc::answer_lost);
  REQUIRE_FALSE(b.report(0));  // nobody holds it any more
  b.run();
  REQUIRE(b.events().empty());
}

TEST_CASE("reports: one that came before its message's answer was lost counts", "[engine][reports]") {
  const auto policy = GENERATE(on_unknown::hold, on_unknown::resend);
  bench b({.policy = policy, .reconcile = patient, .reported = true});
  b.submit("+12125550123");
  b.run();
  REQUIRE_FALSE(b.report(0));
  b.lose();
  REQUIRE(b.only_event().outcome == outcome::accepted);
  REQUIRE(b.clients[0]->sent.empty());  // nor is it sent again
}

TEST_CASE("reports: nobody is held where no reports come in", "[engine][reports]") {
  bench b({.reconcile = patient});
  b.submit("+12125550123");
  b.run();
  b.lose();
  REQUIRE(b.only_event().outcome == outcome::maybe_sent);
}

TEST_CASE("reports: a report ends the asking, also while a question is under way", "[engine][reports]") {
  bench b({.asked_for = 10, .reconcile = patient, .reported = true});
  b.submit("+12125550123");
  b.submit("+12125550124");
  b.run();
  b.lose();
  b.lose();
  const bool is_asked = GENERATE(true, false);
  if (is_asked) {
    b.env.advance(1000ms);
    b.run();
    REQUIRE(b.query_clients[0]->sent.size() == 1);
  }
  REQUIRE(b.report(0));
  b.run();
  REQUIRE(b.only_event().row == ordinal{0});
  if (is_asked) {
    b.answer_question("RA");  // what is said of the first comes too late to change anything
  } else {
    b.env.advance(1000ms);
    b.run();
    b.answer_question("A");
  }
  const event other = b.only_event();
  REQUIRE(other.row == ordinal{1});
  REQUIRE(other.outcome == outcome::accepted);
}

TEST_CASE("reports: when the provider was asked often enough, the report is waited for", "[engine][reports]") {
  bench b({.asked_for = 10, .reconcile = patient, .reported = true});
  b.submit("+12125550123");
  b.run();
  b.lose();
  for (const auto delay : {1000ms, 4000ms}) {
    b.env.advance(delay);
    b.run();
    b.answer_question("U");
  }
  REQUIRE(b.events().empty());
  REQUIRE(b.report(0));
  b.run();
  REQUIRE(b.only_event().outcome == outcome::accepted);
}

TEST_CASE("reports: cancelling ends the wait for a report", "[engine][reports]") {
  bench b({.reconcile = patient, .reported = true});
  b.submit("+12125550123");
  b.run();
  b.lose();
  b.set_state(campaign_state::cancelled);
  REQUIRE(b.only_event().outcome == outcome::maybe_sent);
}

TEST_CASE("reports: a message whose answer is lost after its campaign was cancelled is not held", "[engine][reports]") {
  bench b({.reconcile = patient, .reported = true});
  b.submit("+12125550123");
  b.run();
  b.set_state(campaign_state::cancelled);
  b.lose();
  REQUIRE(b.only_event().outcome == outcome::maybe_sent);
}

TEST_CASE("reports: what a provider says it rejected is believed of nothing that was reported", "[engine][reports]") {
  bench b({.asked_for = 10, .reconcile = patient, .reported = true});
  b.submit("+12125550123");
  b.run();
  b.lose();
  b.env.advance(1000ms);
  b.run();
  REQUIRE(b.report(0, delivery::underway));
  b.answer_question("R");  // before the shard has looked at the report
  REQUIRE(b.only_event().outcome == outcome::accepted);
}

TEST_CASE("reports: a message that an earlier engine may have sent is held too", "[engine][reports]") {
  bench b({.reconcile = patient, .reported = true});
  b.submit_interrupted(0);
  b.run();
  REQUIRE(b.events().empty());
  REQUIRE(b.report(0));
  b.run();
  REQUIRE(b.only_event().outcome == outcome::accepted);
}

TEST_CASE("reports: a message of an earlier engine is held no longer than its report is waited for",
          "[engine][reports]") {
  bench b({.reconcile = patient, .reported = true});
  b.submit_interrupted(0);
  REQUIRE(b.run() == b.env.now() + 60s);  // nothing else would make anybody look at it again
  b.env.advance(60s);
  b.run();
  REQUIRE(b.only_event().outcome == outcome::maybe_sent);
}

TEST_CASE("reports: a message that waits to be sent again and is reported meanwhile does not leave again",
          "[engine][reports]") {
  const bool is_due = GENERATE(false, true);
  bench b({.policy = on_unknown::resend, .reconcile = patient, .reported = true});
  b.submit("+12125550123");
  b.run();
  b.lose();
  REQUIRE(b.machine().retrying() == 1);
  REQUIRE_FALSE(b.report(0, delivery::underway));  // nobody holds it
  b.env.advance(is_due ? 10min : 0ms);
  b.run();
  b.set_state(campaign_state::running);
  REQUIRE(b.only_event().outcome == outcome::accepted);
  REQUIRE(b.clients[0]->sent.empty());
}

TEST_CASE("reports: what an earlier engine was to send again and was reported does not leave", "[engine][reports]") {
  bench b({.policy = on_unknown::resend, .reconcile = patient, .reported = true});
  REQUIRE_FALSE(b.report(0));
  b.submit_to_be_sent_again(0);
  b.run();
  REQUIRE(b.only_event().outcome == outcome::accepted);
  REQUIRE(b.clients[0]->sent.empty());
}

TEST_CASE("reports: a refusal as a repeat is none where the message was reported", "[engine][reports]") {
  const bool is_reported = GENERATE(true, false);
  bench b({.reconcile = patient, .reported = true});
  if (is_reported) REQUIRE_FALSE(b.report(0));  // of what an engine sent that lost its record
  b.submit("+12125550123");
  b.run();
  b.answer("D");
  REQUIRE(b.only_event().outcome == (is_reported ? outcome::accepted : outcome::rejected));
}

TEST_CASE("reports: a retry is recorded with the time before which it is not due", "[engine][reports]") {
  slow_journal slow;
  bench b({.retry = {.delay_min = 10s, .delay_max = 60s}, .kept = &slow, .survives = true});
  b.submit("+12125550123");
  b.run();
  slow.sync();
  b.run();
  b.answer("T");
  const auto& last = slow.records.back();
  REQUIRE(last.kind == journal::record_kind::released);
  const auto wait = last.so_far.not_before - b.env.wall_now();
  REQUIRE(wait >= 10s);
  REQUIRE(wait < 20s);
}

TEST_CASE("reports: what an earlier engine was to try again waits for its time", "[engine][reports]") {
  bench b;
  b.submit_deferred(b.env.now() + 30s);
  b.run();
  REQUIRE(b.clients[0]->sent.empty());
  REQUIRE(b.machine().retrying() == 1);
  SECTION("and leaves then") {
    b.env.advance(30s);
    b.run();
    b.answer("A");
    REQUIRE(b.only_event().outcome == outcome::accepted);
  }
  SECTION("but not in a campaign that is cancelled") {
    b.set_state(campaign_state::cancelled);
    REQUIRE(b.only_event().outcome == outcome::not_sent);
  }
  SECTION("or when it grows too old") {
    b.env.advance(1h);
    b.run();
    REQUIRE(b.only_event().outcome == outcome::expired);
  }
}
