// journal/journal - the record of what was taken, what may have left, and how it ended: the seam a durable store fills.
//
// Called from host threads (taken) and shard threads (claim, outcome) at once; no call blocks or allocates.
#pragma once

#include <broadside/event.hpp>
#include <broadside/message.hpp>
#include <cstdint>
#include <span>

namespace broadside::journal {

enum class record_kind : std::uint8_t {
  taken,      ///< the engine took the recipient: its ordinal is behind the resume point from now on
  withdrawn,  ///< it did not after all: the intake was closed meanwhile. The resume point goes back to it
  claim,      ///< an attempt is about to leave: its first byte waits until this is durable
  outcome,    ///< how the message ended
};

struct record {
  record_kind kind{};
  broadside::outcome what{};  ///< with outcome
  message_id id{};
  source_id source{};
  ordinal row{};
};

class journal {
 public:
  journal() = default;
  journal(const journal&) = delete;
  journal& operator=(const journal&) = delete;
  virtual ~journal() = default;

  /// Appends in order and returns the position of the last; the others directly precede it. Not yet durable.
  virtual position append(std::span<const record>) noexcept = 0;
  /// Everything at or before this is durable. Only grows. A dispatcher whose claim waits asks again when it is woken.
  [[nodiscard]] virtual position durable() const noexcept = 0;
  /// First ordinal of the source that was not taken durably.
  [[nodiscard]] virtual ordinal resume_point(source_id) const noexcept = 0;
  /// The host handled everything at or before `upto`: it may be forgotten.
  virtual void erase(position upto) noexcept = 0;
};

}  // namespace broadside::journal
