// testing/simulator_core - both providers, the faults and the counts behind one door; decides what a connection does.
//
// No sockets, no clock. Not thread-safe: the driver holds a lock around every call.
#pragma once

#include <broadside/environment.hpp>
#include <broadside/testing/provider_simulator.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <testing/api_exchange.hpp>
#include <testing/fault_dice.hpp>
#include <testing/infobip_simulator.hpp>
#include <testing/outage_schedule.hpp>
#include <testing/sinch_simulator.hpp>
#include <vector>

namespace broadside::testing {

enum class resource : std::uint8_t { none, sinch, infobip, infobip_logs, counts, accepted, image };

/// What a connection has been used for, so that it is counted once for each provider.
struct connection_marks {
  bool sinch = false;
  bool infobip = false;
};

/// What was decided when a request's head was complete.
struct request_ticket {
  resource where = resource::none;
  bool allowed = true;   ///< the method is one the resource has
  std::size_t from = 0;  ///< with accepted: messages to leave out
  fault_draw drawn;
};

/// What the connection does now.
enum class reply_way : std::uint8_t {
  write,         ///< `bytes`, then the next request, or the end when `close`
  write_slowly,  ///< `bytes` in small pieces over `slow_for`
  reset,         ///< no answer: a TCP reset
};

struct reply {
  reply_way way = reply_way::write;
  duration delay{};     ///< before anything is written or reset
  duration slow_for{};  ///< with write_slowly
  bool close = false;   ///< the connection ends after `bytes`
  resource where = resource::none;
  bool lost = false;  ///< its messages are in the books as lost already
  std::string bytes;  ///< head and body, exactly as they go out
  api_answer answer;  ///< what `bytes` was made of, and what was accepted
};

class simulator_core {
 public:
  explicit simulator_core(const simulator_options& options);

  /// The server is up; `wall` is the time of day at `now`, for dates.
  void started(time_point now, wall_time wall) noexcept;

  /// A head is complete: counts the request and draws its fault. Questions meet none.
  [[nodiscard]] request_ticket begin(std::string_view method, std::string_view target, connection_marks& marks);
  /// Whether the connection is reset without reading the body.
  [[nodiscard]] static bool resets_now(const request_ticket& ticket) noexcept {
    return ticket.drawn.what == fault::reset_before_read;
  }
  /// The body is complete as of `now`. Replaces `out`.
  void finish(const request_ticket& ticket, const api_request& request, bool keep_alive, time_point now, reply& out);
  /// What cannot be read as HTTP, or is beyond a limit: answered with `status` and closed. Replaces `out`.
  void finish_broken(const request_ticket& ticket, unsigned status, reply& out);
  /// The connection ended before the answer was out.
  void lose(reply& unsent);

  void set_faults(const simulator_faults& faults) { faults_ = faults; }
  [[nodiscard]] const provider_books& sinch() const { return sinch_.books; }
  [[nodiscard]] const provider_books& infobip() const { return infobip_.books; }
  /// Both together.
  [[nodiscard]] simulator_counts counts() const;
  /// {"sinch":{…},"infobip":{…}} with the names of simulator_counts.
  [[nodiscard]] std::string counts_json() const;
  /// Both providers', in the order of senders.
  [[nodiscard]] std::vector<sender_arrivals> arrivals() const;
  [[nodiscard]] const outage_schedule& outages() const { return outages_; }
  /// A line for each accepted message that was recorded, "ID NUMBER": Sinch's, then Infobip's, without the first `from`
  /// of them all, at most accepted_lines_max.
  [[nodiscard]] std::string accepted_lines(std::size_t from) const;
  static constexpr std::size_t accepted_lines_max = 50'000;

 private:
  [[nodiscard]] provider_books* books_of(resource where);
  void answer(const request_ticket& ticket, const api_request& request, time_point now, reply& out);
  void ask_provider(const request_ticket& ticket, const api_request& request, time_point now, api_answer& out);
  [[nodiscard]] bool answer_in_outage(const request_ticket& ticket, const api_request& request, time_point now,
                                      reply& out);
  void ask(resource where, const api_request& request, mood how, time_point now, api_answer& out);
  void tell_to_wait(const outage& what, time_point from, api_answer& out) const;
  void note_told(const reply& out, time_point now);
  [[nodiscard]] wall_time wall_at(time_point at) const noexcept { return wall_at_zero_ + at.time_since_epoch(); }
  void spoil(fault what, api_answer& out);
  void print(const request_ticket& ticket, bool keep_alive, reply& out) const;

  simulator_faults faults_;
  fault_dice dice_;
  outage_schedule outages_;
  wall_time wall_at_zero_{};  // the time of day at the steady clock's zero
  sinch_simulator sinch_;
  infobip_simulator infobip_;
};

/// Every rule the options break.
[[nodiscard]] std::vector<violation> check(const simulator_options& options);

}  // namespace broadside::testing
