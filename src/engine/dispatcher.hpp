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
#include <engine/lane_schedule.hpp>
#include <engine/shared_state.hpp>
#include <engine/slot.hpp>
#include <env/random.hpp>
#include <http/client.hpp>
#include <memory>
#include <optional>
#include <rate/concurrency.hpp>
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
  /// And how many whose answer was lost wait for their delivery report.
  [[nodiscard]] std::uint64_t awaited() const noexcept { return awaited_count_.load(std::memory_order_relaxed); }

 private:
  /// A campaign's lanes on this shard, and what its tenant's share is divided by.
  struct campaign_on_shard {
    std::vector<lane> lanes;       // as campaign_lanes::lanes; never moved
    std::size_t working = 0;       // of them, those that have work
    std::uint32_t counted_as = 0;  // its weight in tenants_, while any has
  };
  /// The messages of one request: made ready with a promise of every limit, claimed, and sent with its permission.
  struct flight {
    std::vector<slot_index> messages;
    std::string body;
    lane* of = nullptr;
    time_point first_expires{};  // of the messages
    rate::held_units promised{};
    rate::cost costs{};
    rate::reservation reserved{};
    position claimed{};
    time_point ready_at{};
    time_point sent_at{};
    bool sent = false;
  };
  using flight_index = std::uint32_t;
  static constexpr position nothing_claimed{~std::uint64_t{0}};
  /// A message whose answer was lost, to be asked for, or held until its delivery report comes.
  struct question {
    time_point due;
    slot_index message;  // no_slot: what became of it was reported meanwhile
    message_id id{};
    time_point held_until{};  // for its report; no report comes: when the answer was lost
    std::uint16_t times = 0;  // it was asked for
    errc reason{};            // why its answer is not known
    friend bool operator>(const question& a, const question& b) { return a.due > b.due; }
  };
  struct route_on_shard {
    route_entry* shared = nullptr;
    http::client* client = nullptr;
    std::size_t waiting = 0;            // in all lanes
    std::vector<flight> flights;        // one for each connection, and those ahead of them
    std::vector<flight_index> unused;   // of these; a stack
    std::vector<flight_index> carried;  // by exchange: what was sent on it
    std::vector<flight_index> ready;    // claimed and not sent: transactional ones, others; each in order of claims
    std::size_t ahead = 0;              // so many are made ready without a connection, while the journal clears them
    std::size_t ahead_max = 0;          // at most
    position adapted_at{};              // what was cleared when `ahead` grew last
    std::size_t in_flight = 0;          // messages in flights
    std::size_t requests = 0;           // on their way
    std::optional<rate::concurrency> concurrency;  // how many of these are good for it; none: as there are connections
    slot_list overdue;                             // to be tried again as soon as the retry budget allows
    std::uint64_t failures = 0;                    // of the client's connections, that were counted
    bool was_left = false;                         // what waited took other routes since the route was suspended
    error_code reported;                           // the client's last error that was told to the host
    http::client* query_client = nullptr;          // null: the provider cannot be asked
    std::vector<question> questions;               // a heap, soonest first: messages whose answer was lost
    std::vector<question> asked;                   // of them, those of the request that is under way
    time_point asks_from{};                        // the provider said that questions are too much: none before
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
  enum class started : std::uint8_t {
    yes,           // a request was made ready
    not_now,       // there is no connection for it
    denied,        // a limit said no: the lane waits at its gate
    settled_some,  // its messages were settled or parked on the way
  };
  enum class fate : std::uint8_t { left, stays, comes_back };

  lane& lane_of(slot_index);
  void wait_in_lane(slot_index, bool to_front, time_point now);
  void pump_all(time_point now);
  void pump(std::uint16_t route, time_point now);
  [[nodiscard]] bool may_start(route_on_shard&, time_point now);
  [[nodiscard]] bool has_concurrency(const route_on_shard&) const noexcept;
  started start_request(std::uint16_t route, lane&, time_point now);
  started make_request(std::uint16_t route, flight&, time_point now);
  [[nodiscard]] bool is_closed(lane&, time_point now);
  [[nodiscard]] std::size_t batch_of(const route_on_shard&, const lane&) const noexcept;
  void collect(flight&, std::size_t most, time_point now);
  void render(flight&, time_point now);
  void fit(flight&, time_point now);
  bool encode(route_on_shard&, flight&, time_point now);
  bool reserve(flight&, time_point now);
  void claim(std::uint16_t route, flight&);
  void make_ready(route_on_shard&, flight_index, time_point now);
  [[nodiscard]] static bool is_urgent(const flight&) noexcept;
  [[nodiscard]] static std::vector<flight_index>::iterator first_other(route_on_shard&) noexcept;
  [[nodiscard]] position first_uncleared(route_on_shard&) const noexcept;
  void send_cleared(std::uint16_t route, time_point now);
  [[nodiscard]] bool is_out_of_date(const flight&, time_point now);
  fate leaves(std::uint16_t route, flight_index, std::optional<http::exchange>& connection, time_point now);
  void depart(std::uint16_t route, flight_index, http::exchange, time_point now);
  void recall(std::uint16_t route, flight_index, time_point now);
  void back_to_lane(flight&, std::size_t from, time_point now);
  [[nodiscard]] double charge_of(const lane&);
  [[nodiscard]] rate::cost cost_of(const lane&, slot_index);
  void uncount(const flight&, const rate::cost&);
  void want_connections(std::uint16_t route, time_point now);
  void adapt_ahead(route_on_shard&);
  void plan_sweep(time_point now);
  void judge_request(std::uint16_t route, const flight&, const http::exchange_end&, std::span<const verdict>,
                     time_point now);
  void failed(std::uint16_t route, std::uint64_t times, time_point now);
  void apply(const flight&, slot_index, const verdict&, time_point now);
  void slow_down(const flight&, slot_index, const verdict&, time_point now);
  void day_used_up(const flight&, const verdict&, time_point now);
  void try_alone(const flight&, slot_index, const verdict&, time_point now);
  void lost(slot_index, errc reason, std::string_view words, time_point now);
  bool ask_later(question, time_point now);
  void await_report(const question&, time_point now);
  void end_waits(time_point now);
  void take_reports();
  [[nodiscard]] slot_index withdraw(message_id);
  void arrived(slot_index, const delivery_report&);
  void ask(std::uint16_t route, time_point now);
  void answered(const question&, const verdict&, time_point now);
  void try_again_later(slot_index, std::chrono::milliseconds at_least, time_point now);
  void settle(slot_index, outcome, errc reason, const verdict* said = nullptr);

  // what happens beside it
  void sweep(time_point now);
  void sweep_lane(lane&, bool leave, time_point now);
  void leave_suspended(std::uint16_t route, time_point now);
  void working(lane&, bool, time_point now);
  void note_failures(std::uint16_t route, time_point now);
  [[nodiscard]] campaign_on_shard& on_shard(campaign_id);
  void release_due(time_point now);
  bool keep(slot_index i, time_point now) { return keep(i, state_of(i), now); }
  bool keep(slot_index, campaign_state, time_point now);
  bool keep_retry(slot_index, time_point now);
  [[nodiscard]] std::uint16_t retries_by(slot_index, time_point now);
  void drop_promise(flight&, time_point now);
  void note(journal::record_kind, slot_index, wall_time not_before = {});
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
  void expires(slot_index i) { first_expires_ = std::min(first_expires_, slots_[i].expires_at); }

  [[nodiscard]] campaign_entry& campaign_of(slot_index i) {
    return *shared_.campaigns->find(static_cast<std::uint32_t>(slots_[i].told.campaign));
  }
  [[nodiscard]] campaign_state state_of(slot_index);
  [[nodiscard]] bool rests(const route_entry& r, time_point now) const noexcept;
  [[nodiscard]] bool is_out(std::uint16_t route, time_point now) const noexcept;
  [[nodiscard]] bool works(std::uint16_t route, time_point now) const noexcept;
  [[nodiscard]] wall_time wall(time_point now);

  shared_state& shared_;
  slot_arena& slots_;
  random_bits random_;
  unsigned number_;
  std::size_t held_max_;
  std::size_t held_ = 0;
  std::vector<route_on_shard> routes_;
  lane_schedule schedule_;
  std::vector<std::unique_ptr<campaign_on_shard>> campaigns_;  // by id; null: it had no message here yet
  std::vector<double> tenants_;                                // weights of their campaigns that have work
  slot_list parked_;                                           // of paused campaigns
  std::vector<retry> retries_;                                 // a heap, soonest first
  std::vector<question> awaited_;                              // a heap, soonest first
  std::vector<slot_index> settled_;                            // waiting for flush(), from told_ on
  std::size_t told_ = 0;                                       // of those, how many the host has
  std::size_t recorded_ = 0;                                   // and how many are in the journal
  struct ended {
    campaign_id campaign;
    outcome how;
    position at;
  };
  std::vector<ended> ended_;  // of the recorded ones, as settled_: the slot is the host's once it is told
  position cleared_{};        // as the run began: claims
  position seen_cleared_{};   // by flush(): outcomes
  std::uint32_t seen_epoch_ = 0;
  std::uint32_t seen_limits_ = 0;
  std::size_t retries_paused_ = 0;  // of retries_ and the routes' overdue, those whose campaign is paused
  time_point next_sweep_{};
  time_point last_sweep_{};
  time_point first_expires_ = time_point::max();  // no message inside expires before
  time_point wall_of_{time_point::min()};         // when wall_ was read
  wall_time wall_{};
  bool swept_ = false;  // in this run
  time_point wake_{};

  // scratch, kept for their capacity
  std::string text_;
  std::string scratch_;
  std::vector<compiled_campaign::rendered> ranges_;
  std::vector<message> messages_;
  std::vector<message_id> ids_;
  std::vector<verdict> verdicts_;
  std::vector<rate::cost> costs_;
  std::vector<flight_index> comes_back_;
  std::vector<std::string_view> values_;
  std::vector<delivery_report> reports_;
  std::vector<journal::record> notes_;  // of what stays inside, to be published together

  // read by other threads
  std::vector<shard_books> books_;
  std::deque<route_gauges> gauges_;
  std::atomic<std::uint64_t> held_by_lists_{0};
  std::atomic<std::uint64_t> parked_count_{0};
  std::atomic<std::uint64_t> retrying_count_{0};
  std::atomic<std::uint64_t> awaited_count_{0};
};

}  // namespace broadside::engine_detail
