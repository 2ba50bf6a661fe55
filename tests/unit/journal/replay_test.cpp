// Tests of journal/replay and journal/named_values.
#include <xxhash.h>
#include <journal/named_values.hpp>
#include <journal/replay.hpp>
#include <string>
#include <support/catch.hpp>
#include <support/faulty_store.hpp>

using namespace broadside;
using namespace broadside::journal;
using broadside::testing::faulty_store;

namespace {

taken_facts someone(std::uint64_t id) {
  taken_facts t;
  t.id = message_id{id};
  t.row = ordinal{id};
  t.recipient = "+12125550123";
  return t;
}

event end_of(std::uint64_t id) {
  event e;
  e.id = message_id{id};
  e.outcome = outcome::accepted;
  return e;
}

void put(faulty_store& to, const std::string& name, const std::string& payload) {
  const std::string bytes = seal(name, payload);
  const store_batch::value value{name, bytes};
  REQUIRE_FALSE(to.commit({.values = {&value, 1}}, true));
}

void put(faulty_store& to, chunk_number number, chunk_writer& chunk) {
  const store_batch::chunk one{chunk_row::log, number, chunk.finish()};
  REQUIRE_FALSE(to.commit({.chunks = {&one, 1}}, true));
}

replayed replay_of(const faulty_store& from) {
  auto all = replay(from, {});
  REQUIRE(all);
  return std::move(*all);
}

}  // namespace

TEST_CASE("replay: an empty store holds nothing", "[journal]") {
  const auto all = replay_of(faulty_store{});
  REQUIRE(all.found.records == 0);
  REQUIRE(all.found.last == position{0});
  REQUIRE(all.chunks.empty());
  REQUIRE(all.end.log == 0);
}

TEST_CASE("replay: messages without an outcome are inside, in the order of taking, claimed when a claim is last",
          "[journal]") {
  faulty_store disk;
  chunk_writer chunk;
  chunk.begin(5, position{10});
  for (std::uint64_t i = 1; i <= 4; ++i) chunk.taken(position{9 + i}, someone(40 - i));
  chunk.claim(position{14}, message_id{39}, {.route = 1, .attempts = 1});
  chunk.claim(position{15}, message_id{38}, {.route = 1, .attempts = 1});
  chunk.released(position{16}, message_id{38}, {.route = 1, .attempts = 1, .failures = 1});
  chunk.outcome(position{17}, end_of(37));
  put(disk, 5, chunk);
  const auto all = replay_of(disk);
  REQUIRE(all.found.messages.size() == 3);
  REQUIRE(all.found.messages[0].id == message_id{39});
  REQUIRE(all.found.messages[0].claimed);
  REQUIRE(all.found.messages[1].id == message_id{38});
  REQUIRE_FALSE(all.found.messages[1].claimed);
  REQUIRE(all.found.messages[1].so_far.failures == 1);
  REQUIRE(all.found.messages[2].id == message_id{36});
  REQUIRE(all.found.messages[2].taken_at == position{13});
  REQUIRE(all.found.unconfirmed == 1);
  REQUIRE(all.found.last == position{17});
  REQUIRE(all.found.records == 8);
  REQUIRE(all.chunks.size() == 1);
  REQUIRE(all.chunks[0].live == 3);
  REQUIRE(all.chunks[0].last == position{17});
  REQUIRE(all.end.log == 5);
}

TEST_CASE("replay: a restatement replaces what was known, moves the message's chunk, and keeps the order of taking",
          "[journal]") {
  faulty_store disk;
  chunk_writer chunk;
  chunk.begin(1, position{1});
  chunk.taken(position{1}, someone(1));
  chunk.taken(position{2}, someone(2));
  put(disk, 1, chunk);
  chunk.begin(2, position{3});
  chunk.claim(position{3}, message_id{77}, {});  // its `taken` was erased
  chunk.outcome(position{4}, end_of(78));        // the same
  auto again = someone(1);
  again.restated = true;
  again.claimed = true;
  again.so_far = {.route = 3, .attempts = 2};
  chunk.taken(position{5}, again);
  put(disk, 2, chunk);
  const auto all = replay_of(disk);
  REQUIRE(all.found.messages.size() == 2);
  REQUIRE(all.found.messages[0].id == message_id{1});
  REQUIRE(all.found.messages[0].claimed);
  REQUIRE(all.found.messages[0].so_far.route == 3);
  REQUIRE(all.found.messages[0].taken_at == position{5});
  REQUIRE(all.chunks[0].live == 1);
  REQUIRE(all.chunks[1].live == 1);
  REQUIRE(all.found.unconfirmed == 1);
}

