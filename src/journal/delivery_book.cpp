// journal/delivery_book - see delivery_book.hpp.
#include <algorithm>
#include <journal/delivery_book.hpp>

namespace broadside::journal {
namespace {

constexpr unsigned instance_bits = 12;  // of an id, the upper ones
constexpr unsigned page_bits = 14;
constexpr unsigned sequence_bits = 64 - instance_bits - page_bits;  // of a page's number
static_assert(delivery_book::page_messages == std::size_t{1} << page_bits);

constexpr std::uint64_t page_of(message_id id) noexcept {
  return static_cast<std::uint64_t>(id) / delivery_book::page_messages;
}
/// Pages in the order in which their ids were given, whichever engine gave them: the sequence before the instance.
constexpr std::uint64_t by_age(std::uint64_t page) noexcept {
  const std::uint64_t sequence = page & ((std::uint64_t{1} << sequence_bits) - 1);
  return sequence << instance_bits | page >> sequence_bits;
}
constexpr std::uint64_t number_of(std::uint64_t age) noexcept {
  const std::uint64_t instance = age & ((std::uint64_t{1} << instance_bits) - 1);
  return instance << sequence_bits | age >> instance_bits;
}

/// How far it has come, as it is kept: expired as failed.
constexpr unsigned rank(delivery d) noexcept { return std::min(static_cast<unsigned>(d), 3U); }

/// Where a page has the two bits of a message.
struct place {
  explicit constexpr place(message_id id) noexcept {
    const std::uint64_t i = static_cast<std::uint64_t>(id) % delivery_book::page_messages;
    byte = static_cast<std::size_t>(i / 4);
    shift = static_cast<unsigned>(2 * (i % 4));
  }
  std::size_t byte = 0;
  unsigned shift = 0;
};

}  // namespace

delivery_book::delivery_book(std::uint64_t messages_max)
    : pages_max_(static_cast<std::size_t>(messages_max / page_messages + (messages_max % page_messages != 0 ? 1 : 0))) {
}

delivery delivery_book::at(message_id id) const noexcept {
  const auto found = pages_.find(by_age(page_of(id)));
  if (found == pages_.end()) return delivery::none;
  const place in(id);
  return static_cast<delivery>(std::to_integer<unsigned>(found->second.bytes[in.byte]) >> in.shift & 3U);
}

bool delivery_book::advance(message_id id, delivery d) {
  const delivery before = at(id);
  if (rank(d) <= rank(before) || rank(before) >= rank(delivery::delivered)) return false;
  const std::uint64_t number = page_of(id);
  kept_page* const there = page_for(number);
  if (there == nullptr) return true;
  if (!there->changed) changed_.push_back(number);
  there->changed = true;
  const place in(id);
  std::byte& four = there->bytes[in.byte];
  four = (four & ~(std::byte{3} << in.shift)) | std::byte{static_cast<unsigned char>(rank(d))} << in.shift;
  return true;
}

/// Made when it is missing; where the book is full, the oldest one goes for it. Null: it would be the oldest itself.
delivery_book::kept_page* delivery_book::page_for(std::uint64_t number) {
  const std::uint64_t age = by_age(number);
  if (const auto found = pages_.find(age); found != pages_.end()) return &found->second;
  if (pages_.size() >= pages_max_) {
    if (pages_.empty() || age < pages_.begin()->first) return nullptr;
    gone_.push_back(number_of(pages_.begin()->first));
    pages_.erase(pages_.begin());
  }
  return &pages_[age];
}

void delivery_book::changed(std::vector<page>& out) {
  for (const std::uint64_t number : gone_) out.push_back({number, {}});
  for (const std::uint64_t number : changed_) {
    const auto found = pages_.find(by_age(number));
    if (found == pages_.end()) continue;  // it changed and went
    found->second.changed = false;
    out.push_back({number, found->second.bytes});
  }
  gone_.clear();
  changed_.clear();
}

bool delivery_book::restore(std::uint64_t number, std::span<const std::byte> bytes) {
  if (bytes.size() != page_bytes || number >> (instance_bits + sequence_bits) != 0) return false;
  if (kept_page* const there = page_for(number)) {
    std::copy(bytes.begin(), bytes.end(), there->bytes.begin());
  } else {
    gone_.push_back(number);
  }
  return true;
}

}  // namespace broadside::journal
