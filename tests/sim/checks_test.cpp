// The checks themselves: each is shown what it must object to, and what it must not.
#include <fmt/format.h>
#include <unistd.h>
#include <algorithm>
#include <chrono>
#include <sim/checks.hpp>
#include <sim/engine_watch.hpp>
#include <sim/jobs.hpp>
#include <sim/postman.hpp>
#include <sim/report_book.hpp>
#include <sim/run.hpp>
#include <sim/shrink.hpp>
#include <sim/tally.hpp>
#include <string>
#include <support/catch.hpp>
#include <utility>
#include <vector>

namespace {

using namespace broadside;
using namespace broadside::sim;
using namespace std::chrono_literals;

const time_point start{1000h};

plan small_plan() {
  plan p;
  p.seed = 5;
  p.campaign[0].rows = 10;
  p.campaign[0].age_s = 60;
  p.route[0].rate = 10;
  p.route[0].burst = 2;
  return p;
}

/// A run that a test makes up: one campaign, one source, one engine.
struct made_up {
  explicit made_up(plan with = small_plan()) : p(with), book(p), reports(p) {
    record.engines.push_back({start, false});
  }

  static message_id id(std::size_t row, unsigned copy = 0) { return message_id{0x1000 + row + 0x100 * copy}; }
  static std::string text(std::size_t row, unsigned copy = 0) { return to_string(id(row, copy)); }

  void take(std::size_t row) { book.taken({0, 0, row}, 1, start); }
  event ended(std::size_t row, outcome how, errc reason = {}) const {
    event e;
    e.id = id(row);
    e.row = ordinal_of(0, row);
    e.at = position{100 + row};
    e.outcome = how;
    e.reason = reason;
    e.attempts = 1;
    e.recipient = std::string_view(book.row({0, 0, row}).text.to);
    return e;
  }
  verdict_of_check hear(const event& e, unsigned engine = 0, bool redelivered = false) {
    return book.hear(e, {0, engine, redelivered, start + 1s});
  }
  void leave(std::size_t row, duration at, std::uint32_t engine = 0) {
    departures.push_back({start + at, 0, engine, {text(row)}});
  }
  void arrive(std::size_t row) { acceptances.push_back({start, 0, text(row), book.row({0, 0, row}).text.digits}); }
  /// Taken, sent, accepted and told.
  void send(std::size_t row, duration at) {
    take(row);
    leave(row, at);
    arrive(row);
    REQUIRE_FALSE(hear(ended(row, outcome::accepted)));
  }
  [[nodiscard]] evidence all() const { return {p, book, record, reports, departures, acceptances}; }

