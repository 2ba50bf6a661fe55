// journal/delivery_book - what was reported of messages after the provider took them: two bits a message, in pages.
//
// Ids are given in sequence, so that pages of neighbours are dense: ten million messages are 2.5 MB. Bounded: when it
// holds as many pages as it may, the page of the oldest ids goes. Not thread-safe. Allocates a page when the first of
// its messages is reported.
#pragma once

#include <array>
#include <broadside/event.hpp>
#include <broadside/message.hpp>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

namespace broadside::journal {

class delivery_book {
 public:
  static constexpr std::size_t page_messages = 16'384;
  static constexpr std::size_t page_bytes = page_messages / 4;

  /// Remembers at least the last `messages_max` messages, in pages; 0: none, so that every report is news.
  explicit delivery_book(std::uint64_t messages_max);

  /// none, underway, delivered or failed (expired is kept as failed).
  [[nodiscard]] delivery at(message_id) const noexcept;

  /// True when that is news: none < underway < the others, of which the first stays. Always for messages older than all
  /// that is remembered when the book is full: of them nothing is known, and nothing is kept.
  bool advance(message_id, delivery);

  // how the journal keeps it
  /// Pages that changed since the last call, and those that went (empty bytes). Views live until the next change. Of a
  /// book that is never asked, eight bytes a page are kept for it.
  struct page {
    std::uint64_t number = 0;  ///< the ids' upper bits
    std::span<const std::byte> bytes{};
  };
  void changed(std::vector<page>& out);
  /// As changed() gave it. False: not page_bytes long, or no page has this number. Counts as unchanged; what is older
  /// than all that a full book remembers is one that went.
  bool restore(std::uint64_t number, std::span<const std::byte> bytes);

 private:
  struct kept_page {
    std::array<std::byte, page_bytes> bytes{};
    bool changed = false;  // and in changed_
  };
  [[nodiscard]] kept_page* page_for(std::uint64_t number);

  std::size_t pages_max_;
  std::map<std::uint64_t, kept_page> pages_{};  // by place in sequence, oldest first
  std::vector<std::uint64_t> changed_{};        // by number, as is gone_
  std::vector<std::uint64_t> gone_{};
};

}  // namespace broadside::journal
