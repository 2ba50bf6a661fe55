// Tests of journal/log_journal: what becomes known when, what is written, what goes. Crashes: log_journal_crash_test.
#include <algorithm>
#include <atomic>
#include <cstring>
#include <journal/named_values.hpp>
#include <thread>
#include <utility>
#include "log_fixture.hpp"

using namespace broadside;
using namespace broadside::journal;
using namespace std::chrono_literals;
using broadside::testing::log_fixture;

namespace {

/// Campaign 0 and source 0 are there, and nothing waits.
log_fixture& begin(log_fixture& f) {
  f.put_campaign_and_source();
  f.run_for(1s);
  return f;
}

/// Takes a message, claims and ends it.
position whole_life(log_fixture& f, std::uint64_t id) {
  const auto ref = f.take(id, id);
  f.run();
  f.claim(ref);
  f.run();
  const auto at = f.end(ref);
  f.run();
  f.messages->forget(ref);
  return at;
}

std::uint64_t log_bytes(const log_fixture& f) {
  std::uint64_t all = 0;
  const auto log = f.disk.now.rows.find(chunk_row::log);
  if (log == f.disk.now.rows.end()) return 0;
  for (const auto& [number, bytes] : log->second) all += bytes.size();
  return all;
}

/// In everything that was written.
std::uint64_t restatements(const log_fixture& f) {
  std::uint64_t n = 0;
  for (const auto& bytes : f.disk.written) {
    chunk_number number = 0;
    std::memcpy(&number, bytes.data() + 8, sizeof number);  // see record_codec.cpp
    chunk_reader reader(bytes, number);
    decoded_record each;
    while (reader.next(each) == decode_status::record) n += each.taken.restated && each.kind == record_kind::taken;
  }
  return n;
}

}  // namespace

TEST_CASE("log_journal: durable and cleared move only after the sync", "[journal]") {
  log_fixture f;
  begin(f);
  const auto ref = f.take(7);
  const auto at = f.claim(ref);
  position seen{};
  bool in_time = true;
  f.disk.in_sync = [&] { in_time = f.log->durable() < at && f.log->cleared() < at; };
  REQUIRE(f.log->durable() < at);
  f.run();
  seen = f.log->durable();
  REQUIRE(in_time);
  REQUIRE(seen == at);
  REQUIRE(f.log->cleared() == at);
  REQUIRE(f.disk.syncs > 0);
}

TEST_CASE("log_journal: a shard that waits for a claim is told once, and not at all when it is cleared", "[journal]") {
  log_fixture f;
  begin(f);
  const auto ref = f.take(7);
  const auto at = f.claim(ref);
  REQUIRE(f.log->tell_when_cleared(3, at));
  REQUIRE(f.told.empty());
  f.run();
  REQUIRE(f.told == std::map<unsigned, int>{{3, 1}});
  REQUIRE_FALSE(f.log->tell_when_cleared(3, at));
  f.end(ref);
  f.run();
  REQUIRE(f.told == std::map<unsigned, int>{{3, 1}});
}

TEST_CASE("log_journal: a failed commit changes nothing and is tried again with the same bytes", "[journal]") {
  log_fixture f;
  begin(f);
  f.disk.keep_written = true;
  f.disk.fail_commits = 2;
  const auto ref = f.take(7);
  const auto at = f.claim(ref);
  const auto before = f.log->durable();
  f.run();
  REQUIRE(f.log->durable() == before);
  REQUIRE(f.log->cleared() == before);
  REQUIRE_FALSE(f.log->writes());
  REQUIRE(f.log->status().fault == errc::journal_faulty);
  f.end(ref);  // goes with the next group, not with this one
  f.run_for(40ms);
  REQUIRE(f.disk.written.size() == 1);
  f.run_for(200ms);
  REQUIRE(f.disk.written.size() == 4);  // two failed tries, the third, and the next group
  REQUIRE(f.disk.written[0] == f.disk.written[1]);
  REQUIRE(f.disk.written[1] == f.disk.written[2]);
  REQUIRE(f.log->writes());
  REQUIRE_FALSE(f.log->status().fault);
  REQUIRE(f.log->durable() > at);
}

TEST_CASE("log_journal: retries slow down to one in five seconds", "[journal]") {
  log_fixture f;
  begin(f);
  f.disk.fail_commits = 1'000'000;
  f.take(7);
  const auto before = f.disk.tries;
  f.run_for(60s);
  REQUIRE(f.disk.tries - before >= 12);
  REQUIRE(f.disk.tries - before <= 20);
}