  plan p;
  host_book book;
  run_record record;
  report_book reports;
  std::vector<testing::departure> departures;
  std::vector<testing::acceptance> acceptances;
};

/// What the check said, or that it said nothing.
std::string said(const verdict_of_check& found) { return found ? found->what : "nothing"; }

bool says(const verdict_of_check& found, const char* words) {
  INFO(said(found));
  return found && found->what.find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("sim: a run in which everything is right passes every check", "[sim]") {
  made_up run;
  for (std::size_t row = 0; row < 10; ++row) run.send(row, 100ms * static_cast<int>(row));
  REQUIRE(said(check_run(run.all())) == "nothing");
}

TEST_CASE("sim: the host's book objects to an outcome that is told twice, otherwise, or for nobody", "[sim]") {
  made_up run;
  REQUIRE(says(run.hear(run.ended(3, outcome::accepted)), "was not taken"));
  run.take(3);
  event other = run.ended(3, outcome::accepted);
  other.recipient = std::string_view("+13055550100");
  REQUIRE(says(run.hear(other), "the event names"));
  REQUIRE(said(run.hear(run.ended(3, outcome::accepted))) == "nothing");
  REQUIRE(says(run.hear(run.ended(3, outcome::accepted)), "twice"));
  REQUIRE(said(run.hear(run.ended(3, outcome::accepted), 1, true)) == "nothing");
  REQUIRE(says(run.hear(run.ended(3, outcome::accepted), 2, false), "anew"));
  REQUIRE(says(run.hear(run.ended(3, outcome::maybe_sent), 2, true), "then maybe_sent"));
  event elsewhere = run.ended(3, outcome::accepted);
  elsewhere.row = ordinal_of(1, 3);
  REQUIRE(says(run.hear(elsewhere), "never submitted"));
}

TEST_CASE("sim: what is not synced may be told otherwise after a loss, and only then", "[sim]") {
  plan p = small_plan();
  p.record = static_cast<number>(record::periodic);
  made_up run(p);
  run.take(1);
  REQUIRE(said(run.hear(run.ended(1, outcome::accepted))) == "nothing");
  event again = run.ended(1, outcome::expired);
  again.id = made_up::id(1, 1);
  REQUIRE(says(run.hear(again, 1), "then anew expired"));
  run.book.something_was_lost();
  REQUIRE(said(run.hear(again, 1)) == "nothing");
}

TEST_CASE("sim: a good row is rejected by a provider or not at all, a bad one for what is wrong with it", "[sim]") {
  made_up run;
  run.take(0);
  REQUIRE(says(run.hear(run.ended(0, outcome::rejected, errc::phone_too_short)), "a good row was rejected"));
  REQUIRE(says(run.hear(run.ended(0, outcome::rejected, errc::refused_by_provider)), "no provider refuses"));
  plan p = small_plan();
  p.campaign[0].bad_per_1000 = 1000;
  made_up bad(p);
  for (std::size_t row = 0; row < 10; ++row) {
    bad.take(row);
    REQUIRE(bad.book.row({0, 0, row}).text.digits.empty());
    REQUIRE(bad.hear(bad.ended(row, outcome::accepted)));
  }
}

TEST_CASE("sim: a row without an outcome is missed, and one with two ids is one too many", "[sim]") {
  made_up run;
  run.take(2);
  REQUIRE(says(check_outcomes(run.all()), "has no outcome"));
}

TEST_CASE("sim: an outcome that the provider's books contradict is found", "[sim]") {
  made_up never;
  never.take(1);
  REQUIRE_FALSE(never.hear(never.ended(1, outcome::accepted)));
  REQUIRE(says(check_acceptances(never.all()), "no provider took it"));

  for (const outcome how : {outcome::not_sent, outcome::expired, outcome::suppressed}) {
    made_up taken;
    taken.take(1);
    taken.leave(1, 0ms);
    taken.arrive(1);
    REQUIRE_FALSE(taken.hear(taken.ended(1, how)));
    REQUIRE(says(check_acceptances(taken.all()), "and a provider took it"));
  }
  made_up maybe;
  maybe.take(1);
  maybe.leave(1, 0ms);
  maybe.arrive(1);
  REQUIRE_FALSE(maybe.hear(maybe.ended(1, outcome::maybe_sent)));
  REQUIRE(said(check_acceptances(maybe.all())) == "nothing");
}

TEST_CASE("sim: a second copy is found unless the campaign sends again", "[sim]") {
  for (const on_unknown policy : {on_unknown::hold, on_unknown::resend, on_unknown::resend_if_deduplicated}) {
    plan p = small_plan();
    p.campaign[0].policy = static_cast<number>(policy);
    made_up run(p);
    run.send(1, 0ms);
    run.leave(1, 200ms);
    run.arrive(1);
    REQUIRE(check_acceptances(run.all()).has_value() == (policy != on_unknown::resend));
    run.arrive(1);
    REQUIRE(check_acceptances(run.all()));  // more often than it left
  }
}

TEST_CASE("sim: a message to another number than its row's is found", "[sim]") {
  made_up run;
  run.send(1, 0ms);
  run.acceptances[0].number = "13055550100";
  REQUIRE(says(check_acceptances(run.all()), "whose number is"));
}

TEST_CASE("sim: what leaves untold, or more often than it was counted, is found", "[sim]") {
  made_up run;
  run.leave(7, 0ms);
  REQUIRE(says(check_departures(run.all()), "never told"));
  made_up twice;
  twice.send(1, 0ms);
  twice.leave(1, 1s);
  REQUIRE(says(check_departures(twice.all()), "left 2 times"));
}

TEST_CASE("sim: a limit that is exceeded by one message in one window is found", "[sim]") {
  // 10 a second, 2 at once, and one to begin with: 0, 0.1, 0.2 … then a pause and two at once
  const std::vector<engine_life> one{{start, false}};
  const auto at = [](duration when, std::uint64_t n, std::uint32_t engine = 0) {
    return burst_of{start + when, n, engine};
  };
  REQUIRE(excess(std::vector{at(0ms, 1), at(100ms, 1), at(200ms, 1)}, 10, 2, one).empty());
  REQUIRE_FALSE(excess(std::vector{at(0ms, 2)}, 10, 2, one).empty());
  REQUIRE_FALSE(excess(std::vector{at(0ms, 1), at(99ms, 1)}, 10, 1, one).empty());
  REQUIRE(excess(std::vector{at(0ms, 1), at(1s, 2)}, 10, 2, one).empty());
  REQUIRE_FALSE(excess(std::vector{at(0ms, 1), at(1s, 3)}, 10, 2, one).empty());
  REQUIRE_FALSE(excess(std::vector{at(0ms, 1), at(1s, 2), at(1099ms, 1)}, 10, 2, one).empty());
  const std::vector<engine_life> two{{start, true}, {start + 50ms, false}};
  REQUIRE(excess(std::vector{at(0ms, 1), at(50ms, 1, 1)}, 10, 1, two).empty());
  REQUIRE_FALSE(excess(std::vector{at(0ms, 1), at(50ms, 2, 1)}, 10, 1, two).empty());
  REQUIRE_FALSE(excess(std::vector{at(0ms, 1), at(50ms, 1, 1), at(149ms, 1, 1)}, 10, 1, two).empty());

  made_up run;
  run.send(0, 0ms);
  run.send(1, 10ms);
  REQUIRE(says(check_route_limits(run.all()), "route 0"));
}

TEST_CASE("sim: a sender's limit and that of questions are held too", "[sim]") {
  plan p = small_plan();
  p.route[0].rate = 0;
  p.sender_rate = 5;
  made_up run(p);
  run.send(0, 0ms);
  run.send(1, 100ms);
  REQUIRE(says(check_sender_limit(run.all()), "the sender"));
  run.p.campaign[0].sender = 1;
  REQUIRE(said(check_sender_limit(run.all())) == "nothing");
  for (const duration when : {0ms, 400ms}) run.departures.push_back({start + when, 0, 0, {}});
  REQUIRE(says(check_question_limits(run.all()), "questions"));
}

TEST_CASE("sim: what leaves of a campaign that is paused or cancelled is found", "[sim]") {
  made_up run;
  run.send(0, 0ms);
  run.send(1, 200ms);
  run.record.standstills.push_back({0, 2, 2, false});
  REQUIRE(said(check_standstills(run.all())) == "nothing");
  run.record.standstills.push_back({0, 1, 2, false});
  REQUIRE(says(check_standstills(run.all()), "paused"));
  run.record.standstills.front() = {0, 0, ~std::size_t{0}, true};
  REQUIRE(says(check_standstills(run.all()), "cancelled"));
}

TEST_CASE("sim: what leaves too old or expires too young is found", "[sim]") {
  made_up run;
  run.send(0, 61s);
  REQUIRE(says(check_ages(run.all()), "older than 60 s"));
  made_up young;
  young.take(0);
  REQUIRE_FALSE(young.hear(young.ended(0, outcome::expired, errc::age_exceeded)));
  REQUIRE(says(check_ages(young.all()), "expired before"));
}

TEST_CASE("sim: two events at one position, and a confirmed one that comes again, are found", "[sim]") {
  made_up run;
  run.send(0, 0ms);
  run.take(1);
  event same = run.ended(1, outcome::accepted);
  same.at = run.ended(0, outcome::accepted).at;
  REQUIRE_FALSE(run.hear(same));
  REQUIRE(says(check_positions(run.all()), "two events have the position"));

  made_up again;
  again.send(0, 0ms);
  again.book.confirmed(position{100}, 0);
  again.record.engines.push_back({start + 1min, false});
  REQUIRE_FALSE(again.hear(again.ended(0, outcome::accepted), 1, true));
  REQUIRE(says(check_positions(again.all()), "was confirmed before a clean restart"));
  again.record.engines[0].lossy_end = true;
  REQUIRE(said(check_positions(again.all())) == "nothing");
}

TEST_CASE("sim: a plan is the same each time, and a field that is set changes nothing else", "[sim]") {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) REQUIRE(to_string(plan_of(seed)) == to_string(plan_of(seed)));
  plan p = plan_of(3);
  REQUIRE(set_field(p, "c0.rows=7").empty());
  REQUIRE(overrides_of(p) == std::vector<std::string>{"c0.rows=7"});
  REQUIRE_FALSE(set_field(p, "c0.rows=100000").empty());
  REQUIRE_FALSE(set_field(p, "c0.rows=7x").empty());
  REQUIRE_FALSE(set_field(p, "rows").empty());
  REQUIRE_FALSE(set_field(p, "no_such_field=1").empty());
}

TEST_CASE("sim: the shrinker keeps what the failure needs and lets the rest go", "[sim]") {
  plan p = plan_of(11);
  p.shards = 3;
  p.campaign[0].rows = 100;
  p.fault.crash = 400;
  p.fault.reset = 9000;
  const shrunk done = shrink(
      p, [](const plan& each) { return each.shards >= 2 && each.fault.crash > 0 && each.campaign[0].rows >= 20; },
      2000);
  REQUIRE(done.smallest.shards >= 2);
  REQUIRE(done.smallest.fault.crash > 0);
  REQUIRE(done.smallest.campaign[0].rows >= 20);
  REQUIRE(done.smallest.campaign[0].rows < 40);
}

TEST_CASE("sim: a seed whose process dies or hangs is a failing seed, and the rest is run", "[sim]") {
  std::vector<std::string> seen(8);
  run_seeds(
      1, 7, 2, 1,
      [](std::uint64_t seed) {
        if (seed == 3) ::_exit(7);
        while (seed == 4) ::pause();
        return fmt::format("seed {}", seed);
      },
      [&](const seed_report& r) {
        seen[r.seed] = r.text ? *r.text : r.how;
        return true;
      });
  for (const std::size_t seed : {1U, 2U, 5U, 6U, 7U}) REQUIRE(seen[seed] == fmt::format("seed {}", seed));
  REQUIRE(seen[3] == "the process exited with code 7");
  REQUIRE(seen[4] == "it is still running after 1 s of real time");
}

TEST_CASE("sim: what a run says of itself survives the way between processes", "[sim]") {
  run_result r;
  r.hash = 0xFFFF'FFFF'FFFF'FFFF;
  r.rows = 7;
  r.counts.commits = 9;
  r.found = problem{"a sentence, with 3 numbers", "bs-0000000000001000"};
  const run_line line = from_line(to_line(r));
  REQUIRE(line.hash == r.hash);
  REQUIRE(line.rows == 7);
  REQUIRE(line.counts.commits == 9);
  REQUIRE(line.failed);
  REQUIRE(line.what == r.found->what);
  REQUIRE(line.message == r.found->message);
}

TEST_CASE("sim: the same seed gives the same run, and another seed another", "[sim]") {
  const std::uint64_t first = run(plan_of(1)).hash;
  REQUIRE(run(plan_of(1)).hash == first);
  REQUIRE(run(plan_of(2)).hash != first);
}

TEST_CASE("sim: a limit, a day's number and the retry budget are held against what left", "[sim]") {
  plan p = small_plan();
  p.route[0].rate = 0;
  p.limit[0] = {.kind = static_cast<number>(limit_kind::any_campaign), .rate = 10, .burst = 2};
  made_up fast(p);
  for (std::size_t row = 0; row < 4; ++row) fast.send(row, 150ms + 50ms * static_cast<int>(row));
  REQUIRE(says(check_other_limits(fast.all()), "limit-0 campaign-0 is exceeded"));
  fast.record.changes.push_back({0, 0, start, 0});
  fast.p.limit[0].new_rate = 1000;
  REQUIRE(said(check_other_limits(fast.all())) == "nothing");

  p.limit[0] = {.kind = static_cast<number>(limit_kind::everything), .quota = 3};
  made_up day(p);
  for (std::size_t row = 0; row < 4; ++row) {
    day.send(row, 1s * static_cast<int>(row));
    day.acceptances.back().at = start + 1s * static_cast<int>(row);
  }
  REQUIRE(says(check_quotas(day.all()), "4 of limit-0"));
  day.departures.back().wall = wall_time{24h};
  REQUIRE(said(check_quotas(day.all())) == "nothing");

  made_up again(small_plan());
  for (int i = 0; i < 12; ++i) again.leave(1, 1ms * i);
  REQUIRE(said(check_retry_budget(again.all())) == "nothing");
  for (int i = 0; i < 12; ++i) again.leave(1, 100ms);
  REQUIRE(says(check_retry_budget(again.all()), "more than the budget"));
}

namespace {

/// What is reported of a made-up run's messages.
struct made_up_reports : made_up {
  explicit made_up_reports(plan with = small_plan()) : made_up(with) {}

