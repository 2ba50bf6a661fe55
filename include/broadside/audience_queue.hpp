// broadside/audience_queue - a bounded queue that any number of threads fill and empty, and that lets consumers sleep.
//
// Thread-safe. All memory is taken by the constructor; no operation allocates, locks, reads a clock or waits for
// another thread. Stands alone: only the standard library.
//
// How it works. A ring of cells, each with a sequence number that says whose turn it is (D. Vyukov's bounded MPMC
// ring). The cell of position p is free for the producer of p when its number is p, and full for the consumer of p when
// it is p + 1; emptying it makes it p + capacity, which frees it for the next lap. A producer claims n positions by one
// CAS on the tail, after it saw that their n cells are free; nobody else can change them, since that takes the tail. It
// moves the elements in and publishes the cells. Consumers do the same with the head.
//
// Order. Elements leave in the order in which their positions were claimed: first in, first out per producer, and a
// batch stays together. A consumer sees the elements of one producer in that producer's order.
//
// Closing. The top bit of the tail says "closed", so claiming and closing are one order: a claim comes before close()
// and its elements will be there, or it fails. A push that is under way while close() returns has made its claim
// before.
//
// Progress. No call loops because another thread stands still: each retry means that another call succeeded. But a
// producer that is stopped between its claim and its publication hides its cells and everything behind them:
// pops answer "nothing" until it goes on; and a consumer stopped between claim and release keeps its cells taken:
// pushes answer "full" when the ring comes round to them. So each call is non-blocking, and the queue as a whole is not
// lock-free in the strict sense: one stopped thread can stop the flow, though it makes no other thread wait inside a
// call.
//
// Sleeping. A consumer that found nothing calls arm(): it sets its bit in a mask, then looks whether anything is
// claimed. A producer claims, publishes, then looks at the mask. All four are sequentially consistent, so they have one
// total order S:
//
//   consumer   A1: mask |= bit      A2: look at the tail
//   producer   B1: claim            B2: look at the mask
//
// If A2 misses the claim, then A2 comes before B1 in S, so A1 before A2 before B1 before B2: the producer sees the bit,
// takes it out and calls the waker, after it has published. (With release and acquire alone, both could look before the
// other's write arrived: the store-buffer case that Dekker's algorithm is known for.) Were the bit taken out by another
// producer P before B2, the consumer is being woken anyway, and its next arm() comes after P's clearing, hence after B1
// too, and sees the claim. If A2 sees the claim, the consumer does not sleep, and finds the elements as soon as they
// are published. The price: nothing but the load of a line that only changes when somebody sleeps, since a claim has to
// be a read-modify-write anyway, and publishing is a plain release; and a consumer stays awake for as long as a
// producer stands still between its claim and its publication. There is no fence, so ThreadSanitizer understands every
// edge.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <new>
#include <span>
#include <type_traits>
#include <utility>

namespace broadside {

/// How a push ended.
enum class push_status : std::uint8_t {
  ok,      ///< everything was taken
  full,    ///< no more room now; what was not taken is untouched
  closed,  ///< close() came first; nothing will ever be taken again
};

/// What a batch push did: the first `taken` elements are moved from, the rest is untouched.
struct push_result {
  std::size_t taken = 0;
  push_status status = push_status::ok;
};

/// Called by producers, and by close(), to wake the consumer that armed itself as `waiter`: write its eventfd, say.
/// Runs on the producer's thread, perhaps before the consumer sleeps: the wake-up must be kept until then, as an
/// eventfd or a semaphore does. It may come late or without need, so a woken consumer that finds nothing arms again.
struct queue_waker {
  void (*call)(void* context, unsigned waiter) noexcept = nullptr;  ///< null: nobody ever sleeps
  void* context = nullptr;
};

template <class T, template <class> class Atom = std::atomic>
class audience_queue {
  static_assert(std::is_nothrow_move_constructible_v<T> && std::is_nothrow_destructible_v<T>,
                "a move that throws between claim and publication would leave a hole in the ring");

 public:
  /// Waiters are numbered 0 to waiters_max - 1; a number belongs to one consumer thread at a time.
  static constexpr unsigned waiters_max = 64;

