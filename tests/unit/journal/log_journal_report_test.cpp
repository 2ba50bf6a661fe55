// Tests of journal/log_journal: delivery reports, and messages that wait for their time.
#include <algorithm>
#include <journal/named_values.hpp>
#include "log_fixture.hpp"

using namespace broadside;
using namespace broadside::journal;
using namespace std::chrono_literals;
using broadside::testing::log_fixture;

namespace {

constexpr std::uint64_t page = delivery_book::page_messages;

log_options remembering(std::uint64_t messages = 1'000) {
  log_options o;
  o.deliveries_max = messages;
  return o;
}

/// Campaign 0 and source 0 are there, and nothing waits.
void begin(log_fixture& f) {
  f.put_campaign_and_source();
  f.run_for(1s);
}

std::vector<std::uint64_t> delivery_pages(const log_fixture& f) {
  std::vector<std::uint64_t> all;
  for (const auto& [name, bytes] : f.disk.on_disk.values) {
    if (const auto number = page_named(name)) all.push_back(*number);
  }
  return all;
}

}  // namespace

TEST_CASE("log_journal: a report is told again after a restart, whole, until it is confirmed, and known for good",
          "[journal][report]") {
  log_fixture f(remembering());
  begin(f);
  const auto ref = f.take(1, 1);
  const auto outcome_at = f.end(ref);
  const auto report = f.report(1, delivery::failed, true);
  event& told = f.messages->told(report);
  told.error.assign("unknown subscriber");
  told.route = 7;  // the engine's number: the record's own counts
  const auto at = f.last;
  f.run();
  REQUIRE(f.log->cleared() == at);
  f.crash_and_open();
  REQUIRE(f.found.unconfirmed == 2);
  const auto all = f.unconfirmed();
  REQUIRE(all.size() == 2);
  CHECK(all[0].at == outcome_at);
  CHECK(all[0].delivery == delivery::none);
  CHECK(all[1].at == at);
  CHECK(all[1].delivery == delivery::failed);
  CHECK(all[1].as_sms);
  CHECK(all[1].id == message_id{1});
  CHECK(all[1].row == ordinal{1});
  CHECK(all[1].route == 2);
  CHECK(all[1].status_code == "N102");
  CHECK(all[1].error == "unknown subscriber");
  CHECK(f.found.deliveries.at(message_id{1}) == delivery::failed);
  CHECK(f.found.messages.empty());
  CHECK(f.found.campaigns[0].totals.undelivered == 1);
  CHECK(f.found.campaigns[0].totals.delivered == 0);
  CHECK(f.found.campaigns[0].totals.balanced());

  f.log->confirm(at);
  f.run_for(2s);
  CHECK(f.chunks() == 0);
  f.crash_and_open();
  CHECK(f.found.unconfirmed == 0);
  CHECK(f.unconfirmed().empty());
  CHECK(f.found.deliveries.at(message_id{1}) == delivery::failed);
  CHECK(f.found.campaigns[0].totals.undelivered == 1);
}

TEST_CASE("log_journal: whatever commit a crash follows, a report is told and known, or neither", "[journal][report]") {
  constexpr std::uint64_t reports = 12;
  bool every_one_kept = false;
  for (std::uint64_t n = 1; !every_one_kept; ++n) {
    REQUIRE(n < 100);
    log_fixture f(remembering());
    begin(f);
    f.disk.crash_after_commits = f.disk.commits + n;
    std::vector<position> at(reports + 1);
    for (std::uint64_t id = 1; id <= reports; ++id) {
      f.report(id, id % 3 == 0 ? delivery::expired : delivery::delivered);
      at[id] = f.last;
      if (id % 2 == 0) f.run();
    }
    const position cleared = f.log->cleared();
    f.crash_and_open();
    INFO("crash after commit " << n);
    const auto told = f.unconfirmed();
    std::uint64_t known = 0;
    for (std::uint64_t id = 1; id <= reports; ++id) {
      const bool is_told = std::any_of(told.begin(), told.end(), [&](const event& e) { return e.at == at[id]; });
      const bool is_known = f.found.deliveries.at(message_id{id}) != delivery::none;
      REQUIRE(is_told == is_known);
      if (at[id] <= cleared) REQUIRE(is_told);
      known += is_known;
    }
    REQUIRE(f.found.unconfirmed == known);
    REQUIRE(f.found.campaigns[0].totals.delivered + f.found.campaigns[0].totals.undelivered == known);
    REQUIRE((known == reports || n <= reports / 2));
    // The provider repeats what it got no answer to: that is news then, and only then.
    delivery_book book = f.found.deliveries;
    for (std::uint64_t id = 1; id <= reports; ++id) {
      REQUIRE(book.advance(message_id{id}, delivery::delivered) == (at[id] > f.found.last));
    }
    every_one_kept = known == reports;
  }
}

