// engine/slot - a message's place in memory from submit() to poll(), and all of them together.
//
// A slot has one owner at a time: the free queue, the submitting host thread, the intake queue, one shard, the event
// queue, the polling host thread. Handing its index over a queue hands over the slot. All memory is taken and touched
// in the constructor of slot_arena.
#pragma once

#include <broadside/campaign.hpp>
#include <broadside/event.hpp>
#include <broadside/phone.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <env/large_memory.hpp>
#include <journal/journal.hpp>
#include <optional>
#include <span>
#include <string_view>

namespace broadside::engine_detail {

using slot_index = journal::message_ref;
inline constexpr slot_index no_slot = 0xFFFFFFFF;

struct slot {
  event told;               // id, campaign, source, row and recipient from submit(); the rest when it is settled
  std::optional<phone> to;  // set by the gate
  time_point expires_at;
  time_point not_before;       // taken up from a journal: it is tried again then; else the clock's beginning
  wall_time expires_wall;      // the same, for the journal: the monotonic clock ends with the machine
  slot_index next = no_slot;   // in the list that holds it
  std::uint16_t failures = 0;  // transient failures, against retry_options::attempts_max
  std::uint16_t carrier = 0;   // which of campaign_lanes::carriers is the recipient's
  std::uint16_t lane = 0;      // which of its campaign's lanes it waits in
  std::uint8_t parts = 1;      // SMS parts of its fallback, at least one; set when it is rendered
  bool alone = false;          // it goes in a request of its own: it may be what spoils others'
  std::uint8_t shard = 0;      // that settled it
  bool answer_lost = false;    // an earlier attempt may have been sent
  bool oversize = false;       // the recipient did not fit: the content is not here
  bool interrupted = false;    // an earlier engine ended while an attempt was on its way
  std::uint16_t value_count = 0;
  std::uint32_t content_bytes = 0;
};

/// `count` slots, each with `content_max` bytes behind it for a recipient's values.
/// To the journal's writer they are a table of messages.
class slot_arena final : public journal::message_table {
 public:
  slot_arena(std::uint32_t count, std::uint32_t content_max)
      : count_(count),
        content_max_(content_max),
        stride_((sizeof(slot) + content_max + 63) / 64 * 64),
        bytes_(stride_ * count) {
    for (std::uint32_t i = 0; i < count; ++i) new (bytes_.data() + stride_ * i) slot{};
  }

  [[nodiscard]] slot& operator[](slot_index i) noexcept {
    return *std::launder(reinterpret_cast<slot*>(bytes_.data() + stride_ * i));
  }
  [[nodiscard]] std::uint32_t count() const noexcept { return count_; }
  /// The message is looked at soon: what is read of it first should be at hand then.
  void prefetch(slot_index i) const noexcept override {
    const std::byte* const at = bytes_.data() + stride_ * i;
    __builtin_prefetch(at, 1);
    __builtin_prefetch(at + offsetof(slot, to), 1);
    __builtin_prefetch(at + sizeof(slot));
  }

  /// Copies a recipient's values behind the slot. Layout: a 32-bit length per value, then the bytes of all.
  void store(slot_index i, std::string_view to, std::span<const std::string_view> values) noexcept;
  /// Points `values` at them; at most values.size() of value_count.
  void load(slot_index i, std::span<std::string_view> values) noexcept;
  /// The same from bytes that facts() gave, of an earlier engine. False: they do not fit, or are not what store() made.
  [[nodiscard]] bool restore(slot_index i, std::span<const std::byte> content, std::uint16_t value_count) noexcept;

  /// What never changes between submit() and poll(), and with an outcome what never changes after it: safe to read
  /// while a shard works on the message.
  [[nodiscard]] journal::message_facts facts(slot_index i) const noexcept override {
    const slot& s = at(i);
    return {&s.told, {content(i), s.content_bytes}, s.value_count, s.oversize, s.expires_wall};
  }

 private:
  [[nodiscard]] const slot& at(slot_index i) const noexcept {
    return *std::launder(reinterpret_cast<const slot*>(bytes_.data() + stride_ * i));
  }
  [[nodiscard]] std::byte* content(slot_index i) const noexcept { return bytes_.data() + stride_ * i + sizeof(slot); }

  std::uint32_t count_;
  std::uint32_t content_max_;
  std::size_t stride_;
  large_memory bytes_;
};

inline void slot_arena::store(slot_index i, std::string_view to, std::span<const std::string_view> values) noexcept {
  slot& s = (*this)[i];
  s.oversize = !fits({to, values}, content_max_);
  s.value_count = s.oversize ? 0 : static_cast<std::uint16_t>(values.size());
  s.content_bytes = 0;
  if (s.oversize) return;
  std::byte* lengths = content(i);
  std::byte* text = lengths + values.size() * sizeof(std::uint32_t);
  for (const std::string_view v : values) {
    const auto length = static_cast<std::uint32_t>(v.size());
    std::memcpy(lengths, &length, sizeof length);
    lengths += sizeof length;
    if (length != 0) std::memcpy(text, v.data(), length);
    text += length;
  }
  s.content_bytes = static_cast<std::uint32_t>(text - content(i));
}

inline bool slot_arena::restore(slot_index i, std::span<const std::byte> bytes, std::uint16_t value_count) noexcept {
  slot& s = (*this)[i];
  const std::size_t lengths = value_count * sizeof(std::uint32_t);
  if (bytes.size() > content_max_ || lengths > bytes.size()) return false;
  std::size_t end = lengths;
  for (std::size_t v = 0; v < value_count; ++v) {
    std::uint32_t length = 0;
    std::memcpy(&length, bytes.data() + v * sizeof length, sizeof length);
    end += length;
  }
  if (end != bytes.size()) return false;
  if (!bytes.empty()) std::memcpy(content(i), bytes.data(), bytes.size());
  s.value_count = value_count;
  s.content_bytes = static_cast<std::uint32_t>(bytes.size());
  return true;
}

inline void slot_arena::load(slot_index i, std::span<std::string_view> values) noexcept {
  const slot& s = (*this)[i];
  const std::byte* lengths = content(i);
  const std::byte* text = lengths + std::size_t{s.value_count} * sizeof(std::uint32_t);
  for (std::size_t v = 0; v < values.size() && v < s.value_count; ++v) {
    std::uint32_t length = 0;
    std::memcpy(&length, lengths + v * sizeof length, sizeof length);
    values[v] = {reinterpret_cast<const char*>(text), length};
    text += length;
  }
}

/// A list of slots through slot::next: first in, first out, and back to the front. O(1); one owner.
class slot_list {
 public:
  void push_back(slot_arena& slots, slot_index i) noexcept {
    slots[i].next = no_slot;
    if (last_ == no_slot) {
      first_ = i;
    } else {
      slots[last_].next = i;
    }
    last_ = i;
    ++size_;
  }
  void push_front(slot_arena& slots, slot_index i) noexcept {
    slots[i].next = first_;
    first_ = i;
    if (last_ == no_slot) last_ = i;
    ++size_;
  }
  slot_index pop_front(slot_arena& slots) noexcept {
    const slot_index i = first_;
    first_ = slots[i].next;
    if (first_ == no_slot) last_ = no_slot;
    --size_;
    return i;
  }
  [[nodiscard]] slot_index front() const noexcept { return first_; }
  [[nodiscard]] bool empty() const noexcept { return first_ == no_slot; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  slot_index first_ = no_slot;
  slot_index last_ = no_slot;
  std::size_t size_ = 0;
};

}  // namespace broadside::engine_detail