  /// Room for `capacity` elements, rounded up to a power of two and at least 2. Throws std::bad_alloc.
  explicit audience_queue(std::size_t capacity, queue_waker waker = {});
  audience_queue(const audience_queue&) = delete;
  audience_queue& operator=(const audience_queue&) = delete;
  /// Destroys what was not popped. No other thread may be inside.
  ~audience_queue();

  /// Moves `element` in; it is untouched unless the answer is ok.
  [[nodiscard]] push_status try_push(T&& element) noexcept;

  /// Moves in as many from the front as there is room for, side by side in the queue: one claim, at most one wake-up.
  [[nodiscard]] push_result try_push_batch(std::span<T> elements) noexcept;

  /// Moves the oldest element to `out`. False: nothing there, or what is there is not published yet.
  [[nodiscard]] bool try_pop(T& out) noexcept;

  /// Moves up to out.size() of the oldest elements to `out`; how many. 0: as false of try_pop().
  [[nodiscard]] std::size_t try_pop_batch(std::span<T> out) noexcept;

  /// No push succeeds that starts after it returned. Pops go on. Wakes every armed waiter. Idempotent.
  void close() noexcept;

  [[nodiscard]] bool closed() const noexcept { return (tail_.load(std::memory_order_acquire) & closed_bit) != 0; }

  /// Closed, and every element was taken by a pop (which may still be moving it out). Exact, and final once true.
  [[nodiscard]] bool drained() const noexcept;

  /// Announces that `waiter` wants to sleep. True: there was nothing to pop, and the waker will be called for it when
  /// there is, or on close(). False: do not sleep; try_pop() again, or the queue is closed. While there are elements
  /// that are claimed and not yet published, it neither pops nor lets sleep: do something else, or yield, and try
  /// again.
  ///
  /// A push wakes one waiter, the lowest-numbered. One that then finds more than it wants passes it on: wake_one().
  [[nodiscard]] bool arm(unsigned waiter) noexcept;

  /// Takes the announcement back, after a sleep that something else ended. False: it was not announced any more: a
  /// waker was or will be called for it, and what that was for is now its to pop, or to pass on by wake_one().
  bool disarm(unsigned waiter) noexcept;

  /// Wakes one waiter, if one is armed. For a consumer that leaves elements behind.
  bool wake_one() noexcept;

  /// Elements claimed and not yet taken; stale when it is read.
  [[nodiscard]] std::size_t size_approx() const noexcept;
  [[nodiscard]] std::size_t capacity() const noexcept { return index_mask_ + 1; }

 private:
  using position = std::uint64_t;
  using sequence = Atom<std::uint64_t>;

  static constexpr position closed_bit = position{1} << 63U;
  static constexpr std::size_t line = 64;
  static constexpr std::size_t apart = 2 * line;  // x86 fetches lines in pairs

  // A small element lies beside its number, aligned so that as many cells as possible do not straddle a line. Larger
  // ones lie apart from theirs: the numbers of a batch are then a few lines side by side, and the elements one stretch
  // of memory.
  static constexpr bool lies_apart = sizeof(sequence) + sizeof(T) > line;
  static constexpr std::size_t cell_alignment =
      lies_apart ? alignof(T) : std::max({alignof(T), alignof(sequence), std::bit_ceil(sizeof(sequence) + sizeof(T))});

  struct number {
    sequence turn{0};
  };
  struct no_number {};

  struct alignas(cell_alignment) cell : std::conditional_t<lies_apart, no_number, number> {
    alignas(T) std::byte room[sizeof(T)];

    [[nodiscard]] T* element() noexcept { return std::launder(reinterpret_cast<T*>(room)); }
    void put(T&& from) noexcept { ::new (static_cast<void*>(room)) T(std::move(from)); }
    void take(T& to) noexcept {
      to = std::move(*element());
      std::destroy_at(element());
    }
  };

  static std::size_t round_up(std::size_t capacity) noexcept {
    // Beyond what bit_ceil can represent, operator new[] says that it is too much.
    constexpr std::size_t largest = std::size_t{1} << (std::numeric_limits<std::size_t>::digits - 1);
    return std::bit_ceil(std::clamp<std::size_t>(capacity, 2, largest));  // 1 could not tell "full" from "free again"
  }