TEST_CASE("log_journal: a group with reports that failed is tried again with the same bytes", "[journal][report]") {
  log_fixture f(remembering(2 * page));
  begin(f);
  f.report(1, delivery::delivered);
  f.report(page + 1, delivery::delivered);
  f.run();
  f.disk.keep_written = true;
  f.disk.fail_commits = 2;
  f.report(2, delivery::delivered);
  f.report(2 * page + 1, delivery::failed);  // the first page goes for it
  f.run();
  REQUIRE_FALSE(f.log->writes());
  f.report(3 * page + 1, delivery::delivered);
  const auto later = f.last;
  f.run_for(1s);
  REQUIRE(f.log->cleared() == later);
  REQUIRE(f.disk.written_values.size() >= 4);
  CHECK(f.disk.written_values[0].find(delivery_name(0) + "=gone") != std::string::npos);
  CHECK(f.disk.written_values[0].find(delivery_name(2) + '=') != std::string::npos);
  CHECK(f.disk.written_values[0].find(delivery_name(3)) == std::string::npos);
  for (std::size_t i = 1; i < 3; ++i) {
    CHECK(f.disk.written_values[i] == f.disk.written_values[0]);
    CHECK(f.disk.written[i] == f.disk.written[0]);
  }
  CHECK(f.disk.written_values[3].find(delivery_name(3) + '=') != std::string::npos);
  CHECK(delivery_pages(f) == std::vector<std::uint64_t>{2, 3});
  f.crash_and_open();
  CHECK(f.unconfirmed().size() == 5);
  CHECK(f.found.deliveries.at(message_id{2 * page + 1}) == delivery::failed);
  CHECK(f.found.deliveries.at(message_id{3 * page + 1}) == delivery::delivered);
  CHECK(f.found.deliveries.at(message_id{1}) == delivery::none);
}

TEST_CASE("log_journal: what is under way is remembered, and told and counted by nobody", "[journal][report]") {
  log_fixture f(remembering());
  begin(f);
  f.report(1, delivery::underway);
  const auto at = f.last;
  f.run();
  CHECK(f.log->cleared() == at);
  f.crash_and_open();
  CHECK(f.found.deliveries.at(message_id{1}) == delivery::underway);
  CHECK(f.found.unconfirmed == 0);
  CHECK(f.unconfirmed().empty());
  CHECK(f.found.campaigns[0].totals.delivered == 0);
  CHECK(f.found.campaigns[0].totals.undelivered == 0);
}

TEST_CASE("log_journal: a report says nothing of the message's own end, which may come after it", "[journal][report]") {
  log_fixture f(remembering());
  begin(f);
  const auto ref = f.take(1, 1);
  f.claim(ref);
  f.report(1, delivery::delivered);
  f.run();
  f.crash_and_open();
  REQUIRE(f.found.messages.size() == 1);
  CHECK(f.found.messages[0].claimed);
  const auto again = f.messages->add(message_id{1}, source_id{0}, ordinal{1});
  f.log->adopt(again, f.found.messages[0]);
  f.log->confirm(f.found.last);
  f.run_for(2s);
  CHECK(f.chunks() > 0);  // the message lives in it
  f.end(again);
  f.run();
  f.log->confirm(f.last);
  f.run_for(2s);
  CHECK(f.chunks() == 0);
}

TEST_CASE("log_journal: a report that is not confirmed keeps its chunk, and only outcomes move to the history",
          "[journal][report]") {
  log_options o = remembering();
  o.keep_outcomes = 1h;
  log_fixture f(o);
  begin(f);
  const auto ref = f.take(1, 1);
  const auto ended = f.end(ref);
  f.report(1, delivery::delivered);
  const auto reported = f.last;
  f.run();
  f.log->confirm(ended);
  f.run_for(2s);
  CHECK(f.chunks() == 1);
  f.log->confirm(reported);
  f.run_for(2s);
  CHECK(f.chunks() == 0);
  REQUIRE(f.chunks(chunk_row::history) == 1);
  const auto& [number, bytes] = *f.disk.now.rows[chunk_row::history].begin();
  chunk_reader reader(bytes, number);
  decoded_record kept;
  REQUIRE(reader.next(kept) == decode_status::record);
  CHECK(kept.kind == record_kind::outcome);
  CHECK(reader.next(kept) == decode_status::end);
}

TEST_CASE("log_journal: a page of deliveries goes with the reports that push it out, and stays away",
          "[journal][report]") {
  log_fixture f(remembering(page));
  begin(f);
  f.report(1, delivery::delivered);
  f.run();
  CHECK(delivery_pages(f) == std::vector<std::uint64_t>{0});
  f.report(page, delivery::delivered);
  f.run();
  CHECK(delivery_pages(f) == std::vector<std::uint64_t>{1});
  f.report(2, delivery::delivered);  // older than what is remembered: told, and not kept
  f.run();
  CHECK(delivery_pages(f) == std::vector<std::uint64_t>{1});
  f.crash_and_open();
  CHECK(f.found.unconfirmed == 3);
  CHECK(f.found.deliveries.at(message_id{page}) == delivery::delivered);
  CHECK(f.found.deliveries.at(message_id{2}) == delivery::none);
}

