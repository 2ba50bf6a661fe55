// journal/record_codec - the layout of chunks and records, in one place.
//
// Chunk: magic "BSJC" (4), format version (2), 0 (2), number (8), first position (8), bytes of records (4), checksum of
// all before (4). These stay where they are in every later format, so that a later one can be told from a damaged one.
// Record: checksum of all after it (4), size of all of it (4), kind (1), position (varint), then what the kind says.
#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <journal/byte_codec.hpp>
#include <journal/record_codec.hpp>
#include <limits>

#define XXH_INLINE_ALL  // a call would cost more than the checksum of a record
#include <xxhash.h>

namespace broadside::journal {
namespace {

constexpr std::uint32_t magic = std::bit_cast<std::uint32_t>(std::array<char, 4>{'B', 'S', 'J', 'C'});
constexpr std::size_t header_bytes = 32;
constexpr std::size_t frame_bytes = 8;  // checksum and size
constexpr std::size_t record_bytes_min = frame_bytes + 2;
constexpr std::size_t attempt_bytes_max = 8 + 3 * 3 + 1 + 8;  // an id, three numbers of 16 bits, flags, a time

enum flag : std::uint8_t { flag_oversize = 1, flag_restated = 2, flag_claimed = 4, flag_attempts = 8, flags_all = 15 };
enum attempt_flag : std::uint8_t { attempt_lost = 1, attempt_later = 2, attempt_flags_all = 3 };

std::uint32_t checksum_of(const std::byte* from, std::size_t n) noexcept {
  return static_cast<std::uint32_t>(XXH3_64bits(from, n));
}

/// What ties a record to its chunk: without it, an old page under a new header would read as records that never were.
std::uint32_t salt_of(chunk_number number, std::uint64_t first) noexcept {
  std::array<std::byte, 16> bytes{};
  byte_writer to(bytes.data());
  to.fixed(number);
  to.fixed(first);
  return checksum_of(bytes.data(), bytes.size());
}

// ---- times: microseconds are what every clock here has at least, and 64 bits of them hold any date

std::int64_t to_micros(wall_time at) noexcept {
  return std::chrono::floor<std::chrono::microseconds>(at.time_since_epoch()).count();
}

constexpr std::int64_t micros_max =
    std::chrono::duration_cast<std::chrono::microseconds>(wall_time::duration::max()).count();
constexpr std::int64_t micros_min =
    std::chrono::duration_cast<std::chrono::microseconds>(wall_time::duration::min()).count();

wall_time read_time(byte_reader& from) noexcept {
  const auto micros = static_cast<std::int64_t>(from.fixed<std::uint64_t>());
  // The earliest instant of a clock, rounded down, lies before it.
  if (micros > micros_max || micros < micros_min - 1) from.fail();
  if (!from.good()) return {};
  if (micros < micros_min) return wall_time::min();
  return wall_time{std::chrono::duration_cast<wall_time::duration>(std::chrono::microseconds{micros})};
}

// ---- attempts

void write(byte_writer& to, const attempts_made& made) noexcept {
  to.varint(made.route);
  to.varint(made.attempts);
  to.varint(made.failures);
  const std::int64_t not_before = to_micros(made.not_before);
  to.fixed(static_cast<std::uint8_t>((made.answer_lost ? attempt_lost : 0) | (not_before != 0 ? attempt_later : 0)));
  if (not_before != 0) to.fixed(static_cast<std::uint64_t>(not_before));
}

std::uint16_t read_u16(byte_reader& from) noexcept { return static_cast<std::uint16_t>(from.varint(0xFFFF)); }
std::uint32_t read_u32(byte_reader& from) noexcept { return static_cast<std::uint32_t>(from.varint(0xFFFF'FFFFU)); }

attempts_made read_attempts(byte_reader& from) noexcept {
  attempts_made made;
  made.route = read_u16(from);
  made.attempts = read_u16(from);
  made.failures = read_u16(from);
  const auto flags = from.fixed<std::uint8_t>();
  if (flags > attempt_flags_all) from.fail();
  made.answer_lost = (flags & attempt_lost) != 0;
  if ((flags & attempt_later) == 0) return made;
  made.not_before = read_time(from);
  if (made.not_before == wall_time{}) from.fail();  // that is said without a time
  return made;
}

bool nothing_made(const attempts_made& made) noexcept {
  return made.route == 0xFFFF && made.attempts == 0 && made.failures == 0 && !made.answer_lost &&
         to_micros(made.not_before) == 0;
}

// ---- payloads

void read_attempt(byte_reader& from, decoded_record& out) noexcept {
  out.id = message_id{from.fixed<std::uint64_t>()};
  out.so_far = read_attempts(from);
}

void read_taken(byte_reader& from, taken_facts& out) noexcept {
  const auto flags = from.fixed<std::uint8_t>();
  if (flags > flags_all) from.fail();
  out.oversize = (flags & flag_oversize) != 0;
  out.restated = (flags & flag_restated) != 0;
  out.claimed = (flags & flag_claimed) != 0;
  out.id = message_id{from.fixed<std::uint64_t>()};
  out.campaign = campaign_id{read_u32(from)};
  out.source = source_id{read_u32(from)};
  out.row = ordinal{from.varint()};
  out.expires_at = read_time(from);
  out.value_count = read_u16(from);
  out.recipient = from.text();
  out.content = from.bytes(from.varint());
  if ((flags & flag_attempts) != 0) out.so_far = read_attempts(from);
}

template <std::size_t Capacity>
void read_text(byte_reader& from, fixed_string<Capacity>& out) noexcept {
  out.assign(from.text(Capacity));
}

void read_told(byte_reader& from, decoded_record& out) noexcept {
  event& told = out.told;
  told.at = out.at;
  told.id = out.id = message_id{from.fixed<std::uint64_t>()};
  told.campaign = campaign_id{read_u32(from)};
  told.source = source_id{read_u32(from)};
  told.row = ordinal{from.varint()};
  const auto ended = from.fixed<std::uint8_t>();
  if (ended >= outcome_count) from.fail();
  told.outcome = static_cast<outcome>(ended);
  told.reason = static_cast<errc>(from.varint(std::numeric_limits<int>::max()));
  told.attempts = read_u16(from);
  told.route = read_u16(from);
  told.time = read_time(from);
  read_text(from, told.recipient);
  read_text(from, told.provider_message_id);
  read_text(from, told.status_code);
  read_text(from, told.error);
}

/// What a report has behind its event.
void read_delivery(byte_reader& from, event& told) noexcept {
  const auto what = from.fixed<std::uint8_t>();
  const auto as_sms = from.fixed<std::uint8_t>();
  if (what < static_cast<std::uint8_t>(delivery::delivered) || what > static_cast<std::uint8_t>(delivery::expired) ||
      as_sms > 1) {
    return from.fail();
  }
  told.delivery = static_cast<delivery>(what);
  told.as_sms = as_sms == 1;
}

/// All of a record after its frame; false: its checksum holds and it is none of ours all the same.
bool decode(bytes_view bytes, std::uint64_t first, decoded_record& out) noexcept {
  byte_reader from(bytes);
  out.kind = static_cast<record_kind>(from.fixed<std::uint8_t>());
  out.at = position{first + static_cast<std::uint64_t>(unzigzag(from.varint()))};
  switch (out.kind) {
    case record_kind::taken:
      read_taken(from, out.taken);
      out.id = out.taken.id;
      break;
    case record_kind::claim:
    case record_kind::released:
      read_attempt(from, out);
      break;
    case record_kind::outcome:
      read_told(from, out);
      break;
    case record_kind::report:
      read_told(from, out);
      read_delivery(from, out.told);
      break;
    case record_kind::nothing:
    default:
      return false;
  }
  return from.good() && from.rest().empty();
}

}  // namespace

// ---- chunk_writer

void chunk_writer::begin(chunk_number number, position first) {
  number_ = number;
  first_ = static_cast<std::uint64_t>(first);
  salt_ = salt_of(number_, first_);
  if (bytes_.size() < header_bytes) bytes_.resize(header_bytes);
  used_ = header_bytes;
}

/// Room for a record, its frame left open, its kind and position written; where the payload goes.
std::byte* chunk_writer::open_record(record_kind kind, position at, std::size_t payload_bytes_max) {
  const auto needed = used_ + frame_bytes + 1 + varint_bytes_max + payload_bytes_max;
  if (bytes_.size() < needed) bytes_.resize(std::max(needed, 2 * bytes_.size()));
  byte_writer to(bytes_.data() + used_ + frame_bytes);
  to.fixed(static_cast<std::uint8_t>(kind));
  to.varint(zigzag(static_cast<std::int64_t>(static_cast<std::uint64_t>(at) - first_)));
  return to.at();
}

void chunk_writer::close_record(const std::byte* end) noexcept {
  std::byte* record = bytes_.data() + used_;
  const auto size = static_cast<std::size_t>(end - record);
  byte_writer(record + sizeof(std::uint32_t)).fixed(static_cast<std::uint32_t>(size));
  const auto sum = checksum_of(record + sizeof(std::uint32_t), size - sizeof(std::uint32_t));
  byte_writer(record).fixed(sum ^ salt_);
  used_ += size;
}

void chunk_writer::taken(position at, const taken_facts& facts) {
  const auto fixed = 1 + 8 + 5 + 5 + varint_bytes_max + 8 + 3 + 2 * varint_bytes_max + attempt_bytes_max;
  byte_writer to(open_record(record_kind::taken, at, fixed + facts.recipient.size() + facts.content.size()));
  const bool attempts = !nothing_made(facts.so_far);
  to.fixed(static_cast<std::uint8_t>((facts.oversize ? flag_oversize : 0) | (facts.restated ? flag_restated : 0) |
                                     (facts.claimed ? flag_claimed : 0) | (attempts ? flag_attempts : 0)));
  to.fixed(static_cast<std::uint64_t>(facts.id));
  to.varint(static_cast<std::uint32_t>(facts.campaign));
  to.varint(static_cast<std::uint32_t>(facts.source));
  to.varint(static_cast<std::uint64_t>(facts.row));
  to.fixed(static_cast<std::uint64_t>(to_micros(facts.expires_at)));
  to.varint(facts.value_count);
  to.text(facts.recipient);
  to.varint(facts.content.size());
  to.bytes(facts.content.data(), facts.content.size());
  if (attempts) write(to, facts.so_far);
  close_record(to.at());
}

void chunk_writer::attempt(record_kind kind, position at, message_id id, const attempts_made& made) {
  byte_writer to(open_record(kind, at, attempt_bytes_max));
  to.fixed(static_cast<std::uint64_t>(id));
  write(to, made);
  close_record(to.at());
}

void chunk_writer::claim(position at, message_id id, const attempts_made& made) {
  attempt(record_kind::claim, at, id, made);
}

void chunk_writer::released(position at, message_id id, const attempts_made& made) {
  attempt(record_kind::released, at, id, made);
}

void chunk_writer::outcome(position at, const event& told) { put_told(record_kind::outcome, at, told); }
void chunk_writer::report(position at, const event& told) { put_told(record_kind::report, at, told); }

void chunk_writer::put_told(record_kind kind, position at, const event& told) {
  constexpr auto texts = 4 * varint_bytes_max + 40 + 64 + 32 + 160;
  byte_writer to(open_record(kind, at, 8 + 5 + 5 + varint_bytes_max + 1 + 5 + 3 + 3 + 8 + texts + 2));
  to.fixed(static_cast<std::uint64_t>(told.id));
  to.varint(static_cast<std::uint32_t>(told.campaign));
  to.varint(static_cast<std::uint32_t>(told.source));
  to.varint(static_cast<std::uint64_t>(told.row));
  to.fixed(static_cast<std::uint8_t>(told.outcome));
  to.varint(static_cast<std::uint32_t>(told.reason));
  to.varint(told.attempts);
  to.varint(told.route);
  to.fixed(static_cast<std::uint64_t>(to_micros(told.time)));
  to.text(told.recipient.view());
  to.text(told.provider_message_id.view());
  to.text(told.status_code.view());
  to.text(told.error.view());
  if (kind == record_kind::report) {
    to.fixed(static_cast<std::uint8_t>(told.delivery));
    to.fixed(static_cast<std::uint8_t>(told.as_sms ? 1 : 0));
  }
  close_record(to.at());
}

bytes_view chunk_writer::finish() {
  byte_writer to(bytes_.data());
  to.bytes(&magic, sizeof magic);
  to.fixed(format_version);
  to.fixed(std::uint16_t{0});
  to.fixed(number_);
  to.fixed(first_);
  to.fixed(static_cast<std::uint32_t>(used_ - header_bytes));
  to.fixed(checksum_of(bytes_.data(), header_bytes - sizeof(std::uint32_t)));
  return bytes_view(bytes_).first(used_);
}

// ---- chunk_reader

chunk_reader::chunk_reader(bytes_view chunk, chunk_number expected) noexcept {
  byte_reader header(chunk);
  const auto known_magic = header.bytes(sizeof magic);
  const auto version = header.fixed<std::uint16_t>();
  (void)header.fixed<std::uint16_t>();
  const auto number = header.fixed<std::uint64_t>();
  first_ = header.fixed<std::uint64_t>();
  const auto bytes = header.fixed<std::uint32_t>();
  const auto sum = header.fixed<std::uint32_t>();
  const bool whole = header.good() && std::memcmp(known_magic.data(), &magic, sizeof magic) == 0 &&
                     sum == checksum_of(chunk.data(), header_bytes - sizeof(std::uint32_t));
  if (!whole || number != expected || version == 0) {
    state_ = decode_status::broken;
    first_ = 0;
  } else if (version > format_version) {
    state_ = decode_status::newer;
  } else {
    rest_ = header.rest();
    cut_ = bytes != rest_.size();
    if (bytes < rest_.size()) rest_ = rest_.first(bytes);
    salt_ = salt_of(number, first_);
  }
}

/// Whether the sizes of the records still to be read fill what is left exactly. Proven once, it holds for all of them.
bool chunk_reader::sizes_lead_to_end() noexcept {
  if (sizes_proven_) return true;
  for (byte_reader ahead(rest_); !ahead.rest().empty();) {
    (void)ahead.fixed<std::uint32_t>();
    const auto size = ahead.fixed<std::uint32_t>();
    if (!ahead.good() || size < record_bytes_min) return false;
    (void)ahead.bytes(size - frame_bytes);
    if (!ahead.good()) return false;
  }
  sizes_proven_ = !cut_;
  return sizes_proven_;
}

decode_status chunk_reader::next(decoded_record& out) noexcept {
  if (state_ != decode_status::record) return state_;
  if (rest_.empty()) return state_ = cut_ ? decode_status::broken : decode_status::end;
  byte_reader from(rest_);
  const auto sum = from.fixed<std::uint32_t>() ^ salt_;
  const auto size = from.fixed<std::uint32_t>();
  const bool framed = from.good() && size >= record_bytes_min && size <= rest_.size();
  if (framed && checksum_of(rest_.data() + sizeof sum, size - sizeof sum) == sum) {
    out = decoded_record{};
    const auto bytes = rest_.subspan(frame_bytes, size - frame_bytes);
    rest_ = rest_.subspan(size);
    return decode(bytes, first_, out) ? decode_status::record : decode_status::damaged;
  }
  if (!framed || !sizes_lead_to_end()) return state_ = decode_status::broken;
  rest_ = rest_.subspan(size);
  return decode_status::damaged;
}

}  // namespace broadside::journal
