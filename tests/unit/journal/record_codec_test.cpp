// tests/journal/record_codec - what was written is read back, and nothing else is ever taken for a record.
#include <xxhash.h>
#include <algorithm>
#include <cstring>
#include <journal/record_codec.hpp>
#include <limits>
#include <string>
#include <support/catch.hpp>
#include <vector>

using namespace broadside;
using namespace broadside::journal;

namespace {

constexpr wall_time some_time{std::chrono::microseconds{1'700'000'000'123'456}};

std::vector<std::byte> bytes_of(std::string_view text) {
  std::vector<std::byte> bytes(text.size());
  if (!text.empty()) std::memcpy(bytes.data(), text.data(), text.size());
  return bytes;
}

event an_event(position at) {
  event told;
  told.at = at;
  told.id = message_id{0xFEDC'BA98'7654'3210U};
  told.campaign = campaign_id{65'535};
  told.source = source_id{3};
  told.row = ordinal{9'999'999};
  told.outcome = outcome::maybe_sent;
  told.reason = errc::answer_lost;
  told.attempts = 4;
  told.route = 2;
  told.time = some_time;
  told.recipient = "+12125550123";
  told.provider_message_id = "01FC66621XXXXX119Z8PMV1QPQ";
  told.status_code = "40002";
  told.error = "not \xFF UTF-8";
  return told;
}

event a_report(position at) {
  event told = an_event(at);
  told.outcome = outcome::accepted;
  told.delivery = delivery::expired;
  told.as_sms = true;
  return told;
}

bool same(const attempts_made& a, const attempts_made& b) {
  return a.route == b.route && a.attempts == b.attempts && a.failures == b.failures && a.answer_lost == b.answer_lost &&
         a.not_before == b.not_before;
}

bool same(const event& a, const event& b) {
  return a.at == b.at && a.id == b.id && a.campaign == b.campaign && a.source == b.source && a.row == b.row &&
         a.outcome == b.outcome && a.delivery == b.delivery && a.as_sms == b.as_sms && a.reason == b.reason &&
         a.attempts == b.attempts && a.route == b.route && a.time == b.time && a.recipient == b.recipient &&
         a.provider_message_id == b.provider_message_id && a.status_code == b.status_code && a.error == b.error;
}

bool same(const taken_facts& a, const taken_facts& b) {
  return a.id == b.id && a.campaign == b.campaign && a.source == b.source && a.row == b.row &&
         a.expires_at == b.expires_at && a.value_count == b.value_count && a.oversize == b.oversize &&
         a.recipient == b.recipient && std::ranges::equal(a.content, b.content) && a.restated == b.restated &&
         a.claimed == b.claimed && same(a.so_far, b.so_far);
}

bool same(const decoded_record& a, const decoded_record& b) {
  return a.kind == b.kind && a.at == b.at && a.id == b.id && same(a.so_far, b.so_far) && same(a.taken, b.taken) &&
         same(a.told, b.told);
}

/// Owns what views of `decoded_record` point to.
const std::vector<std::byte> some_content = bytes_of("Ada\0Lovelace");

taken_facts some_facts() {
  return {.id = message_id{7},
          .campaign = campaign_id{1},
          .source = source_id{2},
          .row = ordinal{3},
          .expires_at = some_time,
          .value_count = 2,
          .recipient = "+442071838750",
          .content = some_content};
}

constexpr attempts_made some_attempts{.route = 300, .attempts = 5, .failures = 4, .answer_lost = true};
constexpr attempts_made waiting_attempts{.route = 1, .attempts = 5, .failures = 5, .not_before = some_time};

std::vector<decoded_record> some_records() {
  taken_facts restated = some_facts();
  restated.restated = restated.claimed = true;
  restated.so_far = some_attempts;
  restated.so_far.not_before = some_time;
  const position first{1'000'000'000'000};
  const auto at = [&](int n) { return position{static_cast<std::uint64_t>(first) + static_cast<std::uint64_t>(n)}; };
  return {
      {.kind = record_kind::taken, .at = at(0), .id = message_id{7}, .taken = some_facts()},
      {.kind = record_kind::claim, .at = at(1), .id = message_id{7}, .so_far = {.route = 0, .attempts = 1}},
      {.kind = record_kind::released, .at = at(5), .id = message_id{7}, .so_far = some_attempts},
      {.kind = record_kind::taken, .at = at(-3), .id = message_id{7}, .taken = restated},
      {.kind = record_kind::outcome, .at = at(6), .id = an_event({}).id, .told = an_event(at(6))},
      {.kind = record_kind::released, .at = at(7), .id = message_id{7}, .so_far = waiting_attempts},
      {.kind = record_kind::report, .at = at(8), .id = an_event({}).id, .told = a_report(at(8))},
  };
}

std::vector<std::byte> write(chunk_writer& to, chunk_number number, const std::vector<decoded_record>& records) {
  to.begin(number, position{1'000'000'000'000});
  for (const auto& each : records) {
    if (each.kind == record_kind::taken) to.taken(each.at, each.taken);
    if (each.kind == record_kind::claim) to.claim(each.at, each.id, each.so_far);
    if (each.kind == record_kind::released) to.released(each.at, each.id, each.so_far);
    if (each.kind == record_kind::outcome) to.outcome(each.at, each.told);
    if (each.kind == record_kind::report) to.report(each.at, each.told);
  }
  const bytes_view whole = to.finish();
  return {whole.begin(), whole.end()};
}

std::vector<std::byte> write(chunk_number number, const std::vector<decoded_record>& records) {
  chunk_writer to;
  return write(to, number, records);
}

struct read_back {
  std::vector<decoded_record> records{};
  std::size_t damaged = 0;
  decode_status end = decode_status::record;
};

read_back read(bytes_view chunk, chunk_number expected = 4) {
  read_back all;
  chunk_reader from(chunk, expected);
  for (decoded_record each;;) {
    const auto status = from.next(each);
    if (status == decode_status::record) {
      all.records.push_back(each);
    } else if (status == decode_status::damaged) {
      ++all.damaged;
    } else {
      all.end = status;
      return all;
    }
  }
}

/// Whether every record of `some` is one of `all`, each once and in order.
bool subsequence(const std::vector<decoded_record>& some, const std::vector<decoded_record>& all) {
  auto next = all.begin();
  for (const auto& each : some) {
    next = std::find_if(next, all.end(), [&](const decoded_record& other) { return same(each, other); });
    if (next == all.end()) return false;
    ++next;
  }
  return true;
}

std::size_t record_size(bytes_view chunk, std::size_t at) {
  std::uint32_t size = 0;
  std::memcpy(&size, chunk.data() + at + 4, sizeof size);
  return size;
}

}  // namespace

TEST_CASE("record_codec: every record comes back as it was written, in order", "[journal]") {
  const auto records = some_records();
  const auto chunk = write(4, records);
  const auto back = read(chunk);
  REQUIRE(back.end == decode_status::end);
  REQUIRE(back.damaged == 0);
  REQUIRE(back.records.size() == records.size());
  for (std::size_t i = 0; i < records.size(); ++i) CHECK(same(back.records[i], records[i]));
  CHECK(chunk_reader(chunk, 4).first() == position{1'000'000'000'000});
}

TEST_CASE("record_codec: the ends of every range come back", "[journal]") {
  const std::string long_text(65'536, 'x');
  const auto content = bytes_of(std::string(65'536, '\0'));
  std::vector<decoded_record> records;
  const position at{1'000'000'000'000};
  taken_facts most{
      .id = message_id{~0ULL},
      .campaign = campaign_id{~0U},
      .source = source_id{~0U},
      .row = ordinal{~0ULL},
      .expires_at = wall_time{std::chrono::floor<std::chrono::microseconds>(wall_time::max().time_since_epoch())},
      .value_count = 0xFFFF,
      .oversize = true,
      .recipient = long_text,
      .content = content};
  records.push_back({.kind = record_kind::taken, .at = at, .id = most.id, .taken = most});
  records.push_back({.kind = record_kind::taken, .at = at, .taken = {}});
  records.push_back({.kind = record_kind::claim,
                     .at = position{~0ULL},
                     .so_far = {.route = 0xFFFF, .attempts = 0xFFFF, .failures = 0xFFFF}});
  records.push_back({.kind = record_kind::released, .at = position{0}, .id = message_id{1}});
  event told = an_event(at);
  told.error = std::string_view(long_text).substr(0, 160);
  told.provider_message_id = std::string_view(long_text).substr(0, 64);
  told.time = wall_time{} - std::chrono::hours{1};
  told.reason = errc{std::numeric_limits<int>::max()};
  records.push_back({.kind = record_kind::outcome, .at = at, .id = told.id, .told = told});
  const auto chunk = write(4, records);
  const auto back = read(chunk);
  REQUIRE(back.end == decode_status::end);
  REQUIRE(back.records.size() == records.size());
  for (std::size_t i = 0; i < records.size(); ++i) CHECK(same(back.records[i], records[i]));
}

TEST_CASE("record_codec: times keep microseconds and are rounded down, before the epoch too", "[journal]") {
  using namespace std::chrono;
  for (const auto ns : {1'999LL, -1LL, -1'000LL, -1'001LL}) {
    const wall_time at{duration_cast<wall_time::duration>(nanoseconds{ns})};
    const auto chunk = write(4, {{.kind = record_kind::taken, .at = {}, .taken = {.expires_at = at}}});
    const auto back = read(chunk);
    REQUIRE(back.records.size() == 1);
    CHECK(back.records[0].taken.expires_at == floor<microseconds>(at));
  }
  const auto earliest = write(4, {{.kind = record_kind::taken, .taken = {.expires_at = wall_time::min()}}});
  const auto back = read(earliest);
  REQUIRE(back.records.size() == 1);
  CHECK(back.records[0].taken.expires_at == wall_time::min());
}

TEST_CASE("record_codec: a writer that is warm writes the same bytes as a new one", "[journal]") {
  chunk_writer to;
  const auto once = write(to, 4, some_records());
  const auto twice = write(to, 4, some_records());
  CHECK(once == twice);
  CHECK(to.size() == once.size());
  CHECK(write(5, some_records()) != once);
}

TEST_CASE("record_codec: a chunk without records ends at once", "[journal]") {
  const auto chunk = write(1, {});
  CHECK(read(chunk, 1).end == decode_status::end);
  CHECK(read(chunk, 1).records.empty());
}

TEST_CASE("record_codec: under another number a chunk is broken", "[journal]") {
  CHECK(read(write(4, some_records()), 5).end == decode_status::broken);
}

TEST_CASE("record_codec: no flipped bit makes a record that was not written", "[journal]") {
  const auto records = some_records();
  auto chunk = write(4, records);
  std::size_t unseen = 0;
  std::size_t wrong = 0;
  for (std::size_t bit = 0; bit < 8 * chunk.size(); ++bit) {
    const auto flip = static_cast<std::byte>(1U << bit % 8);
    chunk[bit / 8] ^= flip;
    const auto back = read(chunk);
    if (back.end == decode_status::end && back.damaged == 0) ++unseen;
    if (!subsequence(back.records, records)) ++wrong;
    chunk[bit / 8] ^= flip;
  }
  CHECK(unseen == 0);
  CHECK(wrong == 0);
}

TEST_CASE("record_codec: cut anywhere, a chunk gives the records before the cut and says that it is broken",
          "[journal]") {
  const auto records = some_records();
  const auto chunk = write(4, records);
  for (std::size_t size = 0; size < chunk.size(); ++size) {
    const std::vector<std::byte> exact(chunk.begin(), chunk.begin() + static_cast<std::ptrdiff_t>(size));
    const auto back = read(exact);
    if (back.end != decode_status::broken || back.damaged != 0) FAIL("cut at " << size);
    if (!subsequence(back.records, records)) FAIL("cut at " << size);
    if (size == chunk.size() - 1) CHECK(back.records.size() == records.size() - 1);
  }
}

TEST_CASE("record_codec: bytes behind the end are told, after all records", "[journal]") {
  auto chunk = write(4, some_records());
  chunk.push_back({});
  const auto back = read(chunk);
  CHECK(back.records.size() == some_records().size());
  CHECK(back.end == decode_status::broken);
}

TEST_CASE("record_codec: a damaged record costs itself only", "[journal]") {
  const auto records = some_records();
  const auto whole = write(4, records);
  std::size_t at = 32;
  for (std::size_t i = 0; i < records.size(); ++i) {
    auto chunk = whole;
    const auto size = record_size(whole, at);
    chunk[at + size - 1] ^= std::byte{0x10};  // the end of its payload
    at += size;
    const auto back = read(chunk);
    CHECK(back.end == decode_status::end);
    CHECK(back.damaged == 1);
    CHECK(back.records.size() == records.size() - 1);
    CHECK(subsequence(back.records, records));
  }
}

TEST_CASE("record_codec: a damaged size ends the chunk and keeps what stands before", "[journal]") {
  const auto records = some_records();
  auto chunk = write(4, records);
  const auto second = 32 + record_size(chunk, 32);
  chunk[second + 4] ^= std::byte{1};
  const auto back = read(chunk);
  CHECK(back.end == decode_status::broken);
  REQUIRE(back.records.size() == 1);
  CHECK(same(back.records[0], records[0]));
}

TEST_CASE("record_codec: records of another chunk under this one's header are damaged", "[journal]") {
  const auto mine = write(4, some_records());
  const auto other = write(3, some_records());
  REQUIRE(mine.size() == other.size());
  auto mixed = other;
  std::copy_n(mine.begin(), 32, mixed.begin());
  const auto back = read(mixed);
  CHECK(back.records.empty());
  CHECK(back.damaged == some_records().size());
}

TEST_CASE("record_codec: a later format is told apart from damage, and nothing of it is read", "[journal]") {
  auto chunk = write(4, some_records());
  chunk[4] = std::byte{format_version + 1};
  CHECK(read(chunk).end == decode_status::broken);
  // Every later format keeps the header, with its checksum.
  const auto sum = static_cast<std::uint32_t>(XXH3_64bits(chunk.data(), 28));
  std::memcpy(chunk.data() + 28, &sum, sizeof sum);
  CHECK(read(chunk).end == decode_status::newer);
  CHECK(read(chunk).records.empty());
}

TEST_CASE("record_codec: a report is delivered, failed or expired, as MMS or SMS, and nothing else", "[journal]") {
  for (const auto what : {delivery::none, delivery::underway, delivery::delivered, delivery::failed, delivery::expired,
                          delivery{5}, delivery{255}}) {
    const bool told = what >= delivery::delivered && what <= delivery::expired;
    for (const bool as_sms : {false, true}) {
      event of = a_report(position{1'000'000'000'000});
      of.delivery = what;
      of.as_sms = as_sms;
      const auto back = read(write(4, {{.kind = record_kind::report, .at = of.at, .id = of.id, .told = of}}));
      CHECK(back.end == decode_status::end);
      REQUIRE(back.records.size() == (told ? 1 : 0));
      CHECK(back.damaged == (told ? 0 : 1));
      if (told) CHECK(same(back.records[0].told, of));
    }
  }
}

TEST_CASE("record_codec: a time to wait for is kept in microseconds, and none takes no room", "[journal]") {
  const auto size_with = [](wall_time not_before) {
    return write(4, {{.kind = record_kind::released, .so_far = {.not_before = not_before}}}).size();
  };
  const auto without = size_with({});
  CHECK(size_with(some_time) == without + 8);
  CHECK(size_with(wall_time{} + std::chrono::nanoseconds{999}) == without);
  for (const auto at : {wall_time::min(), wall_time{} - std::chrono::nanoseconds{1}, some_time}) {
    const auto back = read(write(4, {{.kind = record_kind::released, .so_far = {.not_before = at}}}));
    REQUIRE(back.records.size() == 1);
    const bool earliest = at == wall_time::min();
    CHECK(back.records[0].so_far.not_before == (earliest ? at : std::chrono::floor<std::chrono::microseconds>(at)));
  }
}

namespace {

/// A chunk of version 1 as it was written then: taken, claim, released, outcome, and a message restated.
constexpr std::string_view chunk_of_version_1 =
    "42534a43010000000400000000000000e803000000000000d0000000cb3a14fd"
    "989fe3f631000000010000070000000000000001020340222018240a0600020d"
    "2b343432303731383338373530034141412f6d612d1600000002020700000000"
    "00000000010000f46eb0fa1700000003040700000000000000ac02050401a0e0"
    "41433d000000040608000000000000000102040000010240222018240a06000c"
    "2b31323132353535303132330930314643363636323103323030008c29aca735"
    "00000001030e090000000000000001020340222018240a0600020d2b34343230"
    "37313833383735300341414101020101";

std::vector<std::byte> from_hex(std::string_view digits) {
  std::vector<std::byte> bytes;
  for (; digits.size() >= 2; digits.remove_prefix(2)) {
    bytes.push_back(static_cast<std::byte>(std::stoi(std::string(digits.substr(0, 2)), nullptr, 16)));
  }
  return bytes;
}

}  // namespace

TEST_CASE("record_codec: a chunk that was written by the version before is read as it was meant", "[journal]") {
  const auto chunk = from_hex(chunk_of_version_1);
  const auto back = read(chunk);
  REQUIRE(back.end == decode_status::end);
  REQUIRE(back.damaged == 0);
  REQUIRE(back.records.size() == 5);
  const auto content = bytes_of("AAA");
  taken_facts taken = some_facts();
  taken.content = content;
  CHECK(same(back.records[0].taken, taken));
  CHECK(back.records[0].at == position{1000});
  CHECK(same(back.records[1].so_far, {.route = 0, .attempts = 1}));
  CHECK(back.records[1].id == message_id{7});
  CHECK(same(back.records[2].so_far, some_attempts));
  const event& told = back.records[3].told;
  CHECK(told.at == position{1003});
  CHECK(told.id == message_id{8});
  CHECK(told.outcome == outcome::accepted);
  CHECK(told.delivery == delivery::none);
  CHECK_FALSE(told.as_sms);
  CHECK(told.route == 2);
  CHECK(told.time == some_time);
  CHECK(told.provider_message_id == "01FC66621");
  CHECK(told.status_code == "200");
  taken.id = message_id{9};
  taken.restated = taken.claimed = true;
  taken.so_far = {.route = 1, .attempts = 2, .failures = 1, .answer_lost = true};
  CHECK(same(back.records[4].taken, taken));
  CHECK(back.records[4].at == position{998});
}

TEST_CASE("record_codec: what is written says the version that a library of before refuses", "[journal]") {
  const auto chunk = write(4, some_records());
  CHECK(chunk[4] == std::byte{2});
  CHECK(chunk[5] == std::byte{0});
}
