// engine/dispatcher - what a shard does with its messages: gate, render, check, route, limit, encode, verdict, outcome.
//
// A state machine without sockets, threads or clock: it is told the time, takes slots from the intake queue, starts
// exchanges on the clients it was given, is told how they ended, and puts settled slots into the event queue. Shard
// thread only, except for books(), gauges() and held_by_lists(). After the constructor it allocates nothing per
// message.
#pragma once

#include <broadside/environment.hpp>
#include <broadside/provider.hpp>
#include <cstdint>
#include <deque>
#include <engine/shared_state.hpp>
#include <engine/slot.hpp>
#include <env/random.hpp>
#include <http/client.hpp>
#include <optional>
#include <rate/limit_set.hpp>
#include <span>
#include <string>
#include <vector>

namespace broadside::engine_detail {

class dispatcher {
 public:
  /// `shared` outlives the dispatcher. `seed` is for the jitter of retries; `number` is the shard's, by which the
  /// journal tells it of progress.
  dispatcher(shared_state& shared, std::uint64_t seed, unsigned number = 0);

  /// The client of each route, in the order of options::routes; they outlive the dispatcher's use. Before run().
  void use_clients(std::span<http::client* const> clients);
  /// The client by which each route's provider is asked what became of messages; null where it cannot be asked. Without
  /// this call nobody is asked.
  void use_query_clients(std::span<http::client* const> clients);

  /// Does everything that can be done as of `now` and returns when to call again if nothing happens before. Call it too
  /// when the intake has news, when a client is ready, after on_end(), and when a campaign's state changed.
  [[nodiscard]] time_point run(time_point now);

  /// How an exchange ended. Call run() afterwards, once for many of them.
  void on_end(std::uint16_t route, http::exchange, const http::exchange_end&, time_point now);
  /// The same of an exchange of the route's query client.
  void on_query_end(std::uint16_t route, http::exchange, const http::exchange_end&, time_point now);

  /// Ends everything: requests on their way as maybe_sent, the rest as not_sent. The intake is closed and is emptied
  /// too. With a journal that survives, nothing ends: what is inside stays recorded, and the next engine goes on with
  /// it.
  void abandon();
  /// After abandon(), until it says true: hands over the outcomes that the journal has cleared meanwhile. True: the
  /// host has all of them, or the journal cannot write and keeps them back: then the next engine settles these
  /// messages.
  [[nodiscard]] bool tells_the_rest();

  /// Whether it would take more from the intake if there were any.
  [[nodiscard]] bool has_room() const noexcept { return held_ - parked_.size() < held_max_; }

  // any thread
  [[nodiscard]] const shard_books& books(campaign_id c) const noexcept { return books_[static_cast<std::size_t>(c)]; }
  [[nodiscard]] const route_gauges& gauges(std::uint16_t route) const noexcept { return gauges_[route]; }
  static constexpr std::uint64_t busy = ~std::uint64_t{0};
  /// Messages in its lists and requests, counted by the lists as of the last run(), whose settled messages are in the
  /// event queue; `busy` while a run() goes on.
  [[nodiscard]] std::uint64_t held_by_lists() const noexcept { return held_by_lists_.load(std::memory_order_acquire); }
  /// Of those, how many are kept back because their campaign is paused.
  [[nodiscard]] std::uint64_t parked() const noexcept { return parked_count_.load(std::memory_order_acquire); }
  /// And how many wait to be tried again.
  [[nodiscard]] std::uint64_t retrying() const noexcept { return retrying_count_.load(std::memory_order_relaxed); }

 private:
  /// Messages of one route that share their limits: the route's, and one sender's where it has one.
  struct lane {
    slot_list waiting;
    std::vector<rate::gcra*> limits;
    bool is_active = false;  // listed in route_on_shard::active
  };
  /// The messages of one request: made ready with a promise of every limit, claimed, and sent with its permission.
  struct flight {
    std::vector<slot_index> messages;
    std::string body;
    std::uint32_t promised = 0;
    std::uint16_t lane = 0;
    position claimed{};
    bool sent = false;
  };
  using flight_index = std::uint32_t;
  /// A message whose answer was lost, to be asked for.
  struct question {
    time_point due;
    slot_index message;
    std::uint16_t times = 0;  // it was asked for
    errc reason{};            // why its answer is not known
    friend bool operator>(const question& a, const question& b) { return a.due > b.due; }
  };
  struct route_on_shard {
    route_entry* shared = nullptr;
    http::client* client = nullptr;
    std::vector<lane> lanes;               // [0]: senders without a limit of their own; [1 + i]: options::senders[i]
    std::vector<std::uint16_t> active;     // the lanes that hold something, and some that did
    std::size_t next_active = 0;           // round robin
    std::size_t waiting = 0;               // in all lanes
    std::vector<flight> flights;           // one for each connection, and those ahead of them
    std::vector<flight_index> unused;      // of these; a stack
    std::vector<flight_index> carried;     // by exchange: what was sent on it
    std::vector<flight_index> ready;       // claimed and not sent, in the order of their claims
    std::size_t ahead = 0;                 // so many are made ready without a connection, while the journal clears them
    std::size_t ahead_max = 0;             // at most
    position adapted_at{};                 // what was cleared when `ahead` grew last
    std::size_t in_flight = 0;             // messages in flights
    error_code reported;                   // the client's last error that was told to the host
    http::client* query_client = nullptr;  // null: the provider cannot be asked
    std::vector<question> questions;       // a heap, soonest first: messages whose answer was lost
    std::vector<question> asked;           // of them, those of the request that is under way
    time_point asks_from{};                // the provider said that questions are too much: none before
  };
  struct retry {
    time_point due;
    slot_index message;
    friend bool operator>(const retry& a, const retry& b) { return a.due > b.due; }
  };

