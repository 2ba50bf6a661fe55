// journal/record_codec - records as bytes in a chunk, and back.
//
// A chunk is a header (magic, format version, its number, the first position, how many bytes follow) and records, each
// with its own size, checksum (XXH3, 32 bits of it), kind and position. Little-endian whatever the machine. What cannot
// be read is told apart: a newer format is refused as a whole, a damaged record is skipped when its frame is intact
// (the sizes from it on lead to the end of the chunk), and a damaged frame ends the chunk. Checksums are bound to the
// chunk, so that a record of another one, in a page that was not written, is none of this one. Decoding is total: any
// bytes, bounded by their length, no allocation.
//
// Times are kept in microseconds. Positions are kept as the distance from the chunk's first, which may be negative.
#pragma once

#include <broadside/event.hpp>
#include <broadside/message.hpp>
#include <cstddef>
#include <cstdint>
#include <journal/journal.hpp>
#include <journal/store.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace broadside::journal {

/// What is written. 1, which had no reports and no attempts_made::not_before, is read too.
inline constexpr std::uint16_t format_version = 2;

/// A message as `taken` has it; after a restatement also what became of it since.
struct taken_facts {
  message_id id{};
  campaign_id campaign{};
  source_id source{};
  ordinal row{};
  wall_time expires_at{};
  std::uint16_t value_count = 0;
  bool oversize = false;
  std::string_view recipient{};
  bytes_view content{};
  /// Restated: an older `taken` of the message was erased since; `claimed` and `so_far` say how far it had come.
  bool restated = false;
  bool claimed = false;
  attempts_made so_far{};
};

/// One decoded record; what is set depends on `kind`. Views are into the chunk.
struct decoded_record {
  record_kind kind{};
  position at{};
  message_id id{};         // claim, released; outcome and report (told.id too)
  attempts_made so_far{};  // claim, released
  taken_facts taken{};     // taken
  event told{};            // outcome, report: position included
};

/// Appends records to one chunk; memory is kept from one chunk to the next.
class chunk_writer {
 public:
  void begin(chunk_number, position first);
  void taken(position, const taken_facts&);
  void claim(position, message_id, const attempts_made&);
  void released(position, message_id, const attempts_made&);
  void outcome(position, const event&);
  /// Requires a delivery that is told: delivered, failed or expired.
  void report(position, const event&);
  /// Finishes the header; valid until begin().
  [[nodiscard]] bytes_view finish();
  [[nodiscard]] std::size_t size() const noexcept { return used_; }

 private:
  [[nodiscard]] std::byte* open_record(record_kind, position, std::size_t payload_bytes_max);
  void close_record(const std::byte* end) noexcept;
  void attempt(record_kind, position, message_id, const attempts_made&);
  void put_told(record_kind, position, const event&);

  std::vector<std::byte> bytes_;  // all of it written to already; the first used_ bytes are the chunk
  std::size_t used_ = 0;
  chunk_number number_ = 0;
  std::uint64_t first_ = 0;
  std::uint32_t salt_ = 0;
};

enum class decode_status : std::uint8_t {
  record,   ///< `out` holds the next record
  damaged,  ///< one record could not be read and was skipped; go on
  broken,   ///< the rest of the chunk cannot be read
  newer,    ///< the chunk was written by a later format: nothing of it may be guessed
  end,      ///< that was all
};

class chunk_reader {
 public:
  /// `expected` is the number the store keeps the chunk under; another one inside is `broken`.
  chunk_reader(bytes_view chunk, chunk_number expected) noexcept;
  [[nodiscard]] decode_status next(decoded_record& out) noexcept;
  [[nodiscard]] position first() const noexcept { return position{first_}; }

 private:
  [[nodiscard]] bool sizes_lead_to_end() noexcept;

  bytes_view rest_;
  std::uint64_t first_ = 0;
  std::uint32_t salt_ = 0;
  bool cut_ = false;           // the chunk is not as long as its header says
  bool sizes_proven_ = false;  // those of all records in rest_
  decode_status state_ = decode_status::record;
};

}  // namespace broadside::journal
