// journal/log_account - what the log is still needed for: which chunks stand, which messages live in them, what may go,
// and what has to be restated so that more may.
//
// The writer's thread only. Decides; writes nothing. 48 bytes per message_ref, taken in the constructor; a chunk's
// account allocates now and then.
#pragma once

#include <cstdint>
#include <deque>
#include <journal/journal.hpp>
#include <journal/recovered.hpp>
#include <journal/replay.hpp>
#include <vector>

namespace broadside::journal {

/// How far a message has come, as the log says by now.
struct message_state {
  attempts_made so_far{};
  bool claimed = false;
};

class log_account {
 public:
  /// Goes on with what a replay found.
  log_account(std::size_t messages_max, const std::vector<chunk_account>& found);

  // chunks, in the order of their numbers
  void begin_chunk(chunk_number, position first);
  /// The newest chunk now ends at `last`.
  void extend(position last) noexcept;
  /// The newest chunk is finished.
  void finish_chunk(std::uint64_t bytes) noexcept;

  // messages; what is not inside is passed over
  /// Stands in the newest chunk from now on, with `bytes` of it.
  void taken(message_ref, std::uint32_t bytes, const message_state& = {}) noexcept;
  /// Was found by the replay; stands in the chunk that has the position.
  void adopt(message_ref, position taken_at, std::uint32_t bytes, const message_state&) noexcept;
  void changed(message_ref, const message_state&) noexcept;
  /// False: it was not inside.
  bool ended(message_ref) noexcept;
  [[nodiscard]] bool inside(message_ref ref) const noexcept { return messages_[ref].chunk != 0; }
  [[nodiscard]] const message_state& state(message_ref ref) const noexcept { return messages_[ref].state; }
  [[nodiscard]] chunk_number chunk_of(message_ref ref) const noexcept { return messages_[ref].chunk; }

  // what may go
  /// The first chunk that has to stay when chunks may go up to `end`, at most `chunks_max` of them: every outcome in
  /// those before it is confirmed, and every message taken in them has ended or stands elsewhere too.
  [[nodiscard]] chunk_number needed_from(position confirmed, chunk_number end, std::size_t chunks_max) const noexcept;
  void erased_before(chunk_number) noexcept;
  /// The lowest chunk that a message left, by its end or by being stated elsewhere, since forget_left(); 0: none. What
  /// made them leave may not be in the store yet, and until it is, that chunk alone knows them.
  [[nodiscard]] chunk_number left() const noexcept { return left_; }
  void forget_left() noexcept { left_ = 0; }
  /// The messages that alone keep the front of the log from going, those of whole chunks, at least `messages_max` if
  /// there are as many. None when something else keeps it.
  [[nodiscard]] std::vector<message_ref> holding_front(position confirmed, chunk_number end,
                                                       std::size_t messages_max) const;

  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }            ///< of the chunks that stand
  [[nodiscard]] std::uint64_t bytes_inside() const noexcept { return bytes_in_; }  ///< of them, of messages inside
  [[nodiscard]] chunk_number front() const noexcept { return chunks_.empty() ? 0 : chunks_.front().of.number; }

 private:
  static constexpr message_ref nobody = 0xFFFF'FFFF;
  struct message {
    chunk_number chunk = 0;  // 0: not inside
    message_ref before = nobody;
    message_ref after = nobody;
    std::uint32_t bytes = 0;
    message_state state{};
  };
  struct chunk {
    chunk_account of{};
    message_ref first = nobody;  // of the messages that live in it
  };

  [[nodiscard]] chunk* find(chunk_number) noexcept;
  [[nodiscard]] bool may_go(const chunk& c, position confirmed, chunk_number end) const noexcept;
  void link(message_ref, chunk&) noexcept;
  void unlink(message_ref) noexcept;

  std::vector<message> messages_;
  std::deque<chunk> chunks_;
  std::uint64_t bytes_ = 0;
  std::uint64_t bytes_in_ = 0;
  chunk_number left_ = 0;
};

}  // namespace broadside::journal
