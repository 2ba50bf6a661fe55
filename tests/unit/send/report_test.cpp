// send/report - tests: lines and tables that people read; nothing a provider says reaches the terminal raw.
#include <report.hpp>
#include <support/catch.hpp>

using namespace broadside;
using namespace broadside::send;
using namespace std::chrono_literals;

TEST_CASE("printable: control characters and broken UTF-8 do not reach the terminal", "[send]") {
  CHECK(printable("Zo\xC3\xAB \xF0\x9F\x98\x80", 100) == "Zo\xC3\xAB \xF0\x9F\x98\x80");
  CHECK(printable("a\x1b[31mb\x7f\r\t", 100) == "a?[31mb???");
  CHECK(printable("a\nb", 100) == "a\\nb");
  CHECK(printable("\xC2\x9B!", 100) == "?!");
  CHECK(printable("\xFF\xC3(\xE2\x82", 100) == std::string("?") + "?(?" + "?");
  CHECK(printable("abcdef", 3) == "abc\xE2\x80\xA6");
}

TEST_CASE("progress: counts that need no attention are left out", "[send]") {
  progress_facts facts;
  facts.phase = "sending";
  facts.counts.accepted = 500;
  facts.counts.inside = 20;
  facts.in_flight = 8;
  facts.per_second = 100;
  facts.bytes = 50;
  facts.bytes_total = 100;
  facts.rows = 520;
  CHECK(progress_line(facts) == "sending: 500 sent (50% read), 100/s, 20 inside, 8 in flight, 6.0 s left");
  facts.counts.rejected = 3;
  facts.rows_bad = 2;
  CHECK(progress_line(facts).find(", 3 rejected, 2 bad rows,") != std::string::npos);
}

TEST_CASE("progress: time left needs a size and a rate", "[send]") {
  progress_facts facts;
  facts.rows = 1'000;
  facts.counts.accepted = 900;
  facts.rows_bad = 50;
  CHECK_FALSE(time_left(facts).has_value());
  facts.per_second = 10;
  CHECK_FALSE(time_left(facts).has_value());  // from a pipe: nobody knows how much comes
  facts.all_read = true;
  CHECK(time_left(facts) == 5s);
  facts.all_read = false;
  facts.bytes = 100;
  facts.bytes_total = 200;
  CHECK(time_left(facts) == 105s);
}

TEST_CASE("spans: as people write them", "[send]") {
  CHECK(span_text(0ms) == "0.0 s");
  CHECK(span_text(1'250ms) == "1.2 s");
  CHECK(span_text(65s) == "1:05");
  CHECK(span_text(3'665s) == "1:01:05");
  CHECK(span_text(-5s) == "0.0 s");
}

TEST_CASE("route_line: says that a route rests and why", "[send]") {
  route_status route;
  route.name = "sinch";
  route.last_error = "E627 \x1b[0mbad";
  CHECK(route_line(route).empty());
  route.rests_for = 8s;
  CHECK(route_line(route) == "route \"sinch\" rests for 8.0 s: E627 ?[0mbad");
  route.suspended = true;
  CHECK(route_line(route).find("its account cannot send") != std::string::npos);
}

TEST_CASE("books: the table has every count and says whether they balance", "[send]") {
  books_facts facts;
  facts.campaign = "Spring sale";
  facts.rows = 12;
  facts.bad_rows["bare_quote"] = 2;
  facts.reasons["rejected: phone_bad_nanp"] = 1;
  facts.took = 2s;
  facts.rejects_path = "x.rejects.csv";
  facts.end.rows_bad = 2;
  facts.end.counts.submitted = 10;
  facts.end.counts.accepted = 9;
  facts.end.counts.rejected = 1;
  facts.end.seen = facts.end.counts;
  const std::string table = books_table(facts);
  for (const char* part :
       {"Spring sale", "rows read             12", "bad rows               2", "submitted             10",
        "accepted               9", "rejected               1", "maybe_sent             0", "events                10",
        "The books balance", "phone_bad_nanp", "bare_quote", "x.rejects.csv"}) {
    CAPTURE(part, table);
    CHECK(table.find(part) != std::string::npos);
  }
  facts.end.seen.accepted = 8;
  CHECK(books_table(facts).find("DO NOT BALANCE") != std::string::npos);
}

TEST_CASE("books: what a run leaves inside is said to go on", "[send]") {
  books_facts facts;
  facts.end.counts.submitted = 10;
  facts.end.counts.accepted = facts.end.seen.accepted = facts.end.seen.submitted = 7;
  facts.end.counts.inside = 3;
  facts.end.goes_on = true;
  facts.end.cause = stop_cause::interrupted;
  const std::string table = books_table(facts);
  CAPTURE(table);
  CHECK(table.find("inside                 3   the same command goes on with them") != std::string::npos);
  CHECK(table.find("The books balance: every message has one outcome or is inside.") != std::string::npos);
}

TEST_CASE("books: of a campaign that was finished before, no rows are counted", "[send]") {
  books_facts facts;
  facts.campaign = "Spring sale";
  facts.finished_before = true;
  const std::string table = books_table(facts);
  CHECK(table.find("Books of \"Spring sale\" as an earlier run finished them\n") == 0);
  CHECK(table.find("rows read") == std::string::npos);
}

TEST_CASE("progress: says what holds up a run in which nothing moves", "[send]") {
  progress_facts facts;
  facts.phase = "sending";
  CHECK(progress_line(facts).find(';') == std::string::npos);
  facts.holds_up = "the journal cannot be written: \x1b disk";
  CHECK(progress_line(facts).find("; the journal cannot be written: ? disk") != std::string::npos);
}

TEST_CASE("limit_lines: names what was waited for, the most used first, and nothing else", "[send]") {
  const auto limit = [](const char* name, std::uint64_t taken, double allowed) {
    limit_status out;
    out.name = name;
    out.taken = taken;
    out.allowed = allowed;
    return out;
  };
  CHECK(limit_lines({}).empty());
  CHECK(limit_lines({limit("nobody waited", 10, 0)}).empty());
  CHECK(limit_lines({limit("b", 50, 100), limit("sender-a\x1b", 4990, 5000), limit("idle", 3, 0)}) ==
        "  limit sender-a?: 4990 taken, 99.8 % of what it allows\n  limit b: 50 taken, 50.0 % of what it allows\n");
  limit_status day = limit("day", 40, 0);
  day.quota = 1000;
  day.quota_used = 999;
  CHECK(limit_lines({day}).empty());
  day.quota_used = 1000;
  CHECK(limit_lines({day}) == "  limit day: 40 taken, 1000 of the day's 1000\n");
  CHECK(limit_lines(std::vector<limit_status>(11, limit("x", 1, 1)))
            .ends_with("\n  and 3 more limits that messages waited for\n"));
}

TEST_CASE("books: rejected messages of other audiences are counted, and where they are told is said", "[send]") {
  books_facts facts;
  CHECK(books_table(facts).find("other audiences") == std::string::npos);
  facts.rejected_elsewhere = 12;
  CHECK(
      books_table(facts).find("12 rejected messages are of other audiences or campaigns: their rows are in the events "
                              "and in --export\n") != std::string::npos);
}