TEST_CASE("log_journal: a commit that took effect although it failed is not there twice", "[journal]") {
  log_fixture f;
  begin(f);
  f.disk.fail_after_effect = 1;
  f.take(7, 4);
  f.run_for(1s);
  f.crash_and_open();
  REQUIRE(f.found.messages.size() == 1);
  REQUIRE(f.found.campaigns[0].totals.submitted == 1);
  REQUIRE(f.found.sources[0].next == ordinal{5});
}

TEST_CASE("log_journal: a gap holds up only what stands behind it, and whatever fills it wakes the writer",
          "[journal]") {
  log_fixture f;
  begin(f);
  const auto first = f.take(1);
  const auto gap = f.log->reserve(1);
  const auto behind = f.claim(first);
  f.run();
  REQUIRE(static_cast<std::uint64_t>(f.log->durable()) == static_cast<std::uint64_t>(gap) - 1);
  const auto woken = f.writer_woken;
  const record nothing{};
  f.log->publish(gap, {&nothing, 1});
  REQUIRE(f.writer_woken == woken + 1);
  f.run();
  REQUIRE(f.log->durable() == behind);
}

TEST_CASE("log_journal: only a writer that sleeps is woken, and only for what somebody waits for", "[journal]") {
  log_fixture f;
  begin(f);
  const auto ref = f.take(1);
  REQUIRE(f.writer_woken > 0);
  f.claim(ref);
  const auto woken = f.writer_woken;
  f.claim(ref);  // it was woken and did not run yet
  REQUIRE(f.writer_woken == woken);
  f.run_for(1s);
  f.release(ref);  // nothing else would wake it
  REQUIRE(f.writer_woken == woken + 1);
  f.run();
  f.release(ref);  // a date is set by now
  REQUIRE(f.writer_woken == woken + 1);
  REQUIRE(f.log->durable() < f.last);
  f.run_for(100ms);
  REQUIRE(f.log->durable() == f.last);
}

TEST_CASE("log_journal: periodic clears what is in its buffers, and writes once in an interval", "[journal]") {
  log_fixture f({.durability = durability::periodic, .sync_interval = 500ms});
  begin(f);
  const auto commits = f.disk.commits;
  const auto ref = f.take(1, 8);
  f.claim(ref);
  REQUIRE(f.log->cleared() < f.last);  // reserved is not enough: its facts were not read
  REQUIRE(f.log->tell_when_cleared(0, f.last));
  f.run();
  REQUIRE(f.log->cleared() == f.last);
  REQUIRE(f.told[0] == 1);
  REQUIRE(f.log->durable() < f.last);
  REQUIRE(f.log->resume_point(source_id{0}) == ordinal{0});
  REQUIRE(f.disk.commits == commits);
  f.run_for(500ms);
  REQUIRE(f.log->durable() == f.last);
  REQUIRE(f.log->resume_point(source_id{0}) == ordinal{9});
  REQUIRE(f.disk.commits == commits + 1);
}

TEST_CASE("log_journal: whatever the durability, nothing is cleared while the store fails", "[journal]") {
  const auto how = GENERATE(durability::every_batch, durability::periodic, durability::none);
  log_fixture f({.durability = how, .sync_interval = 10ms});
  begin(f);
  f.take(1);
  f.disk.fail_commits = 1'000'000;
  f.run_for(20ms);
  REQUIRE_FALSE(f.log->writes());
  const auto ref = f.take(2);
  f.claim(ref);
  f.run_for(10s);
  REQUIRE(f.log->cleared() < f.last);
  f.disk.fail_commits = 0;
  f.run_for(10s);
  REQUIRE(f.log->cleared() == f.last);
  REQUIRE(f.log->durable() == f.last);
}

TEST_CASE("log_journal: whatever the durability, the first group is on the disk before anything is told", "[journal]") {
  const auto how = GENERATE(durability::periodic, durability::none);
  log_fixture f({.durability = how, .sync_interval = 10s});
  f.put_campaign_and_source();
  f.claim(f.take(1));
  f.disk.fail_commits = 1'000'000;
  f.run_for(100ms);
  REQUIRE(f.log->cleared() < f.last);
  f.disk.fail_commits = 0;
  f.run_for(5s);
  REQUIRE(f.disk.syncs == 2);  // opening, and this
  REQUIRE(f.log->cleared() == f.last);
  f.claim(f.take(2));
  f.run_for(5ms);
  REQUIRE(f.log->cleared() == f.last);  // the second is not waited for
  REQUIRE(f.disk.syncs == 2);
}

