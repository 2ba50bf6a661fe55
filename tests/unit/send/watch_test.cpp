// send/watch - tests: rates, giving up, and what a run says at its end.
#include <support/catch.hpp>
#include <watch.hpp>

using namespace broadside;
using namespace broadside::send;
using namespace std::chrono_literals;

namespace {

const time_point start{1h};

run_end balanced() {
  run_end out;
  out.counts.submitted = 3;
  out.counts.accepted = 2;
  out.counts.rejected = 1;
  out.seen = out.counts;
  return out;
}

}  // namespace

TEST_CASE("rate_meter: messages per second over the last five seconds", "[send]") {
  rate_meter meter;
  CHECK(meter.per_second() == 0);
  meter.update(start, 0);
  CHECK(meter.per_second() == 0);
  meter.update(start + 50ms, 1'000);  // too soon to be a sample
  CHECK(meter.per_second() == 0);
  for (int i = 1; i <= 100; ++i) meter.update(start + i * 200ms, static_cast<std::uint64_t>(i) * 20);
  CHECK(meter.per_second() == Approx(100));
  for (int i = 101; i <= 126; ++i) meter.update(start + i * 200ms, 2'000);
  CHECK(meter.per_second() == 0);
}

TEST_CASE("give_up_watch: gives up when all routes rest for so long and nothing is accepted", "[send]") {
  give_up_watch watch(60s);
  CHECK_FALSE(watch.update(start, 0, true));
  CHECK_FALSE(watch.update(start + 59s, 0, true));
  CHECK(watch.update(start + 60s, 0, true));
}

TEST_CASE("give_up_watch: an accepted message starts the time anew", "[send]") {
  give_up_watch watch(60s);
  CHECK_FALSE(watch.update(start, 7, true));
  CHECK_FALSE(watch.update(start + 59s, 8, true));
  CHECK_FALSE(watch.update(start + 118s, 8, true));
  CHECK(watch.update(start + 119s, 8, true));
}

TEST_CASE("give_up_watch: a short trial between two rests does not, a long one does", "[send]") {
  give_up_watch watch(60s);
  CHECK_FALSE(watch.update(start, 0, true));
  CHECK_FALSE(watch.update(start + 4s, 0, false));
  CHECK_FALSE(watch.update(start + 5s, 0, true));
  CHECK(watch.update(start + 60s, 0, true));
  CHECK_FALSE(watch.update(start + 66s, 0, false));
  CHECK_FALSE(watch.update(start + 67s, 0, true));
}

TEST_CASE("give_up_watch: routes that work are never given up", "[send]") {
  give_up_watch watch(1s);
  for (int i = 0; i < 1'000; ++i) CHECK_FALSE(watch.update(start + i * 1s, 0, false));
}

TEST_CASE("exit code: books that do not balance come before everything", "[send]") {
  run_end end = balanced();
  CHECK(books_agree(end));
  end.cause = stop_cause::interrupted;
  end.counts.inside = 1;  // counted inside although everything has its outcome
  CHECK(decide_exit(end) == exit_code::books_unbalanced);
  end = balanced();
  end.seen.accepted = 1;  // an event is missing
  end.seen.submitted = 2;
  CHECK(decide_exit(end) == exit_code::books_unbalanced);
  end = balanced();
  end.seen.accepted = 1;  // told another outcome than counted
  end.seen.expired = 1;
  CHECK(decide_exit(end) == exit_code::books_unbalanced);
  end = balanced();
  end.every_event_once = false;
  CHECK(decide_exit(end) == exit_code::books_unbalanced);
}

TEST_CASE("exit code: done only when every row was read and every message accepted", "[send]") {
  run_end end = balanced();
  CHECK(decide_exit(end) == exit_code::done_with_losses);
  end.counts.submitted = end.seen.submitted = 2;
  end.counts.rejected = end.seen.rejected = 0;
  CHECK(decide_exit(end) == exit_code::done);
  end.rows_bad = 1;
  CHECK(decide_exit(end) == exit_code::done_with_losses);
  CHECK(decide_exit(run_end{}) == exit_code::done);
}

TEST_CASE("exit code: each cause of an early end has its own", "[send]") {
  run_end end = balanced();
  const auto [cause, code] = GENERATE(table<stop_cause, exit_code>({
      {stop_cause::interrupted, exit_code::interrupted},
      {stop_cause::audience_failed, exit_code::audience_unreadable},
      {stop_cause::audience_grew, exit_code::audience_unreadable},
      {stop_cause::output_failed, exit_code::output_failed},
      {stop_cause::gave_up, exit_code::gave_up},
      {stop_cause::drain_timed_out, exit_code::gave_up},
  }));
  end.cause = cause;
  CHECK(decide_exit(end) == code);
}

TEST_CASE("books: what is inside may stay there only when a journal keeps it for a run that was cut short", "[send]") {
  run_end end = balanced();
  end.counts.inside = 4;
  end.counts.submitted = 7;
  end.cause = stop_cause::interrupted;
  CHECK_FALSE(books_agree(end));
  end.goes_on = true;
  CHECK(books_agree(end));
  CHECK(decide_exit(end) == exit_code::interrupted);
  end.counts.submitted = 8;  // one is nowhere
  CHECK_FALSE(books_agree(end));
  end.counts.submitted = 7;
  end.cause = stop_cause::none;
  CHECK(decide_exit(end) == exit_code::books_unbalanced);
}

TEST_CASE("stall_watch: three seconds in which nothing ended although something is inside", "[send]") {
  stall_watch watch;
  ledger books;
  books.submitted = books.inside = 5;
  CHECK_FALSE(watch.update(start, books));
  CHECK_FALSE(watch.update(start + 2s, books));
  CHECK(watch.update(start + 3s, books));
  --books.inside;
  ++books.accepted;
  CHECK_FALSE(watch.update(start + 4s, books));
  CHECK(watch.update(start + 7s, books));
  books.accepted += books.inside;
  books.inside = 0;
  CHECK_FALSE(watch.update(start + 20s, books));
  books.submitted += books.inside = 1;
  CHECK_FALSE(watch.update(start + 21s, books));
}