  letter about(std::size_t row, delivery word = delivery::delivered) const {
    letter l;
    l.id = text(row);
    l.reference = fmt::format("{}.0.0.{}", l.id, row);
    l.to = book.row({0, 0, row}).text.digits;
    l.word = word;
    return l;
  }
  verdict_of_check bring(const letter& l, const callback_reply& said, duration at = 1s, unsigned engine = 0) {
    return reports.answered({0, {}, {}, {l}}, said, {engine, start + at, start + at});
  }
  event delivered(std::size_t row, position at, delivery word = delivery::delivered) const {
    event e = ended(row, outcome::accepted);
    e.at = at;
    e.delivery = word;
    e.route = 0;
    e.recipient = std::string_view("+" + book.row({0, 0, row}).text.digits);
    return e;
  }
  verdict_of_check hear_report(const event& e, unsigned engine = 0, bool redelivered = false) {
    return reports.hear(e, {0, engine, redelivered, start + 2s}, book, book.heard_another());
  }

  static constexpr callback_reply news{200, {}, 1, 0, 0, 0};
  static constexpr callback_reply known{200, {}, 0, 1, 0, 0};
  static constexpr callback_reply underway{200, {}, 0, 0, 1, 0};
  static constexpr callback_reply unmatched{200, {}, 0, 0, 0, 1};
};

}  // namespace

TEST_CASE("sim: an answer to a provider that is not what was known is found", "[sim][reports]") {
  made_up_reports run;
  run.send(1, 0ms);
  REQUIRE(says(run.bring(run.about(1), run.known), "1 of 1 reports are news"));
  made_up_reports good;
  good.send(1, 0ms);
  REQUIRE(said(good.bring(good.about(1, delivery::underway), good.underway)) == "nothing");
  REQUIRE(said(good.bring(good.about(1), good.news)) == "nothing");
  REQUIRE(said(good.bring(good.about(1, delivery::failed), good.known)) == "nothing");
  REQUIRE(says(good.bring(good.about(1), good.news), "taken before"));
  REQUIRE(says(good.bring(good.about(1), {}), "1 reports were brought"));
  REQUIRE(says(good.bring(good.about(1, delivery::underway), good.unmatched), "taken before"));
  REQUIRE(says(good.bring(good.about(2), good.unmatched), "are news"));
  REQUIRE(says(good.bring(good.about(3), {404, errc::callbacks_off}), "was answered 404"));
  // The next engine knows it too, and one that keeps nothing need not.
  REQUIRE(says(good.bring(good.about(1), good.news, 2s, 1), "taken before"));
  plan p = small_plan();
  p.record = static_cast<number>(record::memory);
  made_up_reports forgets(p);
  REQUIRE_FALSE(forgets.bring(forgets.about(1), forgets.news));
  REQUIRE(said(forgets.bring(forgets.about(1), forgets.news, 2s, 1)) == "nothing");
}

TEST_CASE("sim: a callback that nobody may believe and that is believed is found", "[sim][reports]") {
  made_up_reports run;
  letter bad = run.about(1);
  const callback_reply malformed{400, errc::callback_malformed};
  const callback_reply refused{403, errc::callback_refused};
  for (const auto& [what, right] :
       {std::pair{junk::garbage, malformed}, std::pair{junk::wrong_secret, refused},
        std::pair{junk::unknown_campaign, run.unmatched}, std::pair{junk::unknown_row, run.unmatched}}) {
    bad.wrong = what;
    REQUIRE(said(run.bring(bad, right)) == "nothing");
    REQUIRE(says(run.bring(bad, run.news), "that nobody may believe"));
    REQUIRE(says(run.bring(bad, {}), "that nobody may believe"));
  }
  REQUIRE(says(run.hear_report(run.delivered(1, position{7})), "no provider made"));
}

TEST_CASE("sim: a delivery that no report says, or that is told twice, is found", "[sim][reports]") {
  made_up_reports run;
  run.send(1, 0ms);
  REQUIRE_FALSE(run.bring(run.about(1), run.news));
  REQUIRE_FALSE(run.bring(run.about(1, delivery::failed), run.known));
  event e = run.delivered(1, position{200});
  switch (GENERATE(range(0, 7))) {
    case 0:
      e.delivery = delivery::failed;  // another word than the first
      break;
    case 1:
      e.row = ordinal_of(0, 2);
      break;
    case 2:
      e.campaign = campaign_id{1};
      break;
    case 3:
      e.recipient = std::string_view("+13055550100");
      break;
    case 4:
      e.route = 1;
      break;
    case 5:
      e.as_sms = true;
      break;
    default:
      e.outcome = outcome::maybe_sent;
  }
  REQUIRE(says(run.hear_report(e), "no report that counts says so"));
}

TEST_CASE("sim: a delivery is told once, and by later engines only again", "[sim][reports]") {
  made_up_reports run;
  run.send(1, 0ms);
  REQUIRE_FALSE(run.bring(run.about(1), run.news));
  const event e = run.delivered(1, position{200});
  REQUIRE(said(run.hear_report(e)) == "nothing");
  REQUIRE(run.reports.told_of(campaign_id{}, true) == 1);
  REQUIRE(run.reports.told_of(campaign_id{}, false) == 0);
  REQUIRE(said(run.hear_report(e, 1, true)) == "nothing");
  REQUIRE(run.reports.told_of(campaign_id{}, true) == 1);
  REQUIRE(says(run.hear_report(e, 2), "told otherwise"));
  REQUIRE(says(run.hear_report(run.delivered(1, position{201}), 3, true), "told otherwise"));
  made_up_reports twice;
  twice.send(1, 0ms);
  REQUIRE_FALSE(twice.bring(twice.about(1), twice.news));
  REQUIRE_FALSE(twice.hear_report(e));
  REQUIRE(says(twice.hear_report(twice.delivered(1, position{201})), "one engine told"));
}

TEST_CASE("sim: a report that was answered and never told, or told at another's position, is found", "[sim][reports]") {
  made_up_reports run;
  run.send(1, 0ms);
  REQUIRE_FALSE(run.bring(run.about(1), run.news));
  REQUIRE(says(check_reports_told(run.all()), "never told"));
  REQUIRE_FALSE(run.hear_report(run.delivered(1, position{101})));
  REQUIRE(said(check_reports_told(run.all())) == "nothing");
  REQUIRE(says(check_positions(run.all()), "two events have the position"));

  made_up_reports again;
  again.send(1, 0ms);
  REQUIRE_FALSE(again.bring(again.about(1), again.news));
  REQUIRE_FALSE(again.hear_report(again.delivered(1, position{200})));
  again.book.confirmed(position{200}, 0);
  again.record.engines.push_back({start + 1min, false});
  REQUIRE_FALSE(again.hear_report(again.delivered(1, position{200}), 1, true));
  REQUIRE(says(check_positions(again.all()), "a report was confirmed before a clean restart"));
}

TEST_CASE("sim: a message that is reported and does not end as accepted, or leaves again, is found", "[sim][reports]") {
  const bool is_final = GENERATE(true, false);
  made_up_reports run;
  run.take(1);
  run.leave(1, 0ms);
  run.arrive(1);
  const letter l = run.about(1, is_final ? delivery::delivered : delivery::underway);
  REQUIRE_FALSE(run.bring(l, is_final ? run.news : run.underway));
  if (is_final) REQUIRE_FALSE(run.hear_report(run.delivered(1, position{50})));
  run.reports.mark({0, start + 2s, position{50}});
  event lost = run.ended(1, outcome::maybe_sent);  // at 101
  const bool is_later = GENERATE(true, false);
  if (!is_later) lost.at = position{49};
  REQUIRE_FALSE(run.hear(lost));
  REQUIRE(check_reported_outcomes(run.all()).has_value() == is_later);
  run.leave(1, 3s);
  REQUIRE(said(check_reported_departures(run.all())) == "nothing");  // it may have been claimed
  run.leave(1, 30s);
  REQUIRE(says(check_reported_departures(run.all()), "after it was reported"));
}

TEST_CASE("sim: a message that is given up before its report could come is found", "[sim][reports]") {
  plan p = small_plan();
  p.route[0].reports = 1;
  p.report.wait_ms = 5000;
  made_up_reports run(p);
  run.take(1);
  run.leave(1, 0ms);
  run.arrive(1);
  REQUIRE_FALSE(run.hear(run.ended(1, outcome::maybe_sent)));  // after a second
  REQUIRE(says(check_held(run.all()), "is to be held"));
  run.p.report.wait_ms = 1000;
  REQUIRE(said(check_held(run.all())) == "nothing");
}

TEST_CASE("sim: the postman brings what was drawn, again when it was not taken, and several at once only for Infobip",
          "[sim][reports]") {
  plan p = small_plan();
  p.route[0].reports = 1;
  p.route[0].infobip = GENERATE(0, 1);
  p.report = {.underway_per_1000 = 1000, .repeats = 3, .batch = 10};
  std::vector<testing::acceptance> all;
  for (std::size_t i = 0; i < 10; ++i)
    all.push_back({start, 0, made_up::text(i), "12125550123", made_up::text(i) + ".0.0.7"});
  postman first(p);
  postman second(p);
  first.collect(all);
  second.collect(all);
  REQUIRE(first.next_due() >= start + 100ms);
  REQUIRE_FALSE(first.next(first.next_due() - 1us));
  std::size_t most = 0;
  std::size_t words = 0;
  bool is_refused = false;
  time_point now = start + 1h;
  for (;; now += 1s) {
    const auto brought = first.next(now);
    REQUIRE(brought.has_value() == second.next(now).has_value());
    if (!brought) break;
    REQUIRE(brought->body.find(brought->letters[0].reference) != std::string::npos);
    most = std::max(most, brought->letters.size());
    words += brought->letters.size();
    if (std::exchange(is_refused, true)) continue;
    first.comes_again(*brought, now);
    second.comes_again(*brought, now);
    REQUIRE_FALSE(first.next(now));  // the provider has been asked to wait
    words -= brought->letters.size();
  }
  REQUIRE(first.next_due() == time_point::max());
  REQUIRE(words >= 20);
  REQUIRE((most > 1) == (p.route[0].infobip != 0));
}