  // life of a message, in order
  void take_from_intake(time_point now);
  void admit(slot_index, time_point now);
  void assign(slot_index, bool to_front, time_point now);
  void wait_in_lane(route_on_shard&, slot_index, bool to_front);
  void pump(std::uint16_t route, time_point now);
  bool start_request(std::uint16_t route, std::uint16_t lane, time_point now);
  void collect(route_on_shard&, lane&, flight&, time_point now);
  void render(lane&, flight&);
  bool encode(route_on_shard&, lane&, flight&);
  void claim(std::uint16_t route, flight&);
  void send_cleared(std::uint16_t route, time_point now);
  bool leaves(std::uint16_t route, flight_index, std::optional<http::exchange>& connection, time_point now);
  void recall(std::uint16_t route, flight_index, time_point now);
  void want_connections(route_on_shard&, time_point now);
  void adapt_ahead(route_on_shard&);
  void apply(std::uint16_t route, slot_index, const verdict&, time_point now);
  void lost(slot_index, errc reason, std::string_view words, time_point now);
  bool ask_later(question, time_point now);
  void ask(std::uint16_t route, time_point now);
  void answered(const question&, const verdict&, time_point now);
  void try_again_later(slot_index, std::chrono::milliseconds at_least, time_point now);
  void settle(slot_index, outcome, errc reason, const verdict* said = nullptr);

  // what happens beside it
  void sweep(time_point now);
  void sweep_lane(route_on_shard&, lane&, bool leave, time_point now);
  void release_due(time_point now);
  bool keep(slot_index, time_point now);
  [[nodiscard]] bool goes_on(slot_index, time_point now);
  void drop_promise(lane&, flight&, std::size_t still_wanted);
  void note(journal::record_kind, slot_index);
  position publish_notes();
  [[nodiscard]] std::uint16_t recorded_route(std::uint16_t route) const noexcept;
  void rest(route_entry&, std::chrono::milliseconds told, std::chrono::milliseconds least,
            std::chrono::milliseconds most, time_point now);
  void flush();
  void record_settled();
  void await_journal(time_point now);
  void publish();
  void abandon_all();
  void wake_at(time_point t) { wake_ = std::min(wake_, t); }

  [[nodiscard]] campaign_entry& campaign_of(slot_index i) {
    return *shared_.campaigns->find(static_cast<std::uint32_t>(slots_[i].told.campaign));
  }
  [[nodiscard]] bool rests(const route_entry& r, time_point now) const noexcept;

  shared_state& shared_;
  slot_arena& slots_;
  random_bits random_;
  unsigned number_;
  std::size_t held_max_;
  std::size_t held_ = 0;
  std::vector<route_on_shard> routes_;
  slot_list parked_;                 // of paused campaigns
  std::vector<retry> retries_;       // a heap, soonest first
  std::vector<slot_index> settled_;  // waiting for flush(), from told_ on
  std::size_t told_ = 0;             // of those, how many the host has
  std::size_t recorded_ = 0;         // and how many are in the journal
  struct ended {
    campaign_id campaign;
    outcome how;
    position at;
  };
  std::vector<ended> ended_;  // of the recorded ones, as settled_: the slot is the host's once it is told
  position seen_cleared_{};   // by flush()
  std::uint32_t seen_epoch_ = 0;
  time_point next_sweep_{};
  bool swept_ = false;  // in this run
  time_point wake_{};

  // scratch, kept for their capacity
  std::string text_;
  std::string scratch_;
  std::vector<compiled_campaign::rendered> ranges_;
  std::vector<message> messages_;
  std::vector<message_id> ids_;
  std::vector<verdict> verdicts_;
  std::vector<std::string_view> values_;
  std::vector<journal::record> notes_;  // of what stays inside, to be published together

  // read by other threads
  std::vector<shard_books> books_;
  std::deque<route_gauges> gauges_;
  std::atomic<std::uint64_t> held_by_lists_{0};
  std::atomic<std::uint64_t> parked_count_{0};
  std::atomic<std::uint64_t> retrying_count_{0};
};

}  // namespace broadside::engine_detail