TEST_CASE("replay: outcomes at or before the confirmed position are not told again", "[journal]") {
  faulty_store disk;
  chunk_writer chunk;
  chunk.begin(1, position{1});
  for (std::uint64_t i = 1; i <= 6; ++i) chunk.outcome(position{i}, end_of(i));
  put(disk, 1, chunk);
  put(disk, std::string{confirmed_value}, encode_number(4));
  const auto all = replay_of(disk);
  REQUIRE(all.found.confirmed == position{4});
  REQUIRE(all.found.unconfirmed == 2);
}

TEST_CASE("replay: campaigns and sources have their ids, and a gap between them is damage", "[journal]") {
  faulty_store disk;
  put(disk, value_name("campaign", 0, "definition"), "first");
  put(disk, value_name("campaign", 1, "definition"), "second");
  put(disk, value_name("campaign", 1, "totals"), encode_totals({.submitted = 5, .accepted = 4, .maybe_sent = 1}));
  put(disk, value_name("source", 0, "about"), encode_source({campaign_id{1}, "rows"}));
  put(disk, value_name("source", 0, "next"), encode_number(77));
  put(disk, "something of the store's own", "…");
  const auto all = replay_of(disk);
  REQUIRE(all.found.campaigns.size() == 2);
  REQUIRE(all.found.campaigns[1].definition == "second");
  REQUIRE(all.found.campaigns[1].totals.balanced());
  REQUIRE(all.found.campaigns[1].totals.accepted == 4);
  REQUIRE(all.found.sources.at(0).name == "rows");
  REQUIRE(all.found.sources[0].campaign == campaign_id{1});
  REQUIRE(all.found.sources[0].next == ordinal{77});

  put(disk, value_name("campaign", 0xFFFF'FFFF, "state"), "paused");
  const auto wrong = replay(disk, {});
  REQUIRE_FALSE(wrong);
  REQUIRE(wrong.error().code == errc::journal_damaged);
}

TEST_CASE("replay: what was reported of a campaign has a value of its own, which may be missing", "[journal]") {
  faulty_store disk;
  put(disk, value_name("campaign", 0, "definition"), "first");
  put(disk, value_name("campaign", 0, "totals"), encode_totals({.submitted = 5, .accepted = 5}));
  REQUIRE(replay_of(disk).found.campaigns.at(0).totals.delivered == 0);
  put(disk, value_name("campaign", 0, "reported"), encode_reported({.delivered = 3, .undelivered = 1}));
  const auto totals = replay_of(disk).found.campaigns.at(0).totals;
  REQUIRE(totals.accepted == 5);
  REQUIRE(totals.delivered == 3);
  REQUIRE(totals.undelivered == 1);
  REQUIRE(totals.balanced());
  put(disk, value_name("campaign", 0, "reported"), "short");
  REQUIRE(replay(disk, {}).error().code == errc::journal_damaged);
}

TEST_CASE("replay: pages of deliveries are restored up to the bound, and what is no page is told as damage",
          "[journal]") {
  faulty_store disk;
  const std::string whole(delivery_book::page_bytes, static_cast<char>(0xAA));  // delivered, all of them
  for (const std::uint64_t number : {1U, 2U, 3U}) put(disk, delivery_name(number), whole);
  put(disk, delivery_name(4), whole.substr(1));
  constexpr auto in_a_page = delivery_book::page_messages;
  const auto all = replay(disk, {}, 2 * in_a_page);
  REQUIRE(all);
  REQUIRE(all->damage.size() == 1);
  REQUIRE(all->damage[0].starts_with("delivery/0000000000000004: "));
  REQUIRE(all->found.quarantined == 0);
  REQUIRE(all->found.deliveries.at(message_id{in_a_page}) == delivery::none);
  REQUIRE(all->found.deliveries.at(message_id{2 * in_a_page}) == delivery::delivered);
  REQUIRE(all->found.deliveries.at(message_id{4 * in_a_page - 1}) == delivery::delivered);
  REQUIRE(all->found.deliveries.at(message_id{4 * in_a_page}) == delivery::none);
}

TEST_CASE("replay: a value that the store calls damaged is damage, whatever name it has", "[journal]") {
  faulty_store disk;
  put(disk, "something of the store's own", "…");
  REQUIRE(replay(disk, {}));
  disk.now.values["campaigm/00000000/definition"] = "";
  const auto all = replay(disk, {});
  REQUIRE_FALSE(all);
  REQUIRE(all.error().code == errc::journal_damaged);
  REQUIRE(all.error().violations.at(0).field == "campaigm/00000000/definition");
}

TEST_CASE("replay: reports count as unconfirmed like outcomes, and end no message", "[journal]") {
  faulty_store disk;
  chunk_writer chunk;
  chunk.begin(1, position{1});
  chunk.taken(position{1}, someone(1));
  event reported = end_of(1);
  reported.delivery = delivery::delivered;
  chunk.report(position{2}, reported);
  chunk.report(position{3}, reported);
  put(disk, 1, chunk);
  put(disk, std::string{confirmed_value}, encode_number(2));
  const auto all = replay_of(disk);
  REQUIRE(all.found.unconfirmed == 1);
  REQUIRE(all.found.messages.size() == 1);
  REQUIRE(all.chunks[0].live == 1);
  REQUIRE(all.chunks[0].last == position{3});
}

TEST_CASE("replay: a source of a campaign that is not there is damage", "[journal]") {
  faulty_store disk;
  put(disk, value_name("source", 0, "about"), encode_source({campaign_id{1}, "rows"}));
  REQUIRE(replay(disk, {}).error().code == errc::journal_damaged);
}

TEST_CASE("replay: a chunk of a later format is refused", "[journal]") {
  faulty_store disk;
  chunk_writer chunk;
  chunk.begin(1, position{1});
  chunk.taken(position{1}, someone(1));
  const auto bytes = chunk.finish();
  std::vector<std::byte> later(bytes.begin(), bytes.end());
  later[4] = std::byte{format_version + 1};
  // The head's checksum covers 28 bytes and follows them.
  const auto sum = static_cast<std::uint32_t>(XXH3_64bits(later.data(), 28));
  for (std::size_t i = 0; i < 4; ++i) later[28 + i] = static_cast<std::byte>((sum >> (8 * i)) & 0xFFU);
  const store_batch::chunk one{chunk_row::log, 1, later};
  REQUIRE_FALSE(disk.commit({.chunks = {&one, 1}}, true));
  const auto all = replay(disk, {});
  REQUIRE_FALSE(all);
  REQUIRE(all.error().code == errc::journal_too_new);
  REQUIRE(all.error().violations.at(0).field == "chunk 1");
}

TEST_CASE("replay: progress is told every million records and at the end", "[journal][slow][large]") {
  faulty_store disk;
  chunk_writer chunk;
  constexpr std::uint64_t lives = 700'000;
  constexpr std::uint64_t in_a_chunk = 1'000;
  for (std::uint64_t id = 0; id < lives; id += in_a_chunk) {
    chunk.begin(1 + id, position{1 + 2 * id});
    for (std::uint64_t i = 0; i < in_a_chunk; ++i) {
      chunk.taken(position{1 + 2 * (id + i)}, someone(id + i + 1));
      chunk.outcome(position{2 + 2 * (id + i)}, end_of(id + i + 1));
    }
    put(disk, 1 + id, chunk);
  }
  std::vector<std::uint64_t> told;
  const auto all = replay(disk, [&](std::uint64_t records, std::uint64_t) { told.push_back(records); });
  REQUIRE(all);
  REQUIRE(told == std::vector<std::uint64_t>{1'000'000, 2 * lives});
  REQUIRE(all->found.messages.empty());
}

TEST_CASE("named_values: what was sealed under a name comes back under it alone", "[journal]") {
  const std::string bytes = seal("a", "payload");
  REQUIRE(unseal("a", bytes) == "payload");
  REQUIRE_FALSE(unseal("b", bytes));
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    auto damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    REQUIRE_FALSE(unseal("a", damaged));
    REQUIRE_FALSE(unseal("a", std::string_view{bytes}.substr(0, i)));
  }
}

TEST_CASE("named_values: names say whose they are, and other names do not", "[journal]") {
  const auto name = value_name("campaign", 0x1f, "totals");
  REQUIRE(name == "campaign/0000001f/totals");
  REQUIRE(owner_of(name, "campaign")->id == 0x1f);
  REQUIRE(owner_of(name, "campaign")->field == "totals");
  REQUIRE_FALSE(owner_of(name, "source"));
  REQUIRE(page_named(delivery_name(0x1f)) == 0x1f);
  for (const auto* other : {"delivery/", "delivery/1f", "delivery/000000000000001g", "delivery/000000000000001f0",
                            "deliverz/000000000000001f", "delivery/-00000000000001f"}) {
    REQUIRE_FALSE(page_named(other));
  }
  for (const auto* other : {"campaign", "campaign/", "campaign/0000001f", "campaign/0000001g/x", "campaign/000001f/xx",
                            "campaigns/0000001f/x"}) {
    REQUIRE_FALSE(owner_of(other, "campaign"));
  }
}

TEST_CASE("named_values: cut or long bytes are no value", "[journal]") {
  REQUIRE_FALSE(decode_number("1234567"));
  REQUIRE_FALSE(decode_number("123456789"));
  ledger unchanged;
  REQUIRE_FALSE(decode_totals("short", unchanged));
  REQUIRE_FALSE(decode_reported("short", unchanged));
  REQUIRE_FALSE(decode_log_end(""));
  REQUIRE_FALSE(decode_source("abc"));
  const auto names = encode_names({"one", "", "three"});
  REQUIRE(decode_names(names) == std::vector<std::string>{"one", "", "three"});
  REQUIRE_FALSE(decode_names(names.substr(0, names.size() - 1)));
}
