// engine/delivery_desk - what providers reported of messages, between the host threads that bring it in and the shards
// that hold messages whose answer was lost.
//
// Any thread. A mutex guards all of it: reports come far more seldom than messages leave, and shards ask only when an
// answer was lost, or a repeat refused. has_news() takes no lock.
#pragma once

#include <array>
#include <atomic>
#include <broadside/event.hpp>
#include <broadside/provider.hpp>
#include <journal/delivery_book.hpp>
#include <journal/journal.hpp>
#include <map>
#include <mutex>
#include <vector>

namespace broadside::engine_detail {

class delivery_desk {
 public:
  explicit delivery_desk(journal::delivery_book known) : known_(std::move(known)) {}

  // who takes reports
  enum class standing : std::uint8_t {
    news,      ///< more than was known
    repeated,  ///< known, or less than what is known
  };
  [[nodiscard]] standing look(message_id, delivery) const;
  /// Remembers it, and tells the shard that holds the message. True: there is one, and it is to be woken.
  bool note(const delivery_report&, unsigned& shard);

  // a shard
  /// Whether anything was reported of the message: then its provider has it, or had it.
  [[nodiscard]] bool is_known(message_id) const;
  /// It holds a message whose answer was lost. False: something was reported of it already, and it is not held.
  [[nodiscard]] bool hold(message_id, unsigned shard);
  /// It holds it no longer.
  void release(message_id);
  [[nodiscard]] bool has_news(unsigned shard) const noexcept { return news_[shard].load(std::memory_order_acquire); }
  /// Reports of messages that the shard held when they came; each is released.
  void take(unsigned shard, std::vector<delivery_report>& out);

 private:
  mutable std::mutex mutex_;
  journal::delivery_book known_;           // guarded by mutex_, as are these:
  std::map<message_id, unsigned> held_{};  // by which shard
  std::array<std::vector<delivery_report>, journal::shards_max> mail_{};
  std::array<std::atomic<bool>, journal::shards_max> news_{};
};

}  // namespace broadside::engine_detail