TEST_CASE("log_journal: without durability nothing but the first group is synced before a flush", "[journal]") {
  log_fixture f({.durability = durability::none});
  begin(f);
  whole_life(f, 1);
  f.run_for(1s);
  whole_life(f, 2);
  f.run_for(1s);
  REQUIRE(f.disk.syncs == 2);  // opening, and the first
  REQUIRE(f.chunks() > 0);
  std::atomic<bool> done{false};
  error_code flushed;
  std::thread caller([&] {
    flushed = f.log->flush(60s);
    done = true;
  });
  while (!done) f.run_for(1ms);
  caller.join();
  REQUIRE_FALSE(flushed);
  REQUIRE(f.disk.syncs == 3);
  f.crash_and_open();
  REQUIRE(f.found.campaigns[0].totals.accepted == 2);
}

TEST_CASE("log_journal: a flush makes durable what was put and published before, in time or not at all", "[journal]") {
  log_fixture f({.durability = durability::periodic, .sync_interval = 60s});
  REQUIRE(f.log->flush(3ms) == errc::timed_out);  // nobody steps
  f.put_campaign_and_source();
  f.take(1);
  std::atomic<bool> done{false};
  error_code flushed;
  std::thread caller([&] {
    flushed = f.log->flush(60s);
    done = true;
  });
  while (!done) f.run();
  caller.join();
  REQUIRE_FALSE(flushed);
  REQUIRE(f.log->durable() == f.last);
  f.crash_and_open();
  REQUIRE(f.found.messages.size() == 1);
}

TEST_CASE("log_journal: a flush says why the store does not take it", "[journal]") {
  log_fixture f;
  begin(f);
  f.disk.failure_code = errc::journal_full;
  f.disk.fail_commits = 1'000'000;
  f.take(1);
  f.run();
  REQUIRE(f.log->flush(2ms) == errc::journal_full);
}

TEST_CASE("log_journal: what was put stands in the store with the first record published after it", "[journal]") {
  log_fixture f;
  f.put_campaign_and_source();
  f.log->put_campaign_state(campaign_id{0}, "paused");
  const std::vector<std::string> routes{"one", "two"};
  f.log->put_routes(routes);
  f.take(1, 3);
  f.run();
  f.log->put_source_finished(source_id{0});
  f.run_for(1s);
  f.crash_and_open();
  REQUIRE(f.found.campaigns.size() == 1);
  REQUIRE(f.found.campaigns[0].definition == "a definition");
  REQUIRE(f.found.campaigns[0].state == "paused");
  REQUIRE(f.found.routes == routes);
  REQUIRE(f.found.sources.size() == 1);
  REQUIRE(f.found.sources[0].name == "a source");
  REQUIRE(f.found.sources[0].finished);
  REQUIRE(f.found.sources[0].next == ordinal{4});
  REQUIRE(f.log->resume_point(source_id{0}) == ordinal{4});
  REQUIRE(f.log->resume_point(source_id{99}) == ordinal{0});
}

TEST_CASE("log_journal: a source is not finished in the store before its rows are there", "[journal]") {
  log_fixture f;
  f.put_campaign_and_source();
  f.run_for(1s);
  static_cast<void>(f.log->reserve(1));  // of another host thread, that was stopped for a moment
  f.take(1, 0);
  f.log->put_source_finished(source_id{0});
  f.run_for(1s);
  f.crash_and_open();
  REQUIRE(f.found.sources.size() == 1);
  REQUIRE(f.found.sources[0].next == ordinal{0});
  REQUIRE_FALSE(f.found.sources[0].finished);

  const auto again = f.log->reserve(1);
  f.take(2, 0);
  f.log->put_source_finished(source_id{0});
  const journal::record nothing{};
  f.log->publish(again, {&nothing, 1});
  f.run_for(1s);
  f.crash_and_open();
  REQUIRE(f.found.sources[0].next == ordinal{1});
  REQUIRE(f.found.sources[0].finished);
}

TEST_CASE("log_journal: positions go on behind everything a host may have seen", "[journal]") {
  SECTION("every_batch: the next one") {
    log_fixture f;
    begin(f);
    whole_life(f, 1);
    const auto last = f.last;
    f.crash_and_open();
    REQUIRE(f.found.last == last);
    REQUIRE(f.log->reserve(1) == position{static_cast<std::uint64_t>(last) + 1});
  }
  SECTION("periodic: what was told and then lost is never given out again") {
    log_fixture f({.durability = durability::periodic, .sync_interval = 100ms});
    begin(f);
    whole_life(f, 1);
    f.run_for(1s);
    whole_life(f, 2);
    const auto told = f.log->cleared();
    f.log->confirm(told);
    f.crash_and_open();
    REQUIRE(f.found.last < told);
    REQUIRE(f.log->reserve(1) > told);
  }
}