TEST_CASE("log_journal: a journal that remembers less than before gives up the oldest pages", "[journal][report]") {
  log_fixture f(remembering(4 * page));
  begin(f);
  for (std::uint64_t i = 0; i < 4; ++i) f.report(i * page, delivery::delivered);
  f.run();
  REQUIRE(delivery_pages(f).size() == 4);
  f.options.deliveries_max = 2 * page;
  f.crash_and_open();
  f.run_for(1s);
  CHECK(f.found.deliveries.at(message_id{page}) == delivery::none);
  CHECK(f.found.deliveries.at(message_id{3 * page}) == delivery::delivered);
  f.report(3 * page + 1, delivery::delivered);
  f.run();
  CHECK(delivery_pages(f) == std::vector<std::uint64_t>{2, 3});
}

TEST_CASE("log_journal: a page of deliveries that is not what was written is left out, and the rest goes on",
          "[journal][report]") {
  log_fixture f(remembering(4 * page));
  begin(f);
  for (std::uint64_t i = 0; i < 3; ++i) f.report(i * page + 1, delivery::delivered);
  f.run();
  const auto at = GENERATE(std::size_t{0}, std::size_t{4}, std::size_t{1'000});
  f.disk.on_disk.values.at(delivery_name(1)).at(at) ^= 1;
  f.crash_and_open();
  CHECK(f.found.deliveries.at(message_id{1}) == delivery::delivered);
  CHECK(f.found.deliveries.at(message_id{page + 1}) == delivery::none);
  CHECK(f.found.deliveries.at(message_id{2 * page + 1}) == delivery::delivered);
  CHECK(f.found.unconfirmed == 3);
  f.report(page + 2, delivery::delivered);
  f.run();
  f.crash_and_open();
  CHECK(f.found.deliveries.at(message_id{page + 2}) == delivery::delivered);
}

TEST_CASE("log_journal: reports of nobody, and of campaigns that there are not, are passed over or told",
          "[journal][report]") {
  log_fixture f(remembering());
  begin(f);
  f.report(1, delivery::none);
  f.record(record_kind::report, 1'000'000);
  const auto ref = f.report(2, delivery::delivered);
  f.messages->told(ref).campaign = campaign_id{77};
  f.run();
  CHECK(f.log->cleared() == f.last);
  f.crash_and_open();
  CHECK(f.found.unconfirmed == 1);
  CHECK(f.found.deliveries.at(message_id{1}) == delivery::none);
  CHECK(f.found.deliveries.at(message_id{2}) == delivery::delivered);
}

TEST_CASE("log_journal: a message that waits for its time waits after a restart too, until its next claim",
          "[journal][report]") {
  log_fixture f;
  begin(f);
  const auto later = f.environment.wall_now() + 90s;
  std::vector<message_ref> refs;
  for (std::uint64_t i = 1; i <= 3; ++i) {
    refs.push_back(f.take(i, i));
    f.claim(refs.back());
  }
  f.release(refs[0], 1, later);
  f.release(refs[1], 1, later);
  f.release(refs[2], 1);
  f.record(record_kind::claim, refs[1], {.route = 2, .attempts = 2, .not_before = later});
  f.run_for(1s);
  f.crash_and_open();
  REQUIRE(f.found.messages.size() == 3);
  CHECK(f.found.messages[0].so_far.not_before == later);
  CHECK(f.found.messages[1].so_far.not_before == wall_time{});
  CHECK(f.found.messages[1].claimed);
  CHECK(f.found.messages[2].so_far.not_before == wall_time{});
  CHECK(f.found.messages[2].so_far.failures == 1);
}

TEST_CASE("log_journal: a restated message keeps the time that it waits for", "[journal][report]") {
  log_fixture f({.chunk_bytes = 600, .restate_above = 2'000});
  begin(f);
  const auto later = f.environment.wall_now() + 90min;
  const auto ref = f.take(1, 1);
  f.claim(ref);
  f.release(ref, 1, later);
  f.run_for(1s);
  const auto first = f.disk.now.rows[chunk_row::log].begin()->first;
  for (std::uint64_t id = 2; f.disk.now.rows[chunk_row::log].begin()->first == first; ++id) {
    REQUIRE(id < 1'000);
    const auto other = f.take(id, id);
    f.end(other);
    f.run();
    f.messages->forget(other);
    f.log->confirm(f.last);
    f.run_for(2s);
  }
  f.crash_and_open();
  REQUIRE(f.found.messages.size() == 1);
  CHECK(f.found.messages[0].so_far.not_before == later);
  CHECK(f.found.messages[0].so_far.failures == 1);
}
