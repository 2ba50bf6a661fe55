// journal/journal - the record of what was taken, what may have left, and how it ended: the seam a durable store fills.
//
// Host threads record what they take, shards what they claim and how it ends, all at once; no call blocks, allocates or
// fails. A record is made in two steps: its position is reserved, then it is published. What a thread reserves before
// it hands a message on therefore stands before everything that others record of that message.
#pragma once

#include <broadside/event.hpp>
#include <broadside/message.hpp>
#include <cstddef>
#include <cstdint>
#include <span>

namespace broadside::journal {

inline constexpr unsigned shards_max = 64;

/// A message by the place it has in memory, as long as it is inside. Given out by whoever fills a message_table.
using message_ref = std::uint32_t;

enum class record_kind : std::uint8_t {
  nothing,   ///< reserved and not needed: nothing happened
  taken,     ///< the engine took the recipient: its row is behind the resume point from now on
  claim,     ///< an attempt is about to leave: its first byte waits until this is cleared
  released,  ///< the claimed attempt certainly did not arrive: the message is free to be sent again
  outcome,   ///< how the message ended
  report,    ///< a delivery report: the place is one of its own, not its message's, and only its event counts
};

/// What became of a message's attempts so far; with claim and released. Of an outcome only the route counts, instead of
/// that of its event.
struct attempts_made {
  std::uint16_t route = 0xFFFF;  ///< of the last one, by the numbers of log_journal::put_routes(); 0xFFFF: none
  std::uint16_t attempts = 0;    ///< requests that carried the message, a claimed one included
  std::uint16_t failures = 0;    ///< transient failures, against retry_options::attempts_max
  bool answer_lost = false;      ///< an earlier attempt may have arrived
  wall_time not_before{};        ///< with released: it is tried again then, after a restart too; the epoch: at once
};

struct record {
  record_kind kind{};
  message_ref message = 0;
  attempts_made so_far{};
};

/// What a journal reads of a message when it writes a record. Views live as long as the message is inside, which is
/// until its event is polled, which is after its outcome is cleared.
struct message_facts {
  const event* told = nullptr;           ///< id, campaign, source, row, recipient; with outcome: everything
  std::span<const std::byte> content{};  ///< the recipient's values as slot_arena keeps them, opaque here
  std::uint16_t value_count = 0;
  bool oversize = false;  ///< the recipient did not fit: there is no content
  wall_time expires_at{};
};

/// Read by the journal's writer thread while shards work on the same messages: it reads only what they do not change.
class message_table {
 public:
  virtual ~message_table() = default;
  [[nodiscard]] virtual message_facts facts(message_ref) const noexcept = 0;
  /// facts() will be asked for soon, and what they point at be read.
  virtual void prefetch(message_ref) const noexcept {}
};

class journal {
 public:
  journal() = default;
  journal(const journal&) = delete;
  journal& operator=(const journal&) = delete;
  virtual ~journal() = default;

  /// n positions in a row; the first of them. Each must be published soon: nothing behind it becomes durable before.
  [[nodiscard]] virtual position reserve(std::size_t n) noexcept = 0;
  /// The records of positions that this thread reserved, from `first` on. What message_table says of their messages is
  /// in place already.
  virtual void publish(position first, std::span<const record>) noexcept = 0;

  /// Everything at or before this survives a crash. Only grows.
  [[nodiscard]] virtual position durable() const noexcept = 0;
  /// Claims at or before this may leave, and outcomes may be told: durable(), unless the host chose to wait for less.
  [[nodiscard]] virtual position cleared() const noexcept = 0;
  /// A shard (below shards_max) whose claim or outcome is not cleared yet asks to be told, or the host, as the number
  /// behind the shards', one thread at a time; the answer is false when it is cleared by now. One telling each.
  [[nodiscard]] virtual bool tell_when_cleared(unsigned shard, position at) noexcept = 0;

  /// False while the journal cannot write: nothing may be taken and nothing may leave.
  [[nodiscard]] virtual bool writes() const noexcept = 0;

  /// The host handled everything at or before `upto`: it may be forgotten.
  virtual void confirm(position upto) noexcept = 0;
};

}  // namespace broadside::journal