TEST_CASE("log_journal: a log of which everything is confirmed goes, and numbers and positions go on", "[journal]") {
  log_fixture f;
  begin(f);
  const auto at = whole_life(f, 1);
  REQUIRE(f.chunks() == 3);
  f.log->confirm(at);
  f.run_for(1s);
  REQUIRE(f.chunks() == 0);
  f.crash_and_open();
  REQUIRE(f.found.confirmed == at);
  REQUIRE(f.found.unconfirmed == 0);
  REQUIRE(f.log->reserve(1) > at);
  f.log->publish(position{static_cast<std::uint64_t>(at) + 1}, std::vector<record>(1));
  whole_life(f, 2);
  REQUIRE(f.disk.now.rows[chunk_row::log].begin()->first == 4);
}

TEST_CASE("log_journal: what is not confirmed stays, and so does where a message lives that has not ended",
          "[journal]") {
  log_fixture f;
  begin(f);
  const auto lasting = f.take(1, 1);
  const auto at = whole_life(f, 2);
  const auto later = whole_life(f, 3);
  f.log->confirm(at);
  f.run_for(2s);
  REQUIRE(f.found.confirmed == position{0});
  const auto chunks = f.chunks();
  f.claim(lasting);
  f.end(lasting);
  f.run_for(2s);
  REQUIRE(f.chunks() < chunks + 2);
  f.crash_and_open();
  const auto told = f.unconfirmed();
  REQUIRE(told.size() == 2);
  REQUIRE(told[0].at == later);
  REQUIRE(told[0].id == message_id{3});
  REQUIRE(told[1].id == message_id{1});
}