  [[nodiscard]] cell& at(position p) const noexcept { return cells_[static_cast<std::size_t>(p) & index_mask_]; }
  [[nodiscard]] sequence& turn_of(position p) const noexcept {
    if constexpr (lies_apart) {
      return numbers_[static_cast<std::size_t>(p) & index_mask_].turn;
    } else {
      return at(p).turn;
    }
  }
  [[nodiscard]] push_result claim_room(std::size_t wanted, position& first) noexcept;
  [[nodiscard]] std::size_t claim_elements(std::size_t wanted, position& first) noexcept;
  void wake_after_publication() noexcept {
    if (armed_.load(std::memory_order_seq_cst) != 0) [[unlikely]]  // B2 above
      wake_one();
  }

  void call_waker(unsigned waiter) const noexcept {
    if (waker_.call != nullptr) waker_.call(waker_.context, waiter);
  }

  // constant after construction
  const std::size_t index_mask_;
  const std::unique_ptr<cell[]> cells_;
  const std::unique_ptr<number[]> numbers_;  // null: in the cells
  const queue_waker waker_;

  alignas(apart) Atom<position> tail_{0};        // next position to claim for a push, and closed_bit
  alignas(apart) Atom<position> head_{0};        // next position to claim for a pop
  alignas(apart) Atom<std::uint64_t> armed_{0};  // a bit per waiter that sleeps or is about to
};

template <class T, template <class> class Atom>
audience_queue<T, Atom>::audience_queue(std::size_t capacity, queue_waker waker)
    : index_mask_(round_up(capacity) - 1),
      cells_(new cell[index_mask_ + 1]),
      numbers_(lies_apart ? new number[index_mask_ + 1] : nullptr),
      waker_(waker) {
  for (std::size_t i = 0; i <= index_mask_; ++i) turn_of(i).store(i, std::memory_order_relaxed);
}

template <class T, template <class> class Atom>
audience_queue<T, Atom>::~audience_queue() {
  const auto end = tail_.load(std::memory_order_relaxed) & ~closed_bit;
  for (auto p = head_.load(std::memory_order_relaxed); p != end; ++p) std::destroy_at(at(p).element());
}

/// Claims up to `wanted` positions from `first` on whose cells are free.
template <class T, template <class> class Atom>
push_result audience_queue<T, Atom>::claim_room(std::size_t wanted, position& first) noexcept {
  auto tail = tail_.load(std::memory_order_relaxed);
  for (;;) {
    if ((tail & closed_bit) != 0) return {0, push_status::closed};
    if (wanted == 0) return {};
    std::size_t n = 0;
    position turn = tail;
    // acquire; pairs with the release of the pop that emptied the cell one lap ago
    while (n < wanted && (turn = turn_of(tail + n).load(std::memory_order_acquire)) == tail + n) ++n;
    if (n == 0 && turn > tail) {  // somebody else's by now
      tail = tail_.load(std::memory_order_relaxed);
      continue;
    }
    if (n == 0) return {0, push_status::full};
    // seq_cst: B1 above, and one order with close(). Success means that no cell of ours was touched since.
    if (tail_.compare_exchange_weak(tail, tail + n, std::memory_order_seq_cst, std::memory_order_relaxed)) {
      first = tail;
      return {n, n == wanted ? push_status::ok : push_status::full};
    }
  }
}

template <class T, template <class> class Atom>
push_status audience_queue<T, Atom>::try_push(T&& element) noexcept {
  position p = 0;
  const auto claimed = claim_room(1, p);
  if (claimed.taken == 0) return claimed.status;
  at(p).put(std::move(element));
  turn_of(p).store(p + 1, std::memory_order_release);  // pairs with the acquire in claim_elements()
  wake_after_publication();
  return push_status::ok;
}

template <class T, template <class> class Atom>
push_result audience_queue<T, Atom>::try_push_batch(std::span<T> elements) noexcept {
  position first = 0;
  const auto claimed = claim_room(elements.size(), first);
  if (claimed.taken == 0) return claimed;
  for (std::size_t i = 0; i < claimed.taken; ++i) {
    at(first + i).put(std::move(elements[i]));
    turn_of(first + i).store(first + i + 1, std::memory_order_release);
  }
  wake_after_publication();
  return claimed;
}

/// Claims up to `wanted` positions from `first` on whose cells are published.
template <class T, template <class> class Atom>
std::size_t audience_queue<T, Atom>::claim_elements(std::size_t wanted, position& first) noexcept {
  if (wanted == 0) return 0;
  auto head = head_.load(std::memory_order_relaxed);
  for (;;) {
    std::size_t n = 0;
    position turn = head;
    // acquire; pairs with the publication in try_push() and try_push_batch()
    while (n < wanted && (turn = turn_of(head + n).load(std::memory_order_acquire)) == head + n + 1) ++n;
    if (n == 0 && turn > head + 1) {  // somebody else's by now
      head = head_.load(std::memory_order_relaxed);
      continue;
    }
    if (n == 0) return 0;
    // release; pairs with the load of the head in arm() and drained()
    if (head_.compare_exchange_weak(head, head + n, std::memory_order_acq_rel, std::memory_order_relaxed)) {
      first = head;
      return n;
    }
  }
}

template <class T, template <class> class Atom>
bool audience_queue<T, Atom>::try_pop(T& out) noexcept {
  return try_pop_batch({&out, 1}) == 1;
}

template <class T, template <class> class Atom>
std::size_t audience_queue<T, Atom>::try_pop_batch(std::span<T> out) noexcept {
  static_assert(std::is_nothrow_move_assignable_v<T>, "a pop moves into an object of the caller's");
  position first = 0;
  const auto n = claim_elements(out.size(), first);
  for (std::size_t i = 0; i < n; ++i) {
    at(first + i).take(out[i]);
    turn_of(first + i).store(first + i + capacity(), std::memory_order_release);  // free for the next lap
  }
  return n;
}

template <class T, template <class> class Atom>
void audience_queue<T, Atom>::close() noexcept {
  tail_.fetch_or(closed_bit, std::memory_order_seq_cst);
  for (auto armed = armed_.fetch_and(0, std::memory_order_seq_cst); armed != 0; armed &= armed - 1) {
    call_waker(static_cast<unsigned>(std::countr_zero(armed)));
  }
}

template <class T, template <class> class Atom>
bool audience_queue<T, Atom>::drained() const noexcept {
  const auto tail = tail_.load(std::memory_order_acquire);  // does not move any more once it is closed
  return (tail & closed_bit) != 0 && head_.load(std::memory_order_acquire) == (tail & ~closed_bit);
}

template <class T, template <class> class Atom>
bool audience_queue<T, Atom>::arm(unsigned waiter) noexcept {
  const auto bit = std::uint64_t{1} << waiter;
  armed_.fetch_or(bit, std::memory_order_seq_cst);                 // A1 above
  const auto head = head_.load(std::memory_order_acquire);         // first: the tail read later is not behind it
  if (tail_.load(std::memory_order_seq_cst) == head) return true;  // A2 above; not equal when it is closed
  armed_.fetch_and(~bit, std::memory_order_seq_cst);
  return false;
}

template <class T, template <class> class Atom>
bool audience_queue<T, Atom>::disarm(unsigned waiter) noexcept {
  const auto bit = std::uint64_t{1} << waiter;
  return (armed_.fetch_and(~bit, std::memory_order_seq_cst) & bit) != 0;
}

template <class T, template <class> class Atom>
bool audience_queue<T, Atom>::wake_one() noexcept {
  auto armed = armed_.load(std::memory_order_seq_cst);
  while (armed != 0) {
    const auto bit = armed & (~armed + 1);  // the lowest
    armed = armed_.fetch_and(~bit, std::memory_order_seq_cst);
    if ((armed & bit) != 0) {
      call_waker(static_cast<unsigned>(std::countr_zero(bit)));
      return true;
    }
  }
  return false;
}

template <class T, template <class> class Atom>
std::size_t audience_queue<T, Atom>::size_approx() const noexcept {
  const auto head = head_.load(std::memory_order_relaxed);  // first: the tail read later is not behind it
  const auto tail = tail_.load(std::memory_order_relaxed) & ~closed_bit;
  return tail > head ? std::min(static_cast<std::size_t>(tail - head), capacity()) : 0;
}

}  // namespace broadside
