// fuzz/fuzz_journal_record - any bytes are read to an end; what is read, written again, is read again as the same; and
// whatever is done to a written chunk, only records that were written come out of it.
//
// Pure; one thread.
#include <algorithm>
#include <cstring>
#include <journal/record_codec.hpp>
#include <string>
#include <support/fuzz.hpp>
#include <vector>

using namespace broadside;
using namespace broadside::journal;
using broadside::fuzz::require;

namespace {

constexpr chunk_number number = 7;

void write(chunk_writer& to, const decoded_record& each) {
  switch (each.kind) {
    case record_kind::taken:
      return to.taken(each.at, each.taken);
    case record_kind::claim:
      return to.claim(each.at, each.id, each.so_far);
    case record_kind::released:
      return to.released(each.at, each.id, each.so_far);
    case record_kind::outcome:
      return to.outcome(each.at, each.told);
    case record_kind::report:
      return to.report(each.at, each.told);
    case record_kind::nothing:
      require(false, "a record is something");
  }
}

/// One record as bytes: two are the same when these are.
std::string bytes_of(const decoded_record& each) {
  chunk_writer to;
  to.begin(number, position{1});
  write(to, each);
  const auto bytes = to.finish();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

struct contents {
  std::vector<std::string> records{};
  std::size_t damaged = 0;
  decode_status end = decode_status::record;
};

contents read(bytes_view chunk) {
  contents all;
  chunk_reader from(chunk, number);
  for (decoded_record each; all.records.size() + all.damaged <= chunk.size();) {
    const auto status = from.next(each);
    if (status == decode_status::record) {
      all.records.push_back(bytes_of(each));
    } else if (status == decode_status::damaged) {
      ++all.damaged;
    } else {
      all.end = status;
      require(from.next(each) == status, "an end stays the end");
      return all;
    }
  }
  require(false, "no more records than bytes");
  return all;
}

/// Takes numbers and texts from the front of the input.
class dice {
 public:
  dice(const std::uint8_t* data, std::size_t size) : rest_(reinterpret_cast<const char*>(data), size) {}
  std::uint64_t number(unsigned bytes) {
    std::uint64_t value = 0;
    for (const char c : text(bytes)) value = value << 8U | static_cast<unsigned char>(c);
    return value;
  }
  std::string_view text(std::size_t n) {
    const auto taken = rest_.substr(0, n);
    rest_.remove_prefix(taken.size());
    return taken;
  }
  [[nodiscard]] bool empty() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

wall_time some_time(dice& from) {
  const auto micros = static_cast<std::int64_t>(from.number(7) % 9'000'000'000'000'000);
  return wall_time{std::chrono::duration_cast<wall_time::duration>(std::chrono::microseconds{micros})} -
         std::chrono::hours{24 * 365 * 100};
}

attempts_made some_attempts(dice& from) {
  attempts_made made{.route = static_cast<std::uint16_t>(from.number(2)),
                     .attempts = static_cast<std::uint16_t>(from.number(2)),
                     .failures = static_cast<std::uint16_t>(from.number(1))};
  const auto flags = from.number(1);
  made.answer_lost = flags % 2 == 1;
  if (flags / 2 % 2 == 1) made.not_before = some_time(from);
  return made;
}

decoded_record some_record(dice& from) {
  decoded_record each;
  const auto which = from.number(1) % 5;
  each.at = position{from.number(which % 2 == 0 ? 8 : 2)};
  each.id = message_id{from.number(8)};
  if (which == 0) {
    each.kind = record_kind::taken;
    const auto flags = from.number(1);
    each.taken = {.id = each.id,
                  .campaign = campaign_id{static_cast<std::uint32_t>(from.number(4))},
                  .source = source_id{static_cast<std::uint32_t>(from.number(1))},
                  .row = ordinal{from.number(5)},
                  .expires_at = some_time(from),
                  .value_count = static_cast<std::uint16_t>(from.number(1)),
                  .oversize = flags % 2 == 1,
                  .recipient = from.text(from.number(1)),
                  .restated = flags / 2 % 2 == 1,
                  .claimed = flags / 4 % 2 == 1,
                  .so_far = some_attempts(from)};
    each.taken.content = std::as_bytes(std::span(from.text(from.number(1))));
  } else if (which == 1 || which == 4) {
    each.kind = which == 1 ? record_kind::outcome : record_kind::report;
    each.told.id = each.id;
    each.told.outcome = static_cast<outcome>(from.number(1) % outcome_count);
    each.told.reason = static_cast<errc>(from.number(1));
    each.told.time = some_time(from);
    each.told.recipient = from.text(from.number(1));
    each.told.provider_message_id = from.text(from.number(1));
    each.told.error = from.text(from.number(1));
    if (which == 4) {
      const auto flags = from.number(1);
      each.told.delivery = static_cast<delivery>(2 + flags % 3);
      each.told.as_sms = flags / 3 % 2 == 1;
    }
  } else {
    each.kind = which == 2 ? record_kind::claim : record_kind::released;
    each.so_far = some_attempts(from);
  }
  return each;
}

bool subsequence(const std::vector<std::string>& some, const std::vector<std::string>& all) {
  auto next = all.begin();
  for (const auto& each : some) {
    next = std::find(next, all.end(), each);
    if (next == all.end()) return false;
    ++next;
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  (void)read(std::as_bytes(std::span(data, size)));

  dice from(data, size);
  const auto damage = from.number(4);
  chunk_writer to;
  to.begin(number, position{from.number(8)});
  std::vector<std::string> written;
  while (!from.empty() && written.size() < 64) {
    const auto each = some_record(from);
    write(to, each);
    written.push_back(bytes_of(each));
  }
  const auto bytes = to.finish();
  std::vector<std::byte> chunk(bytes.begin(), bytes.end());
  const auto back = read(chunk);
  require(back.end == decode_status::end && back.damaged == 0, "a written chunk is whole");
  require(back.records == written, "what is written is read");

  chunk[damage / 8 % chunk.size()] ^= static_cast<std::byte>(1U << damage % 8);
  const auto hurt = read(chunk);
  require(hurt.end != decode_status::end || hurt.damaged != 0, "a flipped bit is seen");
  require(subsequence(hurt.records, written), "nothing is read that was not written");
  return 0;
}