TEST_CASE("log_journal: the log stays bounded over many messages with steady confirmation", "[journal][large]") {
  log_fixture f({.chunk_bytes = 4096, .restate_above = 64 * 1024}, 1'000);
  begin(f);
  std::uint64_t most = 0;
  constexpr std::uint64_t rounds = 1'000;
  std::vector<message_ref> refs(1'000);
  for (std::uint64_t round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < refs.size(); ++i) refs[i] = f.take(1 + round * refs.size() + i, round);
    f.run();
    for (const auto ref : refs) f.end(ref);
    f.run();
    f.log->confirm(f.log->durable());
    for (const auto ref : refs) f.messages->forget(ref);
    if (round % 16 == 0) f.environment.advance(1s);
    most = std::max(most, log_bytes(f));
  }
  REQUIRE(f.log->status().records == 2 * rounds * refs.size());
  REQUIRE(most < 512 * 1024);
  f.run_for(2s);
  REQUIRE(f.chunks() == 0);
}

TEST_CASE("log_journal: messages that last are restated and pin nothing beyond the bound", "[journal]") {
  log_fixture f({.chunk_bytes = 4096, .restate_above = 32 * 1024}, 1024);
  begin(f);
  f.disk.keep_written = true;
  std::vector<message_ref> lasting;
  for (std::uint64_t i = 1; i <= 50; ++i) lasting.push_back(f.take(i, i));
  f.claim(lasting[0], 3);
  f.release(lasting[1], 2);
  std::uint64_t most = 0;
  for (std::uint64_t id = 100; id < 5'000; ++id) {
    f.log->confirm(whole_life(f, id));
    if (id % 8 == 0) f.run_for(1s);
    most = std::max(most, log_bytes(f));
  }
  const auto restated = restatements(f);
  REQUIRE(restated > 50);
  REQUIRE(restated < 50 * 200);
  REQUIRE(most < 128 * 1024);
  f.crash_and_open();
  REQUIRE(f.found.messages.size() == 50);
  for (std::uint64_t i = 0; i < 50; ++i) REQUIRE(f.found.messages[i].id == message_id{i + 1});
  REQUIRE(f.found.messages[0].claimed);
  REQUIRE(f.found.messages[0].so_far.attempts == 3);
  REQUIRE_FALSE(f.found.messages[1].claimed);
  REQUIRE(f.found.messages[1].so_far.failures == 2);
  REQUIRE(f.found.messages[49].row == ordinal{50});
  REQUIRE(f.found.messages[49].content == std::vector<std::byte>(8, std::byte{50}));
  REQUIRE(f.found.campaigns[0].totals.balanced());
}

TEST_CASE("log_journal: adopted messages go on where they stood, and let the log go when they end", "[journal]") {
  log_fixture f;
  begin(f);
  for (std::uint64_t i = 1; i <= 3; ++i) f.take(i, i);
  f.run();
  f.crash_and_open();
  REQUIRE(f.found.messages.size() == 3);
  std::vector<message_ref> refs;
  for (const auto& m : f.found.messages) {
    refs.push_back(f.messages->add(m.id, m.source, m.row));
    f.log->adopt(refs.back(), m);
  }
  for (const auto ref : refs) {
    REQUIRE(f.chunks() > 0);
    f.end(ref, outcome::not_sent);
    f.run();
    f.log->confirm(f.last);
    f.run_for(2s);
  }
  REQUIRE(f.chunks() == 0);
  f.crash_and_open();
  REQUIRE(f.found.campaigns[0].totals.not_sent == 3);
  REQUIRE(f.found.campaigns[0].totals.balanced());
}

TEST_CASE("log_journal: confirmed outcomes move to the history and go when they are old", "[journal]") {
  log_fixture f({.keep_outcomes = 1h});
  begin(f);
  f.log->confirm(whole_life(f, 1));
  f.run_for(2s);
  REQUIRE(f.chunks() == 0);
  REQUIRE(f.chunks(chunk_row::history) == 1);
  const auto& [number, bytes] = *f.disk.now.rows[chunk_row::history].begin();
  chunk_reader reader(bytes, number);
  decoded_record kept;
  REQUIRE(reader.next(kept) == decode_status::record);
  REQUIRE(kept.told.id == message_id{1});
  REQUIRE(kept.at == kept.told.at);
  REQUIRE(reader.next(kept) == decode_status::end);

  f.environment.advance(30min);
  f.log->confirm(whole_life(f, 2));
  f.run_for(2s);
  REQUIRE(f.chunks(chunk_row::history) == 2);
  f.crash_and_open();
  f.environment.advance(45min);
  f.log->confirm(whole_life(f, 3));
  f.run_for(2s);
  REQUIRE(f.disk.now.rows[chunk_row::history].begin()->first == 2);
  REQUIRE(f.chunks(chunk_row::history) == 2);
}

TEST_CASE("log_journal: while an outcome waits for room, what is erased to make it is not what knows the message",
          "[journal]") {
  log_fixture f;
  begin(f);
  const auto old = whole_life(f, 1);
  const auto lasting = f.take(2, 2);
  f.run();
  f.claim(lasting);
  f.run();
  REQUIRE(f.chunks() == 5);
  f.disk.failure_code = errc::journal_full;
  f.disk.fail_chunks = 1'000'000;
  f.end(lasting);
  f.run();
  f.log->confirm(f.log->cleared());
  f.run_for(10s);
  REQUIRE_FALSE(f.log->writes());
  REQUIRE(f.chunks() == 2);
  SECTION("killed before the outcome got in") {
    f.crash_and_open();
    REQUIRE(f.found.confirmed > old);
    REQUIRE(f.found.messages.size() == 1);
    REQUIRE(f.found.messages[0].id == message_id{2});
    REQUIRE(f.found.messages[0].claimed);
    REQUIRE(f.found.sources[0].next == ordinal{3});
  }
  SECTION("there is room, and what the message stood in goes with its outcome") {
    f.disk.fail_chunks = 0;
    f.run_for(10s);
    REQUIRE(f.log->writes());
    REQUIRE(f.chunks() == 1);
    f.crash_and_open();
    REQUIRE(f.found.messages.empty());
    REQUIRE(f.unconfirmed().size() == 1);
    REQUIRE(f.found.campaigns[0].totals.accepted == 2);
  }
}

TEST_CASE("log_journal: while messages wait for room to be restated, where they stood stays", "[journal]") {
  log_fixture f({.chunk_bytes = 600, .restate_above = 2'000});
  begin(f);
  for (std::uint64_t i = 1; i <= 3; ++i) f.take(i, i);
  for (std::uint64_t i = 4; i < 40; ++i) whole_life(f, i);
  f.log->confirm(f.last);
  f.disk.failure_code = errc::journal_full;
  f.disk.fail_chunks = 1'000'000;
  f.run_for(10s);
  REQUIRE_FALSE(f.log->writes());  // what says them again is the first group with records
  f.crash_and_open();
  REQUIRE(f.found.messages.size() == 3);
}

TEST_CASE("log_journal: what was confirmed while the store was full stays confirmed once it has room", "[journal]") {
  log_fixture f;
  begin(f);
  const auto earlier = whole_life(f, 1);
  const auto later = whole_life(f, 2);
  f.disk.failure_code = errc::journal_full;
  f.disk.fail_chunks = 1'000'000;
  f.log->confirm(earlier);
  f.take(3, 3);
  f.run();  // this group says that only the first was confirmed
  f.log->confirm(later);
  f.run_for(10s);
  f.disk.fail_chunks = 0;
  while (!f.log->writes()) f.run_for(10ms);
  f.crash_and_open();
  REQUIRE(f.found.confirmed == later);
  REQUIRE(f.found.messages.size() == 1);
}

TEST_CASE("log_journal: a full journal with a history gets room as the history ages", "[journal]") {
  log_fixture f({.keep_outcomes = 1h});
  begin(f);
  f.log->confirm(whole_life(f, 1));
  f.run_for(2s);
  f.environment.advance(59min);
  f.log->confirm(whole_life(f, 2));
  f.disk.failure_code = errc::journal_full;
  f.disk.fail_chunks = 1'000'000;
  f.run_for(2s);  // the outcome of the second is on its way to the history
  REQUIRE_FALSE(f.log->writes());
  REQUIRE(f.chunks(chunk_row::history) == 1);
  f.environment.advance(2min);
  f.run_for(10s);
  REQUIRE(f.chunks(chunk_row::history) == 0);
  f.disk.fail_chunks = 0;
  f.run_for(10s);
  REQUIRE(f.log->writes());
  REQUIRE(f.chunks(chunk_row::history) == 1);
  REQUIRE(f.disk.now.rows[chunk_row::history].begin()->first == 2);
  f.environment.advance(2h);
  f.log->confirm(whole_life(f, 3));
  f.run_for(2s);
  REQUIRE(f.disk.now.rows[chunk_row::history].begin()->first == 3);
}

TEST_CASE("log_journal: reading the outcomes of a restart reads each chunk a bounded number of times", "[journal]") {
  log_fixture f({.chunk_bytes = 1024});
  begin(f);
  for (std::uint64_t id = 1; id <= 200; ++id) whole_life(f, id);
  f.crash_and_open();
  f.disk.chunks_read = 0;
  const auto told = f.unconfirmed();
  REQUIRE(told.size() == 200);
  REQUIRE(std::is_sorted(told.begin(), told.end(), [](const event& a, const event& b) { return a.at < b.at; }));
  REQUIRE(f.disk.chunks_read < 3 * f.chunks() + 200);
}

TEST_CASE("log_journal: the route of an outcome is recorded by the number its record has, not by the event's",
          "[journal]") {
  log_fixture f;
  begin(f);
  const auto ref = f.take(1);
  f.claim(ref);  // number 2
  f.messages->told(ref).route = 0;
  f.end(ref);
  f.run();
  f.crash_and_open();
  REQUIRE(f.unconfirmed().at(0).route == 2);
}

TEST_CASE("log_journal: records that name nobody are passed over", "[journal]") {
  log_fixture f;
  begin(f);
  f.record(record_kind::claim, 1'000'000);
  f.record(record_kind::taken, 0xFFFF'FFFF);
  f.run();
  const auto ref = f.messages->add(message_id{1}, source_id{77}, ordinal{1});
  f.messages->told(ref).campaign = campaign_id{77};
  f.record(record_kind::taken, ref);
  f.record(record_kind::outcome, ref);
  f.run();
  REQUIRE(f.log->writes());
  f.crash_and_open();
  REQUIRE(f.found.records == 2);
}

TEST_CASE("log_journal: with real threads every claim is cleared, and the books balance", "[journal]") {
  // A writer's thread, two shards' threads; the shards wait for each claim by sleeping on what tells them.
  constexpr unsigned shards = 2;
  constexpr std::uint64_t lives = 300;
  log_fixture f({}, 8);
  begin(f);
  struct bells {
    std::atomic<bool> stop{false};
    std::atomic<std::uint32_t> writer{0};
    std::array<std::atomic<std::uint32_t>, shards> shard{};
  } ring;
  log_wakers wakers;
  wakers.context = &ring;
  wakers.writer = [](void* b) noexcept {
    static_cast<bells*>(b)->writer.fetch_add(1);
    static_cast<bells*>(b)->writer.notify_one();
  };
  wakers.shard = [](void* b, unsigned shard) noexcept {
    static_cast<bells*>(b)->shard[shard].fetch_add(1);
    static_cast<bells*>(b)->shard[shard].notify_one();
  };
  f.log.reset();
  auto opened = log_journal::open(f.disk, *f.messages, f.environment, f.options, wakers, f.found);
  REQUIRE(opened);
  auto& log = **opened;
  std::thread writer([&] {
    for (auto heard = ring.writer.load(); !ring.stop; heard = ring.writer.load()) {
      const auto next = log.step(f.environment.now());
      if (next > f.environment.now() && !ring.stop) ring.writer.wait(heard);
    }
  });
  std::vector<message_ref> refs;
  for (unsigned s = 0; s < shards; ++s) refs.push_back(f.messages->add(message_id{s}, source_id{s}, ordinal{0}));
  const auto live = [&](unsigned s) {
    const auto cleared = [&](record_kind kind) {
      const auto at = log.reserve(1);
      const record one{kind, refs[s], {}};
      log.publish(at, {&one, 1});
      for (auto heard = ring.shard[s].load(); log.cleared() < at; heard = ring.shard[s].load()) {
        if (log.tell_when_cleared(s, at)) ring.shard[s].wait(heard);
      }
    };
    for (std::uint64_t i = 0; i < lives; ++i) {
      f.messages->told(refs[s]).id = message_id{1 + i * shards + s};
      f.messages->told(refs[s]).row = ordinal{i};
      cleared(record_kind::taken);
      cleared(record_kind::claim);
      cleared(record_kind::outcome);
    }
  };
  std::vector<std::thread> running;
  for (unsigned s = 0; s < shards; ++s) running.emplace_back(live, s);
  for (auto& each : running) each.join();
  ring.stop = true;
  wakers.writer(&ring);
  writer.join();
  f.log = std::move(*opened);
  f.crash_and_open();
  REQUIRE(f.found.campaigns[0].totals.submitted == shards * lives);
  REQUIRE(f.found.campaigns[0].totals.balanced());
  REQUIRE(f.found.campaigns[0].totals.inside == 0);
  REQUIRE(f.found.messages.empty());
}

// ---------------------------------------------------------------- what was used of daily quotas

namespace {

constexpr std::int64_t day_s = 24 * 3600;

/// A quota as an engine counts it: before a claim is published.
class counted_quota final : public usage_source {
 public:
  void changed(std::vector<usage>& out) override {
    ++asked;
    if (std::exchange(has_changed, false)) out.push_back({name, day_begin_s, used.load()});
  }
  void count() {
    ++used;
    has_changed = true;
  }

  std::string name = "brand";
  std::int64_t day_begin_s = 0;
  std::atomic<std::uint64_t> used{0};
  bool has_changed = false;
  int asked = 0;
};

std::int64_t seconds_of(wall_time at) {
  return std::chrono::duration_cast<std::chrono::seconds>(at.time_since_epoch()).count();
}

log_options with(usage_source& source) {
  log_options o;
  o.usages = &source;
  return o;
}

}  // namespace

TEST_CASE("log_journal: what was used of a quota is written with the claim that uses it", "[journal][usage]") {
  counted_quota quota;
  log_fixture f(with(quota));
  quota.day_begin_s = seconds_of(f.environment.wall_now());
  begin(f);
  REQUIRE(f.found.usages.empty());
  for (std::uint64_t i = 1; i <= 3; ++i) {
    const auto ref = f.take(i, i);
    f.run();
    quota.count();
    f.claim(ref);
    f.run();
    f.crash_and_open();
    REQUIRE(f.found.usages == std::vector<usage>{{"brand", quota.day_begin_s, i}});
    REQUIRE(f.found.messages.size() == i);
  }
}

TEST_CASE("log_journal: whatever commit a crash follows, no claim is known without what it used", "[journal][usage]") {
  for (std::uint64_t n = 1;; ++n) {
    counted_quota quota;
    log_fixture f(with(quota));
    quota.day_begin_s = seconds_of(f.environment.wall_now());
    begin(f);
    f.disk.crash_after_commits = f.disk.commits + n;
    f.disk.fail_after_effect = n % 3 == 0 ? 1 : 0;
    for (std::uint64_t i = 1; i <= 12; ++i) {
      const auto ref = f.take(i, i);
      if (i % 2 == 0) f.run();
      quota.count();
      f.claim(ref);
      if (i % 3 != 0) f.run();
    }
    f.run();
    const bool stopped = !f.log->writes();
    f.crash_and_open();
    const auto claimed = static_cast<std::uint64_t>(
        std::count_if(f.found.messages.begin(), f.found.messages.end(), [](const auto& m) { return m.claimed; }));
    const std::uint64_t used = f.found.usages.empty() ? 0 : f.found.usages.at(0).used;
    INFO("crash after commit " << n);
    REQUIRE(used >= claimed);
    if (stopped) continue;
    REQUIRE(claimed == 12);
    REQUIRE(n > 5);
    break;
  }
}

TEST_CASE("log_journal: a group that failed is tried again with what was used, and never with less",
          "[journal][usage]") {
  counted_quota quota;
  log_fixture f(with(quota));
  quota.day_begin_s = seconds_of(f.environment.wall_now());
  begin(f);
  const auto ref = f.take(1, 1);
  quota.count();
  f.claim(ref);
  f.disk.fail_commits = 2;
  f.run();
  quota.count();
  f.claim(f.take(2, 2));  // goes with the next group
  const int asked = quota.asked;
  f.run_for(10ms);
  REQUIRE(quota.asked == asked);
  f.run_for(1s);
  REQUIRE(f.log->writes());
  f.crash_and_open();
  REQUIRE(f.found.usages == std::vector<usage>{{"brand", quota.day_begin_s, 2}});
}

TEST_CASE("log_journal: a quota that alone has changed waits for the next group", "[journal][usage]") {
  counted_quota quota;
  log_fixture f(with(quota));
  quota.day_begin_s = seconds_of(f.environment.wall_now());
  begin(f);
  quota.count();
  const auto before = f.disk.commits;
  f.run_for(10min);
  REQUIRE(f.disk.commits == before);
  f.take(1, 1);
  f.run();
  f.crash_and_open();
  REQUIRE(f.found.usages.at(0).used == 1);
}

TEST_CASE("log_journal: usages of days long past go, those of today, yesterday and tomorrow stay", "[journal][usage]") {
  counted_quota quota;
  log_fixture f(with(quota));
  begin(f);
  const std::int64_t now = seconds_of(f.environment.wall_now());
  const std::string strange = "a name\n/with \xFF anything" + std::string(300, 'x');
  const std::vector<std::pair<std::string, std::int64_t>> days{
      {"tomorrow", 1}, {"today", 0}, {strange, -1}, {"old", -4}, {"older", -400}};
  for (const auto& [name, day] : days) {
    quota.name = name;
    quota.day_begin_s = now + day * day_s;
    quota.count();
    f.take(quota.used, quota.used);
    f.run();
  }
  const bool could_not_be_erased_at_first = GENERATE(false, true);
  if (could_not_be_erased_at_first) {
    f.log.reset();
    f.disk.fail_commits = 1;
    REQUIRE(f.try_open());
    REQUIRE(f.found.usages.size() == 3);
    REQUIRE(std::count_if(f.disk.now.values.begin(), f.disk.now.values.end(),
                          [](const auto& v) { return v.first.starts_with("usage/"); }) == 5);
  }
  f.crash_and_open();
  std::vector<std::string> names;
  for (const usage& each : f.found.usages) names.push_back(each.name);
  std::sort(names.begin(), names.end());
  REQUIRE(names == std::vector<std::string>{strange, "today", "tomorrow"});
  REQUIRE(std::count_if(f.disk.on_disk.values.begin(), f.disk.on_disk.values.end(),
                        [](const auto& v) { return v.first.starts_with("usage/"); }) == 3);
}

TEST_CASE("log_journal: a usage that is not what was written is damage, a later version is refused",
          "[journal][usage]") {
  counted_quota quota;
  log_fixture f(with(quota));
  quota.day_begin_s = seconds_of(f.environment.wall_now());
  begin(f);
  quota.count();
  f.take(1, 1);
  f.run();
  f.log.reset();
  const std::string name = usage_name("brand");
  std::string payload{*unseal(name, f.disk.now.values.at(name))};
  errc expected = errc::journal_damaged;
  std::string& kept = f.disk.now.values.at(name);
  const std::string how = GENERATE("changed", "named otherwise", "sealed otherwise", "cut", "of a later version");
  CAPTURE(how);
  if (how == "changed") kept[12] ^= 1;
  if (how == "named otherwise") f.disk.now.values[usage_name("other")] = std::string(kept);
  if (how == "sealed otherwise") f.disk.now.values[usage_name("other")] = seal(usage_name("other"), payload);
  if (how == "cut") kept = seal(name, std::string_view(payload).substr(0, 9));
  if (how == "of a later version") {
    payload[0] = 2;
    kept = seal(name, payload);
    expected = errc::journal_too_new;
  }
  auto opened = f.try_open();
  REQUIRE_FALSE(opened);
  REQUIRE(opened.error().code == expected);
}

TEST_CASE("log_journal: a journal of before there were usages opens, and takes them from then on", "[journal][usage]") {
  log_fixture f;
  begin(f);
  f.take(1, 1);
  f.run();
  counted_quota quota;
  quota.day_begin_s = seconds_of(f.environment.wall_now());
  f.options.usages = &quota;
  f.crash_and_open();
  REQUIRE(f.found.messages.size() == 1);
  REQUIRE(f.found.usages.empty());
  quota.count();
  f.take(2, 2);
  f.run();
  f.options.usages = nullptr;  // and back
  f.crash_and_open();
  REQUIRE(f.found.usages.size() == 1);
  f.take(3, 3);
  f.run();
  f.crash_and_open();
  REQUIRE(f.found.usages.size() == 1);
}
